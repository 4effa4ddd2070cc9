// SPDX-License-Identifier: AGPL-3.0-or-later
//! A [`ListStorage`] in a folder (feature `files`; security L12, R3, R4): write aside, fsync, rename, fsync the folder.
//!
//! ```text
//! <folder>/journal.jsonl                                     what was accepted, a record each; it only grows
//! <folder>/memory/<source>/api<n>/<list>.json                the rollback memory
//! <folder>/copies/<source>/api<n>/<list>/<number>-<sum>.xml  the last good copy, the exact bytes
//! <folder>/copies/<source>/api<n>/<list>/confirmed.json      when it was last confirmed
//! <folder>/lock                                              held while writing, so that processes may share the folder
//! ```
//!
//! Folders and files belong to one user: they are made without permissions for others, and those that have some lose
//! them when they are used, or are refused where that is not possible. No symbolic link is followed.
//!
//! What is beside the copies has one form: a record a line, with its checksum. A folder that an earlier build wrote is
//! refused.
//!
//! The name of a copy carries its Volgnummer and its SHA-256, so that one rename replaces bytes and checksum together.
//! The folder `copies` may be thrown away at any time; `memory` and `journal.jsonl` are the protection against rollback.

mod disk;
mod layer;
mod names;
pub(crate) mod record;

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool},
    time::SystemTime,
};

use medmij_types::Volgnummer;

pub use self::layer::{FileLayer, LayerFile, OsFiles};
use self::{
    disk::{CONFIRMED, COPIES, MEMORY, failed},
    names::CopyName,
    record::Record,
};
use super::{
    CopyToStore, JournalEntry, Journalled, ListStorage, Lowering, RollbackMemory, Sha256Sum, StorageError, StorageKey,
    StoredList,
};

/// A [`ListStorage`] in a folder. Several processes may share one.
///
/// ```no_run
/// use medmij_list::supply::{FileStorage, ListStorage};
///
/// let storage = FileStorage::open("/var/lib/medmij/lijsten")?;
/// for entry in storage.journal()? {
///     println!("{entry:?}");
/// }
/// # Ok::<(), medmij_list::supply::StorageError>(())
/// ```
#[derive(Clone)]
pub struct FileStorage {
    folder: PathBuf,
    layer: Arc<dyn FileLayer>,
    /// Whether the name of the journal is known to survive a loss of power.
    journal_named: Arc<AtomicBool>,
}

impl FileStorage {
    /// Opens a folder; makes it where it is not there.
    ///
    /// # Errors
    ///
    /// [`StorageError`] where the folder can be neither found nor made, is a symbolic link, or can be written by others and
    /// that cannot be mended; and where an earlier build wrote its files.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, StorageError> {
        let folder = folder.into();
        let layer = OsFiles::default();
        layer
            .create_folder(&folder)
            .and_then(|()| layer.guard_folder(&folder))
            .map_err(|e| failed("cannot use the folder", &folder, e))?;
        let storage = Self::with_layer(folder, Arc::new(layer));
        // what cannot be read is reported by the operation that needs it
        if let Ok(journal) = storage.read(&storage.journal_path()) {
            Record::read(&journal)?;
        }
        Ok(storage)
    }

    /// The same over other file operations, for tests that let them fail.
    #[must_use]
    pub fn with_layer(folder: impl Into<PathBuf>, layer: Arc<dyn FileLayer>) -> Self {
        Self {
            folder: folder.into(),
            layer,
            journal_named: Arc::default(),
        }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// All lists that have something kept here, in a fixed order.
    ///
    /// # Errors
    ///
    /// [`StorageError`], where the folder cannot be read.
    pub fn keys(&self) -> Result<Vec<StorageKey>, StorageError> {
        let mut keys = Vec::new();
        for under in [MEMORY, COPIES] {
            let top = self.folder.join(under);
            for source in self.names_in(&top)? {
                for api in self.names_in(&top.join(&source))? {
                    for list in self.names_in(&top.join(&source).join(&api))? {
                        keys.extend(names::key(&source, &api, &list));
                    }
                }
            }
        }
        keys.sort_unstable();
        keys.dedup();
        Ok(keys)
    }
}

impl ListStorage for FileStorage {
    fn load(&self, key: &StorageKey) -> Result<StoredList, StorageError> {
        let (memory, fault) = self.read_memory(key)?;
        let mut stored = StoredList {
            memory,
            troubles: fault.into_iter().collect(),
            journalled: self.memory_from_journal(key).ok().and_then(|memory| memory.volgnummer),
            ..StoredList::default()
        };
        let folder = self.copies_folder(key);
        for _ in 0..3 {
            let before = stored.troubles.len();
            self.read_copy(&folder, &mut stored)?;
            if stored.copy.is_some() || stored.troubles.len() == before {
                break;
            }
            // Another process may just have put a newer copy in its place.
            if self
                .copy_names(&folder)?
                .iter()
                .all(|name| self.read(&folder.join(name.to_string())).is_ok())
            {
                break;
            }
            stored.troubles.truncate(before);
        }
        Ok(stored)
    }

    fn memory(&self, key: &StorageKey) -> Result<RollbackMemory, StorageError> {
        Ok(self.read_memory(key)?.0)
    }

    fn store(&self, key: &StorageKey, copy: &CopyToStore<'_>) -> Result<(), StorageError> {
        let _lock = self.lock()?;
        let folder = self.copies_folder(key);
        let name = CopyName::of(copy);
        let there = self.copy_names(&folder)?;
        // Remove leftovers first; keep the previous copy until the new one is durable.
        self.tidy(&folder, |old| there.first().is_some_and(|newest| newest == old));
        self.replace(&folder.join(name.to_string()), copy.bytes)?;
        // a lower number below it is passed over, and giving a large file back takes milliseconds: see `remember`
        if there.iter().any(|old| old.volgnummer >= name.volgnummer) {
            self.tidy(&folder, |other| *other == name);
        }
        Ok(())
    }

    fn confirm(&self, key: &StorageKey, sha256: &Sha256Sum, at: SystemTime) -> Result<(), StorageError> {
        let _lock = self.lock()?;
        let folder = self.copies_folder(key);
        if self.copy_names(&folder)?.iter().any(|copy| copy.sha256 == *sha256) {
            self.tidy(&folder, |copy| copy.sha256 == *sha256);
        }
        let sha256 = *sha256;
        self.replace_record(&folder.join(CONFIRMED), &Record::Confirmed { sha256, at, seen: at })
    }

    fn seen(&self, key: &StorageKey, at: SystemTime) -> Result<(), StorageError> {
        let _lock = self.lock()?;
        let folder = self.copies_folder(key);
        let Some(copy) = self.copy_names(&folder)?.into_iter().next() else {
            return Ok(());
        };
        let confirmed = Record::Confirmed {
            sha256: copy.sha256,
            at: self.confirmed_at(&folder, &copy),
            seen: at,
        };
        self.replace_record(&folder.join(CONFIRMED), &confirmed)
    }

    fn remember(
        &self,
        key: &StorageKey,
        volgnummer: Volgnummer,
        content: Sha256Sum,
    ) -> Result<RollbackMemory, StorageError> {
        let _lock = self.lock()?;
        let (before, damaged) = self.read_memory(key)?;
        let after = before.after(volgnummer, content);
        if after != before || damaged.is_some() {
            self.write_memory(key, &after)?;
        }
        // what the copy of this list replaced goes when nothing waits for it
        let folder = self.copies_folder(key);
        let newest = self.copy_names(&folder).ok().and_then(|names| names.into_iter().next());
        if let Some(newest) = newest.filter(|newest| newest.volgnummer == volgnummer) {
            self.tidy(&folder, |copy| *copy == newest);
        }
        Ok(after)
    }

    fn danger_lower(&self, key: &StorageKey, lowering: &Lowering) -> Result<RollbackMemory, StorageError> {
        let _lock = self.lock()?;
        let (before, _) = self.read_memory(key)?;
        let after = before.after_lowering(lowering.to);
        let what = Journalled::MemoryLowered {
            from: before.volgnummer,
            to: after.volgnummer,
            reason: lowering.reason.clone(),
        };
        self.append(&JournalEntry::new(lowering.at, key.clone(), what))?;
        // A copy above the memory would raise it again at the next start.
        let folder = self.copies_folder(key);
        for name in self.copy_names(&folder)? {
            if Some(name.volgnummer) > after.volgnummer {
                let path = folder.join(name.to_string());
                self.layer
                    .remove(&path)
                    .map_err(|e| failed("cannot remove", &path, e))?;
            }
        }
        self.write_memory(key, &after)?;
        Ok(after)
    }

    fn record(&self, entry: &JournalEntry) -> Result<(), StorageError> {
        let _lock = self.lock()?;
        self.append(entry)
    }

    fn journal(&self) -> Result<Vec<JournalEntry>, StorageError> {
        let records = self.records(&self.journal_path())?.unwrap_or_default();
        let entry = |record| match record {
            Record::Journal(entry) => Some(entry),
            Record::Memory(_) | Record::Confirmed { .. } => None,
        };
        Ok(records.into_iter().filter_map(entry).collect())
    }
}

impl fmt::Debug for FileStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileStorage")
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}
