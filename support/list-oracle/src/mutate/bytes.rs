// SPDX-License-Identifier: AGPL-3.0-or-later
//! Changes to the bytes.

use crate::{family::Family, rng::Rng};

pub(super) fn bytes(mut bytes: Vec<u8>, family: Family, rng: &mut Rng) -> Vec<u8> {
    let at = rng.below(bytes.len() + 1);
    let splice = |bytes: &mut Vec<u8>, what: &[u8]| drop(bytes.splice(at..at, what.iter().copied()));
    match rng.below(14) {
        0 | 1 => bytes.truncate(at),
        2 => {
            if at < bytes.len() {
                bytes.remove(at);
            }
        }
        3 => {
            let new = *rng.pick(b"<>&'\"/!?-[]= \t\r\n:;#xaA0.\0\x01\x0b\x1f\x7f\x80\xc0\xed\xff");
            if at < bytes.len() {
                bytes[at] = new;
            }
        }
        4 | 5 => {
            let tokens: &[&str] = &[
                "<!--",
                "-->",
                "--",
                "]]>",
                "<![CDATA[",
                "<![CDATA[ ]]>",
                "&",
                "&lt;",
                "&amp;",
                "&#0;",
                "&#65;",
                "&#x41;",
                "&#X41;",
                "&#xD800;",
                "&x;",
                "&#;",
                "<?",
                "?>",
                "<?x?>",
                "<?xml version='1.0'?>",
                "<?XML x?>",
                "<?a:b c?>",
                "<?1?>",
                "<!DOCTYPE a>",
                "<!doctype a>",
                "<!ELEMENT a ANY>",
                "<",
                ">",
                "</",
                "/>",
                "</a>",
                "<a>",
                "<a/>",
                "<a:b/>",
                "\u{fffe}",
                "\u{ffff}",
                "\u{1}",
                "\u{85}",
                "\u{feff}",
                "\u{d7ff}",
                "é",
                "😀",
                " ",
                "\n",
                "\r",
                "x",
                "<a b>",
                "<1/>",
                "<a b='<'/>",
                "<a\u{a0}b='1'/>",
                "<!>",
                "<!->",
                "<!-->",
                "<!--->",
                "<!---->",
                "<![cdata[x]]>",
                "&quot;",
                "&apos;",
                "&gt;",
                "&nbsp;",
                "& ",
                "&;",
                "&a b;",
                "&#xFFFE;",
                "&#x10FFFF;",
                "&#x110000;",
                "&#10;",
                "]]",
                "<Whitelist/>",
            ];
            splice(&mut bytes, rng.pick(tokens).as_bytes());
        }
        6 => {
            let copy = bytes.clone();
            bytes.extend(copy);
        }
        7 => bytes.extend_from_slice(
            rng.text(&[
                "x",
                "<a/>",
                "<a>",
                "\0",
                "\0\0\0\0",
                " ",
                "\n\n",
                "<!-- -->",
                "<?x?>",
                "&#32;",
                "<![CDATA[]]>",
                "</a>",
                "\u{feff}",
                "<!-- -- -->",
                "<!DOCTYPE a>",
                "<?xml version='1.0'?>",
                "&amp;",
            ])
            .as_bytes(),
        ),
        8 => {
            let what = rng.text(&[
                "x",
                " ",
                "\n",
                "<!-- -->",
                "<?x?>",
                "\u{feff}",
                "<!DOCTYPE a>",
                "&#32;",
                "<![CDATA[ ]]>",
                "<?xml version='1.0'?>",
                "<?xml version='1.1'?>",
            ]);
            drop(bytes.splice(0..0, what.bytes()));
        }
        9 => {
            let text = String::from_utf8(bytes).unwrap();
            let text = text.replacen(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
                rng.text(&[
                    "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>",
                    "<?xml version=\"1.0\" encoding=\"US-ASCII\"?>",
                    "<?xml version=\"1.0\" encoding=\"UTF-16\"?>",
                    "<?xml version=\"1.0\" encoding=\"utf8\"?>",
                    "<?xml version=\"1.1\"?>",
                    "<?xml version=\"2.0\"?>",
                    "<?xml version=\"1.0\" standalone=\"ja\"?>",
                    "<?xml encoding=\"UTF-8\"?>",
                    "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>",
                    "<?xml version=\"1.0\"encoding=\"UTF-8\"?>",
                    "<?xml version=\"1.0\" encoding=\"UTF-8\"standalone=\"yes\"?>",
                    "<?xml version=\"1.0\" encoding=\"UTF-8\" x=\"y\"?>",
                    "<?xml?>",
                    "<?xml version=\"1.0\" encoding=\"\"?>",
                    "<?xml version=\"1.5\"?>",
                    "<?xml version=\"1.0\" standalone=\"yes\" encoding=\"UTF-8\"?>",
                    "<?xml version=\"1.\"?>",
                    "<?xml version='1.0' encoding='UTF_8'?>",
                ]),
                1,
            );
            return text.into_bytes();
        }
        10 => {
            let text = String::from_utf8(bytes).unwrap();
            let declarations = format!("<!DOCTYPE {} [<!ENTITY a \"b\">]>\n<{}", family.root(), family.root());
            return text
                .replacen(&format!("<{}", family.root()), &declarations, 1)
                .into_bytes();
        }
        11 => {
            // Latin-1 and other bytes that are no UTF-8
            let what: &[u8] = *rng.pick(&[
                &b"\xe9"[..],
                b"\xff\xfe",
                b"\xc0\x80",
                b"\xed\xa0\x80",
                b"\xf4\x90\x80\x80",
                b"\xed\xbf\xbf",
                b"\xed\xa0\xbd\xed\xb8\x80",
                b"\xe0\x80\x80",
                b"\xf0\x8f\xbf\xbf",
                b"\xf8\x88\x80\x80\x80",
                b"\xc2",
                b"\xef\xbf",
                b"\xe2\x82",
                b"\x80",
            ]);
            splice(&mut bytes, what);
        }
        12 => return encoded(&String::from_utf8(bytes).unwrap(), rng),
        _ => {
            let to = (at + rng.below(30)).min(bytes.len());
            if rng.chance(50) {
                bytes.drain(at..to);
            } else {
                let copy = bytes[at..to].to_vec();
                drop(bytes.splice(at..at, copy));
            }
        }
    }
    bytes
}

/// The document in another encoding, whether it says so or not.
fn encoded(text: &str, rng: &mut Rng) -> Vec<u8> {
    let mark = if rng.chance(60) { "\u{feff}" } else { "" };
    let text = match rng.below(3) {
        0 => text.replacen("UTF-8", "UTF-16", 1),
        1 => text.replacen(" encoding=\"UTF-8\"", "", 1),
        _ => text.to_owned(),
    };
    let units = (mark.to_owned() + &text).encode_utf16().collect::<Vec<_>>();
    match rng.below(8) {
        0..4 => units.iter().flat_map(|unit| unit.to_le_bytes()).collect(),
        4..6 => units.iter().flat_map(|unit| unit.to_be_bytes()).collect(),
        6 => text.chars().flat_map(|c| u32::from(c).to_be_bytes()).collect(),
        _ => text.chars().map(ebcdic).collect(),
    }
}

/// IBM037.
fn ebcdic(c: char) -> u8 {
    const TABLE: [u8; 95] = [
        0x40, 0x5A, 0x7F, 0x7B, 0x5B, 0x6C, 0x50, 0x7D, 0x4D, 0x5D, 0x5C, 0x4E, 0x6B, 0x60, 0x4B, 0x61, 0xF0, 0xF1,
        0xF2, 0xF3, 0xF4, 0xF5, 0xF6, 0xF7, 0xF8, 0xF9, 0x7A, 0x5E, 0x4C, 0x7E, 0x6E, 0x6F, 0x7C, 0xC1, 0xC2, 0xC3,
        0xC4, 0xC5, 0xC6, 0xC7, 0xC8, 0xC9, 0xD1, 0xD2, 0xD3, 0xD4, 0xD5, 0xD6, 0xD7, 0xD8, 0xD9, 0xE2, 0xE3, 0xE4,
        0xE5, 0xE6, 0xE7, 0xE8, 0xE9, 0xBA, 0xE0, 0xBB, 0xB0, 0x6D, 0x79, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87,
        0x88, 0x89, 0x91, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7, 0xA8,
        0xA9, 0xC0, 0x4F, 0xD0, 0xA1,
    ];
    match c {
        '\n' => 0x25,
        '\t' => 0x05,
        '\r' => 0x0D,
        c => u32::from(c)
            .checked_sub(0x20)
            .and_then(|n| TABLE.get(n as usize))
            .copied()
            .unwrap_or(0x6F),
    }
}
