// SPDX-License-Identifier: AGPL-3.0-or-later
//! A file of the journal: of one process, for one day.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use medmij_types::{Entropy as _, OsEntropy};

use crate::own_files;

use super::{
    ENDING, JournalEntry, JournalError, failed,
    line::{self, Hash, Head, hash},
};

pub(super) struct Segment {
    name: String,
    path: PathBuf,
    head: String,
    since: SystemTime,
    numbers: AtomicU64,
    /// The open file, the hash of its last line and how many entries it has; there is none before the first.
    open: Mutex<Option<(File, Hash, u64)>>,
}

impl Segment {
    /// A file with a name that no other process has; it is made with its first line.
    pub(super) fn new(folder: &Path, role: &str, now: SystemTime) -> Result<Self, JournalError> {
        let mut random = [0; 8];
        OsEntropy
            .fill(&mut random)
            .map_err(|error| failed("drawing a name")(io::Error::other(error)))?;
        let since = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let name = format!("{since:012}-{:016x}{ENDING}", u64::from_be_bytes(random));
        let head = Head {
            journal: Head::VERSION,
            role: role.into(),
        };
        let head = serde_json::to_string(&head).map_err(|error| failed("writing a file")(error.into()))?;
        Ok(Self {
            path: folder.join(&name),
            name,
            head,
            since: now,
            numbers: AtomicU64::new(0),
            open: Mutex::new(None),
        })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether it was begun within a day of this moment.
    pub(super) fn is_of(&self, now: SystemTime) -> bool {
        now.duration_since(self.since).is_ok_and(|age| age < DAY)
    }

    pub(super) fn next_number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Writes a line to the disk, and says how many entries the file has with it. After an error the file is left as it is: its
    /// end may be torn.
    pub(super) fn append(&self, entry: &JournalEntry) -> Result<u64, JournalError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut file, before, entries) = match open.take() {
            Some(there) if is_at(&there.0, &self.path) => there,
            // a line in a file that was moved away would be lost with it
            Some(_) => {
                let moved = io::Error::other("the file is not in its place any more");
                return Err(failed("writing a line")(moved));
            }
            None => self.create().map_err(failed("making a file"))?,
        };
        let (text, hash) = line::write(&before, entry).ok_or_else(|| JournalError::Kind(entry.kind.clone()))?;
        let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
        written.map_err(failed("writing a line"))?;
        let entries = entries.saturating_add(1);
        *open = Some((file, hash, entries));
        Ok(entries)
    }

    /// One that is there is another's, or was torn: an error.
    fn create(&self) -> io::Result<(File, Hash, u64)> {
        let mut options = OpenOptions::new();
        options.append(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&self.path)?;
        file.write_all(format!("{}\n", self.head).as_bytes())?;
        #[cfg(unix)]
        if let Some(folder) = self.path.parent() {
            File::open(folder)?.sync_all()?;
        }
        Ok((file, hash(&[0; 32], &self.head), 0))
    }
}

/// Whether an open file is the one that has this name.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let id = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    let (open, named) = (file.metadata().map(id), fs::metadata(path).map(id));
    matches!((open, named), (Ok(open), Ok(named)) if open == named)
}

#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}

/// The entries of a file. What is after the last end of a line was torn, and never answered.
pub(super) fn read(path: &Path, name: &str, role: &str) -> Result<Vec<JournalEntry>, JournalError> {
    let text = own_files::guard(path).and_then(|()| fs::read(path));
    let text = text.map_err(failed("reading a file"))?;
    let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let broken = |line| JournalError::Broken {
        file: name.to_owned(),
        line,
    };
    let text = text.get(..whole).and_then(|text| std::str::from_utf8(text).ok());
    let mut lines = text.ok_or_else(|| broken(1))?.lines();
    let Some(first) = lines.next() else {
        return Ok(Vec::new());
    };
    let head: Head<'_> = serde_json::from_str(first).map_err(|_| broken(1))?;
    if head.journal != Head::VERSION || head.role != role {
        return Err(JournalError::Other(name.to_owned()));
    }
    let (mut before, mut entries) = (hash(&[0; 32], first), Vec::new());
    for (line, number) in lines.zip(2..) {
        let (entry, after) = line::read(&before, name, line).ok_or_else(|| broken(number))?;
        entries.push(entry);
        before = after;
    }
    Ok(entries)
}

const DAY: Duration = Duration::from_secs(86_400);
