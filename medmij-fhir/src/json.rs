// SPDX-License-Identifier: AGPL-3.0-or-later
//! Strict JSON in one pass, before anything is read from it (threats F3 and F6).
//!
//! RFC 8259 leaves duplicate names and lone surrogates to the reader; here both are refused at
//! every level, and depth is bounded. The pass builds no tree: it shows each object with the byte
//! ranges of its members to an [`Observer`], so that a caller can cut something out and leave every
//! other byte as it was.

mod scanner;

use std::borrow::Cow;
use std::ops::Range;

pub(crate) use scanner::scan;

/// Why a document was refused before it was read.
///
/// The error names a place and a rule, never the content.
///
/// ```
/// use medmij_fhir::{JsonRule, Limits, Resource};
///
/// let error = Resource::parse(br#"{"resourceType":"Flag","id":"a","id":"b"}"#, &Limits::default()).unwrap_err();
/// assert!(error.to_string().contains("duplicate member name"));
/// # let _ = JsonRule::DuplicateName;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{rule} at byte {offset}")]
#[non_exhaustive]
pub struct JsonError {
    /// The rule that was broken.
    pub rule: JsonRule,
    /// Offset of the byte where it showed.
    pub offset: usize,
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
    /// Threat F6: two members of one object with the same name.
    #[error("duplicate member name")]
    DuplicateName,
    /// Threat F3: nested deeper than the limit.
    #[error("nested too deep")]
    TooDeep,
    /// Threat F3: an object with more than 4,096 members, or an array with more elements than the limit.
    #[error("object or array too long")]
    TooLong,
    /// Threat F3: more bytes than the limit.
    #[error("document too large")]
    TooLarge,
    /// The JSON is sound but not what FHIR says at this place.
    #[error("not the FHIR shape that was expected")]
    Shape,
}

/// A member of an object, with where it stands in the text.
pub(crate) struct Member<'a> {
    pub(crate) name: Cow<'a, str>,
    /// From the opening quote of the name to the end of the value.
    pub(crate) whole: Range<usize>,
    pub(crate) value: Range<usize>,
}

/// A step in the path of a value.
#[derive(Clone)]
pub(crate) enum Step {
    /// The member name, as a range of the text without its quotes.
    Name(Range<usize>),
    Index(usize),
}

/// What a caller of [`scan`] is shown.
pub(crate) trait Observer {
    /// An object has ended.
    fn object(&mut self, text: &str, members: &[Member<'_>], path: &[Step]);
    /// A string value has ended; `range` includes its quotes.
    fn string(&mut self, text: &str, value: &str, range: Range<usize>, path: &[Step]);
}

/// An observer that looks away.
pub(crate) struct Unobserved;

impl Observer for Unobserved {
    fn object(&mut self, _: &str, _: &[Member<'_>], _: &[Step]) {}
    fn string(&mut self, _: &str, _: &str, _: Range<usize>, _: &[Step]) {}
}

/// Reads a value into `T`; the error keeps the place and drops the words of serde, which quote values.
pub(crate) fn read<'de, T: serde::Deserialize<'de>>(text: &'de str) -> Result<T, JsonError> {
    serde_json::from_str(text).map_err(|error| JsonError {
        rule: JsonRule::Shape,
        offset: offset(text, error.line(), error.column()),
    })
}

fn offset(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    before + column.saturating_sub(1)
}
