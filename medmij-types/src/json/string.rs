// SPDX-License-Identifier: AGPL-3.0-or-later
//! RFC 8259 section 7: strings, eight bytes at a time.

use std::borrow::Cow;

/// A string that was checked.
pub(super) struct Checked {
    /// One past the closing quote.
    pub(super) end: usize,
    pub(super) escaped: bool,
}

/// Checks the string whose opening quote stands at `start`: most are short and have no escape.
#[inline]
pub(super) fn check(bytes: &[u8], start: usize) -> Option<Checked> {
    let mut at = start + 1;
    for _ in 0..SHORT {
        let Some(eight) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) else {
            break;
        };
        let found = special(u64::from_le_bytes(*eight));
        if found != 0 {
            at += (found.trailing_zeros() / 8) as usize;
            if bytes.get(at) == Some(&b'"') {
                return Some(Checked {
                    end: at + 1,
                    escaped: false,
                });
            }
            break;
        }
        at += 8;
    }
    check_on(bytes, at)
}

/// Goes on with a string, up to `at` of which there is nothing special.
#[inline(never)]
fn check_on(bytes: &[u8], mut at: usize) -> Option<Checked> {
    let mut escaped = false;
    loop {
        let begin = at;
        while let Some(eight) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
            let found = special(u64::from_le_bytes(*eight));
            if found != 0 {
                at += (found.trailing_zeros() / 8) as usize;
                break;
            }
            at += 8;
            if at - begin >= LONG {
                at = long(bytes, at)?;
                break;
            }
        }
        match bytes.get(at) {
            Some(b'"') => return Some(Checked { end: at + 1, escaped }),
            Some(b'\\') => {
                escaped = true;
                at = escape(bytes, at)?;
            }
            Some(0x20..) => at += 1,
            Some(_) | None => return None,
        }
    }
}

/// Goes on in a long string, a document most often: to the next quote or backslash, past no control character.
fn long(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = bytes.get(at..)?;
    let len = memchr::memchr2(b'"', b'\\', rest)?;
    let has_control = rest
        .get(..len)?
        .iter()
        .fold(false, |found, byte| found | (*byte < 0x20));
    (!has_control).then_some(at + len)
}

/// A checked string, or name, without its quotes.
pub(super) fn decode(inside: &[u8], escaped: bool) -> Cow<'_, [u8]> {
    if !escaped {
        return Cow::Borrowed(inside);
    }
    let mut out = Vec::with_capacity(inside.len());
    let mut rest = inside;
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        if *first != b'\\' {
            out.push(*first);
            continue;
        }
        let Some((kind, tail)) = tail.split_first() else { break };
        rest = tail;
        match kind {
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'u' => {
                let (c, used) = unicode(rest);
                rest = rest.get(used..).unwrap_or_default();
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
            other => out.push(*other),
        }
    }
    Cow::Owned(out)
}

/// Appends a checked string, without its quotes.
pub(super) fn decode_into(inside: &str, out: &mut String) {
    let mut rest = inside;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        out.push_str(rest.get(..at).unwrap_or_default());
        let tail = rest.get(at + 1..).unwrap_or_default();
        let mut used = 1;
        out.push(match tail.as_bytes().first() {
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let (c, digits) = unicode(tail.as_bytes().get(1..).unwrap_or_default());
                used += digits;
                c
            }
            Some(other) => char::from(*other),
            None => return,
        });
        rest = tail.get(used..).unwrap_or_default();
    }
    out.push_str(rest);
}

/// One past the escape that begins at `at`; none where it is no escape.
fn escape(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at + 1)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(at + 2),
        b'u' => match hex(bytes.get(at + 2..at + 6)?)? {
            0xdc00..=0xdfff => None,
            0xd800..=0xdbff => {
                let low = bytes.get(at + 6..at + 12)?.strip_prefix(b"\\u")?;
                matches!(hex(low)?, 0xdc00..=0xdfff).then_some(at + 12)
            }
            _ => Some(at + 6),
        },
        _ => None,
    }
}

/// The character behind `\u`, with how many bytes say it.
fn unicode(digits: &[u8]) -> (char, usize) {
    let unit = |range| digits.get(range).and_then(hex);
    let high = unit(0..4).unwrap_or_default();
    if !(0xd800..=0xdbff).contains(&high) {
        return (char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER), 4);
    }
    let low = unit(6..10).unwrap_or_default();
    let both = 0x10000 + ((high & 0x3ff) << 10) + (low & 0x3ff);
    (char::from_u32(both).unwrap_or(char::REPLACEMENT_CHARACTER), 10)
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits
        .iter()
        .try_fold(0, |sum, digit| Some(sum << 4 | char::from(*digit).to_digit(16)?))
}

/// The high bit of each byte that is a quote, a backslash or a control character; a bit above the lowest may be wrong.
const fn special(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    const fn zero(word: u64) -> u64 {
        word.wrapping_sub(ONES) & !word
    }
    let quote = zero(word ^ (ONES * b'"' as u64));
    let backslash = zero(word ^ (ONES * b'\\' as u64));
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    (quote | backslash | control) & HIGH
}

/// So many times eight bytes are looked at before it is called a longer string.
const SHORT: usize = 4;
/// From this length on, searching for the end is faster than looking at each eight bytes.
const LONG: usize = 256;
