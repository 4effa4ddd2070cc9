// SPDX-License-Identifier: AGPL-3.0-or-later
//! Whose a resource is, and the address of its server taken out of it.

use std::ops::Range;

use medmij_types::json::{Document, Kind};
use serde_json::Value;

use super::OF_NOBODY;
use crate::limits::Limits;
use crate::outcome::{OperationOutcome, Severity};
use crate::resource::Resource;
use crate::server::bronsysteem::BronsysteemError;
use crate::server::bundle_out::quoted;
use crate::server::definitions;
use crate::server::edit::replaced;
use crate::server::known::local;

/// Whether a resource is of the patient, or of nobody.
pub(super) fn is_of(resource: &Resource, patient: &str, base: &str) -> Result<bool, BronsysteemError> {
    let kind = resource.resource_type().as_str();
    if kind == "Patient" {
        return Ok(resource.id().is_some_and(|id| id.as_str() == patient));
    }
    if OF_NOBODY.contains(&kind) {
        return Ok(true);
    }
    let Some(definition) = definitions::lookup(kind, "patient") else {
        return Ok(false);
    };
    let value: Value = resource
        .view()
        .map_err(|error| BronsysteemError::Failed(error.to_string()))?;
    let references = definition.references(&value);
    let of_patient =
        |text: &&str| local(text, base).is_some_and(|(kind, id)| kind.as_str() == "Patient" && id.as_str() == patient);
    // a device of nobody in particular is one that a patient's resource points at
    Ok(references.iter().any(of_patient) || (kind == "Device" && references.is_empty()))
}

/// Whether an attachment in here points at a place, relative or absolute.
pub(super) fn points_at(content: &Value, wanted: &str) -> bool {
    match content {
        Value::Array(items) => items.iter().any(|item| points_at(item, wanted)),
        Value::Object(members) => {
            let url = members.get("url").and_then(Value::as_str);
            url.is_some_and(|url| url == wanted || url.ends_with(&format!("/{wanted}")))
                || members
                    .get("attachment")
                    .is_some_and(|attachment| points_at(attachment, wanted))
        }
        _ => false,
    }
}

/// Whether an OperationOutcome says that something is missing.
pub(super) fn complains(resource: &Resource) -> bool {
    OperationOutcome::read(resource).is_ok_and(|outcome| {
        outcome
            .issues
            .iter()
            .any(|issue| matches!(issue.severity, Severity::Error | Severity::Fatal))
    })
}

/// The resource with references to its own server made relative: its address is nobody's business.
pub(super) fn without_base(resource: &Resource, base: &str, limits: &Limits) -> Result<Resource, BronsysteemError> {
    let text = resource.as_str();
    if !text.contains(base) && !text.contains('\\') {
        return Ok(resource.clone());
    }
    let failed = |what: String| BronsysteemError::Failed(what);
    let document = Document::parse(text.as_bytes(), &limits.json()).map_err(|error| failed(error.to_string()))?;
    let mut edits: Vec<(Range<usize>, String)> = Vec::new();
    let mut open = vec![document.root()];
    while let Some(value) = open.pop() {
        match value.kind() {
            Kind::Object => open.extend(value.members()),
            Kind::Array => open.extend(value.items()),
            Kind::String => {
                let text = value.as_str().unwrap_or_default();
                if let Some(rest) = text.strip_prefix(base).and_then(|rest| rest.strip_prefix('/')) {
                    edits.push((value.range(), quoted(rest)));
                }
            }
            _ => {}
        }
    }
    let out = replaced(text, edits);
    Resource::parse(out.as_bytes(), limits).map_err(|error| failed(error.to_string()))
}
