// SPDX-License-Identifier: AGPL-3.0-or-later
//! Collecting one gegevensdienst: Verzamelen on the resource interface, without IO.
//!
//! A [`Collection`] says which request comes next and takes the answer; the caller does the sending.
//! It walks the queries in order, follows pages inside the ResourceEndpoints only (F1), never in a
//! circle and never without end (F2), reads the documents that a DocumentReference points at, and
//! cuts out every BSN before anybody sees a resource (core.rscint.203).

mod answer;
mod documents;
mod report;

use std::collections::{BTreeSet, VecDeque};

use bytes::Bytes;
use http::StatusCode;
use medmij_types::Entropy;

use crate::access::Access;
use crate::bundle::{Bundle, BundleType, SearchMode};
use crate::endpoint::{LinkError, LinkRule, ResourceEndpoint, Target};
use crate::error::FhirError;
use crate::gegevensdienst::{FollowUp, Gegevensdienst, ServiceQuery};
use crate::limits::Limits;
use crate::outcome::OperationOutcome;
use crate::query::Choices;
use answer::{Content, Want};
pub use report::{Collected, DocumentReport, Outcome, QueryReport, Report};

/// A collection that is under way.
///
/// [`receive`](Self::receive) gives an error for an answer that is no answer to the query; the
/// collection then goes on with the next query, unless [`FhirError::ends_collection`]. A refusal by
/// the server (404, OperationOutcome) is no error but a line of the [`Report`].
///
/// ```
/// use bytes::Bytes;
/// use medmij_fhir::{Access, Collection, FhirVersion, Gegevensdienst, Limits, ResourceEndpoint, ResourceEndpoints};
/// use medmij_types::{AccessToken, BackchannelUri, CorrelationId, GegevensdienstId, OsEntropy, Systeemrolcode};
///
/// # fn send(_: http::Request<Bytes>) -> http::Response<Bytes> {
/// #     http::Response::builder().status(404).body(Bytes::new()).unwrap()
/// # }
/// let bgz = Gegevensdienst::lookup(&GegevensdienstId::parse("48")?).ok_or("unknown")?;
/// let endpoint = ResourceEndpoint::new(BackchannelUri::parse("https://dvza.example.nl/fhir/48")?)?;
/// let access = Access::new(
///     ResourceEndpoints::new(Systeemrolcode::parse("MM-3.0-BZB-FHIR")?, endpoint),
///     AccessToken::from_wire("geheim")?,
///     CorrelationId::random(&OsEntropy)?,
///     bgz.version(),
/// );
/// let mut collection = Collection::new(bgz, access, Limits::default())?;
/// while let Some(request) = collection.next(&OsEntropy)? {
///     match collection.receive(send(request)) {
///         Ok(received) => println!("{}: {} resources", received.label, received.resources),
///         Err(error) => eprintln!("{error}"), // also in the report
///     }
/// }
/// let report = collection.finish();
/// assert_eq!(report.queries().len(), 28);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Collection {
    access: Access,
    limits: Limits,
    waiting: VecDeque<Step>,
    asked: Option<Step>,
    visited: BTreeSet<Target>,
    pages: usize,
    entries: usize,
    reads_documents: bool,
    report: Report,
}

/// What one answer brought.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Received {
    /// Label of the query, or `Document` for the read of a document.
    pub label: String,
    /// Status of the answer.
    pub status: StatusCode,
    /// Number of resources or documents in it.
    pub resources: usize,
    /// Whether the query has another page.
    pub more: bool,
}

#[derive(Debug, Clone)]
struct Step {
    target: Target,
    line: Line,
}

#[derive(Debug, Clone, Copy)]
enum Line {
    Query(usize),
    Document(usize),
}

impl Collection {
    /// Prepares the queries of a gegevensdienst.
    ///
    /// # Errors
    /// [`FhirError::NoEndpoint`] when `access` has no ResourceEndpoint for the systeemrol of a query;
    /// [`FhirError::Version`] when it asks another FHIR version than the gegevensdienst has.
    pub fn new(gegevensdienst: &Gegevensdienst, access: Access, limits: Limits) -> Result<Self, FhirError> {
        if access.version() != gegevensdienst.version() {
            return Err(FhirError::Version(access.version().parameter().to_owned()));
        }
        let mut waiting = VecDeque::new();
        let mut visited = BTreeSet::new();
        let mut report = Report::new(gegevensdienst.key());
        let choices = Choices::default();
        for (index, named) in gegevensdienst.plan(&choices)?.into_iter().enumerate() {
            let query = named.build(&choices, gegevensdienst.search_tag())?;
            let systeemrol = named.systeemrol().or_else(|| gegevensdienst.systeemrollen().first());
            let systeemrol = systeemrol.map_or("", |code| code.as_str());
            let target = access
                .target(systeemrol, &query)
                .ok_or_else(|| FhirError::NoEndpoint(systeemrol.to_owned()))?;
            visited.insert(target.clone());
            waiting.push_back(Step {
                target,
                line: Line::Query(index),
            });
            report.queries.push(QueryReport::new(named.label(), systeemrol, query));
        }
        let attachments = |query: &ServiceQuery| query.follow_up() == Some(&FollowUp::Attachment);
        let reads_documents = gegevensdienst.follow_ups().any(attachments);
        Ok(Self {
            access,
            limits,
            waiting,
            asked: None,
            visited,
            pages: 0,
            entries: 0,
            reads_documents,
            report,
        })
    }

    /// The next request, with a fresh `MedMij-Request-ID`; `None` when everything was asked.
    ///
    /// Called again before an answer was [received](Self::receive), it builds the same request anew:
    /// that is how a caller tries again.
    ///
    /// # Errors
    /// [`FhirError::Entropy`], [`FhirError::TokenForm`].
    pub fn next(&mut self, entropy: &dyn Entropy) -> Result<Option<http::Request<Bytes>>, FhirError> {
        if self.asked.is_none() {
            self.asked = self.waiting.pop_front();
        }
        self.asked
            .as_ref()
            .map(|step| self.access.get(&step.target, entropy))
            .transpose()
    }

    /// Takes the answer to the last request.
    ///
    /// # Errors
    /// [`FhirError`]: 401, a redirect, a body that is not FHIR or exceeds the limits, a link that is
    /// not followed. What came before stays in the report, and the error stands in its line.
    pub fn receive(&mut self, response: http::Response<Bytes>) -> Result<Received, FhirError> {
        let step = self.asked.take().ok_or(FhirError::NothingAsked)?;
        let received = match step.line {
            Line::Query(index) => self.receive_page(index, response),
            Line::Document(index) => self.receive_document(index, response),
        };
        if let Err(error) = &received {
            self.record(step.line, error);
        }
        received
    }

    /// Gives up on the last request: no answer came. The collection goes on with the next one.
    pub fn give_up(&mut self, reason: &str) {
        if let Some(step) = self.asked.take() {
            self.record(step.line, &FhirError::NoAnswer(crate::outcome::printable(reason, 256)));
        }
    }

    /// What was collected so far.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// Ends the collection; queries that were not asked are marked so.
    #[must_use]
    pub fn finish(self) -> Report {
        self.report
    }

    fn receive_page(&mut self, index: usize, response: http::Response<Bytes>) -> Result<Received, FhirError> {
        let status = response.status();
        if let Some(line) = self.report.queries.get_mut(index) {
            line.status = Some(status);
            line.pages += 1;
        }
        self.pages += 1;
        let answer = answer::read(response, self.access.version(), &self.limits, Want::Bundle)?;
        let Some(line) = self.report.queries.get_mut(index) else {
            return Err(FhirError::NothingAsked);
        };
        let label = line.label.clone();
        line.redacted.extend(answer.redacted);
        match answer.content {
            Content::Bundle(bundle) if status.is_success() => {
                let resources = bundle.entries().len();
                let more = self.take_page(index, bundle)?;
                Ok(Received {
                    label,
                    status,
                    resources,
                    more,
                })
            }
            Content::Outcome(outcome) => {
                line.outcomes.push(outcome);
                line.outcome = Outcome::Refused;
                Ok(Received {
                    label,
                    status,
                    resources: 0,
                    more: false,
                })
            }
            _ if !status.is_success() => {
                line.outcome = Outcome::Refused;
                Ok(Received {
                    label,
                    status,
                    resources: 0,
                    more: false,
                })
            }
            other => Err(FhirError::NotASearchset(other.describe())),
        }
    }

    /// Stores a page and plans what it leads to; says whether there is another page.
    fn take_page(&mut self, index: usize, bundle: Bundle) -> Result<bool, FhirError> {
        if bundle.kind() != Some(BundleType::Searchset) {
            return Err(FhirError::NotASearchset("another type of Bundle".to_owned()));
        }
        self.entries += bundle.entries().len();
        if self.entries > self.limits.entries {
            return Err(FhirError::TooManyEntries(self.limits.entries));
        }
        let next = bundle.link("next").map(str::to_owned);
        let fault = bundle.faults().first().cloned();
        let endpoint = self.endpoint(index)?;
        let mut attachments = Vec::new();
        let Some(line) = self.report.queries.get_mut(index) else {
            return Err(FhirError::NothingAsked);
        };
        line.total = bundle.total().or(line.total);
        for entry in bundle.into_entries() {
            let (full_url, mode) = (entry.full_url().map(str::to_owned), entry.mode());
            let Some(resource) = entry.into_resource() else {
                continue;
            };
            if resource.resource_type().as_str() == "OperationOutcome" || mode == Some(SearchMode::Outcome) {
                line.outcomes.extend(OperationOutcome::read(&resource));
                continue;
            }
            if self.reads_documents && resource.resource_type().as_str() == "DocumentReference" {
                attachments.push(resource.clone());
            }
            line.resources.push(Collected {
                full_url,
                resource,
                mode,
            });
        }
        line.outcome = if next.is_some() {
            Outcome::Unfinished
        } else {
            Outcome::Answered
        };
        for document_reference in attachments {
            self.plan_documents(&endpoint, &document_reference);
        }
        if let Some(fault) = fault {
            return Err(FhirError::Fault(fault));
        }
        let Some(next) = next else { return Ok(false) };
        let target = self.access.admit(&endpoint, &next)?;
        if !self.visited.insert(target.clone()) {
            return Err(LinkError::new(&next, LinkRule::Visited).into());
        }
        if self.pages >= self.limits.pages {
            return Err(FhirError::TooManyPages(self.limits.pages));
        }
        self.waiting.push_front(Step {
            target,
            line: Line::Query(index),
        });
        Ok(true)
    }

    fn endpoint(&self, index: usize) -> Result<ResourceEndpoint, FhirError> {
        let systeemrol = self
            .report
            .queries
            .get(index)
            .map_or("", |line| line.systeemrol.as_str());
        let endpoint = self.access.endpoints().find(systeemrol);
        endpoint
            .cloned()
            .ok_or_else(|| FhirError::NoEndpoint(systeemrol.to_owned()))
    }

    fn record(&mut self, line: Line, error: &FhirError) {
        let outcome = match line {
            Line::Query(index) => self.report.queries.get_mut(index).map(|line| &mut line.outcome),
            Line::Document(index) => self.report.documents.get_mut(index).map(|line| &mut line.outcome),
        };
        if let Some(outcome) = outcome {
            *outcome = Outcome::Failed(error.clone());
        }
        if error.ends_collection() {
            self.waiting.clear();
            self.report.ended = Some(error.clone());
        }
    }
}

#[cfg(test)]
mod tests;
