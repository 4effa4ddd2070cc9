// SPDX-License-Identifier: AGPL-3.0-or-later
//! A line of the journal: what ended, after the hash of all lines before it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Something that ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct JournalEntry {
    /// In which file it stands; empty where it was not written yet.
    pub file: String,
    /// Its number in that file.
    pub number: u64,
    /// When it was written, by the wall clock.
    pub at: SystemTime,
    /// What ended, in one word of the store that it is of.
    pub kind: String,
    /// Which, in the words of that store. No readable Persoon.
    pub fields: Vec<String>,
}

impl JournalEntry {
    /// An entry to write.
    pub fn new<T: Into<String>>(kind: &str, fields: impl IntoIterator<Item = T>) -> Self {
        Self {
            file: String::new(),
            number: 0,
            at: UNIX_EPOCH,
            kind: kind.to_owned(),
            fields: fields.into_iter().map(Into::into).collect(),
        }
    }

    pub(super) fn placed(mut self, file: &str, number: u64, at: SystemTime) -> Self {
        (self.file, self.number, self.at) = (file.to_owned(), number, at);
        self
    }
}

/// The first line of a file.
#[derive(Serialize, Deserialize)]
pub(super) struct Head<'a> {
    pub(super) journal: u32,
    #[serde(borrow)]
    pub(super) role: std::borrow::Cow<'a, str>,
}

impl Head<'_> {
    /// The version that this program writes.
    pub(super) const VERSION: u32 = 1;
}

#[derive(Serialize, Deserialize)]
struct Line {
    number: u64,
    micros: u64,
    kind: String,
    fields: Vec<String>,
}

pub(super) type Hash = [u8; 32];

pub(super) fn hash(before: &Hash, text: &str) -> Hash {
    Sha256::new().chain_update(before).chain_update(text).finalize().into()
}

/// The line with its end, and the hash for the next one.
pub(super) fn write(before: &Hash, entry: &JournalEntry) -> Option<(String, Hash)> {
    let since = entry.at.duration_since(UNIX_EPOCH).unwrap_or_default();
    let line = Line {
        number: entry.number,
        micros: u64::try_from(since.as_micros()).unwrap_or(u64::MAX),
        kind: entry.kind.clone(),
        fields: entry.fields.clone(),
    };
    let text = serde_json::to_string(&line).ok()?;
    let hash = hash(before, &text);
    Some((format!("{} {text}\n", hex(&hash)), hash))
}

/// Reads a line without its end; `None` where it is not what was written after `before`.
pub(super) fn read(before: &Hash, file: &str, line: &str) -> Option<(JournalEntry, Hash)> {
    let (said, text) = line.split_once(' ')?;
    let hash = hash(before, text);
    if said != hex(&hash) {
        return None;
    }
    let line: Line = serde_json::from_str(text).ok()?;
    let at = UNIX_EPOCH.checked_add(Duration::from_micros(line.micros))?;
    let entry = JournalEntry {
        file: file.to_owned(),
        number: line.number,
        at,
        kind: line.kind,
        fields: line.fields,
    };
    Some((entry, hash))
}

fn hex(hash: &Hash) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}
