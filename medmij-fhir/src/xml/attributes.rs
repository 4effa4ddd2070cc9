// SPDX-License-Identifier: AGPL-3.0-or-later
//! Start tags: attributes, namespaces, and what a value means (XML 1.0 sections 3.1, 3.3.3 and 4.1).

use std::ops::Range;

use super::{FHIR_NAMESPACE, XmlError, XmlRule};
use crate::json::push_escaped;

/// What matters of a start tag; values are as written.
#[derive(Default)]
pub(super) struct Attributes<'a> {
    pub(super) value: Option<Raw<'a>>,
    pub(super) id: Option<Raw<'a>>,
    pub(super) url: Option<Raw<'a>>,
    /// Prefix, empty for the default, and namespace.
    pub(super) namespaces: Vec<(&'a str, Namespace)>,
    /// Where the others stand.
    pub(super) others: Vec<Range<usize>>,
}

/// The text between the quotes of an attribute.
#[derive(Clone, Copy)]
pub(super) struct Raw<'a> {
    pub(super) text: &'a str,
    pub(super) offset: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Namespace {
    Fhir,
    Xhtml,
    Other,
    /// No namespace at all.
    None,
}

impl<'a> Attributes<'a> {
    /// Reads the attributes of a tag; `raw` is what follows its name, and stands at `offset`.
    pub(super) fn parse(raw: &'a str, offset: usize) -> Result<Self, XmlError> {
        let mut read = Self::default();
        // most elements of FHIR have a value and nothing else
        if let Some(inside) = raw.strip_prefix(VALUE)
            && let Some(text) = inside.strip_suffix('"')
            && memchr::memchr(b'"', text.as_bytes()).is_none()
        {
            read.value = Some(Raw {
                text,
                offset: offset + VALUE.len(),
            });
            return Ok(read);
        }
        // the names that are none of the three of FHIR
        let mut names: Vec<&str> = Vec::new();
        let bytes = raw.as_bytes();
        let mut at = 0;
        loop {
            let space = skip_space(bytes, at);
            let Some(rest) = raw.get(space..).filter(|rest| !rest.is_empty()) else {
                return Ok(read);
            };
            let syntax = XmlError::new(XmlRule::Syntax, offset + space);
            if space == at {
                return Err(syntax);
            }
            let len = rest
                .bytes()
                .position(|b| matches!(b, b'=' | b' ' | b'\t' | b'\n' | b'\r'))
                .ok_or(syntax)?;
            let name = rest.get(..len).filter(|name| !name.is_empty()).ok_or(syntax)?;
            let equals = skip_space(bytes, space + len);
            let quote_at = skip_space(bytes, equals + 1);
            let quote = *bytes
                .get(quote_at)
                .filter(|b| matches!(b, b'"' | b'\''))
                .ok_or(syntax)?;
            if bytes.get(equals) != Some(&b'=') {
                return Err(syntax);
            }
            let inside = raw.get(quote_at + 1..).ok_or(syntax)?;
            let len = memchr::memchr(quote, inside.as_bytes()).ok_or(syntax)?;
            let text = inside.get(..len).ok_or(syntax)?;
            at = quote_at + len + 2;
            let value = Raw {
                text,
                offset: offset + quote_at + 1,
            };
            let known = match name {
                "value" => Some(&mut read.value),
                "id" => Some(&mut read.id),
                "url" => Some(&mut read.url),
                _ => None,
            };
            let is_new = match known {
                Some(known) => known.replace(value).is_none(),
                None => {
                    let is_new = !names.contains(&name);
                    names.push(name);
                    read.take(name, value, offset + space..offset + at);
                    is_new
                }
            };
            if !is_new {
                return Err(XmlError::new(XmlRule::DuplicateAttribute, offset + space));
            }
            if names.len() > MOST {
                return Err(XmlError::new(XmlRule::TooLong, offset + space));
            }
        }
    }

    fn take(&mut self, name: &'a str, value: Raw<'a>, whole: Range<usize>) {
        match name {
            "xmlns" => self.namespaces.push(("", Namespace::of(value.text))),
            _ => match name.split_once(':') {
                Some(("xmlns", prefix)) => self.namespaces.push((prefix, Namespace::of(value.text))),
                // where a schema stands is no data
                Some((_, "schemaLocation" | "noNamespaceSchemaLocation")) => {}
                _ => self.others.push(whole),
            },
        }
    }
}

impl Namespace {
    fn of(uri: &str) -> Self {
        match uri {
            FHIR_NAMESPACE => Self::Fhir,
            "http://www.w3.org/1999/xhtml" => Self::Xhtml,
            "" => Self::None,
            _ => Self::Other,
        }
    }
}

/// Appends what an attribute says to the inside of a JSON string.
pub(super) fn push_value(out: &mut String, value: Raw<'_>) -> Result<(), XmlError> {
    let bytes = value.text.as_bytes();
    let is_special = |b: &u8| (*b == b'&') | (*b == b'<') | (*b == b'"') | (*b == b'\\') | (*b < 0x20);
    if !bytes.iter().fold(false, |found, b| found | is_special(b)) {
        out.push_str(value.text);
        return Ok(());
    }
    push_escaped(out, &decode(value)?);
    Ok(())
}

/// What an attribute says: references resolved, line ends and tabs as spaces.
pub(super) fn decode(value: Raw<'_>) -> Result<String, XmlError> {
    let mut out = String::with_capacity(value.text.len());
    let mut rest = value.text;
    while let Some(at) = rest
        .bytes()
        .position(|b| matches!(b, b'&' | b'<' | b'\t' | b'\n' | b'\r'))
    {
        let offset = value.offset + value.text.len() - rest.len() + at;
        out.push_str(rest.get(..at).unwrap_or_default());
        rest = rest.get(at..).unwrap_or_default();
        let used = match rest.as_bytes() {
            [b'&', ..] => {
                let end = rest.bytes().take(LONGEST).position(|b| b == b';');
                let end = end.ok_or_else(|| XmlError::new(XmlRule::Entity, offset))?;
                out.push(reference(rest.get(1..end).unwrap_or_default(), offset)?);
                end + 1
            }
            [b'<', ..] => return Err(XmlError::new(XmlRule::Syntax, offset)),
            [b'\r', b'\n', ..] => {
                out.push(' ');
                2
            }
            _ => {
                out.push(' ');
                1
            }
        };
        rest = rest.get(used..).unwrap_or_default();
    }
    out.push_str(rest);
    Ok(out)
}

/// The character that a reference stands for.
fn reference(name: &str, offset: usize) -> Result<char, XmlError> {
    let number = match name {
        "amp" => return Ok('&'),
        "lt" => return Ok('<'),
        "gt" => return Ok('>'),
        "quot" => return Ok('"'),
        "apos" => return Ok('\''),
        _ => name
            .strip_prefix('#')
            .ok_or_else(|| XmlError::new(XmlRule::Entity, offset))?,
    };
    let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |hex| (hex, 16));
    let code = u32::from_str_radix(digits, radix)
        .ok()
        .filter(|_| !digits.starts_with('+'));
    code.and_then(char::from_u32)
        .filter(|c| is_xml(*c))
        .ok_or_else(|| XmlError::new(XmlRule::Character, offset))
}

/// XML 1.0 section 2.2.
pub(super) const fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at).is_some_and(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

const VALUE: &str = " value=\"";
/// FHIR has three attributes, and a document a few namespaces.
const MOST: usize = 64;
/// The longest reference: `&#x0010ffff;` and some zeros.
const LONGEST: usize = 32;
