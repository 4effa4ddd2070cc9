// SPDX-License-Identifier: AGPL-3.0-or-later
//! From a host's name to an address, with a policy: no loopback, no private network (threats W2, W6, C3)
//!
//! A name on the Whitelist that leads to an inside address would turn a list entry into a request to our
//! own network. All addresses of the name must be public, or none is used.

use std::cell::Cell;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use medmij_types::Hostname;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::DangerLoopback;

/// Where addresses may come from.
#[derive(Debug, Clone)]
pub(crate) enum Resolver {
    /// Looked up; public addresses only.
    Public(Lookup),
    /// Looked up; any address.
    AnyAddress(Lookup),
    /// The map and nothing else.
    Loopback(Arc<DangerLoopback>),
}

/// Who looks names up.
#[derive(Debug, Clone, Default)]
pub(crate) enum Lookup {
    /// The system.
    #[default]
    System,
    /// One answer after the other, as a name server that rebinds a name gives them.
    #[cfg(test)]
    Scripted(Arc<std::sync::Mutex<std::collections::VecDeque<Vec<SocketAddr>>>>),
}

impl Lookup {
    async fn addresses(&self, name: &str) -> std::io::Result<Vec<SocketAddr>> {
        match self {
            // Port 0 leaves the choice to the URI: its own port, or 443.
            Self::System => Ok(tokio::net::lookup_host((name, 0)).await?.collect()),
            #[cfg(test)]
            Self::Scripted(answers) => Ok(answers.lock().unwrap().pop_front().unwrap_or_default()),
        }
    }
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
        let (lookup, public_only) = match &self {
            Self::Loopback(map) => {
                return map
                    .dial(&host)
                    .map(|address| vec![address])
                    .ok_or(ResolveError::NotMapped);
            }
            Self::Public(lookup) => (lookup, true),
            Self::AnyAddress(lookup) => (lookup, false),
        };
        if host.is_under_localhost() {
            return Err(ResolveError::Localhost);
        }
        // Looked up once: what is judged here is what is dialled, whatever the name leads to a moment later.
        let found = lookup.addresses(name).await.map_err(ResolveError::Lookup)?;
        if found.is_empty() {
            return Err(ResolveError::Empty);
        }
        if public_only && !found.iter().all(|address| is_public(address.ip())) {
            return Err(ResolveError::NotPublic);
        }
        Ok(found)
    }
}

tokio::task_local! {
    /// Whether the request of this task looked a name up, and so makes a connection of its own.
    pub(crate) static DIALLED: Cell<bool>;
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let _ = DIALLED.try_with(|dialled| dialled.set(true));
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
    if let [0x0064, 0xFF9B, 0, 0, 0, 0, high, low] = address.segments() {
        // NAT64 (RFC 6052): an IPv4 address by way of a translator. Where it leads is what counts.
        let [[a, b], [c, d]] = [high.to_be_bytes(), low.to_be_bytes()];
        return is_public_v4(Ipv4Addr::new(a, b, c, d));
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
            "64:ff9b::a00:1",
            "64:ff9b::c0a8:101",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::808:808",
            "64:ff9b:0:1::808:808",
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
            "64:ff9b::5db8:d822",
            "64:ff9b::8.8.8.8",
        ] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    fn scripted(answers: &[&[&str]]) -> Lookup {
        let parsed = |answer: &&[&str]| answer.iter().map(|text| text.parse().unwrap()).collect();
        Lookup::Scripted(Arc::new(std::sync::Mutex::new(answers.iter().map(parsed).collect())))
    }

    #[tokio::test]
    async fn w6_a_name_is_judged_at_each_lookup_by_all_of_its_addresses() {
        for (answer, taken) in [
            (&["8.8.8.8:0"][..], true),
            (&["8.8.8.8:0", "[2a00:1450:400e::1]:0"], true),
            (&["127.0.0.1:0"], false),
            (&["8.8.8.8:0", "10.0.0.1:0"], false),
            (&["[::ffff:127.0.0.1]:0"], false),
            (&[], false),
        ] {
            let resolver = Resolver::Public(scripted(&[answer]));
            let found = resolver.addresses("node.example.nl").await;
            let expected: Vec<SocketAddr> = answer.iter().map(|text| text.parse().unwrap()).collect();
            assert_eq!(found.ok(), taken.then_some(expected), "{answer:?}");
        }
        // rebinding: a good answer today says nothing about the next one
        let resolver = Resolver::Public(scripted(&[&["8.8.8.8:0"], &["192.168.1.1:0"]]));
        assert!(resolver.clone().addresses("node.example.nl").await.is_ok());
        let refused = resolver.addresses("node.example.nl").await.unwrap_err();
        assert!(matches!(refused, ResolveError::NotPublic), "{refused}");
    }

    /// A channel whose names are looked up by this script, and the sockets of two servers that it may lead to.
    fn channel(resolver: Resolver) -> crate::BackChannel {
        use medmij_test::{LeafSpec, TestPki};
        let pki = TestPki::new("A").unwrap();
        let node = pki.issue(&LeafSpec::node("dvp.example.nl")).unwrap();
        let policy = medmij_whitelist::HostPolicy::danger_fixed([Hostname::parse("node.example.nl").unwrap()]);
        crate::BackChannel::builder(
            crate::NodeIdentity::from_pem(node.chain_pem().as_bytes(), node.key_pem().as_bytes()).unwrap(),
            crate::TrustRoots::from_pem(pki.roots_pem().as_bytes()).unwrap(),
            policy,
        )
        .revocation(crate::Revocation::danger_off())
        .resolver(resolver)
        .build()
        .unwrap()
    }

    #[tokio::test]
    async fn w6_a_name_that_is_rebound_to_our_own_network_is_not_dialled() {
        let inside = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        inside.set_nonblocking(true).unwrap();
        let port = inside.local_addr().unwrap().port();
        let request = || {
            http::Request::get(format!("https://node.example.nl:{port}/"))
                .body(bytes::Bytes::new())
                .unwrap()
        };
        let channel_to_inside = channel(Resolver::Public(scripted(&[&["127.0.0.1:0"]])));
        let error = channel_to_inside.send(request()).await.unwrap_err();
        assert!(error.is_address_refused() && error.is_unsent(), "{error:?}");
        assert!(inside.accept().is_err(), "nobody came");

        // Judged and dialled are one lookup: the second answer of the script is never asked for.
        let script = scripted(&[&["127.0.0.1:0"], &["127.0.0.2:0"]]);
        let channel = channel(Resolver::AnyAddress(script.clone()));
        let limits = crate::SendLimits::default().total(std::time::Duration::from_millis(200));
        assert!(channel.send_within(request(), limits).await.is_err(), "no tls there");
        assert!(inside.accept().is_ok(), "the first address was dialled");
        let Lookup::Scripted(left) = script else { unreachable!() };
        assert_eq!(left.lock().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn w2_localhost_names_go_through_the_map_or_nowhere() {
        let refused = Resolver::Public(Lookup::System)
            .addresses("dvza.localhost")
            .await
            .unwrap_err();
        assert!(matches!(refused, ResolveError::Localhost), "{refused}");
        let refused = Resolver::AnyAddress(Lookup::System)
            .addresses("dvza.localhost")
            .await
            .unwrap_err();
        assert!(matches!(refused, ResolveError::Localhost), "{refused}");
        let map: DangerLoopback = "back dvza.localhost 127.0.0.1:4431".parse().unwrap();
        let resolver = Resolver::Loopback(Arc::new(map));
        let found = resolver.clone().addresses("dvza.localhost").await.unwrap();
        assert_eq!(found, ["127.0.0.1:4431".parse().unwrap()]);
        let refused = resolver.addresses("stelselnode.medmij.nl").await.unwrap_err();
        assert!(matches!(refused, ResolveError::NotMapped), "{refused}");
    }
}
