// SPDX-License-Identifier: AGPL-3.0-or-later
//! F1, F2, F3, F4, F7 — a hostile server behind the real back channel: mutual TLS, a connection, bytes as it likes. What
//! it sends ends in a clear error, within bounds, and nothing is sent to the other host that it points at.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod server;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use medmij_fhir::{
    Access, Choices, Collection, DocumentSink, Documents, Drive, Driven, Gegevensdienst, Limits, Report,
    ResourceEndpoint, ResourceEndpoints, ResourceId, StreamedDocument, Target,
};
use medmij_net::BackChannel;
use medmij_types::{AccessToken, BackchannelUri, CorrelationId, GegevensdienstId, OsEntropy};
use server::{Hostile, Said, World, http};

const BASE: &str = "https://dvza.localhost/fhir/54";

fn collection(id: &str, limits: Limits) -> Collection {
    let service = Gegevensdienst::lookup(&GegevensdienstId::parse(id).unwrap()).unwrap();
    let endpoint = ResourceEndpoint::new(BackchannelUri::parse(BASE).unwrap()).unwrap();
    let mut roles = service.systeemrollen().iter().cloned();
    let first = roles.next().unwrap_or_else(|| "een-rol".parse().unwrap());
    let mut endpoints = ResourceEndpoints::new(first, endpoint.clone());
    for role in roles {
        endpoints = endpoints.with(role, endpoint.clone());
    }
    let access = Access::new(
        endpoints,
        AccessToken::from_wire("een-geheim-token").unwrap(),
        CorrelationId::random(&OsEntropy).unwrap(),
        service.version(),
    );
    Collection::new(service, access, Choices::default(), limits).unwrap()
}

/// Collects 54 from a server that says this; what came, and every path that was asked.
async fn collect(limits: Limits, say: impl Fn(&str, usize) -> Said + Send + Sync + 'static) -> (Report, Vec<String>) {
    let world = World::start(Hostile::saying(say)).await;
    let mut collection = collection("54", limits);
    let driven = collection.drive(&world.channel, Drive::default()).await.unwrap();
    assert_eq!(driven, Driven::Done);
    let report = collection.finish();
    for gap in report.gaps() {
        let shown = gap.to_string();
        assert!(shown.len() < 500 && !shown.contains("geheim"), "{shown}");
    }
    let asked = world.asked();
    assert!(asked.iter().all(|path| path.starts_with("/fhir/54/")), "{asked:?}");
    assert_eq!(world.elsewhere(), 0, "another host was dialled");
    (report, asked)
}

fn page(next: Option<&str>) -> Vec<u8> {
    let next = next
        .map(|url| format!(r#",{{"relation":"next","url":"{url}"}}"#))
        .unwrap_or_default();
    format!(
        r#"{{"resourceType":"Bundle","type":"searchset","link":[{{"relation":"self","url":"{BASE}/AllergyIntolerance"}}{next}],"entry":[]}}"#
    )
    .into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn f1_f7_links_to_other_hosts_and_ports_are_not_followed_over_the_back_channel() {
    let long = format!("{BASE}/AllergyIntolerance?page={}", "x".repeat(8192));
    for next in [
        "https://elders.localhost/fhir/54/AllergyIntolerance",
        "https://dvza.localhost:8443/fhir/54/AllergyIntolerance",
        "https://dvza.localhost:443:443/fhir/54/AllergyIntolerance",
        "//elders.localhost/fhir/54/AllergyIntolerance",
        "https://dvza.localhost@elders.localhost/fhir/54",
        "http://dvza.localhost/fhir/54/AllergyIntolerance",
        "../../elders",
        long.as_str(),
    ] {
        let link = next.to_owned();
        let (report, asked) = collect(Limits::default(), move |_, _| http(200, FHIR, &page(Some(&link)))).await;
        assert_eq!(asked.len(), 1, "{next:.80}");
        assert!(!report.is_complete(), "{next:.80}");
    }
    for next in [
        "AllergyIntolerance?page=2",
        "https://dvza.localhost:443/fhir/54/AllergyIntolerance?page=2",
    ] {
        let (report, asked) = collect(Limits::default(), move |_, nth| {
            http(200, FHIR, &page((nth == 0).then_some(next)))
        })
        .await;
        assert_eq!((report.is_complete(), asked.len()), (true, 2), "{next}");
    }
    // a redirect is no way out either
    let (report, _) = collect(Limits::default(), |_, _| {
        Said::keep(
            b"HTTP/1.1 307 Temporary Redirect\r\nLocation: https://elders.localhost/\r\nContent-Length: 0\r\n\r\n"
                .to_vec(),
        )
    })
    .await;
    assert!(!report.is_complete());
}

#[tokio::test(flavor = "multi_thread")]
async fn f2_loops_and_pages_without_end_stop_over_the_back_channel() {
    let mut limits = Limits::default();
    limits.pages = 20;
    let own = format!("{BASE}/AllergyIntolerance");
    let (report, asked) = collect(limits, move |_, _| http(200, FHIR, &page(Some(&own)))).await;
    assert!(!report.is_complete() && asked.len() <= 2, "{asked:?}");
    let (report, asked) = collect(limits, |_, nth| {
        http(200, FHIR, &page(Some(&format!("{BASE}/AllergyIntolerance?page={nth}"))))
    })
    .await;
    assert!(!report.is_complete() && asked.len() <= 20, "{}", asked.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn f3_f4_answers_of_the_wrong_size_or_kind_are_gaps_over_the_back_channel() {
    let good = page(None);
    let declared = |length: usize, body: &[u8]| {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {FHIR}\r\nContent-Length: {length}\r\n\r\n");
        Said::cut([head.as_bytes(), body].concat())
    };
    let with = |header: &str, body: &[u8]| {
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: {FHIR}\r\n{header}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        Said::cut([head.as_bytes(), body].concat())
    };
    let deep = "[".repeat(200_000);
    for (what, said) in [
        ("a body that is cut off", declared(good.len() + 10, &good)),
        ("a body that is longer than was said", declared(good.len() - 10, &good)),
        ("ten gigabytes", declared(10_000_000_000, &good)),
        ("depth", http(200, FHIR, deep.as_bytes())),
        ("gzip", with("Content-Encoding: gzip", &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0])),
        (
            "a header without end",
            with(&format!("X-Groot: {}", "x".repeat(40_000)), &good),
        ),
        ("a part", http(206, FHIR, &good)),
        (
            "a page of HTML",
            http(200, "text/html", b"<html><body>Welkom</body></html>"),
        ),
        (
            "HTML that says it is FHIR",
            http(200, FHIR, b"<html><body>Welkom</body></html>"),
        ),
        (
            "another resource",
            http(200, FHIR, br#"{"resourceType":"Patient","id":"p"}"#),
        ),
        (
            "no type",
            Said::cut(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}".to_vec()),
        ),
        ("no HTTP", Said::cut(b"SSH-2.0-OpenSSH_9.9\r\n".to_vec())),
    ] {
        let (report, asked) = collect(Limits::default(), move |_, _| said.clone()).await;
        assert!(!report.is_complete(), "{what}");
        assert!(asked.len() <= 2, "{what}: {asked:?}");
    }
}

/// Counts what is completed, and of how many bytes.
#[derive(Default)]
struct Counting {
    complete: Arc<AtomicUsize>,
    longest_piece: Arc<AtomicUsize>,
}

struct Counted(Arc<AtomicUsize>, Arc<AtomicUsize>, u64);

impl Documents for Counting {
    type Sink = Counted;

    async fn open(&self, _: &Target, _: Option<&ResourceId>) -> io::Result<Counted> {
        Ok(Counted(Arc::clone(&self.complete), Arc::clone(&self.longest_piece), 0))
    }
}

impl DocumentSink for Counted {
    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.1.fetch_max(bytes.len(), Ordering::SeqCst);
        self.2 += bytes.len() as u64;
        Ok(())
    }

    async fn complete(self, document: &StreamedDocument) -> io::Result<()> {
        assert_eq!(self.2, document.length);
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

async fn documents(binary: Said) -> (Report, Counting) {
    let world = World::start(Hostile::saying(move |path, _| {
        if path.contains("/Binary/") {
            return binary.clone();
        }
        let entry = if path.contains("DocumentReference") {
            format!(
                r#"{{"fullUrl":"{BASE}/DocumentReference/d","resource":{{"resourceType":"DocumentReference","id":"d","content":[{{"attachment":{{"contentType":"application/pdf","url":"Binary/b"}}}}]}},"search":{{"mode":"match"}}}}"#
            )
        } else {
            String::new()
        };
        let body = format!(r#"{{"resourceType":"Bundle","type":"searchset","link":[{{"relation":"self","url":"{BASE}/x"}}],"entry":[{entry}]}}"#);
        http(200, FHIR, body.as_bytes())
    }))
    .await;
    let counting = Counting::default();
    let mut collection = collection("51", Limits::default());
    let channel: &BackChannel = &world.channel;
    collection
        .drive_into(channel, &counting, Drive::default())
        .await
        .unwrap();
    assert_eq!(world.elsewhere(), 0);
    (collection.finish(), counting)
}

#[tokio::test(flavor = "multi_thread")]
async fn f3_a_binary_streams_over_the_back_channel_and_half_of_one_is_none() {
    // three megabytes of base64, in chunks of HTTP
    let content = "JVBERi0x".repeat(400_000);
    let json = format!(r#"{{"resourceType":"Binary","id":"b","contentType":"application/pdf","content":"{content}"}}"#);
    let chunked = |body: &str, ends: bool| {
        let mut said =
            format!("HTTP/1.1 200 OK\r\nContent-Type: {FHIR}\r\nTransfer-Encoding: chunked\r\n\r\n").into_bytes();
        for piece in body.as_bytes().chunks(10_000) {
            said.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
            said.extend_from_slice(piece);
            said.extend_from_slice(b"\r\n");
        }
        if ends {
            said.extend_from_slice(b"0\r\n\r\n");
        }
        Said::cut(said)
    };
    let (report, counting) = documents(chunked(&json, true)).await;
    assert!(report.is_complete(), "{:?}", report.gaps());
    assert_eq!(counting.complete.load(Ordering::SeqCst), 1);
    assert_eq!(report.documents()[0].streamed.as_ref().unwrap().length, 400_000 * 6);
    // no piece is the whole: memory is that of a piece
    assert!(counting.longest_piece.load(Ordering::SeqCst) < 400_000);

    let half = &json[..json.len() / 2];
    let pdf = b"%PDF-1.4";
    let short = "HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\nContent-Length: 900\r\n\r\n%PDF";
    for (what, said) in [
        ("cut off between chunks", chunked(half, false)),
        ("half of the JSON", chunked(half, true)),
        ("less than was said", Said::cut(short.as_bytes().to_vec())),
        ("a part", http(206, "application/pdf", pdf)),
        ("HTML", http(200, "text/html", b"<html></html>")),
        (
            "another resource",
            http(200, FHIR, br#"{"resourceType":"Patient","id":"b"}"#),
        ),
        (
            "no base64",
            http(
                200,
                FHIR,
                br#"{"resourceType":"Binary","contentType":"application/pdf","content":"%%%%"}"#,
            ),
        ),
    ] {
        let (report, counting) = documents(said).await;
        assert!(!report.is_complete(), "{what}");
        assert_eq!(counting.complete.load(Ordering::SeqCst), 0, "{what}");
    }
}

const FHIR: &str = "application/fhir+json";
