// SPDX-License-Identifier: AGPL-3.0-or-later
//! A [`ListStorage`] that lives as long as the process: for tests, and for programs that must not write.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use medmij_types::Volgnummer;

use super::{
    CopyToStore, JournalEntry, Journalled, ListStorage, Lowering, RollbackMemory, Sha256Sum, StorageError, StorageKey,
    StoredCopy, StoredList,
};

/// A [`ListStorage`] in memory. It protects from rollback for as long as the process lives, and **not through restarts**.
///
/// ```
/// use medmij_list::{ListKind, supply::{ListStorage, StorageKey, MemoryStorage, SourceName}};
///
/// let storage = MemoryStorage::default();
/// let key = StorageKey::new(SourceName::parse("stelselnode.medmij.nl")?, 2, ListKind::Whitelist);
/// assert_eq!(storage.memory(&key)?.volgnummer, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct MemoryStorage(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    memories: BTreeMap<StorageKey, RollbackMemory>,
    copies: BTreeMap<StorageKey, (Sha256Sum, Volgnummer, StoredCopy)>,
    seen: BTreeMap<StorageKey, SystemTime>,
    journal: Vec<JournalEntry>,
}

impl MemoryStorage {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ListStorage for MemoryStorage {
    fn load(&self, key: &StorageKey) -> Result<StoredList, StorageError> {
        let inner = self.lock();
        Ok(StoredList {
            memory: inner.memories.get(key).copied().unwrap_or_default(),
            copy: inner.copies.get(key).map(|(_, _, copy)| copy.clone()),
            seen: inner.seen.get(key).copied(),
            ..StoredList::default()
        })
    }

    fn memory(&self, key: &StorageKey) -> Result<RollbackMemory, StorageError> {
        Ok(self.lock().memories.get(key).copied().unwrap_or_default())
    }

    fn store(&self, key: &StorageKey, copy: &CopyToStore<'_>) -> Result<(), StorageError> {
        let stored = StoredCopy::new(copy.bytes.to_vec(), copy.at);
        self.lock()
            .copies
            .insert(key.clone(), (copy.sha256, copy.volgnummer, stored));
        Ok(())
    }

    fn confirm(&self, key: &StorageKey, sha256: &Sha256Sum, at: SystemTime) -> Result<(), StorageError> {
        let mut inner = self.lock();
        if let Some((sum, _, copy)) = inner.copies.get_mut(key)
            && sum == sha256
        {
            copy.confirmed_at = at;
        }
        inner.seen.insert(key.clone(), at);
        Ok(())
    }

    fn seen(&self, key: &StorageKey, at: SystemTime) -> Result<(), StorageError> {
        self.lock().seen.insert(key.clone(), at);
        Ok(())
    }

    fn remember(
        &self,
        key: &StorageKey,
        volgnummer: Volgnummer,
        content: Sha256Sum,
    ) -> Result<RollbackMemory, StorageError> {
        let mut inner = self.lock();
        let memory = inner.memories.entry(key.clone()).or_default();
        *memory = memory.after(volgnummer, content);
        Ok(*memory)
    }

    fn danger_lower(&self, key: &StorageKey, lowering: &Lowering) -> Result<RollbackMemory, StorageError> {
        let mut inner = self.lock();
        let from = inner.memories.get(key).copied().unwrap_or_default();
        let memory = from.after_lowering(lowering.to);
        if inner
            .copies
            .get(key)
            .is_some_and(|(_, number, _)| Some(*number) > memory.volgnummer)
        {
            inner.copies.remove(key);
        }
        let what = Journalled::MemoryLowered {
            from: from.volgnummer,
            to: memory.volgnummer,
            reason: lowering.reason.clone(),
        };
        inner.journal.push(JournalEntry::new(lowering.at, key.clone(), what));
        inner.memories.insert(key.clone(), memory);
        Ok(memory)
    }

    fn record(&self, entry: &JournalEntry) -> Result<(), StorageError> {
        self.lock().journal.push(entry.clone());
        Ok(())
    }

    fn journal(&self) -> Result<Vec<JournalEntry>, StorageError> {
        Ok(self.lock().journal.clone())
    }
}
