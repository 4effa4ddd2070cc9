// SPDX-License-Identifier: AGPL-3.0-or-later
//! A store in memory: bounded, for one process. It is lost when the process ends.

mod audit;
mod audit_operations;
mod flows;
mod inner;
mod operations;
mod persoon;
mod tokens;

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use self::{audit::AuditLog, inner::Inner};

/// The store in memory: plain maps. One lock, no IO: every operation is one transaction. A row takes less than a kilobyte.
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
    /// Grants and access tokens together; beyond it nothing is granted, exchanged or refreshed.
    pub rows: usize,
    /// Audit entries; beyond it the oldest goes, and is counted. A real audit log belongs in a durable store.
    pub audit: usize,
}

impl Default for MemoryLimits {
    fn default() -> Self {
        Self {
            flows: 10_000,
            rows: 1_000_000,
            audit: 10_000,
        }
    }
}

/// How many rows a [`MemoryStore`] holds, by kind: one each where a database would have one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemoryRows {
    /// Open flows.
    pub flows: usize,
    /// Grants, each with its code and its refresh tokens.
    pub grants: usize,
    /// Access tokens.
    pub tokens: usize,
    /// Audit entries.
    pub audit: usize,
    /// Audit entries that went because there was no room; no rows.
    pub audit_gone: u64,
}

impl MemoryRows {
    /// All of them.
    #[must_use]
    pub fn total(&self) -> usize {
        self.flows + self.grants + self.tokens + self.audit
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
                audit: AuditLog::of(limits.audit),
                ..Inner::default()
            }),
        }
    }

    /// The rows that are kept: flows, grants and access tokens.
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
            tokens: inner.access.len(),
            audit: inner.audit.len(),
            audit_gone: inner.audit.gone(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The store, its clock read, with a few expired rows less.
    fn open(&self) -> (MutexGuard<'_, Inner>, Duration) {
        let mut inner = self.lock();
        let now = self.start.elapsed().saturating_add(inner.shift);
        inner.purge(now, 8);
        (inner, now)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new(MemoryLimits::default())
    }
}
