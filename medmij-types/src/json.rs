// SPDX-License-Identifier: AGPL-3.0-or-later
//! RFC 8259 — strict JSON of another party, in one pass, without losing a byte.
//!
//! RFC 8259 leaves much to the reader. Here:
//!
//! * a member name that occurs twice in one object is refused, at every level, escaped or not;
//! * a lone surrogate is refused, and so is a control character in a string;
//! * nesting, length of objects and arrays, and the number of values are bounded ([`JsonLimits`]);
//! * a byte order mark in front is skipped (section 8.1 lets a reader do so);
//! * a number stays its text: `1.50`, `1E2` and thirty digits are kept digit for digit.
//!
//! [`Document`] is an index over the text, 16 bytes a value: no string is copied and no tree of maps is built.
//! [`Value`] looks into it, and knows the bytes of each value, so that a caller can cut one out and leave every
//! other byte as it was.
//!
//! ```
//! use medmij_types::json::{Document, JsonRule, JsonLimits};
//!
//! let text = br#"{"token_type":"Bearer","expires_in":900,"dose":1.50}"#;
//! let document = Document::parse(text, &JsonLimits::default())?;
//! let root = document.root();
//! assert_eq!(root.member("token_type").and_then(|value| value.as_str()).as_deref(), Some("Bearer"));
//! assert_eq!(root.member("expires_in").and_then(|value| value.as_u64()), Some(900));
//! assert_eq!(root.member("dose").and_then(|value| value.as_number()), Some("1.50"));
//!
//! let refused = Document::parse(br#"{"a":1,"\u0061":2}"#, &JsonLimits::default()).unwrap_err();
//! assert_eq!((refused.rule, refused.offset), (JsonRule::DuplicateName, 7));
//! # Ok::<(), medmij_types::json::JsonError>(())
//! ```

mod name;
mod scanner;
mod string;
mod value;

pub use value::{Items, Kind, Members, Value};

use std::fmt;

/// How much of another party's JSON is read.
///
/// ```
/// use medmij_types::json::JsonLimits;
///
/// let mut limits = JsonLimits::default();
/// limits.depth = 16;
/// assert_eq!(limits.bytes, 64 << 20);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct JsonLimits {
    /// Bytes of the whole text: 64 MiB. Never more than 4 GiB.
    pub bytes: usize,
    /// Objects and arrays in one another: 64.
    pub depth: usize,
    /// Elements of one array: 100,000.
    pub elements: usize,
    /// Members of one object: 4,096.
    pub members: usize,
    /// Values of the whole text, of every kind: 2,000,000, or one for each 20 bytes where that is more. So the index
    /// takes less memory than the text, once the text is large.
    pub values: usize,
}

impl Default for JsonLimits {
    fn default() -> Self {
        Self {
            bytes: 64 << 20,
            depth: 64,
            elements: 100_000,
            members: 4_096,
            values: 2_000_000,
        }
    }
}

/// A text that is strict JSON, with an index of its values.
///
/// `Debug` shows the length only: the content may be a token or health data.
pub struct Document<'a> {
    text: &'a str,
    nodes: Vec<Node>,
    escaped_names: bool,
}

impl<'a> Document<'a> {
    /// Reads a whole text.
    ///
    /// # Errors
    ///
    /// [`JsonError`], with the first rule that is broken and where. It holds nothing of the text.
    pub fn parse(bytes: &'a [u8], limits: &JsonLimits) -> Result<Self, JsonError> {
        if bytes.len() > limits.bytes.min(u32::MAX as usize) {
            return Err(JsonError {
                rule: JsonRule::TooLarge,
                offset: limits.bytes,
            });
        }
        let text = std::str::from_utf8(bytes).map_err(|error| JsonError {
            rule: JsonRule::Utf8,
            offset: error.valid_up_to(),
        })?;
        let scanner::Scanned { nodes, escaped_names } = scanner::scan(text, limits)?;
        Ok(Self {
            text,
            nodes,
            escaped_names,
        })
    }

    /// The outermost value.
    #[must_use]
    pub fn root(&self) -> Value<'_> {
        Value::new(self.text, &self.nodes, 0)
    }

    /// The value of this number in the order in which they begin, from 0: see [`Value::index`].
    #[must_use]
    pub fn value_at(&self, index: usize) -> Option<Value<'_>> {
        (index < self.nodes.len()).then(|| Value::new(self.text, &self.nodes, index))
    }

    /// Shows every value, in the order in which they begin, with the objects and arrays around it: the outermost first.
    ///
    /// ```
    /// use medmij_types::json::{Document, JsonLimits};
    ///
    /// let document = Document::parse(br#"{"a":[1,{"b":2}]}"#, &JsonLimits::default())?;
    /// let mut seen = Vec::new();
    /// document.visit(|around, value| seen.push((around.len(), value.raw())));
    /// assert_eq!(seen, [(0, r#"{"a":[1,{"b":2}]}"#), (1, r#"[1,{"b":2}]"#), (2, "1"), (2, r#"{"b":2}"#), (3, "2")]);
    /// # Ok::<(), medmij_types::json::JsonError>(())
    /// ```
    pub fn visit<'d>(&'d self, mut visitor: impl FnMut(&[Value<'d>], Value<'d>)) {
        self.visit_where(|around, value| {
            visitor(around, value);
            true
        });
    }

    /// The same, where the visitor says of each object and array whether it wants to see what is in it.
    ///
    /// ```
    /// use medmij_types::json::{Document, Kind, JsonLimits};
    ///
    /// let document = Document::parse(br#"{"a":[1,2],"b":3}"#, &JsonLimits::default())?;
    /// let mut seen = Vec::new();
    /// document.visit_where(|_, value| {
    ///     seen.push(value.raw());
    ///     value.kind() != Kind::Array
    /// });
    /// assert_eq!(seen, [r#"{"a":[1,2],"b":3}"#, "[1,2]", "3"]);
    /// # Ok::<(), medmij_types::json::JsonError>(())
    /// ```
    pub fn visit_where<'d>(&'d self, mut visitor: impl FnMut(&[Value<'d>], Value<'d>) -> bool) {
        let mut around: Vec<Value<'d>> = Vec::new();
        let mut ends: Vec<usize> = Vec::new();
        let mut index = 0;
        while let Some(node) = self.nodes.get(index) {
            while ends.last().is_some_and(|end| *end <= index) {
                ends.pop();
                around.pop();
            }
            let value = Value::new(self.text, &self.nodes, index);
            let next = node.next as usize;
            let into = visitor(&around, value);
            if next > index + 1 {
                if !into {
                    index = next;
                    continue;
                }
                around.push(value);
                ends.push(next);
            }
            index += 1;
        }
    }

    /// Whether a member name is written with an escape: then names cannot be found by searching the text.
    #[must_use]
    pub const fn has_escaped_names(&self) -> bool {
        self.escaped_names
    }

    /// The text, without a byte order mark.
    #[must_use]
    pub fn text(&self) -> &'a str {
        self.text.strip_prefix(BOM).unwrap_or(self.text)
    }

    /// The text as it came; the ranges of a [`Value`] are offsets in it.
    #[must_use]
    pub const fn source(&self) -> &'a str {
        self.text
    }

    /// How many values there are, of every kind.
    #[must_use]
    pub fn values(&self) -> usize {
        self.nodes.len()
    }
}

impl fmt::Debug for Document<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Document({} bytes, {} values)", self.text.len(), self.nodes.len())
    }
}

/// Why a text is refused. It names a place and a rule, never the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{rule} at byte {offset}")]
#[non_exhaustive]
pub struct JsonError {
    /// The rule that is broken.
    pub rule: JsonRule,
    /// Offset of the byte where it shows, from 0.
    pub offset: usize,
}

impl JsonError {
    /// An error of a reader that is built on this one: the JSON is sound and its shape is not.
    #[must_use]
    pub const fn new(rule: JsonRule, offset: usize) -> Self {
        Self { rule, offset }
    }
}

/// The rules that [`JsonError`] reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum JsonRule {
    /// RFC 8259 section 8.1: UTF-8 only.
    #[error("text is not UTF-8")]
    Utf8,
    /// RFC 8259 section 2.
    #[error("text is not JSON")]
    Syntax,
    /// RFC 8259 section 7: a string with a bad escape, a control character or a lone surrogate.
    #[error("malformed string")]
    String,
    /// RFC 8259 section 6.
    #[error("malformed number")]
    Number,
    /// Two members of one object with the same name.
    #[error("duplicate member name")]
    DuplicateName,
    /// Nested deeper than [`JsonLimits::depth`].
    #[error("nested too deep")]
    TooDeep,
    /// More members, elements or values than [`JsonLimits`] has.
    #[error("object or array too long")]
    TooLong,
    /// More bytes than [`JsonLimits::bytes`].
    #[error("document too large")]
    TooLarge,
    /// The JSON is sound but not what the reader needs at this place.
    #[error("not the shape that was expected")]
    Shape,
}

/// One value of the index. Offsets are in the text that came in.
#[derive(Clone, Copy)]
struct Node {
    /// First byte of the value.
    start: u32,
    /// One past its last byte.
    end: u32,
    /// Index of the value that follows at the same level: one past the last descendant.
    next: u32,
    /// How far before the value its name begins, past the quote; 0 where there is no name.
    name_back: u16,
    /// Length of the name, and in the two highest bits whether the name, and whether the string, holds an escape.
    name_len: u16,
}

impl Node {
    const NAME_ESCAPED: u16 = 1 << 15;
    const ESCAPED: u16 = 1 << 14;
    /// A longer name is refused.
    const MOST_NAME: usize = (1 << 14) - 1;

    const fn has_name(&self) -> bool {
        self.name_back > 0
    }

    /// Where the name stands, past the quotes.
    const fn name_range(&self) -> std::ops::Range<usize> {
        let start = self.start as usize - self.name_back as usize;
        start..start + self.name_length()
    }

    /// How long the name is, with its escapes.
    const fn name_length(&self) -> usize {
        (self.name_len & (Self::ESCAPED - 1)) as usize
    }

    const fn is_name_escaped(&self) -> bool {
        self.name_len & Self::NAME_ESCAPED > 0
    }

    const fn is_escaped(&self) -> bool {
        self.name_len & Self::ESCAPED > 0
    }
}

const BOM: char = '\u{feff}';

#[cfg(test)]
mod tests;
