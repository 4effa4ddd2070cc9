// SPDX-License-Identifier: AGPL-3.0-or-later
//! Values made from the grammar of their type: the pattern is walked and a text it matches comes out, lengths are taken
//! at their bounds, moments and numbers are put together part by part; and near misses of all these.

mod moment;
mod pattern;

use crate::rng::Rng;
use pattern::Pattern;

const HOSTNAME: &str = r"([a-z0-9][a-z0-9-]*\.)+[a-z0-9][a-z0-9-]*[a-z0-9]";
const FRONT: &str = r"https://([a-z0-9][a-z0-9-]*\.)+[a-z0-9][a-z0-9-]*[a-z0-9]?(/[^?#/]+)*";
const BACK: &str = r"https://([a-z0-9][a-z0-9-]*\.)+[a-z0-9][a-z0-9-]*[a-z0-9](:\d{1,5})?(/[^?#/]+)*";

/// Characters at which processors may differ: of every width, next to the ends of ranges, white space that is none.
pub const ODD: &[char] = &[
    'a',
    'z',
    'A',
    '0',
    '9',
    '-',
    '.',
    '_',
    '~',
    '/',
    ':',
    '?',
    '#',
    '@',
    '%',
    '&',
    '<',
    '>',
    '"',
    '\'',
    '[',
    ']',
    '\\',
    ' ',
    '\t',
    '\n',
    '\u{7f}',
    '\u{85}',
    '\u{a0}',
    '\u{ad}',
    'é',
    '²',
    '½',
    '\u{300}',
    '\u{663}',
    '\u{966}',
    '\u{1371}',
    '\u{200b}',
    '\u{2028}',
    '€',
    'Ⅷ',
    '\u{d7ff}',
    '\u{e000}',
    '\u{fdd0}',
    '\u{feff}',
    '\u{ff10}',
    '\u{fffd}',
    '\u{10000}',
    '\u{1d7d8}',
    '😀',
    '\u{10ffff}',
];

/// A value for the element, good in most cases.
pub fn good(element: &str, rng: &mut Rng) -> Option<String> {
    Some(match element {
        "Tijdstempel" => moment::good(rng),
        "Volgnummer" => number(rng),
        "Hostname" | "MedMijNode" => Pattern::new(HOSTNAME).text(rng),
        "AuthorizationEndpointuri" => Pattern::new(FRONT).text(rng),
        "TokenEndpointuri" | "ResourceEndpointuri" => Pattern::new(BACK).text(rng),
        "Zorgaanbiedernaam" => {
            let letters = *rng.pick(&[3, 4, 49, 50, 17]);
            let letters: String = (0..letters).map(|_| letter(rng)).collect();
            letters + "@medmij"
        }
        "GegevensdienstId" | "Systeemrolcode" => of_length(&[1, 2, 29, 30], rng),
        "Weergavenaam" | "OAuthclientOrganisatienaam" => of_length(&[3, 4, 49, 50], rng),
        _ => return None,
    })
}

/// A value that the type refuses, or nearly does.
pub fn near(element: &str, rng: &mut Rng) -> Option<String> {
    Some(match element {
        "Tijdstempel" => moment::near(rng),
        "Volgnummer" if rng.chance(60) => {
            const NUMBERS: &[&str] = &[
                "+ 1",
                "- 1",
                "+-1",
                "1+",
                "1,000",
                "1.",
                ".1",
                "1E0",
                "\u{ff11}",
                "\u{2009}1",
                "1\u{200b}",
                "NaN",
                "INF",
                "true",
                "+000",
                "1\u{85}",
                "18446744073709551615",
                "18446744073709551616",
                "9223372036854775808",
                "4294967296",
            ];
            (*rng.pick(NUMBERS)).to_owned()
        }
        "GegevensdienstId" | "Systeemrolcode" if rng.chance(60) => of_length(&[0, 31, 32, 60], rng),
        "Weergavenaam" | "OAuthclientOrganisatienaam" if rng.chance(60) => of_length(&[0, 1, 2, 51, 52, 100], rng),
        "Zorgaanbiedernaam" if rng.chance(40) => {
            let letters = *rng.pick(&[0, 1, 2, 51, 52, 100]);
            let letters: String = (0..letters).map(|_| letter(rng)).collect();
            letters + "@medmij"
        }
        _ => tweak(&good(element, rng)?, rng),
    })
}

/// A text with one or two characters put in, left out, doubled, replaced or exchanged.
pub fn tweak(text: &str, rng: &mut Rng) -> String {
    let mut out: Vec<char> = text.chars().collect();
    for _ in 0..=rng.below(2) {
        let at = rng.below(out.len() + 1);
        match rng.below(6) {
            0 => out.insert(at, *rng.pick(ODD)),
            1 if at < out.len() => drop(out.remove(at)),
            2 if at < out.len() => out[at] = *rng.pick(ODD),
            3 if at < out.len() => out.insert(at, out[at]),
            4 if at + 1 < out.len() => out.swap(at, at + 1),
            5 => out.truncate(at),
            _ => {}
        }
    }
    out.into_iter().collect()
}

fn number(rng: &mut Rng) -> String {
    let value = match rng.below(4) {
        0 => rng.next().max(1),
        1 => 1 + rng.next() % 1000,
        _ => *rng.pick(&[
            1,
            10,
            255,
            65_535,
            1 << 31,
            1 << 32,
            (1 << 63) - 1,
            1 << 63,
            u64::MAX,
            10_000_000_000_000_000_000,
        ]),
    };
    let sign = rng.text(&["", "", "+"]);
    let zeros = "0".repeat(*rng.pick(&[0, 0, 0, 1, 3]));
    spaced(&format!("{sign}{zeros}{value}"), rng)
}

/// White space around it, which types other than strings do not see.
fn spaced(text: &str, rng: &mut Rng) -> String {
    let mut space = || -> String {
        let count = if rng.chance(70) { 0 } else { rng.below(4) };
        (0..count).map(|_| *rng.pick(&[' ', '\t', '\n', '\r'])).collect()
    };
    format!("{}{text}{}", space(), space())
}

fn of_length(lengths: &[usize], rng: &mut Rng) -> String {
    let (length, odd) = (*rng.pick(lengths), rng.below(101));
    (0..length)
        .map(|_| if rng.chance(odd) { *rng.pick(ODD) } else { letter(rng) })
        .collect()
}

fn letter(rng: &mut Rng) -> char {
    char::from(b'a' + u8::try_from(rng.below(26)).unwrap())
}
