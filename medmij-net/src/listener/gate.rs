// SPDX-License-Identifier: AGPL-3.0-or-later
//! The Whitelist before every request and before every byte that goes out (core.whl.307, core.whl.309)
//!
//! [`Gate`] decides per request. [`Gated`] is the stream below HTTP: it asks the same question whenever
//! something is written, so that nothing that the HTTP library says by itself (a 400 to a broken request, for
//! instance) reaches a peer that has been taken off the list.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::HeaderMap;
use medmij_types::PeerNames;
use medmij_whitelist::{HostPolicy, NotAllowed};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{ForwardedPeer, Peer};

/// The question whether this peer may go on, with everything needed to answer it at any moment.
#[derive(Clone)]
pub(super) struct Gate {
    inner: Arc<Inner>,
}

struct Inner {
    policy: HostPolicy,
    names: PeerNames,
    address: SocketAddr,
    /// Set when the connection is that of a reverse proxy: the names are then the proxy's.
    forwarded: Option<ForwardedPeer>,
}

impl Gate {
    pub(super) fn new(
        policy: HostPolicy,
        names: PeerNames,
        address: SocketAddr,
        forwarded: Option<ForwardedPeer>,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                policy,
                names,
                address,
                forwarded,
            }),
        }
    }

    /// Whether the connection may come to HTTP at all.
    pub(super) fn enter(&self) -> Result<(), Closed> {
        let Inner {
            names,
            address,
            forwarded,
            ..
        } = &*self.inner;
        match forwarded {
            None => self.judge(names).map(drop),
            Some(forwarded) if forwarded.is_proxy(names) => Ok(()),
            Some(_) => {
                tracing::warn!(%address, %names, rule = "core.whl.308", "no configured proxy, connection closed");
                Err(Closed::NotProxy)
            }
        }
    }

    /// Whether this request may come to its handler.
    pub(super) fn pass(&self, headers: &mut HeaderMap) -> Result<Peer, Closed> {
        match &self.inner.forwarded {
            None => self.judge(&self.inner.names),
            Some(forwarded) => match forwarded.take(headers) {
                Some(names) => self.judge(&names),
                None => {
                    let address = self.inner.address;
                    tracing::warn!(%address, rule = "core.whl.308", "no certificate from the proxy, connection closed");
                    Err(Closed::NoCertificate)
                }
            },
        }
    }

    /// Asks the policy as it is now. A refusal is logged with the names seen, here and nowhere else, so that
    /// an operator can see the order of things (core.whl.308) and the peer cannot.
    fn judge(&self, names: &PeerNames) -> Result<Peer, Closed> {
        let Inner { policy, address, .. } = &*self.inner;
        match policy.check_peer(names) {
            Ok(allowed) => Ok(Peer::new(names.clone(), allowed, *address)),
            Err(reason) => {
                tracing::warn!(%address, %names, rule = "core.whl.307", %reason, "peer refused, connection closed");
                Err(Closed::NotAllowed(reason))
            }
        }
    }

    pub(super) fn names(&self) -> &PeerNames {
        &self.inner.names
    }

    /// Whether anything may be written. A proxy is no participant; what it hears is decided per request.
    fn is_open(&self) -> bool {
        self.inner.forwarded.is_some() || self.inner.policy.check_peer(&self.inner.names).is_ok()
    }
}

/// The connection ends here, without a word to the other side.
#[derive(Debug, thiserror::Error)]
pub(super) enum Closed {
    #[error("peer is not on the whitelist")]
    NotAllowed(#[source] NotAllowed),
    #[error("peer is no configured proxy")]
    NotProxy,
    #[error("proxy gave no certificate")]
    NoCertificate,
}

/// A stream that writes only as long as its gate is open.
pub(super) struct Gated<S> {
    stream: S,
    gate: Gate,
}

impl<S> Gated<S> {
    pub(super) fn new(stream: S, gate: Gate) -> Self {
        Self { stream, gate }
    }

    fn check(&self) -> io::Result<()> {
        if self.gate.is_open() {
            Ok(())
        } else {
            Err(io::ErrorKind::PermissionDenied.into())
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Gated<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Gated<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
