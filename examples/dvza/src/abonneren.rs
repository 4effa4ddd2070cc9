// SPDX-License-Identifier: AGPL-3.0-or-later
//! ext.abo — Abonneren and Notificeren: the subscription interface, and the notifications that go out over mutual TLS.

mod feed;
mod notifying;
mod stored;

pub(crate) use feed::{Feed, FolderFeed, SqlFeed};
pub(crate) use notifying::Notifying;

use crate::{STEP, storage::Storage, supplier::ExampleSupplier};
use axum::{
    Router,
    body::Body,
    extract::{Path, Request, State},
    response::Response,
    routing::any,
};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use medmij_abonneren::{AboPolicy, answer};
use medmij_dvza::{Server, registratie::Registratie};
use medmij_net::Peer;
use medmij_oauth::{Function, seal::LocalKeyRing};
use medmij_types::{Aanbiedernaam, CalendarDate, Clock as _, GegevensdienstId, OsEntropy, SystemClock};
use std::sync::Arc;

/// Of a request: it holds a date.
const MOST_BYTES: usize = 4096;

/// The path of a SubscriptionEndpoint of this DVZA.
#[must_use]
pub fn subscription_path(aanbieder: &str, gegevensdienst: &GegevensdienstId) -> String {
    format!("/abonnementen/{aanbieder}/{gegevensdienst}")
}

/// The subscription interface.
pub(crate) struct Interface {
    pub(crate) role: String,
    pub(crate) server: Server<ExampleSupplier>,
    pub(crate) registratie: Arc<Registratie>,
    pub(crate) store: Arc<Storage>,
    pub(crate) keys: Arc<LocalKeyRing>,
}

impl Interface {
    /// The routes, to be mounted on the back channel.
    pub(crate) fn router(self) -> Router {
        Router::new()
            .route("/abonnementen/{aanbieder}/{gegevensdienst}", any(all))
            .route("/abonnementen/{aanbieder}/{gegevensdienst}/{id}", any(one))
            .with_state(Arc::new(self))
    }

    async fn answer(
        &self,
        (aanbieder, gegevensdienst, rest): (&str, &str, &str),
        peer: &Peer,
        request: &http::Request<Bytes>,
    ) -> http::Response<Bytes> {
        let key = Aanbiedernaam::parse(aanbieder)
            .ok()
            .zip(GegevensdienstId::parse(gegevensdienst).ok());
        let served = key.filter(|(aanbieder, id)| self.registratie.serves(aanbieder, Function::Abonneren, id));
        let Some((aanbieder, id)) = served else {
            return empty(StatusCode::NOT_FOUND);
        };
        let judged = self
            .server
            .guard_request(&[Function::Abonneren], request, peer.names(), (&aanbieder, &id))
            .await;
        self.server.flush_audit_soon();
        let granted_access = match judged {
            Ok(granted_access) => granted_access,
            Err(error) => {
                tracing::info!(target: STEP, role = self.role, rule = "ext.abo.subint", "weigert een abonnement: {error}");
                return error.to_http();
            }
        };
        let today = CalendarDate::in_amsterdam(SystemClock::default().now());
        let tools = (&*self.keys as _, &OsEntropy as _);
        let (store, policy) = (self.store.store(), AboPolicy::default());
        let token = (&granted_access).into();
        let response = match answer(store, request, rest, &token, today, tools, &policy).await {
            Ok(response) => response,
            Err(error) => {
                tracing::error!(%error, rule = "ext.abo.subint", "a subscription cannot be answered");
                let mut response = empty(StatusCode::SERVICE_UNAVAILABLE);
                response
                    .headers_mut()
                    .insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
                response
            }
        };
        self.server.answered(&granted_access, response.status());
        tracing::info!(
            target: STEP, role = self.role, rule = "ext.abo.subint.201",
            "antwoordt op een abonnement bij {aanbieder} ({id}): {}", response.status(),
        );
        response
    }
}

async fn all(
    State(interface): State<Arc<Interface>>,
    Path((aanbieder, gegevensdienst)): Path<(String, String)>,
    peer: Peer,
    request: Request,
) -> Response {
    whole(&interface, (&aanbieder, &gegevensdienst, ""), &peer, request).await
}

async fn one(
    State(interface): State<Arc<Interface>>,
    Path((aanbieder, gegevensdienst, id)): Path<(String, String, String)>,
    peer: Peer,
    request: Request,
) -> Response {
    whole(&interface, (&aanbieder, &gegevensdienst, &id), &peer, request).await
}

async fn whole(interface: &Interface, to: (&str, &str, &str), peer: &Peer, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let response = match axum::body::to_bytes(body, MOST_BYTES).await {
        Ok(body) => {
            let request = http::Request::from_parts(head, body);
            interface.answer(to, peer, &request).await
        }
        Err(_) => empty(StatusCode::PAYLOAD_TOO_LARGE),
    };
    response.map(Body::from)
}

fn empty(status: StatusCode) -> http::Response<Bytes> {
    let mut response = http::Response::new(Bytes::new());
    *response.status_mut() = status;
    response
}
