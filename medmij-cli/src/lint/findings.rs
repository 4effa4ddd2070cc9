// SPDX-License-Identifier: AGPL-3.0-or-later
//! A finding: a stable code, the list, the entry, where it stands, and what is the matter.

use std::fmt;

use medmij_list::{Document, List, ListKind, Place};
use medmij_types::Printable;

/// The invariant that a finding is about; its text never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Code {
    /// The Aanbiedersnaam has its form (core.alst.101).
    V2,
    /// A resource endpoint serves one Gegevensdienst (core.gegevensdiensten.201).
    V5,
    /// A host is a usable FQDN (core.whl.304).
    V9,
    /// A GegevensdienstId has a name in the Gegevensdienstnamenlijst.
    V12,
    /// A host of the back channel is on the Whitelist (core.whl.306).
    V13,
    /// A value loads and cannot be used.
    Use,
    /// The Tijdstempel has a time zone.
    Tz,
}

impl Code {
    /// All codes, in a fixed order.
    pub(crate) const ALL: &'static [Self] = &[Self::V2, Self::V5, Self::V9, Self::V12, Self::V13, Self::Use, Self::Tz];

    /// The code as text.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::V2 => "V2",
            Self::V5 => "V5",
            Self::V9 => "V9",
            Self::V12 => "V12",
            Self::V13 => "V13",
            Self::Use => "USE",
            Self::Tz => "TZ",
        }
    }
}

impl Code {
    /// What the invariant is, in one sentence.
    pub(crate) const fn says(self) -> &'static str {
        match self {
            Self::V2 => "The Aanbiedersnaam has its form (core.alst.101).",
            Self::V5 => "A resource endpoint serves one Gegevensdienst (core.gegevensdiensten.201).",
            Self::V9 => "A host is a usable FQDN (core.whl.304).",
            Self::V12 => "A GegevensdienstId has a name in the Gegevensdienstnamenlijst.",
            Self::V13 => "A host of the back channel is on the Whitelist (core.whl.306).",
            Self::Use => "A value loads and cannot be used, or not as it stands.",
            Self::Tz => "The Tijdstempel has a time zone.",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Something that a publisher should not have published, or that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    code: Code,
    list: ListKind,
    entry: String,
    message: String,
    place: Option<Place>,
    path: String,
}

impl Finding {
    /// The invariant.
    pub(crate) const fn code(&self) -> Code {
        self.code
    }

    /// The key of the entry; for a finding about the list as a whole, its Tijdstempel.
    #[cfg(test)]
    pub(crate) fn entry(&self) -> &str {
        &self.entry
    }

    /// What is the matter.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Line, column and byte; `None` where the value had to be decoded (CDATA, references) and nothing near it can be
    /// pointed at.
    pub(crate) const fn place(&self) -> Option<Place> {
        self.place
    }

    /// The element, as `/Whitelist/MedMijNodes/MedMijNode[3]/Hostname`; empty where [`place`](Self::place) is `None`.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.list)?;
        if let Some(place) = self.place {
            write!(f, "line {}, column {}: ", place.line, place.column)?;
        }
        write!(f, "{}: {} [{}]", self.entry, self.message, self.code)
    }
}

/// Takes the findings of one list.
pub(crate) struct Sink<'a> {
    document: &'a Document,
    list: ListKind,
    found: Vec<(Finding, Option<usize>)>,
}

impl<'a> Sink<'a> {
    pub(crate) fn of<L: List>(list: &'a L) -> Self {
        let mut sink = Self::empty(list);
        let tijdstempel = list.header().tijdstempel();
        if tijdstempel.offset_minutes().is_none() {
            let message = "the Tijdstempel has no time zone, so it names no moment; expected one at the end, such as Z \
                           or +01:00";
            sink.push(Code::Tz, tijdstempel.as_str(), [list.document().tijdstempel()], message);
        }
        sink
    }

    /// Without what is said of the list as a whole.
    pub(crate) fn empty<L: List>(list: &'a L) -> Self {
        Self {
            document: list.document(),
            list: L::KIND,
            found: Vec::new(),
        }
    }

    /// Takes what another one of the same list has.
    pub(crate) fn take(&mut self, other: Self) {
        self.found.extend(other.found);
    }

    /// `near` is what to point at: the first text of it that is in the document as it is.
    pub(crate) fn push<const N: usize>(
        &mut self,
        code: Code,
        entry: &str,
        near: [Option<&str>; N],
        message: impl Into<String>,
    ) {
        let offset = near
            .into_iter()
            .flatten()
            .find_map(|text| self.document.offset_of(text));
        let finding = Finding {
            code,
            list: self.list,
            entry: Printable::new(entry).to_string(),
            message: Printable::new(&message.into()).to_string(),
            place: None,
            path: String::new(),
        };
        self.found.push((finding, offset));
    }

    /// Adds to what is said of the finding that came last but so many.
    pub(crate) fn add(&mut self, number: usize, more: &str) {
        if let Some((finding, _)) = self.found.get_mut(number) {
            finding.message.push_str(more);
        }
    }

    /// The number that the next finding gets, for [`add`](Self::add).
    pub(crate) fn next(&self) -> usize {
        self.found.len()
    }

    /// The findings in the order of the document, with their places.
    pub(crate) fn finish(mut self) -> Vec<Finding> {
        // what has no place comes last
        self.found
            .sort_by_key(|(finding, offset)| (offset.unwrap_or(usize::MAX), finding.code));
        let offsets: Vec<usize> = self.found.iter().filter_map(|(_, offset)| *offset).collect();
        if !offsets.is_empty() {
            let located = self.document.locate(&offsets);
            for ((finding, _), (place, path)) in self.found.iter_mut().zip(located) {
                (finding.place, finding.path) = (Some(place), path);
            }
        }
        self.found.into_iter().map(|(finding, _)| finding).collect()
    }
}
