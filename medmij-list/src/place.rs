// SPDX-License-Identifier: AGPL-3.0-or-later
//! Places in a document, worked out only when something is wrong, and values made fit to be shown.

use medmij_types::{Printable, is_printable};

/// A place in a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Place {
    /// The line, from 1. Lines end with a line feed, a carriage return, or both.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// The byte, from 0.
    pub offset: usize,
}

impl Place {
    /// The beginning.
    pub const START: Self = Self {
        line: 1,
        column: 1,
        offset: 0,
    };

    /// The place of a byte.
    pub(crate) fn of(source: &[u8], offset: usize) -> Self {
        let before = source.get(..offset).unwrap_or(source);
        let mut line = 1_u32;
        let mut start = if before.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
        for at in memchr::memchr2_iter(b'\n', b'\r', before) {
            if before.get(at) == Some(&b'\r') && source.get(at + 1) == Some(&b'\n') {
                continue;
            }
            line = line.saturating_add(1);
            start = at + 1;
        }
        let characters = before
            .get(start..)
            .unwrap_or_default()
            .iter()
            .filter(|b| **b & 0xC0 != 0x80)
            .count();
        Self {
            line,
            column: u32::try_from(characters + 1).unwrap_or(u32::MAX),
            offset: before.len(),
        }
    }
}

/// Works out the places of bytes in rising order, in one pass over the document.
pub(crate) struct Places<'a> {
    source: &'a [u8],
    at: Place,
}

impl<'a> Places<'a> {
    pub(crate) fn new(source: &'a [u8]) -> Self {
        let offset = if source.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
        Self {
            source,
            at: Place { offset, ..Place::START },
        }
    }

    /// The place of this byte; one before the last is where that was.
    pub(crate) fn next(&mut self, offset: usize) -> Place {
        let offset = offset.min(self.source.len());
        let Some(passed) = self.source.get(self.at.offset..offset) else {
            return self.at;
        };
        let mut start = None;
        for at in memchr::memchr2_iter(b'\n', b'\r', passed) {
            let at = self.at.offset + at;
            if self.source.get(at) == Some(&b'\r') && self.source.get(at + 1) == Some(&b'\n') {
                continue;
            }
            self.at.line = self.at.line.saturating_add(1);
            start = Some(at + 1);
        }
        let (from, column) = start.map_or((self.at.offset, self.at.column), |start| (start, 1));
        let characters = self.source.get(from..offset).unwrap_or_default();
        let characters = characters.iter().filter(|b| **b & 0xC0 != 0x80).count();
        self.at.column = column.saturating_add(u32::try_from(characters).unwrap_or(u32::MAX));
        self.at.offset = offset;
        self.at
    }
}

/// A value as it can be shown: in quotes, at most 60 characters, nothing unprintable or misleading in it.
pub(crate) fn printable(value: &str) -> String {
    const MOST: usize = 60;
    let shown = Printable::new(value);
    if value.chars().nth(MOST).is_some() {
        let shown = shown.max_chars(MOST - 12);
        format!("\"{shown} ({} characters)\"", value.chars().count())
    } else {
        format!("\"{shown}\"")
    }
}

/// One character, named so that it can be read aloud.
pub(crate) fn character(c: char) -> String {
    match c {
        ' ' => "a space".to_owned(),
        '\n' => "a line feed".to_owned(),
        '\r' => "a carriage return".to_owned(),
        '\t' => "a tab".to_owned(),
        'A'..='Z' => format!("the capital letter {c}"),
        '0'..='9' => format!("the digit {c}"),
        c if !is_printable(c) => format!("the character U+{:04X}", u32::from(c)),
        c if c.is_ascii() => format!("'{c}'"),
        c => format!("'{c}' (U+{:04X})", u32::from(c)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns() {
        let text = "ab\ncdé€f\r\ng\rh".as_bytes();
        for (offset, line, column) in [
            (0, 1, 1),
            (2, 1, 3),
            (3, 2, 1),
            (7, 2, 4),
            (10, 2, 5),
            (11, 2, 6),
            (13, 3, 1),
            (15, 4, 1),
            (99, 4, 2),
        ] {
            let place = Place::of(text, offset);
            assert_eq!((place.line, place.column), (line, column), "{offset}");
        }
    }

    #[test]
    fn places_in_one_pass_are_the_same() {
        for text in ["ab\ncdé€f\r\ng\rh\r", "\u{feff}a\r\n\r\nb", "", "\n\n\r\r\n€"] {
            let text = text.as_bytes();
            for step in 1..4 {
                let mut places = Places::new(text);
                let first = if text.starts_with(b"\xEF") { 3 } else { 0 };
                for offset in (first..=text.len()).step_by(step) {
                    assert_eq!(places.next(offset), Place::of(text, offset), "{offset} of {text:?}");
                }
            }
        }
    }

    #[test]
    fn a_byte_order_mark_has_no_width() {
        assert_eq!(Place::of("\u{feff}<a>".as_bytes(), 3).column, 1);
    }

    #[test]
    fn values_are_made_printable() {
        for (value, shown) in [
            ("a.nl", "\"a.nl\""),
            ("a\nb\t\u{1b}[31m", "\"a\\nb\\t\\u{1b}[31m\""),
            ("\u{202e}ln.a", "\"\\u{202e}ln.a\""),
            ("één 😀", "\"één 😀\""),
        ] {
            assert_eq!(printable(value), shown);
        }
        let long = printable(&"x".repeat(500));
        assert!(
            long.starts_with("\"xxx") && long.ends_with("x… (500 characters)\""),
            "{long}"
        );
    }
}
