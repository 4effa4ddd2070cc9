// SPDX-License-Identifier: AGPL-3.0-or-later
//! `_include`: the resources that matches point at, for the includes of the queries of 48.

use serde_json::Value;

use super::set::ResourceSet;
use crate::reference::Reference;
use crate::resource::Resource;

/// Resource type, parameter, path of the reference.
const INCLUDES: &[(&str, &str, &[&str])] = &[
    ("Coverage", "payor", &["payor"]),
    ("DeviceRequest", "device", &["codeReference"]),
    ("DeviceUseStatement", "device", &["device"]),
    ("MedicationDispense", "medication", &["medicationReference"]),
    ("MedicationRequest", "medication", &["medicationReference"]),
    ("MedicationStatement", "medication", &["medicationReference"]),
    ("Observation", "related-target", &["related", "target"]),
    ("Observation", "specimen", &["specimen"]),
    ("Patient", "general-practitioner", &["generalPractitioner"]),
];

/// One supported include.
#[derive(Debug, Clone)]
pub(super) struct Include {
    path: &'static [&'static str],
    target_type: Option<String>,
}

impl Include {
    /// Reads `Type:parameter` or `Type:parameter:TargetType`; `None` when it is not supported.
    pub(super) fn parse(resource_type: &str, value: &str) -> Option<Self> {
        let mut parts = value.split(':');
        let (source, name, target_type) = (parts.next()?, parts.next()?, parts.next());
        if source != resource_type || parts.next().is_some() {
            return None;
        }
        let (.., path) = INCLUDES.iter().find(|(t, n, _)| *t == source && *n == name)?;
        Some(Self {
            path,
            target_type: target_type.map(str::to_owned),
        })
    }
}

/// The included resources of a page: each once, and none that is a match of the page.
pub(super) fn resolve<'s>(includes: &[Include], page: &[&'s Resource], set: &'s ResourceSet) -> Vec<&'s Resource> {
    let mut included: Vec<&Resource> = Vec::new();
    for resource in page {
        let Some(value) = set.value(resource) else { continue };
        for include in includes {
            for reference in references(value, include.path) {
                let Ok(Reference::Relative { resource_type, id }) = Reference::parse(reference) else {
                    continue;
                };
                if include
                    .target_type
                    .as_deref()
                    .is_some_and(|wanted| wanted != resource_type.as_str())
                {
                    continue;
                }
                let Some(target) = set.lookup(resource_type.as_str(), id.as_str()) else {
                    continue;
                };
                let known = |other: &&Resource| std::ptr::eq(*other, target);
                if !included.iter().any(known) && !page.iter().any(known) {
                    included.push(target);
                }
            }
        }
    }
    included
}

/// The texts of the references at a path; lists are walked through.
fn references<'v>(value: &'v Value, path: &[&str]) -> Vec<&'v str> {
    match (value, path) {
        (Value::Array(items), _) => items.iter().flat_map(|item| references(item, path)).collect(),
        (Value::Object(members), [first, rest @ ..]) => members
            .get(*first)
            .map(|member| references(member, rest))
            .unwrap_or_default(),
        (Value::Object(members), []) => members.get("reference").and_then(Value::as_str).into_iter().collect(),
        _ => Vec::new(),
    }
}
