// SPDX-License-Identifier: AGPL-3.0-or-later
//! One file of lines that grows at its end.

use std::{
    fs::File,
    io::{Read as _, Seek as _, SeekFrom, Write as _},
    path::PathBuf,
};

use super::{
    SpoolError,
    files::{at, own},
};

/// A file of lines, and how far it is whole.
#[derive(Debug)]
pub(super) struct Segment {
    path: PathBuf,
    file: File,
    /// Bytes that are durable; what is behind them is of an append that failed.
    whole: u64,
    torn: bool,
}

impl Segment {
    /// Opens or makes a segment. What is behind its last whole line is cut off.
    pub(super) fn open(path: PathBuf) -> Result<Self, SpoolError> {
        let mut file = own(&path).map_err(at(&path, "open"))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(at(&path, "read"))?;
        let whole = whole_lines(&bytes);
        let mut segment = Self {
            path,
            file,
            whole,
            torn: whole != u64::try_from(bytes.len()).unwrap_or(u64::MAX),
        };
        segment.mend()?;
        Ok(segment)
    }

    /// Bytes of whole lines.
    pub(super) fn len(&self) -> u64 {
        self.whole
    }

    /// Appends bytes that end with a line end and makes them durable.
    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<(), SpoolError> {
        self.mend()?;
        self.torn = true;
        let written = self.file.write_all(bytes).and_then(|()| self.file.sync_data());
        if let Err(source) = written {
            // cut back at once where that is possible, so that a full disk has the room again
            let _ = self.mend();
            return Err(SpoolError::Io {
                path: self.path.clone(),
                what: "append",
                source,
            });
        }
        self.torn = false;
        self.whole = self
            .whole
            .saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        Ok(())
    }

    /// Cuts off what a failed append left behind.
    fn mend(&mut self) -> Result<(), SpoolError> {
        if self.torn {
            self.file.set_len(self.whole).map_err(at(&self.path, "truncate"))?;
        }
        self.file
            .seek(SeekFrom::Start(self.whole))
            .map_err(at(&self.path, "seek"))?;
        self.torn = false;
        Ok(())
    }

    pub(super) fn into_path(self) -> PathBuf {
        self.path
    }
}

/// The length of the lines that are whole: they end with a line end and are objects. A crash of the machine can leave
/// zeros or half a line at the end, never in front of a line whose append returned.
fn whole_lines(bytes: &[u8]) -> u64 {
    let mut whole = 0_usize;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let object = line.first() == Some(&b'{') && line.ends_with(b"}\n") && std::str::from_utf8(line).is_ok();
        if !object {
            break;
        }
        whole = whole.saturating_add(line.len());
    }
    u64::try_from(whole).unwrap_or(u64::MAX)
}
