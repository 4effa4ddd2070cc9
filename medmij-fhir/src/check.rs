// SPDX-License-Identifier: AGPL-3.0-or-later
//! The searchset check: what the qualification of a gegevensdienst asserts of every answer, and of what is shared.
//!
//! core.rscint.203 — no BSN; the other rules are those of the Nictiz qualification scripts. An *error* is a hard
//! assertion there, a *warning* a soft one, or something that another party will trip over.
//!
//! ```
//! use medmij_fhir::{FhirVersion, Limits, check};
//!
//! let page = br#"{"resourceType":"Bundle","type":"searchset","link":[{"relation":"self","url":"https://x.nl/fhir/Flag"}],
//!   "entry":[{"fullUrl":"https://x.nl/fhir/Flag/a","resource":{"resourceType":"Flag","id":"a",
//!     "code":{"coding":[{"code":"1"}]}}}]}"#;
//! let findings = check::document(page, FhirVersion::Stu3, &Limits::default())?;
//! let shown: Vec<String> = findings.iter().map(ToString::to_string).collect();
//! assert_eq!(shown[0], "error: entry[0].resource.meta.profile: resource has no profile");
//! assert_eq!(shown[1], "error: entry[0].resource.code: codeable concept has no display, text or extension");
//! assert_eq!(shown[2], "error: entry[0].resource.code.coding[0].system: coding has no system");
//! # Ok::<(), check::CheckError>(())
//! ```

mod bundle;
mod date;
mod element;
mod walk;

use std::borrow::Cow;
use std::fmt;

use medmij_types::json::{Document, JsonError};

use crate::bsn::{self, BsnPath};
use crate::format::Format;
use crate::limits::Limits;
use crate::table;
use crate::version::FhirVersion;
use crate::xml::{self, XmlError};

/// Something that the qualification does not let pass.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// Where, from the root of the document; in XML the path is that of the same document in JSON.
    pub path: String,
    /// What is wrong.
    pub rule: CheckRule,
}

/// `error: entry[0].resource.meta.profile: resource has no profile`
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = if self.rule.is_error() { "error" } else { "warning" };
        write!(f, "{level}: {}: {}", self.path, self.rule)
    }
}

/// Why a document cannot be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// Not strict JSON, or not a resource.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// Not FHIR XML.
    #[error(transparent)]
    Xml(#[from] XmlError),
}

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $level:literal, $code:literal, $text:literal;)*) => {
        /// The rules of the check.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
        #[non_exhaustive]
        pub enum CheckRule {
            $($(#[$doc])* #[error($text)] $name,)*
        }

        impl CheckRule {
            /// A stable code for the rule.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// Whether it is a hard assertion of the qualification; else it is a warning.
            #[must_use]
            pub const fn is_error(self) -> bool {
                match self { $(Self::$name => matches!($level.as_bytes(), b"error"),)* }
            }
        }
    };
}

rules! {
    /// core.rscint.203: a BSN with a value.
    Bsn = "error", "bsn", "a BSN is here (core.rscint.203)";
    /// A nine-digit number in free text that passes the eleven-test.
    SuspectedBsn = "warning", "bsn-suspected", "a number that may be a BSN is here";
    /// The document is no resource of this FHIR version.
    UnknownType = "error", "unknown-type", "resource type is not one of this FHIR version";
    /// An element that the type does not have.
    UnknownElement = "error", "unknown-element", "element is not one of this FHIR version";
    /// XML that has no place in JSON.
    Unreadable = "error", "xml", "XML that FHIR does not have here";
    /// A Bundle of an unknown type, a bad total, an entry that is no entry.
    Fault = "error", "bundle", "bundle is not as FHIR says";
    /// A page without a self link.
    NoSelfLink = "error", "self-link", "page has no self link";
    /// A self link that is no absolute URL.
    SelfLink = "error", "self-link-absolute", "self link is not an absolute url";
    /// A self link that names the Persoon.
    SelfLinkPersoon = "error", "self-link-persoon", "self link names the Persoon";
    /// `total` is more than the matches of this Bundle.
    Total = "error", "total", "total is more than the matches in this bundle";
    /// An entry of a page without a resource.
    NoResource = "error", "entry-resource", "entry has no resource";
    /// An entry without a fullUrl.
    NoFullUrl = "error", "full-url", "entry has no fullUrl";
    /// A fullUrl that is not absolute, urn:uuid or urn:oid.
    FullUrl = "error", "full-url-absolute", "fullUrl is not absolute, urn:uuid or urn:oid";
    /// A fullUrl that does not end in the id of the resource.
    FullUrlId = "error", "full-url-id", "fullUrl does not end in the id of the resource";
    /// Two entries with one fullUrl.
    FullUrlTwice = "error", "full-url-twice", "fullUrl occurs twice";
    /// A resource without `meta.profile`.
    NoProfile = "error", "profile", "resource has no profile";
    /// A Coding without a system.
    CodingSystem = "error", "coding-system", "coding has no system";
    /// A Coding without a code.
    CodingCode = "error", "coding-code", "coding has no code";
    /// A Coding whose system is the OID of a value set of the zibs.
    CodingValueSet = "error", "coding-value-set", "system of the coding is a value set and not a code system";
    /// A CodeableConcept without display, text or extension.
    ConceptText = "error", "concept-text", "codeable concept has no display, text or extension";
    /// A Reference without display or null flavor.
    ReferenceDisplay = "error", "reference-display", "reference has no display";
    /// An Identifier without a value.
    IdentifierValue = "error", "identifier-value", "identifier has no value";
    /// An Identifier with neither system nor type.
    IdentifierSystem = "error", "identifier-system", "identifier has no system and no type";
    /// A date that is none.
    Date = "error", "date", "date is not as FHIR says";
    /// A time of day without a time zone.
    TimeZone = "error", "time-zone", "time of day has no time zone";
    /// An entry to write without a request.
    NoRequest = "error", "entry-request", "entry has no request";
    /// A POST with an id in the resource.
    PostId = "warning", "post-id", "resource that is created has an id";
    /// A POST whose fullUrl is not urn:uuid or urn:oid.
    PostFullUrl = "warning", "post-full-url", "fullUrl of a resource that is created is not urn:uuid or urn:oid";
    /// A PUT without an id in the resource.
    PutId = "error", "put-id", "resource that is updated has no id";
    /// An entry of an answer to a transaction or batch that did not succeed.
    EntryStatus = "error", "entry-status", "status of the entry is not 200 or 201";
}

/// Checks one answer, JSON or XML: a page of search results, a resource, a transaction or batch, or the answer to one.
///
/// # Errors
/// [`CheckError`] when the document cannot be read at all.
pub fn document(document: &[u8], version: FhirVersion, limits: &Limits) -> Result<Vec<Finding>, CheckError> {
    let mut findings = Vec::new();
    let mut json = Cow::Borrowed(document);
    if Format::of(document) == Format::Xml {
        let converted = xml::to_json(document, version, limits)?;
        // unknown elements show in the JSON; what has no place there does not
        let lost = converted.oddities.into_iter().filter(|oddity| {
            !matches!(
                oddity.kind,
                xml::OddityKind::UnknownElement | xml::OddityKind::UnknownType | xml::OddityKind::Kind
            )
        });
        findings.extend(lost.map(|oddity| Finding {
            path: oddity.path,
            rule: CheckRule::Unreadable,
        }));
        json = Cow::Owned(converted.text.into_bytes());
    }
    let parsed = Document::parse(&json, &limits.json())?;
    let report = bsn::find(&parsed)?.report;
    let of_paths = |paths: Vec<BsnPath>, rule| {
        paths.into_iter().map(move |path| Finding {
            path: path.to_string(),
            rule,
        })
    };
    findings.extend(of_paths(report.masked, CheckRule::Bsn));
    findings.extend(of_paths(report.suspected, CheckRule::SuspectedBsn));
    bundle::check(&parsed, table::of(version), &mut findings)?;
    Ok(findings)
}

#[cfg(test)]
mod tests;
