// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.dns — names that are signed, not signed, and bogus, asked of name servers on loopback

use std::net::TcpListener;

use axum::Router;
use axum::routing::get;
use bytes::Bytes;
use http::{Request, StatusCode};
use medmij_net::{BackChannel, ConfigError, ConnectProxy, DnsSettings, NameProof, NetError, Revocation};
use medmij_test::LeafSpec;
use medmij_test::dns::Zones;
use medmij_types::{DnsPolicy, Release};

use crate::world::{DVP, Served, World, host, identity, only};

/// Each of them, and what it has to be found to be.
const NAMES: [(&str, NameProof); 8] = [
    ("node.signed", NameProof::Signed),
    ("node.unsigned", NameProof::Unsigned),
    ("node.aliased", NameProof::Unsigned),
    ("node.altered", NameProof::Bogus),
    ("node.expired", NameProof::Bogus),
    ("node.stripped", NameProof::Bogus),
    ("node.foreign", NameProof::Bogus),
    ("nobody.signed", NameProof::Absent),
];

fn validate(zones: &Zones) -> DnsSettings {
    DnsSettings::new(DnsPolicy::Validate)
        .servers([zones.address()])
        .anchors(zones.anchor())
}

fn channel(world: &World, name: &str, dns: DnsSettings) -> Result<BackChannel, ConfigError> {
    BackChannel::builder(identity(&world.node(DVP)), world.roots(), only(name))
        .revocation(Revocation::danger_off())
        .danger_private_addresses()
        .dns(dns)
        .build()
}

async fn ask(channel: &BackChannel, name: &str, port: u16) -> Result<StatusCode, NetError> {
    let request = Request::get(format!("https://{name}:{port}/"))
        .body(Bytes::new())
        .unwrap();
    channel.send(request).await.map(|response| response.status())
}

#[tokio::test]
async fn core_dns_signed_unsigned_and_bogus_are_told_apart() {
    let zones = Zones::start().await;
    let mut wrong = Vec::new();
    for (name, expected) in NAMES {
        let found = validate(&zones).prove(&host(name)).await.unwrap();
        if found != expected {
            wrong.push(format!("{name}: {found:?} instead of {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    // by the keys of the real root nothing of this is true
    let real = DnsSettings::of(Release::DEFAULT).servers([zones.address()]);
    assert_eq!(real.prove(&host("node.signed")).await.unwrap(), NameProof::Bogus);
}

#[tokio::test]
async fn core_dns_a_bogus_answer_is_never_dialled() {
    let (zones, world) = (Zones::start().await, World::new());
    let nobody_comes = TcpListener::bind("127.0.0.1:0").unwrap();
    nobody_comes.set_nonblocking(true).unwrap();
    let port = nobody_comes.local_addr().unwrap().port();
    for (name, proof) in NAMES {
        for refuse_unsigned in [false, true] {
            let refused = proof == NameProof::Bogus || (refuse_unsigned && proof == NameProof::Unsigned);
            if !refused {
                continue;
            }
            let dns = validate(&zones).refuse_unsigned(refuse_unsigned);
            let error = ask(&channel(&world, name, dns).unwrap(), name, port).await.unwrap_err();
            assert!(error.is_dns_refused() && error.is_unsent(), "{name}: {error:?}");
            let said = if proof == NameProof::Bogus {
                "bogus"
            } else {
                "not signed"
            };
            assert!(error.to_string().contains(said), "{error}");
        }
    }
    assert!(nobody_comes.accept().is_err(), "somebody was dialled");
}

#[tokio::test]
async fn core_dns_a_proven_name_is_dialled_and_one_that_is_not_signed_by_policy() {
    let (zones, world) = (Zones::start().await, World::new());
    for name in ["node.signed", "node.unsigned"] {
        let own = world.pki.issue(&LeafSpec::node(name)).unwrap();
        let listener = medmij_net::BackChannelListener::builder(identity(&own), world.roots(), only(DVP))
            .revocation(Revocation::danger_off());
        let served = Served::start(listener, Router::new().route("/", get(|| async { "" }))).await;
        let port = served.address.port();
        let by_policy = channel(&world, name, validate(&zones)).unwrap();
        assert_eq!(ask(&by_policy, name, port).await.unwrap(), StatusCode::OK, "{name}");
        let strict = channel(&world, name, validate(&zones).refuse_unsigned(true)).unwrap();
        let taken = ask(&strict, name, port).await;
        assert_eq!(taken.is_ok(), name == "node.signed", "{name}: {taken:?}");
        served.stop().await;
    }
}

#[tokio::test]
async fn core_dns_the_word_of_a_resolver_counts_where_it_is_our_own() {
    let zones = Zones::start().await;
    let trust = DnsSettings::new(DnsPolicy::TrustAd).servers([zones.address()]);
    for (authentic, proof) in [(true, NameProof::Signed), (false, NameProof::Unsigned)] {
        zones.say_authentic(authentic);
        assert_eq!(trust.prove(&host("node.signed")).await.unwrap(), proof);
        assert_eq!(trust.prove(&host("nobody.signed")).await.unwrap(), NameProof::Absent);
    }
    let world = World::new();
    let abroad = trust.clone().servers(["9.9.9.9:53".parse().unwrap()]);
    for refused in [abroad, DnsSettings::new(DnsPolicy::TrustAd)] {
        let error = channel(&world, "node.signed", refused).unwrap_err();
        assert!(matches!(error, ConfigError::Dns(_)), "{error}");
    }
}

#[tokio::test]
async fn core_dns_a_resolver_that_fails_a_bogus_name_is_told_from_one_that_is_down() {
    let (zones, world) = (Zones::start().await, World::new());
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let down = silent.local_addr().unwrap();
    for (name, reason) in [
        ("node.signed", Some(7)),
        ("node.altered", Some(22)),
        ("node.unsigned", None),
    ] {
        zones.fail(name, reason);
    }
    let trust = DnsSettings::new(DnsPolicy::TrustAd);
    for policy in [trust.clone(), validate(&zones)] {
        for (server, name, proof, refused, said) in [
            (
                zones.address(),
                "node.signed",
                NameProof::Bogus,
                true,
                "its signature is over",
            ),
            (
                zones.address(),
                "node.altered",
                NameProof::Failed,
                false,
                "name servers of its zone",
            ),
            (
                zones.address(),
                "node.unsigned",
                NameProof::Failed,
                false,
                "SERVFAIL and not why",
            ),
            (down, "node.signed", NameProof::NoAnswer, false, "no resolver answers"),
        ] {
            let dns = policy.clone().servers([server]);
            assert_eq!(dns.prove(&host(name)).await.unwrap(), proof, "{name} {policy:?}");
            let error = ask(&channel(&world, name, dns).unwrap(), name, 1).await.unwrap_err();
            assert_eq!(
                (error.is_dns_refused(), error.is_unsent()),
                (refused, true),
                "{error:?}"
            );
            let causes = std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source());
            let text: Vec<_> = causes.map(ToString::to_string).collect();
            assert!(text.join(": ").contains(said), "{text:?}");
        }
    }
}

#[tokio::test]
async fn core_dns_settings_that_prove_nothing_are_refused() {
    let world = World::new();
    let validate = DnsSettings::new(DnsPolicy::Validate).servers(["127.0.0.1:53".parse().unwrap()]);
    let error = channel(&world, "node.signed", validate.clone().anchors("none")).unwrap_err();
    assert!(matches!(error, ConfigError::Dns(_)), "{error}");
    let behind_proxy = BackChannel::builder(identity(&world.node(DVP)), world.roots(), only("node.signed"))
        .revocation(Revocation::danger_off())
        .proxy(ConnectProxy::at("127.0.0.1:3128".parse().unwrap()))
        .dns(validate)
        .build();
    assert!(matches!(behind_proxy, Err(ConfigError::ProxyAndDns)));
}
