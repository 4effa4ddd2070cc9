// SPDX-License-Identifier: AGPL-3.0-or-later
//! A fault at a place of a chosen kind: within a tag, a comment, CDATA, text, or where two of them meet. Most break the
//! document, some only seem to.

use super::{Kind, lexemes};
use crate::rng::Rng;

/// Characters that mean something, and those next to the ends of what XML allows.
const CHARACTERS: &[char] = &[
    '<',
    '>',
    '&',
    '\'',
    '"',
    '/',
    '?',
    '!',
    '-',
    '[',
    ']',
    '=',
    ';',
    ':',
    '#',
    '%',
    'x',
    '0',
    'A',
    'a',
    '.',
    ' ',
    '\t',
    '\n',
    '\r',
    '\0',
    '\u{1}',
    '\u{b}',
    '\u{1f}',
    '\u{7f}',
    '\u{80}',
    '\u{85}',
    '\u{a0}',
    'é',
    '×',
    '÷',
    '·',
    '\u{300}',
    '\u{37e}',
    '\u{37f}',
    '\u{200b}',
    '\u{200c}',
    '\u{2028}',
    '\u{203f}',
    '\u{2190}',
    '\u{2c00}',
    '\u{3000}',
    '\u{3001}',
    '\u{d7ff}',
    '\u{e000}',
    '\u{fdd0}',
    '\u{fdf0}',
    '\u{feff}',
    '\u{fffd}',
    '\u{fffe}',
    '\u{ffff}',
    '\u{10000}',
    '😀',
    '\u{effff}',
    '\u{f0000}',
    '\u{10ffff}',
];

const TOKENS: &[&str] = &[
    "<!--",
    "-->",
    "--",
    "--->",
    "<!---->",
    "<!-->",
    "<![CDATA[",
    "]]>",
    "]]",
    "<![CDATA[]]>",
    "<![CDATA[ ]]>",
    "<![CDATA[x]]>",
    "<?",
    "?>",
    "<?p?>",
    "<?p:q?>",
    "<?xml?>",
    "<?xml version=\"1.0\"?>",
    "<?xmlx?>",
    "<?XML?>",
    "<?-?>",
    "</",
    "/>",
    "<x/>",
    "<x></x>",
    "<x>",
    "</x>",
    "<>",
    "</>",
    "<></>",
    "<a:b/>",
    "< x/>",
    "&amp;",
    "&lt;",
    "&gt;",
    "&quot;",
    "&apos;",
    "&amp",
    "&AMP;",
    "&nbsp;",
    "&;",
    "& ;",
    "&#;",
    "&#x;",
    "&#65;",
    "&#x41;",
    "&#X41;",
    "&#0065;",
    "&#65",
    "&#6 5;",
    "&#-65;",
    "&#+65;",
    "&#x-41;",
    "&#0;",
    "&#8;",
    "&#9;",
    "&#10;",
    "&#13;",
    "&#32;",
    "&#133;",
    "&#xA0;",
    "&#xD800;",
    "&#xE000;",
    "&#xFFFD;",
    "&#xFFFE;",
    "&#x10FFFF;",
    "&#x110000;",
    "&#4294967361;",
    "&#x100000041;",
    "&a:b;",
    "&é;",
    "&1;",
    "%a;",
    "<!DOCTYPE a>",
    "<!ENTITY a \"b\">",
    "<!>",
    "<!a>",
    "<![IGNORE[]]>",
    "<!-",
    "<![",
    "\r\n",
    " a=\"b\"",
    "a=\"b\"",
    " a = 'b'",
    " a",
    " a=",
    " a=b",
    " =\"b\"",
    " a=\"<\"",
    " a=\"&\"",
    " xmlns=\"\"",
    " xmlns=\"urn:x\"",
    " xmlns:p=\"urn:x\"",
    " xmlns:p=\"\"",
    " xml:lang=\"nl\"",
    " p:a=\"b\"",
    " xmlns:a:b=\"u\"",
    " xmlns:a=\" \"",
    " xmlns:xmlx=\"u\"",
    " xsi:nil=\"true\"",
    " xsi:type=\"x\"",
    " xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\" i:type=\":Volgnummer\"",
    " /",
    "p:",
    ":",
    "/>>",
    ">>",
    "<<",
    "\"\"",
];

pub fn fault(document: String, rng: &mut Rng) -> String {
    let pieces: Vec<(Kind, usize, usize)> = {
        let mut at = 0;
        lexemes(&document)
            .into_iter()
            .map(|(kind, piece)| {
                at += piece.len();
                (kind, at - piece.len(), at)
            })
            .collect()
    };
    if pieces.len() < 4 {
        return document;
    }
    let d = document.as_str();
    match rng.below(20) {
        0..14 => {
            let kind = *rng.pick(&[
                Kind::Comment,
                Kind::CData,
                Kind::Instruction,
                Kind::Close,
                Kind::Open,
                Kind::Open,
                Kind::Text,
                Kind::Text,
            ]);
            let of_kind: Vec<_> = pieces.iter().filter(|(k, _, _)| *k == kind).collect();
            let (_, from, to) = if of_kind.is_empty() {
                *rng.pick(&pieces)
            } else {
                **rng.pick(&of_kind)
            };
            let wished = match rng.below(8) {
                0 => from,
                1 => from + 1,
                2 => to.saturating_sub(1),
                3 => to,
                _ => from + rng.below(to - from + 1),
            };
            let at = (0..=wished).rev().find(|n| d.is_char_boundary(*n)).unwrap_or(0);
            let what = if rng.chance(45) {
                String::from(*rng.pick(CHARACTERS))
            } else {
                (*rng.pick(TOKENS)).to_owned()
            };
            let gone = d[at..].chars().take(rng.below(4)).map(char::len_utf8).sum::<usize>();
            match rng.below(3) {
                0 => format!("{}{what}{}", &d[..at], &d[at..]),
                1 => format!("{}{what}{}", &d[..at], &d[at + gone..]),
                _ => format!("{}{}", &d[..at], &d[at + gone..]),
            }
        }
        14..17 => {
            let ((_, a, b), (_, c, e)) = (*rng.pick(&pieces), *rng.pick(&pieces));
            match rng.below(4) {
                0 => format!("{}{}", &d[..a], &d[b..]),
                1 => format!("{}{}", &d[..b], &d[a..]),
                2 => format!("{}{}{}", &d[..a], &d[c..e], &d[b..]),
                _ => format!("{}{}{}", &d[..c], &d[a..b], &d[c..]),
            }
        }
        17 => {
            let n = rng.below(pieces.len() - 1);
            let ((_, a, b), (_, _, e)) = (pieces[n], pieces[n + 1]);
            format!("{}{}{}{}", &d[..a], &d[b..e], &d[a..b], &d[e..])
        }
        18 => {
            let (quote, other) = *rng.pick(&[("\"", "'"), ("'", "\"")]);
            let places: Vec<usize> = d.match_indices(quote).map(|(n, _)| n).collect();
            if places.is_empty() {
                return document;
            }
            let at = *rng.pick(&places);
            format!("{}{other}{}", &d[..at], &d[at + 1..])
        }
        _ => {
            let name = rng.text(&[
                "Hostname",
                "MedMijNode",
                "Volgnummer",
                "Gegevensdienst",
                "p:x",
                "xsi:x",
                ":x",
                "x:",
            ]);
            let (kind, from, to) = *rng.pick(&pieces);
            let skip = match kind {
                Kind::Open => 1,
                Kind::Close => 2,
                _ => return document,
            };
            let piece = &d[from + skip..to];
            let end = piece.find([' ', '\t', '\n', '\r', '/', '>']).unwrap_or(piece.len());
            format!("{}{name}{}", &d[..from + skip], &d[from + skip + end..])
        }
    }
}
