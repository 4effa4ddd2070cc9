// SPDX-License-Identifier: AGPL-3.0-or-later
//! The mutual-TLS server of the back channel: core.whl.306 to core.whl.309, server side
//!
//! A connection lives in four steps, each in the connection's own task, so that a slow peer delays nobody:
//!
//! 1. TLS handshake with a required client certificate, within a deadline.
//! 2. The names in the certificate are looked up in the host policy. No name on the Whitelist: the
//!    connection is closed. This comes after the handshake and before HTTP, which core.whl.308 allows.
//! 3. HTTP/1.1, with bounded headers and a deadline for reading them.
//! 4. Before each request reaches the router the policy is asked again. A refusal ends the connection
//!    without a byte of HTTP (core.whl.309); so does every other attempt to write on it.

mod body;
mod connection;
mod forwarded;
mod front;
mod gate;
mod handshakes;
mod limits;
mod peer;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use medmij_types::{Clock, SystemClock};
use medmij_whitelist::HostPolicy;
use rustls::ServerConfig;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

use crate::{ConfigError, Credentials, NodeIdentity, Revocation, TlsPolicy, TrustRoots, tls};
use connection::Connections;
pub use forwarded::ForwardedPeer;
pub use front::{FrontControl, FrontListener, FrontListenerBuilder};
use gate::Access;
pub use limits::ListenerLimits;
pub use peer::Peer;

/// A bound listener, ready to serve.
///
/// Handlers take the peer as an argument: [`Peer`], or `Extension<PeerNames>` in crates that do not know
/// this one.
///
/// ```no_run
/// use axum::{Router, routing::get};
/// use medmij_net::{BackChannelListener, NodeIdentity, Peer, Revocation, TrustRoots};
/// use medmij_whitelist::HostPolicy;
///
/// # async fn run(identity: NodeIdentity, roots: TrustRoots, policy: HostPolicy, crls: Vec<Vec<u8>>)
/// # -> Result<(), Box<dyn std::error::Error>> {
/// async fn who(peer: Peer) -> String {
///     peer.names().to_string()
/// }
///
/// let listener = BackChannelListener::builder(identity, roots, policy)
///     .revocation(Revocation::hard_fail(crls)?)
///     .bind("127.0.0.1:0".parse()?)
///     .await?;
/// let router = Router::new().route("/who", get(who));
/// listener.serve(router, std::future::pending()).await;
/// # Ok(())
/// # }
/// ```
pub struct BackChannelListener {
    tcp: TcpListener,
    address: SocketAddr,
    shared: Arc<Shared>,
}

/// What every connection of a listener needs.
struct Shared {
    tls: ArcSwap<ServerConfig>,
    tls_policy: TlsPolicy,
    clock: Arc<dyn Clock>,
    reloads: watch::Sender<u64>,
    access: Access,
    limits: ListenerLimits,
    connections: Arc<Semaphore>,
}

impl BackChannelListener {
    /// Starts a listener that shows `identity`, takes client certificates under `roots` only and serves the
    /// nodes of `policy` only.
    pub fn builder(identity: NodeIdentity, roots: TrustRoots, policy: HostPolicy) -> ListenerBuilder {
        ListenerBuilder {
            identity,
            roots,
            policy,
            revocation: None,
            tls: TlsPolicy::default(),
            clock: Arc::new(SystemClock::default()),
            limits: ListenerLimits::default(),
            forwarded: None,
        }
    }

    /// The address that was bound; with port 0 asked for, the one that was given.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// A handle with which the running listener takes other credentials.
    pub fn control(&self) -> ListenerControl {
        ListenerControl {
            shared: Arc::clone(&self.shared),
        }
    }

    /// Serves until `shutdown` is ready. Then nothing new is accepted, requests in flight end within
    /// [`ListenerLimits::shutdown`], and what is left is cut.
    pub async fn serve(self, router: axum::Router, shutdown: impl Future<Output = ()> + Send) {
        serve(self.tcp, self.shared, router, shutdown).await;
    }
}

async fn serve(tcp: TcpListener, shared: Arc<Shared>, router: axum::Router, shutdown: impl Future<Output = ()> + Send) {
    let (stop, stopping) = watch::channel(false);
    let time = shared.limits.shutdown;
    let mut connections = Connections::new(shared, router, stopping);
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        tokio::select! {
            biased;
            () = &mut shutdown => break,
            () = connections.tidy() => {}
            accepted = tcp.accept() => match accepted {
                Ok((stream, address)) => connections.start(stream, address),
                Err(error) => pause_after(&error).await,
            },
        }
    }
    drop(tcp);
    let _ = stop.send(true);
    connections.finish(time).await;
}

/// A connection that died in the queue says nothing about the next; no file descriptors left does.
async fn pause_after(error: &io::Error) {
    let died = [
        io::ErrorKind::ConnectionAborted,
        io::ErrorKind::ConnectionReset,
        io::ErrorKind::ConnectionRefused,
    ];
    if !died.contains(&error.kind()) {
        tracing::error!(%error, "cannot accept connections for the moment");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

impl std::fmt::Debug for BackChannelListener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BackChannelListener")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// A handle on a running listener. Cheap to clone.
///
/// ```
/// use medmij_net::{BackChannelListener, ConfigError, Credentials};
///
/// fn renew(listener: &BackChannelListener, credentials: &Credentials) -> Result<(), ConfigError> {
///     listener.control().reload(credentials)
/// }
/// ```
#[derive(Clone)]
pub struct ListenerControl {
    shared: Arc<Shared>,
}

impl ListenerControl {
    /// Takes other credentials without a restart (fault R16). New connections are judged by them at once; open
    /// ones end after their current request.
    ///
    /// # Errors
    /// [`ConfigError`] when TLS cannot be set up from them; then everything stays as it was.
    pub fn reload(&self, credentials: &Credentials) -> Result<(), ConfigError> {
        let Credentials {
            identity,
            roots,
            revocation,
        } = credentials;
        let config = tls::server::config(identity, roots, revocation, &self.shared.tls_policy, &self.shared.clock)?;
        self.shared.take(config);
        tracing::info!(names = %identity.names(), "listener took new credentials");
        Ok(())
    }
}

impl std::fmt::Debug for ListenerControl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ListenerControl").finish_non_exhaustive()
    }
}

/// Builds a [`BackChannelListener`]. Revocation must be chosen; everything else has a safe default.
#[must_use]
pub struct ListenerBuilder {
    identity: NodeIdentity,
    roots: TrustRoots,
    policy: HostPolicy,
    revocation: Option<Revocation>,
    tls: TlsPolicy,
    clock: Arc<dyn Clock>,
    limits: ListenerLimits,
    forwarded: Option<ForwardedPeer>,
}

impl ListenerBuilder {
    /// How withdrawn certificates of clients are found out.
    pub fn revocation(mut self, revocation: Revocation) -> Self {
        self.revocation = Some(revocation);
        self
    }

    /// Versions and algorithms. Default [`TlsPolicy::ncsc_2_1`].
    pub fn tls(mut self, tls: TlsPolicy) -> Self {
        self.tls = tls;
        self
    }

    /// The clock by which certificates are judged. Default the machine's.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Deadlines and sizes.
    pub fn limits(mut self, limits: ListenerLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Serves reverse proxies only, and takes the peer's certificate from their header.
    pub fn forwarded(mut self, forwarded: ForwardedPeer) -> Self {
        self.forwarded = Some(forwarded);
        self
    }

    /// Binds the socket.
    ///
    /// # Errors
    /// [`ConfigError`] when revocation was not chosen, TLS cannot be set up or the address is taken.
    pub async fn bind(self, address: SocketAddr) -> Result<BackChannelListener, ConfigError> {
        let revocation = self.revocation.ok_or(ConfigError::RevocationNotChosen)?;
        let config = tls::server::config(&self.identity, &self.roots, &revocation, &self.tls, &self.clock)?;
        let bind = |source| ConfigError::Bind { address, source };
        let tcp = TcpListener::bind(address).await.map_err(bind)?;
        let address = tcp.local_addr().map_err(bind)?;
        let access = match self.forwarded {
            Some(forwarded) => Access::Proxies(self.policy, forwarded),
            None => Access::Nodes(self.policy),
        };
        let shared = Shared::new(config, self.tls, self.clock, access, self.limits);
        Ok(BackChannelListener { tcp, address, shared })
    }
}

impl Shared {
    fn new(
        config: ServerConfig,
        tls_policy: TlsPolicy,
        clock: Arc<dyn Clock>,
        access: Access,
        limits: ListenerLimits,
    ) -> Arc<Self> {
        Arc::new(Self {
            tls: ArcSwap::from_pointee(config),
            tls_policy,
            clock,
            reloads: watch::Sender::new(0),
            access,
            connections: Arc::new(Semaphore::new(limits.connections.min(Semaphore::MAX_PERMITS))),
            limits,
        })
    }

    /// Takes another configuration: for new connections at once, for open ones after their request.
    fn take(&self, config: ServerConfig) {
        self.tls.store(Arc::new(config));
        self.reloads.send_modify(|count| *count += 1);
    }
}

impl std::fmt::Debug for ListenerBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ListenerBuilder")
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}
