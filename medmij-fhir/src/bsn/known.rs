// SPDX-License-Identifier: AGPL-3.0-or-later
//! How a BSN is announced: systems, the OID, the type of an identifier, words.

use std::borrow::Cow;

/// Whether this is the identifier system of the BSN, as URI or as OID.
pub(super) fn is_bsn_system(system: &str) -> bool {
    let system = system.trim().trim_end_matches('/').as_bytes();
    SYSTEMS.iter().any(|known| {
        let end = system.len().checked_sub(known.len()).and_then(|at| system.get(at..));
        end.is_some_and(|end| end.eq_ignore_ascii_case(known.as_bytes()))
    })
}

/// Whether the text of an identifier type, by code, means the Dutch national number (HL7 v2 table 0203).
pub(super) fn is_bsn_type(code: &str) -> bool {
    code.trim().eq_ignore_ascii_case("NNNLD") || word_in(code.as_bytes())
}

/// Whether a URL, or any other text, searches on a BSN: the BSN system, a bar and a digit, also
/// when percent-encoded.
pub(crate) fn searches_on_bsn(text: &str) -> bool {
    if !text.contains(['|', '%']) {
        return false;
    }
    decodings(text).any(|decoded| {
        let lower = decoded.to_ascii_lowercase();
        SYSTEMS.iter().any(|system| is_followed_by_digit(&lower, system))
    })
}

/// The text, and what percent-decoding makes of it, up to three times, as long as it changes.
pub(super) fn decodings(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let mut next = Some(Cow::Borrowed(text));
    let mut left = 3;
    std::iter::from_fn(move || {
        let now = next.take()?;
        if left > 0 && now.contains('%') {
            left -= 1;
            let decoded = percent_decode(&now);
            next = (decoded != now).then_some(Cow::Owned(decoded));
        }
        Some(now)
    })
}

/// Decodes `%xx` once; what is not an escape stays.
fn percent_decode(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'%', [high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                out.push(hex(*high) << 4 | hex(*low));
                rest = after;
            }
            _ => out.push(*first),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Whether the text ends in the OID of the BSN with the point or bar that a leaf follows.
pub(super) fn ends_in_oid(text: &[u8]) -> bool {
    let [before @ .., b'.' | b'|' | b'^'] = text else {
        return false;
    };
    before.ends_with(OID.as_bytes())
}

/// Whether a word for the BSN is in the text.
pub(super) fn word_in(text: &[u8]) -> bool {
    word_between(text, 0, text.len()).is_some()
}

/// The first word for the BSN that begins between two places: where it stands.
pub(super) fn word_between(text: &[u8], from: usize, to: usize) -> Option<(usize, usize)> {
    let mut at = from;
    while at < to {
        let within = text.get(at..to)?;
        at += within
            .iter()
            .position(|byte| matches!(byte, b'b' | b'B' | b's' | b'S' | b'c' | b'C'))?;
        let before = at.checked_sub(1).and_then(|before| text.get(before));
        if !before.is_some_and(u8::is_ascii_alphabetic) {
            let rest = text.get(at..)?;
            for word in WORDS {
                let end = at + word.len();
                let starts = rest
                    .get(..word.len())
                    .is_some_and(|start| start.eq_ignore_ascii_case(word));
                if starts && !text.get(end).is_some_and(|next| is_letter_but_number(text, end, *next)) {
                    return Some((at, end));
                }
            }
        }
        at += 1;
    }
    None
}

/// A letter that makes another word of it; `bsnnummer` and `bsnnr` are still words for it.
fn is_letter_but_number(text: &[u8], at: usize, next: u8) -> bool {
    let rest = text.get(at..).unwrap_or_default();
    let goes_on = ["nummer", "nr", "number", "value", "waarde"].iter().any(|tail| {
        rest.get(..tail.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(tail.as_bytes()))
    });
    next.is_ascii_alphabetic() && !goes_on
}

fn is_followed_by_digit(text: &str, system: &str) -> bool {
    text.match_indices(system).any(|(at, _)| {
        let rest = text.get(at + system.len()..).unwrap_or_default();
        let rest = rest.strip_prefix('/').unwrap_or(rest);
        rest.strip_prefix('|')
            .is_some_and(|value| value.trim_start().starts_with(|c: char| c.is_ascii_digit()))
    })
}

const fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit - b'A' + 10,
    }
}

const OID: &str = "2.16.840.1.113883.2.4.6.3";
/// The ends by which the BSN system is known, in lower case: the naming system and its OID.
const SYSTEMS: [&str; 2] = ["fhir.nl/fhir/namingsystem/bsn", OID];
/// Words for the BSN, and for the number it replaced; each begins with b, s or c.
const WORDS: [&[u8]; 9] = [
    b"bsn",
    b"burgerservicenummer",
    b"burger service nummer",
    b"burger-service-nummer",
    b"burgerservicenr",
    b"sofinummer",
    b"sofi-nummer",
    b"sofinr",
    b"citizen service number",
];
