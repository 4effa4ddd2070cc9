// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a collection brought, line by line.

use http::StatusCode;

use crate::binary::Binary;
use crate::bsn::BsnPath;
use crate::bundle::SearchMode;
use crate::endpoint::Target;
use crate::error::FhirError;
use crate::name::ResourceId;
use crate::outcome::OperationOutcome;
use crate::query::Query;
use crate::resource::Resource;

/// Everything that was collected for one gegevensdienst. Its `Debug` holds no health data.
#[derive(Debug, Clone)]
pub struct Report {
    pub(super) gegevensdienst: String,
    pub(super) queries: Vec<QueryReport>,
    pub(super) documents: Vec<DocumentReport>,
    pub(super) ended: Option<FhirError>,
}

/// How a query or a read ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It was not asked: the collection ended before.
    NotAsked,
    /// Answered in part: the collection ended before its last page.
    Unfinished,
    /// Answered completely.
    Answered,
    /// The server refused it; status and OperationOutcome say why.
    Refused,
    /// The answer could not be used.
    Failed(FhirError),
}

/// The line of one query.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct QueryReport {
    /// What the query asks, in Dutch.
    pub label: String,
    /// The query.
    pub query: Query,
    /// The systeemrol whose ResourceEndpoint was asked.
    pub systeemrol: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Status of the last answer.
    pub status: Option<StatusCode>,
    /// Number of pages received.
    pub pages: usize,
    /// Number of matches the server says there are.
    pub total: Option<u64>,
    /// The resources, in order of arrival, matches and includes.
    pub resources: Vec<Collected>,
    /// What the server said about the query.
    pub outcomes: Vec<OperationOutcome>,
    /// Where a BSN stood that was cut out (core.rscint.203): paths in the received page.
    pub redacted: Vec<BsnPath>,
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
    /// The document.
    pub binary: Option<Binary>,
    /// What the server said about the read.
    pub outcomes: Vec<OperationOutcome>,
    /// Where a BSN stood that was cut out.
    pub redacted: Vec<BsnPath>,
}

impl Report {
    pub(super) fn new(gegevensdienst: &str) -> Self {
        Self {
            gegevensdienst: gegevensdienst.to_owned(),
            queries: Vec::new(),
            documents: Vec::new(),
            ended: None,
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

    /// All resources of all queries, in order. A resource that two queries include comes twice.
    pub fn resources(&self) -> impl Iterator<Item = &Collected> {
        self.queries.iter().flat_map(|line| &line.resources)
    }

    /// Why the collection ended before its last query, if it did.
    #[must_use]
    pub fn ended(&self) -> Option<&FhirError> {
        self.ended.as_ref()
    }

    /// Whether every query and every document was answered or refused in an orderly way.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let outcomes = self.queries.iter().map(|line| &line.outcome);
        outcomes
            .chain(self.documents.iter().map(|line| &line.outcome))
            .all(|outcome| matches!(outcome, Outcome::Answered | Outcome::Refused))
    }
}

impl QueryReport {
    pub(super) fn new(label: &str, systeemrol: &str, query: Query) -> Self {
        Self {
            label: label.to_owned(),
            query,
            systeemrol: systeemrol.to_owned(),
            outcome: Outcome::NotAsked,
            status: None,
            pages: 0,
            total: None,
            resources: Vec::new(),
            outcomes: Vec::new(),
            redacted: Vec::new(),
        }
    }
}

impl DocumentReport {
    pub(super) fn planned(document_reference: Option<ResourceId>, target: Target) -> Self {
        Self {
            document_reference,
            target: Some(target),
            outcome: Outcome::NotAsked,
            status: None,
            binary: None,
            outcomes: Vec::new(),
            redacted: Vec::new(),
        }
    }

    pub(super) fn failed(document_reference: Option<ResourceId>, error: FhirError) -> Self {
        Self {
            document_reference,
            target: None,
            outcome: Outcome::Failed(error),
            status: None,
            binary: None,
            outcomes: Vec::new(),
            redacted: Vec::new(),
        }
    }
}
