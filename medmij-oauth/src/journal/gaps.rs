// SPDX-License-Identifier: AGPL-3.0-or-later
//! Lines that were written once and are not there: a file, or the whole folder, was taken away or replaced.
//!
//! After each line the store takes down how many entries its file has. These marks are beside those of how far the store got,
//! under names that no file has.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write as _},
    path::Path,
    sync::PoisonError,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use super::{ENDING, Journal, JournalError, failed, unavailable};
use crate::{
    own_files,
    storage::{JournalMarks, StoreError},
};

/// What a process saw in the files.
#[derive(Default)]
pub(super) struct Seen {
    entries: BTreeMap<String, u64>,
    /// Whether all was there once.
    whole: bool,
    /// Since when something is missing that this process never saw.
    missing: Option<Duration>,
}

impl Journal {
    /// What was written once and is not there: how many entries of which file. Nothing, unless a file or the folder was taken
    /// away, or another one was put in its place. Files that were [pruned](Self::prune) are not missed.
    ///
    /// What the process saw itself, and all at its first look, is missed at once. What it never saw another may just have written:
    /// where the folder lies on a file system of a network that may take a minute.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: the store fails, or [`StoreError::Unavailable`] with a [`JournalError`].
    pub async fn lacks<M: JournalMarks>(&self, store: &M) -> Result<BTreeMap<String, u64>, StoreError> {
        let marks = store.journal_marks().await?;
        // the journal after the marks: what they say is on the disk by then
        let there = self.counted().map_err(unavailable)?;
        let pruned = pruned(&self.folder).map_err(|error| unavailable(failed("reading what was removed")(error)))?;
        let gaps: BTreeMap<_, _> = expected(&marks)
            .filter(|(file, _)| there.contains_key(*file) || begun(file).is_none_or(|at| at >= pruned))
            .filter_map(|(file, lines)| {
                let missing = lines.saturating_sub(there.get(file).copied().unwrap_or_default());
                (missing > 0).then(|| (file.to_owned(), missing))
            })
            .collect();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let of_file = |file: &String| there.get(file).copied().unwrap_or_default();
        let shrunk = gaps
            .keys()
            .any(|file| seen.entries.get(file).is_some_and(|before| *before > of_file(file)));
        for (file, entries) in &there {
            let most = seen.entries.entry(file.clone()).or_default();
            *most = (*most).max(*entries);
        }
        if gaps.is_empty() {
            (seen.whole, seen.missing) = (true, None);
            return Ok(gaps);
        }
        let now = self.clock.monotonic();
        let since = *seen.missing.get_or_insert(now);
        if !seen.whole || shrunk || now.saturating_sub(since) >= PATIENCE {
            seen.whole = false;
            return Ok(gaps);
        }
        Ok(BTreeMap::new())
    }

    /// An operator's decision where the lines that are [missing](Self::lacks) are lost for good: they are not missed any more. What
    /// they say has ended in the store stays so, and would be revived by a copy of the store from before: no such copy may be put
    /// back after this.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: the store fails, or [`StoreError::Unavailable`] with a [`JournalError`].
    pub async fn danger_accept_loss<M: JournalMarks>(&self, store: &M) -> Result<BTreeMap<String, u64>, StoreError> {
        let gaps = self.lacks(store).await?;
        let marks = store.journal_marks().await?;
        for file in gaps.keys() {
            let lines = marks.get(&written(file)).copied().unwrap_or_default();
            store.mark_journal(&lost(file), lines).await?;
        }
        self.look_again();
        Ok(gaps)
    }

    /// What it wrote itself it saw.
    pub(super) fn wrote(&self, file: &str, entries: u64) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let most = seen.entries.entry(file.to_owned()).or_default();
        *most = (*most).max(entries);
    }

    /// How many entries each file has.
    fn counted(&self) -> Result<BTreeMap<String, u64>, JournalError> {
        let mut counted = BTreeMap::new();
        for entry in self.read()? {
            *counted.entry(entry.file).or_default() += 1;
        }
        Ok(counted)
    }
}

/// Whether a store can be written, as one that only answers cannot: a standby, a disk that is full, a file that may only be read.
/// It writes a mark that means nothing.
///
/// # Errors
///
/// [`StoreError`]: it cannot.
pub async fn can_be_written<M: JournalMarks>(store: &M) -> Result<(), StoreError> {
    store.mark_journal("probe", 0).await
}

/// How many entries files had, but for those whose loss was accepted.
fn expected(marks: &BTreeMap<String, u64>) -> impl Iterator<Item = (&str, u64)> {
    marks.iter().filter_map(|(name, lines)| {
        let file = name.strip_suffix(WRITTEN)?;
        let accepted = marks.get(&lost(file)).is_some_and(|accepted| accepted >= lines);
        (!accepted).then_some((file, *lines))
    })
}

/// Under which name a store takes down how many entries a file has.
pub(super) fn written(file: &str) -> String {
    format!("{file}{WRITTEN}")
}

fn lost(file: &str) -> String {
    format!("{file}{LOST}")
}

/// When a file was begun, as its name says.
fn begun(file: &str) -> Option<SystemTime> {
    let seconds = file.strip_suffix(ENDING)?.split('-').next()?.parse().ok()?;
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

/// Up to which moment files were removed because their term was over; the beginning of time where none was.
fn pruned(folder: &Path) -> io::Result<SystemTime> {
    let path = folder.join(PRUNED);
    let text = match own_files::guard(&path).and_then(|()| fs::read_to_string(&path)) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(UNIX_EPOCH),
        Err(error) => return Err(error),
    };
    let seconds = text.trim().parse().map_err(io::Error::other)?;
    Ok(UNIX_EPOCH
        .checked_add(Duration::from_secs(seconds))
        .unwrap_or(UNIX_EPOCH))
}

/// Takes down that files from before this moment may be missing. It is in the folder itself: another folder in its place
/// does not have it.
pub(super) fn note_pruned(folder: &Path, before: SystemTime) -> io::Result<()> {
    let before = before.max(pruned(folder)?);
    let seconds = before.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let (path, aside) = (folder.join(PRUNED), folder.join(ASIDE));
    let mut file = own_files::fresh(&aside)?;
    file.write_all(format!("{seconds}\n").as_bytes())?;
    file.sync_all()?;
    fs::rename(aside, path)?;
    #[cfg(unix)]
    fs::File::open(folder)?.sync_all()?;
    Ok(())
}

const WRITTEN: &str = " written";
const LOST: &str = " lost";
const PRUNED: &str = "pruned";
const ASIDE: &str = "pruned.part";
/// How long another process's lines may take to be seen here.
const PATIENCE: Duration = Duration::from_secs(60);
