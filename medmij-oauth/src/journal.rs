// SPDX-License-Identifier: AGPL-3.0-or-later
//! A store that is put back from a copy knows nothing of what ended since: consents that were withdrawn would work again.
//! So what ends also goes to a journal outside the database, and a store that is older than its journal is not served.
//!
//! A [`Journal`] is a folder that all replicas share, best on another disk than the database. Each process appends to files of
//! its own. A line is on the disk before the answer goes out, and has the hash of the lines before it. A line that a crash
//! tore was never answered, and is passed over at the end of a file.
//!
//! The order is: it ends in the store, the store takes down how far the journal is ([`JournalMarks`]), the line is written, the
//! answer goes out. So a store is never behind its journal, unless an older copy of it was put back. After the line the store
//! takes down too that it is there: so a journal that lacks a line, a file, or all of them (another folder was mounted in its
//! place) is noticed ([`Journal::lacks`]), and is not served either.
//!
//! What is in a line is for the store that the journal belongs to: keyed hashes, ids and names of parties, as in its tables.
//! `medmij_dvza::store::JournaledStore` and `medmij_dvp::journal::JournaledVault` write them and end again what is missing.
//!
//! ```
//! use medmij_oauth::{
//!     journal::{Journal, JournalEntry},
//!     storage::{JournalMarks, StoreError},
//! };
//! use std::{collections::BTreeMap, sync::Mutex};
//!
//! /// A store that keeps how far it got.
//! #[derive(Default)]
//! struct Rows(Mutex<BTreeMap<String, u64>>);
//!
//! impl JournalMarks for Rows {
//!     async fn journal_marks(&self) -> Result<BTreeMap<String, u64>, StoreError> {
//!         Ok(self.0.lock().unwrap().clone())
//!     }
//!     async fn mark_journal(&self, file: &str, number: u64) -> Result<(), StoreError> {
//!         self.0.lock().unwrap().insert(file.to_owned(), number);
//!         Ok(())
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path();
//! let (journal, rows) = (Journal::open(path, "dvza")?, Rows::default());
//! // it ended in the store, and then:
//! journal.record(&rows, JournalEntry::new("grant", ["a keyed hash"])).await?;
//! assert!(journal.is_behind(&rows).await?.is_empty());
//!
//! // a copy from before that was put back
//! let restored = Rows::default();
//! assert_eq!(journal.is_behind(&restored).await?.len(), 1);
//! # Ok(())
//! # }
//! ```

mod gaps;
mod line;
mod segment;

use std::{
    collections::{BTreeMap, HashMap},
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use medmij_types::{Clock, SystemClock};

use self::segment::Segment;
pub use self::{gaps::can_be_written, line::JournalEntry};
use crate::{
    own_files,
    storage::{JournalMarks, StoreError},
};

/// A folder in which stands what ended. Put it in an `Arc` to share it.
pub struct Journal {
    folder: PathBuf,
    role: String,
    clock: Arc<dyn Clock>,
    current: Mutex<Option<Arc<Segment>>>,
    /// What was read of each file, and how long it was then.
    known: Mutex<HashMap<String, (u64, Vec<JournalEntry>)>>,
    /// When it was looked last how store and journal fit, and what was found.
    looked: Mutex<Option<(Duration, Fit)>>,
    /// What this process saw in the files, for those that get shorter.
    seen: Mutex<gaps::Seen>,
}

/// How a store and its journal fit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fit {
    Good,
    StoreIsOlder,
    Shorter,
}

impl Journal {
    /// Opens a folder; it is made where it is not there, for its owner only. `role` is one word, such as `dvza`: the journal of
    /// another role is refused.
    ///
    /// # Errors
    ///
    /// [`JournalError`], where it cannot be made or read, or is not a journal of this role.
    pub fn open(folder: impl Into<PathBuf>, role: &str) -> Result<Self, JournalError> {
        let journal = Self {
            folder: folder.into(),
            role: role.to_owned(),
            clock: Arc::new(SystemClock::default()),
            current: Mutex::new(None),
            known: Mutex::default(),
            looked: Mutex::new(None),
            seen: Mutex::default(),
        };
        own_files::folder(&journal.folder).map_err(failed("making the folder"))?;
        journal.read()?;
        Ok(journal)
    }

    /// By another clock than that of the system.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Something ended in the store: takes that down, there and here. It is on the disk when this returns.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: no answer may go out; let it be done again.
    pub async fn record<M: JournalMarks>(&self, store: &M, entry: JournalEntry) -> Result<(), StoreError> {
        // the number is drawn after the store has ended it: a store with a mark has all that has a lower one
        let (segment, number) = self.next().map_err(unavailable)?;
        store.mark_journal(segment.name(), number).await?;
        let entry = entry.placed(segment.name(), number, self.clock.now());
        let written = segment.append(&entry).map_err(|error| {
            self.lock().take();
            unavailable(error)
        })?;
        self.wrote(segment.name(), written);
        store.mark_journal(&gaps::written(segment.name()), written).await
    }

    /// What is in the journal and is not in the store, oldest first: nothing, unless an older copy of the store was put
    /// back.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: the store fails, or [`StoreError::Unavailable`] with a [`JournalError`].
    pub async fn is_behind<M: JournalMarks>(&self, store: &M) -> Result<Vec<JournalEntry>, StoreError> {
        // the journal first: what comes in meanwhile is marked in the store before it is here
        let entries = self.read().map_err(unavailable)?;
        let marks = store.journal_marks().await?;
        let missing = |entry: &JournalEntry| marks.get(&entry.file).is_none_or(|mark| *mark < entry.number);
        Ok(entries.into_iter().filter(missing).collect())
    }

    /// Lets an operation of the store through, or not. It is looked once a second whether the store is behind.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] with [`JournalError::StoreIsOlder`] or [`JournalError::Shorter`], or where nothing can be read: a
    /// server answers 503.
    pub async fn pass<M: JournalMarks>(&self, store: &M) -> Result<(), StoreError> {
        let now = self.clock.monotonic();
        let looked = *self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let fit = match looked.filter(|(at, _)| now < at.saturating_add(LOOK)) {
            Some((_, fit)) => fit,
            None => {
                let fit = if !self.is_behind(store).await?.is_empty() {
                    Fit::StoreIsOlder
                } else if !self.lacks(store).await?.is_empty() {
                    Fit::Shorter
                } else {
                    Fit::Good
                };
                *self.looked.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, fit));
                fit
            }
        };
        match fit {
            Fit::Good => Ok(()),
            Fit::StoreIsOlder => Err(unavailable(JournalError::StoreIsOlder)),
            Fit::Shorter => Err(unavailable(JournalError::Shorter)),
        }
    }

    /// The next look is at once.
    pub fn look_again(&self) {
        *self.looked.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Removes the files whose last line is older than this; how many went. Keep them longer than any copy of the store.
    ///
    /// # Errors
    ///
    /// [`JournalError::Io`].
    pub fn prune(&self, older_than: Duration) -> Result<usize, JournalError> {
        let before = self
            .clock
            .now()
            .checked_sub(older_than)
            .unwrap_or(SystemTime::UNIX_EPOCH);
        let mut newest: BTreeMap<String, SystemTime> = BTreeMap::new();
        for entry in self.read()? {
            let at = newest.entry(entry.file).or_insert(entry.at);
            *at = entry.at.max(*at);
        }
        let past: Vec<_> = newest.into_iter().filter(|(_, at)| *at < before).collect();
        if !past.is_empty() {
            // first, so that what goes is not missed
            gaps::note_pruned(&self.folder, before).map_err(failed("noting what is removed"))?;
        }
        let mut gone = 0;
        for (file, _) in past {
            self.lock().take_if(|segment| segment.name() == file);
            fs::remove_file(self.folder.join(&file)).map_err(failed("removing a file"))?;
            self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(&file);
            gone += 1;
        }
        Ok(gone)
    }

    /// The file of today, and the next number in it.
    fn next(&self) -> Result<(Arc<Segment>, u64), JournalError> {
        let (now, mut current) = (self.clock.now(), self.lock());
        let segment = match current.take().filter(|segment| segment.is_of(now)) {
            Some(segment) => segment,
            None => Arc::new(Segment::new(&self.folder, &self.role, now)?),
        };
        let number = segment.next_number();
        *current = Some(Arc::clone(&segment));
        Ok((segment, number))
    }

    /// Every entry, oldest first. Files that did not grow are not read again.
    fn read(&self) -> Result<Vec<JournalEntry>, JournalError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut entries = Vec::new();
        let listed = fs::read_dir(&self.folder).map_err(failed("reading the folder"))?;
        for file in listed {
            let file = file.map_err(failed("reading the folder"))?;
            let Some(name) = file
                .file_name()
                .to_str()
                .filter(|name| name.ends_with(ENDING))
                .map(str::to_owned)
            else {
                continue;
            };
            let length = file.metadata().map_err(failed("reading a file"))?.len();
            match known.get(&name) {
                Some((read, there)) if *read == length => entries.extend_from_slice(there),
                _ => {
                    let there = segment::read(&file.path(), &name, &self.role)?;
                    entries.extend_from_slice(&there);
                    known.insert(name, (length, there));
                }
            }
        }
        entries.sort_by(|one, other| (one.at, &one.file, one.number).cmp(&(other.at, &other.file, other.number)));
        Ok(entries)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Arc<Segment>>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Journal")
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

/// Why a journal cannot be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// A file or the folder.
    #[error("journal of ends failed: {what}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// A line is not what was written.
    #[error("journal of ends: line {line} of {file} is not what was written")]
    Broken {
        /// The name of the file.
        file: String,
        /// The line, from 1.
        line: usize,
    },
    /// A file is of another role, or of a later version.
    #[error("journal of ends: {0} is of another role or of a later version")]
    Other(String),
    /// A line says something that this version does not know, or cannot read.
    #[error("journal of ends: cannot end {0} again")]
    Kind(String),
    /// An older copy of the store was put back.
    #[error("store is older than its journal: run `medmij store reconcile`")]
    StoreIsOlder,
    /// Lines that the store knows of are not in the journal.
    #[error(
        "journal lacks ends that the store knows of: put its folder back, `medmij store reconcile` says what is missing"
    )]
    Shorter,
}

impl From<JournalError> for StoreError {
    fn from(error: JournalError) -> Self {
        Self::Unavailable(Box::new(error))
    }
}

fn unavailable(error: JournalError) -> StoreError {
    error.into()
}

fn failed(what: &'static str) -> impl Fn(io::Error) -> JournalError {
    move |source| JournalError::Io { what, source }
}

/// How long what was found holds.
const LOOK: Duration = Duration::from_secs(1);

/// How files end.
const ENDING: &str = ".ends";

#[cfg(test)]
mod tests;
