// SPDX-License-Identifier: AGPL-3.0-or-later
//! The same document, written in another way: other white space in tags, other quotes, empty tags for start and end,
//! references, CDATA, comments and line ends. The schema sees no difference.

use super::{Kind, lexemes};
use crate::rng::Rng;

const ASIDES: &[&str] = &[
    "<!---->",
    "<!-- - > <x> &foo; ]]> -->",
    "<!--é😀\r\n-->",
    "<!--><a>-->",
    "<!--->-->",
    "<?p?>",
    "<?p ??>",
    "<?p\n a=\"&x;\" <b> -- ]]> ?>",
    "<?xml-stylesheet href='x'?>",
    "<?xm?>",
    "<?é-·x.1 y?>",
    "<?p <?q?>",
    "<?php echo '?' . \">\"; ?>",
];

pub fn rewrite(document: &str, rng: &mut Rng) -> String {
    let pieces = lexemes(document);
    let mut out = String::with_capacity(document.len() * 2);
    let often = *rng.pick(&[3, 15, 50]);
    let mut at = 0;
    while let Some(&(kind, piece)) = pieces.get(at) {
        let next = pieces.get(at + 1);
        at += 1;
        match kind {
            Kind::Open if piece.ends_with("/>") && rng.chance(often) => {
                let open = piece.trim_end_matches("/>").trim_end();
                let name = open[1..].split([' ', '\t', '\n', '\r']).next().unwrap_or_default();
                out.push_str(&tag(open, often, rng));
                out.push_str(&format!("></{name}>"));
            }
            Kind::Open if !piece.ends_with("/>") && matches!(next, Some((Kind::Close, _))) && rng.chance(often) => {
                out.push_str(&tag(piece.trim_end_matches('>'), often, rng));
                out.push_str("/>");
                at += 1;
            }
            Kind::Open => {
                let end = if piece.ends_with("/>") { "/>" } else { ">" };
                out.push_str(&tag(piece.trim_end_matches(end), often, rng));
                out.push_str(end);
            }
            Kind::Close if rng.chance(often) => {
                out.push_str(piece.trim_end_matches('>'));
                space(rng, &mut out);
                out.push('>');
            }
            // Text between an open tag and its end is a value; other text is white space between elements.
            Kind::Text if matches!(next, Some((Kind::Close, _))) && !piece.trim().is_empty() => {
                value(piece, often, rng, &mut out)
            }
            Kind::Text if piece.trim().is_empty() && rng.chance(often) => {
                out.push_str(&piece.replace('\n', rng.text(&["\r\n", "\r", "&#10;", "\n\t"])));
            }
            _ => out.push_str(piece),
        }
        if at > 1 && kind != Kind::Text && rng.chance(often / 3) {
            out.push_str(rng.text(ASIDES));
        }
    }
    out
}

/// A start tag up to its end, with other white space and other quotes.
fn tag(open: &str, often: usize, rng: &mut Rng) -> String {
    let mut out = String::new();
    let mut quote = None;
    for c in open.chars() {
        match (c, quote) {
            ('"' | '\'', None) => {
                quote = Some(c);
                out.push(c);
            }
            (c, Some(open)) if c == open => {
                quote = None;
                out.push(c);
            }
            (' ', None) if rng.chance(often) => {
                out.push(*rng.pick(&['\t', '\n', '\r', ' ']));
                space(rng, &mut out);
            }
            ('=', None) if rng.chance(often) => {
                space(rng, &mut out);
                out.push('=');
                space(rng, &mut out);
            }
            ('a'..='z' | ':', Some(_)) if rng.chance(often / 10) => out.push_str(&format!("&#{};", u32::from(c))),
            (c, _) => out.push(c),
        }
    }
    if rng.chance(often) {
        space(rng, &mut out);
    }
    out
}

/// A value in pieces: as it is, by reference, or in CDATA.
fn value(raw: &str, often: usize, rng: &mut Rng, out: &mut String) {
    let plain = !raw.contains(['&', ']', '\r']);
    let mut in_reference = false;
    let mut cdata = false;
    for c in raw.chars() {
        in_reference |= c == '&';
        if in_reference {
            in_reference = c != ';';
            out.push(c);
            continue;
        }
        if plain && rng.chance(often / 8) {
            out.push_str(if cdata { "]]>" } else { "<![CDATA[" });
            cdata = !cdata;
        }
        if !cdata && rng.chance(often / 8) {
            out.push_str(rng.text(ASIDES));
        }
        match rng.below(3) {
            0 if !cdata && rng.chance(often) => out.push_str(&format!("&#{};", u32::from(c))),
            1 if !cdata && rng.chance(often) => out.push_str(&format!("&#x0{:x};", u32::from(c))),
            _ => out.push(c),
        }
    }
    if cdata {
        out.push_str("]]>");
    }
}

fn space(rng: &mut Rng, out: &mut String) {
    for _ in 0..rng.below(3) {
        out.push(*rng.pick(&[' ', '\t', '\n', '\r']));
    }
}
