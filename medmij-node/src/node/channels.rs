// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tls.300, core.whl.307 — the two directions of the back channel, made from one configuration.

#[cfg(feature = "axum")]
use std::net::SocketAddr;
use std::sync::Arc;

use medmij_net::{BackChannel, Credentials, DangerLoopback};
use medmij_types::Clock;
use medmij_whitelist::HostPolicy;

#[cfg(any(feature = "axum", feature = "log"))]
use super::Node;
use crate::{NodeConfig, NodeError};

/// A client as the configuration says, for the hosts of a policy.
pub(super) fn client(
    config: &NodeConfig,
    credentials: &Credentials,
    policy: HostPolicy,
    clock: &Arc<dyn Clock>,
    loopback: &DangerLoopback,
) -> Result<BackChannel, NodeError> {
    let (identity, roots) = (credentials.identity.clone(), credentials.roots.clone());
    let mut builder = BackChannel::builder(identity, roots, policy)
        .revocation(credentials.revocation.clone())
        .tls(config.tls_policy()?)
        .dns(config.dns_settings()?)
        .clock(Arc::clone(clock));
    // an empty map is a map too: it leads nowhere
    if config.danger_loopback.is_some() {
        builder = builder.danger_loopback(loopback.clone());
    }
    Ok(builder.build()?)
}

#[cfg(feature = "log")]
impl Node {
    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.clock
    }

    /// Another client with the same settings and credentials, which follow what the files hold, for other hosts.
    pub(crate) fn client_for(&self, policy: HostPolicy) -> Result<BackChannel, NodeError> {
        let credentials = self.0.in_use().credentials.clone();
        let channel = client(&self.0.config, &credentials, policy, &self.0.clock, &self.0.loopback)?;
        let following = channel.clone();
        self.follow(move |new| following.reload(new));
        Ok(channel)
    }
}

#[cfg(feature = "axum")]
impl Node {
    /// A listener on the back channel, which lets in only whom the policy allows.
    ///
    /// # Errors
    ///
    /// [`NodeError::Net`] where the address is taken or TLS cannot be set up, [`NodeError::ProxyHeader`] where the
    /// configuration of a proxy names no header.
    pub async fn listen(&self, address: SocketAddr) -> Result<medmij_net::BackChannelListener, NodeError> {
        let Credentials {
            identity,
            roots,
            revocation,
        } = self.0.in_use().credentials.clone();
        let mut limits = medmij_net::ListenerLimits::default();
        // a client of these crates drops what lies idle after 10 s: it goes before this listener does, and loses nothing
        limits.farewell = std::time::Duration::from_secs(12);
        let mut builder =
            medmij_net::BackChannelListener::builder(identity, roots, self.0.policy.clone()).limits(limits);
        if let Some(proxy) = &self.0.config.proxy {
            builder = proxy.apply(builder)?;
        }
        let listener = builder
            .revocation(revocation)
            .tls(self.0.config.tls_policy()?)
            .clock(Arc::clone(&self.0.clock))
            .bind(address)
            .await?;
        let control = listener.control();
        self.follow(move |new| control.reload(new));
        Ok(listener)
    }
}
