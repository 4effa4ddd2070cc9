// SPDX-License-Identifier: AGPL-3.0-or-later
//! One connection from handshake to end, in a task of its own (core.whl.307, core.whl.308)

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use medmij_types::PeerNames;
use rustls::ProtocolVersion;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::access::Access;
use super::failure;
use super::gate::Gate;
use super::overheard::Overheard;
use super::pace::Pace;
use super::service::Conversation;
use super::shared::{Shared, Shown};
use super::shares::{Eviction, Place, Site};
use super::tcp_proxy::{self, Origin};
use super::wire::{Turn, Wire};
use crate::names::peer_names;
use crate::tls::verify;

/// The connections of a listener.
pub(super) struct Connections {
    shared: Arc<Shared>,
    router: axum::Router,
    stopping: watch::Receiver<bool>,
    tasks: JoinSet<()>,
}

impl Connections {
    pub(super) fn new(shared: Arc<Shared>, router: axum::Router, stopping: watch::Receiver<bool>) -> Self {
        Self {
            shared,
            router,
            stopping,
            tasks: JoinSet::new(),
        }
    }

    pub(super) fn start(&mut self, stream: TcpStream, address: SocketAddr) {
        let origin = self.shared.origin(address);
        let Some((place, eviction)) = self.shared.shares.enter(origin.site()) else {
            return;
        };
        let mut reloads = self.shared.reloads.subscribe();
        reloads.mark_unchanged();
        let connection = Connection {
            shared: Arc::clone(&self.shared),
            place,
            address,
            stopping: self.stopping.clone(),
            reloads,
        };
        self.tasks
            .spawn(connection.run(stream, origin, eviction, self.router.clone()));
    }

    /// Takes back what ended; never ready while nothing did.
    pub(super) async fn tidy(&mut self) {
        if self.tasks.join_next().await.is_none() {
            std::future::pending::<()>().await;
        }
    }

    /// Takes back all that ended.
    pub(super) fn tidy_all(&mut self) {
        while self.tasks.try_join_next().is_some() {}
    }

    /// Waits for the connections to end, then cuts them.
    pub(super) async fn finish(mut self, time: Duration) {
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(time, all).await.is_err() {
            tracing::warn!(left = self.tasks.len(), "connections cut at shutdown");
        }
    }
}

struct Connection {
    shared: Arc<Shared>,
    place: Place,
    address: SocketAddr,
    stopping: watch::Receiver<bool>,
    reloads: watch::Receiver<u64>,
}

impl Connection {
    async fn run(mut self, stream: TcpStream, origin: Origin, mut eviction: Eviction, router: axum::Router) {
        let greeted = tokio::select! {
            biased;
            () = eviction.evicted() => return,
            _ = self.stopping.wait_for(|stop| *stop) => return,
            greeted = Self::greet(&self.shared, &self.place, &mut self.address, stream, origin) => greeted,
        };
        let Some((mut stream, shown)) = greeted else { return };
        self.place.greeted();
        let gate = Gate::new(Arc::clone(&self.shared), names_of(&stream), self.address);
        let Ok(node) = gate.enter() else { return };
        if let Some(node) = &node {
            if lacks_ems(&mut stream) {
                self.shared.without_ems.count(node);
            }
            if !self.place.join(node) {
                return;
            }
        }
        self.http(stream, gate, &shown, eviction, router).await;
    }

    /// What comes before HTTP, within one deadline: the header of a TCP proxy, and the TLS handshake.
    async fn greet(
        shared: &Shared,
        place: &Place,
        address: &mut SocketAddr,
        mut stream: TcpStream,
        origin: Origin,
    ) -> Option<(Stream, Arc<Shown>)> {
        let now = Instant::now();
        let deadline = now.checked_add(shared.limits.handshake).unwrap_or(now + YEAR);
        let _ = stream.set_nodelay(true);
        if matches!(origin, Origin::Told) {
            let read = tokio::time::timeout_at(deadline, tcp_proxy::read_header(&mut stream));
            match read.await {
                Ok(Ok(Some(peer))) => {
                    *address = peer;
                    if !place.locate(Site::of(peer.ip())) {
                        return None;
                    }
                }
                Ok(Ok(None)) => {}
                Ok(Err(error)) => {
                    tracing::warn!(%address, %error, rule = "R12", "proxy did not say whose connection it is");
                    return None;
                }
                Err(_) => {
                    tracing::info!(%address, "proxy too slow to say whose connection it is");
                    return None;
                }
            }
        }
        if let Access::Proxies(_, forwarded) = &shared.access
            && !forwarded.is_proxy_address(*address)
        {
            tracing::warn!(%address, rule = "core.whl.308", "not the address of a configured proxy, connection closed");
            return None;
        }
        let shown = shared.shown.load_full();
        let accept = TlsAcceptor::from(Arc::clone(&shown.config)).accept(Overheard::new(stream));
        let (accepted, names) = verify::overhear(tokio::time::timeout_at(deadline, accept)).await;
        match accepted {
            Ok(Ok(stream)) => Some((stream, shown)),
            Ok(Err(error)) => {
                failure::log(*address, names.as_ref(), &error);
                None
            }
            Err(_) => {
                tracing::info!(%address, "tls handshake too slow");
                None
            }
        }
    }

    async fn http(mut self, stream: Stream, gate: Gate, shown: &Shown, mut eviction: Eviction, router: axum::Router) {
        let limits = self.shared.limits;
        let address = self.address;
        let turn = Arc::new(Turn::default());
        let leaving = Arc::new(AtomicBool::new(false));
        let chain = stream.get_ref().1.peer_certificates().unwrap_or_default().to_vec();
        let pace = Pace::new(limits.write, limits.write_rate);
        let wire = Wire::new(
            stream,
            gate.clone(),
            pace,
            Arc::clone(&turn),
            self.shared.header_lines(),
        );
        let conversation = Conversation {
            shared: Arc::clone(&self.shared),
            gate,
            place: self.place.clone(),
            turn: Arc::clone(&turn),
            router,
            certificate: shown.names.clone(),
            address,
            leaving: Arc::clone(&leaving),
        };
        let service = service_fn(move |request| conversation.clone().answer(request));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.headers.min(YEAR))
            .max_buf_size(limits.header_bytes.max(8 * 1024))
            .half_close(false)
            .serve_connection(TokioIo::new(wire), service);
        let mut connection = std::pin::pin!(connection);
        let mut old = std::pin::pin!(tokio::time::sleep(limits.age));
        let mut farewell = std::pin::pin!(tokio::time::sleep(limits.age));
        let (mut last, mut ending, mut evicted) = (false, false, false);
        let ended = loop {
            let leaves = tokio::select! {
                ended = connection.as_mut() => break ended,
                () = eviction.evicted(), if !evicted => {
                    evicted = true;
                    false
                }
                () = &mut old, if !last && !ending => true,
                _ = self.stopping.wait_for(|stop| *stop), if !last && !ending => true,
                () = &mut farewell, if last && !ending => false,
                _ = self.reloads.changed(), if !ending => {
                    // nobody loses the request that is on its way: one that is let in still has time for it
                    match self.shared.is_let_in_now(&chain) {
                        true if last || !turn.has_begun() => continue,
                        is_let_in => is_let_in,
                    }
                }
            };
            if leaves {
                // what the peer sends at this moment still finds somebody
                last = true;
                leaving.store(true, Ordering::Relaxed);
                farewell.as_mut().reset(Instant::now() + limits.farewell.min(YEAR));
                continue;
            }
            ending = true;
            connection.as_mut().graceful_shutdown();
            if evicted && !turn.is_answering() {
                let ended = tokio::time::timeout(GOODBYE, connection.as_mut()).await;
                // A head that is half there, or a peer that does not read, is no reason to wait.
                if ended.is_ok() || !turn.is_answering() {
                    return;
                }
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%address, %error, "connection ended");
        }
    }
}

/// The HTTP library adds this time to a clock, and panics where that cannot be.
const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// Time to write the end of a TLS connection into a buffer.
const GOODBYE: Duration = Duration::from_millis(20);

type Stream = TlsStream<Overheard<TcpStream>>;

/// Whether it is TLS 1.2 with a client that did not offer the extended master secret.
fn lacks_ems(stream: &mut Stream) -> bool {
    let (overheard, tls) = stream.get_mut();
    let offered = overheard.offers_ems();
    tls.protocol_version() == Some(ProtocolVersion::TLSv1_2) && offered == Some(false)
}

fn names_of(stream: &Stream) -> PeerNames {
    let certificates = stream.get_ref().1.peer_certificates().unwrap_or_default();
    certificates
        .first()
        .map_or_else(|| PeerNames::new(None, []), peer_names)
}
