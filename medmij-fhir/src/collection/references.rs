// SPDX-License-Identifier: AGPL-3.0-or-later
//! References to resources that no answer held: each is read once, inside the ResourceEndpoints.
//!
//! A literal reference is looked for everywhere in a resource, in extensions too: the product of a
//! vaccination (63), the PractitionerRole of a STU3 Practitioner, the Questionnaire of a Task (59) and the
//! documents of a DocumentManifest (`pReference`, 51) are in different places.

use std::time::Duration;

use bytes::Bytes;
use medmij_types::json::{Document, Value};

use super::pages::remember;
use super::{Collected, Collection, Line, Outcome, REFERENCE, Received, ReferenceReport, gap};
use crate::answer::{self, Content, Want};
use crate::error::FhirError;
use crate::gegevensdienst::FollowUp;
use crate::limits::Limits;
use crate::reference::Reference;
use crate::resource::Resource;

/// Which references are read that no answer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum References {
    /// Every literal reference, also of resources that were read so, three steps deep.
    #[default]
    All,
    /// Those that the catalogue names for the service: Medication of 63, Questionnaire of 59.
    Service,
    /// None.
    None,
}

impl Collection {
    /// Plans the reads that the resources lead to which came since the last time.
    pub(super) fn plan_references(&mut self) {
        if self.references == References::None || self.scanned.depth >= DEPTH {
            return;
        }
        self.scanned.depth += 1;
        self.scanned.queries.resize(self.report.queries.len(), 0);
        let mut found: Vec<(Line, String)> = Vec::new();
        for (index, (line, seen)) in self.report.queries.iter().zip(&mut self.scanned.queries).enumerate() {
            for collected in line.resources.iter().skip(*seen) {
                if self.references == References::All || leads_on(&self.service, &collected.resource) {
                    references(&collected.resource, &self.limits, |text| {
                        found.push((Line::Query(index), text));
                    });
                }
            }
            *seen = line.resources.len();
        }
        for (index, line) in self.report.references.iter().enumerate().skip(self.scanned.references) {
            if let Some(collected) = line.resource.as_ref().filter(|_| self.references == References::All) {
                references(&collected.resource, &self.limits, |text| {
                    found.push((Line::Reference(index), text));
                });
            }
        }
        self.scanned.references = self.report.references.len();
        for (from, text) in found {
            self.plan_reference(from, &text);
        }
    }

    fn plan_reference(&mut self, from: Line, text: &str) {
        if self.known.contains(text) {
            return;
        }
        let link = match Reference::parse(text) {
            Ok(Reference::Relative { resource_type, id }) => format!("{resource_type}/{id}"),
            Ok(Reference::Absolute(url)) => url,
            // contained, or another entry of the same Bundle, or no literal reference
            _ => return,
        };
        if self.known.contains(&link) {
            return;
        }
        let Some(endpoint) = self.endpoint_of(from) else { return };
        let line = match self.access.admit(&endpoint, &link) {
            // elsewhere: nothing is sent there, and it is no part of this collection
            Err(_) => {
                self.known.insert(link);
                return;
            }
            Ok(target) if self.visited.contains(&target) => return,
            Ok(target) if self.is_known_below(&endpoint, &target) => return,
            Ok(_) if self.report.references.len() >= self.limits.references => {
                if self.known.insert(TOO_MANY.to_owned()) {
                    let error = FhirError::TooManyReferences(self.limits.references);
                    ReferenceReport::new(None, Outcome::Failed(error))
                } else {
                    return;
                }
            }
            Ok(target) => {
                let step = self.add(target.clone(), Line::Reference(self.report.references.len()));
                self.waiting.push_back(step);
                ReferenceReport::new(Some(target), Outcome::NotAsked)
            }
        };
        self.report.references.push(line);
    }

    /// Whether an absolute URL below the endpoint is a resource that came by its relative name.
    fn is_known_below(&self, endpoint: &crate::endpoint::ResourceEndpoint, target: &crate::endpoint::Target) -> bool {
        let below = target.as_str().strip_prefix(endpoint.base());
        below.is_some_and(|below| self.known.contains(below.trim_start_matches('/')))
    }

    pub(super) fn receive_reference(
        &mut self,
        index: usize,
        response: http::Response<Bytes>,
        retry_after: Option<Duration>,
    ) -> Result<Received, FhirError> {
        let status = response.status();
        let Some(line) = self.report.references.get_mut(index) else {
            return Err(FhirError::NothingAsked);
        };
        line.status = Some(status);
        line.retry_after = retry_after;
        let answer = answer::read(response, self.access.version(), &self.limits, Want::Fhir)?;
        line.redacted.add(answer.redacted);
        let mut received = Received {
            label: REFERENCE.to_owned(),
            status,
            resources: 0,
            more: false,
            retry_after,
        };
        let mut document_reference = None;
        match answer.content {
            Content::Resource(resource) if status.is_success() => {
                received.resources = 1;
                line.outcome = Outcome::Answered;
                remember(&mut self.known, &resource, None);
                if resource.resource_type().as_str() == "DocumentReference" {
                    document_reference = Some(resource.clone());
                }
                line.resource = Some(Collected {
                    full_url: line.target.as_ref().map(|target| target.as_str().to_owned()),
                    resource,
                    mode: None,
                });
            }
            Content::Outcome(outcome) => {
                let gone =
                    matches!(status.as_u16(), 404 | 410) || status.is_success() && gap::says_nothing_there(&outcome);
                line.outcome = if gone {
                    Outcome::Absent
                } else {
                    Outcome::refused(status)
                };
                line.outcomes.push(outcome);
            }
            _ if matches!(status.as_u16(), 404 | 410) => line.outcome = Outcome::Absent,
            _ if !status.is_success() => line.outcome = Outcome::refused(status),
            other => return Err(FhirError::NotAResource(other.describe())),
        }
        if let Some(resource) = document_reference.filter(|_| self.reads_documents()) {
            self.plan_documents(Line::Reference(index), &resource);
        }
        Ok(received)
    }
}

/// Whether the catalogue says that references of this resource are read.
fn leads_on(service: &crate::gegevensdienst::Gegevensdienst, resource: &Resource) -> bool {
    let kind = resource.resource_type();
    service.follow_ups().any(|query| match query.follow_up() {
        Some(FollowUp::References(of)) => of == kind,
        Some(FollowUp::Manifest) => kind.as_str() == "DocumentManifest",
        Some(FollowUp::TaskInput) => kind.as_str() == "Task",
        _ => false,
    })
}

/// Shows every literal reference of a resource. Its text was checked when it came; it is searched, and not read again.
fn references(resource: &Resource, limits: &Limits, mut found: impl FnMut(String)) {
    let text = resource.as_str();
    if memchr::memmem::find(text.as_bytes(), b"\\u").is_some() {
        // a name may be written with an escape
        if let Ok(document) = Document::parse(text.as_bytes(), &limits.json()) {
            walk(document.root(), &mut found);
        }
        return;
    }
    for at in memchr::memmem::find_iter(text.as_bytes(), REFERENCE_NAME) {
        let is_inside = at > 0 && text.as_bytes().get(at - 1) == Some(&b'\\');
        let rest = text.get(at + REFERENCE_NAME.len()..).unwrap_or_default().trim_start();
        let value = rest.strip_prefix(':').map(str::trim_start);
        let Some(value) = value.filter(|value| !is_inside && value.starts_with('"')) else {
            continue;
        };
        let mut strings = serde_json::Deserializer::from_str(value).into_iter::<String>();
        if let Some(Ok(reference)) = strings.next() {
            found(reference);
        }
    }
}

/// The depth of the document is bounded by the limits.
fn walk(value: Value<'_>, found: &mut impl FnMut(String)) {
    for member in value.members() {
        if member.name().as_deref() == Some("reference")
            && let Some(text) = member.as_str()
        {
            found(text.into_owned());
        } else {
            walk(member, found);
        }
    }
    for item in value.items() {
        walk(item, found);
    }
}

const REFERENCE_NAME: &[u8] = b"\"reference\"";
/// How many steps away from an answer a resource is read.
const DEPTH: usize = 3;
const TOO_MANY: &str = "(too many references)";

#[cfg(test)]
mod tests {
    use super::references;
    use crate::limits::Limits;
    use crate::resource::Resource;

    #[test]
    fn every_literal_reference_is_found_and_nothing_that_only_looks_like_one() {
        for (body, expected) in [
            (r#""subject":{"reference":"Patient/1"}"#, &["Patient/1"][..]),
            (
                r#""a":[{"reference" : "A/1"},{"x":{"reference"
              :"B/2"}}]"#,
                &["A/1", "B/2"],
            ),
            (r#""a":{"reference":"A\/1"}"#, &["A/1"]),
            (r#""a":{"refer\u0065nce":"A/1"}"#, &["A/1"]),
            (r#""a":{"reference":"A/1"},"b":"\u00e9""#, &["A/1"]),
            (r#""code":"reference","b":["reference"]"#, &[]),
            (r#""a":"\"reference\":\"A/1\"""#, &[]),
            (r#""a":{"reference":null},"b":{"reference":7}"#, &[]),
            (r#""a":{"_reference":"A/1","x\"reference":"B/1"}"#, &[]),
        ] {
            let text = format!("{{\"resourceType\":\"Flag\",{body}}}");
            let resource = Resource::parse(text.as_bytes(), &Limits::default()).unwrap();
            let mut found = Vec::new();
            references(&resource, &Limits::default(), |reference| found.push(reference));
            assert_eq!(found, expected, "{body}");
        }
    }
}
