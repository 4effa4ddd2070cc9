// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is asked and answered: the values of a collection under way.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;

use crate::document::Read;
use crate::endpoint::Target;
use crate::error::FhirError;
use crate::format::Format;

/// A request to send, with the ticket under which its answer comes back.
#[derive(Debug)]
#[non_exhaustive]
pub struct Ask {
    /// Names the request when its answer is handed in.
    pub ticket: Ticket,
    /// What it asks, for progress.
    pub label: String,
    /// Page of the query, counted from 1.
    pub page: usize,
    /// The request.
    pub request: http::Request<Bytes>,
}

/// Names one request of a collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub(super) u64);

/// What one answer brought.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Received {
    /// Label of the query; `Document` or `Reference` for a read.
    pub label: String,
    /// Status of the answer.
    pub status: StatusCode,
    /// Number of resources or documents in it.
    pub resources: usize,
    /// Whether the query has another page.
    pub more: bool,
    /// How long the server asks to wait before it is asked again.
    pub retry_after: Option<Duration>,
}

/// An answer, as it is taken.
pub(super) enum Answered {
    /// With its body.
    Whole(http::Response<Bytes>),
    /// The body went to a sink.
    Streamed(http::Response<()>, Result<Read, FhirError>),
}

#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) target: Target,
    pub(super) line: Line,
    /// The form that was asked for last.
    pub(super) format: Format,
    /// Whether the server refused the other form (406).
    pub(super) turned: bool,
    /// How often it was refused for the time being.
    pub(super) refused: u8,
    /// Whether it was sent again after a connection broke.
    pub(super) sent_again: bool,
    /// Whether it was answered with 401 once.
    pub(super) unauthorized: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    Query(usize),
    Document(usize),
    Reference(usize),
}

/// How far the resources were searched for references.
#[derive(Debug, Default)]
pub(super) struct Scanned {
    pub(super) queries: Vec<usize>,
    pub(super) references: usize,
    pub(super) depth: usize,
}
