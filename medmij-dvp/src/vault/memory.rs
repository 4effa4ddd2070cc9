// SPDX-License-Identifier: AGPL-3.0-or-later
//! A vault in memory, for tests and demonstrations: a DVP that restarts has lost every consent.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::{Advanced, DangerShiftVault, RefreshStart, StoreError, TokenVault, VaultKey};

/// The vault in memory.
#[derive(Debug)]
pub struct MemoryVault {
    start: Instant,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    rows: HashMap<VaultKey, Row>,
    attempts: u64,
    shift: Duration,
}

#[derive(Debug)]
struct Row {
    sealed: Vec<u8>,
    stored_at: Duration,
    running: Option<(u64, Duration)>,
}

impl MemoryVault {
    /// An empty vault.
    #[must_use]
    pub fn new() -> Self {
        Self {
            start: Instant::now(),
            inner: Mutex::default(),
        }
    }

    fn open(&self) -> (MutexGuard<'_, Inner>, Duration) {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.start.elapsed() + inner.shift;
        (inner, now)
    }
}

impl Default for MemoryVault {
    fn default() -> Self {
        Self::new()
    }
}

impl Row {
    fn new(sealed: Vec<u8>, stored_at: Duration) -> Self {
        Self {
            sealed,
            stored_at,
            running: None,
        }
    }

    fn runs(&self, attempt: u64) -> bool {
        self.running.is_some_and(|(running, _)| running == attempt)
    }
}

impl TokenVault for MemoryVault {
    async fn keep(&self, key: &VaultKey, sealed: Vec<u8>) -> Result<(), StoreError> {
        let (mut inner, now) = self.open();
        inner.rows.insert(key.clone(), Row::new(sealed, now));
        Ok(())
    }

    async fn begin(&self, key: &VaultKey, lease: Duration) -> Result<RefreshStart, StoreError> {
        let (mut inner, now) = self.open();
        inner.attempts += 1;
        let attempt = inner.attempts;
        let Some(row) = inner.rows.get_mut(key) else {
            return Ok(RefreshStart::Unknown);
        };
        if row.running.is_some_and(|(_, until)| now < until) {
            return Ok(RefreshStart::UnderWay);
        }
        row.running = Some((attempt, now + lease));
        Ok(RefreshStart::Refresh {
            sealed: row.sealed.clone(),
            attempt,
        })
    }

    async fn finish(&self, key: &VaultKey, attempt: u64, sealed: Vec<u8>) -> Result<Advanced, StoreError> {
        let (mut inner, now) = self.open();
        match inner.rows.get_mut(key) {
            Some(row) if row.runs(attempt) => {
                *row = Row::new(sealed, now);
                Ok(Advanced::Done)
            }
            _ => Ok(Advanced::Stale),
        }
    }

    async fn release(&self, key: &VaultKey, attempt: u64) -> Result<(), StoreError> {
        if let Some(row) = self.open().0.rows.get_mut(key)
            && row.runs(attempt)
        {
            row.running = None;
        }
        Ok(())
    }

    async fn lapse(&self, key: &VaultKey, attempt: u64) -> Result<Advanced, StoreError> {
        let (mut inner, _) = self.open();
        if !inner.rows.get(key).is_some_and(|row| row.runs(attempt)) {
            return Ok(Advanced::Stale);
        }
        inner.rows.remove(key);
        Ok(Advanced::Done)
    }

    async fn forget(&self, key: &VaultKey) -> Result<(), StoreError> {
        self.open().0.rows.remove(key);
        Ok(())
    }

    async fn purge(&self, older_than: Duration, batch: usize) -> Result<usize, StoreError> {
        let (mut inner, now) = self.open();
        let old: Vec<_> = inner
            .rows
            .iter()
            .filter(|(_, row)| now.checked_sub(older_than).is_some_and(|limit| row.stored_at <= limit))
            .map(|(key, _)| key.clone())
            .take(batch)
            .collect();
        for key in &old {
            inner.rows.remove(key);
        }
        Ok(old.len())
    }
}

impl DangerShiftVault for MemoryVault {
    async fn danger_shift_clock(&self, by: Duration) -> Result<(), StoreError> {
        self.open().0.shift += by;
        Ok(())
    }
}
