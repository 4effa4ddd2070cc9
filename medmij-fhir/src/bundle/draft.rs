// SPDX-License-Identifier: AGPL-3.0-or-later
//! Writing a Bundle: a batch or a transaction.

use super::{BundleType, EntryRequest};
use crate::json::push_string;
use crate::resource::Resource;

/// An entry that is to be written.
#[derive(Debug, Clone)]
pub(crate) struct EntryDraft {
    /// Absolute identity of the resource.
    pub(crate) full_url: String,
    /// The resource; its exact text is written.
    pub(crate) resource: Resource,
    /// What is asked for it, without conditions.
    pub(crate) request: EntryRequest,
}

/// The Bundle as JSON; the resources keep their exact text.
pub(crate) fn to_json<'a>(kind: BundleType, entries: impl Iterator<Item = &'a EntryDraft>) -> Vec<u8> {
    let mut out = format!("{{\"resourceType\":\"Bundle\",\"type\":\"{}\"", kind.as_str());
    let mut end = "}";
    for entry in entries {
        out.push_str(if end == "}" { ",\"entry\":[" } else { "," });
        end = "]}";
        out.push_str("{\"fullUrl\":");
        push_string(&mut out, &entry.full_url);
        out.push_str(",\"resource\":");
        out.push_str(entry.resource.as_str());
        out.push_str(",\"request\":{\"method\":");
        push_string(&mut out, &entry.request.method);
        out.push_str(",\"url\":");
        push_string(&mut out, &entry.request.url);
        out.push_str("}}");
    }
    out.push_str(end);
    out.into_bytes()
}
