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
use tokio::time::Sleep;

use super::{ForwardedPeer, Peer, Shared};

/// Whom a listener serves.
pub(super) enum Access {
    /// Nodes that the policy allows.
    Nodes(HostPolicy),
    /// Reverse proxies, on behalf of nodes that the policy allows.
    Proxies(HostPolicy, ForwardedPeer),
    /// Everybody: the front channel has no Server Authorization (core.whl.306).
    Everybody,
}

/// The question whether this peer may go on, with everything needed to answer it at any moment.
#[derive(Clone)]
pub(super) struct Gate {
    shared: Arc<Shared>,
    names: PeerNames,
    address: SocketAddr,
}

impl Gate {
    pub(super) fn new(shared: Arc<Shared>, names: PeerNames, address: SocketAddr) -> Self {
        Self { shared, names, address }
    }

    /// Whether the connection may come to HTTP at all.
    pub(super) fn enter(&self) -> Result<(), Closed> {
        let Self { names, address, .. } = self;
        match &self.shared.access {
            Access::Everybody => Ok(()),
            Access::Nodes(policy) => self.judge(policy, names).map(drop),
            Access::Proxies(_, forwarded) if forwarded.is_proxy(names) => Ok(()),
            Access::Proxies(..) => {
                tracing::warn!(%address, %names, rule = "core.whl.308", "no configured proxy, connection closed");
                Err(Closed::NotProxy)
            }
        }
    }

    /// Whether this request may come to its handler, and on whose behalf.
    pub(super) fn pass(&self, headers: &mut HeaderMap) -> Result<Option<Peer>, Closed> {
        let address = self.address;
        match &self.shared.access {
            Access::Everybody => Ok(None),
            Access::Nodes(policy) => self.judge(policy, &self.names).map(Some),
            Access::Proxies(policy, forwarded) => match forwarded.take(headers) {
                Some(names) => self.judge(policy, &names).map(Some),
                None => {
                    tracing::warn!(%address, rule = "core.whl.308", "no certificate from the proxy, connection closed");
                    Err(Closed::NoCertificate)
                }
            },
        }
    }

    /// Asks the policy as it is now. A refusal is logged with the names seen, here and nowhere else, so that
    /// an operator can see the order of things (core.whl.308) and the peer cannot.
    fn judge(&self, policy: &HostPolicy, names: &PeerNames) -> Result<Peer, Closed> {
        let address = self.address;
        match policy.check_peer(names) {
            Ok(allowed) => Ok(Peer::new(names.clone(), allowed, address)),
            Err(reason) => {
                tracing::warn!(%address, %names, rule = "core.whl.307", %reason, "peer refused, connection closed");
                Err(Closed::NotAllowed(reason))
            }
        }
    }

    pub(super) fn names(&self) -> &PeerNames {
        &self.names
    }

    /// Whether anything may be written. A proxy is no participant; what it hears is decided per request.
    fn is_open(&self) -> bool {
        match &self.shared.access {
            Access::Nodes(policy) => policy.check_peer(&self.names).is_ok(),
            Access::Proxies(..) | Access::Everybody => true,
        }
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

/// A stream that writes only as long as its gate is open and the other side reads.
pub(super) struct Gated<S> {
    stream: S,
    gate: Gate,
    stalled: Option<Pin<Box<Sleep>>>,
}

impl<S> Gated<S> {
    pub(super) fn new(stream: S, gate: Gate) -> Self {
        Self {
            stream,
            gate,
            stalled: None,
        }
    }

    fn check(&self) -> io::Result<()> {
        if self.gate.is_open() {
            Ok(())
        } else {
            Err(io::ErrorKind::PermissionDenied.into())
        }
    }

    /// A write that cannot go on waits for a while and then fails.
    fn watched<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let time = self.gate.shared.limits.write;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(time)));
        stalled.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
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
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.watched(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.watched(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.watched(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.watched(cx, shut)
    }
}
