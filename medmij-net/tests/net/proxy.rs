// SPDX-License-Identifier: AGPL-3.0-or-later
//! A forward proxy on the way out, and reverse proxies on the way in (threat W5)

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::http::HeaderMap;
use axum::routing::get;
use base64::Engine;
use medmij_net::{BackChannel, ConfigError, ConnectProxy, ForwardedPeer, Peer, Revocation};
use medmij_test::TestIdentity;
use medmij_whitelist::HostPolicy;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::raw::{KEEP, RawServer, Then, client_config, connect, exchange, exchange_one};
use crate::world::{DVP, DVZA, Listed, Served, World, any_port, host, identity, only, send};

/// A proxy that tunnels everything to `target`, or refuses; it keeps what it was asked.
async fn connect_proxy(
    target: Option<SocketAddr>,
) -> (
    SocketAddr,
    Arc<AtomicUsize>,
    tokio::sync::mpsc::UnboundedReceiver<String>,
) {
    let listener = TcpListener::bind(any_port()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    let (asked, heard) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counter.fetch_add(1, Ordering::SeqCst);
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            let _ = asked.send(String::from_utf8(head).unwrap());
            match target {
                None => {
                    let _ = stream
                        .write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                        .await;
                }
                Some(target) => {
                    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
                    let mut onward = TcpStream::connect(target).await.unwrap();
                    tokio::spawn(async move {
                        let _ = tokio::io::copy_bidirectional(&mut stream, &mut onward).await;
                    });
                }
            }
        }
    });
    (address, count, heard)
}

fn through(world: &World, proxy: SocketAddr, policy: HostPolicy) -> BackChannel {
    let proxy = ConnectProxy::at(proxy).credentials("Basic geheim").unwrap();
    BackChannel::builder(identity(&world.node(DVP)), world.roots(), policy)
        .revocation(Revocation::danger_off())
        .proxy(proxy)
        .build()
        .unwrap()
}

#[tokio::test]
async fn core_tls_300_tls_through_a_proxy_ends_at_the_node() {
    let world = World::new();
    let server = RawServer::start(&world.node(DVZA), &world.pki, Then::ok("hallo")).await;
    let (proxy, tunnels, mut asked) = connect_proxy(Some(server.address)).await;
    let channel = through(&world, proxy, only(DVZA));
    assert_eq!(&send(&channel, "/fhir?geheim=1").await.unwrap().body()[..], b"hallo");
    let asked = asked.recv().await.unwrap();
    assert!(asked.starts_with(&format!("CONNECT {DVZA}:443 ")), "{asked}");
    assert!(
        asked.to_lowercase().contains("proxy-authorization: basic geheim"),
        "{asked}"
    );
    assert!(!asked.contains("fhir"), "{asked}");
    assert_eq!(tunnels.load(Ordering::SeqCst), 1);

    // A proxy that leads somewhere else is found out by the certificate.
    let elsewhere = RawServer::start(&world.node("anders.localhost"), &world.pki, Then::ok("")).await;
    let (proxy, _, _asked) = connect_proxy(Some(elsewhere.address)).await;
    assert!(
        send(&through(&world, proxy, only(DVZA)), "/")
            .await
            .unwrap_err()
            .is_certificate()
    );
}

#[tokio::test]
async fn core_whl_307_a_host_off_the_list_is_not_asked_of_the_proxy_either() {
    let world = World::new();
    let (proxy, tunnels, _asked) = connect_proxy(None).await;
    let error = send(&through(&world, proxy, only("andere.localhost")), "/")
        .await
        .unwrap_err();
    assert!(error.is_not_whitelisted());
    assert_eq!(tunnels.load(Ordering::SeqCst), 0);
    let error = send(&through(&world, proxy, only(DVZA)), "/").await.unwrap_err();
    assert!(error.is_connect() && error.is_unsent(), "{error:?}");
    assert!(!format!("{error:?}").contains("geheim"));
}

#[test]
fn a_proxy_beside_a_loopback_map_is_refused() {
    let world = World::new();
    let builder = world.client(any_port(), only(DVZA)).proxy(ConnectProxy::at(any_port()));
    assert!(matches!(builder.build(), Err(ConfigError::ProxyAndLoopback)));
}

fn header(identity: &TestIdentity) -> String {
    let der = base64::engine::general_purpose::STANDARD.encode(&identity.chain_der()[0]);
    format!("Client-Cert: :{der}:\r\n")
}

fn request(headers: &str) -> String {
    format!("GET / HTTP/1.1\r\nHost: dvza.localhost\r\n{headers}\r\n")
}

#[tokio::test]
async fn core_whl_308_w5_a_forwarded_certificate_is_believed_from_a_proxy_only() {
    async fn handler(peer: Peer, headers: HeaderMap) -> [(&'static str, String); 1] {
        assert!(!headers.contains_key("client-cert"));
        [("x-names", peer.names().to_string())]
    }
    let world = World::new();
    let listed = Listed::with(&[DVP]);
    let local = "127.0.0.1".parse().unwrap();
    let forwarded = ForwardedPeer::client_cert([host("proxy.localhost")], [local]);
    let router = Router::new().route("/", get(handler));
    let served = Served::start(world.listener(listed.policy()).forwarded(forwarded), router.clone()).await;
    let (dvp, other, proxy) = (
        world.node(DVP),
        world.node("anders.localhost"),
        world.node("proxy.localhost"),
    );
    let by = |shown: &TestIdentity| connect(client_config(Some(shown), &world.pki), served.address);

    let mut stream = by(&proxy).await.unwrap();
    let good = request(&header(&dvp));
    assert!(
        exchange_one(&mut stream, &good)
            .await
            .contains("x-names: dvp.localhost\r\n")
    );
    // The next request on the same connection is of another participant.
    assert_eq!(exchange(&mut stream, &request(&header(&other))).await, "");

    for (case, headers) in [
        ("none", String::new()),
        ("two", format!("{}{}", header(&dvp), header(&dvp))),
        ("a name", "Client-Cert: dvp.localhost\r\n".to_owned()),
        ("the proxy's own", header(&proxy)),
    ] {
        let mut stream = by(&proxy).await.unwrap();
        assert_eq!(exchange(&mut stream, &request(&headers)).await, "", "{case}");
    }
    // A listed participant is no proxy, and its header is worth nothing.
    if let Ok(mut stream) = by(&dvp).await {
        assert_eq!(exchange(&mut stream, &good).await, "");
    }
    // Taken off the list, the participant is refused on the connection that is open.
    let mut stream = by(&proxy).await.unwrap();
    assert!(exchange_one(&mut stream, &good).await.starts_with("HTTP/1.1 200"));
    listed.set(&[]);
    assert_eq!(exchange(&mut stream, &good).await, "");
    served.stop().await;

    // From another address not even the handshake begins.
    listed.set(&[DVP]);
    let elsewhere = ForwardedPeer::client_cert([host("proxy.localhost")], ["192.0.2.1".parse().unwrap()]);
    let served = Served::start(world.listener(listed.policy()).forwarded(elsewhere), router).await;
    assert!(
        connect(client_config(Some(&proxy), &world.pki), served.address)
            .await
            .is_err()
    );
    served.stop().await;
}

#[tokio::test]
async fn w5_without_proxies_the_header_means_nothing() {
    let world = World::new();
    let router = Router::new().route(
        "/",
        get(|peer: Peer| async move { [("x-names", peer.names().to_string())] }),
    );
    let served = Served::start(world.listener(only(DVP)), router).await;
    let mut stream = connect(client_config(Some(&world.node(DVP)), &world.pki), served.address)
        .await
        .unwrap();
    let forged = request(&header(&world.node("anders.localhost")));
    assert!(
        exchange_one(&mut stream, &forged)
            .await
            .contains("x-names: dvp.localhost\r\n")
    );
    drop(stream);
    let mut stream = connect(
        client_config(Some(&world.node("anders.localhost")), &world.pki),
        served.address,
    )
    .await
    .unwrap();
    assert_eq!(
        exchange(&mut stream, &request(&header(&world.node(DVP)))).await,
        "",
        "{KEEP}"
    );
    served.stop().await;
}

#[tokio::test]
async fn w5_a_forwarded_certificate_is_judged_as_one_that_is_shown() {
    let world = World::new();
    let revoked = world.node(DVP);
    let crls = world.pki.crls(&[&revoked]).unwrap();
    let attic = medmij_test::TestPki::new("ours").unwrap();
    let proxy = world.node("proxy.localhost");
    let node = medmij_test::LeafSpec::node(DVP);
    let issue = |spec: &medmij_test::LeafSpec| world.pki.issue(spec).unwrap();
    for (case, shown, taken) in [
        ("good", issue(&node), true),
        ("of authorities with the same names", attic.issue(&node).unwrap(), false),
        ("of another root", world.other.issue(&node).unwrap(), false),
        (
            "expired",
            issue(&node.clone().validity(medmij_test::Validity::Expired)),
            false,
        ),
        (
            "not valid yet",
            issue(&node.clone().validity(medmij_test::Validity::NotYet)),
            false,
        ),
        ("for servers only", issue(&medmij_test::LeafSpec::front(DVP)), false),
        ("revoked", revoked.clone(), false),
    ] {
        let local = "127.0.0.1".parse().unwrap();
        let forwarded = ForwardedPeer::client_cert([host("proxy.localhost")], [local]);
        let router = Router::new().route("/", get(|| async {}));
        let revocation = Revocation::hard_fail(crls.clone()).unwrap();
        let served = Served::start(
            world.listener(only(DVP)).revocation(revocation).forwarded(forwarded),
            router,
        )
        .await;
        let mut stream = connect(client_config(Some(&proxy), &world.pki), served.address)
            .await
            .unwrap();
        let text = request(&format!("Connection: close\r\n{}", header(&shown)));
        let answer = exchange(&mut stream, &text).await;
        assert_eq!(answer.starts_with("HTTP/1.1 200"), taken, "{case}: {answer}");
        assert!(taken || answer.is_empty(), "{case}: {answer}");
        served.stop().await;
    }
}
