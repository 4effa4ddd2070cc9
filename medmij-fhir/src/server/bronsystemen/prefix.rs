// SPDX-License-Identifier: AGPL-3.0-or-later
//! Ids of one source made different from those of another, in the bytes and nowhere else.

use std::ops::Range;

use medmij_types::json::{Document, JsonLimits, Kind, Value};

use crate::name::{ResourceId, ResourceType};
use crate::resource::Resource;
use crate::server::bronsysteem::{BronsysteemError, Wanted};
use crate::server::bundle_out::quoted;
use crate::server::edit::replaced;

/// The text before the ids of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Prefix(String);

impl Prefix {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let good = (1..=16).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric());
        good.then(|| Self(format!("{text}.")))
    }

    /// The id as the source knows it.
    pub(super) fn without(&self, id: &ResourceId) -> Option<ResourceId> {
        ResourceId::parse(id.as_str().strip_prefix(&self.0)?).ok()
    }

    /// The search as the source understands it. A parameter with an id in it is left out: the server filters.
    pub(super) fn wanted(&self, wanted: &Wanted) -> Wanted {
        let mut own = wanted.clone();
        own.parameters.retain(|(_, value)| !value.contains(&self.0));
        own
    }

    /// A resource with its id, and the references in it, prefixed.
    pub(super) fn given(&self, resource: &Resource) -> Result<Resource, BronsysteemError> {
        let failed = |what: &str| BronsysteemError::Failed(what.to_owned());
        let text = resource.as_str();
        let document =
            Document::parse(text.as_bytes(), &JsonLimits::default()).map_err(|error| failed(&error.to_string()))?;
        let root = document.root();
        let mut edits: Vec<(Range<usize>, String)> = Vec::new();
        if let Some(id) = root.member("id")
            && let Some(old) = id.as_str()
        {
            let new = format!("{}{old}", self.0);
            ResourceId::parse(&new).map_err(|_| failed("id is too long for its prefix"))?;
            edits.push((id.range(), quoted(&new)));
        }
        self.references(&root, &mut edits);
        let out = replaced(text, edits);
        Resource::parse(out.as_bytes(), &crate::limits::Limits::default()).map_err(|error| failed(&error.to_string()))
    }

    /// `reference` and `url` with `Type/id` in it: a Reference, an Attachment.
    fn references(&self, value: &Value<'_>, edits: &mut Vec<(Range<usize>, String)>) {
        match value.kind() {
            Kind::Object => value.members().for_each(|member| self.references(&member, edits)),
            Kind::Array => value.items().for_each(|item| self.references(&item, edits)),
            Kind::String => {
                let Some(text) = value
                    .as_str()
                    .filter(|_| value.name().is_some_and(|name| name == "reference" || name == "url"))
                else {
                    return;
                };
                let mut parts = text.splitn(3, '/');
                if let (Some(kind), Some(id)) = (parts.next(), parts.next())
                    && ResourceType::parse(kind).is_ok()
                    && ResourceId::parse(id).is_ok()
                {
                    let rest = parts.next().map(|rest| format!("/{rest}")).unwrap_or_default();
                    edits.push((value.range(), quoted(&format!("{kind}/{}{id}{rest}", self.0))));
                }
            }
            _ => {}
        }
    }
}
