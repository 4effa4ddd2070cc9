// SPDX-License-Identifier: AGPL-3.0-or-later
//! `PATCH [base]/Task/id`: the system of a module tells how far a task is.

use http::HeaderMap;
use http::header::CONTENT_TYPE;

use super::{Writing, condition};
use crate::bsn::redact_bsn;
use crate::name::{ResourceId, ResourceType};
use crate::patch::{JSON_PATCH, JsonPatch};
use crate::resource::Resource;
use crate::server::bronsysteem::{Bronsysteem, Context, Found};
use crate::server::refusal::Refusal;
use crate::server::reply::Reply;

/// What the progress of a task changes. Whose task it is, what it asks and who asked it stay.
const ELEMENTS: [&str; 7] = [
    "businessStatus",
    "executionPeriod",
    "lastModified",
    "note",
    "output",
    "status",
    "statusReason",
];

impl Writing<'_> {
    pub(in crate::server) fn updates(&self, resource_type: &ResourceType) -> bool {
        self.delen.updates.contains(&resource_type.as_str())
    }

    pub(in crate::server) fn patches(&self, resource_type: &ResourceType) -> bool {
        self.delen.patches.contains(&resource_type.as_str())
    }

    /// Applies a JSON Patch to what the source has now; the whole resource comes back. A `test` that fails, a path
    /// that is not there and an element that is not progress are 422, and nothing changes.
    pub(in crate::server) async fn patch<B: Bronsysteem>(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        place: (&ResourceType, &ResourceId),
        context: &Context,
        bronsysteem: &B,
    ) -> Result<Reply, Refusal> {
        self.admit(context, bronsysteem).await?;
        let essence = headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let essence = essence.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case(JSON_PATCH) {
            return Err(Refusal::PatchType);
        }
        if body.len() > self.limits.body {
            return Err(Refusal::TooLarge);
        }
        let patch = JsonPatch::parse(body, self.limits).map_err(|error| Refusal::Body(error.to_string()))?;
        if patch.elements().any(|element| !ELEMENTS.contains(&element)) {
            return Err(Refusal::Rule(
                "patch names an element that is not progress of the task".to_owned(),
            ));
        }
        condition::check(condition::of_headers(headers).as_deref(), place, context, bronsysteem).await?;
        let resource = match bronsysteem.read(context, place.0, place.1).await? {
            Found::Resource(resource) => resource,
            Found::Gone => return Err(Refusal::Gone),
            Found::Unknown => return Err(Refusal::NotFound),
        };
        let patched = patch
            .apply(&resource, self.limits)
            .map_err(|error| Refusal::Rule(error.to_string()))?;
        let redacted = redact_bsn(patched.as_bytes(), self.limits).map_err(|_| Refusal::Internal)?;
        let patched = Resource::parse(redacted.text.as_bytes(), self.limits).map_err(|_| Refusal::Internal)?;
        Self::replace(patched, context, bronsysteem).await
    }
}
