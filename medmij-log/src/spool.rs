// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.102 — the spool: log lines on disk, from the moment they happen until they are delivered.
//!
//! A folder holds one open segment to which lines are appended, closed batches that wait for delivery, and an archive:
//!
//! ```text
//! 0000000000000001.open          lines are appended here, each batch of appends made durable once
//! 0000000000000000.batch         closed, waits for delivery
//! archive/0000000000000000.1764511200.batch    delivered; its oldest line is of that second
//! rejected/0000000000000007.batch              refused by the other side, kept for `medmij log rejected`
//! ```
//!
//! A line whose append returned is never lost by a crash of the process: opening a spool keeps every whole line of the
//! open segment and cuts a torn end. A batch moves by one rename, so a line is never in two batches.
//!
//! The age of a file is that of its oldest line, wherever it is, so that no line outlives its term by waiting, by being
//! refused or by being copied. Lines of more than a day are never in one file: [`Spool::destroy_expired`] closes the open
//! segment after a day, also where nobody delivers.

mod batch;
mod files;
mod segment;

use std::{
    collections::BTreeMap,
    fs, io,
    path::PathBuf,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

pub use batch::Batch;
use files::{
    at, close, counted, length, lock, name, numbered, older, oldest_line, private_folder, rename, sync_folder,
};
use segment::Segment;

/// The largest batch that the central component takes, in bytes (60 MB).
pub const MAX_BATCH: u64 = 62_914_560;

/// Days after which an archived line must be destroyed at the latest: 36 months (core.logging.101).
pub const MAX_RETENTION: Duration = Duration::from_secs(1_095 * 86_400);

/// Days that an archived line is kept at least: 24 months (core.logging.101), and what a batch may span, two days at most.
pub const MIN_RETENTION: Duration = Duration::from_secs(733 * 86_400);

/// How far apart in time the lines of one file are at most.
const SPAN: Duration = Duration::from_secs(86_400);

/// A spool could not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpoolError {
    /// The file system refused.
    #[error("spool {}: {what}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        what: &'static str,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// A line is longer than a whole batch may be.
    #[error("a log line of {0} bytes is longer than a batch may be")]
    LineTooLong(usize),
    /// A line is not one JSON object on one line.
    #[error("a log line is not one JSON object on one line")]
    NotALine,
    /// As much waits as there may: see [`Spool::with_room`].
    #[error("the spool holds as many bytes as it may")]
    Full,
    /// Another process has this spool open.
    #[error("spool {} is open in another process", .0.display())]
    InUse(PathBuf),
}

/// Lines on disk, waiting for delivery. One process has a spool open at a time.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    open: Segment,
    /// The number of the open segment.
    current: u64,
    next: u64,
    max_batch: u64,
    room: u64,
    /// Lines and bytes that wait, by the number of their file.
    waiting: BTreeMap<u64, (u64, u64)>,
    _lock: fs::File,
}

impl Spool {
    /// Opens a spool, making the folder where there is none. What an earlier process left behind is taken over: the
    /// whole lines of its open segment, and its batches.
    ///
    /// # Errors
    /// [`SpoolError::InUse`] while another process has it open, and [`SpoolError::Io`].
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, SpoolError> {
        let folder = folder.into();
        for part in [folder.clone(), folder.join("archive"), folder.join("rejected")] {
            private_folder(&part)?;
        }
        let lock = lock(&folder)?;
        let mut numbers: Vec<u64> = Vec::new();
        let mut open = None;
        let mut waiting = BTreeMap::new();
        for (number, extension, path) in numbered(&folder)? {
            numbers.push(number);
            waiting.insert(number, counted(&path)?);
            if extension == "open" {
                // only a crash between closing one and opening the next leaves two: the older becomes a batch
                if let Some((number, path)) = open.replace((number, path)) {
                    close(&folder, number, &path)?;
                }
            }
        }
        for kept in ["archive", "rejected"] {
            numbers.extend(numbered(&folder.join(kept))?.into_iter().map(|(number, _, _)| number));
        }
        let highest = numbers.iter().max().copied();
        let (number, path) = open.unwrap_or_else(|| {
            let number = highest.map_or(0, |highest| highest.saturating_add(1));
            (number, name(&folder, number, "open"))
        });
        let next = highest
            .map_or(0, |highest| highest.max(number))
            .max(number)
            .saturating_add(1);
        let segment = Segment::open(path.clone())?;
        // without the torn end that opening it cut off
        waiting.insert(number, counted(&path)?);
        Ok(Self {
            open: segment,
            folder,
            current: number,
            next,
            max_batch: MAX_BATCH,
            room: u64::MAX,
            waiting,
            _lock: lock,
        })
    }

    /// Takes no more lines while so many bytes wait, so that a sink that is away for long does not fill a disk that a store
    /// also needs.
    #[must_use]
    pub fn with_room(mut self, bytes: u64) -> Self {
        self.room = bytes;
        self
    }

    /// Smaller batches than [`MAX_BATCH`].
    #[must_use]
    pub fn with_max_batch(mut self, bytes: u64) -> Self {
        self.max_batch = bytes.clamp(2, MAX_BATCH);
        self
    }

    /// Appends lines and makes them durable with one sync. Where they end one batch and begin the next, what went into the
    /// first stays there on an error in the second; of all others none counts as taken, and the segment is cut back to where
    /// it was, now or at the next append.
    ///
    /// # Errors
    /// [`SpoolError::LineTooLong`] and [`SpoolError::NotALine`], before any of them is taken, [`SpoolError::Full`], and
    /// [`SpoolError::Io`], such as for a full disk.
    pub fn append<'a>(&mut self, lines: impl IntoIterator<Item = &'a str>) -> Result<(), SpoolError> {
        let lines: Vec<&str> = lines.into_iter().collect();
        lines.iter().try_for_each(|line| self.judge(line))?;
        self.append_some(&lines).1
    }

    /// Appends as many as can be, from the first: how many are durable, and why not more.
    pub(crate) fn append_some(&mut self, lines: &[&str]) -> (usize, Result<(), SpoolError>) {
        let (mut bytes, mut lines_in, mut written) = (Vec::new(), 0_u64, 0_usize);
        let mut stopped = Ok(());
        for line in lines {
            if let Err(error) = self.judge(line) {
                stopped = Err(error);
                break;
            }
            // a batch is a JSON array: each line end becomes a comma or the closing bracket
            let more = length(bytes.len().saturating_add(line.len()).saturating_add(2));
            if self.backlog_now().saturating_add(more) > self.room {
                stopped = Err(SpoolError::Full);
                break;
            }
            if self.open.len().saturating_add(more) > self.max_batch {
                if let Err(error) = self.write(&mut bytes, &mut lines_in, &mut written) {
                    return (written, Err(error));
                }
                if let Err(error) = self.close_batch() {
                    return (written, Err(error));
                }
            }
            bytes.extend_from_slice(line.as_bytes());
            bytes.push(b'\n');
            lines_in = lines_in.saturating_add(1);
        }
        match self.write(&mut bytes, &mut lines_in, &mut written) {
            Ok(()) => (written, stopped),
            Err(error) => (written, Err(error)),
        }
    }

    fn write(&mut self, bytes: &mut Vec<u8>, lines: &mut u64, written: &mut usize) -> Result<(), SpoolError> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.open.append(bytes)?;
        let waiting = self.waiting.entry(self.current).or_default();
        *waiting = (
            waiting.0.saturating_add(*lines),
            waiting.1.saturating_add(length(bytes.len())),
        );
        *written = written.saturating_add(usize::try_from(*lines).unwrap_or(usize::MAX));
        bytes.clear();
        *lines = 0;
        Ok(())
    }

    fn judge(&self, line: &str) -> Result<(), SpoolError> {
        if line.contains('\n') || !(line.starts_with('{') && line.ends_with('}')) {
            return Err(SpoolError::NotALine);
        }
        if length(line.len().saturating_add(2)) > self.max_batch {
            return Err(SpoolError::LineTooLong(line.len()));
        }
        Ok(())
    }

    fn backlog_now(&self) -> u64 {
        self.waiting
            .values()
            .fold(0, |sum, (_, bytes)| sum.saturating_add(*bytes))
    }

    /// How many lines wait for delivery, and the moment of the oldest of them.
    #[must_use]
    pub fn waiting(&self) -> (u64, Option<SystemTime>) {
        let lines = self
            .waiting
            .values()
            .fold(0_u64, |sum, (lines, _)| sum.saturating_add(*lines));
        let oldest = self.waiting.iter().find(|(_, (lines, _))| *lines > 0);
        let since = oldest.and_then(|(number, _)| {
            let extension = if *number == self.current { "open" } else { "batch" };
            oldest_line(&name(&self.folder, *number, extension))
        });
        (lines, since)
    }

    /// Closes the open segment so that it can be delivered; an empty one stays open.
    ///
    /// # Errors
    /// [`SpoolError::Io`].
    pub fn close_batch(&mut self) -> Result<(), SpoolError> {
        if self.open.len() == 0 {
            return Ok(());
        }
        let next = Segment::open(name(&self.folder, self.next, "open"))?;
        let closed = std::mem::replace(&mut self.open, next);
        let number = std::mem::replace(&mut self.current, self.next);
        self.next = self.next.saturating_add(1);
        close(&self.folder, number, &closed.into_path())
    }

    /// The batches that wait for delivery, the oldest first.
    ///
    /// # Errors
    /// [`SpoolError::Io`].
    pub fn batches(&self) -> Result<Vec<Batch>, SpoolError> {
        let mut batches: Vec<Batch> = numbered(&self.folder)?
            .into_iter()
            .filter(|(_, extension, _)| extension == "batch")
            .map(|(number, _, path)| Batch { number, path })
            .collect();
        batches.sort();
        Ok(batches)
    }

    /// Bytes of the lines that are not delivered.
    ///
    /// # Errors
    /// [`SpoolError::Io`].
    pub fn backlog(&self) -> Result<u64, SpoolError> {
        let mut sum = self.open.len();
        for batch in self.batches()? {
            sum = sum.saturating_add(fs::metadata(&batch.path).map_err(at(&batch.path, "size"))?.len());
        }
        Ok(sum)
    }

    /// Moves a delivered batch to the archive.
    ///
    /// # Errors
    /// [`SpoolError::Io`]. The batch then stays where it is, and is delivered again.
    pub fn archive(&mut self, batch: &Batch, now: SystemTime) -> Result<(), SpoolError> {
        let oldest = oldest_line(&batch.path).map_or(now, |oldest| oldest.min(now));
        let seconds = oldest.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let to = self
            .folder
            .join("archive")
            .join(format!("{:016}.{seconds}.batch", batch.number));
        rename(&batch.path, &to)?;
        self.waiting.remove(&batch.number);
        Ok(())
    }

    /// Moves a batch that the other side refused as a whole to `rejected`.
    ///
    /// # Errors
    /// [`SpoolError::Io`].
    pub fn reject(&mut self, batch: &Batch) -> Result<(), SpoolError> {
        rename(&batch.path, &name(&self.folder.join("rejected"), batch.number, "batch"))?;
        self.waiting.remove(&batch.number);
        Ok(())
    }

    /// Destroys archived batches of which the oldest line is older than `kept`, which is held between [`MIN_RETENTION`] and
    /// [`MAX_RETENTION`] (core.logging.101); refused and undelivered ones, the open segment too, once it is older than
    /// [`MAX_RETENTION`]. Returns how many files are gone. Call it at least daily, whether or not anything is delivered.
    ///
    /// # Errors
    /// [`SpoolError::Io`].
    pub fn destroy_expired(&mut self, now: SystemTime, kept: Duration) -> Result<usize, SpoolError> {
        let open = oldest_line(&name(&self.folder, self.current, "open"));
        // a disk with no room to close it must not keep what is past its term
        let closed = if older(now, open, SPAN) {
            self.close_batch()
        } else {
            Ok(())
        };
        let kept = kept.clamp(MIN_RETENTION, MAX_RETENTION);
        let mut gone = 0_usize;
        let archive = self.folder.join("archive");
        for (_, middle, path) in numbered(&archive)? {
            let seconds: u64 = middle.split('.').next().and_then(|text| text.parse().ok()).unwrap_or(0);
            if older(now, UNIX_EPOCH.checked_add(Duration::from_secs(seconds)), kept) {
                fs::remove_file(&path).map_err(at(&path, "remove"))?;
                gone = gone.saturating_add(1);
            }
        }
        let rejected = self.folder.join("rejected");
        for folder in [&self.folder, &rejected] {
            let mut batches = numbered(folder)?;
            batches.retain(|(_, extension, _)| extension == "batch");
            for (number, _, path) in batches {
                let modified = || fs::metadata(&path).and_then(|data| data.modified()).ok();
                if older(now, oldest_line(&path).or_else(modified), MAX_RETENTION) {
                    fs::remove_file(&path).map_err(at(&path, "remove"))?;
                    if folder == &self.folder {
                        self.waiting.remove(&number);
                    }
                    gone = gone.saturating_add(1);
                }
            }
            sync_folder(folder)?;
        }
        sync_folder(&archive)?;
        closed.map(|()| gone)
    }
}

#[cfg(test)]
mod tests;
