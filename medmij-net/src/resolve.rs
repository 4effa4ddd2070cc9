// SPDX-License-Identifier: AGPL-3.0-or-later
//! From a host's name to an address, with a policy: no loopback, no private network (threats W2, W6, C3)
//!
//! A name on the Whitelist that leads to an inside address would turn a list entry into a request to our
//! own network. All addresses of the name must be public, or none is used.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use medmij_types::Hostname;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::DangerLoopback;

/// Where addresses may come from.
#[derive(Debug, Clone)]
pub(crate) enum Resolver {
    /// The system's resolver; public addresses only.
    Public,
    /// The system's resolver, any address.
    AnyAddress,
    /// The map and nothing else.
    Loopback(Arc<DangerLoopback>),
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum ResolveError {
    #[error("lookup failed")]
    Lookup(#[source] std::io::Error),
    #[error("name has no address")]
    Empty,
    #[error("name has an address that is not public")]
    NotPublic,
    #[error("name is under .localhost and no loopback map is set")]
    Localhost,
    #[error("name is not in the loopback map")]
    NotMapped,
}

impl Resolver {
    async fn addresses(self, name: &str) -> Result<Vec<SocketAddr>, ResolveError> {
        let host = Hostname::parse(name).map_err(|_| ResolveError::Empty)?;
        if let Self::Loopback(map) = &self {
            return map
                .dial(&host)
                .map(|address| vec![address])
                .ok_or(ResolveError::NotMapped);
        }
        if host.is_under_localhost() {
            return Err(ResolveError::Localhost);
        }
        // Port 0 leaves the choice to the URI: its own port, or 443.
        let found: Vec<_> = tokio::net::lookup_host((name, 0))
            .await
            .map_err(ResolveError::Lookup)?
            .collect();
        if found.is_empty() {
            return Err(ResolveError::Empty);
        }
        if matches!(self, Self::Public) && !found.iter().all(|address| is_public(address.ip())) {
            return Err(ResolveError::NotPublic);
        }
        Ok(found)
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            let found = resolver.addresses(name.as_str()).await?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// IANA's special-purpose registry, IPv4 (RFC 6890).
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && b & 0xC0 == 64)
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && b & 0xFE == 18))
}

/// The global unicast range without the parts that lead elsewhere.
fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return is_public_v4(mapped);
    }
    let [a, b, ..] = address.segments();
    let global = a & 0xE000 == 0x2000;
    let documentation = (a == 0x2001 && b == 0x0DB8) || a == 0x3FFF;
    let protocol = a == 0x2001 && b < 0x0200;
    let six_to_four = a == 0x2002;
    global && !documentation && !protocol && !six_to_four
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn w2_only_public_addresses_are_public() {
        let inside = [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "198.18.0.1",
            "192.0.0.8",
            "224.0.0.1",
            "255.255.255.255",
            "192.0.2.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "2001:db8::1",
            "2002:7f00:1::",
            "64:ff9b::7f00:1",
            "2001::1",
            "::127.0.0.1",
        ];
        for address in inside {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in [
            "8.8.8.8",
            "145.1.2.3",
            "172.32.0.1",
            "100.128.0.1",
            "2a00:1450:400e::1",
            "::ffff:8.8.8.8",
        ] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[tokio::test]
    async fn w2_localhost_names_go_through_the_map_or_nowhere() {
        let refused = Resolver::Public.addresses("dvza.localhost").await.unwrap_err();
        assert!(matches!(refused, ResolveError::Localhost), "{refused}");
        let refused = Resolver::AnyAddress.addresses("dvza.localhost").await.unwrap_err();
        assert!(matches!(refused, ResolveError::Localhost), "{refused}");
        let map: DangerLoopback = "back dvza.localhost 127.0.0.1:4431".parse().unwrap();
        let resolver = Resolver::Loopback(Arc::new(map));
        let found = resolver.clone().addresses("dvza.localhost").await.unwrap();
        assert_eq!(found, ["127.0.0.1:4431".parse().unwrap()]);
        let refused = resolver.addresses("stelselnode.medmij.nl").await.unwrap_err();
        assert!(matches!(refused, ResolveError::NotMapped), "{refused}");
    }
}
