// SPDX-License-Identifier: AGPL-3.0-or-later
//! The server of the front channel: TLS for browsers, with the same limits (core.tls.300, core.tls.315)
//!
//! There is no client certificate and no Whitelist here (core.whl.306). Many installations end browser
//! traffic in a reverse proxy instead; this is for those that do not, and for development.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use medmij_types::Hostname;
use tokio::net::TcpListener;

use super::access::Access;
use super::hosts::Hosts;
use super::shared::{Settings, Shared, Shown};
use super::{ListenerLimits, TcpProxies, serve};
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
            settings: Settings::default(),
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
        let config = tls::server::front(identity, &self.shared.tls_policy, &self.shared.clock)?;
        self.shared.take(Shown {
            config: Arc::new(config),
            names: identity.names().clone(),
            paths: None,
        });
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
    settings: Settings,
}

impl FrontListenerBuilder {
    /// Versions and algorithms. Default [`TlsPolicy::ncsc_2_1`].
    pub fn tls(mut self, tls: TlsPolicy) -> Self {
        self.settings.tls = tls;
        self
    }

    /// Deadlines and sizes.
    pub fn limits(mut self, limits: ListenerLimits) -> Self {
        self.settings.limits = limits;
        self
    }

    /// The hosts that requests may ask for; one for another host is answered with 421. Default the names of the
    /// certificate that is shown.
    pub fn hosts(mut self, hosts: impl IntoIterator<Item = Hostname>) -> Self {
        self.settings.named_hosts(hosts);
        self
    }

    /// Answers requests for any host.
    pub fn danger_any_host(mut self) -> Self {
        self.settings.hosts = Hosts::Any;
        self
    }

    /// The TCP proxies in front, so that the caps for each address count the browsers and not the proxies.
    pub fn tcp_proxies(mut self, proxies: TcpProxies) -> Self {
        self.settings.tcp_proxies = Some(proxies);
        self
    }

    /// Binds the socket.
    ///
    /// # Errors
    /// [`ConfigError::Tls`] when TLS cannot be set up, [`ConfigError::Descriptors`] when the process may open too few files,
    /// [`ConfigError::Bind`] when the address is taken.
    pub async fn bind(self, address: SocketAddr) -> Result<FrontListener, ConfigError> {
        let config = tls::server::front(&self.identity, &self.settings.tls, &self.settings.clock)?;
        let shown = Shown {
            config: Arc::new(config),
            names: self.identity.names().clone(),
            paths: None,
        };
        let (tcp, address, shared) = self.settings.bind(address, shown, Access::Everybody)?;
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
