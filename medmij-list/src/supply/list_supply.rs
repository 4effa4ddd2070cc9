// SPDX-License-Identifier: AGPL-3.0-or-later
//! One list from one source, kept current and kept through restarts (security L9, L11, L12, R1–R4). No network and no
//! timers: bytes go in, what to do next and what happened come out.

mod oddities;
mod persistence;
mod restore;

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use medmij_types::{Clock, Tijdstempel, Volgnummer};

use super::{
    CopyFault, FetchTicket, ListStorage, Lowering, Origin, RollbackMemory, Sha256Sum, SourceName, Step, StorageError,
    StorageKey, SupplyError, SupplyEvent, refresher::Refresher,
};
use crate::{Accepted, Freshness, List, ListCache, ReadOptions, Snapshot, SourceError};

/// One list from one source: what to fetch when, what to take, what to keep.
///
/// ```
/// use medmij_list::{ListCache, RefreshPolicy, supply::{ListSupply, MemoryStorage, SourceName, Step}};
/// use medmij_types::{Clock, SystemClock};
/// use std::sync::Arc;
///
/// # fn example<L: medmij_list::List>(source: SourceName, fetch: impl Fn() -> Vec<u8>) {
/// let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
/// let cache = Arc::new(ListCache::<L>::new(RefreshPolicy::default(), Arc::clone(&clock)));
/// let mut supply = ListSupply::new(source, 2, Arc::clone(&cache), Arc::new(MemoryStorage::default()), clock);
/// // what a run before has left
/// for event in supply.restore() {
///     println!("{event:?}");
/// }
/// if let Step::Fetch(ticket) = supply.step() {
///     let completed = supply.arrived(ticket, Ok(fetch()), 0.5);
///     println!("{:?}", completed.result);
/// }
/// # }
/// ```
pub struct ListSupply<L: List> {
    key: StorageKey,
    cache: Arc<ListCache<L>>,
    storage: Arc<dyn ListStorage>,
    clock: Arc<dyn Clock>,
    options: ReadOptions,
    deadline: Duration,
    refresher: Refresher,
    /// How often the memory had been lowered when it was last read.
    lowered: Option<u32>,
    /// Whether the list in force is stored; if not, each refresh tries again.
    stored: bool,
    /// The last old Tijdstempel that was reported.
    told_stamp: Option<Tijdstempel>,
    /// Number and stamp of the last list that was taken.
    header: Option<(Volgnummer, Option<Tijdstempel>)>,
    /// Whether the last document was larger than half of the limit.
    large: bool,
    /// When the wall clock was noted last, by the monotonic one.
    seen: Option<Duration>,
}

/// What came of a fetch.
#[derive(Debug)]
#[non_exhaustive]
pub struct FetchOutcome {
    /// Whether the list was taken.
    pub result: Result<Accepted, SupplyError>,
    /// What happened, in order.
    pub events: Vec<SupplyEvent>,
}

impl<L: List> ListSupply<L> {
    /// A supply for this cache. `source` and `api` tell under what it is kept: lists of another source or api have a
    /// memory of their own. The clock must be the one of the cache.
    pub fn new(
        source: SourceName,
        api: u16,
        cache: Arc<ListCache<L>>,
        storage: Arc<dyn ListStorage>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let refresher = Refresher::new(cache.policy().clone(), clock.monotonic());
        Self {
            key: StorageKey::new(source, api, L::KIND),
            cache,
            storage,
            clock,
            options: ReadOptions::default(),
            deadline: Duration::from_secs(30),
            refresher,
            lowered: None,
            stored: true,
            told_stamp: None,
            header: None,
            large: false,
            seen: None,
        }
    }

    /// Reads with other options: a dialect, other limits.
    #[must_use]
    pub fn with_options(mut self, options: ReadOptions) -> Self {
        self.options = options;
        self
    }

    /// Overrides the deadline of 30 seconds for one fetch, for a source that has none of its own.
    #[must_use]
    pub const fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Under what it is kept.
    #[must_use]
    pub const fn key(&self) -> &StorageKey {
        &self.key
    }

    /// The cache that it fills.
    #[must_use]
    pub const fn cache(&self) -> &Arc<ListCache<L>> {
        &self.cache
    }

    /// How long one fetch may take.
    #[must_use]
    pub const fn deadline(&self) -> Duration {
        self.deadline
    }

    /// What to do next.
    pub fn step(&mut self) -> Step {
        self.refresher.next(self.clock.monotonic(), self.cache.age())
    }

    /// What happened by the passing of time alone: the list became stale, alarming, expired.
    pub fn watch(&mut self) -> Vec<SupplyEvent> {
        log(self.late().into_iter().collect())
    }

    /// Makes the next fetch due at once.
    pub fn fetch_now(&mut self) {
        self.refresher.fetch_now(self.clock.monotonic());
    }

    /// Hands in what a fetch brought. `chance` is a random number from 0 to 1, for the jitter.
    ///
    /// A list that is taken is in force when its copy is stored, and journalled and remembered after that: a restart between
    /// the two finds the copy, and makes up for it. When this returns all three are done.
    pub fn arrived(&mut self, ticket: FetchTicket, fetched: Result<Vec<u8>, SourceError>, chance: f64) -> FetchOutcome {
        let mut events = Vec::new();
        let result = self.take(fetched, &mut events);
        let now = self.clock.monotonic();
        match &result {
            Ok(_) => self.refresher.succeeded(ticket, now, chance),
            Err(refusal) => {
                self.note_clock(now, &mut events);
                self.refresher.failed(ticket, now, chance);
                events.push(SupplyEvent::Refused {
                    list: L::KIND,
                    refusal: refusal.clone(),
                });
            }
        }
        events.extend(self.late());
        FetchOutcome {
            result,
            events: log(events),
        }
    }

    /// The operator's way back after a wrong publication: lowers the rollback memory, here and in the [`ListStorage`], and
    /// makes a fetch due. The list in force stays until a list is taken; if the source still offers the wrong one, that
    /// is taken and remembered again. `reason` goes into the journal.
    ///
    /// # Errors
    ///
    /// [`StorageError`] where the storage fails; nothing is lowered then.
    pub fn danger_lower_memory(
        &mut self,
        to: Option<Volgnummer>,
        reason: &str,
    ) -> Result<Vec<SupplyEvent>, StorageError> {
        let memory = self
            .storage
            .danger_lower(&self.key, &Lowering::new(to, reason, self.clock.now()))?;
        self.fetch_now();
        Ok(log(vec![self.follow_lowering(&memory)]))
    }

    /// The rollback memory as it is in the [`ListStorage`].
    ///
    /// # Errors
    ///
    /// [`StorageError`] where the storage fails.
    pub fn memory(&self) -> Result<RollbackMemory, StorageError> {
        self.storage.memory(&self.key)
    }

    fn take(
        &mut self,
        fetched: Result<Vec<u8>, SourceError>,
        events: &mut Vec<SupplyEvent>,
    ) -> Result<Accepted, SupplyError> {
        self.follow_memory(events);
        let bytes = fetched.map_err(|error| SupplyError::Source(Arc::new(error)))?;
        let now = self.clock.now();
        let snapshot = Snapshot::<L>::read_and_hash(bytes, &self.options)
            .map_err(SupplyError::Invalid)?
            .fetched(now);
        events.extend(self.is_large(snapshot.bytes().len()));
        let volgnummer = snapshot.header().volgnummer();
        let sha256 = Sha256Sum::new(snapshot.digest());
        let tijdstempel = snapshot.header().tijdstempel().clone();
        let mut content = None;
        let accepted = Arc::clone(&self.cache)
            .take(snapshot, Duration::ZERO, |snapshot| {
                content = self.store(snapshot, now, events);
            })
            .map_err(SupplyError::Rejected)?;
        match accepted {
            Accepted::New { previous } => {
                if let Some(content) = content {
                    self.journal_and_remember((volgnummer, tijdstempel.clone(), sha256), content, now, events);
                }
                events.push(SupplyEvent::Accepted {
                    list: L::KIND,
                    volgnummer,
                    previous,
                    sha256,
                    origin: Origin::Fetched,
                });
            }
            Accepted::Confirmed => {
                self.confirmed(now, events);
                events.push(SupplyEvent::Unchanged {
                    list: L::KIND,
                    volgnummer,
                });
            }
        }
        events.extend(self.implausible(volgnummer, &tijdstempel, now));
        events.extend(self.old_stamp(tijdstempel, now));
        Ok(accepted)
    }

    /// L9, freeze: a source may go on offering what it had, under a good certificate. A list says nothing about its own
    /// end, so this is reported and nothing is refused.
    fn old_stamp(&mut self, tijdstempel: Tijdstempel, now: SystemTime) -> Option<SupplyEvent> {
        let age = now.duration_since(tijdstempel.to_system_time()?).ok()?;
        if age < self.cache.policy().old_stamp || self.told_stamp.as_ref() == Some(&tijdstempel) {
            return None;
        }
        self.told_stamp = Some(tijdstempel.clone());
        Some(SupplyEvent::OldStamp {
            list: L::KIND,
            tijdstempel,
            age,
        })
    }

    fn late(&mut self) -> Option<SupplyEvent> {
        let list = L::KIND;
        match self.refresher.became_late(self.clock.monotonic(), self.cache.age())? {
            (Freshness::Stale, age) => Some(SupplyEvent::Stale { list, age }),
            (Freshness::Alarm, age) => Some(SupplyEvent::Alarm { list, age }),
            (Freshness::Expired, age) => Some(SupplyEvent::Expired { list, age }),
            (Freshness::Fresh | Freshness::Absent, _) => None,
        }
    }

    const fn not_used(&self, fault: CopyFault) -> SupplyEvent {
        SupplyEvent::CopyNotUsed {
            list: self.key.list(),
            fault,
        }
    }
}

impl<L: List> fmt::Debug for ListSupply<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListSupply")
            .field("key", &self.key)
            .field("cache", &self.cache)
            .field("refresher", &self.refresher)
            .finish_non_exhaustive()
    }
}

fn content_of<L: List>(snapshot: &Snapshot<L>) -> Sha256Sum {
    Sha256Sum::new(snapshot.document().content_digest())
}

fn log(events: Vec<SupplyEvent>) -> Vec<SupplyEvent> {
    events.iter().for_each(SupplyEvent::log);
    events
}
