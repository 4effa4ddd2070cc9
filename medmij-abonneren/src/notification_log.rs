// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.202, core.logging.203 — notifications in the chain log, on both sides: each one with its answer, under the
//! ids that went along.
//!
//! The names of these events could not be read; they follow the pattern of the resource requests. `client_id` is the OAuth
//! client on both sides, the DVP, though the DVZA is the one that asks; `server_id` is the host that is called.

use std::{fmt, future::Future, sync::Arc};

use bytes::Bytes;
use http::{Request, Response};
use medmij_log::{ErrorInfo, Event, EventType, InitiatedBy, Observer, RequestInfo, ResponseInfo};
use medmij_oauth::wire::RequestIds;
use medmij_types::{Clock, CorrelationId, Hostname, OsEntropy};

use super::{AbonnementRow, AbonnementSource, Notificatie, NotificatieKind};

/// Writes notifications to the chain log: a DVZA sends through [`send`](Self::send), a DVP gives it to
/// [`NotificatieReceiver::with_log`](super::NotificatieReceiver::with_log).
#[derive(Clone)]
pub struct NotificationLog {
    observer: Arc<dyn Observer>,
    clock: Arc<dyn Clock>,
    own: Hostname,
}

/// A notification that arrived and has no answer yet.
pub(crate) struct Arrived {
    kind: NotificatieKind,
    chain: Option<CorrelationId>,
    info: RequestInfo,
}

impl NotificationLog {
    /// For the node of this name: what `event.location` says. A DVP takes the host of its `client_id`.
    #[must_use]
    pub fn new(observer: Arc<dyn Observer>, clock: Arc<dyn Clock>, own: Hostname) -> Self {
        Self { observer, clock, own }
    }

    /// Sends a notification by `send`, and logs it with its answer. Give the outcome to [`settle`](super::settle()), or the
    /// whole call to [`notify`](super::notify).
    ///
    /// # Errors
    ///
    /// `E`, as [`Result::Err`] of what `send` returns.
    pub async fn send<F, E>(
        &self,
        row: &AbonnementRow,
        notification: &Notificatie,
        request: Request<Bytes>,
        send: impl FnOnce(Request<Bytes>) -> F,
    ) -> Result<Response<Bytes>, E>
    where
        F: Future<Output = Result<Response<Bytes>, E>>,
    {
        let kind = notification.kind();
        let (chain, mut info) = read(&request);
        info.client_id = Some(row.client_id.hostname().clone());
        info.server_id = request.uri().host().and_then(|host| Hostname::parse(host).ok());
        info.provider_id = Some(row.aanbieder.clone());
        info.service_id = Some(row.gegevensdienst.clone());
        self.observe(names(kind).send, &chain, info.clone(), None, None);
        let answered = send(request).await;
        match &answered {
            Ok(response) if response.status().is_success() => {
                self.observe(names(kind).receive_response, &chain, info, Some(response), None);
            }
            Ok(response) => {
                let error = Some(ErrorInfo::new("other", "notification was answered with an error"));
                self.observe(names(kind).receive_error_response, &chain, info, Some(response), error);
            }
            Err(_) => {
                let error = Some(ErrorInfo::new("temporarily_unavailable", "notification got no answer"));
                self.observe(names(kind).receive_failure, &chain, info, None, error);
            }
        }
        answered
    }

    /// A notification arrived. One of which the kind cannot be read counts as a resource notification.
    pub(crate) fn arrived(&self, request: &Request<Bytes>, kind: Option<NotificatieKind>) -> Arrived {
        let kind = kind.unwrap_or(NotificatieKind::Details);
        let (chain, mut info) = read(request);
        info.client_id = Some(self.own.clone());
        let host = request
            .headers()
            .get(http::header::HOST)
            .and_then(|host| host.to_str().ok());
        let host = host
            .or_else(|| request.uri().host())
            .and_then(|host| host.split(':').next());
        info.server_id = host
            .and_then(|host| Hostname::parse(host).ok())
            .or_else(|| Some(self.own.clone()));
        self.observe(names(kind).receive, &chain, info.clone(), None, None);
        Arrived { kind, chain, info }
    }

    /// The answer to it.
    pub(crate) fn answered(&self, arrived: Arrived, response: &Response<Bytes>, source: Option<&AbonnementSource>) {
        let Arrived { kind, chain, mut info } = arrived;
        if let Some(source) = source {
            info.provider_id = Some(source.aanbieder.clone());
            info.service_id = Some(source.gegevensdienst.clone());
        }
        if response.status().is_success() {
            self.observe(names(kind).send_response, &chain, info, Some(response), None);
        } else {
            let error = Some(ErrorInfo::new("other", "notification is refused or cannot be handled"));
            self.observe(names(kind).send_error, &chain, info, Some(response), error);
        }
    }

    fn observe(
        &self,
        name: EventType,
        chain: &Option<CorrelationId>,
        info: RequestInfo,
        response: Option<&Response<Bytes>>,
        error: Option<ErrorInfo>,
    ) {
        let mut event = Event::new(name);
        event.at = Some(self.clock.now());
        event.location = Some(self.own.clone());
        // no Persoon is there, so no session: the chain stands in for it
        event.trace_id.clone_from(chain);
        event.session_id.clone_from(chain);
        event.response = response.map(|response| ResponseInfo::new(info.id.clone(), response.status().as_u16()));
        event.request = Some(info);
        event.error = error;
        self.observer.observe(event);
    }
}

impl fmt::Debug for NotificationLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NotificationLog")
            .field("own", &self.own)
            .finish_non_exhaustive()
    }
}

/// Chain and request, as far as both sides know them. Without ids a request and its answer are a chain of their own.
fn read(request: &Request<Bytes>) -> (Option<CorrelationId>, RequestInfo) {
    let ids = RequestIds::from_headers(request.headers());
    let mut info = RequestInfo::default().with_uri(&request.uri().to_string());
    info.id = ids.as_ref().map(|ids| ids.request_id.clone());
    info.method = (request.method() == http::Method::POST).then_some("POST");
    info.initiated_by = Some(InitiatedBy::Machine);
    let chain = ids.map(|ids| ids.correlation_id);
    (chain.or_else(|| CorrelationId::random(&OsEntropy).ok()), info)
}

/// The events of one kind of notification.
struct Names {
    send: EventType,
    receive: EventType,
    send_response: EventType,
    receive_response: EventType,
    send_error: EventType,
    receive_error_response: EventType,
    receive_failure: EventType,
}

fn names(kind: NotificatieKind) -> Names {
    use EventType as E;
    match kind {
        NotificatieKind::Details => Names {
            send: E::SendResourceNotification,
            receive: E::ReceiveResourceNotification,
            send_response: E::SendResourceNotificationResponse,
            receive_response: E::ReceiveResourceNotificationResponse,
            send_error: E::SendResourceNotificationError,
            receive_error_response: E::ReceiveResourceNotificationErrorResponse,
            receive_failure: E::ReceiveResourceNotificationError,
        },
        NotificatieKind::Abonnement => Names {
            send: E::SendSubscriptionNotification,
            receive: E::ReceiveSubscriptionNotification,
            send_response: E::SendSubscriptionNotificationResponse,
            receive_response: E::ReceiveSubscriptionNotificationResponse,
            send_error: E::SendSubscriptionNotificationError,
            receive_error_response: E::ReceiveSubscriptionNotificationErrorResponse,
            receive_failure: E::ReceiveSubscriptionNotificationError,
        },
    }
}
