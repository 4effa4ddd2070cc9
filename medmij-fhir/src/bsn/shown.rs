// SPDX-License-Identifier: AGPL-3.0-or-later
//! A string as a person would read it, and where each character came from.

use std::ops::Range;

/// The characters of a string, one byte each: ASCII as it is, white space as a space, everything else as `0xff`.
#[derive(Default)]
pub(super) struct Shown {
    pub(super) text: Vec<u8>,
    /// The bytes that stand for the character, from the start of the raw string.
    at: Vec<(u32, u32)>,
}

impl Shown {
    /// Resolves the escapes of a JSON string, which was checked before.
    pub(super) fn of_json(raw: &str) -> Self {
        let mut shown = Self {
            text: Vec::with_capacity(raw.len()),
            at: Vec::with_capacity(raw.len()),
        };
        let mut chars = raw.char_indices();
        while let Some((start, c)) = chars.next() {
            if c != '\\' {
                shown.push(c, start..start + c.len_utf8());
                continue;
            }
            match chars.next() {
                Some((_, 'u')) => {
                    let digits = raw.get(start + 2..start + 6).unwrap_or_default();
                    let code = u32::from_str_radix(digits, 16).unwrap_or_default();
                    shown.push(char::from_u32(code).unwrap_or('\u{fffd}'), start..start + 6);
                    chars.nth(3);
                }
                Some((at, 'n' | 'r' | 't' | 'b' | 'f')) => shown.push(' ', start..at + 1),
                Some((at, other)) => shown.push(other, start..at + other.len_utf8()),
                None => {}
            }
        }
        shown
    }

    /// Leaves the markup of a narrative out, resolves its entities and joins its white space.
    pub(super) fn without_markup(&self) -> Self {
        let mut out = Self::default();
        let mut at = 0;
        while let Some(byte) = self.text.get(at) {
            let rest = self.text.get(at..).unwrap_or_default();
            let (used, shown) = match byte {
                b'<' => tag(rest),
                b'&' => entity(rest),
                byte => (1, Some(*byte)),
            };
            let end = at + used;
            let space = shown == Some(b' ');
            if let Some(shown) = shown
                && !(space && out.text.last() == Some(&b' '))
            {
                let last = self.at.get(end - 1).map_or(0, |(_, end)| *end);
                let first = self.at.get(at).map_or(last, |(start, _)| *start);
                out.text.push(shown);
                out.at.push((first, last));
            }
            at = end;
        }
        out
    }

    /// The bytes of the raw string that stand for a character.
    pub(super) fn raw(&self, at: usize) -> Option<Range<usize>> {
        let (start, end) = self.at.get(at)?;
        Some(*start as usize..*end as usize)
    }

    fn push(&mut self, c: char, at: Range<usize>) {
        let byte = match c {
            c if c.is_whitespace() => b' ',
            c if c.is_ascii() => c as u8,
            _ => 0xff,
        };
        self.text.push(byte);
        let narrow = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        self.at.push((narrow(at.start), narrow(at.end)));
    }
}

/// How long a tag is; a block shows as a space, so that two cells of a table do not become one word.
fn tag(rest: &[u8]) -> (usize, Option<u8>) {
    if rest.starts_with(b"<!--") {
        let end = rest.windows(3).position(|three| three == b"-->");
        return (end.map_or(rest.len(), |end| end + 3), None);
    }
    let len = rest.iter().position(|b| *b == b'>').map_or(rest.len(), |end| end + 1);
    let name: Vec<u8> = rest
        .iter()
        .take(len)
        .skip(1)
        .skip_while(|b| **b == b'/')
        .take_while(|b| b.is_ascii_alphanumeric())
        .map(u8::to_ascii_lowercase)
        .collect();
    let inline: [&[u8]; 12] = [
        b"a", b"b", b"i", b"u", b"em", b"sup", b"sub", b"tt", b"code", b"span", b"small", b"strong",
    ];
    (len, (!inline.contains(&name.as_slice())).then_some(b' '))
}

/// A character reference; what is none is shown as it is.
fn entity(rest: &[u8]) -> (usize, Option<u8>) {
    let Some(end) = rest.iter().take(12).position(|b| *b == b';') else {
        return (1, Some(b'&'));
    };
    let name = rest
        .get(1..end)
        .and_then(|name| std::str::from_utf8(name).ok())
        .unwrap_or_default();
    let code = match name.strip_prefix('#') {
        Some(number) => match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => number.parse().ok(),
        },
        None if name == "nbsp" => Some(0x20),
        None => Some(0xfffd),
    };
    let shown = match code.and_then(char::from_u32) {
        Some(c) if c.is_whitespace() => b' ',
        Some(c) if c.is_ascii() => c as u8,
        _ => 0xff,
    };
    (end + 1, Some(shown))
}
