// SPDX-License-Identifier: AGPL-3.0-or-later
//! Certificates, keys, roots and CRLs that change while everything runs (fault R16)

use medmij_net::{Credentials, Revocation, TrustRoots};
use medmij_test::TestPki;

use crate::listener::counting;
use crate::raw::{KEEP, RawServer, Then, client_config, connect, exchange, exchange_one};
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
