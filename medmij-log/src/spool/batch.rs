// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.102 — a closed batch, as it is delivered.

use std::{fs, path::PathBuf};

use super::{SpoolError, files::at};

/// A closed batch.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Batch {
    pub(super) number: u64,
    pub(super) path: PathBuf,
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
