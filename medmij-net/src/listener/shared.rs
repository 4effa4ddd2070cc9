// SPDX-License-Identifier: AGPL-3.0-or-later
//! What every connection of a listener needs, and how a listener comes to be bound

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::SystemTime;

use arc_swap::ArcSwap;
use medmij_types::{Clock, Hostname, PeerNames, SystemClock};
use rustls::{CertificateError, ServerConfig};
use rustls_pki_types::{CertificateDer, UnixTime};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;

use super::access::Access;
use super::forwarded::Passed;
use super::hosts::Hosts;
use super::shares::Shares;
use super::tcp_proxy::{Origin, TcpProxies};
use super::{ListenerLimits, headers};
use crate::tls::ems::WithoutEms;
use crate::tls::verify::Paths;
use crate::{ConfigError, TlsPolicy};

/// What both kinds of listener can be told.
pub(super) struct Settings {
    pub(super) tls: TlsPolicy,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) limits: ListenerLimits,
    pub(super) hosts: Hosts,
    pub(super) tcp_proxies: Option<TcpProxies>,
}

/// What is shown to new connections.
pub(super) struct Shown {
    pub(super) config: Arc<ServerConfig>,
    /// The names of our certificate.
    pub(super) names: PeerNames,
    /// By what client certificates are judged; absent on the front channel.
    pub(super) paths: Option<Arc<Paths>>,
}

pub(super) struct Shared {
    pub(super) shown: ArcSwap<Shown>,
    pub(super) tls_policy: TlsPolicy,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) reloads: watch::Sender<u64>,
    pub(super) access: Access,
    pub(super) limits: ListenerLimits,
    pub(super) hosts: Hosts,
    pub(super) shares: Arc<Shares>,
    pub(super) without_ems: WithoutEms,
    tcp_proxies: Option<TcpProxies>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            tls: TlsPolicy::default(),
            clock: Arc::new(SystemClock::default()),
            limits: ListenerLimits::default(),
            hosts: Hosts::default(),
            tcp_proxies: None,
        }
    }
}

impl Settings {
    pub(super) fn named_hosts(&mut self, hosts: impl IntoIterator<Item = Hostname>) {
        self.hosts = Hosts::Named(hosts.into_iter().collect());
    }

    /// Binds the socket, after a look at how many connections this process can have.
    pub(super) fn bind(
        self,
        address: SocketAddr,
        shown: Shown,
        access: Access,
    ) -> Result<(TcpListener, SocketAddr, Arc<Shared>), ConfigError> {
        let caps = self.limits.caps()?;
        let bind = |source| ConfigError::Bind { address, source };
        let tcp = listen(address).map_err(bind)?;
        let bound = tcp.local_addr().map_err(bind)?;
        let shared = Shared {
            shown: ArcSwap::from_pointee(shown),
            tls_policy: self.tls,
            clock: self.clock,
            reloads: watch::Sender::new(0),
            access,
            limits: self.limits,
            hosts: self.hosts,
            shares: Shares::new(caps),
            without_ems: WithoutEms::default(),
            tcp_proxies: self.tcp_proxies,
        };
        tracing::info!(
            address = %bound,
            connections = caps.total,
            for_each_address = caps.address,
            for_each_node = caps.node,
            "listener bound"
        );
        shared.say_what_is_off(bound);
        Ok((tcp, bound, Arc::new(shared)))
    }
}

impl Shared {
    /// Takes another configuration: for new connections at once, for open ones after their request. One that had none yet goes on
    /// where its peer is let in by the new credentials too.
    pub(super) fn take(&self, shown: Shown) {
        self.shown.store(Arc::new(shown));
        self.reloads.send_modify(|count| *count += 1);
    }

    pub(super) fn origin(&self, address: SocketAddr) -> Origin {
        match &self.access {
            // Participants share the connections of a reverse proxy; what each may have is counted by request.
            Access::Proxies(_, forwarded) if forwarded.is_proxy_address(address) => {
                match Origin::of(address, self.tcp_proxies.as_ref()) {
                    Origin::Known(_) => Origin::Hidden,
                    other => other,
                }
            }
            _ => Origin::of(address, self.tcp_proxies.as_ref()),
        }
    }

    /// Judges a certificate that a proxy passed on, by the credentials of now.
    pub(super) fn judge_forwarded(&self, passed: &Passed) -> Result<(), CertificateError> {
        self.judge_by_now(&passed.certificate, &passed.above)
    }

    /// Whether a peer that was let in before is let in by the credentials of now.
    pub(super) fn is_let_in_now(&self, chain: &[CertificateDer<'static>]) -> bool {
        let parts = chain.split_first();
        parts.is_some_and(|(certificate, above)| self.judge_by_now(certificate, above).is_ok())
    }

    fn judge_by_now(
        &self,
        certificate: &CertificateDer<'_>,
        above: &[CertificateDer<'static>],
    ) -> Result<(), CertificateError> {
        let shown = self.shown.load();
        let paths = shown.paths.as_ref().ok_or(CertificateError::UnknownIssuer)?;
        let since = self
            .clock
            .now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        paths.judge_forwarded(certificate, above, UnixTime::since_unix_epoch(since))
    }

    /// Whether browsers should be told to come by TLS only. Names under `.localhost` are for development.
    pub(super) fn strict_transport(&self) -> bool {
        !self.shown.load().names.iter().any(Hostname::is_under_localhost)
    }

    /// The headers of an answer that the HTTP library makes.
    pub(super) fn header_lines(&self) -> Arc<str> {
        headers::lines(self.strict_transport()).into()
    }

    fn say_what_is_off(&self, address: SocketAddr) {
        if matches!(self.access, Access::Proxies(..)) {
            tracing::info!(%address, "connections of the reverse proxies have no cap for each address, Nodes are capped by request");
        }
        if self.tcp_proxies.as_ref().is_some_and(|proxies| !proxies.says_address()) {
            tracing::warn!(
                %address,
                rule = "R12",
                "no cap for each address behind a TCP proxy that does not speak the PROXY protocol"
            );
        }
        if matches!(self.hosts, Hosts::Any) {
            tracing::warn!(%address, "requests for any host are answered");
        }
    }
}

fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Connections that the kernel holds until they are accepted: enough for a burst, as far as the system allows.
const BACKLOG: u32 = 4096;
