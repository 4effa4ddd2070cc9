// SPDX-License-Identifier: AGPL-3.0-or-later
//! The front channel: TLS without client certificate and without Whitelist (core.tls.315, core.whl.306)

use std::net::SocketAddr;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::StatusCode;
use axum::routing::get;
use medmij_net::{FrontListener, Peer, WebIdentity};
use medmij_test::{LeafSpec, TestPki};

use crate::raw::{KEEP, LAST, client_config, connect, exchange, exchange_one};
use crate::world::{DVZA, World, any_port};

fn web(pki: &TestPki) -> WebIdentity {
    let made = pki.issue(&LeafSpec::front(DVZA)).unwrap();
    WebIdentity::from_pem(made.chain_pem().as_bytes(), made.key_pem().as_bytes()).unwrap()
}

#[tokio::test]
async fn core_whl_306_the_front_channel_serves_everybody_and_knows_nobody() {
    async fn handler(ConnectInfo(address): ConnectInfo<SocketAddr>) -> StatusCode {
        assert!(address.ip().is_loopback());
        StatusCode::NO_CONTENT
    }
    let world = World::new();
    let listener = FrontListener::builder(web(&world.pki)).bind(any_port()).await.unwrap();
    let address = listener.local_addr();
    let router = Router::new()
        .route("/", get(handler))
        .route("/peer", get(|_: Peer| async {}));
    let served = tokio::spawn(listener.serve(router, std::future::pending()));
    let mut stream = connect(client_config(None, &world.pki), address).await.unwrap();
    assert!(exchange_one(&mut stream, KEEP).await.starts_with("HTTP/1.1 204"));
    // Nobody is a peer here, also not somebody who shows a certificate.
    let ask = LAST.replace("GET / ", "GET /peer ");
    let mut stream = connect(client_config(Some(&world.node("dvp.localhost")), &world.pki), address)
        .await
        .unwrap();
    assert!(exchange(&mut stream, &ask).await.starts_with("HTTP/1.1 500"));
    served.abort();
}

#[tokio::test]
async fn r16_the_front_channel_takes_another_certificate() {
    let world = World::new();
    let listener = FrontListener::builder(web(&world.other))
        .bind(any_port())
        .await
        .unwrap();
    let (address, control) = (listener.local_addr(), listener.control());
    let served = tokio::spawn(listener.serve(Router::new(), std::future::pending()));
    assert!(connect(client_config(None, &world.pki), address).await.is_err());
    control.reload(&web(&world.pki)).unwrap();
    assert!(connect(client_config(None, &world.pki), address).await.is_ok());
    served.abort();
}
