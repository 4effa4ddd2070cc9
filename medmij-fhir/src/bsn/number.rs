// SPDX-License-Identifier: AGPL-3.0-or-later
//! Nine digits that pass the eleven-test, standing alone or in the groups in which people write a BSN.

use medmij_types::Bsn;

use super::known;

/// A number that passes the eleven-test.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Number {
    pub(super) digits: [u8; 9],
    /// Where each digit stands.
    pub(super) at: [usize; 9],
}

impl Number {
    pub(super) fn start(&self) -> usize {
        self.at.first().copied().unwrap_or_default()
    }

    pub(super) fn end(&self) -> usize {
        self.at.last().map_or(0, |last| last + 1)
    }

    /// Whether the text around it says that it is a BSN: a word within 30 characters, or the OID in front. The numbers of
    /// a text are asked in order, with the same words.
    pub(super) fn is_announced(&self, text: &[u8], words: &mut Words) -> bool {
        let before = text.get(..self.start()).unwrap_or_default();
        if known::ends_in_oid(before) {
            return true;
        }
        // a leaf of another OID, or the decimals of a number
        if matches!(before, [.., b'0'..=b'9', b'.' | b',']) {
            return false;
        }
        words.is_near(text, self.start(), self.end())
    }
}

/// The words for a BSN in a text, looked for as numbers are met: no part of it is looked through twice.
#[derive(Default)]
pub(super) struct Words {
    /// Up to here it was looked for words that begin.
    seen: usize,
    /// Where the last word before the number ends.
    before: Option<usize>,
    /// A word that was found further on.
    after: Option<(usize, usize)>,
}

impl Words {
    fn is_near(&mut self, text: &[u8], start: usize, end: usize) -> bool {
        self.seen = self.seen.max(start.saturating_sub(NEAR + LONGEST));
        let limit = text.len().min(end + NEAR + 1);
        loop {
            match self.after.take() {
                Some((word, word_end)) if word < start => self.before = Some(word_end),
                Some(word) => {
                    self.after = Some(word);
                    break;
                }
                None => {
                    self.after = known::word_between(text, self.seen, limit);
                    self.seen = self.seen.max(self.after.map_or(limit, |(word, _)| word + 1));
                    if self.after.is_none() {
                        break;
                    }
                }
            }
        }
        self.before.is_some_and(|before| start.saturating_sub(before) <= NEAR)
            || self.after.is_some_and(|(word, _)| word.saturating_sub(end) <= NEAR)
    }
}

/// All numbers of a text that pass the eleven-test.
pub(super) fn numbers(text: &[u8]) -> impl Iterator<Item = Number> {
    places(text).filter(|at| passes(text, at)).map(|at| Number {
        digits: digits_at(text, &at),
        at,
    })
}

/// Whether nine digits that begin here pass.
pub(super) fn passes_at(text: &[u8], start: usize) -> bool {
    groups_at(text, start, &[9]).is_some_and(|(at, _)| passes(text, &at))
}

/// Whether nine digits in groups that begin here pass.
pub(super) fn groups_pass_at(text: &[u8], start: usize) -> bool {
    let Some(eleven) = text.get(start..).and_then(<[u8]>::first_chunk::<11>) else {
        return false;
    };
    // 9999.90.019 or 999.990.019: of a date the last is no digit
    let groups: &[usize] = match eleven {
        [_, _, _, _, first, _, _, second, _, _, b'0'..=b'9'] if is_separator(*first) && first == second => &[4, 2, 3],
        [_, _, _, first, _, _, _, second, _, _, b'0'..=b'9'] if is_separator(*first) && first == second => &[3, 3, 3],
        _ => return false,
    };
    groups_at(text, start, groups).is_some_and(|(at, _)| passes(text, &at))
}

fn passes(text: &[u8], at: &[usize; 9]) -> bool {
    let digits = digits_at(text, at);
    // most do not pass, and are not read on
    let weights = [9, 8, 7, 6, 5, 4, 3, 2, 10];
    let weighed = digits
        .iter()
        .zip(weights)
        .map(|(digit, weight)| u32::from(digit & 15) * weight);
    if weighed.sum::<u32>() % 11 != 0 {
        return false;
    }
    std::str::from_utf8(&digits).is_ok_and(|digits| Bsn::parse(digits).is_ok())
}

fn digits_at(text: &[u8], at: &[usize; 9]) -> [u8; 9] {
    at.map(|at| text.get(at).copied().unwrap_or_default())
}

/// Whether there is a number that passes; nothing is copied on the way to *no*.
pub(super) fn has_number(text: &[u8]) -> bool {
    numbers(text).next().is_some()
}

/// How many digits there are: with fewer than nine there is no number, however it is encoded.
pub(super) fn digits(text: &[u8]) -> usize {
    text.iter().filter(|b| b.is_ascii_digit()).count()
}

/// Where nine digits are together: `999990019`, `9999.90.019`, `999 990 019`.
fn places(text: &[u8]) -> impl Iterator<Item = [usize; 9]> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            at += text.get(at..)?.iter().position(u8::is_ascii_digit)?;
            let run = run_at(text, at);
            let start = at;
            at += run;
            let groups: &[usize] = match run {
                9 => &[9],
                4 => &[4, 2, 3],
                3 => &[3, 3, 3],
                _ => continue,
            };
            if let Some((place, end)) = groups_at(text, start, groups) {
                at = end;
                return Some(place);
            }
        }
    })
}

/// Digits in groups of these lengths, with one separator throughout, and no group before or after.
fn groups_at(text: &[u8], start: usize, groups: &[usize]) -> Option<([usize; 9], usize)> {
    let mut place = [0; 9];
    let mut slots = place.iter_mut();
    let mut at = start;
    let mut separator = None;
    for (index, len) in groups.iter().enumerate() {
        if index > 0 {
            let between = *text.get(at).filter(|b| is_separator(**b))?;
            if *separator.get_or_insert(between) != between {
                return None;
            }
            at += 1;
        }
        if run_at(text, at) != *len {
            return None;
        }
        for slot in slots.by_ref().take(*len) {
            *slot = at;
            at += 1;
        }
    }
    let joined = |first: Option<&u8>, second: Option<&u8>| {
        first.is_some_and(|b| separator == Some(*b)) && second.is_some_and(u8::is_ascii_digit)
    };
    let after = joined(text.get(at), text.get(at + 1));
    let before = start >= 2 && joined(text.get(start - 1), text.get(start - 2));
    (!after && !before).then_some((place, at))
}

const fn is_separator(byte: u8) -> bool {
    matches!(byte, b' ' | b'.' | b'-')
}

pub(super) fn run_at(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    rest.iter().take_while(|b| b.is_ascii_digit()).count()
}

/// A word counts within this many characters.
const NEAR: usize = 30;
/// The longest word, and the tail that it may have.
const LONGEST: usize = 32;
