// SPDX-License-Identifier: AGPL-3.0-or-later
//! Collecting one gegevensdienst: Verzamelen on the resource interface, without IO.
//!
//! A [`Collection`] says which requests can be sent and takes the answers, several at once when the caller
//! wants; the caller does the sending, or [`Collection::drive`] over its [`Channel`]. It walks the queries in
//! order, the second step of a service after the first, follows pages inside the ResourceEndpoints only (F1),
//! never in a circle and never without end (F2), reads the documents and resources that answers point at, and
//! cuts out every BSN before anybody sees a resource (core.rscint.203).

mod channel;
mod deadline;
mod documents;
mod drive;
mod gap;
mod hosts;
mod pages;
mod plan;
mod references;
mod report;
mod retry_after;
mod settle;
mod step;
mod stream;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::StatusCode;
use medmij_types::{AccessToken, CorrelationId, Entropy};

use crate::access::Access;
use crate::document::Read;
use crate::endpoint::{ResourceEndpoints, Target};
use crate::error::FhirError;
use crate::gegevensdienst::Gegevensdienst;
use crate::limits::Limits;
use crate::query::Choices;
pub use channel::{Channel, SendError, SendFault, StreamingChannel};
pub use drive::{Drive, Driven, Progress};
pub(crate) use gap::is_temporary;
pub use gap::{Gap, GapReason};
pub use hosts::HostLimit;
pub use references::References;
pub use report::{Collected, DocumentReport, Outcome, Partial, QueryReport, ReferenceReport, Report, Verdict, Whole};
pub(crate) use retry_after::retry_after;
use step::{Answered, Line, Scanned, Step};
pub use step::{Ask, Received, Ticket};
pub use stream::{DocumentSink, Documents};

/// A collection that is under way.
///
/// ```
/// use std::time::SystemTime;
/// use bytes::Bytes;
/// use medmij_fhir::{Collection, Gegevensdienst, ResourceEndpoint, ResourceEndpoints, Verdict};
/// use medmij_types::{AccessToken, BackchannelUri, CorrelationId, GegevensdienstId, OsEntropy, Systeemrolcode};
///
/// # fn send(_: http::Request<Bytes>) -> http::Response<Bytes> {
/// #     let page = r#"{"resourceType":"Bundle","type":"searchset"}"#;
/// #     http::Response::builder().header("content-type", "application/fhir+json").body(page.into()).unwrap()
/// # }
/// let bgz = Gegevensdienst::lookup(&GegevensdienstId::parse("48")?).ok_or("unknown")?;
/// let endpoint = ResourceEndpoint::new(BackchannelUri::parse("https://dvza.example.nl/fhir/48")?)?;
/// let endpoints = ResourceEndpoints::new(Systeemrolcode::parse("MM-3.0-BZB-FHIR")?, endpoint);
/// let token = AccessToken::from_wire("geheim")?;
/// let mut collection = Collection::of(bgz, endpoints, token, CorrelationId::random(&OsEntropy)?)?;
///
/// let now = SystemTime::UNIX_EPOCH; // of the caller's clock
/// while let Some(ask) = collection.next(now, &OsEntropy)? {
///     match collection.receive(ask.ticket, send(ask.request), now) {
///         Ok(received) => println!("{}: {} resources", received.label, received.resources),
///         Err(error) => eprintln!("{error}"), // also in the report
///     }
/// }
/// let report = collection.finish();
/// assert_eq!(report.queries().len(), 28);
/// assert!(matches!(report.verdict(), Verdict::Whole(_)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Collection {
    access: Access,
    limits: Limits,
    choices: Choices,
    references: References,
    service: Gegevensdienst,
    waiting: VecDeque<Step>,
    later: Vec<(SystemTime, Step)>,
    asked: BTreeMap<Ticket, Step>,
    tickets: u64,
    visited: BTreeSet<Target>,
    /// `Type/id` and fullUrl of what came.
    known: BTreeSet<String>,
    scanned: Scanned,
    pages: usize,
    entries: usize,
    token_ended: bool,
    report: Report,
}

impl Collection {
    /// Prepares the standard queries of a gegevensdienst, with the limits of [`Limits::default`].
    ///
    /// # Errors
    /// As [`Collection::new`]: [`FhirError`].
    pub fn of(
        gegevensdienst: &Gegevensdienst,
        endpoints: ResourceEndpoints,
        token: AccessToken,
        correlation_id: CorrelationId,
    ) -> Result<Self, FhirError> {
        let access = Access::new(endpoints, token, correlation_id, gegevensdienst.version());
        Self::new(gegevensdienst, access, Choices::default(), Limits::default())
    }

    /// Prepares the queries of a gegevensdienst for what the caller chose.
    ///
    /// # Errors
    /// [`FhirError::NoEndpoint`] when `access` has no ResourceEndpoint for the systeemrol of a query;
    /// [`FhirError::Version`] when it asks another FHIR version than the gegevensdienst has;
    /// [`FhirError::Query`] when a choice is missing or refused.
    pub fn new(
        gegevensdienst: &Gegevensdienst,
        access: Access,
        choices: Choices,
        limits: Limits,
    ) -> Result<Self, FhirError> {
        if access.version() != gegevensdienst.version() {
            return Err(FhirError::Version(access.version().parameter().to_owned()));
        }
        let mut collection = Self {
            access,
            limits,
            choices,
            references: References::default(),
            report: Report::new(gegevensdienst.key()),
            service: gegevensdienst.clone(),
            waiting: VecDeque::new(),
            later: Vec::new(),
            asked: BTreeMap::new(),
            tickets: 0,
            visited: BTreeSet::new(),
            known: BTreeSet::new(),
            scanned: Scanned::default(),
            pages: 0,
            entries: 0,
            token_ended: false,
        };
        collection.plan_first_step()?;
        Ok(collection)
    }

    /// Sets which references are read that no answer holds. Default: all of them.
    #[must_use]
    pub fn with_references(mut self, references: References) -> Self {
        self.references = references;
        self
    }

    /// The next request that can be sent now, with a fresh `MedMij-Request-ID`.
    ///
    /// `None`: nothing can be sent now. Then either answers are [outstanding](Self::is_waiting), or a server
    /// asked to [wait](Self::wakes_at), or the [token ended](Self::needs_token), or everything was asked.
    ///
    /// # Errors
    /// [`FhirError::Entropy`], [`FhirError::TokenForm`]; the request is not lost.
    pub fn next(&mut self, now: SystemTime, entropy: &dyn Entropy) -> Result<Option<Ask>, FhirError> {
        self.next_where(now, entropy, |_| true)
    }

    /// The next request to a host that can be asked now.
    fn next_where(
        &mut self,
        now: SystemTime,
        entropy: &dyn Entropy,
        is_ready: impl Fn(&str) -> bool,
    ) -> Result<Option<Ask>, FhirError> {
        if self.report.ended.is_some() {
            return Ok(None);
        }
        self.wake(now);
        if self.is_done() {
            self.plan_references();
        }
        self.token_ended |= self.access.has_ended(now) && !self.is_done();
        if self.token_ended {
            return Ok(None);
        }
        let is_next = |step: &Step| is_ready(step.target.host());
        let Some(at) = self.waiting.iter().position(is_next) else {
            return Ok(None);
        };
        let Some(step) = self.waiting.get_mut(at) else {
            return Ok(None);
        };
        if !step.turned {
            step.format = self.access.format();
        }
        let request = self.access.get_as(&step.target, step.format, entropy)?;
        let Some(step) = self.waiting.remove(at) else {
            return Ok(None);
        };
        Ok(Some(self.issue(step, request)))
    }

    /// Builds an outstanding request once more, under another ticket and `MedMij-Request-ID`, because its
    /// connection broke. Only reads are sent here, so asking twice does nothing twice.
    ///
    /// `None` when that was done before, or the ticket is unknown: then [give up](Self::give_up).
    ///
    /// # Errors
    /// As [`next`](Self::next): [`FhirError`].
    pub fn again(&mut self, ticket: Ticket, entropy: &dyn Entropy) -> Result<Option<Ask>, FhirError> {
        let Some(step) = self.asked.get(&ticket).filter(|step| !step.sent_again) else {
            return Ok(None);
        };
        let request = self.access.get_as(&step.target, step.format, entropy)?;
        let Some(mut step) = self.asked.remove(&ticket) else {
            return Ok(None);
        };
        step.sent_again = true;
        Ok(Some(self.issue(step, request)))
    }

    /// Takes the answer to a request.
    ///
    /// # Errors
    /// [`FhirError`]: 401, a redirect, a body that is not FHIR or exceeds the limits, a link that is
    /// not followed. What came before stays in the report, and the error is in its line.
    pub fn receive(
        &mut self,
        ticket: Ticket,
        response: http::Response<Bytes>,
        now: SystemTime,
    ) -> Result<Received, FhirError> {
        let step = self.asked.remove(&ticket).ok_or(FhirError::NothingAsked)?;
        if response.status() == StatusCode::UNAUTHORIZED {
            return Err(self.unauthorized(step));
        }
        if response.status() == StatusCode::NOT_ACCEPTABLE && !step.turned {
            return Ok(self.turn(step));
        }
        let retry_after = retry_after(response.headers(), now);
        let status = response.status();
        let received = match step.line {
            Line::Query(index) => self.receive_page(index, response, retry_after),
            Line::Document(index) => self.receive_document(index, response, retry_after),
            Line::Reference(index) => self.receive_reference(index, response, retry_after),
        };
        if let Err(error) = &received {
            self.record(step.line, error);
        }
        let postponed = is_temporary(status) && self.postpone(&step, retry_after, now);
        if !postponed {
            self.close(step.line);
        }
        received
    }

    /// Takes the answer to the read of a document that went to a sink.
    fn receive_streamed(
        &mut self,
        ticket: Ticket,
        head: &http::Response<()>,
        read: Result<Read, FhirError>,
        now: SystemTime,
    ) -> Result<Received, FhirError> {
        let step = self.asked.remove(&ticket).ok_or(FhirError::NothingAsked)?;
        let Line::Document(index) = step.line else {
            return Err(FhirError::NothingAsked);
        };
        let retry_after = retry_after(head.headers(), now);
        let received = read.and_then(|read| self.receive_read(index, head.status(), retry_after, read));
        if let Err(error) = &received {
            self.record(step.line, error);
        }
        received
    }

    /// What is to be streamed for this ticket.
    fn reading(&self, ticket: Ticket, time: Duration) -> Option<stream::Reading> {
        let step = self.asked.get(&ticket)?;
        let Line::Document(index) = step.line else { return None };
        Some(stream::Reading {
            target: step.target.clone(),
            document_reference: self.report.documents.get(index)?.document_reference.clone(),
            version: self.access.version(),
            limits: self.limits,
            time,
        })
    }

    /// The server does not have the form that was asked (406): the step, and all later ones, ask for the other.
    fn turn(&mut self, mut step: Step) -> Received {
        step.turned = true;
        step.format = step.format.other();
        self.access.set_format(step.format);
        let received = Received {
            label: self.label_of(step.line).0,
            status: StatusCode::NOT_ACCEPTABLE,
            resources: 0,
            more: true,
            retry_after: None,
        };
        self.waiting.push_front(step);
        received
    }

    /// Gives up on a request: no answer came. The collection goes on with the others.
    pub fn give_up(&mut self, ticket: Ticket, reason: &str) {
        if let Some(step) = self.asked.remove(&ticket) {
            let error = FhirError::NoAnswer(crate::outcome::printable(reason, 256));
            self.record(step.line, &error);
            self.close(step.line);
        }
    }

    /// Puts every outstanding request back, to be sent again: their answers will not come, because the
    /// caller stopped waiting.
    pub fn put_back(&mut self) {
        let asked = std::mem::take(&mut self.asked);
        for step in asked.into_values().rev() {
            self.waiting.push_front(step);
        }
    }

    /// Whether answers are outstanding.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        !self.asked.is_empty()
    }

    /// Whether everything was asked and answered.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.waiting.is_empty() && self.asked.is_empty() && self.later.is_empty()
    }

    /// When a request can be sent again that a server refused for the time being.
    #[must_use]
    pub fn wakes_at(&self) -> Option<SystemTime> {
        self.later.iter().map(|(time, _)| *time).min()
    }

    /// Whether the access token ended while there is more to ask: [`renew`](Self::renew) it, or finish.
    #[must_use]
    pub fn needs_token(&self) -> bool {
        self.token_ended
    }

    /// Goes on with a new access token for the same endpoints, after a refresh. The `X-Correlation-ID` is
    /// then that of the token request (core.rscint.201).
    pub fn renew(&mut self, token: AccessToken, expires_at: Option<SystemTime>, correlation_id: CorrelationId) {
        self.access.renew(token, expires_at, correlation_id);
        self.token_ended = false;
        self.report.token_ended = false;
        if self.report.ended == Some(FhirError::Unauthorized) {
            self.report.ended = None;
        }
    }

    /// What was collected so far.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// Ends the collection; queries that were not asked are marked so.
    #[must_use]
    pub fn finish(mut self) -> Report {
        self.report.token_ended = self.token_ended;
        self.report
    }
}

pub(crate) const DOCUMENT: &str = "Document";
pub(crate) const REFERENCE: &str = "Reference";
/// How often a read is asked again after a refusal that says when.
const MAX_REFUSALS: u8 = 2;

#[cfg(test)]
mod tests;
