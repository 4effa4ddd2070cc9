// SPDX-License-Identifier: AGPL-3.0-or-later
//! 10,000 resources in 200 pages, collected over mutual TLS and over bare HTTP, from the same server on loopback: what the
//! back channel costs. `cargo bench -p medmij-load --bench fhir_pages`
//!
//! Both clients read whole answers and hand them to the same `Collection`; both servers are the same router, behind
//! `BackChannelListener` and behind plain axum. Rounds alternate; the best of each counts.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a bench fails by panicking and says what it measured"
)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use medmij_fhir::server::{ResourceSet, Responder};
use medmij_fhir::{
    Access, Channel, Choices, Collection, Drive, Gegevensdienst, Limits, References, ResourceEndpoint,
    ResourceEndpoints, SendError, SendFault,
};
use medmij_net::{BackChannel, BackChannelListener, DangerLoopback, NodeIdentity, Revocation, TrustRoots};
use medmij_test::{LeafSpec, TestIdentity, TestPki};
use medmij_types::{AccessToken, BackchannelUri, CorrelationId, Hostname, OsEntropy, Systeemrolcode};
use medmij_whitelist::HostPolicy;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Mutex;

const DVP: &str = "dvp.localhost";
const DVZA: &str = "dvza.localhost";
const RESOURCES: usize = 10_000;
const ROUNDS: usize = 5;

struct Server {
    responder: Responder,
    set: ResourceSet,
}

async fn answer(State(server): State<Arc<Server>>, request: Request) -> Response {
    server
        .responder
        .answer(&request, &server.set)
        .map(axum::body::Body::from)
        .into_response()
}

fn service() -> (&'static Gegevensdienst, ResourceEndpoint) {
    let service = Gegevensdienst::lookup(&"54".parse().unwrap()).unwrap();
    let uri = BackchannelUri::parse(&format!("https://{DVZA}/fhir/54")).unwrap();
    (service, ResourceEndpoint::new(uri).unwrap())
}

fn server() -> Arc<Server> {
    let (service, endpoint) = service();
    let mut set = ResourceSet::new();
    for number in 0..RESOURCES {
        let text = format!(
            r#"{{"resourceType":"AllergyIntolerance","id":"a{number}","meta":{{"profile":["http://nictiz.nl/fhir/StructureDefinition/zib-AllergyIntolerance"]}},"text":{{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">{}</div>"}},"clinicalStatus":"active","verificationStatus":"confirmed","code":{{"coding":[{{"system":"http://snomed.info/sct","code":"91936005","display":"Allergie voor penicilline"}}]}},"patient":{{"reference":"Patient/p","display":"T. Test"}}}}"#,
            "Allergie voor penicilline, vastgesteld door de huisarts. ".repeat(12)
        );
        set.insert_json(text.as_bytes()).unwrap();
    }
    let responder = Responder::new(endpoint, service);
    Arc::new(Server { responder, set })
}

/// HTTP/1.1 on one kept connection, without TLS: what the back channel is compared with.
struct Bare {
    address: SocketAddr,
    connection: Mutex<Option<TcpStream>>,
}

impl Channel for Bare {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, SendError> {
        let failed = |error: std::io::Error| SendError::new(SendFault::Other, error.to_string());
        let mut head = format!(
            "GET {} HTTP/1.1\r\nhost: {DVZA}\r\n",
            request.uri().path_and_query().unwrap()
        );
        for (name, value) in request.headers() {
            head.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap()));
        }
        head.push_str("\r\n");
        let mut kept = self.connection.lock().await;
        if kept.is_none() {
            *kept = Some(TcpStream::connect(self.address).await.map_err(failed)?);
        }
        let stream = kept.as_mut().unwrap();
        stream.write_all(head.as_bytes()).await.map_err(failed)?;
        let mut bytes = Vec::with_capacity(128 << 10);
        let (length, start, head) = loop {
            stream.read_buf(&mut bytes).await.map_err(failed)?;
            if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = String::from_utf8(bytes[..end].to_vec()).unwrap().to_ascii_lowercase();
                let length = head
                    .lines()
                    .find_map(|line| line.strip_prefix("content-length: "))
                    .unwrap();
                break (length.parse::<usize>().unwrap(), end + 4, head.clone());
            }
        };
        while bytes.len() < start + length {
            stream.read_buf(&mut bytes).await.map_err(failed)?;
        }
        assert!(head.starts_with("http/1.1 200"), "{head}");
        let mut response = http::Response::builder();
        for (name, value) in head.lines().skip(1).filter_map(|line| line.split_once(": ")) {
            response = response.header(name, value);
        }
        Ok(response.body(Bytes::from(bytes).slice(start..)).unwrap())
    }

    async fn wait(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

async fn collect(channel: &impl Channel) -> Duration {
    let (service, endpoint) = service();
    let access = Access::new(
        ResourceEndpoints::new(Systeemrolcode::parse("een-rol").unwrap(), endpoint),
        AccessToken::from_wire("geheim").unwrap(),
        CorrelationId::random(&OsEntropy).unwrap(),
        service.version(),
    );
    let collection = Collection::new(service, access, Choices::default(), Limits::default()).unwrap();
    let mut collection = collection.with_references(References::None);
    let start = Instant::now();
    collection.drive(channel, Drive::default()).await.unwrap();
    let time = start.elapsed();
    let report = collection.finish();
    assert!(report.is_complete(), "{:?}", report.gaps());
    assert_eq!(report.queries()[0].pages, 200);
    assert_eq!(report.verdict().resources().count(), RESOURCES);
    time
}

fn identity(test: &TestIdentity) -> NodeIdentity {
    NodeIdentity::from_pem(test.chain_pem().as_bytes(), test.key_pem().as_bytes()).unwrap()
}

fn host(name: &str) -> Hostname {
    Hostname::parse(name).unwrap()
}

#[tokio::main]
async fn main() {
    let pki = TestPki::new("pages").unwrap();
    let roots = TrustRoots::from_pem(pki.roots_pem().as_bytes()).unwrap();
    let node = |name| identity(&pki.issue(&LeafSpec::node(name)).unwrap());
    let only = |name| HostPolicy::danger_fixed([host(name)]);
    let server = server();
    let router = || axum::Router::new().fallback(answer).with_state(Arc::clone(&server));

    let listener = BackChannelListener::builder(node(DVZA), roots.clone(), only(DVP))
        .revocation(Revocation::danger_off())
        .bind("127.0.0.1:0".parse().unwrap())
        .await
        .unwrap();
    let map = DangerLoopback::new().back(host(DVZA), listener.local_addr()).unwrap();
    let secured = BackChannel::builder(node(DVP), roots, only(DVZA))
        .revocation(Revocation::danger_off())
        .danger_loopback(map)
        .build()
        .unwrap();
    tokio::spawn(listener.serve(router(), std::future::pending()));
    let plain = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let bare = Bare {
        address: plain.local_addr().unwrap(),
        connection: Mutex::new(None),
    };
    let plain_router = router();
    tokio::spawn(async move { axum::serve(plain, plain_router).await });

    let (mut best_secured, mut best_bare) = (Duration::MAX, Duration::MAX);
    for round in 1..=ROUNDS {
        let (one, two) = (collect(&secured).await, collect(&bare).await);
        best_secured = best_secured.min(one);
        best_bare = best_bare.min(two);
        println!(
            "round {round}: mutual TLS {:.3} s, bare HTTP {:.3} s",
            one.as_secs_f64(),
            two.as_secs_f64()
        );
    }
    println!(
        "{RESOURCES} resources in 200 pages: mutual TLS {:.3} s, bare HTTP {:.3} s, ratio {:.2} (goal 1.3)",
        best_secured.as_secs_f64(),
        best_bare.as_secs_f64(),
        best_secured.as_secs_f64() / best_bare.as_secs_f64()
    );
}
