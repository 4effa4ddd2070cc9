// SPDX-License-Identifier: AGPL-3.0-or-later
//! A value of a list in eight bytes: a range of the document, or of the arena for text that had to be decoded.

/// Where a value stands. Made by the reader, understood by [`Document::text`](crate::Document::text).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValueRange {
    start: u32,
    length: u16,
    home: Home,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Home {
    Absent,
    Source,
    Arena,
}

impl ValueRange {
    /// No value: the element was not there.
    pub const ABSENT: Self = Self {
        start: 0,
        length: 0,
        home: Home::Absent,
    };

    pub(crate) const fn new(start: u32, length: u16, home: Home) -> Self {
        Self { start, length, home }
    }

    /// Whether the element was not there.
    #[must_use]
    pub const fn is_absent(self) -> bool {
        matches!(self.home, Home::Absent)
    }

    pub(crate) const fn home(self) -> Home {
        self.home
    }

    pub(crate) const fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.start as usize + self.length as usize
    }
}

impl Default for ValueRange {
    fn default() -> Self {
        Self::ABSENT
    }
}

const _: () = assert!(size_of::<ValueRange>() == 8);
