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
/// use medmij_dvza::store::{MemoryLimits, MemoryStore};
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
