// SPDX-License-Identifier: AGPL-3.0-or-later
//! FHIR XML, read into the JSON form and written from it (FHIR sections 2.6.1 and 2.6.2).
//!
//! One table per FHIR version says which elements a type has, in which order, which repeat and which are numbers. The
//! reader makes one pass and builds no tree; nesting, lengths and the number of elements are bounded, and a document
//! type declaration is refused.
//!
//! | in XML | what becomes of it |
//! | --- | --- |
//! | number | its text, digit for digit: `1.00` stays `1.00` |
//! | `id` and extensions of a primitive element | the companion `_name`, in arrays with `null` |
//! | narrative | its source, with comments and CDATA; a character for its number (`'` for `&#39;`), where it is no markup |
//! | a namespace prefix | resolved; the JSON has none |
//! | `xsi:schemaLocation`, comments and processing instructions outside the narrative | dropped: they are no data |
//! | an unknown type or element | kept by its shape, and reported |
//! | text, foreign elements and attributes where FHIR has none | reported with their place, and not in the JSON |
//!
//! ```
//! use medmij_fhir::{FhirVersion, Limits, xml};
//!
//! let document = br#"<Observation xmlns="http://hl7.org/fhir"><status value="final"/>
//!   <valueQuantity><value value="1.50"/></valueQuantity></Observation>"#;
//! let json = xml::to_json(document, FhirVersion::Stu3, &Limits::default())?;
//! assert_eq!(json.text, r#"{"resourceType":"Observation","status":"final","valueQuantity":{"value":1.50}}"#);
//! assert!(json.is_lossless());
//! let back = xml::from_json(json.text.as_bytes(), FhirVersion::Stu3, &Limits::default())?;
//! assert!(back.text.ends_with(r#"<valueQuantity><value value="1.50"/></valueQuantity></Observation>"#));
//! # Ok::<(), xml::XmlError>(())
//! ```

mod attributes;
mod generic;
mod narrative;
mod reader;
mod round_trip;
mod sanitize;
mod writer;

pub(crate) use reader::push_step;
pub use round_trip::round_trip;
pub use sanitize::sanitize;

use std::ops::Range;

use medmij_types::json::{Document, JsonError};

use crate::limits::Limits;
use crate::table;
use crate::version::FhirVersion;

/// The namespace of FHIR XML.
pub const FHIR_NAMESPACE: &str = "http://hl7.org/fhir";

/// Reads FHIR XML into FHIR JSON.
///
/// # Errors
/// [`XmlError`] when the document is not well-formed, has a document type declaration, exceeds the limits, or has an
/// element where JSON has no place for it: one that does not repeat twice, or one that repeats in two places.
pub fn to_json(document: &[u8], version: FhirVersion, limits: &Limits) -> Result<Converted, XmlError> {
    if document.len() > limits.body {
        return Err(XmlError::new(XmlRule::TooLarge, limits.body));
    }
    let text = std::str::from_utf8(document).map_err(|error| XmlError::new(XmlRule::Encoding, error.valid_up_to()))?;
    reader::read(text, table::of(version), limits)
}

/// Writes FHIR JSON as FHIR XML: the elements in the order of the schema, whatever their order in the JSON.
///
/// # Errors
/// [`XmlError`] when the document is not strict JSON, is no resource, has a narrative that is not well-formed, or a
/// character that XML does not have.
pub fn from_json(document: &[u8], version: FhirVersion, limits: &Limits) -> Result<Converted, XmlError> {
    let document = Document::parse(document, &limits.json())?;
    writer::write(&document, table::of(version))
}

/// A converted document.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Converted {
    /// The other form.
    pub text: String,
    /// What the table does not know, or the other form has no place for.
    pub oddities: Vec<Oddity>,
}

impl Converted {
    /// Whether everything came through as FHIR has it.
    #[must_use]
    pub fn is_lossless(&self) -> bool {
        self.oddities.is_empty()
    }
}

/// The content is health data and is not shown.
impl std::fmt::Debug for Converted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Converted({} bytes, {:?})", self.text.len(), self.oddities)
    }
}

/// Something that FHIR does not have at this place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {kind}")]
#[non_exhaustive]
pub struct Oddity {
    /// The path of the element: `Patient.contact[0].unknown`.
    pub path: String,
    /// What it is.
    pub kind: OddityKind,
    /// The bytes of the input that it is on.
    pub range: Range<usize>,
}

/// The kinds of [`Oddity`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum OddityKind {
    /// A resource of a type that this FHIR version does not have: kept by its shape.
    #[error("unknown resource type")]
    UnknownType,
    /// An element that the type does not have: kept by its shape.
    #[error("unknown element")]
    UnknownElement,
    /// A value of another kind than the element has, such as a word for a number: kept as text.
    #[error("value is of another kind than the element")]
    Kind,
    /// An element without value or content: left out.
    #[error("element is empty")]
    Empty,
    /// An attribute that FHIR does not have: left out.
    #[error("unknown attribute")]
    Attribute,
    /// Text between elements: left out.
    #[error("text between elements")]
    Text,
    /// An element of another namespace: left out.
    #[error("element of another namespace")]
    Namespace,
    /// A value that is another one after the way there and back: see [`round_trip`].
    #[error("value is changed by the way there and back")]
    Changed,
}

impl OddityKind {
    /// Whether something of the document is not in the other form.
    #[must_use]
    pub const fn is_left_out(self) -> bool {
        matches!(self, Self::Attribute | Self::Text | Self::Namespace | Self::Changed)
    }
}

/// Why a document cannot be converted. It names a place and a rule, never the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{rule} at byte {offset}")]
#[non_exhaustive]
pub struct XmlError {
    /// The rule that is broken.
    pub rule: XmlRule,
    /// Offset of the byte where it shows, from 0.
    pub offset: usize,
}

impl XmlError {
    const fn new(rule: XmlRule, offset: usize) -> Self {
        Self { rule, offset }
    }
}

impl From<JsonError> for XmlError {
    fn from(error: JsonError) -> Self {
        Self::new(XmlRule::Json(error.rule), error.offset)
    }
}

/// The rules that [`XmlError`] reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum XmlRule {
    /// The document to write is not strict JSON.
    #[error(transparent)]
    Json(medmij_types::json::JsonRule),
    /// UTF-8 only.
    #[error("text is not UTF-8")]
    Encoding,
    /// XML 1.0 section 2.1.
    #[error("text is not well-formed XML")]
    Syntax,
    /// XML 1.0 section 2.2: a control character.
    #[error("character that XML does not have")]
    Character,
    /// XML 1.0 section 4.1: an entity that is not predefined.
    #[error("entity is not predefined")]
    Entity,
    /// A document type declaration.
    #[error("document type declaration")]
    Doctype,
    /// The document is not in the FHIR namespace, or a prefix is not bound.
    #[error("not in the FHIR namespace")]
    Namespace,
    /// The document is no resource.
    #[error("not a resource")]
    Shape,
    /// The narrative is not one well-formed `div`.
    #[error("narrative is not a well-formed div")]
    Narrative,
    /// An element that does not repeat occurs twice.
    #[error("element occurs twice")]
    Repeated,
    /// An element that repeats is in two places with others between.
    #[error("element is out of order")]
    Order,
    /// An attribute occurs twice.
    #[error("attribute occurs twice")]
    DuplicateAttribute,
    /// Nested deeper than the limit.
    #[error("nested too deep")]
    TooDeep,
    /// More attributes, elements or values than the limit.
    #[error("too many elements or attributes")]
    TooLong,
    /// More bytes than the limit.
    #[error("document too large")]
    TooLarge,
}

#[cfg(test)]
mod tests;
