// SPDX-License-Identifier: AGPL-3.0-or-later
//! Writes Bundles: the resources keep their exact text.

use std::fmt::Write;

use http::StatusCode;

use crate::name::ResourceId;
use crate::outcome::OperationOutcome;
use crate::resource::Resource;

/// A Bundle that is being written.
#[derive(Debug)]
pub(super) struct BundleOut {
    text: String,
    entries: bool,
}

impl BundleOut {
    pub(super) fn new(kind: &str) -> Self {
        Self {
            text: format!(r#"{{"resourceType":"Bundle","type":{}"#, quoted(kind)),
            entries: false,
        }
    }

    pub(super) fn total(&mut self, total: usize) {
        let _ = write!(self.text, r#","total":{total}"#);
    }

    /// The links, relation and URL; before any entry.
    pub(super) fn links(&mut self, links: &[(&str, String)]) {
        let link =
            |(relation, url): &(&str, String)| format!(r#"{{"relation":{},"url":{}}}"#, quoted(relation), quoted(url));
        let links: Vec<String> = links.iter().map(link).collect();
        let _ = write!(self.text, r#","link":[{}]"#, links.join(","));
    }

    /// A resource that was found.
    pub(super) fn found(&mut self, base: &str, resource: &Resource, mode: &str) {
        let full_url = quoted(&full_url(base, resource));
        let search = quoted(mode);
        let body = resource.as_str();
        self.entry(&format!(
            r#""fullUrl":{full_url},"resource":{body},"search":{{"mode":{search}}}"#
        ));
    }

    /// What became of a delivered resource; the resource itself when it was asked.
    pub(super) fn stored(&mut self, base: &str, resource: &Resource, status: StatusCode, whole: bool) {
        let id = resource.id().map(ResourceId::as_str).unwrap_or_default();
        let version = if status == StatusCode::CREATED {
            "/_history/1"
        } else {
            ""
        };
        let location = quoted(&format!("{}/{id}{version}", resource.resource_type()));
        let status = quoted(&status.to_string());
        let response = format!(r#""response":{{"status":{status},"location":{location}}}"#);
        let full_url = quoted(&full_url(base, resource));
        if whole {
            let body = resource.as_str();
            self.entry(&format!(r#""fullUrl":{full_url},"resource":{body},{response}"#));
        } else {
            self.entry(&format!(r#""fullUrl":{full_url},{response}"#));
        }
    }

    /// Why an entry of a batch was refused.
    pub(super) fn refused(&mut self, status: StatusCode, outcome: &OperationOutcome) {
        let status = quoted(&status.to_string());
        let outcome = String::from_utf8(outcome.to_json()).unwrap_or_default();
        self.entry(&format!(r#""response":{{"status":{status},"outcome":{outcome}}}"#));
    }

    /// A message about the whole, for the Persoon.
    pub(super) fn message(&mut self, outcome: &OperationOutcome) {
        let status = quoted(&StatusCode::OK.to_string());
        let outcome = String::from_utf8(outcome.to_json()).unwrap_or_default();
        self.entry(&format!(r#""resource":{outcome},"response":{{"status":{status}}}"#));
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        if self.entries {
            self.text.push(']');
        }
        self.text.push('}');
        self.text.into_bytes()
    }

    fn entry(&mut self, members: &str) {
        self.text.push_str(if self.entries { "," } else { r#","entry":["# });
        self.entries = true;
        self.text.push('{');
        self.text.push_str(members);
        self.text.push('}');
    }
}

fn full_url(base: &str, resource: &Resource) -> String {
    let id = resource.id().map(ResourceId::as_str).unwrap_or_default();
    format!("{base}/{}/{id}", resource.resource_type())
}

/// A JSON string.
pub(super) fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}
