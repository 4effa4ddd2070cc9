// SPDX-License-Identifier: AGPL-3.0-or-later
//! The entries of a delivered Bundle, each with its new id and with references that lead to the others.

use std::collections::HashMap;
use std::fmt::Write;
use std::ops::Range;

use medmij_types::json::{Document, JsonLimits, Kind, Value};

use super::Writing;
use crate::bundle::BundleType;
use crate::name::ResourceId;
use crate::resource::Resource;
use crate::server::bronsysteem::DeliveryEntry;
use crate::server::bundle_out::quoted;
use crate::server::edit::replaced;
use crate::server::refusal::Refusal;

/// Entries of one Bundle, at most.
const MOST: usize = 1_000;

/// One entry as it was posted.
pub(super) struct Posted<'d> {
    create: bool,
    resource: Value<'d>,
    full_url: Option<String>,
    /// `Type/id` under which it is stored.
    place: String,
    id: String,
    /// `ifMatch`.
    condition: Option<String>,
}

/// What is delivered, with its `ifMatch`.
type Judged = Result<(DeliveryEntry, Option<String>), Refusal>;

impl<'d> Posted<'d> {
    /// Reads the entries. What is wrong with the Bundle itself refuses all.
    pub(super) fn read(text: &str, writing: &Writing<'_>) -> Result<Vec<Judged>, Refusal> {
        let document = Document::parse(text.as_bytes(), &JsonLimits::default())
            .map_err(|error| Refusal::Body(error.to_string()))?;
        let root = document.root();
        let word = |name: &str| root.member(name).and_then(|value| value.as_str()).unwrap_or_default();
        if word("resourceType") != "Bundle" {
            return Err(Refusal::Body("body is not a Bundle".to_owned()));
        }
        let kind = if writing.delen.bundle == BundleType::Batch {
            "batch"
        } else {
            "transaction"
        };
        if word("type") != kind {
            return Err(Refusal::Rule(format!("Bundle.type is not {kind}")));
        }
        let entries = root.member("entry");
        let items: Vec<Value<'_>> = entries.map(|entries| entries.items().collect()).unwrap_or_default();
        if items.is_empty() {
            return Err(Refusal::Rule("Bundle has no entries".to_owned()));
        }
        if items.len() > MOST {
            return Err(Refusal::Rule(format!("Bundle has more than {MOST} entries")));
        }
        let mut posted = Vec::with_capacity(items.len());
        let mut places = HashMap::new();
        for (at, item) in items.iter().enumerate() {
            let entry = Posted::parse(item, at, writing);
            if let Ok(entry) = &entry
                && let Some(full_url) = &entry.full_url
                && places.insert(full_url.clone(), entry.place.clone()).is_some()
            {
                return Err(Refusal::Rule(format!("entry[{at}].fullUrl occurs twice in the Bundle")));
            }
            posted.push(entry);
        }
        let deliver = |(at, entry): (usize, Result<Posted<'_>, Refusal>)| {
            let mut entry = entry?;
            let condition = entry.condition.take();
            Ok((entry.deliver(at, text, &places, writing)?, condition))
        };
        Ok(posted.into_iter().enumerate().map(deliver).collect())
    }

    fn parse(entry: &Value<'d>, at: usize, writing: &Writing<'_>) -> Result<Self, Refusal> {
        let wrong = |what: &str| Refusal::Rule(format!("entry[{at}]: {what}"));
        let resource = entry.member("resource").ok_or_else(|| wrong("no resource"))?;
        let text =
            |value: &Value<'d>, name: &str| value.member(name).and_then(|value| value.as_str()).map(String::from);
        let resource_type = text(&resource, "resourceType").ok_or_else(|| wrong("resource has no resourceType"))?;
        let request = entry.member("request").ok_or_else(|| wrong("no request"))?;
        let (method, url) = (text(&request, "method"), text(&request, "url"));
        let (method, url) = (method.unwrap_or_default(), url.unwrap_or_default());
        let condition = text(&request, "ifMatch");
        let conditions = ["ifNoneExist", "ifNoneMatch", "ifModifiedSince"];
        let creates_if = method == "POST" && request.member("ifMatch").is_some();
        if creates_if || conditions.iter().any(|name| request.member(name).is_some()) {
            return Err(wrong("conditional requests are not supported"));
        }
        if !writing.delen.types.contains(&resource_type.as_str()) {
            return Err(wrong("resource type is not received for this gegevensdienst"));
        }
        let create = match method.as_str() {
            "POST" => true,
            "PUT" if writing.delen.updates.contains(&resource_type.as_str()) => false,
            _ => return Err(wrong("request.method is not supported")),
        };
        let id = if create {
            if url != resource_type {
                return Err(wrong("request.url is not the type of the resource"));
            }
            new_id(writing)?
        } else {
            let id = text(&resource, "id").filter(|id| ResourceId::parse(id).is_ok());
            let id = id.ok_or_else(|| wrong("resource has no id"))?;
            let absolute = url.strip_prefix(writing.base).and_then(|rest| rest.strip_prefix('/'));
            if absolute.unwrap_or(&url) != format!("{resource_type}/{id}") {
                return Err(wrong("request.url is not type and id of the resource"));
            }
            id
        };
        Ok(Self {
            create,
            resource,
            full_url: text(entry, "fullUrl"),
            place: format!("{resource_type}/{id}"),
            id,
            condition,
        })
    }

    /// The resource with its id, and with the places of the other entries in its references.
    fn deliver(
        self,
        at: usize,
        text: &str,
        places: &HashMap<String, String>,
        writing: &Writing<'_>,
    ) -> Result<DeliveryEntry, Refusal> {
        let mut edits: Vec<(Range<usize>, String)> = Vec::new();
        let mut dangling = false;
        point(&self.resource, places, &mut edits, &mut dangling);
        if dangling {
            return Err(Refusal::Rule(format!(
                "entry[{at}]: a reference leads to no entry of the Bundle"
            )));
        }
        if self.create {
            match (self.resource.member("id"), self.resource.member("resourceType")) {
                (Some(id), _) => edits.push((id.range(), quoted(&self.id))),
                (None, Some(kind)) => {
                    let end = kind.range().end;
                    edits.push((end..end, format!(",\"id\":{}", quoted(&self.id))));
                }
                (None, None) => {}
            }
        }
        let whole = self.resource.range();
        let shifted = edits
            .into_iter()
            .map(|(range, new)| (range.start - whole.start..range.end - whole.start, new));
        let out = replaced(text.get(whole.clone()).unwrap_or_default(), shifted.collect());
        let resource =
            Resource::parse(out.as_bytes(), writing.limits).map_err(|error| Refusal::Body(error.to_string()))?;
        Ok(DeliveryEntry {
            create: self.create,
            resource,
        })
    }
}

/// Finds every string that is the fullUrl of an entry, and references to entries that are not there.
fn point(
    value: &Value<'_>,
    places: &HashMap<String, String>,
    edits: &mut Vec<(Range<usize>, String)>,
    dangling: &mut bool,
) {
    match value.kind() {
        Kind::String => {
            let Some(text) = value.as_str() else { return };
            if let Some(place) = places.get(text.as_ref()) {
                edits.push((value.range(), quoted(place)));
            } else if text.starts_with("urn:uuid:") && value.name().is_some_and(|name| name == "reference") {
                *dangling = true;
            }
        }
        Kind::Object => value
            .members()
            .for_each(|member| point(&member, places, edits, dangling)),
        Kind::Array => value.items().for_each(|item| point(&item, places, edits, dangling)),
        _ => {}
    }
}

/// A random id in the form of a UUID.
fn new_id(writing: &Writing<'_>) -> Result<String, Refusal> {
    let mut random = [0; 16];
    writing.entropy.fill(&mut random).map_err(|_| Refusal::Internal)?;
    let [_, _, _, _, _, _, version, _, variant, ..] = &mut random;
    *version = *version & 0x0f | 0x40;
    *variant = *variant & 0x3f | 0x80;
    let mut id = String::with_capacity(36);
    for (at, byte) in random.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            id.push('-');
        }
        let _ = write!(id, "{byte:02x}");
    }
    Ok(id)
}
