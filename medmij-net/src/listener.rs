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

mod access;
mod answer;
mod body;
mod connection;
mod failure;
mod forwarded;
mod front;
mod gate;
mod headers;
mod heads;
mod hosts;
mod limits;
mod notices;
mod overheard;
mod pace;
mod peer;
mod service;
mod shared;
mod shares;
mod tcp_proxy;
mod wire;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use medmij_types::{Clock, Hostname};
use medmij_whitelist::HostPolicy;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::{ConfigError, Credentials, NodeIdentity, Revocation, TlsPolicy, TrustRoots, tls};
use access::Access;
use connection::Connections;
pub use forwarded::ForwardedPeer;
pub use front::{FrontControl, FrontListener, FrontListenerBuilder};
use hosts::Hosts;
pub use limits::ListenerLimits;
pub use peer::Peer;
use shared::{Settings, Shared, Shown};
use shares::Shares;
pub use tcp_proxy::TcpProxies;

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

impl BackChannelListener {
    /// Starts a listener that shows `identity`, takes client certificates under `roots` only and serves the
    /// nodes of `policy` only.
    pub fn builder(identity: NodeIdentity, roots: TrustRoots, policy: HostPolicy) -> ListenerBuilder {
        ListenerBuilder {
            identity,
            roots,
            policy,
            revocation: None,
            settings: Settings::default(),
            has_hosts: false,
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
    let shares = Arc::clone(&shared.shares);
    let mut connections = Connections::new(shared, router, stopping);
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        // The runtime would let this task have 128 connections at its turn. In a flood, when turns are long, the queue of the
        // kernel overflows meanwhile, and then everybody waits for seconds.
        let turn = tokio::task::unconstrained(accept_some(&tcp, &mut connections, &shares));
        tokio::select! {
            biased;
            () = &mut shutdown => break,
            () = turn => tokio::task::yield_now().await,
        }
    }
    drop(tcp);
    let _ = stop.send(true);
    connections.finish(time).await;
}

/// Takes a number of connections as fast as they come.
async fn accept_some(tcp: &TcpListener, connections: &mut Connections, shares: &Shares) {
    for _ in 0..AT_ONCE {
        tokio::select! {
            biased;
            accepted = tcp.accept() => match accepted {
                Ok((stream, address)) => connections.start(stream, address),
                Err(error) if is_exhaustion(&error) => shares.make_descriptor().await,
                Err(error) => pause_after(&error).await,
            },
            () = connections.tidy() => {}
        }
    }
    connections.tidy_all();
}

/// As many as the queue of the kernel holds at most systems.
const AT_ONCE: usize = 4096;

/// No file descriptor, or no memory in the kernel, for one more connection.
fn is_exhaustion(error: &io::Error) -> bool {
    // ENFILE, EMFILE, ENOMEM, ENOBUFS of Linux and of BSD; WSAEMFILE
    matches!(error.raw_os_error(), Some(23 | 24 | 12 | 105 | 55 | 10024))
}

/// A connection that died in the queue says nothing about the next; other errors may last.
async fn pause_after(error: &io::Error) {
    let died = [
        io::ErrorKind::ConnectionAborted,
        io::ErrorKind::ConnectionReset,
        io::ErrorKind::ConnectionRefused,
    ];
    if !died.contains(&error.kind()) {
        tracing::error!(%error, "cannot accept a connection");
        tokio::time::sleep(Duration::from_millis(20)).await;
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
    /// ones end after their current request. One that had no request yet is judged anew, and goes on where its peer is
    /// let in by them too.
    ///
    /// # Errors
    /// [`ConfigError`] when TLS cannot be set up from them; then everything stays as it was.
    pub fn reload(&self, credentials: &Credentials) -> Result<(), ConfigError> {
        let Credentials {
            identity,
            roots,
            revocation,
        } = credentials;
        let (config, paths) =
            tls::server::config(identity, roots, revocation, &self.shared.tls_policy, &self.shared.clock)?;
        self.shared.take(Shown {
            config: Arc::new(config),
            names: identity.names().clone(),
            paths: Some(paths),
        });
        tracing::info!(names = %identity.names(), "listener took new credentials");
        Ok(())
    }
}

impl ListenerControl {
    /// The Nodes that spoke TLS 1.2 without extended master secret (RFC 7627) since the listener was bound, and over how many
    /// connections. With [`TlsPolicy::extended_master_secret`] they would be refused.
    pub fn without_extended_master_secret(&self) -> Vec<(Hostname, u64)> {
        self.shared.without_ems.counts()
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
    settings: Settings,
    has_hosts: bool,
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
        self.settings.tls = tls;
        self
    }

    /// The clock by which certificates are judged. Default the machine's.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.settings.clock = Arc::new(clock);
        self
    }

    /// Deadlines and sizes.
    pub fn limits(mut self, limits: ListenerLimits) -> Self {
        self.settings.limits = limits;
        self
    }

    /// Serves reverse proxies only, and takes the peer's certificate from their header.
    pub fn forwarded(mut self, forwarded: ForwardedPeer) -> Self {
        self.forwarded = Some(forwarded);
        self
    }

    /// The hosts that requests may ask for; one for another host is answered with 421. Default the names of the
    /// certificate that is shown, and with [`forwarded`](Self::forwarded) any, for a proxy may name the host otherwise.
    pub fn hosts(mut self, hosts: impl IntoIterator<Item = Hostname>) -> Self {
        self.settings.named_hosts(hosts);
        self.has_hosts = true;
        self
    }

    /// Answers requests for any host.
    pub fn danger_any_host(mut self) -> Self {
        self.settings.hosts = Hosts::Any;
        self.has_hosts = true;
        self
    }

    /// The TCP proxies in front, so that the caps for each address count the peers and not the proxies.
    pub fn tcp_proxies(mut self, proxies: TcpProxies) -> Self {
        self.settings.tcp_proxies = Some(proxies);
        self
    }

    /// Binds the socket.
    ///
    /// # Errors
    /// [`ConfigError::RevocationNotChosen`], [`ConfigError::Tls`] and the like when TLS cannot be set up,
    /// [`ConfigError::Descriptors`] when the process may open too few files, [`ConfigError::Bind`] when the address is taken.
    pub async fn bind(self, address: SocketAddr) -> Result<BackChannelListener, ConfigError> {
        let revocation = self.revocation.ok_or(ConfigError::RevocationNotChosen)?;
        let mut settings = self.settings;
        let (tls, clock) = (&settings.tls, &settings.clock);
        let (config, paths) = tls::server::config(&self.identity, &self.roots, &revocation, tls, clock)?;
        let shown = Shown {
            config: Arc::new(config),
            names: self.identity.names().clone(),
            paths: Some(paths),
        };
        let access = match self.forwarded {
            Some(forwarded) => Access::Proxies(self.policy, forwarded),
            None => Access::Nodes(self.policy),
        };
        if matches!(access, Access::Proxies(..)) && !self.has_hosts {
            settings.hosts = Hosts::Any;
        }
        let (tcp, address, shared) = settings.bind(address, shown, access)?;
        Ok(BackChannelListener { tcp, address, shared })
    }
}

impl std::fmt::Debug for ListenerBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ListenerBuilder")
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}
