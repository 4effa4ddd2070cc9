// SPDX-License-Identifier: AGPL-3.0-or-later
//! Fault R12 as a measurement: good requests while thousands of connections drip
//!
//! `cargo bench -p medmij-net --features axum --bench dripping [-- <connections>]`; 2,000 by default. Each
//! drips one byte of a handshake a second. Good peers meanwhile connect, shake hands and ask, one after the
//! other. The promise is p99 below 1 s; the program fails when it is not kept.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a program that measures"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use bytes::Bytes;
use http::Request;
use medmij_net::{BackChannel, BackChannelListener, DangerLoopback, NodeIdentity, Revocation, TrustRoots};
use medmij_test::{LeafSpec, TestPki};
use medmij_types::Hostname;
use medmij_whitelist::HostPolicy;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpSocket;

const GOOD: usize = 1000;

#[tokio::main]
async fn main() {
    let wanted = std::env::args()
        .skip(1)
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(2000);
    let pki = TestPki::new("bench").unwrap();
    let host = |name| Hostname::parse(name).unwrap();
    let roots = TrustRoots::from_pem(pki.roots_pem().as_bytes()).unwrap();
    let node = |name| {
        let made = pki.issue(&LeafSpec::node(name)).unwrap();
        NodeIdentity::from_pem(made.chain_pem().as_bytes(), made.key_pem().as_bytes()).unwrap()
    };
    let policy = HostPolicy::danger_fixed([host("dvp.localhost")]);
    let listener = BackChannelListener::builder(node("dvza.localhost"), roots.clone(), policy)
        .revocation(Revocation::danger_off())
        .bind("127.0.0.1:0".parse().unwrap())
        .await
        .unwrap();
    let address = listener.local_addr();
    let map = DangerLoopback::new().back(host("dvza.localhost"), address).unwrap();
    tokio::spawn(listener.serve(Router::new().route("/", get(|| async {})), std::future::pending()));

    // A channel of its own for each request, so that each makes a connection.
    let ask = async || {
        let channel = BackChannel::builder(
            node("dvp.localhost"),
            roots.clone(),
            HostPolicy::danger_fixed([host("dvza.localhost")]),
        )
        .revocation(Revocation::danger_off())
        .danger_loopback(map.clone())
        .build()
        .unwrap();
        let request = Request::get("https://dvza.localhost/").body(Bytes::new()).unwrap();
        let begin = Instant::now();
        assert_eq!(channel.send(request).await.unwrap().status(), 200);
        begin.elapsed()
    };
    let quiet = measure(&ask).await;

    let open = Arc::new(AtomicUsize::new(0));
    for at in 0..wanted {
        // From other addresses than the good peers: those of one address have to share their handshakes.
        let socket = TcpSocket::new_v4().unwrap();
        let own = u8::try_from(at % 50).unwrap_or_default();
        socket.bind(([127, 0, 1, own], 0).into()).unwrap();
        let mut stream = socket.connect(address).await.unwrap();
        open.fetch_add(1, Ordering::Relaxed);
        let open = Arc::clone(&open);
        tokio::spawn(async move {
            // The head of a ClientHello of 512 bytes, and then a byte a second.
            let mut bytes = [0x16, 0x03, 0x01, 0x02, 0x00].into_iter().chain(std::iter::repeat(1));
            while stream.write_all(&[bytes.next().unwrap_or(1)]).await.is_ok() {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            open.fetch_sub(1, Ordering::Relaxed);
        });
    }
    let busy = measure(&ask).await;
    println!(
        "dripping connections: {wanted} opened, {} still open at the end",
        open.load(Ordering::Relaxed)
    );
    println!(
        "good requests alone:      p50 {:>8.2?}  p99 {:>8.2?}  worst {:>8.2?}",
        quiet[0], quiet[1], quiet[2]
    );
    println!(
        "good requests among them: p50 {:>8.2?}  p99 {:>8.2?}  worst {:>8.2?}",
        busy[0], busy[1], busy[2]
    );
    assert!(busy[1] < Duration::from_secs(1), "p99 is over the promise of R12");
}

async fn measure(ask: &impl AsyncFn() -> Duration) -> [Duration; 3] {
    let mut times = Vec::with_capacity(GOOD);
    for _ in 0..GOOD {
        times.push(ask().await);
    }
    times.sort_unstable();
    [times[GOOD / 2], times[GOOD * 99 / 100], times[GOOD - 1]]
}
