// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.203, core.logging.103 — one event, with metadata only.

use std::time::SystemTime;

use medmij_types::{Aanbiedernaam, CorrelationId, GegevensdienstId, Hostname, MedMijRequestId};

use crate::{EventType, RulesOnly, redact_uri};

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
    /// `event.session_id`: the session of the end user, as a UUID drawn for the log and never the secret of a cookie. Where a
    /// node knows no session, the id of the chain stands in for it.
    pub session_id: Option<CorrelationId>,
    /// `event.trace_id`: the id of the whole chain. That it is the `X-Correlation-ID` is inferred.
    pub trace_id: Option<CorrelationId>,
    /// The request of which this event speaks.
    pub request: Option<RequestInfo>,
    /// The answer, where the event is one.
    pub response: Option<ResponseInfo>,
    /// The error, where the event is one.
    pub error: Option<ErrorInfo>,
    /// An event of ours beside those of the interface, for operators: it is counted, and not delivered to the central
    /// component.
    pub own: bool,
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
            own: false,
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
    /// `request.uri`, private so that no address gets in as it is; see [`RequestInfo::with_uri`].
    uri: Option<String>,
    /// `request.initiated_by`.
    pub initiated_by: Option<InitiatedBy>,
    /// `request.grant_type`, token requests only.
    pub grant_type: Option<&'static str>,
    /// `request.provider_id`: the Aanbiedernaam, resource requests only.
    pub provider_id: Option<Aanbiedernaam>,
    /// `request.service_id`: the GegevensdienstId, resource requests only.
    pub service_id: Option<GegevensdienstId>,
}

impl RequestInfo {
    /// Sets the URI as [`redact_uri`] leaves it: logical ids are replaced, and of a search only the parameters stay that are
    /// allowed. Codes and `state` are never among them.
    #[must_use]
    pub fn with_uri(mut self, uri: &str) -> Self {
        self.uri = Some(redact_uri(uri, &RulesOnly));
        self
    }

    /// The URI as the line holds it.
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

impl InitiatedBy {
    /// The value of `request.initiated_by`.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Machine => "machine",
        }
    }
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

/// The `error` object of a log line. Both are texts of the program: what the other side or a supplier wrote has no place here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorInfo {
    /// The OAuth error code, or `other`.
    pub code: &'static str,
    /// What went wrong, in our own words.
    pub description: &'static str,
}

impl ErrorInfo {
    /// An error.
    #[must_use]
    pub fn new(code: &'static str, description: &'static str) -> Self {
        Self { code, description }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn core_logging_103_a_uri_is_kept_without_ids_codes_and_state() {
        for (uri, redacted) in [
            ("https://pgo.example.nl/cb?code=geheim#x", "https://pgo.example.nl/cb"),
            (
                "https://dva.example.nl/fhir/Binary/17",
                "https://dva.example.nl/fhir/Binary/{id}",
            ),
            (
                "https://dva.example.nl/fhir/Task?status=active&_id=17",
                "https://dva.example.nl/fhir/Task?status=active",
            ),
        ] {
            assert_eq!(RequestInfo::default().with_uri(uri).uri(), Some(redacted));
        }
    }
}
