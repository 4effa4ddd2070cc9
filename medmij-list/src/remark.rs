// SPDX-License-Identifier: AGPL-3.0-or-later
//! What was remarked while reading and did not refuse the list.

use std::fmt;

use crate::{Document, Place, Rule, note::Note};

/// Something that was not as expected and no reason to refuse the list.
#[derive(Clone, Copy, Debug)]
pub struct Remark<'a> {
    note: &'a Note,
    document: &'a Document,
}

impl Document {
    /// What was not as expected and no reason to refuse: unknown elements, and values and cardinalities that only an
    /// inferred dialect speaks of. In document order.
    pub fn remarks(&self) -> impl Iterator<Item = Remark<'_>> {
        self.notes.iter().map(|note| Remark { note, document: self })
    }
}

impl<'a> Remark<'a> {
    /// The rule that would have been broken.
    #[must_use]
    pub const fn rule(&self) -> Rule {
        self.note.rule
    }

    /// The number of the top-level entry that it is in, from 0.
    #[must_use]
    pub const fn entry(&self) -> Option<usize> {
        match self.note.entry {
            Some(entry) => Some(entry as usize),
            None => None,
        }
    }

    /// The element.
    #[must_use]
    pub fn path(&self) -> &'a str {
        &self.note.path
    }

    /// What is out of the ordinary.
    #[must_use]
    pub fn message(&self) -> &'a str {
        &self.note.message
    }

    /// Line and column.
    #[must_use]
    pub fn place(&self) -> Place {
        Place::of(self.document.bytes(), self.note.start)
    }

    /// The byte, from 0; [`Document::locate`] works out the places of many at once.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.note.start
    }

    /// The element as it is in the document: what this crate does not understand stays visible.
    #[must_use]
    pub fn xml(&self) -> &'a str {
        self.document
            .source
            .get(self.note.start..self.note.end)
            .unwrap_or_default()
    }
}

impl fmt::Display for Remark<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.place();
        write!(
            f,
            "line {}, column {}: {}: {} [{}]",
            place.line,
            place.column,
            self.path(),
            self.message(),
            self.rule()
        )
    }
}
