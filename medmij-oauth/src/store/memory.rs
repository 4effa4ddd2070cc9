// SPDX-License-Identifier: AGPL-3.0-or-later
//! A store in memory: bounded, for one process. It is lost when the process ends.

mod expiry;
mod inner;
mod operations;
mod persons;
mod rows;
mod shared;
mod table;

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use self::inner::Inner;

/// The store in memory. One lock, no IO: every operation is one transaction.
///
/// A grant with its code takes some 400 bytes, a token 90, an audit entry 90: names are kept once, rows point at each other by
/// number.
///
/// ```
/// use medmij_oauth::store::{MemoryLimits, MemoryStore};
///
/// let store = MemoryStore::new(MemoryLimits::default());
/// assert_eq!(store.len(), 0);
/// ```
#[derive(Debug)]
pub struct MemoryStore {
    limits: MemoryLimits,
    start: Instant,
    inner: Mutex<Inner>,
}

/// How much a [`MemoryStore`] keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemoryLimits {
    /// Open flows; beyond it the oldest without authentication goes.
    pub flows: usize,
    /// Codes and tokens together; beyond it nothing is granted any more.
    pub rows: usize,
    /// Audit entries; beyond it the oldest goes. A real audit log belongs in a durable store.
    pub audit: usize,
}

impl Default for MemoryLimits {
    fn default() -> Self {
        Self {
            flows: 10_000,
            rows: 1_000_000,
            audit: 100_000,
        }
    }
}

/// How many rows a [`MemoryStore`] holds, by kind: one each where a database would have one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemoryRows {
    /// Open flows.
    pub flows: usize,
    /// Grants.
    pub grants: usize,
    /// Codes, those that were taken too: they are kept for twice their lifetime.
    pub codes: usize,
    /// Access and refresh tokens.
    pub tokens: usize,
    /// Audit entries.
    pub audit: usize,
}

impl MemoryRows {
    /// All of them.
    #[must_use]
    pub fn total(&self) -> usize {
        self.flows + self.grants + self.codes + self.tokens + self.audit
    }
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new(limits: MemoryLimits) -> Self {
        Self {
            limits,
            start: Instant::now(),
            inner: Mutex::new(Inner {
                audit_limit: limits.audit,
                ..Inner::default()
            }),
        }
    }

    /// The rows that are kept: flows, codes and tokens.
    #[must_use]
    pub fn len(&self) -> usize {
        let inner = self.lock();
        inner.flows.len() + inner.rows()
    }

    /// Whether nothing is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows that are kept, by kind.
    #[must_use]
    pub fn rows(&self) -> MemoryRows {
        let inner = self.lock();
        MemoryRows {
            flows: inner.flows.len(),
            grants: inner.grants.len(),
            codes: inner.codes.len(),
            tokens: inner.access.len() + inner.refresh.len(),
            audit: inner.audit.len(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The store, its clock read, with a few expired rows less.
    fn open(&self) -> (MutexGuard<'_, Inner>, Duration) {
        let mut inner = self.lock();
        let now = self.start.elapsed() + inner.shift;
        inner.purge(now, 8);
        (inner, now)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new(MemoryLimits::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        storage::Advanced,
        store::{Advance, DangerShiftClock as _, Store as _, TakenCode},
    };

    crate::store_contract!(MemoryStore::default());
    crate::server_contract!(MemoryStore::default());

    #[tokio::test]
    async fn o13_the_number_of_flows_is_bounded_and_anonymous_ones_go_first() {
        use crate::store::contract::{new_flow, session};

        let store = MemoryStore::new(MemoryLimits {
            flows: 3,
            ..MemoryLimits::default()
        });
        let kept = new_flow();
        let id = kept.id.clone();
        store.open_flow(kept).await.unwrap();
        let advance = Advance::new(id.clone(), 1, session(2), vec![], true);
        assert_eq!(store.advance_flow(advance).await.unwrap(), Advanced::Done);
        for _ in 0..10_000 {
            store.open_flow(new_flow()).await.unwrap();
        }
        assert_eq!(store.len(), 3);
        {
            let inner = store.lock();
            assert_eq!(
                (inner.expiry.len(), inner.anonymous.len()),
                (3, 2),
                "nothing is left of those that went"
            );
        }
        assert!(store.flow(&id).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn expired_rows_leave_nothing_behind() {
        use crate::store::contract::{granted, redeem};

        let store = MemoryStore::default();
        for _ in 0..50 {
            let (code, binding) = granted(&store, true).await;
            assert!(matches!(
                store.take_code(&code, &redeem(binding)).await.unwrap(),
                TakenCode::Fresh(_)
            ));
        }
        store
            .danger_shift_clock(Duration::from_secs(400 * 86_400))
            .await
            .unwrap();
        while store.purge(64).await.unwrap() > 0 {}
        let inner = store.lock();
        assert_eq!(
            (
                inner.grants.len(),
                inner.persons.len(),
                inner.expiry.len(),
                inner.rows()
            ),
            (0, 0, 0, 0)
        );
    }
}
