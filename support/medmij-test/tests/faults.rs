// SPDX-License-Identifier: AGPL-3.0-or-later
//! The fault matrix of list supply over mutual TLS (threats L3, L5, L9, L10; faults R1, R2)
//!
//! Each row is one bad answer of the Stelselnode. Whatever it is, the list in force stays, and the next
//! good answer is taken.

#![allow(clippy::unwrap_used, reason = "helpers of tests, outside test functions")]

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use medmij_list::{ListCache, ListKind, ReadOptions, RefreshPolicy, Snapshot, Source};
use medmij_net::{
    BackChannel, BackChannelListener, ConfigError, Credentials, DangerLoopback, NodeIdentity, Revocation, SendLimits,
    StelselnodeSource, TrustRoots,
};
use medmij_test::stelselnode::{Answer, Stelselnode};
use medmij_test::{LeafVariant, ManualClock, Role, TestIdentity, TestPki};
use medmij_types::Hostname;
use medmij_whitelist::{HostPolicy, Whitelist};

const STELSELNODE: &str = "stelselnode.localhost";

struct Supply {
    pki: TestPki,
    server: Stelselnode,
    channel: BackChannel,
    clock: Arc<ManualClock>,
    cache: ListCache<Whitelist>,
}

impl Supply {
    async fn start() -> Self {
        let pki = TestPki::new("supply").unwrap();
        let (dvp, stelselnode) = (host("dvp.localhost"), host(STELSELNODE));
        let node = |name| identity(&pki.issue(&medmij_test::LeafSpec::node(name)).unwrap());
        let roots = TrustRoots::from_pem(pki.roots_pem().as_bytes()).unwrap();
        let listener = BackChannelListener::builder(node(STELSELNODE), roots.clone(), HostPolicy::danger_fixed([dvp]))
            .revocation(Revocation::danger_off())
            .bind("127.0.0.1:0".parse().unwrap())
            .await
            .unwrap();
        let server = Stelselnode::start(listener);
        let map = DangerLoopback::new()
            .back(stelselnode.clone(), server.address())
            .unwrap();
        let channel = BackChannel::builder(node("dvp.localhost"), roots, HostPolicy::stelselnode_only(stelselnode))
            .revocation(Revocation::danger_off())
            .danger_loopback(map)
            .build()
            .unwrap();
        let clock = Arc::new(ManualClock::starting_now());
        let cache = ListCache::new(RefreshPolicy::default(), Arc::clone(&clock));
        Self {
            pki,
            server,
            channel,
            clock,
            cache,
        }
    }

    /// One refresh: fetch, read, offer. Says where it ended.
    async fn refresh(&self) -> &'static str {
        let limits = SendLimits::default()
            .total(Duration::from_millis(700))
            .body(1024 * 1024);
        let source = StelselnodeSource::new(self.channel.clone(), host(STELSELNODE), 2).limits(limits);
        let Ok(bytes) = source.fetch(ListKind::Whitelist).await else {
            return "not fetched";
        };
        let Ok(snapshot) = Snapshot::<Whitelist>::read(bytes, &ReadOptions::default()) else {
            return "not read";
        };
        if self.cache.offer(snapshot).is_ok() {
            "taken"
        } else {
            "not taken"
        }
    }

    fn in_force(&self) -> String {
        let Some(list) = self.cache.current() else {
            return "nothing".to_owned();
        };
        list.nodes()
            .map(|node| node.hostname().unwrap().to_string())
            .collect::<Vec<_>>()
            .join(" ")
    }
}

fn host(name: &str) -> Hostname {
    Hostname::parse(name).unwrap()
}

fn identity(made: &TestIdentity) -> NodeIdentity {
    NodeIdentity::from_pem(made.chain_pem().as_bytes(), made.key_pem().as_bytes()).unwrap()
}

fn list(number: u64, names: &[&str]) -> String {
    let nodes: String = names
        .iter()
        .map(|n| format!("<MedMijNode><Hostname>{n}</Hostname></MedMijNode>"))
        .collect();
    format!(
        "<Whitelist xmlns=\"xmlns://afsprakenstelsel.medmij.nl/whitelist/release2/\">\
         <Tijdstempel>2026-03-29T12:00:00Z</Tijdstempel><Volgnummer>{number}</Volgnummer>\
         <MedMijNodes>{nodes}</MedMijNodes></Whitelist>"
    )
}

#[tokio::test]
async fn core_whl_304_l10_r2_w9_every_bad_answer_leaves_the_list_in_force() {
    let supply = Supply::start().await;
    supply.server.publish(ListKind::Whitelist, list(5, &["a.nl", "b.nl"]));
    assert_eq!(supply.refresh().await, "taken");
    supply
        .server
        .publish(ListKind::Whitelist, list(6, &["a.nl", "b.nl", "c.nl"]));
    let ocl = "<OAuthclientlist xmlns=\"xmlns://afsprakenstelsel.medmij.nl/oauthclientlist/release2/\">\
               <Tijdstempel>2026-03-29T12:00:00Z</Tijdstempel><Volgnummer>7</Volgnummer><OAuthclients/></OAuthclientlist>";
    let bytes = |text: &str| Answer::Bytes(text.to_owned().into());
    let rows = [
        ("500", Answer::Status(StatusCode::INTERNAL_SERVER_ERROR), "not fetched"),
        ("404", Answer::Status(StatusCode::NOT_FOUND), "not fetched"),
        ("304", Answer::Status(StatusCode::NOT_MODIFIED), "not fetched"),
        ("206", Answer::PublishedAs(StatusCode::PARTIAL_CONTENT), "not fetched"),
        (
            "redirect",
            Answer::Redirect("https://kwaad.localhost/MedMij_Whitelist.xml?api=2".into()),
            "not fetched",
        ),
        ("empty body", bytes(""), "not fetched"),
        ("cut", Answer::CutAfter(200), "not fetched"),
        ("cut at once", Answer::CutAfter(0), "not fetched"),
        ("endless", Answer::Endless, "not fetched"),
        ("gzip bomb", Answer::GzipBomb, "not fetched"),
        ("large head", Answer::LargeHead(20 * 1024), "not fetched"),
        ("held", Answer::Hold, "not fetched"),
        (
            "dripping",
            Answer::Drip {
                bytes: 1,
                every: Duration::from_millis(20),
            },
            "not fetched",
        ),
        ("truncated", Answer::Truncated(200), "not read"),
        ("html", bytes("<html><body>Onderhoud</body></html>"), "not read"),
        ("other list", bytes(ocl), "not read"),
        (
            "two lists",
            bytes(&format!("{}{}", list(6, &["a.nl"]), list(6, &["b.nl"]))),
            "not read",
        ),
        (
            "dtd",
            bytes(&format!("<!DOCTYPE Whitelist>{}", list(6, &["a.nl"]))),
            "not read",
        ),
        ("rollback", bytes(&list(4, &["a.nl"])), "not taken"),
        (
            "same number, other content",
            bytes(&list(5, &["kwaad.nl"])),
            "not taken",
        ),
        ("nobody listed", bytes(&list(6, &[])), "not taken"),
    ];
    for (row, answer, expected) in rows {
        supply.server.script(ListKind::Whitelist, [answer]);
        assert_eq!(supply.refresh().await, expected, "{row}");
        assert_eq!(supply.in_force(), "a.nl b.nl", "{row}");
    }
    assert_eq!(supply.refresh().await, "taken");
    assert_eq!(supply.in_force(), "a.nl b.nl c.nl");
    supply.server.stop().await;
}

#[tokio::test]
async fn l3_no_prefix_of_a_list_is_taken_for_the_list() {
    let supply = Supply::start().await;
    let whole = list(1, &["a.nl"]);
    supply.server.publish(ListKind::Whitelist, whole.clone());
    supply
        .server
        .script(ListKind::Whitelist, (1..whole.len()).map(Answer::Truncated));
    for length in 1..whole.len() {
        assert_eq!(supply.refresh().await, "not read", "{length} bytes");
    }
    assert_eq!(supply.refresh().await, "taken");
    supply.server.stop().await;
}

#[tokio::test]
async fn core_tls_314_a_stelselnode_with_a_bad_certificate_publishes_nothing() {
    let supply = Supply::start().await;
    let other = TestPki::new("other").unwrap();
    supply.server.publish(ListKind::Whitelist, list(1, &["a.nl"]));
    let roots = TrustRoots::from_pem(supply.pki.roots_pem().as_bytes()).unwrap();
    for variant in LeafVariant::ALL {
        // Without CRLs a revoked certificate is like any other.
        if variant == LeafVariant::Revoked {
            continue;
        }
        let shown = variant.issue(Role::Server, STELSELNODE, &supply.pki, &other).unwrap();
        let read = NodeIdentity::from_pem(shown.chain_pem().as_bytes(), shown.key_pem().as_bytes());
        let Ok(shown) = read else {
            // No server of ours shows a certificate without a host name; clients are tried with them in medmij-net.
            assert!(matches!(read, Err(ConfigError::NoHostname)), "{variant:?}: {read:?}");
            continue;
        };
        let credentials = Credentials {
            identity: shown,
            roots: roots.clone(),
            revocation: Revocation::danger_off(),
        };
        supply.server.present(&credentials).unwrap();
        // A client without open connections, so that the certificate is looked at.
        let dvp = supply.pki.issue(&medmij_test::LeafSpec::node("dvp.localhost")).unwrap();
        supply
            .channel
            .reload(&Credentials {
                identity: identity(&dvp),
                ..credentials
            })
            .unwrap();
        let before = supply.server.requests().len();
        let expected = if variant.acceptable(Role::Server) {
            "taken"
        } else {
            "not fetched"
        };
        assert_eq!(supply.refresh().await, expected, "{variant:?}");
        if expected == "not fetched" {
            assert_eq!(supply.server.requests().len(), before, "{variant:?}");
        }
    }
    supply.server.stop().await;
}

#[tokio::test]
async fn core_whl_301_r1_an_outage_of_eight_hours_is_survived_and_nine_are_not() {
    let supply = Supply::start().await;
    supply.server.publish(ListKind::Whitelist, list(5, &["a.nl"]));
    assert_eq!(supply.refresh().await, "taken");
    let (server, minutes) = (supply.server, |n: u64| Duration::from_secs(60 * n));
    server.stop().await;
    let supply = Supply {
        server: Supply::start().await.server,
        ..supply
    };
    supply.clock.advance(minutes(490));
    assert_eq!(supply.refresh().await, "not fetched");
    assert_eq!(supply.in_force(), "a.nl");
    supply.clock.advance(minutes(60));
    assert_eq!(supply.refresh().await, "not fetched");
    assert_eq!(supply.in_force(), "nothing");
}

#[tokio::test]
async fn core_whl_300_core_lijsten_300_the_stelselnode_sees_who_asked_for_what() {
    let supply = Supply::start().await;
    supply.server.publish(ListKind::Whitelist, list(1, &["a.nl"]));
    supply.refresh().await;
    let seen = supply.server.requests();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen.first().unwrap().target, "/MedMij_Whitelist.xml?api=2");
    assert_eq!(seen.first().unwrap().peer.to_string(), "dvp.localhost");
    supply.server.stop().await;
}
