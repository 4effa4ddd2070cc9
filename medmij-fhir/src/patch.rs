// SPDX-License-Identifier: AGPL-3.0-or-later
//! JSON Patch (RFC 6902): how the system of a module tells a DVA how far a Task of Aanbiedertaken is.
//!
//! The standard (Provider Tasks) has one form, `PATCH Task/{id}` with `application/json-patch+json`, and gives it to the
//! system of a module; a DVP reads tasks and changes none. What a patch does not name stays as it was, digit for digit.

mod edit;

use bytes::Bytes;
use http::Method;
use medmij_types::Entropy;
use medmij_types::json::{Document, Kind, Value};

use crate::access::Access;
use crate::error::FhirError;
use crate::json::JsonError;
use crate::limits::Limits;
use crate::name::{ResourceId, ResourceType};
use crate::outcome::OperationOutcome;
use crate::query::Query;
use crate::resource::Resource;
use crate::share::{self, ShareError};

/// The media type of a patch.
pub(crate) const JSON_PATCH: &str = "application/json-patch+json";
/// Operations of one patch, at most.
const MOST: usize = 100;
/// The codes of `Task.status` in R4.
const STATUSES: [&str; 12] = [
    "draft",
    "requested",
    "received",
    "accepted",
    "rejected",
    "ready",
    "cancelled",
    "in-progress",
    "on-hold",
    "failed",
    "completed",
    "entered-in-error",
];

/// A patch of one resource.
///
/// ```
/// use medmij_fhir::{JsonPatch, Limits, Resource};
///
/// let limits = Limits::default();
/// let task = Resource::parse(br#"{"resourceType":"Task","id":"t","status":"ready","priority":1.50}"#, &limits)?;
/// let patch = JsonPatch::task_status("completed")?;
/// assert_eq!(patch.as_str(), r#"[{"op":"replace","path":"/status","value":"completed"}]"#);
/// assert_eq!(patch.apply(&task, &limits)?.as_str(), r#"{"resourceType":"Task","id":"t","status":"completed","priority":1.50}"#);
/// assert!(JsonPatch::task_status("klaar").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonPatch {
    text: String,
    steps: Vec<Step>,
}

/// Why a patch cannot be read or applied. Names the operation by its place, never a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatchError {
    /// Not strict JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// Not an array of operations as RFC 6902 has them, or more than 100.
    #[error("operation {0} of the patch is malformed")]
    Malformed(usize),
    /// There is nothing at a path, or no room for it.
    #[error("operation {0} of the patch has a path that is not there")]
    Path(usize),
    /// What a `test` expects is not so.
    #[error("operation {0} of the patch tests for another value")]
    Test(usize),
    /// No status of a Task.
    #[error("not a status of a Task")]
    Status,
    /// The outcome is another resource, or none.
    #[error("patch changes which resource it is")]
    Identity,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Step {
    operation: Operation,
    path: Vec<String>,
}

/// Values are raw JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Operation {
    Add(String),
    Remove,
    Replace(String),
    Move(Vec<String>),
    Copy(Vec<String>),
    Test(String),
}

impl JsonPatch {
    /// The patch that sets the status of a Task, for the system of a module.
    ///
    /// # Errors
    /// [`PatchError::Status`] when R4 has no such status.
    pub fn task_status(code: &str) -> Result<Self, PatchError> {
        if !STATUSES.contains(&code) {
            return Err(PatchError::Status);
        }
        let value = format!("\"{code}\"");
        Ok(Self {
            text: format!(r#"[{{"op":"replace","path":"/status","value":{value}}}]"#),
            steps: vec![Step {
                operation: Operation::Replace(value),
                path: vec!["status".to_owned()],
            }],
        })
    }

    /// Reads a patch.
    ///
    /// # Errors
    /// [`PatchError::Json`], [`PatchError::Malformed`].
    pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Self, PatchError> {
        let document = Document::parse(bytes, &limits.json())?;
        let root = document.root();
        if root.kind() != Kind::Array || root.items().count() > MOST {
            return Err(PatchError::Malformed(0));
        }
        let step = |(at, item): (usize, Value<'_>)| step(&item).ok_or(PatchError::Malformed(at));
        let steps = root.items().enumerate().map(step).collect::<Result<Vec<_>, _>>()?;
        if steps.is_empty() {
            return Err(PatchError::Malformed(0));
        }
        Ok(Self {
            text: document.text().to_owned(),
            steps,
        })
    }

    /// The patch as it travels.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The elements of the resource that the operations read or write, by the first name of each path; empty for the
    /// whole resource.
    pub fn elements(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().flat_map(|step| {
            let from = match &step.operation {
                Operation::Move(from) | Operation::Copy(from) => Some(from),
                _ => None,
            };
            let paths = std::iter::once(&step.path).chain(from);
            paths.map(|path| path.first().map_or("", String::as_str))
        })
    }

    /// The resource as the patch makes it: all operations, or none.
    ///
    /// # Errors
    /// [`PatchError`]: the first operation that cannot be done; [`PatchError::Identity`] when type or id change;
    /// [`PatchError::Status`] when a Task gets a status that R4 does not have.
    pub fn apply(&self, resource: &Resource, limits: &Limits) -> Result<Resource, PatchError> {
        let mut text = resource.as_str().to_owned();
        for (at, step) in self.steps.iter().enumerate() {
            text = edit::apply(&text, step, at, limits)?;
        }
        let patched = Resource::parse(text.as_bytes(), limits)?;
        if patched.resource_type() != resource.resource_type() || patched.id() != resource.id() {
            return Err(PatchError::Identity);
        }
        if patched.resource_type().as_str() == "Task" {
            let document = Document::parse(text.as_bytes(), &limits.json())?;
            let status = document.root().member("status").and_then(|status| status.as_str());
            if !status.is_some_and(|status| STATUSES.contains(&&*status)) {
                return Err(PatchError::Status);
            }
        }
        Ok(patched)
    }

    /// The request that sends it, for the system of a module. Sent once: a patch need not be idempotent.
    ///
    /// # Errors
    /// [`FhirError`], as [`Access::get`].
    pub fn request(
        &self,
        access: &Access,
        resource_type: &ResourceType,
        id: &ResourceId,
        entropy: &dyn Entropy,
    ) -> Result<http::Request<Bytes>, FhirError> {
        let endpoint = access
            .endpoint("")
            .ok_or_else(|| FhirError::NoEndpoint(String::new()))?;
        let target = endpoint.target(&Query::read(resource_type.clone(), id.clone()));
        let body = Bytes::copy_from_slice(self.text.as_bytes());
        access.write_as(Method::PATCH, &target, JSON_PATCH, body, entropy)
    }

    /// Takes the answer: 200 or 201, with or without the resource.
    ///
    /// # Errors
    /// [`ShareError::Refused`]; [`ShareError::Fhir`] for 401 and for an answer that is not FHIR.
    pub fn receive(
        &self,
        response: http::Response<Bytes>,
        access: &Access,
        limits: &Limits,
    ) -> Result<Option<OperationOutcome>, ShareError> {
        share::changed(response, access, limits)
    }
}

fn step(item: &Value<'_>) -> Option<Step> {
    let text = |name: &str| item.member(name)?.as_str().map(String::from);
    let value = || Some(item.member("value")?.raw().to_owned());
    let from = || pointer(&text("from")?);
    let operation = match text("op")?.as_str() {
        "add" => Operation::Add(value()?),
        "remove" => Operation::Remove,
        "replace" => Operation::Replace(value()?),
        "move" => Operation::Move(from()?),
        "copy" => Operation::Copy(from()?),
        "test" => Operation::Test(value()?),
        _ => return None,
    };
    Some(Step {
        operation,
        path: pointer(&text("path")?)?,
    })
}

/// A JSON Pointer (RFC 6901) as its parts.
fn pointer(text: &str) -> Option<Vec<String>> {
    if text.is_empty() {
        return Some(Vec::new());
    }
    let parts = text.strip_prefix('/')?.split('/');
    let part = |part: &str| {
        let escapes = part
            .match_indices('~')
            .all(|(at, _)| matches!(part.as_bytes().get(at + 1), Some(b'0' | b'1')));
        escapes.then(|| part.replace("~1", "/").replace("~0", "~"))
    };
    parts.map(part).collect()
}

#[cfg(test)]
mod tests;
