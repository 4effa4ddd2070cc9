// SPDX-License-Identifier: AGPL-3.0-or-later
//! What [`FileStorage`] does on the disk: names, locks, write aside and rename, memory and copies (security L12, R3).

use std::{
    io,
    path::{Path, PathBuf},
    sync::atomic::Ordering,
    time::SystemTime,
};

use super::{
    FileStorage,
    names::{self, CopyName},
    record::Record,
};
use crate::supply::{
    JournalEntry, Journalled, ListStorage as _, RollbackMemory, Sha256Sum, StorageError, StorageKey, StoredCopy,
    StoredList,
};

impl FileStorage {
    pub(super) fn memory_path(&self, key: &StorageKey) -> PathBuf {
        let mut path = self.folder.join(MEMORY);
        path.extend([
            key.source().as_str(),
            &names::api(key),
            &format!("{}.json", key.list().short()),
        ]);
        path
    }

    pub(super) fn copies_folder(&self, key: &StorageKey) -> PathBuf {
        let mut path = self.folder.join(COPIES);
        path.extend([key.source().as_str(), &names::api(key), key.list().short()]);
        path
    }

    pub(super) fn journal_path(&self) -> PathBuf {
        self.folder.join("journal.jsonl")
    }

    /// Waits until no other process writes here.
    pub(super) fn lock(&self) -> Result<Box<dyn Send>, StorageError> {
        let path = self.folder.join("lock");
        self.guard(&self.folder)
            .and_then(|()| self.layer.lock(&path))
            .map_err(|e| failed("cannot lock", &path, e))
    }

    /// Reads a file of the folder; nothing on the way to it is a symbolic link.
    pub(super) fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.guard(path.parent().unwrap_or(&self.folder))?;
        self.layer.read(path)
    }

    /// Looks at a folder and those above it, up to the one that was opened.
    pub(super) fn guard(&self, folder: &Path) -> io::Result<()> {
        folder
            .ancestors()
            .take_while(|above| above.starts_with(&self.folder))
            .try_for_each(|above| self.layer.guard_folder(above))
    }

    /// The names in a folder; none where there is no folder.
    pub(super) fn names_in(&self, folder: &Path) -> Result<Vec<String>, StorageError> {
        match self.guard(folder).and_then(|()| self.layer.names(folder)) {
            Ok(mut names) => {
                names.sort_unstable();
                Ok(names)
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                Ok(Vec::new())
            }
            Err(error) => Err(failed("cannot read the folder", folder, error)),
        }
    }

    /// Writes a file aside and lets it take its place.
    pub(super) fn replace(&self, path: &Path, bytes: &[u8]) -> Result<(), StorageError> {
        let folder = path.parent().unwrap_or(&self.folder);
        self.make(folder)?;
        let mut aside = path.as_os_str().to_owned();
        aside.push(ASIDE);
        let aside = PathBuf::from(aside);
        let written = self.write(&aside, bytes).map_err(|e| failed("cannot write", &aside, e));
        let moved = written.and_then(|()| {
            self.layer
                .rename(&aside, path)
                .map_err(|e| failed("cannot replace", path, e))
        });
        if moved.is_err() {
            // Room for the next try; a crash here leaves a file that the next store removes.
            let _ = self.layer.remove(&aside);
        }
        moved?;
        self.layer
            .sync_folder(folder)
            .map_err(|e| failed("cannot sync the folder", folder, e))
    }

    /// Makes a folder whose own name survives a loss of power too.
    fn make(&self, folder: &Path) -> Result<(), StorageError> {
        let cannot = |e| failed("cannot make the folder", folder, e);
        self.guard(folder).map_err(cannot)?;
        if self.layer.names(folder).is_ok() {
            return Ok(());
        }
        self.layer.create_folder(folder).map_err(cannot)?;
        for above in folder
            .ancestors()
            .skip(1)
            .take_while(|above| above.starts_with(&self.folder))
        {
            self.layer.sync_folder(above).map_err(cannot)?;
        }
        Ok(())
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = self.layer.create(path)?;
        for chunk in bytes.chunks(CHUNK) {
            file.write_all(chunk)?;
        }
        file.sync()
    }

    /// The memory, and what was found damaged. A memory that is damaged or gone is made again from the journal: it must
    /// not read as "nothing was ever accepted".
    pub(super) fn read_memory(&self, key: &StorageKey) -> Result<(RollbackMemory, Option<String>), StorageError> {
        let path = self.memory_path(key);
        // No file: before the first list, and after a crash between the journal and the first memory.
        let Some(records) = self.records(&path)? else {
            return Ok((self.memory_from_journal(key)?, None));
        };
        match records.as_slice() {
            [Record::Memory(memory)] => Ok((*memory, None)),
            _ => {
                let fault = format!(
                    "{} is damaged, the memory was made again from the journal",
                    path.display()
                );
                Ok((self.memory_from_journal(key)?, Some(fault)))
            }
        }
    }

    pub(super) fn memory_from_journal(&self, key: &StorageKey) -> Result<RollbackMemory, StorageError> {
        let entries = self.journal()?;
        let of_key = entries.into_iter().filter(|entry| entry.key == *key);
        Ok(
            of_key.fold(RollbackMemory::default(), |memory, entry| match entry.what {
                Journalled::Accepted { volgnummer, .. } => RollbackMemory {
                    volgnummer: memory.volgnummer.max(Some(volgnummer)),
                    ..memory
                },
                Journalled::MemoryLowered { to, .. } => memory.after_lowering(to),
            }),
        )
    }

    pub(super) fn write_memory(&self, key: &StorageKey, memory: &RollbackMemory) -> Result<(), StorageError> {
        self.replace_record(&self.memory_path(key), &Record::Memory(*memory))
    }

    /// The whole records of a file; `None` where there is no file.
    pub(super) fn records(&self, path: &Path) -> Result<Option<Vec<Record>>, StorageError> {
        match self.read(path) {
            Ok(bytes) => Record::read(&bytes)
                .map(Some)
                .map_err(|e| StorageError::new(format!("cannot use {}", path.display()), e)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed("cannot read", path, error)),
        }
    }

    /// Lets one record take the place of a file.
    pub(super) fn replace_record(&self, path: &Path, record: &Record) -> Result<(), StorageError> {
        self.replace(path, record.line()?.as_bytes())
    }

    /// The copies in the folder, the one with the highest number first.
    pub(super) fn copy_names(&self, folder: &Path) -> Result<Vec<CopyName>, StorageError> {
        let mut names: Vec<_> = self
            .names_in(folder)?
            .iter()
            .filter_map(|name| CopyName::parse(name))
            .collect();
        names.sort_unstable_by_key(|name| std::cmp::Reverse(name.volgnummer));
        Ok(names)
    }

    pub(super) fn confirmed_at(&self, folder: &Path, copy: &CopyName) -> SystemTime {
        let confirmed = self.confirmed(folder);
        confirmed.map_or(copy.at, |(of, at, _)| if of == copy.sha256 { at } else { copy.at })
    }

    /// The last moment that a process saw, of whichever copy.
    fn seen_at(&self, folder: &Path) -> Option<SystemTime> {
        self.confirmed(folder).map(|(_, at, seen)| seen.max(at))
    }

    /// Which copy was confirmed, when, and the last moment that a process saw.
    fn confirmed(&self, folder: &Path) -> Option<(Sha256Sum, SystemTime, SystemTime)> {
        match self.records(&folder.join(CONFIRMED)).ok()??.as_slice() {
            [Record::Confirmed { sha256, at, seen }] => Some((*sha256, *at, *seen)),
            _ => None,
        }
    }

    pub(super) fn read_copy(&self, folder: &Path, stored: &mut StoredList) -> Result<(), StorageError> {
        for name in self.copy_names(folder)? {
            let path = folder.join(name.to_string());
            match self.read(&path) {
                Ok(bytes) if Sha256Sum::of(&bytes) == name.sha256 => {
                    stored.copy = Some(StoredCopy::new(bytes, self.confirmed_at(folder, &name)));
                    stored.seen = self.seen_at(folder).max(Some(name.at));
                    return Ok(());
                }
                Ok(_) => stored
                    .troubles
                    .push(format!("{} does not have its checksum", path.display())),
                Err(error) => stored
                    .troubles
                    .push(format!("{} cannot be read: {error}", path.display())),
            }
        }
        Ok(())
    }

    /// Removes what is neither the copy to keep nor its confirmation. What cannot be removed is looked at again.
    pub(super) fn tidy(&self, folder: &Path, storage: impl Fn(&CopyName) -> bool) {
        for name in self.names_in(folder).unwrap_or_default() {
            let stays = name == CONFIRMED || CopyName::parse(&name).is_some_and(|copy| storage(&copy));
            if !stays {
                let _ = self.layer.remove(&folder.join(name));
            }
        }
    }

    /// Adds a line to the journal.
    pub(super) fn append(&self, entry: &JournalEntry) -> Result<(), StorageError> {
        let path = self.journal_path();
        let line = Record::Journal(entry.clone()).line()?;
        let cannot = |e| failed("cannot add to the journal", &path, e);
        self.layer.append(&path, line.as_bytes()).map_err(cannot)?;
        // its name was made at the first line, here or by another process
        if !self.journal_named.load(Ordering::Acquire) {
            self.layer.sync_folder(&self.folder).map_err(cannot)?;
            self.journal_named.store(true, Ordering::Release);
        }
        Ok(())
    }
}

pub(super) fn failed(what: &str, path: &Path, error: io::Error) -> StorageError {
    StorageError::new(format!("{what} {}", path.display()), error)
}

pub(super) const MEMORY: &str = "memory";
pub(super) const COPIES: &str = "copies";
pub(super) const CONFIRMED: &str = "confirmed.json";
/// What a file is called until it takes its place.
const ASIDE: &str = ".part";
const CHUNK: usize = 64 * 1024;
