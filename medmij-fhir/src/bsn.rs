// SPDX-License-Identifier: AGPL-3.0-or-later
//! A BSN never travels on the resource interface, and none that is known as one reaches the application.
//!
//! core.rscint.203 — nothing in the control data may lead to the Persoon, so no URL carries a BSN; the qualification of
//! a gegevensdienst extends that to the resources: an identifier of the BSN system has no value. What arrives
//! nevertheless is cut out of the bytes and reported by its path, never by its value.
//!
//! | where | what is a BSN |
//! | --- | --- |
//! | an identifier | its system is that of the BSN (URI or OID), its type is NNNLD or says BSN, or it has no system and passes the eleven-test |
//! | a URL, a link, a conditional reference | it searches on the BSN system, also percent-encoded |
//! | an OID | a leaf of the OID of the BSN |
//! | text, narrative, `display`, `id`, `reference` | nine digits that pass the eleven-test, where the same document holds that number as a BSN elsewhere, or a word for it is within 30 characters |
//! | the answer to a question, the value of an extension or of an observation | the question, the URL or the text of the code has a word for it |
//!
//! One nine-digit number in eleven passes the eleven-test. A number in free text with no such evidence is kept and
//! reported as suspected; codes, ids and identifiers of another system are not looked at without evidence.

mod finder;
mod known;
mod marks;
mod number;
mod parameter;
mod shown;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use medmij_types::json::{Document, JsonError};

use crate::limits::Limits;
use crate::text::Whole;
use finder::Found;

pub(crate) use known::searches_on_bsn;
pub(crate) use parameter::parameter_holds_bsn;

/// The identifier system of the burgerservicenummer.
pub const BSN_SYSTEM: &str = "http://fhir.nl/fhir/NamingSystem/bsn";

/// Where a BSN stood in a received document.
///
/// ```
/// use medmij_fhir::{Limits, redact_bsn};
///
/// let body = br#"{"resourceType":"Patient","identifier":[
///     {"system":"http://fhir.nl/fhir/NamingSystem/bsn","value":"999990019"}],
///   "text":{"div":"<div>T. Test, 999990019</div>"},"multipleBirthInteger":2}"#;
/// let redacted = redact_bsn(body, &Limits::default())?;
/// assert_eq!(redacted.report.masked[0].to_string(), "identifier[0].value");
/// assert_eq!(redacted.report.masked[1].to_string(), "text.div");
/// assert!(!redacted.text.contains("999990019"));
/// assert!(redacted.text.ends_with(r#""multipleBirthInteger":2}"#));
/// # Ok::<(), medmij_fhir::JsonError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BsnPath(String);

impl BsnPath {
    /// The path, from the root of the document: `entry[3].resource.identifier[0].value`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BsnPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What was found in a document, by path and never by value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BsnReport {
    /// Where a BSN stood that was cut out.
    pub masked: Vec<BsnPath>,
    /// Where a nine-digit number in free text passes the eleven-test, without evidence that it is a BSN. It was kept.
    pub suspected: Vec<BsnPath>,
    /// How many more there are of either: of each, the first 10,000 paths of a document are listed.
    pub unlisted: usize,
}

impl BsnReport {
    /// Whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.masked.is_empty() && self.suspected.is_empty()
    }

    /// Adds what was found in another document.
    pub(crate) fn add(&mut self, other: Self) {
        self.masked.extend(other.masked);
        self.suspected.extend(other.suspected);
        self.unlisted += other.unlisted;
    }
}

/// A document without what was found to be a BSN.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Redacted<'a> {
    /// The text; borrowed where nothing was cut out.
    pub text: Cow<'a, str>,
    /// What was cut out, and what was suspected.
    pub report: BsnReport,
}

/// The text is health data and is not shown.
impl fmt::Debug for Redacted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redacted({} bytes, {:?})", self.text.len(), self.report)
    }
}

/// Checks a JSON document and cuts every BSN out; all other bytes stay as they were. Without a BSN nothing is copied.
///
/// The value of an identifier is replaced by a data-absent-reason `masked`; in text each digit becomes `*`; in an id or
/// a reference the number becomes `masked-bsn-1`, the same one throughout the document; another URL is replaced whole.
/// A byte order mark is left out. For FHIR XML, see [`xml::to_json`](crate::xml::to_json).
///
/// # Errors
/// [`JsonError`] when the document is not strict JSON or exceeds the limits.
pub fn redact_bsn<'a>(document: &'a [u8], limits: &Limits) -> Result<Redacted<'a>, JsonError> {
    let document = Document::parse(document, &limits.json())?;
    let found = find(&document)?;
    Ok(Redacted {
        text: match found.cut(&document) {
            Some(clean) => Cow::Owned(clean),
            None => Cow::Borrowed(document.text()),
        },
        report: found.report,
    })
}

/// Reads a document of another party: what is made of it is made after every BSN was cut out (core.rscint.203). A
/// document without one is read where it lies. The one way in, for a page that was collected and for a caller's own.
pub(crate) fn read_redacted<T, E: From<JsonError>>(
    bytes: &[u8],
    limits: &Limits,
    read: impl Fn(&Document<'_>, Whole) -> Result<T, E>,
) -> Result<(T, BsnReport), E> {
    let document = Document::parse(bytes, &limits.json())?;
    let found = find(&document)?;
    let made = match found.cut(&document) {
        None => read(&document, Whole::copied(&document))?,
        Some(clean) => {
            drop(document);
            read_own(clean, limits, read)?
        }
    };
    Ok((made, found.report))
}

/// The same, of a text that is this reader's own: it is not copied.
pub(crate) fn read_own_redacted<T, E: From<JsonError>>(
    text: String,
    limits: &Limits,
    read: impl Fn(&Document<'_>, Whole) -> Result<T, E>,
) -> Result<(T, BsnReport), E> {
    let text = Arc::new(text);
    let document = Document::parse(text.as_bytes(), &limits.json())?;
    let found = find(&document)?;
    let made = match found.cut(&document) {
        None => read(&document, Whole::shared(&text))?,
        Some(clean) => {
            drop(document);
            drop(text);
            read_own(clean, limits, read)?
        }
    };
    Ok((made, found.report))
}

fn read_own<T, E: From<JsonError>>(
    text: String,
    limits: &Limits,
    read: impl Fn(&Document<'_>, Whole) -> Result<T, E>,
) -> Result<T, E> {
    let text = Arc::new(text);
    let document = Document::parse(text.as_bytes(), &limits.json())?;
    read(&document, Whole::shared(&text))
}

/// Looks for every BSN of a document that was read already.
///
/// # Errors
/// [`JsonError`] where there are more than a million.
pub(crate) fn find(document: &Document<'_>) -> Result<Found, JsonError> {
    finder::find(document)
}

#[cfg(test)]
mod tests;
