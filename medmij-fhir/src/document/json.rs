// SPDX-License-Identifier: AGPL-3.0-or-later
//! FHIR JSON in pieces: the content of a Binary apart from everything else.
//!
//! This is no reader of JSON. It knows strings and brackets, which is enough to find a member of the outermost object;
//! what is left, with an empty string in place of the content, goes through the strict reader at the end.

use super::base64::Decoder;
use super::keep;
use crate::error::FhirError;

/// Parts the content from the rest.
pub(super) struct Splitter {
    content: &'static str,
    around: Vec<u8>,
    depth: usize,
    /// The name of the outermost object's member that is under way, as written.
    name: Vec<u8>,
    place: Place,
    decoder: Decoder,
    streamed: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// Between strings; whether the next string is a name.
    Between { names: bool },
    /// In a string; whether it is a name of the outermost object, and whether a backslash is before.
    Inside { name: bool, escaped: bool },
    /// In the content.
    Content,
    /// In an escape of the content: how many digits of `\u` came, with their value.
    Escape { digits: Option<(u8, u32)> },
}

impl Splitter {
    pub(super) fn new(content: &'static str) -> Self {
        Self {
            content,
            around: Vec::new(),
            depth: 0,
            name: Vec::new(),
            place: Place::Between { names: false },
            decoder: Decoder::default(),
            streamed: false,
        }
    }

    pub(super) fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), FhirError> {
        let mut rest = bytes;
        while let Some(first) = rest.first() {
            let used = match self.place {
                Place::Content => self.characters(rest, out)?,
                Place::Escape { digits } => {
                    self.escape(digits, *first, out)?;
                    1
                }
                _ => {
                    keep(&mut self.around, std::slice::from_ref(first))?;
                    self.around(*first);
                    1
                }
            };
            rest = rest.get(used..).unwrap_or_default();
        }
        Ok(())
    }

    /// What is around the content, and whether there was one.
    pub(super) fn finish(mut self, out: &mut Vec<u8>) -> Result<(Vec<u8>, bool), FhirError> {
        self.decoder.finish(out)?;
        Ok((self.around, self.streamed))
    }

    fn around(&mut self, byte: u8) {
        self.place = match (self.place, byte) {
            (Place::Inside { name, escaped: true }, _) => {
                self.keep_name(name, byte);
                Place::Inside { name, escaped: false }
            }
            (Place::Inside { name, .. }, b'\\') => {
                self.keep_name(name, byte);
                Place::Inside { name, escaped: true }
            }
            (Place::Inside { .. }, b'"') => Place::Between { names: false },
            (Place::Inside { name, .. }, _) => {
                self.keep_name(name, byte);
                self.place
            }
            (Place::Between { names }, b'"') => {
                let is_outermost = self.depth == 1;
                if !names && is_outermost && self.name == self.content.as_bytes() {
                    self.streamed = true;
                    Place::Content
                } else {
                    let name = names && is_outermost;
                    if name {
                        self.name.clear();
                    }
                    Place::Inside { name, escaped: false }
                }
            }
            (Place::Between { .. }, b'{') => {
                self.depth += 1;
                self.name.clear();
                Place::Between { names: true }
            }
            (Place::Between { .. }, b'[') => {
                self.depth += 1;
                Place::Between { names: false }
            }
            (Place::Between { .. }, b'}' | b']') => {
                self.depth = self.depth.saturating_sub(1);
                self.name.clear();
                Place::Between { names: false }
            }
            (Place::Between { .. }, b',') => {
                self.name.clear();
                // in an array a name is looked for where a value stands, and none is found: it is not outermost
                Place::Between { names: true }
            }
            (Place::Between { .. }, b':') => Place::Between { names: false },
            (place, _) => place,
        };
    }

    fn keep_name(&mut self, is_name: bool, byte: u8) {
        if is_name && self.name.len() <= self.content.len() {
            self.name.push(byte);
        }
    }

    /// Characters of the content, up to its end or an escape; says how many bytes they were.
    fn characters(&mut self, rest: &[u8], out: &mut Vec<u8>) -> Result<usize, FhirError> {
        let end = memchr::memchr2(b'"', b'\\', rest);
        let len = end.unwrap_or(rest.len());
        self.decoder.push(rest.get(..len).unwrap_or_default(), out)?;
        match end.and_then(|end| rest.get(end)) {
            None => return Ok(len),
            Some(b'"') => {
                self.decoder.finish(out)?;
                keep(&mut self.around, b"\"")?;
                self.name.clear();
                self.place = Place::Between { names: false };
            }
            Some(_) => self.place = Place::Escape { digits: None },
        }
        Ok(len + 1)
    }

    /// A slash may be escaped, white space often is, and any character may be.
    fn escape(&mut self, digits: Option<(u8, u32)>, byte: u8, out: &mut Vec<u8>) -> Result<(), FhirError> {
        let wrong = || FhirError::Base64;
        let character = match (digits, byte) {
            (None, b'u') => {
                self.place = Place::Escape { digits: Some((0, 0)) };
                return Ok(());
            }
            (None, b'n' | b'r' | b't') => b' ',
            (None, b'/') => b'/',
            (None, _) => return Err(wrong()),
            (Some((count, value)), digit) => {
                let digit = char::from(digit).to_digit(16).ok_or_else(wrong)?;
                let value = value << 4 | digit;
                if count < 3 {
                    self.place = Place::Escape {
                        digits: Some((count + 1, value)),
                    };
                    return Ok(());
                }
                u8::try_from(value).map_err(|_| wrong())?
            }
        };
        self.place = Place::Content;
        self.decoder.push(&[character], out)
    }
}
