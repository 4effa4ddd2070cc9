// SPDX-License-Identifier: AGPL-3.0-or-later
//! A finding: a stable code, the list, the entry, and what is the matter.

use std::fmt;

use medmij_list::ListKind;

/// The invariant that a finding is about; its text never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Code {
    /// The Aanbiedersnaam has its form.
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
    /// The code as text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
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

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Something that a publisher should not have published, or that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    code: Code,
    list: ListKind,
    entry: String,
    message: String,
}

impl Finding {
    pub(crate) fn new(code: Code, list: ListKind, entry: &str, message: impl Into<String>) -> Self {
        // Names come from the document: nothing unprintable goes on.
        let printable = |text: &str| {
            text.chars()
                .map(|c| if c.is_control() { '\u{fffd}' } else { c })
                .collect()
        };
        Self {
            code,
            list,
            entry: printable(entry),
            message: printable(&message.into()),
        }
    }

    /// The invariant.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    /// The list that the entry is in.
    #[must_use]
    pub const fn list(&self) -> ListKind {
        self.list
    }

    /// The key of the entry.
    #[must_use]
    pub fn entry(&self) -> &str {
        &self.entry
    }

    /// What is the matter.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {} [{}]", self.list, self.entry, self.message, self.code)
    }
}
