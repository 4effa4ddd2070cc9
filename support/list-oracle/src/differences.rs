// SPDX-License-Identifier: AGPL-3.0-or-later
//! The differences that are known, from `known-differences.txt`: one line each, with its reason.

use medmij_list::ListError;

use crate::lexeme::{Kind, lexemes};

/// A line of the file.
#[derive(Clone, Debug)]
pub struct Known {
    pub kind: String,
    pub reason: String,
}

pub fn known() -> Vec<Known> {
    let text = include_str!("../known-differences.txt");
    text.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let (kind, reason) = line.split_once(" | ").expect("kind | reason");
            Known {
                kind: kind.trim().to_owned(),
                reason: reason.trim().to_owned(),
            }
        })
        .collect()
}

/// What kind of difference this is, if it is one that has a name. `ours` is our refusal; `None` means that we accept what
/// xmllint refuses.
pub fn kind_of(bytes: &[u8], ours: Option<&ListError>) -> Option<&'static str> {
    let Some(error) = ours else {
        return laxer(&String::from_utf8_lossy(bytes));
    };
    let at = bytes.get(error.offset()..).unwrap_or_default();
    let code = error.rule().code();
    let message = error.message();
    Some(match code {
        "xml.doctype" if at.starts_with(b"<!DOCTYPE") => "stricter: a document type declaration",
        "xml.encoding" if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") => {
            "stricter: UTF-16 with a byte order mark"
        }
        "xml.encoding" if bytes.starts_with(b"\0\0\0<") => "stricter: UTF-32 without a byte order mark",
        "xml.encoding" if bytes.starts_with(b"<\0") || bytes.starts_with(b"\0<") => {
            "stricter: UTF-16 without a byte order mark"
        }
        "xml.encoding" if bytes.starts_with(b"\x4c\x6f\xa7\x94") => "stricter: EBCDIC",
        "xml.declared-encoding" => "stricter: an encoding other than UTF-8 is declared",
        "xml.processing-instruction" if message.contains(':') && message.contains("without a colon") => {
            "stricter: a processing instruction whose target holds a colon"
        }
        "ns.prefix" if message.starts_with("\"xmlns") => "stricter: an element with the prefix xmlns",
        "ns.declaration" if message.contains("prefix xmlns") => "stricter: the prefix xmlns is declared",
        "ns.declaration" if message.contains("prefix xml ") => {
            "stricter: the prefix xml is declared for another namespace"
        }
        "ns.declaration" if message.contains("reserved") && message.starts_with("\"http://www.w3.org/XML") => {
            "stricter: another prefix is declared for the namespace of xml"
        }
        "ns.declaration" if message.contains("reserved") => "stricter: a prefix is declared for the namespace of xmlns",
        "ns.declaration" if message.contains("no namespace") => "stricter: a prefix is declared for no namespace",
        "ns.qualified-name" if at.starts_with(b"xmlns:") => "stricter: a prefix that is declared holds a colon",
        "xml.duplicate-attribute" => "stricter: the same attribute twice by two prefixes of one namespace",
        "xml.declaration" if message.starts_with("\"1.\"") => "stricter: version 1. in the XML declaration",
        "xml.declaration" if message.contains("white space must come before") && glued_standalone(bytes) => {
            "stricter: no white space before standalone in the XML declaration"
        }
        "xml.character"
            if at.starts_with(b"\0")
                && error.path().is_empty()
                && bytes[..error.offset()].trim_ascii_end().ends_with(b">") =>
        {
            "stricter: NUL after the root element"
        }
        "schema.number-too-large" if !message.contains("year") => "stricter: a number of more than 64 bits",
        "limit.size" => "stricter: a document above the limit of size",
        "limit.depth" => "stricter: elements above the limit of depth",
        "limit.namespaces" => "stricter: namespace declarations above the limit",
        "limit.value" if message.starts_with("the value") => "stricter: a value above the limit of length",
        "limit.value" if message.starts_with("a name") => "stricter: a name above the limit of length",
        "limit.value" if message.starts_with("an attribute") => "stricter: an attribute above the limit of length",
        _ => return None,
    })
}

fn glued_standalone(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let declaration = text.split_once("?>").map_or("", |(before, _)| before);
    declaration.contains("\"standalone") || declaration.contains("'standalone")
}

fn laxer(text: &str) -> Option<&'static str> {
    let longest_blank = text.split(|c: char| !c.is_ascii_whitespace()).map(str::len).max();
    if longest_blank >= Some(9_000_000) {
        return Some("laxer: ten million bytes of white space in a row");
    }
    if has_late_letter(text) {
        return Some("laxer: a letter as the eleventh hexadecimal digit of a reference, or as each eleventh after it");
    }
    if has_blank_cdata(text) {
        return Some("laxer: CDATA of nothing but white space between elements");
    }
    if is_rounded_up(text) {
        return Some("laxer: a second so near to the next minute that a double takes it for that");
    }
    let is_space = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r');
    let types = text.split(":type").skip(1).filter_map(|after| {
        let after = after
            .trim_start_matches(is_space)
            .strip_prefix('=')?
            .trim_start_matches(is_space);
        let quote = after.chars().next()?;
        after[1..].split(quote).next()
    });
    types
        .into_iter()
        .any(|value| value.starts_with(is_space) || value.ends_with(is_space) || value.contains("&#"))
        .then_some("laxer: white space around the value of xsi:type")
}

/// `&#x` and ten digits, or ten and eleven, and so on, and then a letter.
fn has_late_letter(text: &str) -> bool {
    text.split("&#x").skip(1).any(|after| {
        let digits = after.bytes().take_while(u8::is_ascii_hexdigit);
        let mut late = digits.enumerate().filter(|(n, _)| n % 11 == 10);
        late.any(|(_, digit)| !digit.is_ascii_digit())
    })
}

/// Whether an element that holds no text has CDATA that is blank.
fn has_blank_cdata(text: &str) -> bool {
    let mut open: Vec<(bool, bool)> = Vec::new();
    let close = |open: &mut Vec<(bool, bool)>| matches!(open.pop(), Some((false, true)));
    lexemes(text).into_iter().any(|(kind, piece)| {
        match kind {
            Kind::Open if !piece.ends_with("/>") => open.push((false, false)),
            Kind::Close => return close(&mut open),
            Kind::Text | Kind::CData => {
                let inner = piece.trim_start_matches("<![CDATA[").trim_end_matches("]]>");
                if let Some((has_text, has_blank)) = open.last_mut() {
                    *has_text |= !inner.trim_ascii().is_empty() && !inner.trim_ascii().starts_with("&#");
                    *has_blank |= kind == Kind::CData;
                }
            }
            _ => {}
        }
        false
    })
}

/// Whether the Tijdstempel has a second of 59 and at least fourteen nines.
fn is_rounded_up(text: &str) -> bool {
    let is_stamp = |piece: &str| piece.contains("Tijdstempel");
    let inside = lexemes(text)
        .into_iter()
        .skip_while(|(kind, piece)| *kind != Kind::Open || !is_stamp(piece))
        .skip(1);
    let mut value = String::new();
    for (kind, piece) in inside {
        match kind {
            Kind::Text => value.push_str(piece),
            Kind::CData => value.push_str(piece.trim_start_matches("<![CDATA[").trim_end_matches("]]>")),
            Kind::Open | Kind::Close => break,
            _ => {}
        }
    }
    // A nine may be a reference as well.
    for nine in ["&#57;", "&#x39;", "&#x039;"] {
        value = value.replace(nine, "9");
    }
    let after = value.split('.').nth(1).unwrap_or_default();
    after.bytes().take_while(|b| *b == b'9').count() >= 14
}
