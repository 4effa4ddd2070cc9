// SPDX-License-Identifier: AGPL-3.0-or-later
//! Versions, resumption, application protocol and the clock by which certificates are judged

use std::sync::Arc;
use std::time::Duration;

use medmij_net::{Revocation, TlsPolicy};
use medmij_test::{LeafSpec, ManualClock, TestPki, Validity};
use rustls::version::{TLS12, TLS13};
use rustls::{HandshakeKind, ProtocolVersion};

use crate::listener::counting;
use crate::raw::{LAST, RawServer, Then, client_config, connect, exchange, server_config};
use crate::world::{DVP, DVZA, Served, World, identity, only, send};

#[tokio::test]
async fn core_tls_302_core_tls_305_tls_1_2_is_spoken_unless_it_is_switched_off() {
    let world = World::new();
    for (versions, policy, taken) in [
        (&[&TLS12][..], TlsPolicy::ncsc_2_1(), true),
        (&[&TLS12][..], TlsPolicy::ncsc_2025(), true),
        (&[&TLS12][..], TlsPolicy::ncsc_2025().tls13_only(), false),
        (&[&TLS13][..], TlsPolicy::ncsc_2_1(), true),
        (&[&TLS13][..], TlsPolicy::ncsc_2025().tls13_only(), true),
    ] {
        let config = server_config(&world.node(DVZA), &world.pki, versions);
        let server = RawServer::with(config, Then::ok("")).await;
        let channel = world.client(server.address, only(DVZA)).tls(policy).build().unwrap();
        let result = send(&channel, "/").await;
        assert_eq!(result.is_ok(), taken, "{versions:?} {policy:?}: {result:?}");
        if let Err(error) = result {
            assert!(error.is_tls() && !error.is_certificate(), "{error:?}");
        }
    }
}

#[tokio::test]
async fn core_tls_301_core_tls_304_both_sides_on_every_cryptography_and_preset() {
    use medmij_net::Cryptography;
    let world = World::new();
    for listener in Cryptography::ALL {
        for client in Cryptography::ALL {
            for (policy, other) in [
                (TlsPolicy::ncsc_2_1(), TlsPolicy::ncsc_2_1()),
                (TlsPolicy::ncsc_2_1(), TlsPolicy::ncsc_2025()),
                (TlsPolicy::ncsc_2025().tls13_only(), TlsPolicy::ncsc_2_1()),
            ] {
                let served = world.listener(only(DVP)).tls(policy.cryptography(*listener));
                let served = Served::start(served, counting().0).await;
                let channel = world
                    .client(served.address, only(DVZA))
                    .tls(other.cryptography(*client))
                    .build()
                    .unwrap();
                assert_eq!(
                    send(&channel, "/").await.unwrap().status(),
                    200,
                    "{listener:?} {client:?} {policy:?}"
                );
                served.stop().await;
            }
        }
    }
}

/// core.tls.303 — a client that does False Start sends its request before the server's last message of the handshake.
/// A server that never sends that message therefore sees whether any byte of a request comes.
#[tokio::test]
async fn core_tls_303_no_byte_of_a_request_leaves_before_the_handshake_is_whole() {
    use tokio::io::AsyncReadExt;
    let world = World::new();
    let config = Arc::new(server_config(&world.node(DVZA), &world.pki, &[&TLS12]));
    let listener = tokio::net::TcpListener::bind(crate::world::any_port()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut tls = rustls::ServerConnection::new(config).unwrap();
        // Up to the client's Finished, which answers the server's first flight.
        while tls.is_handshaking() {
            while tls.wants_write() {
                let mut flight = Vec::new();
                tls.write_tls(&mut flight).unwrap();
                tokio::io::AsyncWriteExt::write_all(&mut stream, &flight).await.unwrap();
            }
            let mut some = [0; 16 * 1024];
            let count = stream.read(&mut some).await.unwrap();
            let mut some = &some[..count];
            while !some.is_empty() {
                tls.read_tls(&mut some).unwrap();
                tls.process_new_packets().unwrap();
            }
        }
        // The last flight is held back; the client has all the time of its connection to send a request.
        assert!(tls.wants_write());
        let mut request = Vec::new();
        let _ = stream.read_to_end(&mut request).await;
        request
    });
    let channel = world
        .client(address, only(DVZA))
        .connect_timeout(Duration::from_millis(300))
        .build()
        .unwrap();
    let error = send(&channel, "/").await.unwrap_err();
    assert!(error.is_timeout() && error.is_unsent(), "{error:?}");
    assert_eq!(server.await.unwrap(), b"");
}

#[tokio::test]
async fn core_tls_304_the_highest_common_version_is_taken_by_the_listener() {
    let world = World::new();
    let (router, _) = counting();
    let served = Served::start(world.listener(only(DVP)), router).await;
    let stream = connect(client_config(Some(&world.node(DVP)), &world.pki), served.address)
        .await
        .unwrap();
    assert_eq!(stream.get_ref().1.protocol_version(), Some(ProtocolVersion::TLSv1_3));
    served.stop().await;
}

#[tokio::test]
async fn core_tls_301_the_listener_speaks_only_what_its_preset_lists() {
    let world = World::new();
    let (router, _) = counting();
    let served = Served::start(
        world.listener(only(DVP)).tls(TlsPolicy::ncsc_2025().tls13_only()),
        router,
    )
    .await;
    for suite in rustls::crypto::ring::ALL_CIPHER_SUITES {
        let mut provider = rustls::crypto::ring::default_provider();
        provider.cipher_suites = vec![*suite];
        let mut config = client_config(Some(&world.node(DVP)), &world.pki);
        let resolver = Arc::clone(&config.client_auth_cert_resolver);
        let mut roots = rustls::RootCertStore::empty();
        roots.add(world.pki.root_der().into()).unwrap();
        config = rustls::ClientConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(&[suite.version()])
            .unwrap()
            .with_root_certificates(roots)
            .with_client_cert_resolver(resolver);
        let name = format!("{:?}", suite.suite());
        let listed = TlsPolicy::ncsc_2025().tls13_only().suites().contains(&name);
        assert_eq!(connect(config, served.address).await.is_ok(), listed, "{name}");
    }
    served.stop().await;
}

#[tokio::test]
async fn w7_no_session_is_ever_resumed_with_the_listener() {
    let world = World::new();
    for version in [&TLS12, &TLS13] {
        let (router, _) = counting();
        let served = Served::start(world.listener(only(DVP)), router).await;
        let base = client_config(Some(&world.node(DVP)), &world.pki);
        let mut roots = rustls::RootCertStore::empty();
        roots.add(world.pki.root_der().into()).unwrap();
        // The session cache of a configuration is shared by its clones.
        let config = rustls::ClientConfig::builder_with_provider(crate::raw::provider())
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(roots)
            .with_client_cert_resolver(Arc::clone(&base.client_auth_cert_resolver));
        for _ in 0..2 {
            let mut stream = connect(config.clone(), served.address).await.unwrap();
            assert!(exchange(&mut stream, LAST).await.starts_with("HTTP/1.1 200"));
            let session = stream.get_ref().1;
            assert_eq!(session.handshake_kind(), Some(HandshakeKind::Full), "{version:?}");
            assert_eq!(session.tls13_tickets_received(), 0);
        }
        served.stop().await;
    }
}

#[tokio::test]
async fn w7_no_session_is_ever_resumed_by_the_client() {
    let world = World::new();
    let mut config = server_config(&world.node(DVZA), &world.pki, rustls::ALL_VERSIONS);
    config.ticketer = rustls::crypto::ring::Ticketer::new().unwrap();
    let (report, mut kinds) = tokio::sync::mpsc::unbounded_channel();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        while let Ok((stream, _)) = listener.accept().await {
            use tokio::io::{AsyncReadExt, AsyncWriteExt};
            let mut stream = acceptor.accept(stream).await.unwrap();
            let _ = report.send(stream.get_ref().1.handshake_kind());
            let mut some = [0_u8; 1024];
            let _ = stream.read(&mut some).await;
            let text = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            stream.write_all(text).await.unwrap();
            stream.shutdown().await.unwrap();
        }
    });
    let channel = world.client(address, only(DVZA)).build().unwrap();
    for _ in 0..2 {
        send(&channel, "/").await.unwrap();
        assert_eq!(kinds.recv().await.unwrap(), Some(HandshakeKind::Full));
    }
}

#[tokio::test]
async fn w7_http_2_is_not_negotiated() {
    let world = World::new();
    let (router, _) = counting();
    let served = Served::start(world.listener(only(DVP)), router).await;
    let mut config = client_config(Some(&world.node(DVP)), &world.pki);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let stream = connect(config.clone(), served.address).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    config.alpn_protocols = vec![b"h2".to_vec()];
    assert!(connect(config, served.address).await.is_err());
    served.stop().await;
}

#[tokio::test]
async fn r10_certificates_are_judged_by_the_clock_that_was_given() {
    let hour = Duration::from_secs(3600);
    let mut world = World::new();
    let start = std::time::SystemTime::now() - 3000 * 24 * hour;
    world.pki = TestPki::at("long ago", start).unwrap();
    let clock = Arc::new(ManualClock::at(start));
    let shown = world
        .pki
        .issue(&LeafSpec::node(DVZA).validity(Validity::For(hour)))
        .unwrap();
    // The hand-made server must take our client's certificate whatever the date: it asks for none of the past.
    let (router, _) = counting();
    let listener = medmij_net::BackChannelListener::builder(identity(&shown), world.roots(), only(DVP))
        .revocation(Revocation::danger_off())
        .clock(Arc::clone(&clock));
    let served = Served::start(listener, router).await;
    let fresh = || {
        world
            .client(served.address, only(DVZA))
            .clock(Arc::clone(&clock))
            .build()
            .unwrap()
    };
    assert_eq!(send(&fresh(), "/").await.unwrap().status(), 200);
    clock.advance(2 * hour);
    assert!(send(&fresh(), "/").await.unwrap_err().is_certificate());
    clock.jump_to(start);
    assert_eq!(send(&fresh(), "/").await.unwrap().status(), 200);
    // A year ahead the server's own judgement of our certificate changes too, and it says nothing.
    let early = fresh();
    clock.jump_to(start - 365 * 24 * hour);
    assert!(send(&early, "/").await.is_err());
    served.stop().await;
}

/// The hybrid group where both know it; any other where one does not, and TLS 1.2 as before.
#[cfg(feature = "aws-lc-rs")]
#[tokio::test]
async fn core_tls_301_post_quantum_with_those_who_know_it_and_no_loss_of_others() {
    use crate::raw::{KEEP, exchange_one};
    use medmij_net::Cryptography;
    use rustls::NamedGroup;
    let world = World::new();
    let policy = TlsPolicy::ncsc_2_1().cryptography(Cryptography::AwsLcRs).post_quantum();
    let served = Served::start(world.listener(only(DVP)).tls(policy), counting().0).await;
    let channel = world.client(served.address, only(DVZA)).tls(policy).build().unwrap();
    assert_eq!(send(&channel, "/").await.unwrap().status(), 200);

    let dvp = world.node(DVP);
    let mut hybrid = rustls::crypto::aws_lc_rs::default_provider();
    // A client chooses by the order in which it offers.
    hybrid.kx_groups = vec![rustls::crypto::aws_lc_rs::kx_group::X25519MLKEM768];
    let classic = rustls::crypto::ring::default_provider();
    for (case, provider, versions, expected) in [
        ("hybrid", hybrid, &[&TLS13][..], NamedGroup::X25519MLKEM768),
        ("classic", classic.clone(), &[&TLS13], NamedGroup::X25519),
        ("TLS 1.2", classic, &[&TLS12], NamedGroup::X25519),
    ] {
        let (chain, key) = crate::raw::parts(&dvp);
        let verifier = rustls::client::WebPkiServerVerifier::builder_with_provider(
            crate::raw::store(&world.pki),
            Arc::new(provider.clone()),
        );
        let config = rustls::ClientConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(versions)
            .unwrap()
            .with_webpki_verifier(verifier.build().unwrap())
            .with_client_auth_cert(chain, key)
            .unwrap();
        let mut stream = connect(config, served.address).await.unwrap();
        assert!(
            exchange_one(&mut stream, KEEP).await.starts_with("HTTP/1.1 200"),
            "{case}"
        );
        let group = stream.get_ref().1.negotiated_key_exchange_group().unwrap().name();
        assert_eq!(group, expected, "{case}");
    }

    // A server that knows TLS 1.2 only.
    let server = RawServer::with(server_config(&world.node(DVZA), &world.pki, &[&TLS12]), Then::ok("")).await;
    let channel = world.client(server.address, only(DVZA)).tls(policy).build().unwrap();
    assert_eq!(send(&channel, "/").await.unwrap().status(), 200);
    served.stop().await;
}
