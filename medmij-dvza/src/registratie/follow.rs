// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.gegevensdiensten.104 — the registration is read again while it is in use, from a file or a table, on every replica:
//! a change is in force within ten seconds and needs no restart.

use std::{
    fmt,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use medmij_types::{Clock, SystemClock};

use super::{Changes, Registratie, RegistratieError, RowFault, Rows};

/// Where the registration stands. `medmij-store-sqlite` and `medmij-store-postgres` have it in a table; [`RegistratieFile`]
/// reads a file.
///
/// [`RegistratieFile`]: https://docs.rs/medmij-dvza/latest/medmij_dvza/registratie/struct.RegistratieFile.html
pub trait RegistrationSource: Send + Sync + 'static {
    /// What is registered now, or `None` where that is still the version `seen`. Version and rows are of one moment.
    ///
    /// # Errors
    ///
    /// Where the source cannot be read ([`RegistratieError::Read`], [`RegistratieError::Source`]) or holds no registration at all
    /// ([`RegistratieError::Form`]).
    fn read(&self, seen: Option<&str>) -> impl Future<Output = Result<Option<Reading>, RegistratieError>> + Send;
}

impl<S: RegistrationSource> RegistrationSource for Arc<S> {
    fn read(&self, seen: Option<&str>) -> impl Future<Output = Result<Option<Reading>, RegistratieError>> + Send {
        S::read(self, seen)
    }
}

/// A registration as a source gave it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Reading {
    /// Which version it is; another one after every change.
    pub version: String,
    /// What it holds.
    pub rows: Rows,
}

impl Reading {
    /// A reading.
    #[must_use]
    pub fn new(version: impl Into<String>, rows: Rows) -> Self {
        let version = version.into();
        Self { version, rows }
    }
}

/// Keeps a [`Registratie`] as its source is. Each replica has one.
///
/// Where the source cannot be read, the last good registration stays in use, and each interval tries again. A faulty row is
/// refused alone: its Aanbieder stays as it was. A source that is empty all at once is a fault and ends nobody; to end the last
/// Aanbieder give its gegevensdiensten an `ends_at`.
///
/// ```
/// # #[cfg(feature = "files")] {
/// use medmij_dvza::registratie::{Follower, Registratie, RegistratieFile};
/// use std::{sync::Arc, time::Duration};
///
/// let registratie = Arc::new(Registratie::new([]));
/// let file = RegistratieFile::new("registratie.json");
/// let follower = Follower::new(registratie, file).every(Duration::from_secs(2))?;
/// // with the feature `reload`: tokio::spawn(async move { follower.run().await });
///
/// let slow = Follower::new(Arc::new(Registratie::new([])), RegistratieFile::new("registratie.json"));
/// assert!(slow.every(Duration::from_secs(60)).is_err());
/// # }
/// # Ok::<(), medmij_dvza::registratie::RegistratieError>(())
/// ```
pub struct Follower<S> {
    registratie: Arc<Registratie>,
    source: S,
    clock: Arc<dyn Clock>,
    schedule: Mutex<Schedule>,
}

/// How a registration follows its source, for readiness and an operator.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Following {
    /// How long ago the source was last read; `None` where it never was.
    pub read: Option<Duration>,
    /// Why it could not be read at the last attempt.
    pub failing: Option<String>,
    /// The rows that are refused.
    pub faults: Vec<RowFault>,
}

impl<S: RegistrationSource> Follower<S> {
    /// The longest interval: a change is in force on all replicas within ten seconds.
    pub const LONGEST: Duration = Duration::from_secs(10);

    /// Follows a source, every three seconds.
    #[must_use]
    pub fn new(registratie: Arc<Registratie>, source: S) -> Self {
        Self {
            registratie,
            source,
            clock: Arc::new(SystemClock::default()),
            schedule: Mutex::new(Schedule::new(DEFAULT)),
        }
    }

    /// With another interval between the beginnings of two readings.
    ///
    /// # Errors
    ///
    /// [`RegistratieError::Interval`] where it is zero or longer than [`LONGEST`](Self::LONGEST).
    pub fn every(self, interval: Duration) -> Result<Self, RegistratieError> {
        if interval.is_zero() || interval > Self::LONGEST {
            return Err(RegistratieError::Interval(interval));
        }
        self.schedule().interval = interval;
        Ok(self)
    }

    /// With another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// How long until the source is due to be read.
    #[must_use]
    pub fn wait(&self) -> Duration {
        self.schedule().wait(self.clock.monotonic())
    }

    /// Reads the source once and follows it; `None` where it has not changed. Storing end times blocks for a moment.
    ///
    /// # Errors
    ///
    /// As [`RegistrationSource::read`]; [`RegistratieError::Empty`]; [`RegistratieError::ListStorage`] where end times cannot be
    /// stored. Nothing has changed then.
    pub async fn poll(&self) -> Result<Option<Changes>, RegistratieError> {
        let seen = self.schedule().begin(self.clock.monotonic());
        let followed = match self.source.read(seen.as_deref()).await {
            Ok(None) => Ok(None),
            Ok(Some(reading)) => self.follow(reading).map(Some),
            Err(error) => Err(error),
        };
        self.schedule().end(self.clock.monotonic(), &followed);
        Ok(followed?.map(|(changes, _)| changes))
    }

    /// How it goes.
    #[must_use]
    pub fn state(&self) -> Following {
        self.schedule().state(self.clock.monotonic())
    }

    /// Follows the source until it is dropped.
    #[cfg(feature = "reload")]
    pub async fn run(&self) {
        loop {
            tokio::time::sleep(self.wait()).await;
            // a failure is logged by the schedule, once for each reason
            let _ = self.poll().await;
        }
    }

    fn follow(&self, reading: Reading) -> Result<(Changes, Read), RegistratieError> {
        let Reading { version, rows } = reading;
        if rows.aanbieders.is_empty() && rows.faults.is_empty() && !self.registratie.is_empty() {
            return Err(RegistratieError::Empty);
        }
        let faults = rows.faults.clone();
        let changes = self.registratie.follow_rows(rows)?;
        Ok((changes, Read { version, faults }))
    }

    fn schedule(&self) -> MutexGuard<'_, Schedule> {
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S> fmt::Debug for Follower<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follower")
            .field("registratie", &self.registratie)
            .finish_non_exhaustive()
    }
}

/// When the source is read, and what came of it: no IO, and the time is an argument.
struct Schedule {
    interval: Duration,
    /// When the next reading is due; at once where there was none.
    due: Option<Duration>,
    version: Option<String>,
    read: Option<Duration>,
    failing: Option<String>,
    faults: Vec<RowFault>,
}

/// What a reading leaves behind.
struct Read {
    version: String,
    faults: Vec<RowFault>,
}

impl Schedule {
    fn new(interval: Duration) -> Self {
        Self {
            interval,
            due: None,
            version: None,
            read: None,
            failing: None,
            faults: Vec::new(),
        }
    }

    fn wait(&self, now: Duration) -> Duration {
        self.due.map_or(Duration::ZERO, |due| due.saturating_sub(now))
    }

    /// Begins a reading; returns the version that was seen last. The interval counts from here, however long it takes.
    fn begin(&mut self, now: Duration) -> Option<String> {
        self.due = Some(now.saturating_add(self.interval));
        self.version.clone()
    }

    fn end(&mut self, now: Duration, followed: &Result<Option<(Changes, Read)>, RegistratieError>) {
        match followed {
            Err(error) => {
                let reason = error.to_string();
                if self.failing.as_ref() != Some(&reason) {
                    tracing::error!(
                        rule = "core.gegevensdiensten.104",
                        reason,
                        "registration cannot be followed, the last good one stays in use"
                    );
                }
                self.failing = Some(reason);
                return;
            }
            Ok(None) => {}
            Ok(Some((changes, read))) => {
                let (added, ended, changed) = (changes.added, changes.ended, changes.changed);
                tracing::info!(added, ended, changed, "registration followed");
                for fault in &read.faults {
                    let (row, place, broken) = (fault.row, &fault.place, &fault.rule);
                    tracing::error!(
                        rule = "core.gegevensdiensten.104",
                        row,
                        place,
                        broken,
                        "row of the registration refused, its aanbieder stays as it was"
                    );
                }
                self.version = Some(read.version.clone());
                self.faults.clone_from(&read.faults);
            }
        }
        if self.failing.take().is_some() {
            tracing::info!("registration can be followed again");
        }
        self.read = Some(now);
    }

    fn state(&self, now: Duration) -> Following {
        Following {
            read: self.read.map(|read| now.saturating_sub(read)),
            failing: self.failing.clone(),
            faults: self.faults.clone(),
        }
    }
}

const DEFAULT: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn read(version: &str) -> Result<Option<(Changes, Read)>, RegistratieError> {
        let read = Read {
            version: version.to_owned(),
            faults: Vec::new(),
        };
        Ok(Some((Changes::default(), read)))
    }

    #[test]
    fn the_interval_counts_from_the_beginning_of_a_reading_and_goes_on_when_readings_fail() {
        let mut schedule = Schedule::new(seconds(3));
        assert_eq!(schedule.wait(seconds(100)), Duration::ZERO, "at once at the start");
        assert_eq!(schedule.begin(seconds(100)), None);
        schedule.end(seconds(102), &read("1"));
        assert_eq!(schedule.wait(seconds(102)), seconds(1));
        assert_eq!(schedule.begin(seconds(103)).as_deref(), Some("1"));
        schedule.end(seconds(110), &Err(RegistratieError::Empty));
        assert_eq!(schedule.wait(seconds(110)), Duration::ZERO);
        let state = schedule.state(seconds(110));
        assert_eq!(state.read, Some(seconds(8)));
        assert!(state.failing.is_some());
        // the version that was followed is the one that was seen
        assert_eq!(schedule.begin(seconds(110)).as_deref(), Some("1"));
        schedule.end(seconds(110), &Ok(None));
        let state = schedule.state(seconds(112));
        assert_eq!((state.read, state.failing), (Some(seconds(2)), None));
    }
}
