// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.whl.307, core.whl.308 — a proxy in front of the listener, as configuration.

use std::net::IpAddr;

use medmij_types::Hostname;
use serde::{Deserialize, Serialize};

/// What is between the participants and the listener. `docs/deploy.md` has the settings of nginx and HAProxy that fit.
///
/// ```
/// use medmij_node::NodeConfig;
///
/// # let start = r#"
/// # hostname = "node.example.nl"
/// # chain = "node.pem"
/// # key = "node.key"
/// # roots = "roots.pem"
/// # crls = "crl"
/// # stelselnode = "stelselnode.example.nl"
/// # folder = "kept"
/// # "#;
/// let text = r#"
/// [proxy]
/// kind = "proxy-protocol"
/// addresses = ["192.0.2.10"]
/// "#;
/// # let folder = std::env::temp_dir().join(format!("medmij-node-doc-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// # let path = folder.join("node.toml");
/// # std::fs::write(&path, format!("{start}{text}"))?;
/// assert!(NodeConfig::read(&path)?.proxy.is_some());
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum ProxyConfig {
    /// It passes TLS on untouched, and says by the PROXY protocol (version 1 or 2) whose connection it is.
    ProxyProtocol {
        /// From where it connects. Nobody else is trusted.
        addresses: Vec<IpAddr>,
    },
    /// It ends mutual TLS, and passes the certificate of the participant on in the header `Client-Cert` (RFC 9440).
    ClientCert {
        /// From where it connects.
        addresses: Vec<IpAddr>,
        /// The names in its own certificate, with which it connects.
        names: Vec<Hostname>,
    },
    /// The same in a header of another name, as PEM with percent escapes: `$ssl_client_escaped_cert` of nginx.
    EscapedPem {
        /// The name of the header. The proxy sets it on every request.
        header: String,
        /// From where it connects.
        addresses: Vec<IpAddr>,
        /// The names in its own certificate, with which it connects.
        names: Vec<Hostname>,
    },
}

#[cfg(feature = "axum")]
impl ProxyConfig {
    /// Sets a listener up for it.
    pub(crate) fn apply(
        &self,
        listener: medmij_net::ListenerBuilder,
    ) -> Result<medmij_net::ListenerBuilder, crate::NodeError> {
        use medmij_net::{ForwardedPeer, TcpProxies};
        Ok(match self {
            Self::ProxyProtocol { addresses } => {
                listener.tcp_proxies(TcpProxies::proxy_protocol(addresses.iter().copied()))
            }
            Self::ClientCert { addresses, names } => {
                let (names, addresses) = (names.iter().cloned(), addresses.iter().copied());
                listener.forwarded(ForwardedPeer::client_cert(names, addresses))
            }
            Self::EscapedPem {
                header,
                addresses,
                names,
            } => {
                let name = header
                    .parse()
                    .map_err(|_| crate::NodeError::ProxyHeader(header.clone()))?;
                let (names, addresses) = (names.iter().cloned(), addresses.iter().copied());
                listener.forwarded(ForwardedPeer::escaped_pem(name, names, addresses))
            }
        })
    }
}
