// SPDX-License-Identifier: AGPL-3.0-or-later
//! Where in a document a BSN could stand: a few places among megabytes, found without looking at each byte.

use std::ops::Range;

use medmij_types::json::Document;

use super::number;

/// Where something stands that may be, or hide, a BSN.
pub(super) struct Marks {
    /// The offsets, in order.
    pub(super) at: Vec<u32>,
    /// There are so many that each value is looked at.
    pub(super) is_all: bool,
}

/// The offsets of everything that may be, or hide, a BSN, and of the members `value`, which are judged by what stands
/// beside them. A value without a mark holds no BSN in its text.
pub(super) fn of(document: &Document<'_>) -> Marks {
    let source = document.source().as_bytes();
    let mut at = Vec::new();
    let mut start = 0;
    for skipped in documents(document) {
        within(source, start..skipped.start, &mut at);
        start = skipped.end;
    }
    within(source, start..source.len(), &mut at);
    let values = memchr::memmem::find_iter(source, VALUE).filter_map(|at| u32::try_from(at).ok());
    at.extend(values.take(MOST));
    let is_all = at.len() >= MOST;
    if is_all {
        at = Vec::new();
    }
    at.sort_unstable();
    at.dedup();
    Marks { at, is_all }
}

/// Strings that hold a document as base64: nobody reads them as text.
fn documents(document: &Document<'_>) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    if document.source().len() > DOCUMENT {
        document.visit_where(|_, value| {
            let range = value.range();
            let is_long = range.len() > DOCUMENT;
            if is_long && (value.has_name("data") || value.has_name("content")) && value.raw().starts_with('"') {
                found.push(range);
            }
            is_long
        });
    }
    found
}

fn within(source: &[u8], range: Range<usize>, marks: &mut Vec<u32>) {
    let from = range.start;
    let Some(bytes) = source.get(range) else { return };
    let mut last = None;
    let mut mark = |at: usize| {
        // two that are closer together are in one string
        if marks.len() < MOST && last.is_none_or(|last: usize| at < last || at - last >= NEAREST) {
            marks.extend(u32::try_from(from + at));
            last = Some(at);
        }
    };
    numbers(bytes, &mut mark);
    // a search on a system, and what is percent-encoded
    memchr::memchr2_iter(b'|', b'%', bytes).for_each(&mut mark);
    // characters by their number
    for at in memchr::memchr2_iter(b'&', b'\\', bytes) {
        if matches!(
            bytes.get(at..),
            Some([b'&', b'#', ..] | [b'\\', b'u', b'0', b'0', b'2' | b'3' | b'7', ..])
        ) {
            mark(at);
        }
    }
    // a number with markup inside
    for at in memchr::memchr_iter(b'>', bytes) {
        if bytes.get(at + 1).is_some_and(|b| b.is_ascii_digit() || *b == b'<') && follows_digit(bytes, at) {
            mark(at);
        }
    }
}

/// Whether a digit is before the tag that ends at `end`.
fn follows_digit(bytes: &[u8], end: usize) -> bool {
    let tag = bytes.get(end.saturating_sub(TAG)..end).unwrap_or_default();
    let open = memchr::memrchr(b'<', tag).map(|at| end - tag.len() + at);
    open.and_then(|open| bytes.get(open.checked_sub(1)?))
        .is_some_and(u8::is_ascii_digit)
}

/// Marks each number that passes the eleven-test. A number, alone or in groups, has a digit at one of five places in a
/// row or at the next of them: so each fifth byte is enough.
fn numbers(bytes: &[u8], mark: &mut impl FnMut(usize)) {
    let mut at = STEP - 1;
    while let Some(byte) = bytes.get(at) {
        if !byte.is_ascii_digit() {
            at += STEP;
            continue;
        }
        let before = bytes.get(at.saturating_sub(LONGEST)..at).unwrap_or_default();
        let start = at - before.iter().rev().take_while(|b| b.is_ascii_digit()).count();
        let run = at + 1 - start + number::run_at(bytes, at + 1);
        match run {
            9 if number::passes_at(bytes, start) => mark(start),
            2..=4 => {
                // it may be the first group, the second or the third
                let mut group = Some(start);
                for _ in 0..3 {
                    let Some(start) = group else { break };
                    if number::groups_pass_at(bytes, start) {
                        mark(start);
                        break;
                    }
                    group = previous_group(bytes, start);
                }
            }
            _ => {}
        }
        at = (start + run).max(at + 1) + STEP - 1;
    }
}

/// The start of the digits before a separator.
fn previous_group(bytes: &[u8], start: usize) -> Option<usize> {
    let separator = start.checked_sub(1)?;
    if !matches!(bytes.get(separator), Some(b' ' | b'.' | b'-')) {
        return None;
    }
    let before = bytes.get(separator.saturating_sub(5)..separator)?;
    let digits = before.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    (2..=4).contains(&digits).then_some(separator - digits)
}

const VALUE: &[u8] = b"\"value\"";
/// A mark, two quotes and a comma: from one string to the next it is at least as far.
const NEAREST: usize = 4;
/// With more, looking at each value is no more work.
const MOST: usize = 1_000_000;
const STEP: usize = 5;
const LONGEST: usize = 10;
/// A longer tag is not looked through for what is before it.
const TAG: usize = 256;
/// A document as base64 is longer than this.
const DOCUMENT: usize = 4_096;

#[cfg(test)]
mod tests {
    use super::numbers;

    fn marked(text: &str) -> Vec<usize> {
        let mut marks = Vec::new();
        numbers(text.as_bytes(), &mut |at| marks.push(at));
        marks.dedup();
        marks
    }

    #[test]
    fn a_number_is_marked_wherever_it_stands_and_in_whatever_groups() {
        for number in ["999990019", "9999.90.019", "999 990 019", "9999-90-019"] {
            for before in 0..12 {
                for after in 0..8 {
                    let text = format!("{}{number}{}", "x".repeat(before), "y".repeat(after));
                    assert_eq!(marked(&text), [before], "{text}");
                    let text = format!("{}{number}", "1 x".repeat(before));
                    assert_eq!(marked(&text), [before * 3], "{text}");
                }
            }
        }
        assert_eq!(marked(&"9".repeat(100_000)), [0; 0]);
        let others = "2026-09-14T09:10:00.123+02:00 999990018 1999990019 12 999 990 019";
        assert_eq!(marked(others), [0; 0]);
    }
}
