// SPDX-License-Identifier: AGPL-3.0-or-later
//! O13 — the limits, before a request is read: 429 with `Retry-After`, on the front channel with a page.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use axum::{
    body::Body,
    extract::{ConnectInfo, Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderValue, StatusCode, header};
use medmij_oauth::wire::{ErrorCode, TokenError};
use medmij_types::PeerNames;

use super::{answer, handlers::Mounted};
use crate::server::Dvza;

/// A request extension: the address of who asks, where it is not that of the connection. An application behind a proxy that
/// it trusts puts it there; a header that anybody can send is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerAddress(pub IpAddr);

pub(super) async fn front<D: Dvza>(State(mounted): State<Mounted<D>>, request: Request, next: Next) -> Response {
    if let (Some(limits), Some(address)) = (mounted.options.limits(), address(&request))
        && let Err(wait) = limits.front(address)
    {
        tracing::debug!(
            rule = "core.gegevensdiensten.103",
            "too many authorization requests from one address"
        );
        let mut response = answer::page(&mounted.options, &mounted.server.te_druk(), "");
        retry_after(&mut response, wait);
        return response;
    }
    next.run(request).await
}

pub(super) async fn back<D: Dvza>(State(mounted): State<Mounted<D>>, request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<PeerNames>();
    if let (Some(limits), Some(peer)) = (mounted.options.limits(), peer)
        && let Err(wait) = limits.back(peer, address(&request))
    {
        tracing::debug!(
            rule = "core.gegevensdiensten.103",
            "too many token requests of one node"
        );
        let error = TokenError::new(
            ErrorCode::TemporarilyUnavailable,
            Some("too many requests, try again later"),
        );
        let mut response = error.to_http(StatusCode::TOO_MANY_REQUESTS.as_u16()).map(Body::from);
        retry_after(&mut response, wait);
        return response;
    }
    next.run(request).await
}

fn address(request: &Request) -> Option<IpAddr> {
    let extensions = request.extensions();
    let given = extensions.get::<PeerAddress>().map(|PeerAddress(address)| *address);
    given.or_else(|| {
        let connection = extensions.get::<ConnectInfo<SocketAddr>>();
        connection.map(|ConnectInfo(address)| address.ip())
    })
}

fn retry_after(response: &mut Response, wait: Duration) {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
}
