// SPDX-License-Identifier: AGPL-3.0-or-later
//! Bundle: the container of search results and of collections (FHIR section 2.36).

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::json::{self, JsonError, JsonRule, Unobserved};
use crate::limits::Limits;
use crate::resource::Resource;

/// What a Bundle is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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

/// Why an entry is in a page of search results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SearchMode {
    /// It matched the query.
    Match,
    /// It belongs to a match (`_include`).
    Include,
    /// It says something about the search itself.
    Outcome,
}

/// A link of a Bundle: `self`, `next`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

/// One entry of a Bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BundleEntry {
    /// Absolute identity of the resource.
    pub full_url: Option<String>,
    /// The resource; absent in answers to writes without a body.
    pub resource: Option<Resource>,
    /// Why it is here, in search results.
    pub mode: Option<SearchMode>,
}

impl BundleEntry {
    /// An entry with a resource.
    #[must_use]
    pub fn new(resource: Resource) -> Self {
        Self {
            full_url: None,
            resource: Some(resource),
            mode: None,
        }
    }
}

/// A Bundle with what searching needs; other elements are not kept.
///
/// ```
/// use medmij_fhir::{Bundle, BundleType, Limits};
///
/// let page = br#"{"resourceType":"Bundle","type":"searchset","total":1,
///   "link":[{"relation":"self","url":"https://dvza.example.nl/fhir/Flag"}],
///   "entry":[{"resource":{"resourceType":"Flag","id":"mrsa"},"search":{"mode":"match"}}]}"#;
/// let bundle = Bundle::parse(page, &Limits::default())?;
/// assert_eq!((bundle.kind, bundle.total, bundle.entries.len()), (BundleType::Searchset, Some(1), 1));
/// assert_eq!(bundle.link("next"), None);
/// assert!(Bundle::parse(br#"{"resourceType":"Flag"}"#, &Limits::default()).is_err());
/// # Ok::<(), medmij_fhir::JsonError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Bundle {
    /// What the Bundle is for (`Bundle.type`).
    pub kind: BundleType,
    /// Number of matches over all pages, when the server says it.
    pub total: Option<u64>,
    /// Links to this and other pages.
    pub links: Vec<BundleLink>,
    /// The entries, in order.
    pub entries: Vec<BundleEntry>,
}

impl Bundle {
    /// An empty Bundle.
    #[must_use]
    pub fn new(kind: BundleType) -> Self {
        Self {
            kind,
            total: None,
            links: Vec::new(),
            entries: Vec::new(),
        }
    }

    /// Reads a Bundle from JSON.
    ///
    /// # Errors
    /// [`JsonError`] when the text is not strict JSON, exceeds the limits, or is no Bundle.
    pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Self, JsonError> {
        if bytes.len() > limits.body {
            return Err(JsonError {
                rule: JsonRule::TooLarge,
                offset: limits.body,
            });
        }
        Self::from_checked(json::scan(bytes, limits, &mut Unobserved)?)
    }

    /// The first link with this relation.
    #[must_use]
    pub fn link(&self, relation: &str) -> Option<&str> {
        self.links
            .iter()
            .find(|link| link.relation == relation)
            .map(|link| link.url.as_str())
    }

    /// Writes the Bundle as JSON; the resources keep their exact text.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let wire = Wire {
            resource_type: "Bundle".into(),
            kind: self.kind,
            total: self.total,
            link: self.links.clone(),
            entry: self.entries.iter().map(WireEntry::from).collect(),
        };
        serde_json::to_vec(&wire).unwrap_or_default()
    }

    /// Reads text that has been through [`json::scan`].
    pub(crate) fn from_checked(text: &str) -> Result<Self, JsonError> {
        let wire: Wire<'_> = json::read(text)?;
        if wire.resource_type != "Bundle" {
            return Err(JsonError {
                rule: JsonRule::Shape,
                offset: 0,
            });
        }
        let entries = wire
            .entry
            .into_iter()
            .map(BundleEntry::try_from)
            .collect::<Result<_, _>>()?;
        Ok(Self {
            kind: wire.kind,
            total: wire.total,
            links: wire.link,
            entries,
        })
    }
}

#[derive(Serialize, Deserialize)]
struct Wire<'a> {
    #[serde(rename = "resourceType")]
    resource_type: String,
    #[serde(rename = "type")]
    kind: BundleType,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<u64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    link: Vec<BundleLink>,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    entry: Vec<WireEntry<'a>>,
}

#[derive(Serialize, Deserialize)]
struct WireEntry<'a> {
    #[serde(rename = "fullUrl", skip_serializing_if = "Option::is_none")]
    full_url: Option<String>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    resource: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    search: Option<WireSearch>,
}

#[derive(Serialize, Deserialize)]
struct WireSearch {
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<SearchMode>,
}

impl<'a> From<&'a BundleEntry> for WireEntry<'a> {
    fn from(entry: &'a BundleEntry) -> Self {
        Self {
            full_url: entry.full_url.clone(),
            resource: entry.resource.as_ref().map(Resource::raw),
            search: entry.mode.map(|mode| WireSearch { mode: Some(mode) }),
        }
    }
}

impl TryFrom<WireEntry<'_>> for BundleEntry {
    type Error = JsonError;

    fn try_from(entry: WireEntry<'_>) -> Result<Self, JsonError> {
        Ok(Self {
            full_url: entry.full_url,
            resource: entry.resource.map(Resource::from_checked).transpose()?,
            mode: entry.search.and_then(|search| search.mode),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Bundle, BundleType};
    use crate::json::JsonRule;
    use crate::limits::Limits;

    #[test]
    fn f6_no_digit_is_lost_on_the_way_through() {
        let text = r#"{"resourceType":"Bundle","type":"searchset","entry":[{"resource":{"resourceType":"Observation","valueQuantity":{"value":1.50,"x":100000000000000000000.10}}}]}"#;
        let bundle = Bundle::parse(text.as_bytes(), &Limits::default()).unwrap();
        assert_eq!(bundle.kind, BundleType::Searchset);
        assert_eq!(String::from_utf8(bundle.to_json()).unwrap(), text);
    }

    #[test]
    fn f6_duplicate_keys_in_a_resource_are_refused() {
        let text = br#"{"resourceType":"Bundle","type":"searchset","entry":[{"resource":{"resourceType":"Flag","id":"a","id":"b"}}]}"#;
        assert_eq!(
            Bundle::parse(text, &Limits::default()).unwrap_err().rule,
            JsonRule::DuplicateName
        );
    }

    #[test]
    fn other_shapes_are_refused() {
        for text in [
            r#"{"resourceType":"Bundle"}"#,
            r#"{"resourceType":"Bundle","type":"zoekresultaat"}"#,
            r#"{"resourceType":"Bundle","type":"searchset","total":-1}"#,
            r#"{"resourceType":"Bundle","type":"searchset","entry":[{"resource":{"id":"x"}}]}"#,
            "[]",
        ] {
            assert_eq!(
                Bundle::parse(text.as_bytes(), &Limits::default()).unwrap_err().rule,
                JsonRule::Shape,
                "{text}"
            );
        }
    }
}
