// SPDX-License-Identifier: AGPL-3.0-or-later
//! The test bench: lists to publish, a node that can be restarted, a clock to steer.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use medmij_list::{
    ListCache, ListKind, RefreshPolicy, SourceError,
    supply::{FetchOutcome, ListStorage, ListSupply, MemoryStorage, Origin, SourceName, Step, StorageKey, SupplyEvent},
};
use medmij_test::ManualClock;
use medmij_whitelist::Whitelist;

pub(crate) const STAMP: &str = "2026-09-21T12:00:00Z";

/// A Whitelist with this number and these hosts.
pub(crate) fn whitelist(volgnummer: u64, hosts: &[&str]) -> Vec<u8> {
    stamped(STAMP, volgnummer, hosts)
}

/// The same with its own Tijdstempel.
pub(crate) fn stamped(tijdstempel: &str, volgnummer: u64, hosts: &[&str]) -> Vec<u8> {
    let nodes: String = hosts
        .iter()
        .map(|h| format!("<MedMijNode><Hostname>{h}</Hostname></MedMijNode>"))
        .collect();
    format!(
        "<Whitelist xmlns=\"xmlns://afsprakenstelsel.medmij.nl/whitelist/release2/\"><Tijdstempel>{tijdstempel}\
         </Tijdstempel><Volgnummer>{volgnummer}</Volgnummer><MedMijNodes>{nodes}</MedMijNodes></Whitelist>"
    )
    .into_bytes()
}

/// A process that keeps a Whitelist. What outlives it are `clock` and `storage`.
pub(crate) struct Node {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) storage: Arc<dyn ListStorage>,
    pub(crate) cache: Arc<ListCache<Whitelist>>,
    pub(crate) supply: ListSupply<Whitelist>,
    /// What it said while it was restored.
    pub(crate) restored: Vec<SupplyEvent>,
}

impl Node {
    pub(crate) fn new() -> Self {
        Self::with_storage(Arc::new(MemoryStorage::default()))
    }

    pub(crate) fn with_storage(storage: Arc<dyn ListStorage>) -> Self {
        let wall = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
        Self::boot(Arc::new(ManualClock::at(wall)), storage, 2)
    }

    pub(crate) fn with_policy(policy: RefreshPolicy) -> Self {
        let clock = Arc::new(ManualClock::at(
            SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000),
        ));
        Self::made(clock, Arc::new(MemoryStorage::default()), 2, policy)
    }

    pub(crate) fn boot(clock: Arc<ManualClock>, storage: Arc<dyn ListStorage>, api: u16) -> Self {
        Self::made(clock, storage, api, RefreshPolicy::for_list(ListKind::Whitelist))
    }

    fn made(clock: Arc<ManualClock>, storage: Arc<dyn ListStorage>, api: u16, policy: RefreshPolicy) -> Self {
        let cache = Arc::new(ListCache::new(policy, Arc::clone(&clock)));
        let source = SourceName::parse("stelselnode.localhost").unwrap();
        let mut supply = ListSupply::new(
            source,
            api,
            Arc::clone(&cache),
            Arc::clone(&storage),
            Arc::clone(&clock) as _,
        );
        let restored = supply.restore();
        Self {
            clock,
            storage,
            cache,
            supply,
            restored,
        }
    }

    /// Ends the process and starts another, `down` later, on the same keep. The new process has a new monotonic clock.
    pub(crate) fn restart(self, down: Duration) -> Self {
        use medmij_types::Clock as _;
        let clock = Arc::new(ManualClock::at(self.clock.now() + down));
        Self::boot(clock, self.storage, 2)
    }

    /// One fetch that brings this.
    pub(crate) fn fetch(&mut self, fetched: Result<Vec<u8>, SourceError>) -> FetchOutcome {
        self.supply.fetch_now();
        let Step::Fetch(ticket) = self.supply.step() else {
            panic!("no ticket")
        };
        self.supply.arrived(ticket, fetched, 0.5)
    }

    /// One fetch that brings a list that is taken.
    pub(crate) fn takes(&mut self, bytes: Vec<u8>) -> Vec<SupplyEvent> {
        let completed = self.fetch(Ok(bytes));
        assert!(completed.result.is_ok(), "{:?}", completed.result);
        completed.events
    }

    /// One fetch that brings something that is refused; the list in force is the same after it.
    pub(crate) fn refuses(&mut self, bytes: Vec<u8>) -> String {
        let before = self.number();
        let completed = self.fetch(Ok(bytes));
        assert_eq!(self.number(), before, "the list in force changed");
        format!("{:?}", completed.result.expect_err("was taken"))
    }

    /// The number of the list in force.
    pub(crate) fn number(&self) -> Option<u64> {
        self.cache.current().map(|list| list.header().volgnummer().value())
    }

    /// The number that is remembered.
    pub(crate) fn remembered(&self) -> Option<u64> {
        self.storage
            .memory(self.supply.key())
            .unwrap()
            .volgnummer
            .map(|number| number.value())
    }

    pub(crate) fn key(&self) -> StorageKey {
        self.supply.key().clone()
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }
}

/// A source that is down.
pub(crate) fn down() -> Result<Vec<u8>, SourceError> {
    Err(SourceError::new("connection refused"))
}

pub(crate) const fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

/// What happened, in one word each.
pub(crate) fn names(events: &[SupplyEvent]) -> Vec<&'static str> {
    events
        .iter()
        .map(|event| match event {
            SupplyEvent::Accepted {
                origin: Origin::Fetched,
                ..
            } => "accepted",
            SupplyEvent::Accepted { .. } => "kept",
            SupplyEvent::Unchanged { .. } => "unchanged",
            SupplyEvent::Refused { .. } => "refused",
            SupplyEvent::Stale { .. } => "stale",
            SupplyEvent::Alarm { .. } => "alarm",
            SupplyEvent::Expired { .. } => "expired",
            SupplyEvent::OldStamp { .. } => "old stamp",
            SupplyEvent::StorageFailed { .. } => "keep failed",
            SupplyEvent::CopyNotUsed { .. } => "copy not used",
            SupplyEvent::MemoryLowered { .. } => "memory lowered",
            SupplyEvent::Implausible { .. } => "implausible",
            SupplyEvent::StateRolledBack { .. } => "rolled back",
            _ => "other",
        })
        .collect()
}
