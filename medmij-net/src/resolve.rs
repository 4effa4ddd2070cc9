// SPDX-License-Identifier: AGPL-3.0-or-later
//! From a host's name to an address, with a policy: no loopback, no private network (threats W2, W6, C3)
//!
//! A name on the Whitelist that leads to an inside address would turn a list entry into a request to our
//! own network. All addresses of the name must be public, or none is used.

use std::cell::Cell;
use std::net::SocketAddr;
use std::sync::Arc;

use medmij_types::{DnsPolicy, Hostname};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::public_address::is_public;
use crate::resolve_error::ResolveError;
use crate::{ConfigError, DangerLoopback, DnsSettings};

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
    /// A resolver of ours that proves the answer, or trusts one that does (core.dns).
    #[cfg(feature = "dnssec")]
    Proven(Box<crate::dns::proven::Proven>),
    /// One answer after the other, as a name server that rebinds a name gives them.
    #[cfg(test)]
    Scripted(Arc<std::sync::Mutex<std::collections::VecDeque<Vec<SocketAddr>>>>),
}

impl Lookup {
    /// By these settings; `None` is the system.
    pub(crate) fn of(settings: &DnsSettings) -> Result<Option<Self>, ConfigError> {
        if settings.policy() == DnsPolicy::Off {
            return Ok(None);
        }
        #[cfg(feature = "dnssec")]
        let lookup = settings.proven().map(|resolver| Some(Self::Proven(Box::new(resolver))));
        #[cfg(not(feature = "dnssec"))]
        let lookup = Err(settings.without_feature());
        lookup
    }

    async fn addresses(&self, host: &Hostname) -> Result<Vec<SocketAddr>, ResolveError> {
        match self {
            // Port 0 leaves the choice to the URI: its own port, or 443.
            Self::System => {
                let found = tokio::net::lookup_host((host.as_str(), 0)).await;
                Ok(found.map_err(ResolveError::Lookup)?.collect())
            }
            #[cfg(feature = "dnssec")]
            Self::Proven(resolver) => resolver.addresses(host).await,
            #[cfg(test)]
            Self::Scripted(answers) => Ok(answers.lock().unwrap().pop_front().unwrap_or_default()),
        }
    }
}

impl Resolver {
    /// The same rules by another lookup. The map is looked up nowhere, and so stays.
    pub(crate) fn by(self, lookup: Lookup) -> Self {
        match self {
            Self::Public(_) => Self::Public(lookup),
            Self::AnyAddress(_) => Self::AnyAddress(lookup),
            Self::Loopback(map) => Self::Loopback(map),
        }
    }

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
        let found = lookup.addresses(&host).await?;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn scripted(answers: &[&[&str]]) -> Lookup {
        let parsed = |answer: &&[&str]| answer.iter().map(|text| text.parse().unwrap()).collect();
        Lookup::Scripted(Arc::new(std::sync::Mutex::new(answers.iter().map(parsed).collect())))
    }

    #[tokio::test]
    async fn w6_a_name_is_judged_at_each_lookup_by_all_of_its_addresses() {
        for (answer, usable) in [
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
            assert_eq!(found.ok(), usable.then_some(expected), "{answer:?}");
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
