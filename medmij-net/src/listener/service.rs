// SPDX-License-Identifier: AGPL-3.0-or-later
//! One request, from its head to the answer of the router (core.whl.309, RFC 9110, RFC 9112)
//!
//! The Whitelist comes first: whoever is not on it gets no byte. Then the host that is asked for, then the router.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::ConnectInfo;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body::Body as _;
use hyper::body::Incoming;
use medmij_types::PeerNames;
use tower::ServiceExt;

use super::access::Access;
use super::answer::{AnswerBody, Held};
use super::body::{BodyFault, LimitedBody};
use super::gate::{Closed, Gate};
use super::shared::Shared;
use super::shares::Place;
use super::wire::Turn;
use super::{Peer, headers};

/// What the requests of one connection share.
#[derive(Clone)]
pub(super) struct Conversation {
    pub(super) shared: Arc<Shared>,
    pub(super) gate: Gate,
    pub(super) place: Place,
    pub(super) turn: Arc<Turn>,
    pub(super) router: axum::Router,
    /// The names of the certificate that we showed.
    pub(super) certificate: PeerNames,
    pub(super) address: SocketAddr,
    /// Whether the next answer is the last one.
    pub(super) leaving: Arc<AtomicBool>,
}

impl Conversation {
    /// Answers one request, or ends the connection without a byte.
    pub(super) async fn answer(self, mut request: Request<Incoming>) -> Result<Response<AnswerBody>, Closed> {
        let answering = self.place.answering();
        let turn = self.turn.begin();
        let peer = self.gate.pass(request.headers_mut())?;
        let node_request = match (&self.shared.access, &peer) {
            (Access::Proxies(..), Some(peer)) => {
                let counted = peer.names().node().map(|node| self.shared.shares.begin_request(node));
                match counted {
                    Some(None) => return Ok(self.finish(busy(), (answering, turn, None))),
                    counted => counted.flatten(),
                }
            }
            _ => None,
        };
        let held = (answering, turn, node_request);
        let (head, body) = request.into_parts();
        if let Err(status) = self.shared.hosts.check(&head, &self.certificate) {
            return Ok(self.finish(headers::refusal(status), held));
        }
        let limits = self.shared.limits;
        if body.size_hint().lower() > limits.body_bytes {
            return Ok(self.finish(headers::refusal(StatusCode::PAYLOAD_TOO_LARGE), held));
        }
        let fault = BodyFault::default();
        let body = LimitedBody::new(body, limits.body_bytes, limits.body, fault.clone());
        let request = self.extended(Request::from_parts(head, axum::body::Body::new(body)), peer);
        let response = match self.router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let response = match fault.status() {
            Some(status) => headers::refusal(status),
            None => response,
        };
        Ok(self.finish(response, held))
    }

    fn extended(&self, mut request: Request<axum::body::Body>, peer: Option<Peer>) -> Request<axum::body::Body> {
        let extensions = request.extensions_mut();
        if let Some(peer) = peer {
            extensions.insert(peer.names().clone());
            extensions.insert(peer);
        }
        extensions.insert(ConnectInfo(self.address));
        request
    }

    fn finish(&self, mut response: Response<axum::body::Body>, held: Held) -> Response<AnswerBody> {
        headers::complete(&mut response, self.shared.strict_transport());
        if self.leaving.load(Ordering::Relaxed) {
            response
                .headers_mut()
                .insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response.map(|body| AnswerBody::new(body, held))
    }
}

/// A Node behind a proxy has as many requests under way as it may.
fn busy() -> Response<axum::body::Body> {
    let mut response = Response::new(axum::body::Body::empty());
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}
