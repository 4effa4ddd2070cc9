// SPDX-License-Identifier: AGPL-3.0-or-later
//! FHIR XML in pieces: the content of a Binary apart from everything else.
//!
//! This is no reader of XML. It knows tags, attributes and what may hide one, which is enough to find the value of a child
//! of the root; what is left, with an empty value in place of the content, goes through the strict reader at the end.

use super::base64::Decoder;
use super::keep;
use crate::error::FhirError;

/// Parts the content from the rest.
pub(super) struct Splitter {
    content: &'static str,
    around: Vec<u8>,
    depth: usize,
    /// What is under way, as written: the name of a tag or of an attribute, a reference, or what follows `<!`.
    word: Vec<u8>,
    /// Whether the tag is that of the content.
    is_content: bool,
    place: Place,
    decoder: Decoder,
    streamed: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    Text,
    /// After `<`.
    Open,
    /// After `<!`, until it is clear what it is.
    Bang,
    /// A comment, CDATA or processing instruction, up to these bytes.
    Until(&'static [u8]),
    /// In `</…>`.
    Close,
    /// In the name of a start tag.
    Name,
    /// In a start tag, between attributes; whether a slash came last.
    Tag {
        slash: bool,
    },
    /// In the name of an attribute, or before its value.
    Attribute,
    /// In a value, up to this quote.
    Value(u8),
    /// In the content, up to this quote.
    Content(u8),
    /// In a reference in the content.
    Reference(u8),
}

impl Splitter {
    pub(super) fn new(content: &'static str) -> Self {
        Self {
            content,
            around: Vec::new(),
            depth: 0,
            word: Vec::new(),
            is_content: false,
            place: Place::Text,
            decoder: Decoder::default(),
            streamed: false,
        }
    }

    pub(super) fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), FhirError> {
        let mut rest = bytes;
        while let Some(first) = rest.first() {
            let used = match self.place {
                Place::Content(quote) => self.characters(quote, rest, out)?,
                Place::Reference(quote) => {
                    self.reference(quote, *first, out)?;
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
        let is_space = byte.is_ascii_whitespace();
        self.place = match (self.place, byte) {
            (Place::Text, b'<') => Place::Open,
            (Place::Open, b'!') => self.start(Place::Bang),
            (Place::Open, b'?') => self.start(Place::Until(b"?>")),
            (Place::Open, b'/') => Place::Close,
            (Place::Open, _) => {
                self.start(Place::Name);
                self.word.push(byte);
                Place::Name
            }
            (Place::Bang, _) => {
                self.word.push(byte);
                match self.word.as_slice() {
                    b"--" => self.start(Place::Until(b"-->")),
                    b"[CDATA[" => self.start(Place::Until(b"]]>")),
                    word if b"--".starts_with(word) || b"[CDATA[".starts_with(word) => Place::Bang,
                    // a document type, which the reader refuses
                    _ => Place::Text,
                }
            }
            (Place::Until(end), _) => {
                self.word.push(byte);
                if self.word.ends_with(end) {
                    Place::Text
                } else {
                    let surplus = self.word.len().saturating_sub(end.len());
                    self.word.drain(..surplus);
                    self.place
                }
            }
            (Place::Close, b'>') => {
                self.depth = self.depth.saturating_sub(1);
                Place::Text
            }
            (Place::Name, b'>') => self.open(false),
            (Place::Name, b'/') => self.named(true),
            (Place::Name, _) if is_space => self.named(false),
            (Place::Name, _) => {
                self.keep_word(byte);
                Place::Name
            }
            (Place::Tag { slash }, b'>') => self.open(slash),
            (Place::Tag { .. }, b'/') => Place::Tag { slash: true },
            (Place::Tag { .. }, _) if is_space => Place::Tag { slash: false },
            (Place::Tag { .. }, _) => {
                self.start(Place::Attribute);
                self.word.push(byte);
                Place::Attribute
            }
            (Place::Attribute, b'"' | b'\'') => {
                if self.is_content && self.word == b"value" {
                    self.streamed = true;
                    Place::Content(byte)
                } else {
                    Place::Value(byte)
                }
            }
            (Place::Attribute, _) if is_space || byte == b'=' => Place::Attribute,
            (Place::Attribute, b'>') => self.open(false),
            (Place::Attribute, _) => {
                self.keep_word(byte);
                Place::Attribute
            }
            (Place::Value(quote), _) if byte == quote => Place::Tag { slash: false },
            (place, _) => place,
        };
    }

    fn start(&mut self, place: Place) -> Place {
        self.word.clear();
        place
    }

    /// The name of a start tag has ended.
    fn named(&mut self, slash: bool) -> Place {
        let local = self.word.rsplit(|byte| *byte == b':').next().unwrap_or_default();
        self.is_content = self.depth == 1 && local == self.content.as_bytes();
        Place::Tag { slash }
    }

    /// A start tag has ended.
    fn open(&mut self, is_empty: bool) -> Place {
        self.is_content = false;
        self.depth += usize::from(!is_empty);
        Place::Text
    }

    fn keep_word(&mut self, byte: u8) {
        if self.word.len() < LONGEST_NAME {
            self.word.push(byte);
        }
    }

    /// Characters of the content, up to its end or a reference; says how many bytes they were.
    fn characters(&mut self, quote: u8, rest: &[u8], out: &mut Vec<u8>) -> Result<usize, FhirError> {
        let end = memchr::memchr2(quote, b'&', rest);
        let len = end.unwrap_or(rest.len());
        self.decoder.push(rest.get(..len).unwrap_or_default(), out)?;
        match end.and_then(|end| rest.get(end)) {
            None => return Ok(len),
            Some(b'&') => self.place = self.start(Place::Reference(quote)),
            Some(_) => {
                self.decoder.finish(out)?;
                keep(&mut self.around, &[quote])?;
                self.place = Place::Tag { slash: false };
            }
        }
        Ok(len + 1)
    }

    /// White space in a value is written by its number.
    fn reference(&mut self, quote: u8, byte: u8, out: &mut Vec<u8>) -> Result<(), FhirError> {
        let wrong = || FhirError::Base64;
        if byte != b';' {
            self.word.push(byte);
            return if self.word.len() > LONGEST_REFERENCE {
                Err(wrong())
            } else {
                Ok(())
            };
        }
        let word = std::str::from_utf8(&self.word).map_err(|_| wrong())?;
        let number = word.strip_prefix('#').ok_or_else(wrong)?;
        let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |hex| (hex, 16));
        let character = u8::from_str_radix(digits, radix).map_err(|_| wrong())?;
        self.place = Place::Content(quote);
        self.decoder.push(&[character], out)
    }
}

/// A longer name is not the one that is looked for.
const LONGEST_NAME: usize = 256;
/// `#x0000002b`
const LONGEST_REFERENCE: usize = 12;
