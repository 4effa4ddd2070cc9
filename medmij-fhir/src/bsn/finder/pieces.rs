// SPDX-License-Identifier: AGPL-3.0-or-later
//! A long string in pieces that overlap: what is made of a piece takes no more memory than the piece.

use super::LONG;

/// The string, or its pieces where it is long: none begins or ends inside an escape, a character or a run of digits, and
/// what is where one ends is in the next one too.
pub(super) fn pieces(raw: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(raw);
    std::iter::from_fn(move || {
        let text = rest.take()?;
        if text.len() <= LONG {
            return Some(text);
        }
        let next = boundary(text, 0, PIECE - OVERLAP);
        let end = boundary(text, next, OVERLAP);
        rest = text.get(next..);
        text.get(..end)
    })
}

/// A place at least `far` bytes past `from` where a text can be cut; `from` is such a place.
fn boundary(text: &str, from: usize, far: usize) -> usize {
    let bytes = text.as_bytes();
    let target = from + far;
    let mut at = from;
    while let Some(escape) = bytes.get(at..target).and_then(|rest| memchr::memchr(b'\\', rest)) {
        at += escape;
        at += match bytes.get(at + 1) {
            // a surrogate has its other half behind it
            Some(b'u')
                if matches!(
                    bytes.get(at + 2..at + 4),
                    Some([b'd' | b'D', b'8'..=b'9' | b'a'..=b'b' | b'A'..=b'B'])
                ) =>
            {
                12
            }
            Some(b'u') => 6,
            _ => 2,
        };
    }
    let mut end = at.max(target).min(text.len());
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    for _ in 0..MOST_DIGITS {
        if !digit(end) {
            break;
        }
        end += 1;
    }
    while !text.is_char_boundary(end) {
        end += 1;
    }
    end
}

const PIECE: usize = 256 << 10;
/// More than a number, its markup and a word for it take.
const OVERLAP: usize = 4 << 10;
/// A longer run is no number wherever it is cut.
const MOST_DIGITS: usize = 64;

#[cfg(test)]
mod tests {
    use super::{LONG, pieces};

    #[test]
    fn pieces_end_between_escapes_characters_and_numbers() {
        for unit in ["\\u00e9", "\\ud83d\\ude00", "\\\\", "\\\"", "é", "x", "\\n"] {
            let text = unit.repeat(LONG * 2 / unit.len());
            let mut covered = 0;
            for piece in pieces(&text) {
                assert!(piece.len() < LONG && piece.starts_with(unit), "{unit}");
                assert!(piece.ends_with(unit), "{unit}");
                let at = piece.as_ptr() as usize - text.as_ptr() as usize;
                assert!(at <= covered, "{unit}: a part is in no piece");
                covered = at + piece.len();
            }
            assert_eq!(covered, text.len(), "{unit}");
        }
        for piece in pieces(&"999990019 ".repeat(LONG / 5)) {
            let numbers: Vec<&str> = piece.split_terminator(' ').collect();
            assert!(numbers.iter().all(|number| number.is_empty() || *number == "999990019"));
        }
        assert_eq!(pieces("kort").collect::<Vec<_>>(), ["kort"]);
        assert!(pieces(&"9".repeat(LONG * 3)).all(|piece| piece.len() <= LONG));
    }
}
