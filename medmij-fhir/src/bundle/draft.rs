// SPDX-License-Identifier: AGPL-3.0-or-later
//! Writing a Bundle: a page of search results, a transaction, or the answer to one.

use super::{BundleLink, BundleType, EntryRequest, EntryResponse, SearchMode};
use crate::json::push_string;
use crate::resource::Resource;

/// A Bundle that is to be written.
///
/// ```
/// use medmij_fhir::{BundleDraft, BundleType, EntryDraft, EntryRequest, Limits, Resource};
///
/// let weight = Resource::parse(br#"{"resourceType":"Observation","valueQuantity":{"value":81.50}}"#, &Limits::default())?;
/// let mut entry = EntryDraft::new(weight);
/// entry.full_url = Some("urn:uuid:0f9f0f7e-9c62-4f0c-8a52-1b6f0f0b1b11".to_owned());
/// entry.request = Some(EntryRequest::new("POST", "Observation"));
/// let mut draft = BundleDraft::new(BundleType::Batch);
/// draft.entries.push(entry);
/// let text = String::from_utf8(draft.to_json()).unwrap();
/// assert!(text.contains(r#"{"value":81.50}"#) && text.ends_with(r#""request":{"method":"POST","url":"Observation"}}]}"#));
/// # Ok::<(), medmij_fhir::JsonError>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct BundleDraft {
    /// The logical id.
    pub id: Option<String>,
    /// `meta.lastUpdated`.
    pub last_updated: Option<String>,
    /// What the Bundle is for.
    pub kind: BundleType,
    /// Number of matches.
    pub total: Option<u64>,
    /// Links to this and other pages.
    pub links: Vec<BundleLink>,
    /// The entries, in order.
    pub entries: Vec<EntryDraft>,
}

/// An entry that is to be written.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct EntryDraft {
    /// Absolute identity of the resource.
    pub full_url: Option<String>,
    /// The resource; its exact text is written.
    pub resource: Option<Resource>,
    /// Why it is here, in search results.
    pub mode: Option<SearchMode>,
    /// What a transaction or batch asks.
    pub request: Option<EntryRequest>,
    /// What became of it.
    pub response: Option<EntryResponse>,
}

impl EntryDraft {
    /// An entry with a resource.
    #[must_use]
    pub fn new(resource: Resource) -> Self {
        Self {
            resource: Some(resource),
            ..Self::default()
        }
    }
}

impl BundleDraft {
    /// An empty Bundle.
    #[must_use]
    pub const fn new(kind: BundleType) -> Self {
        Self {
            id: None,
            last_updated: None,
            kind,
            total: None,
            links: Vec::new(),
            entries: Vec::new(),
        }
    }

    /// Writes the Bundle as JSON; the resources keep their exact text.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let room: usize = self
            .entries
            .iter()
            .filter_map(|entry| entry.resource.as_ref())
            .map(|r| r.as_str().len() + 256)
            .sum();
        let mut out = String::with_capacity(room + 256);
        out.push_str("{\"resourceType\":\"Bundle\"");
        member(&mut out, "id", self.id.as_deref());
        if let Some(instant) = &self.last_updated {
            out.push_str(",\"meta\":{\"lastUpdated\":");
            push_string(&mut out, instant);
            out.push('}');
        }
        member(&mut out, "type", Some(self.kind.as_str()));
        if let Some(total) = self.total {
            out.push_str(&format!(",\"total\":{total}"));
        }
        list(&mut out, "link", &self.links, |out, link| {
            out.push_str("{\"relation\":");
            push_string(out, &link.relation);
            member(out, "url", Some(&link.url));
            out.push('}');
        });
        list(&mut out, "entry", &self.entries, write_entry);
        out.push('}');
        out.into_bytes()
    }
}

fn write_entry(out: &mut String, entry: &EntryDraft) {
    let start = out.len();
    member(out, "fullUrl", entry.full_url.as_deref());
    if let Some(resource) = &entry.resource {
        out.push_str(",\"resource\":");
        out.push_str(resource.as_str());
    }
    if let Some(mode) = entry.mode {
        out.push_str(",\"search\":{\"mode\":\"");
        out.push_str(mode.as_str());
        out.push_str("\"}");
    }
    if let Some(request) = &entry.request {
        out.push_str(",\"request\":");
        object(
            out,
            &[
                ("method", Some(&request.method)),
                ("url", Some(&request.url)),
                ("ifNoneMatch", request.if_none_match.as_deref()),
                ("ifModifiedSince", request.if_modified_since.as_deref()),
                ("ifMatch", request.if_match.as_deref()),
                ("ifNoneExist", request.if_none_exist.as_deref()),
            ],
        );
        out.push('}');
    }
    if let Some(response) = &entry.response {
        out.push_str(",\"response\":");
        object(
            out,
            &[
                ("status", Some(&response.status)),
                ("location", response.location.as_deref()),
                ("etag", response.etag.as_deref()),
                ("lastModified", response.last_modified.as_deref()),
            ],
        );
        if let Some(outcome) = &response.outcome {
            out.push_str(",\"outcome\":");
            out.push_str(outcome.as_str());
        }
        out.push('}');
    }
    open(out, start);
    out.push('}');
}

/// Writes an object without its closing brace.
fn object(out: &mut String, members: &[(&str, Option<&str>)]) {
    let start = out.len();
    for (name, value) in members {
        member(out, name, *value);
    }
    open(out, start);
}

/// Each member was written with a comma in front: the first one becomes the brace.
fn open(out: &mut String, start: usize) {
    if out.len() > start {
        out.replace_range(start..=start, "{");
    } else {
        out.push('{');
    }
}

fn member(out: &mut String, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        out.push_str(",\"");
        out.push_str(name);
        out.push_str("\":");
        push_string(out, value);
    }
}

fn list<T>(out: &mut String, name: &str, items: &[T], write: impl Fn(&mut String, &T)) {
    for (index, item) in items.iter().enumerate() {
        if index == 0 {
            out.push_str(&format!(",\"{name}\":["));
        } else {
            out.push(',');
        }
        write(out, item);
    }
    if !items.is_empty() {
        out.push(']');
    }
}
