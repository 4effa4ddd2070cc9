// SPDX-License-Identifier: AGPL-3.0-or-later
//! Bundle: the container of search results, of collections and of what is written (FHIR section 2.36).
//!
//! A [`Bundle`] is its bytes: what it holds, known here or not, stays digit for digit, and the accessors are views.

mod draft;
mod entry;

use std::fmt;

use medmij_types::json::{Document, Kind, Value};
use serde::de::DeserializeOwned;

use crate::bsn::{self, BsnReport};
use crate::json::{self, JsonError};
use crate::limits::Limits;
use crate::text::{Text, Whole};

pub(crate) use draft::{EntryDraft, to_json};
pub use entry::{BundleEntry, EntryRequest, EntryResponse};

/// What a Bundle is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BundleType {
    /// One page of search results.
    Searchset,
    /// A set of resources.
    Collection,
    /// A document with a Composition in front.
    Document,
    /// A message.
    Message,
    /// Requests that succeed or fail together.
    Transaction,
    /// Answer to a transaction.
    TransactionResponse,
    /// Requests that stand alone.
    Batch,
    /// Answer to a batch.
    BatchResponse,
    /// Versions of resources.
    History,
}

impl BundleType {
    const ALL: [(Self, &'static str); 9] = [
        (Self::Searchset, "searchset"),
        (Self::Collection, "collection"),
        (Self::Document, "document"),
        (Self::Message, "message"),
        (Self::Transaction, "transaction"),
        (Self::TransactionResponse, "transaction-response"),
        (Self::Batch, "batch"),
        (Self::BatchResponse, "batch-response"),
        (Self::History, "history"),
    ];

    /// The code as it travels.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(kind, _)| *kind == self)
            .map_or("", |(_, code)| code)
    }

    fn parse(code: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(_, known)| *known == code)
            .map(|(kind, _)| *kind)
    }
}

/// Why an entry is in a page of search results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SearchMode {
    /// It matched the query.
    Match,
    /// It belongs to a match (`_include`).
    Include,
    /// It says something about the search itself.
    Outcome,
}

impl SearchMode {
    /// The code as it travels.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::Include => "include",
            Self::Outcome => "outcome",
        }
    }

    /// Reads a code, whatever its case; the flag says that it is written as it should be.
    fn parse(code: &str) -> Option<(Self, bool)> {
        let modes = [Self::Match, Self::Include, Self::Outcome];
        let mode = modes
            .into_iter()
            .find(|mode| code.eq_ignore_ascii_case(mode.as_str()))?;
        Some((mode, code == mode.as_str()))
    }
}

/// A link of a Bundle: `self`, `next`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BundleLink {
    /// What the link is: `self`, `next`, `previous`.
    pub relation: String,
    /// Where it points, as received: not to be trusted before a ResourceEndpoint has admitted it.
    pub url: String,
}

impl BundleLink {
    /// A link.
    #[must_use]
    pub fn new(relation: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            relation: relation.into(),
            url: url.into(),
        }
    }
}

/// Something in a Bundle that is not as FHIR says. The rest of the Bundle is read; what a fault stands for is not to be
/// taken for complete.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {rule}")]
#[non_exhaustive]
pub struct BundleFault {
    /// Where: `entry[1].resource`.
    pub path: String,
    /// What is wrong.
    pub rule: BundleRule,
}

/// The rules that [`BundleFault`] reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum BundleRule {
    /// `Bundle.type` is absent, or no code of the value set.
    #[error("type of the bundle is unknown")]
    Type,
    /// `total` is not a whole number of 0 or more.
    #[error("total is not a whole number of 0 or more")]
    Total,
    /// A link without a relation or a URL.
    #[error("link has no relation or no url")]
    Link,
    /// An entry that is no object.
    #[error("entry is not an object")]
    Entry,
    /// A resource that is no object, or has no usable `resourceType`. It is not among the entries' resources.
    #[error("resource has no resourceType")]
    Resource,
    /// `search.mode` is no code of the value set, or written with other capitals.
    #[error("search mode is unknown")]
    Mode,
}

/// A Bundle: its exact text, with views.
///
/// ```
/// use medmij_fhir::{Bundle, BundleType, Limits};
///
/// let page = br#"{"resourceType":"Bundle","id":"p1","type":"searchset","total":1,
///   "link":[{"relation":"self","url":"https://dvza.example.nl/fhir/Flag"}],
///   "entry":[{"resource":{"resourceType":"Flag","id":"mrsa"},"search":{"mode":"match","score":0.50}}]}"#;
/// let bundle = Bundle::parse(page, &Limits::default())?;
/// assert_eq!((bundle.kind(), bundle.total()), (Some(BundleType::Searchset), Some(1)));
/// assert_eq!(bundle.link("next"), None);
/// assert_eq!(bundle.entries().len(), 1);
/// assert!(bundle.faults().is_empty());
/// assert_eq!(bundle.as_str().as_bytes(), page);
/// assert!(Bundle::parse(br#"{"resourceType":"Flag"}"#, &Limits::default()).is_err());
/// # Ok::<(), medmij_fhir::JsonError>(())
/// ```
#[derive(Clone)]
pub struct Bundle {
    text: Text,
    kind: Option<BundleType>,
    total: Option<u64>,
    links: Vec<BundleLink>,
    entries: Vec<BundleEntry>,
    faults: Vec<BundleFault>,
}

impl Bundle {
    /// Reads a Bundle from JSON. A byte order mark in front is left out.
    ///
    /// What is wrong with one entry costs that entry and is among the [`faults`](Self::faults).
    ///
    /// # Errors
    /// [`JsonError`] when the text is not strict JSON, exceeds the limits, or is no Bundle.
    pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Self, JsonError> {
        let document = Document::parse(bytes, &limits.json())?;
        Self::read(&document, Whole::copied(&document))
    }

    /// Reads a Bundle of another party: every BSN is cut out before anything is made of it (core.rscint.203).
    ///
    /// # Errors
    /// As [`Bundle::parse`]: [`JsonError`].
    pub fn parse_redacted(bytes: &[u8], limits: &Limits) -> Result<(Self, BsnReport), JsonError> {
        bsn::read_redacted(bytes, limits, Self::read)
    }

    /// What the Bundle is for (`Bundle.type`); none where it does not say, or says something unknown.
    #[must_use]
    pub const fn kind(&self) -> Option<BundleType> {
        self.kind
    }

    /// Number of matches over all pages, when the server says it.
    #[must_use]
    pub const fn total(&self) -> Option<u64> {
        self.total
    }

    /// Links to this and other pages.
    #[must_use]
    pub fn links(&self) -> &[BundleLink] {
        &self.links
    }

    /// The first link with this relation, whatever its case (RFC 8288 section 2.1).
    #[must_use]
    pub fn link(&self, relation: &str) -> Option<&str> {
        self.links
            .iter()
            .find(|link| link.relation.eq_ignore_ascii_case(relation))
            .map(|link| link.url.as_str())
    }

    /// The entries, in order.
    #[must_use]
    pub fn entries(&self) -> &[BundleEntry] {
        &self.entries
    }

    /// The entries, in order.
    #[must_use]
    pub fn into_entries(self) -> Vec<BundleEntry> {
        self.entries
    }

    /// What is not as FHIR says; with a fault, the Bundle is not to be taken for complete.
    #[must_use]
    pub fn faults(&self) -> &[BundleFault] {
        &self.faults
    }

    /// The exact JSON text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.text.as_str()
    }

    /// Reads the Bundle, with all it holds, as a type of the caller.
    ///
    /// # Errors
    /// [`JsonError`] with the place; the words of the deserializer, which may quote health data, are dropped.
    pub fn view<T: DeserializeOwned>(&self) -> Result<T, JsonError> {
        json::read(self.as_str())
    }

    /// Takes a document that was read, and cleaned, already.
    #[expect(clippy::needless_pass_by_value, reason = "it is this Bundle's from here on")]
    pub(crate) fn read(document: &Document<'_>, whole: Whole) -> Result<Self, JsonError> {
        let root = document.root();
        if root.member("resourceType").and_then(|kind| kind.as_str()).as_deref() != Some("Bundle") {
            return Err(json::shape(root.range().start));
        }
        let mut faults = Faults::default();
        let (mut kind, mut total, mut links, mut entries) = (None, None, Vec::new(), Vec::new());
        for member in root.members() {
            match member.name().unwrap_or_default().as_ref() {
                "type" => kind = member.as_str().and_then(|code| BundleType::parse(&code)),
                "total" => {
                    total = member.as_u64();
                    faults.when(total.is_none(), BundleRule::Total, || "total".to_owned());
                }
                "link" => links = read_links(member, &mut faults),
                "entry" => {
                    faults.when(member.kind() != Kind::Array, BundleRule::Entry, || "entry".to_owned());
                    let items = member.items().enumerate();
                    entries = items
                        .filter_map(|(index, entry)| BundleEntry::read(index, entry, &whole, &mut faults))
                        .collect();
                }
                _ => {}
            }
        }
        faults.when(kind.is_none(), BundleRule::Type, || "type".to_owned());
        Ok(Self {
            text: whole.part(root),
            kind,
            total,
            links,
            entries,
            faults: faults.0,
        })
    }
}

/// Two Bundles are equal when their texts are.
impl PartialEq for Bundle {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Bundle {}

/// The content is health data and is not shown.
impl fmt::Debug for Bundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Bundle({:?}, {} entries, {} bytes)",
            self.kind,
            self.entries.len(),
            self.as_str().len()
        )
    }
}

#[derive(Default)]
struct Faults(Vec<BundleFault>);

impl Faults {
    fn when(&mut self, wrong: bool, rule: BundleRule, path: impl FnOnce() -> String) {
        if wrong {
            self.0.push(BundleFault { path: path(), rule });
        }
    }
}

fn read_links(links: Value<'_>, faults: &mut Faults) -> Vec<BundleLink> {
    let mut read = Vec::new();
    faults.when(links.kind() != Kind::Array, BundleRule::Link, || "link".to_owned());
    for (index, link) in links.items().enumerate() {
        let text = |name| link.member(name).and_then(|member: Value<'_>| member.as_str());
        match (text("relation"), text("url")) {
            (Some(relation), Some(url)) => read.push(BundleLink::new(relation, url)),
            _ => faults.when(true, BundleRule::Link, || format!("link[{index}]")),
        }
    }
    read
}

#[cfg(test)]
mod tests;
