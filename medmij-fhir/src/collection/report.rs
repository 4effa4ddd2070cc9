// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a collection brought, line by line, and whether that is all.

mod verdict;

use std::time::Duration;

use http::StatusCode;

use super::gap::{Gap, GapReason, is_temporary};
use crate::binary::Binary;
use crate::bsn::BsnReport;
use crate::bundle::SearchMode;
use crate::document::StreamedDocument;
use crate::endpoint::Target;
use crate::error::FhirError;
use crate::name::ResourceId;
use crate::outcome::OperationOutcome;
use crate::query::Query;
use crate::resource::Resource;
use crate::xml::Oddity;
pub use verdict::{Partial, Verdict, Whole};

/// Everything that was collected for one gegevensdienst. Its `Debug` holds no health data.
///
/// The resources come out of the [`Verdict`] only, so that nobody takes a part for the whole.
///
/// ```
/// use medmij_fhir::{Report, Verdict};
///
/// fn keep(report: &Report) {
///     match report.verdict() {
///         Verdict::Whole(whole) => println!("{} resources", whole.resources().count()),
///         Verdict::Partial(part) => {
///             for gap in part.gaps() {
///                 eprintln!("not complete: {gap}");
///             }
///         }
///     }
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Report {
    pub(super) gegevensdienst: String,
    pub(super) queries: Vec<QueryReport>,
    pub(super) documents: Vec<DocumentReport>,
    pub(super) references: Vec<ReferenceReport>,
    pub(super) ended: Option<FhirError>,
    pub(super) token_ended: bool,
}

/// How a query or a read ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It was not asked: the collection ended before.
    NotAsked,
    /// A second step, and the first gave nothing to ask it for.
    NotNeeded,
    /// Answered in part: the collection ended before its last page.
    Unfinished,
    /// Answered completely.
    Answered,
    /// The server does not have this, and says so (404 `not-supported`, `not-found`): an answer.
    Absent,
    /// 408, 429 or 5xx: the server cannot answer now.
    Temporary(StatusCode),
    /// The server refused it; status and OperationOutcome say why.
    Refused(StatusCode),
    /// The answer could not be used.
    Failed(FhirError),
}

/// The line of one query.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct QueryReport {
    /// What the query asks, in Dutch.
    pub label: String,
    /// The query; `None` while a second step has no ids yet.
    pub query: Option<Query>,
    /// The systeemrol whose ResourceEndpoint was asked; empty when the catalogue does not know it.
    pub systeemrol: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Status of the last answer.
    pub status: Option<StatusCode>,
    /// When the server says that it can be asked again.
    pub retry_after: Option<Duration>,
    /// Number of pages received.
    pub pages: usize,
    /// Number of matches the server says there are.
    pub total: Option<u64>,
    /// Number of matches received.
    pub matches: u64,
    /// What the server said about the query.
    pub outcomes: Vec<OperationOutcome>,
    /// Where a BSN stood that was cut out (core.rscint.203), or may stand: paths in the received pages.
    pub redacted: BsnReport,
    /// What pages in FHIR XML held that FHIR does not have, or that JSON has no place for; what is left out of them is a
    /// [`Gap`].
    pub oddities: Vec<Oddity>,
    /// The resources, in order of arrival, matches and includes.
    pub(crate) resources: Vec<Collected>,
    /// What was in doubt on its pages.
    pub(super) gaps: Vec<Gap>,
    /// Requests that are planned or under way.
    pub(super) open: usize,
    /// Into how many requests a second step was divided.
    pub(super) parts: usize,
}

/// A resource with its place in the search result.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Collected {
    /// Absolute identity, as received.
    pub full_url: Option<String>,
    /// The resource, with every BSN cut out.
    pub resource: Resource,
    /// Match or include.
    pub mode: Option<SearchMode>,
}

/// The line of one document that a DocumentReference points at.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DocumentReport {
    /// Id of the DocumentReference.
    pub document_reference: Option<ResourceId>,
    /// What was read; `None` when the link was not followed.
    pub target: Option<Target>,
    /// How it ended.
    pub outcome: Outcome,
    /// Status of the answer.
    pub status: Option<StatusCode>,
    /// When the server says that it can be asked again.
    pub retry_after: Option<Duration>,
    /// The document, where it was read into memory.
    pub binary: Option<Binary>,
    /// The document, where it went to a sink as a whole: its type and length.
    pub streamed: Option<StreamedDocument>,
    /// What the server said about the read.
    pub outcomes: Vec<OperationOutcome>,
    /// Where a BSN stood that was cut out, or may stand.
    pub redacted: BsnReport,
}

/// The line of one resource that a reference points at and that no answer held.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ReferenceReport {
    /// What was read; `None` when the reference was not followed.
    pub target: Option<Target>,
    /// How it ended.
    pub outcome: Outcome,
    /// Status of the answer.
    pub status: Option<StatusCode>,
    /// When the server says that it can be asked again.
    pub retry_after: Option<Duration>,
    /// What the server said about the read.
    pub outcomes: Vec<OperationOutcome>,
    /// Where a BSN stood that was cut out, or may stand.
    pub redacted: BsnReport,
    pub(super) resource: Option<Collected>,
}

impl Report {
    pub(super) fn new(gegevensdienst: &str) -> Self {
        Self {
            gegevensdienst: gegevensdienst.to_owned(),
            queries: Vec::new(),
            documents: Vec::new(),
            references: Vec::new(),
            ended: None,
            token_ended: false,
        }
    }

    /// Key of the gegevensdienst in the catalogue: its id, where that is known.
    #[must_use]
    pub fn gegevensdienst(&self) -> &str {
        &self.gegevensdienst
    }

    /// One line for each query, in the order of the gegevensdienst.
    #[must_use]
    pub fn queries(&self) -> &[QueryReport] {
        &self.queries
    }

    /// One line for each document.
    #[must_use]
    pub fn documents(&self) -> &[DocumentReport] {
        &self.documents
    }

    /// One line for each resource that was read because a reference points at it.
    #[must_use]
    pub fn references(&self) -> &[ReferenceReport] {
        &self.references
    }

    /// Why the collection ended before its last query, if it did.
    #[must_use]
    pub fn ended(&self) -> Option<&FhirError> {
        self.ended.as_ref()
    }

    /// The resources, as a whole or as a part.
    #[must_use]
    pub fn verdict(&self) -> Verdict<'_> {
        if self.is_complete() {
            Verdict::Whole(Whole(self))
        } else {
            Verdict::Partial(Partial(self))
        }
    }

    /// Whether every query ended with its last page, and every document and reference was read or absent.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.gaps().is_empty()
    }

    /// The longest time that the server asked to wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.gaps().into_iter().filter_map(|gap| gap.retry_after).max()
    }

    /// Everything that is missing, or may be.
    #[must_use]
    pub fn gaps(&self) -> Vec<Gap> {
        let mut gaps = Vec::new();
        for line in &self.queries {
            gaps.extend(line.gaps.iter().cloned());
            let page = if line.outcome == Outcome::NotAsked {
                0
            } else {
                line.pages + 1
            };
            let reason = self.reason(&line.outcome, line.pages);
            gaps.extend(reason.map(|reason| gap(&line.label, page, reason, line.retry_after)));
        }
        for line in &self.documents {
            let reason = self.reason(&line.outcome, 0);
            gaps.extend(reason.map(|reason| gap("Document", 0, reason, line.retry_after)));
        }
        for line in &self.references {
            let reason = self.reason(&line.outcome, 0);
            gaps.extend(reason.map(|reason| gap("Reference", 0, reason, line.retry_after)));
        }
        if let Some(error) = self.ended.as_ref().filter(|_| gaps.is_empty()) {
            gaps.push(gap("Collection", 0, GapReason::Failed(error.clone()), None));
        }
        gaps
    }

    fn reason(&self, outcome: &Outcome, pages: usize) -> Option<GapReason> {
        let later = pages > 0;
        Some(match outcome {
            Outcome::Answered | Outcome::Absent | Outcome::NotNeeded => return None,
            Outcome::NotAsked if self.token_ended => GapReason::TokenEnded,
            Outcome::NotAsked => GapReason::NotAsked,
            Outcome::Unfinished if self.token_ended => GapReason::TokenEnded,
            Outcome::Unfinished => GapReason::Unfinished,
            Outcome::Temporary(status) | Outcome::Refused(status) if later => GapReason::RefusedAfterFirstPage(*status),
            Outcome::Temporary(status) => GapReason::Temporary(*status),
            Outcome::Refused(status) => GapReason::Refused(*status),
            Outcome::Failed(error) => GapReason::Failed(error.clone()),
        })
    }

    fn all(&self) -> impl Iterator<Item = &Collected> {
        let read = self.references.iter().filter_map(|line| line.resource.as_ref());
        self.queries.iter().flat_map(|line| &line.resources).chain(read)
    }
}

impl QueryReport {
    pub(super) fn new(label: &str, systeemrol: &str) -> Self {
        Self {
            label: label.to_owned(),
            query: None,
            systeemrol: systeemrol.to_owned(),
            outcome: Outcome::NotAsked,
            status: None,
            retry_after: None,
            pages: 0,
            total: None,
            matches: 0,
            outcomes: Vec::new(),
            redacted: BsnReport::default(),
            oddities: Vec::new(),
            resources: Vec::new(),
            gaps: Vec::new(),
            open: 0,
            parts: 1,
        }
    }

    /// Number of resources received, matches and includes.
    #[must_use]
    pub fn received(&self) -> usize {
        self.resources.len()
    }

    /// Takes how a request ended; of a divided query, what went wrong in one part stays.
    pub(super) fn settle(&mut self, outcome: Outcome) {
        let wrong = matches!(
            self.outcome,
            Outcome::Failed(_) | Outcome::Temporary(_) | Outcome::Refused(_)
        );
        if !(wrong && self.parts > 1) {
            self.outcome = outcome;
        }
    }

    pub(super) fn doubt(&mut self, path: Option<String>, reason: GapReason) {
        self.gaps.push(Gap {
            label: self.label.clone(),
            page: self.pages,
            path,
            reason,
            retry_after: self.retry_after,
        });
    }
}

impl DocumentReport {
    pub(super) fn new(document_reference: Option<ResourceId>, target: Option<Target>, outcome: Outcome) -> Self {
        Self {
            document_reference,
            target,
            outcome,
            status: None,
            retry_after: None,
            binary: None,
            streamed: None,
            outcomes: Vec::new(),
            redacted: BsnReport::default(),
        }
    }
}

impl ReferenceReport {
    pub(super) fn new(target: Option<Target>, outcome: Outcome) -> Self {
        Self {
            target,
            outcome,
            status: None,
            retry_after: None,
            outcomes: Vec::new(),
            redacted: BsnReport::default(),
            resource: None,
        }
    }
}

impl Outcome {
    /// How a refusal ends a line.
    pub(super) fn refused(status: StatusCode) -> Self {
        if is_temporary(status) {
            Self::Temporary(status)
        } else {
            Self::Refused(status)
        }
    }
}

fn gap(label: &str, page: usize, reason: GapReason, retry_after: Option<Duration>) -> Gap {
    Gap {
        label: label.to_owned(),
        page,
        path: None,
        reason,
        retry_after,
    }
}
