// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.203, core.logging.103 — one event, with metadata only.

use std::time::SystemTime;

use medmij_types::{CorrelationId, Hostname, MedMijRequestId};

use crate::EventType;

/// One event of the keten.
///
/// Build it with [`Event::new`] and fill the public fields that the moment knows.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// `event.type`.
    pub event_type: EventType,
    /// `event.datetime`; the observer fills it with its own clock where it is `None`.
    pub at: Option<SystemTime>,
    /// `event.location`: the host name of the node that logs.
    pub location: Option<Hostname>,
    /// `event.session_id`: the session of the end user.
    pub session_id: Option<String>,
    /// `event.trace_id`: the id of the whole chain. That it is the `X-Correlation-ID` is inferred.
    pub trace_id: Option<CorrelationId>,
    /// The request of which this event speaks.
    pub request: Option<RequestInfo>,
    /// The answer, where the event is one.
    pub response: Option<ResponseInfo>,
    /// The error, where the event is one.
    pub error: Option<ErrorInfo>,
}

impl Event {
    /// An event with nothing but its type.
    #[must_use]
    pub fn new(event_type: EventType) -> Self {
        Self {
            event_type,
            at: None,
            location: None,
            session_id: None,
            trace_id: None,
            request: None,
            response: None,
            error: None,
        }
    }
}

/// The `request` object of a log line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestInfo {
    /// `request.id`: the `MedMij-Request-ID`.
    pub id: Option<MedMijRequestId>,
    /// `request.method`.
    pub method: Option<&'static str>,
    /// `request.client_id`: the host name of the OAuth Client.
    pub client_id: Option<Hostname>,
    /// `request.server_id`: the host name that is called.
    pub server_id: Option<Hostname>,
    /// `request.uri`, private so that no query gets in; see [`RequestInfo::with_uri`].
    uri: Option<String>,
    /// `request.initiated_by`.
    pub initiated_by: Option<InitiatedBy>,
    /// `request.grant_type`, token requests only.
    pub grant_type: Option<&'static str>,
    /// `request.provider_id`: the Aanbiedernaam, resource requests only.
    pub provider_id: Option<String>,
    /// `request.service_id`: the GegevensdienstId, resource requests only.
    pub service_id: Option<String>,
}

impl RequestInfo {
    /// Sets the URI; the query and fragment are cut off, for they can hold codes and `state`.
    #[must_use]
    pub fn with_uri(mut self, uri: &str) -> Self {
        let end = uri.find(['?', '#']).unwrap_or(uri.len());
        self.uri = uri.get(..end).map(str::to_owned);
        self
    }

    /// The URI without its query.
    #[must_use]
    pub fn uri(&self) -> Option<&str> {
        self.uri.as_deref()
    }
}

/// Who started a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InitiatedBy {
    /// A Persoon pressed a button.
    Person,
    /// A schedule, for instance a refresh of a langdurige toestemming.
    Machine,
}

/// The `response` object of a log line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResponseInfo {
    /// The request that is answered.
    pub request_id: Option<MedMijRequestId>,
    /// The HTTP status.
    pub status: u16,
}

impl ResponseInfo {
    /// An answer with this status.
    #[must_use]
    pub fn new(request_id: Option<MedMijRequestId>, status: u16) -> Self {
        Self { request_id, status }
    }
}

/// The `error` object of a log line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorInfo {
    /// The OAuth error code, or `other`.
    pub code: String,
    /// What went wrong, in our own words: never a text that came from the other side.
    pub description: String,
}

impl ErrorInfo {
    /// An error.
    #[must_use]
    pub fn new(code: impl Into<String>, description: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            description: description.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn core_logging_103_the_query_of_a_uri_is_not_kept() {
        let info = RequestInfo::default().with_uri("https://pgo.example.nl/cb?code=geheim#x");
        assert_eq!(info.uri(), Some("https://pgo.example.nl/cb"));
    }
}
