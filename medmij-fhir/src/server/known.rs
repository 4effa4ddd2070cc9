// SPDX-License-Identifier: AGPL-3.0-or-later
//! The resources behind references that a search has read, for chains.

use std::collections::HashMap;

use serde_json::Value;

use crate::name::{ResourceId, ResourceType};
use crate::reference::Reference;

/// `Type/id` → JSON.
#[derive(Debug)]
pub(super) struct Known<'b> {
    pub(super) base: &'b str,
    values: HashMap<String, Value>,
}

impl<'b> Known<'b> {
    pub(super) fn new(base: &'b str) -> Self {
        Self {
            base,
            values: HashMap::new(),
        }
    }

    pub(super) fn insert(&mut self, key: String, value: Value) {
        self.values.insert(key, value);
    }

    pub(super) fn contains(&self, key: &str) -> bool {
        self.values.contains_key(key)
    }

    /// The resource behind a reference of `resource`: contained in it, or read before.
    pub(super) fn resolve<'v>(&'v self, resource: &'v Value, text: &str) -> Option<&'v Value> {
        if let Some(fragment) = text.strip_prefix('#') {
            let contained = resource.get("contained")?.as_array()?;
            return contained
                .iter()
                .find(|one| one.get("id").and_then(Value::as_str) == Some(fragment));
        }
        let (resource_type, id) = local(text, self.base)?;
        self.values.get(&format!("{resource_type}/{id}"))
    }
}

/// Type and id of a reference to a resource of this server.
pub(super) fn local(text: &str, base: &str) -> Option<(ResourceType, ResourceId)> {
    let own = text
        .strip_prefix(base)
        .and_then(|rest| rest.strip_prefix('/'))
        .unwrap_or(text);
    match Reference::parse(own) {
        Ok(Reference::Relative { resource_type, id }) => Some((resource_type, id)),
        _ => None,
    }
}
