// SPDX-License-Identifier: AGPL-3.0-or-later
//! The Whitelist before every request and before every byte that goes out (core.whl.307, core.whl.309)

use std::net::SocketAddr;
use std::sync::Arc;

use http::HeaderMap;
use medmij_types::{Hostname, PeerNames};
use medmij_whitelist::{HostPolicy, NotAllowed};

use super::Peer;
use super::access::Access;
use super::shared::Shared;

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

    /// Whether the connection may come to HTTP at all, and of which Node it is. A Node is the name by which it is on the
    /// Whitelist, whatever other names its certificate holds.
    pub(super) fn enter(&self) -> Result<Option<Hostname>, Closed> {
        let Self { names, address, .. } = self;
        match &self.shared.access {
            Access::Everybody => Ok(None),
            Access::Nodes(policy) => self.judge(policy, names).map(|peer| peer.names().node().cloned()),
            Access::Proxies(_, forwarded) if forwarded.is_proxy(names) => Ok(None),
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
            Access::Proxies(policy, forwarded) => {
                let Some(passed) = forwarded.take(headers) else {
                    tracing::warn!(%address, rule = "core.whl.308", "no certificate from the proxy, connection closed");
                    return Err(Closed::NoCertificate);
                };
                let names = passed.names();
                if let Err(error) = self.shared.judge_forwarded(&passed) {
                    tracing::warn!(
                        %address, %names, %error, rule = "core.tls.314",
                        "certificate from the proxy is not good, connection closed"
                    );
                    return Err(Closed::BadCertificate);
                }
                self.judge(policy, &names).map(Some)
            }
        }
    }

    /// Asks the policy as it is now. A refusal is logged with the names seen, here and nowhere else, so that
    /// an operator can see the order of things (core.whl.308) and the peer cannot.
    fn judge(&self, policy: &HostPolicy, names: &PeerNames) -> Result<Peer, Closed> {
        let address = self.address;
        match policy.check_peer(names) {
            Ok(allowed) => {
                // A certificate may hold several names of the list: the first by the alphabet counts for all.
                let listed = names.iter().filter(|name| policy.check(name).is_ok()).min();
                let node = listed.unwrap_or_else(|| allowed.hostname()).clone();
                Ok(Peer::new(names.clone().listed_as(node), allowed, address))
            }
            Err(reason) => {
                tracing::warn!(%address, %names, rule = "core.whl.307", %reason, "peer refused, connection closed");
                Err(Closed::NotAllowed(reason))
            }
        }
    }

    /// Whether anything may be written. A proxy is no participant; what it gets is decided per request.
    pub(super) fn is_open(&self) -> bool {
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
    #[error("proxy gave a certificate that is not good")]
    BadCertificate,
}
