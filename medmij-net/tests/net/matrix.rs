// SPDX-License-Identifier: AGPL-3.0-or-later
//! Every kind of certificate, shown by a server and by a client (threat W3; core.tls.314, core.whl.307)

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::routing::get;
use medmij_net::{BackChannel, DangerLoopback, Revocation};
use medmij_test::{LeafVariant, Role};

use crate::raw::{LAST, RawServer, Then, client_config, connect, exchange};
use crate::world::{DVP, DVZA, Served, World, host, identity, only, send};

/// Three labels: webpki itself takes no wildcard right under a top-level name.
const NODE: &str = "knoop.dvza.localhost";

#[tokio::test]
async fn core_tls_314_w3_what_a_server_shows() {
    let world = World::new();
    for variant in LeafVariant::ALL {
        let shown = variant.issue(Role::Server, NODE, &world.pki, &world.other).unwrap();
        let revoked = if variant == LeafVariant::Revoked {
            vec![&shown]
        } else {
            vec![]
        };
        let server = RawServer::start(&shown, &world.pki, Then::ok("")).await;
        let channel = BackChannel::builder(identity(&world.node(DVP)), world.roots(), only(NODE))
            .revocation(Revocation::hard_fail(world.pki.crls(&revoked).unwrap()).unwrap())
            .danger_loopback(DangerLoopback::new().back(host(NODE), server.address).unwrap())
            .build()
            .unwrap();
        let request = http::Request::get(format!("https://{NODE}/"))
            .body(bytes::Bytes::new())
            .unwrap();
        match channel.send(request).await {
            Ok(_) => assert!(variant.acceptable(Role::Server), "{variant:?} was taken"),
            Err(error) => {
                assert!(!variant.acceptable(Role::Server), "{variant:?}: {error:?}");
                assert!(
                    error.is_certificate() && error.is_tls() && error.is_unsent(),
                    "{variant:?}: {error:?}"
                );
                assert_eq!(error.is_revoked(), variant == LeafVariant::Revoked, "{variant:?}");
                assert_eq!(server.requests(), 0, "{variant:?}");
            }
        }
    }
}

#[tokio::test]
async fn core_whl_307_w3_what_a_client_shows() {
    let world = World::new();
    for variant in LeafVariant::ALL {
        let shown = variant.issue(Role::Client, DVP, &world.pki, &world.other).unwrap();
        let revoked = if variant == LeafVariant::Revoked {
            vec![&shown]
        } else {
            vec![]
        };
        let revocation = Revocation::hard_fail(world.pki.crls(&revoked).unwrap()).unwrap();
        let handled = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&handled);
        let router = Router::new().route(
            "/",
            get(move || {
                count.fetch_add(1, Ordering::SeqCst);
                async {}
            }),
        );
        let served = Served::start(world.listener(only(DVP)).revocation(revocation), router).await;

        let answer = match connect(client_config(Some(&shown), &world.pki), served.address).await {
            Ok(mut stream) => exchange(&mut stream, LAST).await,
            Err(_) => String::new(),
        };
        if variant.acceptable(Role::Client) {
            assert!(answer.starts_with("HTTP/1.1 200 OK"), "{variant:?}: {answer:?}");
            assert_eq!(handled.load(Ordering::SeqCst), 1, "{variant:?}");
        } else {
            assert_eq!(answer, "", "{variant:?}: core.whl.309 wants no byte of http");
            assert_eq!(handled.load(Ordering::SeqCst), 0, "{variant:?}");
        }
        served.stop().await;
    }
}

#[tokio::test]
async fn w8_hard_and_soft_fail_differ_where_nothing_is_known() {
    let world = World::new();
    let (good, revoked) = (world.node(DVZA), world.node(DVZA));
    let hour = std::time::Duration::from_secs(3600);
    let now = std::time::SystemTime::now();
    let fresh = world.pki.crls(&[&revoked]).unwrap();
    let stale = world
        .pki
        .crls_between(&[&revoked], now - 48 * hour, now - 24 * hour)
        .unwrap();
    let other = world.other.crls(&[]).unwrap();
    // (crls, hard fail takes good, soft fail takes good, soft fail takes revoked)
    let cases = [
        ("fresh", fresh, true, true, false),
        ("stale", stale, false, true, false),
        ("other", other, false, true, true),
    ];
    for (case, crls, hard_good, soft_good, soft_revoked) in cases {
        let hard = Revocation::hard_fail(crls.clone()).unwrap();
        let soft = Revocation::soft_fail(crls).unwrap();
        for (shown, revocation, expected) in [
            (&good, &hard, hard_good),
            (&good, &soft, soft_good),
            (&revoked, &hard, false),
            (&revoked, &soft, soft_revoked),
        ] {
            let server = RawServer::start(shown, &world.pki, Then::ok("")).await;
            let channel = world
                .client(server.address, only(DVZA))
                .revocation(revocation.clone())
                .build()
                .unwrap();
            let result = send(&channel, "/").await;
            assert_eq!(result.is_ok(), expected, "{case} {:?}: {result:?}", revocation.policy());
            if let Err(error) = result {
                assert!(error.is_revoked() || error.is_revocation_unknown(), "{case}: {error:?}");
            }
        }
    }
}

#[tokio::test]
async fn w8_a_certificate_that_names_a_crl_is_judged_by_a_crl_that_names_no_point() {
    let world = World::new();
    let named = medmij_test::LeafSpec::node(DVZA).crl_point("http://crl.example.nl/services.crl");
    let (good, revoked) = (world.pki.issue(&named).unwrap(), world.pki.issue(&named).unwrap());
    let revocation = Revocation::hard_fail(world.pki.crls(&[&revoked]).unwrap()).unwrap();
    for (shown, expected) in [(&good, true), (&revoked, false)] {
        let server = RawServer::start(shown, &world.pki, Then::ok("")).await;
        let channel = world
            .client(server.address, only(DVZA))
            .revocation(revocation.clone())
            .build()
            .unwrap();
        let result = send(&channel, "/").await;
        assert_eq!(result.is_ok(), expected, "{result:?}");
        if let Err(error) = result {
            assert!(error.is_revoked(), "{error:?}");
        }
    }
}
