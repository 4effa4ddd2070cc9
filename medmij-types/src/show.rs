// SPDX-License-Identifier: AGPL-3.0-or-later
//! Text of another party, made fit to be shown: on a terminal, in a log, in an error.

use std::fmt::{self, Write as _};

/// Text of another party as it can be shown: control characters, white space other than the space, characters that
/// have no width or change the direction of text, line and paragraph separators, private and unassigned characters are
/// replaced by an escape.
///
/// What it writes is stable: shown once more, it stays as it is.
///
/// ```
/// use medmij_types::Printable;
///
/// assert_eq!(Printable::new("één PGO").to_string(), "één PGO");
/// assert_eq!(Printable::new("a\r\nb\u{1b}[31m").to_string(), "a\\r\\nb\\u{1b}[31m");
/// assert_eq!(Printable::new("\u{202e}ln.a").to_string(), "\\u{202e}ln.a");
/// assert_eq!(Printable::new("abcdef").max_chars(3).to_string(), "abc…");
/// assert_eq!(Printable::new("a\tb\u{200b}").replaced_by('?').to_string(), "a?b?");
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Printable<'a> {
    text: &'a str,
    max_chars: usize,
    replacement: Option<char>,
    ascii: bool,
}

impl<'a> Printable<'a> {
    /// All of the text, with escapes.
    pub const fn new(text: &'a str) -> Self {
        Self {
            text,
            max_chars: usize::MAX,
            replacement: None,
            ascii: false,
        }
    }

    /// The text in the alphabet of an `error` or `error_description` (RFC 6749 appendices A.7 and A.8: printable ASCII
    /// without `"` and `\`); every other character becomes `?`, and a cut leaves no mark.
    ///
    /// ```
    /// use medmij_types::Printable;
    ///
    /// assert_eq!(Printable::nqschar("a\"b\r\né").max_chars(5).to_string(), "a?b??");
    /// ```
    pub const fn nqschar(text: &'a str) -> Self {
        Self {
            text,
            max_chars: usize::MAX,
            replacement: Some('?'),
            ascii: true,
        }
    }

    /// At most so many characters of the text; what is cut off is marked with `…`.
    pub const fn max_chars(mut self, max_chars: usize) -> Self {
        self.max_chars = max_chars;
        self
    }

    /// One replacement for each character in place of an escape, so that columns stay where they are.
    pub const fn replaced_by(mut self, replacement: char) -> Self {
        self.replacement = Some(replacement);
        self
    }
}

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut chars = self.text.chars();
        for c in chars.by_ref().take(self.max_chars) {
            let fits = if self.ascii {
                (' '..='~').contains(&c) && !matches!(c, '"' | '\\')
            } else {
                is_printable(c)
            };
            match (fits, self.replacement) {
                (true, _) => f.write_char(c)?,
                (false, Some(replacement)) => f.write_char(replacement)?,
                (false, None) => escape(c, f)?,
            }
        }
        if !self.ascii && chars.next().is_some() {
            f.write_char('…')?;
        }
        Ok(())
    }
}

fn escape(c: char, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match c {
        '\n' => f.write_str("\\n"),
        '\r' => f.write_str("\\r"),
        '\t' => f.write_str("\\t"),
        c => write!(f, "\\u{{{:x}}}", u32::from(c)),
    }
}

/// Whether a character can be shown as it is: it has a width of its own, keeps the direction of text, and is neither a
/// control character nor a separator other than the space.
#[must_use]
pub fn is_printable(c: char) -> bool {
    match c {
        ' '..='~' => true,
        c if c.is_control() => false,
        c => !matches!(u32::from(c),
            // white space that is no space, and what looks like none
            0xA0 | 0x1680 | 0x2000..=0x200A | 0x202F | 0x205F | 0x2800 | 0x3000 | 0x3164 | 0x115F..=0x1160 | 0xFFA0
            // line and paragraph separators
            | 0x2028..=0x2029
            // without width, joining, or of another direction
            | 0xAD | 0x34F | 0x61C | 0x17B4..=0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F | 0x202A..=0x202E
            | 0x2060..=0x206F | 0xFE00..=0xFE0F | 0xFEFF | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF
            // private, interlinear, replacement, no characters
            | 0xE000..=0xF8FF | 0xFDD0..=0xFDEF | 0xFFF0..=0xFFFF | 0xF0000..=0x10_FFFF),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn characters_that_steer_a_terminal_or_mislead_a_reader_are_escaped() {
        for (text, shown) in [
            ("a.nl", "a.nl"),
            ("één 😀 \"x\"", "één 😀 \"x\""),
            ("a\nb\r\tc", "a\\nb\\r\\tc"),
            ("\u{0}\u{7f}\u{85}\u{9b}31m", "\\u{0}\\u{7f}\\u{85}\\u{9b}31m"),
            (
                "\u{202a}\u{202e}\u{2066}\u{2069}",
                "\\u{202a}\\u{202e}\\u{2066}\\u{2069}",
            ),
            (
                "\u{200b}\u{200f}\u{2060}\u{feff}",
                "\\u{200b}\\u{200f}\\u{2060}\\u{feff}",
            ),
            ("\u{2028}\u{2029}\u{a0}\u{3000}", "\\u{2028}\\u{2029}\\u{a0}\\u{3000}"),
            ("\u{e000}\u{fffd}\u{e0041}", "\\u{e000}\\u{fffd}\\u{e0041}"),
        ] {
            assert_eq!(Printable::new(text).to_string(), shown, "{text:?}");
        }
    }

    #[test]
    fn what_is_cut_off_is_marked() {
        for (text, most, shown) in [
            ("abc", 3, "abc"),
            ("abcd", 3, "abc…"),
            ("é\u{1b}d", 2, "é\\u{1b}…"),
            ("", 0, ""),
        ] {
            assert_eq!(Printable::new(text).max_chars(most).to_string(), shown);
        }
    }

    proptest! {
        #[test]
        fn shown_twice_is_shown_once(text in "\\PC{0,20}|[\\x00-\\u{10ffff}]{0,20}") {
            let once = Printable::new(&text).to_string();
            prop_assert!(once.chars().all(is_printable));
            prop_assert_eq!(Printable::new(&once).to_string(), once.clone());
        }

        #[test]
        fn rfc_6749_a_8_a_description_holds_its_alphabet_only(text in "[\\x00-\\u{10ffff}]{0,40}", most in 0_usize..50) {
            let shown = Printable::nqschar(&text).max_chars(most).to_string();
            prop_assert!(shown.bytes().all(|b| matches!(b, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e)));
            prop_assert_eq!(shown.len(), text.chars().count().min(most));
        }
    }
}
