// SPDX-License-Identifier: AGPL-3.0-or-later
//! Files and standard input, within bounds, with progress on a terminal.

use std::{
    fs::File,
    io::{self, IsTerminal as _, Read, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use medmij_list::{Dialect, ReadOptions};

use crate::trouble::Trouble;

/// A document to judge.
pub(crate) struct Input {
    /// What to call it.
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    /// What it takes to show a line of it after the bytes were given away.
    again: Again,
}

enum Again {
    File(PathBuf),
    Kept(Vec<u8>),
}

impl Input {
    /// Reads a file, or standard input for `-`. No more is read than one byte past the limit: the reader then says that
    /// the document is too large.
    pub(crate) fn read(path: &Path, limit: usize) -> Result<Self, Trouble> {
        let most = limit as u64 + 1;
        if path == Path::new("-") {
            let name = "(standard input)".to_owned();
            let bytes = collect(&mut io::stdin().lock(), most, None).map_err(|cause| cannot_read(&name, cause))?;
            return Ok(Self {
                name,
                again: Again::Kept(bytes.clone()),
                bytes,
            });
        }
        let name = path.display().to_string();
        let read = || {
            let mut file = File::open(path)?;
            let metadata = file.metadata()?;
            if metadata.is_dir() {
                return Err(io::ErrorKind::IsADirectory.into());
            }
            let size = metadata.is_file().then_some(metadata.len());
            let bytes = collect(&mut file, most, size)?;
            Ok((bytes, metadata.is_file()))
        };
        let (bytes, is_file) = read().map_err(|cause| cannot_read(&name, cause))?;
        // A pipe has nothing to read a second time.
        let again = if is_file {
            Again::File(path.to_owned())
        } else {
            Again::Kept(bytes.clone())
        };
        Ok(Self { name, bytes, again })
    }

    /// Bytes that are there already.
    pub(crate) const fn of(name: String, bytes: Vec<u8>) -> Self {
        Self {
            name,
            bytes,
            again: Again::Kept(Vec::new()),
        }
    }

    /// Gives the bytes away.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    /// The bytes once more, for a message; empty where the file is gone meanwhile.
    pub(crate) fn again(&self) -> Vec<u8> {
        match &self.again {
            Again::File(path) => std::fs::read(path).unwrap_or_default(),
            Again::Kept(bytes) => bytes.clone(),
        }
    }
}

/// Reads the options that all reading commands share.
pub(crate) fn options(dialect: Option<&Path>) -> Result<ReadOptions, Trouble> {
    let options = ReadOptions::files();
    let Some(path) = dialect else { return Ok(options) };
    let input = Input::read(path, 16 << 20)?;
    let invalid = || cannot_read(&input.name, io::ErrorKind::InvalidData.into());
    let text = std::str::from_utf8(&input.bytes).map_err(|_| invalid())?;
    let dialect: Dialect = text.parse().map_err(|cause| Trouble::Dialect {
        name: input.name.clone(),
        cause,
    })?;
    Ok(options.with_dialect(Arc::new(dialect)))
}

fn cannot_read(name: &str, cause: io::Error) -> Trouble {
    Trouble::Read {
        name: name.to_owned(),
        cause,
    }
}

fn collect(from: &mut impl Read, most: u64, size: Option<u64>) -> io::Result<Vec<u8>> {
    let expected = size.unwrap_or_default().min(most);
    let mut bytes = Vec::new();
    // A large file is no reason to end the process.
    bytes.try_reserve_exact(usize::try_from(expected).unwrap_or(0).saturating_add(1))?;
    let mut progress = Progress::new(expected);
    let mut left = most;
    while left > 0 {
        let step = left.min(STEP);
        let read = from.by_ref().take(step).read_to_end(&mut bytes)? as u64;
        left -= read;
        progress.at(bytes.len() as u64);
        if read < step {
            break;
        }
    }
    Ok(bytes)
}

/// How far the reading is, on standard error, for files over 8 MiB and on a terminal.
struct Progress {
    of: u64,
    shown: Option<u64>,
}

impl Progress {
    fn new(of: u64) -> Self {
        let shown = (of > 8 << 20 && io::stderr().is_terminal()).then_some(u64::MAX);
        Self { of, shown }
    }

    fn at(&mut self, done: u64) {
        let percent = (done * 100).checked_div(self.of).unwrap_or_default().min(100);
        if self.shown.is_some_and(|shown| shown != percent) {
            self.shown = Some(percent);
            let _ = write!(io::stderr(), "\rreading {percent:3} % of {} MiB", self.of >> 20);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown.is_some() {
            let _ = write!(io::stderr(), "\r\u{1b}[K");
        }
    }
}

const STEP: u64 = 4 << 20;
