// SPDX-License-Identifier: AGPL-3.0-or-later
//! What was read, apart from the meaning: the text, the header, by what it was judged, and what was remarked.

use std::{fmt, sync::Arc};

use sha2::{Digest as _, Sha256};

use crate::{Dialect, Header, Place, SchemaBasis, ValueRange, note::Note, value::Home};

/// An accepted document. A list holds one, and its values are ranges of it.
pub struct Document {
    pub(crate) source: String,
    pub(crate) arena: String,
    pub(crate) header: Header,
    pub(crate) tijdstempel: ValueRange,
    pub(crate) dialect: Arc<Dialect>,
    pub(crate) notes: Vec<Note>,
}

impl Document {
    /// The text of a value, or `None` where the element was not there.
    #[must_use]
    pub fn text(&self, value: ValueRange) -> Option<&str> {
        match value.home() {
            Home::Absent => None,
            Home::Source => self.source.get(value.range()),
            Home::Arena => self.arena.get(value.range()),
        }
    }

    /// Where a value stands, for a message; `None` for an absent value and for one that had to be decoded.
    #[must_use]
    pub fn place(&self, value: ValueRange) -> Option<Place> {
        matches!(value.home(), Home::Source).then(|| Place::of(self.bytes(), value.range().start))
    }

    /// The exact bytes that were read.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.source.as_bytes()
    }

    /// Tijdstempel and Volgnummer.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The Tijdstempel as it is in the document.
    #[must_use]
    pub fn tijdstempel(&self) -> Option<&str> {
        self.text(self.tijdstempel)
    }

    /// The dialect that it was judged by.
    #[must_use]
    pub fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    /// The release of the list, as `release2`.
    #[must_use]
    pub fn release(&self) -> &str {
        self.dialect.release()
    }

    /// By what it was judged.
    #[must_use]
    pub fn basis(&self) -> SchemaBasis {
        self.dialect.basis()
    }

    /// Whether it has a shape that a later file version replaced.
    #[must_use]
    pub fn is_old_shape(&self) -> bool {
        self.dialect.is_old_shape()
    }

    /// Whether the other document has the same bytes, not counting the Tijdstempel.
    #[must_use]
    pub fn same_content(&self, other: &Self) -> bool {
        match (self.around_tijdstempel(), other.around_tijdstempel()) {
            (Some(a), Some(b)) => a == b,
            _ => self.source == other.source,
        }
    }

    /// SHA-256 of the bytes without the Tijdstempel: equal for documents of which [`same_content`](Self::same_content)
    /// says so.
    #[must_use]
    pub fn content_digest(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        match self.around_tijdstempel() {
            Some((before, after)) => {
                hasher.update(before);
                // A byte that no document holds: the two halves stay two.
                hasher.update([0]);
                hasher.update(after);
            }
            None => hasher.update(&self.source),
        }
        hasher.finalize().into()
    }

    fn around_tijdstempel(&self) -> Option<(&str, &str)> {
        let range = (self.tijdstempel.home() == Home::Source).then(|| self.tijdstempel.range())?;
        Some((self.source.get(..range.start)?, self.source.get(range.end..)?))
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document")
            .field("header", &self.header)
            .field("release", &self.release())
            .field("basis", &self.basis())
            .field("bytes", &self.source.len())
            .field("remarks", &self.notes.len())
            .finish_non_exhaustive()
    }
}
