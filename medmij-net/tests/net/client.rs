// SPDX-License-Identifier: AGPL-3.0-or-later
//! The client's side: what is sent to whom, and what is taken back

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use medmij_net::{BackChannel, ConfigError, Revocation, SendLimits};
use medmij_whitelist::HostPolicy;

use crate::raw::{RawServer, Then};
use crate::world::{DVZA, World, get, host, identity, only, send};

#[tokio::test]
async fn core_whl_306_a_listed_host_is_asked_and_the_connection_is_kept() {
    let world = World::new();
    let server = RawServer::start(&world.node(DVZA), &world.pki, Then::ok("hallo")).await;
    let channel = world.client(server.address, only(DVZA)).build().unwrap();
    for _ in 0..2 {
        let response = send(&channel, "/").await.unwrap();
        assert_eq!((response.status().as_u16(), &response.body()[..]), (200, &b"hallo"[..]));
    }
    assert_eq!((server.connections(), server.requests()), (1, 2));
}

#[tokio::test]
async fn core_whl_307_a_host_outside_the_whitelist_is_not_dialled() {
    let world = World::new();
    let server = RawServer::start(&world.node(DVZA), &world.pki, Then::ok("")).await;
    let channel = world.client(server.address, only("andere.localhost")).build().unwrap();
    let error = send(&channel, "/").await.unwrap_err();
    assert!(error.is_not_whitelisted() && error.is_unsent(), "{error}");
    assert_eq!(error.host(), Some(&host(DVZA)));
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn core_whl_303_before_any_whitelist_only_the_stelselnode_is_asked() {
    let world = World::new();
    let server = RawServer::start(&world.node(DVZA), &world.pki, Then::ok("")).await;
    let channel = world
        .client(server.address, HostPolicy::stelselnode_only(host(DVZA)))
        .build()
        .unwrap();
    assert_eq!(send(&channel, "/").await.unwrap().status(), 200);
    assert!(channel.is_allowed(&host(DVZA)) && !channel.is_allowed(&host("dvza-twee.localhost")));
}

#[tokio::test]
async fn w6_a_redirect_is_an_answer_and_is_not_followed() {
    let world = World::new();
    let target = RawServer::start(&world.node(DVZA), &world.pki, Then::ok("")).await;
    for status in [
        "301 Moved",
        "302 Found",
        "303 See Other",
        "307 Temporary",
        "308 Permanent",
    ] {
        let say = format!("HTTP/1.1 {status}\r\nLocation: https://{DVZA}/elders\r\nContent-Length: 0\r\n\r\n");
        let server = RawServer::start(&world.node(DVZA), &world.pki, Then::Say(say)).await;
        let channel = world.client(server.address, only(DVZA)).build().unwrap();
        let response = send(&channel, "/").await.unwrap();
        assert!(response.status().is_redirection());
        assert_eq!((server.requests(), target.connections()), (1, 0), "{status}");
    }
}

#[tokio::test]
async fn l10_a_body_over_the_limit_is_refused_however_it_is_framed() {
    let world = World::new();
    let body = "x".repeat(1001);
    let cases = [
        format!("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n{body}"),
        format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n{body}\r\n0\r\n\r\n"),
        format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{body}"),
    ];
    for text in cases {
        let server = RawServer::start(&world.node(DVZA), &world.pki, Then::SayAndCut(text.clone())).await;
        let channel = world.client(server.address, only(DVZA)).build().unwrap();
        let error = channel
            .send_within(get("/"), SendLimits::default().body(1000))
            .await
            .unwrap_err();
        assert!(error.is_too_large(), "{error}: {text:.60}");
        assert!(!error.to_string().contains("xxx") && !format!("{error:?}").contains("xxx"));
        let fits = channel.send_within(get("/"), SendLimits::default().body(1001)).await;
        if !text.contains("close") {
            assert_eq!(fits.unwrap().body().len(), 1001);
        }
    }
}

#[tokio::test]
async fn l10_headers_and_codings_that_nobody_asked_for_are_refused() {
    let world = World::new();
    let large = format!(
        "HTTP/1.1 200 OK\r\nX-Groot: {}\r\nContent-Length: 0\r\n\r\n",
        "x".repeat(17 * 1024)
    );
    let server = RawServer::start(&world.node(DVZA), &world.pki, Then::Say(large)).await;
    let channel = world.client(server.address, only(DVZA)).build().unwrap();
    assert!(send(&channel, "/").await.unwrap_err().is_too_large());

    for (coding, taken) in [
        ("gzip", false),
        ("br", false),
        ("identity, gzip", false),
        ("identity", true),
    ] {
        let text = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: 0\r\n\r\n");
        let server = RawServer::start(&world.node(DVZA), &world.pki, Then::Say(text)).await;
        let channel = world.client(server.address, only(DVZA)).build().unwrap();
        assert_eq!(send(&channel, "/").await.is_ok(), taken, "{coding}");
    }
}

#[tokio::test]
async fn core_rscint_202_a_slow_server_hits_the_deadline_at_every_stage() {
    let world = World::new();
    for text in [
        "",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nha",
    ] {
        let server = RawServer::start(&world.node(DVZA), &world.pki, Then::SayAndHang(text.to_owned())).await;
        let limits = SendLimits::default().total(Duration::from_millis(150));
        let channel = world.client(server.address, only(DVZA)).limits(limits).build().unwrap();
        let error = send(&channel, "/").await.unwrap_err();
        assert!(error.is_timeout() && !error.is_unsent(), "{error}: {text}");
    }
}

#[tokio::test]
async fn core_tknint_203_a_request_is_never_sent_twice() {
    let world = World::new();
    for text in [
        "",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nha",
    ] {
        let server = RawServer::start(&world.node(DVZA), &world.pki, Then::SayAndCut(text.to_owned())).await;
        let channel = world.client(server.address, only(DVZA)).build().unwrap();
        let request = Request::post(format!("https://{DVZA}/token"))
            .body(Bytes::new())
            .unwrap();
        let error = channel.send(request).await.unwrap_err();
        assert!(error.is_broken() && !error.is_unsent(), "{error}: {text}");
        assert_eq!(server.requests(), 1, "{text}");
    }
}

#[tokio::test]
async fn core_tls_314_a_server_that_refuses_our_certificate_is_told_apart() {
    let world = World::new();
    // This server trusts the other authority only.
    let server = RawServer::start(&world.node(DVZA), &world.other, Then::ok("")).await;
    let channel = world.client(server.address, only(DVZA)).build().unwrap();
    let error = send(&channel, "/").await.unwrap_err();
    assert!(
        (error.is_tls() && !error.is_certificate()) || error.is_broken(),
        "{error:?}"
    );
    assert_eq!(server.requests(), 0);
}

#[tokio::test]
async fn danger_loopback_a_uri_with_a_port_or_a_name_outside_the_map_is_not_dialled() {
    let world = World::new();
    let server = RawServer::start(&world.node(DVZA), &world.pki, Then::ok("")).await;
    let channel = world.client(server.address, only(DVZA)).build().unwrap();
    let uri = format!("https://{DVZA}:{}/", server.address.port());
    let error = channel
        .send(Request::get(uri).body(Bytes::new()).unwrap())
        .await
        .unwrap_err();
    assert!(error.is_request(), "{error}");

    let policy = HostPolicy::danger_fixed([host("onbekend.localhost"), host("dvza.example.nl")]);
    let channel = world.client(server.address, policy.clone()).build().unwrap();
    for uri in ["https://onbekend.localhost/", "https://dvza.example.nl/"] {
        let error = channel
            .send(Request::get(uri).body(Bytes::new()).unwrap())
            .await
            .unwrap_err();
        assert!(error.is_address_refused() && error.is_unsent(), "{uri}: {error}");
    }

    // Without the map the names of loopback lead nowhere.
    let channel = BackChannel::builder(identity(&world.node("dvp.localhost")), world.roots(), policy)
        .revocation(Revocation::danger_off())
        .build()
        .unwrap();
    let request = Request::get("https://onbekend.localhost/").body(Bytes::new()).unwrap();
    assert!(channel.send(request).await.unwrap_err().is_address_refused());
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn nobody_listening_is_a_connect_error_and_safe_to_repeat() {
    let world = World::new();
    let free = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let channel = world.client(free, only(DVZA)).build().unwrap();
    let error = send(&channel, "/").await.unwrap_err();
    assert!(
        error.is_connect() && error.is_unsent() && !error.is_timeout(),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_server_that_never_shakes_hands_hits_the_connect_deadline() {
    let world = World::new();
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let channel = world
        .client(silent.local_addr().unwrap(), only(DVZA))
        .connect_timeout(Duration::from_millis(150))
        .build()
        .unwrap();
    let error = send(&channel, "/").await.unwrap_err();
    assert!(
        error.is_timeout() && error.is_connect() && error.is_unsent(),
        "{error:?}"
    );
}

#[tokio::test]
async fn an_error_holds_no_query_and_no_token() {
    let world = World::new();
    let server = RawServer::start(&world.node(DVZA), &world.pki, Then::SayAndCut(String::new())).await;
    let channel = world.client(server.address, only(DVZA)).build().unwrap();
    let request = Request::get(format!("https://{DVZA}/fhir?geheim=1"))
        .header("Authorization", "Bearer geheim")
        .body(Bytes::from_static(b"geheim"))
        .unwrap();
    let error = channel.send(request).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("geheim"), "{error:?}");
}

#[test]
fn w8_revocation_has_to_be_chosen() {
    let world = World::new();
    let builder = BackChannel::builder(identity(&world.node(DVZA)), world.roots(), only(DVZA));
    assert!(matches!(builder.build(), Err(ConfigError::RevocationNotChosen)));
}

/// A server that closes each connection after this many requests, without a word that it will.
async fn closing_after(
    world: &World,
    requests: usize,
) -> (std::net::SocketAddr, tokio::sync::mpsc::UnboundedReceiver<String>) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let config = crate::raw::server_config(&world.node(DVZA), &world.pki, rustls::ALL_VERSIONS);
    let acceptor = tokio_rustls::TlsAcceptor::from(std::sync::Arc::new(config));
    let listener = tokio::net::TcpListener::bind(crate::world::any_port()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (seen, heads) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut stream = acceptor.accept(stream).await.unwrap();
            for served in 0..=requests {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    let Ok(byte) = stream.read_u8().await else { break };
                    head.push(byte);
                }
                let _ = seen.send(String::from_utf8(head).unwrap().to_lowercase());
                // The last one is read and not answered, as by a server that closes just then.
                if served < requests {
                    stream
                        .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                        .await
                        .unwrap();
                }
            }
        }
    });
    (address, heads)
}

fn request_id(head: &str) -> &str {
    let line = head.lines().find_map(|line| line.strip_prefix("medmij-request-id: "));
    line.unwrap_or_default()
}

#[tokio::test]
async fn rfc_9110_a_get_on_a_connection_that_was_closed_goes_once_more_and_a_post_never() {
    const ID: &str = "6f1c3b62-7d1c-4e0e-9a7a-1f5f2d3c4b5a";
    let world = World::new();
    let ask = |method: &str| {
        let builder = Request::builder().method(method).uri(format!("https://{DVZA}/fhir"));
        builder.header("MedMij-Request-ID", ID).body(Bytes::new()).unwrap()
    };
    for (method, again) in [("GET", true), ("POST", false), ("PUT", false), ("DELETE", false)] {
        let (address, mut heads) = closing_after(&world, 1).await;
        let channel = world.client(address, only(DVZA)).build().unwrap();
        let first = channel.send(ask("GET")).await.unwrap();
        assert!(first.extensions().get::<medmij_net::SentAgain>().is_none());
        assert_eq!(request_id(&heads.recv().await.unwrap()), ID);
        match channel.send(ask(method)).await {
            Ok(answer) if again => {
                assert_eq!(request_id(&heads.recv().await.unwrap()), ID);
                let second = heads.recv().await.unwrap();
                assert_ne!(request_id(&second), ID);
                let sent = answer.extensions().get::<medmij_net::SentAgain>().unwrap();
                assert_eq!(sent.request_id.as_ref().unwrap().as_str(), request_id(&second));
            }
            Err(error) if !again => {
                assert!(error.is_broken() && !error.is_unsent(), "{method}: {error:?}");
                assert!(heads.recv().await.unwrap().starts_with(&method.to_lowercase()));
                assert!(heads.try_recv().is_err(), "{method}");
            }
            other => panic!("{method}: {other:?}"),
        }
    }
    // A new connection that is closed says something about the server: nothing goes twice.
    let (address, mut heads) = closing_after(&world, 0).await;
    let channel = world.client(address, only(DVZA)).build().unwrap();
    assert!(channel.send(ask("GET")).await.unwrap_err().is_broken());
    assert!(heads.recv().await.is_some() && heads.try_recv().is_err());
}

#[tokio::test]
async fn f3_an_answer_that_names_a_charset_as_its_coding_is_read() {
    let world = World::new();
    for (coding, body, read) in [
        ("UTF-8", "hallo", true),
        ("", "hallo", true),
        ("identity", "hallo", true),
        ("none", "hallo", true),
        ("gzip", "", false),
        ("gzip", "hallo", false),
        ("utf-8, br", "hallo", false),
    ] {
        let length = body.len();
        let text = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {length}\r\n\r\n{body}");
        let server = RawServer::start(&world.node(DVZA), &world.pki, Then::Say(text)).await;
        let channel = world.client(server.address, only(DVZA)).build().unwrap();
        match send(&channel, "/").await {
            Ok(answer) if read => {
                assert_eq!(&answer.body()[..], body.as_bytes(), "{coding}");
                assert!(!answer.headers().contains_key("content-encoding"), "{coding}");
            }
            Err(error) if !read => assert!(error.to_string().contains("content coding"), "{error}"),
            other => panic!("{coding}: {other:?}"),
        }
    }
}
