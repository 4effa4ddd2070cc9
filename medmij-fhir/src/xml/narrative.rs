// SPDX-License-Identifier: AGPL-3.0-or-later
//! The narrative: one `div` of XHTML, whose source is the text of the JSON member (FHIR section 2.4.0).

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::attributes::{Attributes, Namespace, is_xml};
use super::{XmlError, XmlRule};

/// The source of a `div` as JSON has it: line ends as XML has them, characters for their numbers, and no prefix.
pub(super) fn source<'a>(raw: &'a str, prefix: &str, declares: bool) -> Cow<'a, str> {
    let mut text = if raw.contains('\r') {
        Cow::Owned(raw.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        Cow::Borrowed(raw)
    };
    if text.contains('&') {
        text = Cow::Owned(with_characters(&text));
    }
    if prefix.is_empty() && declares {
        return text;
    }
    without_prefix(&text, prefix).map_or(text, Cow::Owned)
}

/// Writes a character for its number, where it is neither markup nor white space; comments and CDATA stay as they are.
fn with_characters(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<']) {
        out.push_str(rest.get(..at).unwrap_or_default());
        rest = rest.get(at..).unwrap_or_default();
        let closing = [("<!--", "-->"), ("<![CDATA[", "]]>")];
        let closing = closing
            .iter()
            .find(|(open, _)| rest.starts_with(open))
            .map(|(_, close)| close);
        let used = match closing {
            Some(close) => rest.find(close).map_or(rest.len(), |end| end + close.len()),
            None => match character(rest) {
                Some((c, used)) => {
                    out.push(c);
                    rest = rest.get(used..).unwrap_or_default();
                    continue;
                }
                None => 1,
            },
        };
        out.push_str(rest.get(..used).unwrap_or_default());
        rest = rest.get(used..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// The character that a reference stands for, with the length of the reference.
fn character(text: &str) -> Option<(char, usize)> {
    let end = text.bytes().take(16).position(|b| b == b';')?;
    let name = text.get(1..end)?;
    if name == "apos" && text.starts_with('&') {
        return Some(('\'', end + 1));
    }
    let number = name.strip_prefix('#').filter(|_| text.starts_with('&'))?;
    let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |hex| (hex, 16));
    let c = char::from_u32(u32::from_str_radix(digits, radix).ok()?)?;
    let plain = is_xml(c) && !matches!(c, '<' | '>' | '&' | '"' | '\t' | '\n' | '\r') && !digits.starts_with('+');
    plain.then_some((c, end + 1))
}

/// Checks what JSON says is a `div`, where it was written at the end of `out`, and declares the namespace: there is no
/// second copy of a long one.
pub(super) fn settle(out: &mut String, start: usize, offset: usize) -> Result<(), XmlError> {
    let wrong = XmlError::new(XmlRule::Narrative, offset);
    let written = out.get(start..).ok_or(wrong)?;
    let end = start + written.trim_end().len();
    let space = written.len() - written.trim_start().len();
    out.truncate(end);
    out.replace_range(start..end.min(start + space), "");
    if !declares(out.get(start..).unwrap_or_default(), wrong)? {
        let rest = out.get(start..).and_then(|text| text.strip_prefix(DIV)).ok_or(wrong)?;
        let at = out.len() - rest.len();
        out.insert_str(at, DECLARED);
        out.insert(at, ' ');
    }
    Ok(())
}

/// Whether a well-formed `div` declares its namespace itself.
fn declares(text: &str, wrong: XmlError) -> Result<bool, XmlError> {
    let mut reader = Reader::from_str(text);
    let mut depth = 0_usize;
    let mut declares = None;
    let mut done = false;
    loop {
        match reader.read_event().map_err(|_| wrong)? {
            Event::Start(tag) if !done => {
                declares = Some(declared(&tag, declares).ok_or(wrong)?);
                depth += 1;
            }
            Event::Empty(tag) if !done => {
                declares = Some(declared(&tag, declares).ok_or(wrong)?);
                done = depth == 0;
            }
            Event::End(_) => {
                depth = depth.checked_sub(1).ok_or(wrong)?;
                done = depth == 0;
            }
            Event::Comment(_) | Event::CData(_) | Event::PI(_) | Event::Text(_) if depth > 0 => {}
            Event::GeneralRef(name) if depth > 0 => {
                let known = matches!(&*name, "amp" | "lt" | "gt" | "quot" | "apos");
                if !known && !name.resolve_char_ref().is_ok_and(|c| c.is_some()) {
                    return Err(wrong);
                }
            }
            Event::Eof if done => break,
            _ => return Err(wrong),
        }
    }
    Ok(declares == Some(true))
}

/// Checks a tag; says whether the root declares the namespace. None where the root is no `div` of XHTML.
fn declared(tag: &BytesStart<'_>, by_root: Option<bool>) -> Option<bool> {
    let attributes = Attributes::parse(tag.attributes_raw(), 0).ok()?;
    if by_root.is_some() {
        return by_root;
    }
    let declared = attributes.namespaces.iter().find(|(prefix, _)| prefix.is_empty());
    match declared.map(|(_, namespace)| *namespace) {
        Some(Namespace::Xhtml) => Some(true),
        None if tag.name().as_ref() == "div" => Some(false),
        _ => None,
    }
}

/// Takes a prefix off the tags, and declares the namespace on the root.
fn without_prefix(text: &str, prefix: &str) -> Option<String> {
    let mut reader = Reader::from_str(text);
    let mut out = String::with_capacity(text.len() + 64);
    let mut is_root = true;
    loop {
        let start = usize::try_from(reader.buffer_position()).ok()?;
        let event = reader.read_event().ok()?;
        let end = usize::try_from(reader.buffer_position()).ok()?;
        let raw = text.get(start..end)?;
        let (open, inside) = match event {
            Event::Start(_) | Event::Empty(_) => ("<", raw.strip_prefix('<')?),
            Event::End(_) => ("</", raw.strip_prefix("</")?),
            Event::Eof => return Some(out),
            _ => {
                out.push_str(raw);
                continue;
            }
        };
        out.push_str(open);
        let inside = match inside.strip_prefix(prefix).and_then(|rest| rest.strip_prefix(':')) {
            Some(rest) if !prefix.is_empty() => rest,
            _ => inside,
        };
        if std::mem::take(&mut is_root) {
            let len = inside.find(|c: char| c.is_ascii_whitespace() || matches!(c, '>' | '/'))?;
            out.push_str(inside.get(..len)?);
            out.push(' ');
            out.push_str(DECLARED);
            out.push_str(inside.get(len..)?);
        } else {
            out.push_str(inside);
        }
    }
}

const DIV: &str = "<div";
const DECLARED: &str = "xmlns=\"http://www.w3.org/1999/xhtml\"";
