// SPDX-License-Identifier: AGPL-3.0-or-later
//! Files and standard input, within bounds, with progress on a terminal.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use medmij_list::{Dialect, ReadOptions};

use crate::{cli_error::CliError, screen::Screen};

/// What is on standard input is there once: a second `-` would find nothing.
static STDIN_WAS_READ: AtomicBool = AtomicBool::new(false);

/// Says so where standard input was read before.
pub(crate) fn stdin_once() -> Result<(), CliError> {
    if STDIN_WAS_READ.swap(true, Ordering::Relaxed) {
        return Err(CliError::Usage(
            "standard input can be read once: give - once".to_owned(),
        ));
    }
    Ok(())
}

/// A document to judge.
pub(crate) struct Input {
    /// What to call it.
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    /// How large the file is, where that is over the limit; then nothing of it was read.
    pub(crate) too_large: Option<u64>,
    /// What it takes to show a line of it after the bytes were given away.
    again: Again,
}

enum Again {
    File(PathBuf),
    Stored(Vec<u8>),
}

impl Input {
    /// Reads a file, or standard input for `-`. Of a file that is too large nothing is read. Of what has no size (a pipe, a
    /// device) at most 256 MiB and one byte are read, and nothing after a byte that no XML holds: the reader then names
    /// what is wrong.
    pub(crate) fn read(path: &Path, limit: usize, screen: Screen) -> Result<Self, CliError> {
        let most = limit as u64 + 1;
        let most_of_stream = most.min(STREAM + 1);
        if path == Path::new("-") {
            let name = "(standard input)".to_owned();
            stdin_once()?;
            let bytes = collect(&mut io::stdin().lock(), most_of_stream, None, Screen::none())
                .map_err(|cause| cannot_read(&name, cause))?;
            return Ok(Self {
                name,
                too_large: None,
                again: Again::Stored(bytes.clone()),
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
            if let Some(size) = size.filter(|size| *size >= most) {
                return Ok((Vec::new(), Some(size), true));
            }
            let most = if size.is_some() { most } else { most_of_stream };
            let bytes = collect(&mut file, most, size, screen)?;
            Ok((bytes, None, metadata.is_file()))
        };
        let (bytes, too_large, is_file) = read().map_err(|cause| cannot_read(&name, cause))?;
        // A pipe has nothing to read a second time.
        let again = if is_file {
            Again::File(path.to_owned())
        } else {
            Again::Stored(bytes.clone())
        };
        Ok(Self {
            name,
            bytes,
            too_large,
            again,
        })
    }

    /// Reads a file that is small for what it is: a schema, a dialect, a policy.
    pub(crate) fn small(path: &Path) -> Result<Self, CliError> {
        let input = Self::read(path, SMALL, Screen::none())?;
        if input.too_large.is_some() || input.bytes.len() > SMALL {
            return Err(cannot_read(&input.name, io::ErrorKind::FileTooLarge.into()));
        }
        Ok(input)
    }

    /// The text, for a file that is no XML, without the byte order mark that some editors put before it.
    pub(crate) fn text(&self) -> Result<&str, CliError> {
        match std::str::from_utf8(&self.bytes) {
            Ok(text) => Ok(text.strip_prefix('\u{feff}').unwrap_or(text)),
            Err(_) => Err(cannot_read(&self.name, io::ErrorKind::InvalidData.into())),
        }
    }

    /// Bytes that are there already.
    pub(crate) const fn of(name: String, bytes: Vec<u8>) -> Self {
        Self {
            name,
            bytes,
            too_large: None,
            again: Again::Stored(Vec::new()),
        }
    }

    /// Gives the bytes away.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    /// The bytes once more, for a message; empty where the file is gone meanwhile.
    pub(crate) fn again(&self) -> Vec<u8> {
        match &self.again {
            Again::File(_) if self.too_large.is_some() => Vec::new(),
            Again::File(path) => std::fs::read(path).unwrap_or_default(),
            Again::Stored(bytes) => bytes.clone(),
        }
    }
}

/// Reads the options that all reading commands share.
pub(crate) fn options(dialect: Option<&Path>) -> Result<ReadOptions, CliError> {
    let options = ReadOptions::files();
    let Some(path) = dialect else { return Ok(options) };
    let input = Input::small(path)?;
    let text = input.text()?;
    let dialect: Dialect = text.parse().map_err(|cause| CliError::Dialect {
        name: input.name.clone(),
        cause,
    })?;
    Ok(options.with_dialect(Arc::new(dialect)))
}

fn cannot_read(name: &str, cause: io::Error) -> CliError {
    CliError::Read {
        name: name.to_owned(),
        cause,
    }
}

fn collect(from: &mut impl Read, most: u64, size: Option<u64>, screen: Screen) -> io::Result<Vec<u8>> {
    let expected = size.unwrap_or_default().min(most);
    let mut bytes = Vec::new();
    // A large file is no reason to end the process.
    bytes.try_reserve_exact(usize::try_from(expected).unwrap_or(0).saturating_add(1))?;
    let mut progress = screen.reading(expected);
    let mut left = most;
    while left > 0 {
        let step = left.min(STEP);
        let start = bytes.len();
        let read = from.by_ref().take(step).read_to_end(&mut bytes)? as u64;
        left -= read;
        progress.at(bytes.len() as u64);
        if read < step || bytes.get(start..).is_some_and(|new| new.contains(&0)) {
            break;
        }
    }
    Ok(bytes)
}

const STEP: u64 = 4 << 20;
/// What a stream can hold: as much as a list over the network.
const STREAM: u64 = 256 << 20;
const SMALL: usize = 16 << 20;
