// SPDX-License-Identifier: AGPL-3.0-or-later
//! One connection from handshake to end, in a task of its own (core.whl.307, core.whl.308)

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ConnectInfo;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use medmij_types::PeerNames;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tower::ServiceExt;

use super::Shared;
use super::body::LimitedBody;
use super::gate::{Access, Closed, Gate, Gated};
use super::handshakes::{Handshakes, Place};
use crate::names::peer_names;

/// The connections of a listener.
pub(super) struct Connections {
    shared: Arc<Shared>,
    router: axum::Router,
    stopping: watch::Receiver<bool>,
    handshakes: Handshakes,
    tasks: JoinSet<()>,
}

impl Connections {
    pub(super) fn new(shared: Arc<Shared>, router: axum::Router, stopping: watch::Receiver<bool>) -> Self {
        let handshakes = Handshakes::new(shared.limits.handshakes);
        Self {
            shared,
            router,
            stopping,
            handshakes,
            tasks: JoinSet::new(),
        }
    }

    pub(super) fn start(&mut self, stream: TcpStream, address: SocketAddr) {
        if let Access::Proxies(_, forwarded) = &self.shared.access
            && !forwarded.is_proxy_address(address)
        {
            tracing::warn!(%address, rule = "core.whl.308", "not the address of a configured proxy, connection closed");
            return;
        }
        let place = self.handshakes.enter();
        let mut reloads = self.shared.reloads.subscribe();
        reloads.mark_unchanged();
        let connection = Connection {
            shared: Arc::clone(&self.shared),
            address,
            stopping: self.stopping.clone(),
            reloads,
        };
        self.tasks.spawn(connection.run(stream, place, self.router.clone()));
    }

    /// Takes back what ended; never ready while nothing did.
    pub(super) async fn tidy(&mut self) {
        tokio::select! {
            () = self.handshakes.tidy() => {}
            Some(_) = self.tasks.join_next() => {}
        }
    }

    /// Ends handshakes at once, waits for the other connections to end, then cuts them.
    pub(super) async fn finish(mut self, time: Duration) {
        self.handshakes.clear();
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(time, all).await.is_err() {
            tracing::warn!(left = self.tasks.len(), "connections cut at shutdown");
        }
    }
}

struct Connection {
    shared: Arc<Shared>,
    address: SocketAddr,
    stopping: watch::Receiver<bool>,
    reloads: watch::Receiver<u64>,
}

impl Connection {
    async fn run(self, stream: TcpStream, place: Place, router: axum::Router) {
        let Some(stream) = self.handshake(stream, place).await else {
            return;
        };
        let gate = Gate::new(Arc::clone(&self.shared), names_of(&stream), self.address);
        if gate.enter().is_err() {
            return;
        }
        let Ok(_permit) = Arc::clone(&self.shared.connections).try_acquire_owned() else {
            tracing::warn!(address = %self.address, names = %gate.names(), "too many connections, this one is closed");
            return;
        };
        self.http(stream, gate, router).await;
    }

    async fn handshake(&self, stream: TcpStream, mut place: Place) -> Option<TlsStream<TcpStream>> {
        let address = self.address;
        let _ = stream.set_nodelay(true);
        let accept = TlsAcceptor::from(self.shared.tls.load_full()).accept(stream);
        tokio::select! {
            biased;
            () = place.evicted() => {
                tracing::warn!(%address, "tls handshake ended to make room");
                None
            }
            accepted = tokio::time::timeout(self.shared.limits.handshake, accept) => match accepted {
                Ok(Ok(stream)) => Some(stream),
                Ok(Err(error)) => {
                    tracing::info!(%address, %error, rule = "core.tls.314", "tls handshake failed");
                    None
                }
                Err(_) => {
                    tracing::info!(%address, "tls handshake too slow");
                    None
                }
            },
        }
    }

    async fn http(mut self, stream: TlsStream<TcpStream>, gate: Gate, router: axum::Router) {
        let limits = self.shared.limits;
        let address = self.address;
        let service = {
            let gate = gate.clone();
            service_fn(move |mut request: Request<Incoming>| {
                let passed = gate.pass(request.headers_mut());
                let router = router.clone();
                async move {
                    let peer = passed?;
                    let mut request = request
                        .map(|body| axum::body::Body::new(LimitedBody::new(body, limits.body_bytes, limits.body)));
                    if let Some(peer) = peer {
                        request.extensions_mut().insert(peer.names().clone());
                        request.extensions_mut().insert(peer);
                    }
                    request.extensions_mut().insert(ConnectInfo(address));
                    match router.oneshot(request).await {
                        Ok(response) => Ok::<_, Closed>(response),
                        Err(never) => match never {},
                    }
                }
            })
        };
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.headers.min(YEAR))
            .max_buf_size(limits.header_bytes.max(8 * 1024))
            .half_close(false)
            .serve_connection(TokioIo::new(Gated::new(stream, gate)), service);
        let mut connection = std::pin::pin!(connection);
        let mut old = std::pin::pin!(tokio::time::sleep(limits.age));
        let mut ending = false;
        let ended = loop {
            tokio::select! {
                ended = connection.as_mut() => break ended,
                () = &mut old, if !ending => {}
                _ = self.stopping.wait_for(|stop| *stop), if !ending => {}
                _ = self.reloads.changed(), if !ending => {}
            }
            ending = true;
            connection.as_mut().graceful_shutdown();
        };
        if let Err(error) = ended {
            tracing::debug!(%address, %error, "connection ended");
        }
    }
}

/// The HTTP library adds this time to a clock, and panics where that cannot be.
const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

fn names_of(stream: &TlsStream<TcpStream>) -> PeerNames {
    let certificates = stream.get_ref().1.peer_certificates().unwrap_or_default();
    certificates
        .first()
        .map_or_else(|| PeerNames::new(None, []), peer_names)
}
