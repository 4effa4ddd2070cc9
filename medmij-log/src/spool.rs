// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.102 — the spool: log lines on disk, from the moment they happen until they are delivered.
//!
//! A folder holds one open segment to which lines are appended, closed batches that wait for delivery, and an archive:
//!
//! ```text
//! 0000000000000001.open          lines are appended here, each batch of appends made durable once
//! 0000000000000000.batch         closed, waits for delivery
//! archive/0000000000000000.1764511200.batch    delivered, at that second; destroyed by [`Spool::destroy_expired`]
//! rejected/0000000000000007.batch              refused by the other side, kept for `medmij log rejected`
//! ```
//!
//! A line whose append returned is never lost by a crash of the process: opening a spool keeps every whole line of the
//! open segment and cuts a torn end. A batch moves by one rename, so a line is never in two batches.

mod segment;

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use segment::Segment;

/// The largest batch that the central component takes, in bytes (60 MB).
pub const MAX_BATCH: u64 = 62_914_560;

/// Days after which an archived line must be destroyed at the latest: 36 months (core.logging.101).
pub const MAX_RETENTION: Duration = Duration::from_secs(1_095 * 86_400);

/// Days that an archived line is kept at least: 24 months (core.logging.101).
pub const MIN_RETENTION: Duration = Duration::from_secs(731 * 86_400);

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
    /// Another process has this spool open.
    #[error("spool {} is open in another process", .0.display())]
    InUse(PathBuf),
}

/// Lines on disk, waiting for delivery. One process has a spool open at a time.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    open: Segment,
    next: u64,
    max_batch: u64,
    _lock: fs::File,
}

/// A closed batch.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Batch {
    number: u64,
    path: PathBuf,
}

impl Batch {
    /// The number of the batch; a later batch has a higher one.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The lines, as they were appended.
    ///
    /// # Errors
    /// [`SpoolError::Io`].
    pub fn lines(&self) -> Result<String, SpoolError> {
        fs::read_to_string(&self.path).map_err(at(&self.path, "read"))
    }

    /// The lines as one JSON array, which is what is delivered.
    ///
    /// # Errors
    /// [`SpoolError::Io`].
    pub fn body(&self) -> Result<Vec<u8>, SpoolError> {
        let lines = self.lines()?;
        let mut body = Vec::with_capacity(lines.len().saturating_add(2));
        body.push(b'[');
        for (index, line) in lines.lines().enumerate() {
            if index > 0 {
                body.push(b',');
            }
            body.extend_from_slice(line.as_bytes());
        }
        body.push(b']');
        Ok(body)
    }
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
        for (number, extension, path) in numbered(&folder)? {
            numbers.push(number);
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
        Ok(Self {
            open: Segment::open(path)?,
            folder,
            next,
            max_batch: MAX_BATCH,
            _lock: lock,
        })
    }

    /// Smaller batches than [`MAX_BATCH`].
    #[must_use]
    pub fn with_max_batch(mut self, bytes: u64) -> Self {
        self.max_batch = bytes.clamp(2, MAX_BATCH);
        self
    }

    /// Appends lines and makes them durable with one sync. On an error none of them counts as taken: the segment is cut
    /// back to where it was, now or at the next append.
    ///
    /// # Errors
    /// [`SpoolError::LineTooLong`], [`SpoolError::NotALine`], and [`SpoolError::Io`], such as for a full disk.
    pub fn append<'a>(&mut self, lines: impl IntoIterator<Item = &'a str>) -> Result<(), SpoolError> {
        let mut bytes = Vec::new();
        for line in lines {
            if line.contains('\n') || !(line.starts_with('{') && line.ends_with('}')) {
                return Err(SpoolError::NotALine);
            }
            let room = usize::try_from(self.max_batch).unwrap_or(usize::MAX);
            if line.len().saturating_add(2) > room {
                return Err(SpoolError::LineTooLong(line.len()));
            }
            // a batch is a JSON array: each line end becomes a comma or the closing bracket
            let waiting = u64::try_from(bytes.len().saturating_add(line.len()).saturating_add(2)).unwrap_or(u64::MAX);
            if self.open.len().saturating_add(waiting) > self.max_batch {
                if !bytes.is_empty() {
                    self.open.append(&bytes)?;
                    bytes.clear();
                }
                self.close_batch()?;
            }
            bytes.extend_from_slice(line.as_bytes());
            bytes.push(b'\n');
        }
        if bytes.is_empty() {
            Ok(())
        } else {
            self.open.append(&bytes)
        }
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
        self.next = self.next.saturating_add(1);
        let path = closed.into_path();
        close(&self.folder, number_of(&path).unwrap_or_default(), &path)
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
        let seconds = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let to = self
            .folder
            .join("archive")
            .join(format!("{:016}.{seconds}.batch", batch.number));
        rename(&batch.path, &to)
    }

    /// Moves a batch that the other side refused as a whole to `rejected`.
    ///
    /// # Errors
    /// [`SpoolError::Io`].
    pub fn reject(&mut self, batch: &Batch) -> Result<(), SpoolError> {
        rename(&batch.path, &name(&self.folder.join("rejected"), batch.number, "batch"))
    }

    /// Destroys what stands in the archive longer than `kept`, which is held between [`MIN_RETENTION`] and
    /// [`MAX_RETENTION`] (core.logging.101). Refused and undelivered batches go too once they are [`MAX_RETENTION`] old.
    /// Returns how many batches are gone.
    ///
    /// # Errors
    /// [`SpoolError::Io`].
    pub fn destroy_expired(&mut self, now: SystemTime, kept: Duration) -> Result<usize, SpoolError> {
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
        let rejected = numbered(&self.folder.join("rejected"))?;
        let waiting = numbered(&self.folder)?
            .into_iter()
            .filter(|(_, extension, _)| extension == "batch");
        for (_, _, path) in rejected.into_iter().chain(waiting) {
            let modified = fs::metadata(&path).and_then(|data| data.modified()).ok();
            if older(now, modified, MAX_RETENTION) {
                fs::remove_file(&path).map_err(at(&path, "remove"))?;
                gone = gone.saturating_add(1);
            }
        }
        sync_folder(&archive)?;
        Ok(gone)
    }
}

fn older(now: SystemTime, then: Option<SystemTime>, limit: Duration) -> bool {
    then.and_then(|then| now.duration_since(then).ok())
        .is_some_and(|age| age > limit)
}

fn name(folder: &Path, number: u64, extension: &str) -> PathBuf {
    folder.join(format!("{number:016}.{extension}"))
}

fn number_of(path: &Path) -> Option<u64> {
    path.file_name()?.to_str()?.split('.').next()?.parse().ok()
}

/// The files of a folder whose name begins with a number: number, what follows it, path; the lowest number first.
fn numbered(folder: &Path) -> Result<Vec<(u64, String, PathBuf)>, SpoolError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(at(folder, "list"))? {
        let path = entry.map_err(at(folder, "list"))?.path();
        let Some(number) = number_of(&path) else { continue };
        let text = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        if let Some((_, rest)) = text.split_once('.') {
            found.push((number, rest.to_owned(), path));
        }
    }
    found.sort();
    Ok(found)
}

fn close(folder: &Path, number: u64, path: &Path) -> Result<(), SpoolError> {
    rename(path, &name(folder, number, "batch"))
}

fn rename(from: &Path, to: &Path) -> Result<(), SpoolError> {
    fs::rename(from, to).map_err(at(from, "rename"))?;
    to.parent().map_or(Ok(()), sync_folder)
}

/// A rename is durable when its folder is; other systems than unix have no such call and need none.
fn sync_folder(folder: &Path) -> Result<(), SpoolError> {
    #[cfg(unix)]
    fs::File::open(folder)
        .and_then(|file| file.sync_all())
        .map_err(at(folder, "sync"))?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

/// Log lines are for the deelnemer alone.
fn private_folder(folder: &Path) -> Result<(), SpoolError> {
    fs::create_dir_all(folder).map_err(at(folder, "create"))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).map_err(at(folder, "set permissions"))?;
    }
    Ok(())
}

fn lock(folder: &Path) -> Result<fs::File, SpoolError> {
    let path = folder.join("lock");
    let file = segment::options()
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(at(&path, "open"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(SpoolError::InUse(folder.to_owned())),
        Err(fs::TryLockError::Error(source)) => Err(SpoolError::Io {
            path,
            what: "lock",
            source,
        }),
    }
}

fn at(path: &Path, what: &'static str) -> impl FnOnce(io::Error) -> SpoolError {
    let path = path.to_owned();
    move |source| SpoolError::Io { path, what, source }
}

#[cfg(test)]
mod tests;
