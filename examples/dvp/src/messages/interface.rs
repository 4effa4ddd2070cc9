// SPDX-License-Identifier: AGPL-3.0-or-later
//! ext.abo.subnotint, ext.abo.rscnotint — notifications come in over mutual TLS.

use super::{NOTIFICATIONS, heard};
use crate::{App, STEP};
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::Response,
    routing::any,
};
use http::{HeaderValue, StatusCode, header};
use medmij_abonneren::NotificatieKind;
use medmij_net::Peer;
use medmij_types::{CalendarDate, Clock as _, SystemClock};
use std::sync::Arc;

/// Of a notification: two names and a day.
const MOST_BYTES: usize = 4096;

/// The routes of the back channel.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route(&format!("{NOTIFICATIONS}/Notification"), any(notification))
        .with_state(app)
}

async fn notification(State(app): State<Arc<App>>, peer: Peer, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, MOST_BYTES).await else {
        return empty(StatusCode::PAYLOAD_TOO_LARGE);
    };
    let request = http::Request::from_parts(head, body);
    let today = CalendarDate::in_amsterdam(SystemClock::default().now());
    let (response, received) = app.messages.receiver.receive(&request, peer.names(), today).await;
    let Some(received) = received else {
        tracing::info!(
            target: STEP, role = app.role, rule = "ext.abo.subnotint.203",
            "weigert een bericht: {}", response.status(),
        );
        return response.map(Body::from);
    };
    let (rule, what) = match received.notificatie.kind() {
        NotificatieKind::Details => ("ext.abo.rscnotint.207", "er iets nieuws is"),
        _ => ("ext.abo.subnotint", "een abonnement een ander einde heeft"),
    };
    tracing::info!(target: STEP, role = app.role, rule, "hoort dat {what} bij {}", received.source.aanbieder);
    // before it is answered: what was answered is not told again
    match heard(&app, &received).await {
        Ok(()) => response.map(Body::from),
        Err(error) => {
            tracing::error!(%error, rule, "a notification cannot be written down");
            empty(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    if status.is_server_error() {
        let headers = response.headers_mut();
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    }
    response
}
