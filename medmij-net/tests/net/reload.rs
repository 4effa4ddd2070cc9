// SPDX-License-Identifier: AGPL-3.0-or-later
//! Certificates, keys, roots and CRLs that change while everything runs (fault R16)

use medmij_net::{Credentials, Revocation, TrustRoots};
use medmij_test::TestPki;

use crate::listener::counting;
use crate::raw::{KEEP, LAST, RawServer, Then, client_config, connect, exchange, exchange_one};
use crate::world::{DVP, DVZA, Served, World, any_port, identity, only, send};

#[tokio::test]
async fn r16_the_listener_takes_another_certificate_and_other_roots() {
    let world = World::new();
    let (router, _) = counting();
    let listener = world.listener(only(DVP)).bind(any_port()).await.unwrap();
    let (address, control) = (listener.local_addr(), listener.control());
    let served = tokio::spawn(listener.serve(router, std::future::pending()));

    let old = client_config(Some(&world.node(DVP)), &world.pki);
    let mut open = connect(old.clone(), address).await.unwrap();
    assert!(exchange_one(&mut open, KEEP).await.starts_with("HTTP/1.1 200"));

    let next = TestPki::new("next").unwrap();
    let new = |pki: &TestPki| pki.issue(&medmij_test::LeafSpec::node(DVZA)).unwrap();
    control
        .reload(&Credentials {
            identity: identity(&new(&next)),
            roots: TrustRoots::from_pem(next.roots_pem().as_bytes()).unwrap(),
            revocation: Revocation::danger_off(),
        })
        .unwrap();

    // The open connection ends, the old authority opens no new one, the next authority does.
    assert_eq!(exchange(&mut open, "").await, "");
    assert!(connect(old, address).await.is_err());
    let dvp = next.issue(&medmij_test::LeafSpec::node(DVP)).unwrap();
    let mut stream = connect(client_config(Some(&dvp), &next), address).await.unwrap();
    assert!(exchange_one(&mut stream, KEEP).await.starts_with("HTTP/1.1 200"));
    served.abort();
}

#[tokio::test]
async fn r16_w8_a_connection_without_a_request_yet_goes_on_where_its_peer_is_let_in_by_the_new_credentials() {
    let world = World::new();
    let (router, handled) = counting();
    let listener = world.listener(only(DVP)).bind(any_port()).await.unwrap();
    let (address, control) = (listener.local_addr(), listener.control());
    let served = tokio::spawn(listener.serve(router, std::future::pending()));
    let dvp = world.node(DVP);
    let own = identity(&world.node(DVZA));
    let with = |roots: &TestPki, revocation| Credentials {
        identity: own.clone(),
        roots: TrustRoots::from_pem(roots.roots_pem().as_bytes()).unwrap(),
        revocation,
    };
    let crls = |revoked: &[&_]| Revocation::hard_fail(world.pki.crls(revoked).unwrap()).unwrap();
    for (credentials, taken) in [
        (with(&world.pki, crls(&[])), true),
        (with(&world.pki, crls(&[&dvp])), false),
        (with(&world.other, Revocation::danger_off()), false),
        (with(&world.pki, Revocation::refuse_all()), false),
    ] {
        control.reload(&with(&world.pki, Revocation::danger_off())).unwrap();
        let mut stream = connect(client_config(Some(&dvp), &world.pki), address).await.unwrap();
        control.reload(&credentials).unwrap();
        let before = handled.load(std::sync::atomic::Ordering::SeqCst);
        assert_eq!(exchange(&mut stream, LAST).await.starts_with("HTTP/1.1 200"), taken);
        let after = handled.load(std::sync::atomic::Ordering::SeqCst);
        assert_eq!(after - before, usize::from(taken));
    }
    served.abort();
}

#[tokio::test]
async fn r16_the_client_takes_other_roots_and_leaves_its_open_connections() {
    let world = World::new();
    let server = RawServer::start(&world.node(DVZA), &world.pki, Then::ok("")).await;
    let channel = world.client(server.address, only(DVZA)).build().unwrap();
    let clone = channel.clone();
    send(&channel, "/").await.unwrap();
    let credentials = |pki: &TestPki| Credentials {
        identity: identity(&world.node(DVP)),
        roots: TrustRoots::from_pem(pki.roots_pem().as_bytes()).unwrap(),
        revocation: Revocation::danger_off(),
    };
    channel.reload(&credentials(&world.other)).unwrap();
    // A clone shares what was taken; the connection that was open would have worked.
    assert!(send(&clone, "/").await.unwrap_err().is_certificate());
    channel.reload(&credentials(&world.pki)).unwrap();
    assert_eq!(send(&clone, "/").await.unwrap().status(), 200);
    assert_eq!((server.connections(), server.requests()), (3, 2));
}

#[tokio::test]
async fn w8_a_crl_that_comes_later_ends_what_was_open() {
    let world = World::new();
    let node = world.node(DVZA);
    let server = RawServer::start(&node, &world.pki, Then::ok("")).await;
    let with = |revocation| Credentials {
        identity: identity(&world.node(DVP)),
        roots: world.roots(),
        revocation,
    };
    let channel = world
        .client(server.address, only(DVZA))
        .revocation(Revocation::refuse_all())
        .build()
        .unwrap();
    let error = send(&channel, "/").await.unwrap_err();
    assert!(error.is_revocation_unknown() && error.is_unsent(), "{error:?}");

    let none = Revocation::hard_fail(world.pki.crls(&[]).unwrap()).unwrap();
    channel.reload(&with(none)).unwrap();
    assert_eq!(send(&channel, "/").await.unwrap().status(), 200);

    let listed = Revocation::hard_fail(world.pki.crls(&[&node]).unwrap()).unwrap();
    channel.reload(&with(listed)).unwrap();
    assert!(send(&channel, "/").await.unwrap_err().is_revoked());
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn w8_a_listener_that_knows_nothing_under_hard_fail_lets_nobody_in() {
    let world = World::new();
    let (router, handled) = counting();
    let served = Served::start(world.listener(only(DVP)).revocation(Revocation::refuse_all()), router).await;
    if let Ok(mut stream) = connect(client_config(Some(&world.node(DVP)), &world.pki), served.address).await {
        assert_eq!(exchange(&mut stream, KEEP).await, "");
    }
    assert_eq!(handled.load(std::sync::atomic::Ordering::SeqCst), 0);
    served.stop().await;
}

#[tokio::test]
async fn w7_a_busy_client_has_certificates_judged_anew_within_ten_minutes() {
    let world = World::new();
    let server = RawServer::start(&world.node(DVZA), &world.pki, Then::ok("")).await;
    let clock = std::sync::Arc::new(medmij_test::ManualClock::starting_now());
    let channel = world
        .client(server.address, only(DVZA))
        .clock(std::sync::Arc::clone(&clock))
        .build()
        .unwrap();
    for (seconds, connections) in [(0, 1), (599, 1), (1, 2), (599, 2), (600, 3)] {
        clock.advance(std::time::Duration::from_secs(seconds));
        assert_eq!(send(&channel, "/").await.unwrap().status(), 200);
        assert_eq!(server.connections(), connections, "after {seconds} s more");
    }
}

/// Knows one serial number, as an OCSP client with a cache would.
struct Knows(medmij_net::RevocationStatus);

impl medmij_net::RevocationCheck for Knows {
    fn status(&self, chain: &medmij_net::PeerChain<'_>) -> medmij_net::RevocationStatus {
        assert_eq!(chain.intermediates().len(), 1);
        assert!(!chain.end_entity().is_empty() && chain.stapled().is_empty());
        assert!(chain.now() <= std::time::SystemTime::now());
        self.0
    }
}

#[tokio::test]
async fn w8_a_check_of_ones_own_decides_on_both_sides() {
    use medmij_net::RevocationStatus::{Good, Revoked, Unknown};
    let world = World::new();
    for (status, hard, soft) in [(Good, true, true), (Revoked, false, false), (Unknown, false, true)] {
        let check = || std::sync::Arc::new(Knows(status));
        for (revocation, expected) in [
            (Revocation::hard_fail_by(check()), hard),
            (Revocation::soft_fail_by(check()), soft),
        ] {
            let server = RawServer::start(&world.node(DVZA), &world.pki, Then::ok("")).await;
            let channel = world
                .client(server.address, only(DVZA))
                .revocation(revocation.clone())
                .build()
                .unwrap();
            let result = send(&channel, "/").await;
            assert_eq!(result.is_ok(), expected, "client {status:?}: {result:?}");

            let (router, handled) = counting();
            let served = Served::start(world.listener(only(DVP)).revocation(revocation), router).await;
            let channel = world.client(served.address, only(DVZA)).build().unwrap();
            assert_eq!(send(&channel, "/").await.is_ok(), expected, "listener {status:?}");
            assert_eq!(handled.load(std::sync::atomic::Ordering::SeqCst), usize::from(expected));
            served.stop().await;
        }
    }
}

/// Tells what reached it.
struct Stapled(std::sync::Mutex<Vec<Vec<u8>>>);

impl medmij_net::RevocationCheck for Stapled {
    fn status(&self, chain: &medmij_net::PeerChain<'_>) -> medmij_net::RevocationStatus {
        self.0.lock().unwrap().push(chain.stapled().to_vec());
        medmij_net::RevocationStatus::Good
    }
}

#[tokio::test]
async fn w8_what_a_server_staples_reaches_the_check() {
    let world = World::new();
    let check = std::sync::Arc::new(Stapled(std::sync::Mutex::default()));
    for (version, number) in [(&rustls::version::TLS12, 1), (&rustls::version::TLS13, 2)] {
        let config = crate::raw::stapling_config(&world.node(DVZA), &[version], b"ocsp".to_vec());
        let server = RawServer::with(config, Then::ok("")).await;
        let channel = world
            .client(server.address, only(DVZA))
            .revocation(Revocation::hard_fail_by(std::sync::Arc::clone(&check) as _))
            .build()
            .unwrap();
        assert_eq!(send(&channel, "/").await.unwrap().status(), 200);
        assert_eq!(*check.0.lock().unwrap(), vec![b"ocsp".to_vec(); number]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn r16_credentials_that_are_taken_while_a_client_is_renewed_are_not_undone() {
    let world = World::new();
    let server = RawServer::start(&world.node(DVZA), &world.pki, Then::ok("")).await;
    let clock = std::sync::Arc::new(medmij_test::ManualClock::starting_now());
    let channel = world
        .client(server.address, only(DVZA))
        .clock(std::sync::Arc::clone(&clock))
        .build()
        .unwrap();
    let refuse = Credentials {
        identity: identity(&world.node(DVP)),
        roots: world.roots(),
        revocation: Revocation::refuse_all(),
    };
    let allow = Credentials {
        revocation: Revocation::danger_off(),
        ..refuse.clone()
    };
    for _ in 0..50 {
        channel.reload(&allow).unwrap();
        clock.advance(std::time::Duration::from_secs(600));
        // Each of these renews the client, or finds it renewed, or finds the new credentials.
        let requests: Vec<_> = (0..3)
            .map(|_| {
                let channel = channel.clone();
                tokio::spawn(async move { send(&channel, "/").await.map(drop) })
            })
            .collect();
        tokio::task::yield_now().await;
        channel.reload(&refuse).unwrap();
        for request in requests {
            let _ = request.await.unwrap();
        }
        assert!(send(&channel, "/").await.unwrap_err().is_revocation_unknown());
    }
}
