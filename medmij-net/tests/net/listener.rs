// SPDX-License-Identifier: AGPL-3.0-or-later
//! The server's side: who gets in, and what those who do not get in receive

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::Extension;
use axum::routing::{get, post};
use medmij_net::Peer;
use medmij_types::PeerNames;
use tokio::sync::Notify;

use crate::raw::{KEEP, LAST, client_config, connect, exchange, exchange_one};
use crate::world::{DVP, DVZA, Listed, Served, World, only, send};

#[tokio::test]
async fn core_whl_307_a_handler_knows_the_names_of_its_peer() {
    async fn handler(peer: Peer, Extension(names): Extension<PeerNames>) -> String {
        assert_eq!(peer.names(), &names);
        assert!(peer.address().ip().is_loopback());
        format!("{} via {}", names, peer.allowed().hostname())
    }
    let world = World::new();
    let served = Served::start(world.listener(only(DVP)), Router::new().route("/", get(handler))).await;
    let channel = world.client(served.address, only(DVZA)).build().unwrap();
    let response = send(&channel, "/").await.unwrap();
    assert_eq!(&response.body()[..], format!("{DVP} via {DVP}").as_bytes());
    served.stop().await;
}

#[tokio::test]
async fn w4_the_extractor_refuses_a_router_that_the_listener_does_not_serve() {
    use tower::ServiceExt;
    let router = Router::new().route("/", get(|_: Peer| async {}));
    let request = http::Request::get("/").body(axum::body::Body::empty()).unwrap();
    assert_eq!(router.oneshot(request).await.unwrap().status(), 500);
}

#[tokio::test]
async fn core_whl_308_core_whl_309_a_peer_without_certificate_or_off_the_list_gets_no_http() {
    let world = World::new();
    let (router, handled) = counting();
    let served = Served::start(world.listener(only("andere.localhost")), router).await;
    let (dvp, stranger) = (
        world.node(DVP),
        world.other.issue(&medmij_test::LeafSpec::node(DVP)).unwrap(),
    );
    for shown in [None, Some(&dvp), Some(&stranger)] {
        for request in [KEEP, LAST, "GARBAGE\r\n\r\n", ""] {
            if let Ok(mut stream) = connect(client_config(shown, &world.pki), served.address).await {
                assert_eq!(exchange(&mut stream, request).await, "", "{request:?}");
            }
        }
    }
    assert_eq!(handled.load(Ordering::SeqCst), 0);
    served.stop().await;
}

#[tokio::test]
async fn core_tls_300_without_tls_nobody_is_answered() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let world = World::new();
    let (router, handled) = counting();
    let served = Served::start(world.listener(only(DVP)), router.clone()).await;
    let made = world.pki.issue(&medmij_test::LeafSpec::front("pgo.localhost")).unwrap();
    let web = medmij_net::WebIdentity::from_pem(made.chain_pem().as_bytes(), made.key_pem().as_bytes()).unwrap();
    let front = medmij_net::FrontListener::builder(web)
        .bind(crate::world::any_port())
        .await
        .unwrap();
    let front_address = front.local_addr();
    let front = tokio::spawn(front.serve(router, std::future::pending()));
    for address in [served.address, front_address] {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        stream.write_all(LAST.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        assert!(!String::from_utf8_lossy(&answer).contains("HTTP"), "{answer:?}");
    }
    assert_eq!(handled.load(Ordering::SeqCst), 0);
    front.abort();
    served.stop().await;
}

#[tokio::test]
async fn core_whl_306_a_peer_taken_off_the_list_loses_its_open_connection() {
    let world = World::new();
    let listed = Listed::with(&[DVP]);
    let (router, handled) = counting();
    let served = Served::start(world.listener(listed.policy()), router).await;
    for next in [KEEP, LAST, "GARBAGE\r\n\r\n"] {
        let mut stream = connect(client_config(Some(&world.node(DVP)), &world.pki), served.address)
            .await
            .unwrap();
        let before = handled.load(Ordering::SeqCst);
        assert!(exchange_one(&mut stream, KEEP).await.starts_with("HTTP/1.1 200 OK"));
        listed.set(&[]);
        assert_eq!(exchange(&mut stream, next).await, "", "{next:?}");
        assert_eq!(handled.load(Ordering::SeqCst), before + 1, "{next:?}");
        listed.set(&[DVP]);
    }
    served.stop().await;
}

#[tokio::test]
async fn core_whl_306_a_host_taken_off_the_list_gets_no_second_request_on_an_open_connection() {
    let world = World::new();
    let (router, handled) = counting();
    let served = Served::start(world.listener(only(DVP)), router).await;
    let listed = Listed::with(&[DVZA]);
    let channel = world.client(served.address, listed.policy()).build().unwrap();
    assert_eq!(send(&channel, "/").await.unwrap().status(), 200);
    listed.set(&[]);
    assert!(send(&channel, "/").await.unwrap_err().is_not_whitelisted());
    assert_eq!(handled.load(Ordering::SeqCst), 1);
    served.stop().await;
}

#[tokio::test]
async fn core_whl_309_the_client_of_an_unlisted_node_sees_a_closed_connection() {
    let world = World::new();
    let (router, handled) = counting();
    let served = Served::start(world.listener(only("andere.localhost")), router).await;
    let channel = world.client(served.address, only(DVZA)).build().unwrap();
    let error = send(&channel, "/").await.unwrap_err();
    assert!(error.is_broken() && !error.is_not_whitelisted(), "{error:?}");
    assert_eq!(handled.load(Ordering::SeqCst), 0);
    served.stop().await;
}

#[tokio::test]
async fn r15_requests_in_flight_end_before_the_listener_does() {
    let world = World::new();
    let (entered, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (enter, wait) = (Arc::clone(&entered), Arc::clone(&release));
    let handler = post(move || {
        let (enter, wait) = (Arc::clone(&enter), Arc::clone(&wait));
        async move {
            enter.notify_one();
            wait.notified().await;
            "klaar"
        }
    });
    let served = Served::start(world.listener(only(DVP)), Router::new().route("/", handler)).await;
    let address = served.address;
    let channel = world.client(address, only(DVZA)).build().unwrap();
    let request = http::Request::post(format!("https://{DVZA}/"))
        .body(bytes::Bytes::new())
        .unwrap();
    let busy = tokio::spawn({
        let channel = channel.clone();
        async move { channel.send(request).await }
    });
    entered.notified().await;
    let stopped = served.stop();
    while tokio::net::TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    release.notify_one();
    assert_eq!(&busy.await.unwrap().unwrap().body()[..], b"klaar");
    stopped.await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r15_a_request_that_meets_the_end_of_the_listener_on_an_idle_connection_is_answered() {
    let world = World::new();
    let (router, handled) = counting();
    let served = Served::start(world.listener(only(DVP)), router).await;
    let channel = world.client(served.address, only(DVZA)).build().unwrap();
    let ask = || {
        let request = http::Request::get(format!("https://{DVZA}/"));
        channel.send(request.body(bytes::Bytes::new()).unwrap())
    };
    let answer = ask().await.unwrap();
    assert!(!answer.headers().contains_key(http::header::CONNECTION));
    let address = served.address;
    let stopped = served.stop();
    while tokio::net::TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    // nothing new is taken, so it goes over the connection that lies idle; the answer is its last
    let answer = ask().await.unwrap();
    assert_eq!(answer.headers()[http::header::CONNECTION], "close");
    assert!(ask().await.is_err());
    assert_eq!(handled.load(Ordering::SeqCst), 2);
    stopped.await;
}

pub(crate) fn counting() -> (Router, Arc<AtomicUsize>) {
    let handled = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&handled);
    let handler = move || {
        count.fetch_add(1, Ordering::SeqCst);
        async {}
    };
    (Router::new().route("/", get(handler)), handled)
}
