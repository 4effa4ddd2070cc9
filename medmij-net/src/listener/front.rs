// SPDX-License-Identifier: AGPL-3.0-or-later
//! The server of the front channel: TLS for browsers, with the same limits (core.tls.300, core.tls.315)
//!
//! There is no client certificate and no Whitelist here (core.whl.306). Many installations end browser
//! traffic in a reverse proxy instead; this is for those that do not, and for development.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use medmij_types::{Clock, SystemClock};
use tokio::net::TcpListener;

use super::gate::Access;
use super::{ListenerLimits, Shared, serve};
use crate::{ConfigError, TlsPolicy, WebIdentity, tls};

/// A bound listener of the front channel, ready to serve.
///
/// ```no_run
/// use axum::{Router, routing::get};
/// use medmij_net::{FrontListener, WebIdentity};
///
/// # async fn run(identity: WebIdentity) -> Result<(), Box<dyn std::error::Error>> {
/// let listener = FrontListener::builder(identity).bind("[::]:443".parse()?).await?;
/// let router = Router::new().route("/", get(|| async { "hallo" }));
/// listener.serve(router, std::future::pending()).await;
/// # Ok(())
/// # }
/// ```
pub struct FrontListener {
    tcp: TcpListener,
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl FrontListener {
    /// Starts a listener that shows `identity`.
    pub fn builder(identity: WebIdentity) -> FrontListenerBuilder {
        FrontListenerBuilder {
            identity,
            tls: TlsPolicy::default(),
            clock: Arc::new(SystemClock::default()),
            limits: ListenerLimits::default(),
        }
    }

    /// The address that was bound.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// A handle with which the running listener takes another certificate (fault R16).
    pub fn control(&self) -> FrontControl {
        FrontControl {
            shared: Arc::clone(&self.shared),
        }
    }

    /// Serves until `shutdown` is ready, as [`BackChannelListener::serve`](crate::BackChannelListener::serve).
    pub async fn serve(self, router: axum::Router, shutdown: impl Future<Output = ()> + Send) {
        serve(self.tcp, self.shared, router, shutdown).await;
    }
}

impl std::fmt::Debug for FrontListener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FrontListener")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// A handle on a running front listener. Cheap to clone.
#[derive(Clone)]
pub struct FrontControl {
    shared: Arc<Shared>,
}

impl FrontControl {
    /// Shows another certificate from the next connection on; open connections end after their request.
    ///
    /// # Errors
    /// [`ConfigError`] when TLS cannot be set up from it; then everything stays as it was.
    pub fn reload(&self, identity: &WebIdentity) -> Result<(), ConfigError> {
        self.shared.take(tls::server::front(
            identity,
            &self.shared.tls_policy,
            &self.shared.clock,
        )?);
        tracing::info!(names = %identity.names(), "front listener took a new certificate");
        Ok(())
    }
}

impl std::fmt::Debug for FrontControl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FrontControl").finish_non_exhaustive()
    }
}

/// Builds a [`FrontListener`].
#[must_use]
pub struct FrontListenerBuilder {
    identity: WebIdentity,
    tls: TlsPolicy,
    clock: Arc<dyn Clock>,
    limits: ListenerLimits,
}

impl FrontListenerBuilder {
    /// Versions and algorithms. Default [`TlsPolicy::ncsc_2_1`].
    pub fn tls(mut self, tls: TlsPolicy) -> Self {
        self.tls = tls;
        self
    }

    /// Deadlines and sizes.
    pub fn limits(mut self, limits: ListenerLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Binds the socket.
    ///
    /// # Errors
    /// [`ConfigError`] when TLS cannot be set up or the address is taken.
    pub async fn bind(self, address: SocketAddr) -> Result<FrontListener, ConfigError> {
        let config = tls::server::front(&self.identity, &self.tls, &self.clock)?;
        let bind = |source| ConfigError::Bind { address, source };
        let tcp = TcpListener::bind(address).await.map_err(bind)?;
        let address = tcp.local_addr().map_err(bind)?;
        let shared = Shared::new(config, self.tls, self.clock, Access::Everybody, self.limits);
        Ok(FrontListener { tcp, address, shared })
    }
}

impl std::fmt::Debug for FrontListenerBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FrontListenerBuilder")
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}
