// SPDX-License-Identifier: AGPL-3.0-or-later
//! No peer takes what all share: caps for each address and each Node, and the PROXY protocol (fault R12)

use std::net::SocketAddr;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::routing::get;
use medmij_net::{FrontListener, ListenerLimits, TcpProxies, WebIdentity};
use medmij_test::LeafSpec;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::listener::counting;
use crate::raw::{KEEP, client_config, connect_from, exchange_one, hello};
use crate::world::{DVP, DVZA, Served, World, any_port, host, only};

const ONE: [u8; 4] = [127, 0, 0, 2];
const OTHER: [u8; 4] = [127, 0, 0, 3];

/// Whether the listener ended the connection.
async fn is_ended(stream: &mut TlsStream<TcpStream>) -> bool {
    matches!(stream.read(&mut [0; 1]).await, Ok(0) | Err(_))
}

async fn answers(stream: &mut TlsStream<TcpStream>) -> bool {
    exchange_one(stream, KEEP).await.starts_with("HTTP/1.1 200")
}

#[tokio::test]
async fn r12_one_address_and_one_node_lose_their_own_oldest_idle_connection() {
    let world = World::new();
    let policy = medmij_whitelist::HostPolicy::danger_fixed([host(DVP), host("andere.localhost")]);
    let (dvp, other) = (world.node(DVP), world.node("andere.localhost"));
    for (case, per_address, per_node) in [("address", 3, 9), ("node", 9, 3)] {
        let mut limits = ListenerLimits::default();
        (
            limits.connections,
            limits.connections_per_address,
            limits.connections_per_node,
        ) = (18, per_address, per_node);
        let served = Served::start(world.listener(policy.clone()).limits(limits), counting().0).await;
        let config = |who| client_config(Some(who), &world.pki);
        let mut good = connect_from(OTHER, config(&other), served.address).await.unwrap();
        assert!(answers(&mut good).await, "{case}");
        let mut flood = Vec::new();
        for at in 0..6 {
            // The Node comes from many addresses, the address shows one certificate.
            let from = if case == "node" { [127, 0, 1, at] } else { ONE };
            let mut stream = connect_from(from, config(&dvp), served.address).await.unwrap();
            assert!(answers(&mut stream).await, "{case}");
            flood.push(stream);
        }
        for stream in flood.iter_mut().take(3) {
            assert!(is_ended(stream).await, "{case}");
        }
        for stream in flood.iter_mut().skip(3) {
            assert!(answers(stream).await, "{case}");
        }
        assert!(
            answers(&mut good).await,
            "{case}: older than all of the flood, and nobody's but its own"
        );
        served.stop().await;
    }
}

#[tokio::test]
async fn r12_a_node_is_one_node_whatever_other_names_its_certificates_carry() {
    let world = World::new();
    let mut limits = ListenerLimits::default();
    (limits.connections, limits.connections_per_node) = (8, 1);
    let served = Served::start(world.listener(only(DVP)).limits(limits), counting().0).await;
    let mut open = Vec::new();
    for at in 0..3 {
        let spec = LeafSpec::node(&format!("extra{at}.localhost")).dns(DVP);
        let config = client_config(Some(&world.pki.issue(&spec).unwrap()), &world.pki);
        let mut stream = connect_from([127, 0, 1, at], config, served.address).await.unwrap();
        assert!(answers(&mut stream).await);
        open.push(stream);
    }
    assert!(is_ended(&mut open[0]).await && is_ended(&mut open[1]).await);
    assert!(answers(&mut open[2]).await);
    served.stop().await;
}

#[tokio::test]
async fn r12_a_full_front_channel_takes_from_whoever_holds_most() {
    let world = World::new();
    let made = world.pki.issue(&LeafSpec::front(DVZA)).unwrap();
    let web = WebIdentity::from_pem(made.chain_pem().as_bytes(), made.key_pem().as_bytes()).unwrap();
    let mut limits = ListenerLimits::default();
    limits.connections = 6;
    let listener = FrontListener::builder(web)
        .limits(limits)
        .bind(any_port())
        .await
        .unwrap();
    let address = listener.local_addr();
    let served = tokio::spawn(listener.serve(counting().0, std::future::pending()));
    let open = async |from| {
        let config = client_config(None, &world.pki);
        let mut stream = connect_from(from, config, address).await.unwrap();
        assert!(answers(&mut stream).await);
        stream
    };
    let mut first = open(OTHER).await;
    let mut flood = Vec::new();
    for _ in 0..8 {
        flood.push(open(ONE).await);
    }
    let mut others = Vec::new();
    for at in 0..4 {
        others.push(open([127, 0, 2, at]).await);
    }
    // One of the flood is left, or none: its own newcomers and those of others pushed it out.
    assert!(is_ended(&mut flood[6]).await);
    assert!(answers(&mut first).await);
    for stream in &mut others {
        assert!(answers(stream).await);
    }
    served.abort();
}

/// A router that says who asks.
fn who() -> Router {
    let handler = |ConnectInfo(address): ConnectInfo<SocketAddr>| async move { [("x-who", address.to_string())] };
    Router::new().route("/", get(handler))
}

#[tokio::test]
async fn r12_behind_a_tcp_proxy_the_peer_is_whom_the_proxy_names() {
    let world = World::new();
    let dvp = world.node(DVP);
    let mut limits = ListenerLimits::default();
    (limits.connections, limits.connections_per_address) = (20, 1);
    let proxies = TcpProxies::proxy_protocol([ONE.into()]);
    let served = Served::start(world.listener(only(DVP)).limits(limits).tcp_proxies(proxies), who()).await;
    let through = async |header: &[u8]| {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind((ONE, 0).into()).unwrap();
        let mut stream = socket.connect(served.address).await?;
        stream.write_all(header).await?;
        hello(client_config(Some(&dvp), &world.pki), stream).await
    };
    let v2 = |source: [u8; 4]| {
        [
            b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0C",
            &source[..],
            &[192, 0, 2, 9, 0, 7, 1, 0xBB],
        ]
        .concat()
    };
    for (header, expected) in [
        (
            b"PROXY TCP4 192.0.2.1 192.0.2.9 7 443\r\n".to_vec(),
            "x-who: 192.0.2.1:7\r\n",
        ),
        (
            b"PROXY TCP6 2001:db8::1 2001:db8::9 7 443\r\n".to_vec(),
            "x-who: [2001:db8::1]:7\r\n",
        ),
        (v2([192, 0, 2, 3]), "x-who: 192.0.2.3:7\r\n"),
        (b"PROXY UNKNOWN\r\n".to_vec(), "x-who: 127.0.0.2:"),
    ] {
        let mut stream = through(&header).await.unwrap();
        let answer = exchange_one(&mut stream, KEEP).await;
        assert!(answer.contains(expected), "{answer}");
    }
    // Two peers behind one proxy are two, and each has its own cap.
    let (mut one, mut two) = (
        through(&v2([192, 0, 2, 4])).await.unwrap(),
        through(&v2([192, 0, 2, 5])).await.unwrap(),
    );
    assert!(
        exchange_one(&mut one, KEEP).await.contains("192.0.2.4")
            && exchange_one(&mut two, KEEP).await.contains("192.0.2.5")
    );
    let mut again = through(&v2([192, 0, 2, 4])).await.unwrap();
    assert!(exchange_one(&mut again, KEEP).await.contains("192.0.2.4"));
    assert!(is_ended(&mut one).await);
    assert!(exchange_one(&mut two, KEEP).await.contains("192.0.2.5"));

    // A proxy must say; nobody else may.
    for header in [&b""[..], b"PROXY TCP4 a b 7 443\r\n", b"GET / HTTP/1.1\r\n\r\n"] {
        assert!(through(header).await.is_err(), "{header:?}");
    }
    let stream = tokio::net::TcpSocket::new_v4().unwrap();
    stream.bind((OTHER, 0).into()).unwrap();
    let mut stream = stream.connect(served.address).await.unwrap();
    stream
        .write_all(b"PROXY TCP4 192.0.2.1 192.0.2.9 7 443\r\n")
        .await
        .unwrap();
    assert!(hello(client_config(Some(&dvp), &world.pki), stream).await.is_err());
    served.stop().await;
}

#[tokio::test]
async fn r12_a_tcp_proxy_that_does_not_speak_turns_the_cap_for_addresses_off() {
    let world = World::new();
    let dvp = world.node(DVP);
    let mut limits = ListenerLimits::default();
    (
        limits.connections,
        limits.connections_per_address,
        limits.connections_per_node,
    ) = (20, 1, 10);
    let proxies = TcpProxies::danger_unknown_peers([ONE.into()]);
    let served = Served::start(
        world.listener(only(DVP)).limits(limits).tcp_proxies(proxies),
        counting().0,
    )
    .await;
    let mut open = Vec::new();
    for _ in 0..4 {
        let stream = connect_from(ONE, client_config(Some(&dvp), &world.pki), served.address).await;
        open.push(stream.unwrap());
    }
    for stream in &mut open {
        assert!(answers(stream).await);
    }
    served.stop().await;
}
