// SPDX-License-Identifier: AGPL-3.0-or-later
//! Pages of search results: what they hold, what leads on, and what makes them doubtful.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;

use super::gap::{self, GapReason};
use super::{Collected, Collection, Line, Outcome, Received};
use crate::answer::{self, Content, Want};
use crate::bundle::{Bundle, BundleType, SearchMode};
use crate::endpoint::{LinkError, LinkRule};
use crate::error::FhirError;
use crate::outcome::OperationOutcome;
use crate::resource::Resource;

impl Collection {
    pub(super) fn receive_page(
        &mut self,
        index: usize,
        response: http::Response<Bytes>,
        retry_after: Option<Duration>,
    ) -> Result<Received, FhirError> {
        let status = response.status();
        let Some(line) = self.report.queries.get_mut(index) else {
            return Err(FhirError::NothingAsked);
        };
        line.status = Some(status);
        line.retry_after = retry_after;
        self.pages += 1;
        let mut received = Received {
            label: line.label.clone(),
            status,
            resources: 0,
            more: false,
            retry_after,
        };
        let answer = answer::read(response, self.access.version(), &self.limits, Want::Fhir)?;
        line.redacted.add(answer.redacted);
        for oddity in answer.oddities {
            if oddity.kind.is_left_out() {
                line.doubt(Some(oddity.path.clone()), GapReason::Fault(oddity.kind.to_string()));
            }
            line.oddities.push(oddity);
        }
        match answer.content {
            Content::Bundle(bundle) if status.is_success() => {
                received.resources = bundle.entries().len();
                received.more = self.take_page(index, bundle)?;
            }
            Content::Outcome(outcome) => self.take_outcome(index, status, outcome),
            _ if !status.is_success() => self.set_outcome(index, Outcome::refused(status)),
            other => return Err(FhirError::NotASearchset(other.describe())),
        }
        Ok(received)
    }

    /// An OperationOutcome in place of a page.
    fn take_outcome(&mut self, index: usize, status: StatusCode, outcome: OperationOutcome) {
        let Some(line) = self.report.queries.get_mut(index) else {
            return;
        };
        let first = line.pages == 0;
        let nothing_there = gap::says_nothing_there(&outcome);
        let absent = first && nothing_there && (status.is_success() || status == StatusCode::NOT_FOUND);
        let doubt = gap::doubt(&outcome);
        line.outcomes.push(outcome);
        let outcome = match doubt {
            _ if absent => Outcome::Absent,
            _ if !status.is_success() => Outcome::refused(status),
            None => Outcome::Answered,
            Some(reason) => {
                line.doubt(None, reason);
                Outcome::Answered
            }
        };
        line.settle(outcome);
    }

    /// Stores a page and plans what it leads to; says whether there is another page.
    fn take_page(&mut self, index: usize, bundle: Bundle) -> Result<bool, FhirError> {
        match bundle.kind() {
            Some(BundleType::Searchset) => {}
            Some(other) => return Err(FhirError::NotASearchset(format!("a Bundle of type {}", other.as_str()))),
            None => return Err(FhirError::NotASearchset("a Bundle without a known type".to_owned())),
        }
        self.entries += bundle.entries().len();
        if self.entries > self.limits.entries {
            return Err(FhirError::TooManyEntries(self.limits.entries));
        }
        let next = self.next_link(index, &bundle);
        let mut attachments = Vec::new();
        let reads_documents = self.reads_documents();
        let Some(line) = self.report.queries.get_mut(index) else {
            return Err(FhirError::NothingAsked);
        };
        line.pages += 1;
        line.total = bundle.total().or(line.total);
        for fault in bundle.faults() {
            line.doubt(Some(fault.path.clone()), GapReason::Fault(fault.rule.to_string()));
        }
        for (number, entry) in bundle.into_entries().into_iter().enumerate() {
            let (full_url, mode) = (entry.full_url().map(str::to_owned), entry.mode());
            let Some(resource) = entry.into_resource() else {
                continue;
            };
            if resource.resource_type().as_str() == "OperationOutcome" || mode == Some(SearchMode::Outcome) {
                let path = || Some(format!("entry[{number}].resource"));
                match OperationOutcome::read(&resource) {
                    Ok(outcome) => {
                        if let Some(reason) = gap::doubt(&outcome) {
                            line.doubt(path(), reason);
                        }
                        line.outcomes.push(outcome);
                    }
                    Err(error) => line.doubt(path(), GapReason::Fault(error.to_string())),
                }
                continue;
            }
            if mode != Some(SearchMode::Include) {
                line.matches += 1;
            }
            if reads_documents && resource.resource_type().as_str() == "DocumentReference" {
                attachments.push(resource.clone());
            }
            remember(&mut self.known, &resource, full_url.as_deref());
            line.resources.push(Collected {
                full_url,
                resource,
                mode,
            });
        }
        let ended = next.is_none();
        if ended
            && let Some(total) = line.total.filter(|total| *total > line.matches)
            && line.open <= 1
        {
            let found = line.matches;
            line.doubt(None, GapReason::FewerThanTotal { total, found });
        }
        line.settle(if ended { Outcome::Answered } else { Outcome::Unfinished });
        for document_reference in attachments {
            self.plan_documents(Line::Query(index), &document_reference);
        }
        match next {
            Some(next) => self.follow(index, &next),
            None => Ok(false),
        }
    }

    /// The next page; two of them are a doubt, and the first is followed.
    fn next_link(&mut self, index: usize, bundle: &Bundle) -> Option<String> {
        let is_next = |relation: &str| relation.trim().eq_ignore_ascii_case("next");
        let mut nexts = bundle.links().iter().filter(|link| is_next(&link.relation));
        let next = nexts.next()?.url.clone();
        if nexts.any(|other| other.url != next)
            && let Some(line) = self.report.queries.get_mut(index)
        {
            line.doubt(Some("link".to_owned()), GapReason::Fault("two next pages".to_owned()));
        }
        Some(next)
    }

    fn follow(&mut self, index: usize, next: &str) -> Result<bool, FhirError> {
        let endpoint = self.endpoint_of(Line::Query(index));
        let endpoint = endpoint.ok_or_else(|| FhirError::NoEndpoint(String::new()))?;
        let target = self.access.admit(&endpoint, next)?;
        if self.visited.contains(&target) {
            return Err(LinkError::new(next, LinkRule::Visited).into());
        }
        if self.pages >= self.limits.pages {
            return Err(FhirError::TooManyPages(self.limits.pages));
        }
        let step = self.add(target, Line::Query(index));
        self.waiting.push_front(step);
        Ok(true)
    }

    fn set_outcome(&mut self, index: usize, outcome: Outcome) {
        if let Some(line) = self.report.queries.get_mut(index) {
            line.settle(outcome);
        }
    }
}

/// Keeps by which names a resource is known, so that a reference to it is not read.
pub(super) fn remember(known: &mut std::collections::BTreeSet<String>, resource: &Resource, full_url: Option<&str>) {
    if let Some(id) = resource.id() {
        known.insert(format!("{}/{id}", resource.resource_type()));
    }
    if let Some(full_url) = full_url {
        known.insert(full_url.to_owned());
    }
}
