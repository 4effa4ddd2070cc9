// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.202, core.rscint.201 — the resource requests of a DVP in the chain log: collecting, sharing and the subscription
//! interface alike, each request with its answer, a request that went out twice as two.

use std::{fmt, sync::Arc};

use http::{Method, Request, Response};
use medmij_log::{ErrorInfo, Event, EventType, Observer, RequestInfo, ResponseInfo};
use medmij_oauth::wire::MEDMIJ_REQUEST_ID;
use medmij_types::{Clock, CorrelationId, GegevensdienstId, Hostname, MedMijRequestId};

use super::{Dvp, Tokens};

/// Logs the resource requests for one gegevensdienst under one access token. Over a back channel `over` does it (feature
/// `net`); whoever sends in another way calls [`sent`](Self::sent) before, and [`answered`](Self::answered)
/// or [`failed`](Self::failed) after each request.
#[derive(Clone)]
pub struct ResourceLog {
    observer: Arc<dyn Observer>,
    clock: Arc<dyn Clock>,
    location: Hostname,
    trace_id: Option<CorrelationId>,
    session_id: CorrelationId,
    about: RequestInfo,
}

/// A resource request that is in the log and has no answer yet.
#[derive(Clone, Debug)]
#[must_use = "a request without an answer counts as one that failed"]
pub struct SentResource(RequestInfo);

impl Dvp {
    /// The log of the resource requests for a gegevensdienst.
    #[must_use]
    pub fn resource_log(&self, tokens: &Tokens, gegevensdienst: &GegevensdienstId) -> ResourceLog {
        let mut about = RequestInfo::default();
        about.client_id = Some(self.client_id().hostname().clone());
        about.initiated_by = Some(tokens.initiated_by);
        about.provider_id = Some(tokens.aanbieder.clone());
        about.service_id = Some(gegevensdienst.clone());
        ResourceLog {
            observer: Arc::clone(self.observer()),
            clock: Arc::clone(self.clock()),
            location: self.client_id().hostname().clone(),
            trace_id: tokens.correlation_id.clone(),
            session_id: tokens.session_id.clone(),
            about,
        }
    }
}

impl ResourceLog {
    /// A request goes out now.
    pub fn sent<B>(&self, request: &Request<B>) -> SentResource {
        let mut info = self.about.clone().with_uri(&request.uri().to_string());
        info.id = (request.headers().get(MEDMIJ_REQUEST_ID))
            .and_then(|value| MedMijRequestId::parse(value.to_str().ok()?).ok());
        info.method = name(request.method());
        info.server_id = request.uri().host().and_then(|host| Hostname::parse(host).ok());
        self.begin(info)
    }

    /// Its answer came; a status of 400 or more is an error.
    pub fn answered<B>(&self, sent: SentResource, response: &Response<B>) {
        let refused = response.status().is_client_error() || response.status().is_server_error();
        let (kind, error) = if refused {
            let error = ErrorInfo::new("other", "resource server answered with an error");
            (EventType::ReceiveResourceErrorResponse, Some(error))
        } else {
            (EventType::ReceiveResourceResponse, None)
        };
        let answer = ResponseInfo::new(sent.0.id.clone(), response.status().as_u16());
        self.observe(kind, sent.0, Some(answer), error);
    }

    /// No answer came; `what` says why.
    pub fn failed(&self, sent: SentResource, what: &'static str) {
        let error = Some(ErrorInfo::new("other", what));
        self.observe(EventType::ReceiveResourceRequestError, sent.0, None, error);
    }

    /// The connection was closed before the request got an answer, and it goes out once more under another id.
    pub fn sent_again(&self, sent: SentResource, id: Option<MedMijRequestId>) -> SentResource {
        let mut info = sent.0.clone();
        self.failed(sent, "connection was closed meanwhile, the request goes out once more");
        info.id = id;
        self.begin(info)
    }

    fn begin(&self, info: RequestInfo) -> SentResource {
        self.observe(EventType::SendResourceRequest, info.clone(), None, None);
        SentResource(info)
    }

    fn observe(&self, kind: EventType, info: RequestInfo, response: Option<ResponseInfo>, error: Option<ErrorInfo>) {
        let mut event = Event::new(kind);
        event.at = Some(self.clock.now());
        event.location = Some(self.location.clone());
        event.trace_id = Some(self.trace_id.clone().unwrap_or_else(|| self.session_id.clone()));
        event.session_id = Some(self.session_id.clone());
        event.request = Some(info);
        event.response = response;
        event.error = error;
        self.observer.observe(event);
    }
}

impl fmt::Debug for ResourceLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResourceLog")
            .field("trace_id", &self.trace_id)
            .finish_non_exhaustive()
    }
}

fn name(method: &Method) -> Option<&'static str> {
    ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]
        .into_iter()
        .find(|name| *name == method.as_str())
}
