// SPDX-License-Identifier: AGPL-3.0-or-later
//! Peers that take their time (fault R12)

use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use medmij_net::ListenerLimits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::listener::counting;
use crate::raw::{KEEP, client_config, connect, exchange, exchange_one};
use crate::world::{DVP, DVZA, Served, World, only, send};

const SOON: Duration = Duration::from_millis(150);

#[tokio::test]
async fn r12_dripping_handshakes_do_not_keep_a_good_peer_out() {
    let world = World::new();
    let mut limits = ListenerLimits::default();
    (limits.handshakes, limits.handshakes_per_address) = (40, 20);
    let (router, _) = counting();
    let served = Served::start(world.listener(only(DVP)).limits(limits), router).await;
    let mut dripping = Vec::new();
    for _ in 0..60 {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind(([127, 0, 0, 2], 0).into()).unwrap();
        let mut stream = socket.connect(served.address).await.unwrap();
        // The last ones find the door closed.
        let _ = stream.write_all(&[0x16, 0x03]).await;
        dripping.push(stream);
    }
    let channel = world.client(served.address, only(DVZA)).build().unwrap();
    assert_eq!(send(&channel, "/").await.unwrap().status(), 200);
    assert_eq!(ended(&mut dripping[59]).await, 0);
    served.stop().await;
}

#[tokio::test]
async fn r12_every_stage_of_a_connection_has_its_deadline() {
    let world = World::new();
    let mut limits = ListenerLimits::default();
    (limits.handshake, limits.headers, limits.body) = (SOON, SOON, SOON);
    let handler = post(|body: Bytes| async move { body.len().to_string() });
    let served = Served::start(
        world.listener(only(DVP)).limits(limits),
        Router::new().route("/", handler),
    )
    .await;

    let mut silent = TcpStream::connect(served.address).await.unwrap();
    assert_eq!(ended(&mut silent).await, 0, "handshake");

    let dvp = world.node(DVP);
    for (stage, text) in [
        ("idle", ""),
        ("headers", "POST / HTTP/1.1\r\nHost: dvza.localhost\r\nX-"),
    ] {
        let mut stream = connect(client_config(Some(&dvp), &world.pki), served.address)
            .await
            .unwrap();
        let answer = exchange(&mut stream, text).await;
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 408"),
            "{stage}: {answer}"
        );
    }
    let text = "POST / HTTP/1.1\r\nHost: dvza.localhost\r\nContent-Length: 10\r\n\r\nhalf";
    let mut stream = connect(client_config(Some(&dvp), &world.pki), served.address)
        .await
        .unwrap();
    let answer = exchange(&mut stream, text).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "body: {answer}");
    served.stop().await;
}

#[tokio::test]
async fn r12_a_head_or_a_body_that_is_too_large_is_refused() {
    let world = World::new();
    let mut limits = ListenerLimits::default();
    limits.body_bytes = 10;
    let handler = post(|body: Bytes| async move { body.len().to_string() });
    let served = Served::start(
        world.listener(only(DVP)).limits(limits),
        Router::new().route("/", handler),
    )
    .await;
    let dvp = world.node(DVP);
    let head = format!(
        "POST / HTTP/1.1\r\nHost: dvza.localhost\r\nX-Groot: {}\r\n\r\n",
        "x".repeat(20 * 1024)
    );
    for (text, expected) in [
        (head.as_str(), "HTTP/1.1 431"),
        (
            "POST / HTTP/1.1\r\nHost: dvza.localhost\r\nConnection: close\r\nContent-Length: 10\r\n\r\n0123456789",
            "HTTP/1.1 200",
        ),
        (
            "POST / HTTP/1.1\r\nHost: dvza.localhost\r\nConnection: close\r\nContent-Length: 11\r\n\r\n0123456789a",
            "HTTP/1.1 413",
        ),
    ] {
        let mut stream = connect(client_config(Some(&dvp), &world.pki), served.address)
            .await
            .unwrap();
        let answer = exchange(&mut stream, text).await;
        assert!(answer.starts_with(expected), "{expected}: {answer}");
    }
    served.stop().await;
}

#[tokio::test]
async fn w7_an_old_connection_ends_after_its_request() {
    let world = World::new();
    let mut limits = ListenerLimits::default();
    limits.age = SOON;
    let (router, _) = counting();
    let served = Served::start(world.listener(only(DVP)).limits(limits), router).await;
    let mut stream = connect(client_config(Some(&world.node(DVP)), &world.pki), served.address)
        .await
        .unwrap();
    assert!(exchange_one(&mut stream, KEEP).await.starts_with("HTTP/1.1 200"));
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
    assert!(rest.is_empty());
    served.stop().await;
}

#[tokio::test]
async fn r12_a_peer_that_does_not_read_is_cut() {
    let world = World::new();
    let mut limits = ListenerLimits::default();
    (limits.write, limits.write_rate) = (SOON, 1024);
    let (ended, mut end) = tokio::sync::mpsc::unbounded_channel::<()>();
    // Large enough to fill the buffers of both kernels; the body is dropped when the connection ends.
    let handler = axum::routing::get(move || {
        let held = ended.clone();
        async move {
            drop(held);
            vec![0_u8; 64 * 1024 * 1024]
        }
    });
    let served = Served::start(
        world.listener(only(DVP)).limits(limits),
        Router::new().route("/", handler),
    )
    .await;
    let mut stream = connect(client_config(Some(&world.node(DVP)), &world.pki), served.address)
        .await
        .unwrap();
    stream.write_all(KEEP.as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
    let stopped = served.stop();
    // The connection is the last holder of the router; it lets go although the peer never reads.
    let closed = tokio::time::timeout(Duration::from_secs(8), end.recv()).await;
    assert_eq!(closed, Ok(None));
    stopped.await;
    drop(stream);
}

#[tokio::test]
async fn limits_that_are_no_limits_are_no_panic() {
    let world = World::new();
    let mut limits = ListenerLimits::default();
    (limits.connections, limits.handshakes) = (usize::MAX, usize::MAX);
    (limits.age, limits.write, limits.body) = (Duration::MAX, Duration::MAX, Duration::MAX);
    limits.write_rate = u64::MAX;
    (limits.connections_per_address, limits.connections_per_node) = (usize::MAX, usize::MAX);
    (limits.handshakes_per_address, limits.descriptor_share) = (usize::MAX, u8::MAX);
    (limits.handshake, limits.headers, limits.body_bytes) = (Duration::MAX, Duration::MAX, u64::MAX);
    let served = Served::start(world.listener(only(DVP)).limits(limits), counting().0).await;
    let limits = medmij_net::SendLimits::default().total(Duration::MAX).body(u64::MAX);
    let channel = world.client(served.address, only(DVZA)).limits(limits).build().unwrap();
    assert_eq!(send(&channel, "/").await.unwrap().status(), 200);
    served.stop().await;
}

/// Reads to the end; the number of bytes that came.
async fn ended(stream: &mut TcpStream) -> usize {
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
    rest.len()
}
