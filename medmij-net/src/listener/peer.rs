// SPDX-License-Identifier: AGPL-3.0-or-later
//! Who is on the other side of a back-channel connection (threat W4)

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::StatusCode;
use http::request::Parts;
use medmij_types::PeerNames;
use medmij_whitelist::AllowedHost;

/// The peer of a request: the names in its certificate, and the one of them that was found on the Whitelist.
///
/// A handler takes it as an argument. It is there on every request that comes through a
/// `BackChannelListener`; on any other router the extractor answers 500.
#[derive(Debug, Clone)]
pub struct Peer {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    names: PeerNames,
    allowed: AllowedHost,
    address: SocketAddr,
}

impl Peer {
    pub(super) fn new(names: PeerNames, allowed: AllowedHost, address: SocketAddr) -> Self {
        Self {
            inner: Arc::new(Inner {
                names,
                allowed,
                address,
            }),
        }
    }

    /// All names in the certificate that can name a node (core.whl.307). [`PeerNames::node`] is the one to count by.
    pub fn names(&self) -> &PeerNames {
        &self.inner.names
    }

    /// The proof by which the peer was let in at this request: which name, and on what ground.
    pub fn allowed(&self) -> &AllowedHost {
        &self.inner.allowed
    }

    /// The other end of the TCP connection; behind a TCP proxy with the PROXY protocol, what it says.
    pub fn address(&self) -> SocketAddr {
        self.inner.address
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Peer {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}
