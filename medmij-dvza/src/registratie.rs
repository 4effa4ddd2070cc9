// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.gegevensdiensten.104 — whom a DVZA serves with what, by its registration. An entry that lapsed is served for
//! 3600 seconds more, also when the DVZA was restarted in between.
//!
//! The Zorgaanbiederslijst is a DVP's list: one that is stale, or that never came, stops no DVZA. [`Registratie`] is shared by
//! all requests, and follows a file, a table or whatever else holds the registration while it is in use.

#[cfg(feature = "files")]
mod file;
mod follow;
mod row;
mod served;

use std::{
    fmt, io,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use arc_swap::ArcSwap;
use medmij_oauth::{Function, storage::StoreError};
use medmij_types::{Aanbiedernaam, Clock, GegevensdienstId, SystemClock};

#[cfg(feature = "files")]
pub use self::file::{RegistratieFile, RegistratieFolder};
use self::served::{Served, Unread, whole_second_after};
pub use self::{
    follow::{Follower, Following, Reading, RegistrationSource},
    row::{RowFault, Rows},
    served::{GRACE, Service},
};
use crate::server::{Aanbieder, AanbiederLimits, Aanbieders, OfferedService, SupplierError};

/// The registration of a DVZA: an [`Aanbieders`] that changes under those who look.
///
/// ```
/// use medmij_dvza::{Aanbieder, OfferedService, registratie::Registratie};
/// use medmij_oauth::{Function, storage::StoreError};
/// use medmij_types::{Aanbiedernaam, GegevensdienstId};
///
/// let (name, bgz) = (Aanbiedernaam::parse("huisartsdelinde@medmij")?, GegevensdienstId::parse("48")?);
/// let service = OfferedService::new(bgz.clone(), Function::Verzamelen, "Basisgegevens Zorg");
/// let linde = Aanbieder::new(name.clone(), "De Linde", "https://delinde.example.nl/privacy", vec![service]);
/// let registratie = Registratie::new([linde]);
/// assert!(registratie.serves(&name, Function::Verzamelen, &bgz));
///
/// // it is taken out: served for an hour more (core.gegevensdiensten.104)
/// let changes = registratie.follow([])?;
/// assert_eq!((changes.ended, registratie.serves(&name, Function::Verzamelen, &bgz)), (1, true));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Registratie {
    current: ArcSwap<Served>,
    changing: Mutex<()>,
    keep: Option<Arc<dyn RegistratieStorage>>,
    clock: Arc<dyn Clock>,
    names: Option<Names>,
}

type Names = Arc<dyn Fn(&GegevensdienstId) -> Option<String> + Send + Sync>;

/// A place where the registration, with its end times, outlives the process. The methods block.
pub trait RegistratieStorage: Send + Sync {
    /// What was stored last; `None` where nothing was.
    ///
    /// # Errors
    ///
    /// [`io::Error`], where it cannot be read: end times may be lost then, so somebody has to look.
    fn load(&self) -> io::Result<Option<Vec<u8>>>;

    /// Replaces it, as a whole and durably.
    ///
    /// # Errors
    ///
    /// [`io::Error`], where it cannot be stored; what was stored before is still there then.
    fn store(&self, bytes: &[u8]) -> io::Result<()>;
}

/// What a new reading of the registration changed, in gegevensdiensten of Aanbieders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Changes {
    /// Served from now on.
    pub added: usize,
    /// Lapsed now.
    pub ended: usize,
    /// Aanbieders that were there and are not the same any more.
    pub changed: usize,
}

impl Changes {
    fn between(before: &Served, after: &Served, now: SystemTime) -> Self {
        // how many are registered in the one and not in the other
        let count = |there: &Served, not_there: &Served| {
            let is = |served: &Served, name: &Aanbiedernaam, service: &OfferedService| {
                served.service(name, service.function, &service.id, now) == Service::Registered
            };
            let of = |aanbieder: &Aanbieder| {
                let name = &aanbieder.name;
                let only = |service: &&OfferedService| is(there, name, service) && !is(not_there, name, service);
                aanbieder.services.iter().filter(only).count()
            };
            there.all().map(of).sum()
        };
        let other = |aanbieder: &&Aanbieder| before.all().any(|old| old.name == aanbieder.name && old != *aanbieder);
        Self {
            added: count(after, before),
            ended: count(before, after),
            changed: after.all().filter(other).count(),
        }
    }
}

impl Registratie {
    /// A registration of this process: what lapses is forgotten when it ends.
    #[must_use]
    pub fn new(aanbieders: impl IntoIterator<Item = Aanbieder>) -> Self {
        let clock = SystemClock::default();
        let served = Served::default().follow(aanbieders, &Unread::default(), clock.now());
        Self::of(served, None, Arc::new(clock))
    }

    /// The registration that was stored; [`follow`](Self::follow) what is registered now after that.
    ///
    /// # Errors
    ///
    /// [`RegistratieError::ListStorage`] where it cannot be read, [`RegistratieError::Form`] where it is damaged.
    pub fn open(keep: Arc<dyn RegistratieStorage>, clock: Arc<dyn Clock>) -> Result<Self, RegistratieError> {
        let stored = match keep.load().map_err(RegistratieError::ListStorage)? {
            Some(bytes) => Rows::parse(&bytes)?,
            None => Rows::default(),
        };
        if let Some(fault) = stored.faults.first() {
            return Err(RegistratieError::Form(format!("stored {fault}")));
        }
        let served = Served::default().follow(stored.aanbieders, &Unread::default(), clock.now());
        Ok(Self::of(served, Some(keep), clock))
    }

    fn of(served: Served, keep: Option<Arc<dyn RegistratieStorage>>, clock: Arc<dyn Clock>) -> Self {
        Self {
            current: ArcSwap::from_pointee(served),
            changing: Mutex::new(()),
            keep,
            clock,
            names: None,
        }
    }

    /// With names of gegevensdiensten from elsewhere, over those of the registration: those of the Gegevensdienstnamenlijst
    /// (feature `lists`: `with_gnl`).
    #[must_use]
    pub fn with_names(mut self, names: impl Fn(&GegevensdienstId) -> Option<String> + Send + Sync + 'static) -> Self {
        self.names = Some(Arc::new(names));
        self
    }

    /// Follows the registration as it is now, in full: what it names is served, what it does not name any more has lapsed now.
    /// An entry that was removed while the process was down counts from the moment at which that is seen. It is stored first
    /// and in force after that, so an end time that was ever acted upon survives a crash.
    ///
    /// # Errors
    ///
    /// [`RegistratieError::ListStorage`] where it cannot be stored; nothing has changed then.
    pub fn follow(&self, registered: impl IntoIterator<Item = Aanbieder>) -> Result<Changes, RegistratieError> {
        self.change(registered, &Unread::default())
    }

    /// As [`follow`](Self::follow), for rows of which some may be faulty: an Aanbieder with a faulty row stays as it was, and
    /// where the name of one cannot be read nobody ends.
    ///
    /// # Errors
    ///
    /// As [`follow`](Self::follow): [`RegistratieError`].
    pub fn follow_rows(&self, rows: Rows) -> Result<Changes, RegistratieError> {
        let unread = rows.unread();
        self.change(rows.aanbieders, &unread)
    }

    fn change(
        &self,
        registered: impl IntoIterator<Item = Aanbieder>,
        unread: &Unread,
    ) -> Result<Changes, RegistratieError> {
        let _one_at_a_time = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let (before, now) = (self.current.load_full(), self.clock.now());
        let after = before.follow(registered, unread, now);
        if after == *before {
            return Ok(Changes::default());
        }
        let changes = Changes::between(&before, &after, whole_second_after(now));
        if let Some(keep) = &self.keep {
            keep.store(&row::write(after.all())?)
                .map_err(RegistratieError::ListStorage)?;
        }
        self.current.store(Arc::new(after));
        Ok(changes)
    }
}

impl Registratie {
    /// Whether an Aanbieder is served with a gegevensdienst for a function now, in the 3600 seconds after a lapse too.
    #[must_use]
    pub fn serves(&self, name: &Aanbiedernaam, function: Function, id: &GegevensdienstId) -> bool {
        self.service(name, function, id) != Service::Not
    }

    /// The same, with the end of what lapsed.
    #[must_use]
    pub fn service(&self, name: &Aanbiedernaam, function: Function, id: &GegevensdienstId) -> Service {
        self.current.load().service(name, function, id, self.clock.now())
    }

    /// An Aanbieder with what it is served with now.
    #[must_use]
    pub fn lookup(&self, name: &Aanbiedernaam) -> Option<Aanbieder> {
        let mut found = self.current.load().aanbieder(name, self.clock.now())?;
        if let Some(names) = &self.names {
            for service in &mut found.services {
                if let Some(name) = names(&service.id) {
                    service.name = name;
                }
            }
        }
        Some(found)
    }

    /// Whether it names nobody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.current.load().all().next().is_none()
    }

    /// What an Aanbieder offers now, within which limits.
    fn offered_now(&self, name: &Aanbiedernaam, function: Function, id: &GegevensdienstId) -> Option<AanbiederLimits> {
        let current = self.current.load();
        let served = current.service(name, function, id, self.clock.now()) != Service::Not;
        served.then(|| current.limits(name)).flatten()
    }

    /// Every Aanbieder that is served now, sorted by name.
    #[must_use]
    pub fn all(&self) -> Vec<Aanbieder> {
        let current = self.current.load_full();
        current
            .all()
            .filter_map(|aanbieder| self.lookup(&aanbieder.name))
            .collect()
    }
}

impl Aanbieders for Registratie {
    async fn aanbieder(&self, name: &Aanbiedernaam) -> Result<Option<Aanbieder>, SupplierError> {
        Ok(self.lookup(name))
    }

    async fn offered(
        &self,
        name: &Aanbiedernaam,
        function: Function,
        id: &GegevensdienstId,
    ) -> Result<Option<AanbiederLimits>, SupplierError> {
        Ok(self.offered_now(name, function, id))
    }
}

impl Aanbieders for Arc<Registratie> {
    async fn aanbieder(&self, name: &Aanbiedernaam) -> Result<Option<Aanbieder>, SupplierError> {
        Ok(self.lookup(name))
    }

    async fn offered(
        &self,
        name: &Aanbiedernaam,
        function: Function,
        id: &GegevensdienstId,
    ) -> Result<Option<AanbiederLimits>, SupplierError> {
        Ok(self.offered_now(name, function, id))
    }
}

impl fmt::Debug for Registratie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registratie")
            .field("aanbieders", &self.current.load().all().count())
            .finish_non_exhaustive()
    }
}

/// Why a registration cannot be followed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistratieError {
    /// The file of the registration cannot be read.
    #[error("registration {path} cannot be read", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The table of the registration cannot be read.
    #[error("registration cannot be read from its table: {0}")]
    Source(#[from] StoreError),
    /// It is no registration.
    #[error("registration is malformed: {0}")]
    Form(String),
    /// It is empty where it was not: whoever loses a file or a table loses no Aanbieders.
    #[error("registration is empty: nobody is ended by that")]
    Empty,
    /// An interval with which a change is not in force within ten seconds.
    #[error("registration cannot be read every {0:?}: more than zero and at most 10 s")]
    Interval(Duration),
    /// End times cannot be read or stored.
    #[error("end times of the registration cannot be kept")]
    ListStorage(#[source] io::Error),
}
