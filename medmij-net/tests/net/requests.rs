// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is HTTP and what only looks like it, and what every answer carries

use axum::Router;
use axum::body::Bytes;
use axum::routing::{get, post};

use crate::raw::{client_config, connect, exchange};
use crate::world::{DVP, DVZA, Served, World, host, only};

const OK: &str = "HTTP/1.1 200 OK\r\n";
const BAD: &str = "HTTP/1.1 400 Bad Request\r\n";
const FOREIGN: &str = "HTTP/1.1 421 Misdirected Request\r\n";

fn router() -> Router {
    Router::new()
        .route("/", get(|| async {}))
        .route("/echo", post(|body: Bytes| async move { body }))
}

#[tokio::test]
async fn rfc_9112_one_host_of_ours_and_lines_that_end_as_they_should() {
    let world = World::new();
    let served = Served::start(world.listener(only(DVP)), router()).await;
    let dvp = world.node(DVP);
    let ask = async |text: &str| {
        let mut stream = connect(client_config(Some(&dvp), &world.pki), served.address)
            .await
            .unwrap();
        exchange(&mut stream, text).await
    };
    for (case, text, expected) in [
        (
            "good",
            "GET / HTTP/1.1\r\nHost: dvza.localhost\r\nConnection: close\r\n\r\n",
            OK,
        ),
        (
            "with a port",
            "GET / HTTP/1.1\r\nHost: DVZA.localhost:4431\r\nConnection: close\r\n\r\n",
            OK,
        ),
        ("no host", "GET / HTTP/1.1\r\nConnection: close\r\n\r\n", BAD),
        (
            "no host in 1.0",
            "GET / HTTP/1.0\r\n\r\n",
            "HTTP/1.0 400 Bad Request\r\n",
        ),
        (
            "two hosts",
            "GET / HTTP/1.1\r\nHost: dvza.localhost\r\nHost: dvza.localhost\r\nConnection: close\r\n\r\n",
            BAD,
        ),
        (
            "another host",
            "GET / HTTP/1.1\r\nHost: kwaad.nl\r\nConnection: close\r\n\r\n",
            FOREIGN,
        ),
        (
            "an address",
            "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
            FOREIGN,
        ),
        (
            "another host in the line",
            "GET http://kwaad.nl/ HTTP/1.1\r\nHost: dvza.localhost\r\nConnection: close\r\n\r\n",
            FOREIGN,
        ),
        (
            "connect",
            "CONNECT kwaad.nl:443 HTTP/1.1\r\nHost: dvza.localhost\r\n\r\n",
            FOREIGN,
        ),
        ("bare LF", "GET / HTTP/1.1\nHost: dvza.localhost\n\n", BAD),
        (
            "bare LF in one line",
            "GET / HTTP/1.1\r\nHost: dvza.localhost\nX: y\r\n\r\n",
            BAD,
        ),
        (
            "bare LF at the end",
            "GET / HTTP/1.1\r\nHost: dvza.localhost\r\n\n",
            BAD,
        ),
        (
            "two requests",
            "POST /echo HTTP/1.1\r\nHost: dvza.localhost\r\nContent-Length: 2\r\n\r\n\n\nGET / HTTP/1.1\nHost: dvza.localhost\r\n\r\n",
            OK,
        ),
        (
            "a body with LF",
            "POST /echo HTTP/1.1\r\nHost: dvza.localhost\r\nConnection: close\r\nContent-Length: 3\r\n\r\n\n\n\n",
            OK,
        ),
    ] {
        let answer = ask(text).await;
        assert!(answer.starts_with(expected), "{case}: {answer:?}");
        if case == "two requests" {
            assert!(answer.contains("\r\n\r\n\n\nHTTP/1.1 400"), "{case}: {answer:?}");
        }
        if case == "a body with LF" {
            assert!(answer.ends_with("\r\n\r\n\n\n\n"), "{case}: {answer:?}");
        }
    }
    served.stop().await;
}

#[tokio::test]
async fn rfc_9110_the_hosts_that_are_ours_are_configuration() {
    let world = World::new();
    let dvp = world.node(DVP);
    let request = |name: &str| format!("GET / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n");
    let named = world.listener(only(DVP)).hosts([host("intern.localhost")]);
    let any = world.listener(only(DVP)).danger_any_host();
    for (case, builder, names) in [
        ("named", named, [("intern.localhost", OK), (DVZA, FOREIGN)]),
        ("any", any, [("10.0.0.1", OK), (DVZA, OK)]),
    ] {
        let served = Served::start(builder, router()).await;
        for (name, expected) in names {
            let mut stream = connect(client_config(Some(&dvp), &world.pki), served.address)
                .await
                .unwrap();
            let answer = exchange(&mut stream, &request(name)).await;
            assert!(answer.starts_with(expected), "{case} {name}: {answer:?}");
        }
        served.stop().await;
    }
}

#[tokio::test]
async fn o14_every_answer_carries_the_security_headers() {
    let world = World::new();
    let served = Served::start(world.listener(only(DVP)), router()).await;
    let dvp = world.node(DVP);
    let many: String = (0..120).map(|at| format!("x{at}: y\r\n")).collect();
    let large = format!("x: {}\r\n", "y".repeat(20_000));
    let long = format!("GET /?{} HTTP/1.1\r\nHost: dvza.localhost\r\n\r\n", "a".repeat(100_000));
    let head =
        |line: &str, more: &str| format!("{line} HTTP/1.1\r\nHost: dvza.localhost\r\nConnection: close\r\n{more}\r\n");
    for (case, text, status) in [
        ("found", head("GET /", ""), 200),
        ("not found", head("GET /nergens", ""), 404),
        ("method", head("PUT /", "Content-Length: 0\r\n"), 405),
        ("too large", head("POST /echo", "Content-Length: 99999999\r\n"), 413),
        (
            "broken body",
            head("POST /echo", "Transfer-Encoding: chunked\r\n") + "zz\r\n",
            400,
        ),
        ("broken head", "GARBAGE\r\n\r\n".to_owned(), 400),
        ("many headers", head("GET /", &many), 431),
        ("large header", head("GET /", &large), 431),
        ("long line", long, 431),
        (
            "another host",
            "GET / HTTP/1.1\r\nHost: kwaad.nl\r\nConnection: close\r\n\r\n".to_owned(),
            421,
        ),
    ] {
        let mut stream = connect(client_config(Some(&dvp), &world.pki), served.address)
            .await
            .unwrap();
        let answer = exchange(&mut stream, &text).await.to_lowercase();
        assert!(answer.starts_with(&format!("http/1.1 {status} ")), "{case}: {answer}");
        let (head, _) = answer.split_once("\r\n\r\n").unwrap();
        let lines: Vec<_> = head.split("\r\n").collect();
        let always = ["x-content-type-options: nosniff", "referrer-policy: no-referrer"];
        let failed = [
            "cache-control: no-store",
            "x-frame-options: deny",
            "content-security-policy: default-src 'none'; frame-ancestors 'none'",
        ];
        let expected = always.iter().chain(if status == 200 { &[][..] } else { &failed });
        for header in expected {
            assert_eq!(
                lines.iter().filter(|line| *line == header).count(),
                1,
                "{case} {header}: {answer}"
            );
        }
    }
    served.stop().await;
}

#[tokio::test]
async fn o14_what_a_router_says_itself_stays() {
    let world = World::new();
    let router = Router::new().route(
        "/",
        get(|| async {
            (
                http::StatusCode::NOT_FOUND,
                [("content-security-policy", "default-src 'self'")],
            )
        }),
    );
    let served = Served::start(world.listener(only(DVP)), router).await;
    let mut stream = connect(client_config(Some(&world.node(DVP)), &world.pki), served.address)
        .await
        .unwrap();
    let answer = exchange(&mut stream, crate::raw::LAST).await;
    assert!(
        answer.contains("default-src 'self'") && !answer.contains("default-src 'none'"),
        "{answer}"
    );
    served.stop().await;
}
