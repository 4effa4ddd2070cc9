// SPDX-License-Identifier: AGPL-3.0-or-later
//! Behind a TCP proxy: whose connection it is, by the PROXY protocol (HAProxy, versions 1 and 2)
//!
//! A proxy that passes TLS on untouched hides the address of the peer, so that all connections would share one cap.
//! The protocol tells the address before the first byte of TLS. It is trusted from configured addresses only,
//! and there it must be said.

mod header;

use std::io;
use std::net::{IpAddr, SocketAddr};

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::shares::Site;
use header::{Header, V2_HEAD};

/// The TCP proxies in front of a listener: load balancers that pass TLS on without ending it.
///
/// ```
/// use medmij_net::TcpProxies;
///
/// // HAProxy: `server dvza 192.0.2.20:443 send-proxy-v2`
/// let proxies = TcpProxies::proxy_protocol(["192.0.2.10".parse()?]);
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct TcpProxies {
    addresses: Vec<IpAddr>,
    says_address: bool,
}

impl TcpProxies {
    /// Connections from these addresses begin with the PROXY protocol, version 1 or 2; one that does not is closed. From
    /// every other address it is no protocol that is known here.
    pub fn proxy_protocol(addresses: impl IntoIterator<Item = IpAddr>) -> Self {
        Self {
            addresses: addresses.into_iter().map(|address| address.to_canonical()).collect(),
            says_address: true,
        }
    }

    /// Proxies that do not say whose connection it is: for these addresses there is no cap for each address, and one
    /// peer can take all places that are not in use. A warning at start says so.
    pub fn danger_unknown_peers(addresses: impl IntoIterator<Item = IpAddr>) -> Self {
        Self {
            says_address: false,
            ..Self::proxy_protocol(addresses)
        }
    }

    pub(super) fn says_address(&self) -> bool {
        self.says_address
    }

    pub(super) fn contains(&self, address: IpAddr) -> bool {
        self.addresses.contains(&address.to_canonical())
    }
}

/// What there is to know of an accepted connection before TLS.
pub(super) enum Origin {
    /// The address is the peer's.
    Known(Site),
    /// It is that of a proxy that hides the peer.
    Hidden,
    /// It is that of a proxy that will say.
    Told,
}

impl Origin {
    pub(super) fn of(address: SocketAddr, proxies: Option<&TcpProxies>) -> Self {
        match proxies {
            Some(proxies) if proxies.contains(address.ip()) && proxies.says_address => Self::Told,
            Some(proxies) if proxies.contains(address.ip()) => Self::Hidden,
            _ => Self::Known(Site::of(address.ip())),
        }
    }

    /// Whose place it takes for the time being.
    pub(super) fn site(&self) -> Site {
        match self {
            Self::Known(site) => site.clone(),
            Self::Hidden | Self::Told => Site::Proxy,
        }
    }
}

/// Reads the header from the front of a connection, not a byte further; `None` where the proxy speaks for itself, as in a
/// health check.
pub(super) async fn read_header(stream: &mut TcpStream) -> io::Result<Option<SocketAddr>> {
    // Both versions are at least as long as this.
    let mut bytes = vec![0; header::SIGNATURE.len()];
    stream.read_exact(&mut bytes).await?;
    let parsed = if bytes == header::SIGNATURE {
        bytes.resize(V2_HEAD, 0);
        stream
            .read_exact(bytes.get_mut(header::SIGNATURE.len()..).unwrap_or_default())
            .await?;
        let length = header::v2_length(&bytes).ok_or_else(no_header)?;
        bytes.resize(V2_HEAD + length, 0);
        stream.read_exact(bytes.get_mut(V2_HEAD..).unwrap_or_default()).await?;
        header::parse_v2(&bytes)
    } else {
        while !bytes.ends_with(b"\r\n") {
            if bytes.len() >= header::V1_LONGEST || !bytes.starts_with(b"PROXY ") {
                return Err(no_header());
            }
            bytes.push(stream.read_u8().await?);
        }
        header::parse_v1(&bytes)
    };
    match parsed {
        Some(Header::Peer(address)) => Ok(Some(address)),
        Some(Header::Own) => Ok(None),
        None => Err(no_header()),
    }
}

fn no_header() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "connection does not begin with the PROXY protocol",
    )
}
