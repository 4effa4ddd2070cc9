// SPDX-License-Identifier: AGPL-3.0-or-later
//! O13 — the limits, before a request is read: 429 with `Retry-After`, on the front channel with a page.

use super::{answer, handlers::Mounted, peer_address::address};
use crate::server::{Dvza, RequestLimits};
use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderValue, StatusCode, header};
use medmij_oauth::wire::{ErrorCode, ErrorResponse};
use medmij_types::PeerNames;
use std::{net::IpAddr, time::Duration};

pub(super) async fn front<D: Dvza>(State(mounted): State<Mounted<D>>, request: Request, next: Next) -> Response {
    limited(&mounted, request, next, RequestLimits::front).await
}

pub(super) async fn pages<D: Dvza>(State(mounted): State<Mounted<D>>, request: Request, next: Next) -> Response {
    limited(&mounted, request, next, RequestLimits::pages).await
}

async fn limited<D: Dvza>(
    mounted: &Mounted<D>,
    request: Request,
    next: Next,
    check: fn(&RequestLimits, IpAddr) -> Result<(), Duration>,
) -> Response {
    let Some(limits) = mounted.options.limits() else {
        return next.run(request).await;
    };
    let Some(address) = address(request.extensions()) else {
        return blind("the address of who asks");
    };
    if let Err(wait) = check(limits, address) {
        tracing::debug!(rule = "core.gegevensdiensten.103", "too many requests from one address");
        let mut response = answer::page(&mounted.options, &mounted.server.too_busy(), "");
        retry_after(&mut response, wait);
        return response;
    }
    next.run(request).await
}

pub(super) async fn back<D: Dvza>(State(mounted): State<Mounted<D>>, request: Request, next: Next) -> Response {
    let Some(limits) = mounted.options.limits() else {
        return next.run(request).await;
    };
    let Some(peer) = request.extensions().get::<PeerNames>() else {
        return blind("the names of the client certificate");
    };
    if let Err(wait) = limits.back(peer, address(request.extensions())) {
        tracing::debug!(
            rule = "core.gegevensdiensten.103",
            "too many token requests of one node"
        );
        let error = ErrorResponse::new(
            ErrorCode::TemporarilyUnavailable,
            Some("too many requests, try again later"),
        );
        let mut response = error.to_http(StatusCode::TOO_MANY_REQUESTS.as_u16()).map(Body::from);
        retry_after(&mut response, wait);
        return response;
    }
    next.run(request).await
}

/// A limit that does not see by what it limits would do nothing: nothing is answered until it does.
fn blind(what: &str) -> Response {
    tracing::error!(
        rule = "core.gegevensdiensten.103",
        "limits are mounted and cannot see {what}: serve with the listeners of medmij-net or with \
         into_make_service_with_connect_info::<SocketAddr>(), or put a PeerAddress into each request"
    );
    answer::status(StatusCode::INTERNAL_SERVER_ERROR)
}

fn retry_after(response: &mut Response, wait: Duration) {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
}
