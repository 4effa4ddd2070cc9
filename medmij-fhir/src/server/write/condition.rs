// SPDX-License-Identifier: AGPL-3.0-or-later
//! RFC 9110 section 13.1.1, FHIR section "managing resource contention": `If-Match` on an update.
//!
//! Delen does not ask for it. A client that sends it nevertheless wants no other version to be overwritten than the one it
//! read: it is judged by `meta.versionId` of what the source has, read just before.

use http::HeaderMap;
use http::header::IF_MATCH;

use super::super::bronsysteem::{Bronsysteem, Context, Found};
use super::super::refusal::Refusal;
use crate::name::{ResourceId, ResourceType};

/// The condition of a request; none where it has none.
pub(super) fn of_headers(headers: &HeaderMap) -> Option<String> {
    let values = headers.get_all(IF_MATCH).iter();
    let values: Vec<_> = values.map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
    (!values.is_empty()).then(|| values.join(","))
}

/// Refuses where the source has another version, or none.
pub(super) async fn check<B: Bronsysteem>(
    condition: Option<&str>,
    (resource_type, id): (&ResourceType, &ResourceId),
    context: &Context,
    bronsysteem: &B,
) -> Result<(), Refusal> {
    let Some(condition) = condition else { return Ok(()) };
    let Found::Resource(resource) = bronsysteem.read(context, resource_type, id).await? else {
        return Err(Refusal::Version);
    };
    let resource: serde_json::Value = resource.view().map_err(|_| Refusal::Internal)?;
    let version = resource.pointer("/meta/versionId").and_then(serde_json::Value::as_str);
    if fits(condition, version) {
        Ok(())
    } else {
        Err(Refusal::Version)
    }
}

/// Whether a list of entity tags has the one of this version. A version is weak in FHIR, and compared as it is written.
fn fits(condition: &str, version: Option<&str>) -> bool {
    condition.split(',').map(str::trim).any(|tag| {
        let tag_of_version = || {
            tag.strip_prefix("W/")
                .unwrap_or(tag)
                .strip_prefix('"')?
                .strip_suffix('"')
        };
        tag == "*" || version.is_some() && tag_of_version() == version
    })
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_condition_holds_for_its_version_and_no_other() {
        for (condition, version, expected) in [
            ("W/\"3\"", Some("3"), true),
            ("\"3\"", Some("3"), true),
            ("W/\"2\", W/\"3\"", Some("3"), true),
            ("*", Some("3"), true),
            ("*", None, true),
            ("W/\"2\"", Some("3"), false),
            ("W/\"3\"", None, false),
            ("3", Some("3"), false),
            ("w/\"3\"", Some("3"), false),
            ("W/\"\"", None, false),
            ("", Some("3"), false),
            ("", None, false),
        ] {
            assert_eq!(fits(condition, version), expected, "{condition:?} of {version:?}");
        }
    }
}
