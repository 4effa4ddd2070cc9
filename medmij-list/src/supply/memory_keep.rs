// SPDX-License-Identifier: AGPL-3.0-or-later
//! A [`Keep`] that lives as long as the process: for tests, and for programs that must not write.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use medmij_types::Volgnummer;

use super::{
    CopyToKeep, JournalEntry, Journalled, Keep, KeepError, KeepKey, Kept, KeptCopy, Lowering, RollbackMemory, Sha256Sum,
};

/// A [`Keep`] in memory. It protects from rollback for as long as the process lives, and **not through restarts**.
///
/// ```
/// use medmij_list::{ListKind, supply::{Keep, KeepKey, MemoryKeep, SourceName}};
///
/// let keep = MemoryKeep::default();
/// let key = KeepKey::new(SourceName::parse("stelselnode.medmij.nl")?, 2, ListKind::Whitelist);
/// assert_eq!(keep.memory(&key)?.volgnummer, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct MemoryKeep(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    memories: BTreeMap<KeepKey, RollbackMemory>,
    copies: BTreeMap<KeepKey, (Sha256Sum, Volgnummer, KeptCopy)>,
    seen: BTreeMap<KeepKey, SystemTime>,
    journal: Vec<JournalEntry>,
}

impl MemoryKeep {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Keep for MemoryKeep {
    fn load(&self, key: &KeepKey) -> Result<Kept, KeepError> {
        let inner = self.lock();
        Ok(Kept {
            memory: inner.memories.get(key).copied().unwrap_or_default(),
            copy: inner.copies.get(key).map(|(_, _, copy)| copy.clone()),
            seen: inner.seen.get(key).copied(),
            ..Kept::default()
        })
    }

    fn memory(&self, key: &KeepKey) -> Result<RollbackMemory, KeepError> {
        Ok(self.lock().memories.get(key).copied().unwrap_or_default())
    }

    fn store(&self, key: &KeepKey, copy: &CopyToKeep<'_>) -> Result<(), KeepError> {
        let kept = KeptCopy::new(copy.bytes.to_vec(), copy.at);
        self.lock()
            .copies
            .insert(key.clone(), (copy.sha256, copy.volgnummer, kept));
        Ok(())
    }

    fn confirm(&self, key: &KeepKey, sha256: &Sha256Sum, at: SystemTime) -> Result<(), KeepError> {
        let mut inner = self.lock();
        if let Some((sum, _, copy)) = inner.copies.get_mut(key)
            && sum == sha256
        {
            copy.confirmed_at = at;
        }
        inner.seen.insert(key.clone(), at);
        Ok(())
    }

    fn seen(&self, key: &KeepKey, at: SystemTime) -> Result<(), KeepError> {
        self.lock().seen.insert(key.clone(), at);
        Ok(())
    }

    fn remember(&self, key: &KeepKey, volgnummer: Volgnummer, content: Sha256Sum) -> Result<RollbackMemory, KeepError> {
        let mut inner = self.lock();
        let memory = inner.memories.entry(key.clone()).or_default();
        *memory = memory.after(volgnummer, content);
        Ok(*memory)
    }

    fn danger_lower(&self, key: &KeepKey, lowering: &Lowering) -> Result<RollbackMemory, KeepError> {
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

    fn record(&self, entry: &JournalEntry) -> Result<(), KeepError> {
        self.lock().journal.push(entry.clone());
        Ok(())
    }

    fn journal(&self) -> Result<Vec<JournalEntry>, KeepError> {
        Ok(self.lock().journal.clone())
    }
}
