// SPDX-License-Identifier: AGPL-3.0-or-later
//! A vault in memory, for tests and demonstrations: a DVP that restarts has lost every consent.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::{Begun, Finished, TokenVault, VaultError, VaultKey};

/// The vault in memory.
#[derive(Debug, Default)]
pub struct MemoryVault {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    rows: HashMap<VaultKey, Row>,
    attempts: u64,
}

#[derive(Debug)]
struct Row {
    sealed: Vec<u8>,
    running: Option<(u64, Instant)>,
}

impl MemoryVault {
    /// An empty vault.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TokenVault for MemoryVault {
    async fn keep(&self, key: &VaultKey, sealed: Vec<u8>) -> Result<(), VaultError> {
        self.lock().rows.insert(key.clone(), Row { sealed, running: None });
        Ok(())
    }

    async fn begin(&self, key: &VaultKey, lease: Duration) -> Result<Begun, VaultError> {
        let mut inner = self.lock();
        inner.attempts += 1;
        let attempt = inner.attempts;
        let now = Instant::now();
        let Some(row) = inner.rows.get_mut(key) else {
            return Ok(Begun::Unknown);
        };
        if row.running.is_some_and(|(_, until)| now < until) {
            return Ok(Begun::UnderWay);
        }
        row.running = Some((attempt, now + lease));
        Ok(Begun::Refresh {
            sealed: row.sealed.clone(),
            attempt,
        })
    }

    async fn finish(&self, key: &VaultKey, attempt: u64, sealed: Vec<u8>) -> Result<Finished, VaultError> {
        let mut inner = self.lock();
        match inner.rows.get_mut(key) {
            Some(row) if row.running.is_some_and(|(running, _)| running == attempt) => {
                *row = Row { sealed, running: None };
                Ok(Finished::Done)
            }
            _ => Ok(Finished::Stale),
        }
    }

    async fn release(&self, key: &VaultKey, attempt: u64) -> Result<(), VaultError> {
        if let Some(row) = self.lock().rows.get_mut(key)
            && row.running.is_some_and(|(running, _)| running == attempt)
        {
            row.running = None;
        }
        Ok(())
    }

    async fn forget(&self, key: &VaultKey) -> Result<(), VaultError> {
        self.lock().rows.remove(key);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::MemoryVault;

    crate::vault_contract!(MemoryVault::new());
}
