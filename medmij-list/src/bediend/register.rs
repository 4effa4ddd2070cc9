// SPDX-License-Identifier: AGPL-3.0-or-later
//! The registration of whom this DVZA serves, shared and kept through restarts (core.gegevensdiensten.104).

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use arc_swap::ArcSwap;

use super::{BediendeAanbieders, Registratie};
use crate::supply::{KeepError, MemoryKeep};

/// A place where [`BediendeAanbieders`] outlive the process. `FileKeep` (feature `files`) and [`MemoryKeep`] are such
/// places. The methods block.
pub trait BediendKeep: Send + Sync {
    /// What was stored last; `None` where nothing was.
    ///
    /// # Errors
    ///
    /// Where it cannot be read, or is damaged: end times may be lost then, so somebody has to look.
    fn load_bediend(&self) -> Result<Option<BediendeAanbieders>, KeepError>;

    /// Replaces it, as a whole and durably.
    ///
    /// # Errors
    ///
    /// Where it cannot be stored; what was stored before is still there then.
    fn store_bediend(&self, bediend: &BediendeAanbieders) -> Result<(), KeepError>;
}

/// [`BediendeAanbieders`] that many readers share. A change is stored first, and in force after that: an end time that
/// was ever acted upon survives a crash.
///
/// ```
/// use medmij_list::{bediend::{BediendRegister, Registratie}, supply::MemoryKeep};
/// use medmij_types::{Aanbiedernaam, GegevensdienstId};
/// use std::{sync::Arc, time::SystemTime};
///
/// let register = BediendRegister::open(Arc::new(MemoryKeep::default()))?;
/// let (aanbieder, dienst) = (Aanbiedernaam::parse("umcharderwijk@medmij")?, GegevensdienstId::parse("48")?);
/// let now = SystemTime::now();
/// register.follow([Registratie::new(aanbieder.clone(), dienst.clone())], now)?;
/// assert!(register.current().serves(&aanbieder, &dienst, now));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct BediendRegister {
    current: ArcSwap<BediendeAanbieders>,
    changing: Mutex<()>,
    keep: Arc<dyn BediendKeep>,
}

impl BediendRegister {
    /// Takes over what was stored.
    ///
    /// # Errors
    ///
    /// Where it cannot be read.
    pub fn open(keep: Arc<dyn BediendKeep>) -> Result<Self, KeepError> {
        let stored = keep.load_bediend()?.unwrap_or_default();
        Ok(Self {
            current: ArcSwap::from_pointee(stored),
            changing: Mutex::new(()),
            keep,
        })
    }

    /// Who is served as of now; it does not change while it is looked at.
    #[must_use]
    pub fn current(&self) -> Arc<BediendeAanbieders> {
        self.current.load_full()
    }

    /// Follows the own registration in full: see [`BediendeAanbieders::follow`]. Entries that have ended are forgotten.
    ///
    /// # Errors
    ///
    /// Where it cannot be stored; nothing has changed then.
    pub fn follow(&self, registered: impl IntoIterator<Item = Registratie>, now: SystemTime) -> Result<(), KeepError> {
        self.change(|bediend| {
            bediend.follow(registered, now);
            bediend.forget_ended(now);
        })
    }

    /// Changes the registration.
    ///
    /// # Errors
    ///
    /// Where it cannot be stored; nothing has changed then.
    pub fn change(&self, change: impl FnOnce(&mut BediendeAanbieders)) -> Result<(), KeepError> {
        let _one_at_a_time = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.current.load_full();
        let mut after = BediendeAanbieders::clone(&before);
        change(&mut after);
        if after != *before {
            self.keep.store_bediend(&after)?;
            self.current.store(Arc::new(after));
        }
        Ok(())
    }
}

impl fmt::Debug for BediendRegister {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BediendRegister")
            .field("current", &self.current())
            .finish_non_exhaustive()
    }
}

impl BediendKeep for MemoryKeep {
    fn load_bediend(&self) -> Result<Option<BediendeAanbieders>, KeepError> {
        Ok(self.bediend())
    }

    fn store_bediend(&self, bediend: &BediendeAanbieders) -> Result<(), KeepError> {
        self.set_bediend(bediend.clone());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use medmij_types::{Aanbiedernaam, GegevensdienstId};
    use std::time::Duration;

    struct Full(MemoryKeep);

    impl BediendKeep for Full {
        fn load_bediend(&self) -> Result<Option<BediendeAanbieders>, KeepError> {
            self.0.load_bediend()
        }

        fn store_bediend(&self, _: &BediendeAanbieders) -> Result<(), KeepError> {
            Err(KeepError::plain("disk full"))
        }
    }

    #[test]
    fn core_gegevensdiensten_104_through_restarts() {
        let (aanbieder, dienst) = (
            Aanbiedernaam::parse("umcharderwijk").unwrap(),
            GegevensdienstId::parse("48").unwrap(),
        );
        let keep = Arc::new(MemoryKeep::default());
        let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
        let register = BediendRegister::open(Arc::clone(&keep) as _).unwrap();
        register
            .follow([Registratie::new(aanbieder.clone(), dienst.clone())], start)
            .unwrap();
        register.follow([], start).unwrap();
        for seconds in [1000, 2000, 3599] {
            // each start follows the configuration, in which the entry is not
            let register = BediendRegister::open(Arc::clone(&keep) as _).unwrap();
            let now = start + Duration::from_secs(seconds);
            register.follow([], now).unwrap();
            assert!(register.current().serves(&aanbieder, &dienst, now), "{seconds}");
        }
        let register = BediendRegister::open(keep).unwrap();
        let now = start + Duration::from_secs(3600);
        assert!(!register.current().serves(&aanbieder, &dienst, now));
        register.follow([], now).unwrap();
        assert_eq!(register.current().registraties().count(), 0);
    }

    #[test]
    fn r4_what_cannot_be_stored_does_not_change() {
        let (aanbieder, dienst) = (
            Aanbiedernaam::parse("umcharderwijk").unwrap(),
            GegevensdienstId::parse("48").unwrap(),
        );
        let register = BediendRegister::open(Arc::new(Full(MemoryKeep::default()))).unwrap();
        let refused = register
            .change(|bediend| bediend.register(aanbieder, dienst))
            .unwrap_err();
        assert_eq!(refused.to_string(), "disk full");
        assert_eq!(*register.current(), BediendeAanbieders::default());
    }
}
