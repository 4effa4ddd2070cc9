// SPDX-License-Identifier: AGPL-3.0-or-later
//! Aanbiedertaken: the system of a module patches the progress of a Task (Provider Tasks, RFC 6902).
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::future::Future;
use std::pin::pin;
use std::task::{Poll, Waker};

use bytes::Bytes;
use http::{Request, Response};
use medmij_fhir::server::{Context, Delen, MemoryBronsysteem, ResourceSet, Responder, Served};
use medmij_fhir::{
    Access, Catalogue, FhirVersion, JsonPatch, Limits, ResourceEndpoint, ResourceEndpoints, ResourceId, ResourceType,
};
use medmij_types::{AccessToken, BackchannelUri, CorrelationId, OsEntropy, Systeemrolcode};
use serde_json::Value;

const TASK: &str = r#"{"resourceType":"Task","id":"t1","status":"ready","intent":"order","for":{"reference":"Patient/p"},"restriction":{"repetitions":1},"extension":[{"url":"urn:x","valueDecimal":1.50}]}"#;

fn endpoint() -> ResourceEndpoint {
    ResourceEndpoint::new(BackchannelUri::parse("https://dva.example.nl/modules").unwrap()).unwrap()
}

fn access() -> Access {
    let systeemrol = Systeemrolcode::parse("PT-MODULE").unwrap();
    Access::new(
        ResourceEndpoints::new(systeemrol, endpoint()),
        AccessToken::from_wire("een-token").unwrap(),
        CorrelationId::parse("6f1c3b62-7d1c-4e0e-9a7a-1f5f2d3c4b5a").unwrap(),
        FhirVersion::R4,
    )
}

fn source() -> MemoryBronsysteem {
    let mut set = ResourceSet::new();
    set.insert_json(TASK.as_bytes()).unwrap();
    MemoryBronsysteem::new(set)
}

fn modules() -> Responder {
    Responder::serving(
        endpoint(),
        Served::new(FhirVersion::R4).with_delen(Delen::module_system()),
    )
}

fn now<T>(answer: impl Future<Output = T>) -> T {
    match pin!(answer).poll(&mut std::task::Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => unreachable!("a source in memory never waits"),
    }
}

fn send(responder: &Responder, source: &MemoryBronsysteem, request: &Request<Bytes>) -> Response<Bytes> {
    now(responder.respond(request, &Context::default(), source))
}

fn patch(body: &str, content_type: &str) -> (u16, String) {
    let source = source();
    let request = Request::patch("/modules/Task/t1")
        .header("content-type", content_type)
        .body(Bytes::from(body.to_owned()))
        .unwrap();
    let response = send(&modules(), &source, &request);
    let kept = source.snapshot().lookup("Task", "t1").unwrap().as_str().to_owned();
    (response.status().as_u16(), kept)
}

#[test]
fn the_system_of_a_module_sets_the_status_and_all_else_stays_digit_for_digit() {
    let (source, access) = (source(), access());
    let status = JsonPatch::task_status("in-progress").unwrap();
    let (kind, id) = (ResourceType::parse("Task").unwrap(), ResourceId::parse("t1").unwrap());
    let request = status.request(&access, &kind, &id, &OsEntropy).unwrap();
    assert_eq!(
        (request.method().as_str(), request.uri().path()),
        ("PATCH", "/modules/Task/t1")
    );
    assert_eq!(request.headers()["content-type"], "application/json-patch+json");
    for name in ["authorization", "medmij-request-id", "x-correlation-id"] {
        assert!(request.headers().contains_key(name), "{name}");
    }
    // the standard names no condition
    assert!(!request.headers().contains_key("if-match"));
    let response = send(&modules(), &source, &request);
    assert_eq!(response.status(), 200);
    let expected = TASK.replace("ready", "in-progress");
    assert_eq!(response.body(), expected.as_bytes());
    assert_eq!(status.receive(response, &access, &Limits::default()), Ok(None));
    assert_eq!(source.snapshot().lookup("Task", "t1").unwrap().as_str(), expected);
}

#[test]
fn only_progress_is_patched_and_a_refused_patch_changes_nothing() {
    let kind = "application/json-patch+json";
    for (body, content_type, expected) in [
        (
            r#"[{"op":"replace","path":"/for/reference","value":"Patient/q"}]"#,
            kind,
            422,
        ),
        (r#"[{"op":"replace","path":"/id","value":"t2"}]"#, kind, 422),
        (r#"[{"op":"copy","from":"/for","path":"/note"}]"#, kind, 422),
        (r#"[{"op":"replace","path":"","value":{}}]"#, kind, 422),
        (r#"[{"op":"replace","path":"/status","value":"klaar"}]"#, kind, 422),
        (
            r#"[{"op":"replace","path":"/status","value":"failed"},{"op":"test","path":"/status","value":"ready"}]"#,
            kind,
            422,
        ),
        (r#"[{"op":"remove","path":"/statusReason"}]"#, kind, 422),
        ("[{}]", kind, 400),
        ("geen json", kind, 400),
        (
            r#"[{"op":"replace","path":"/status","value":"failed"}]"#,
            "application/fhir+json",
            415,
        ),
        (
            r#"[{"op":"replace","path":"/status","value":"failed"}]"#,
            "application/json",
            415,
        ),
    ] {
        assert_eq!(patch(body, content_type), (expected, TASK.to_owned()), "{body}");
    }
    let guarded = r#"[{"op":"test","path":"/status","value":"ready"},{"op":"replace","path":"/status","value":"completed"},
        {"op":"add","path":"/output","value":[{"type":{"text":"BSN"},"valueIdentifier":{"system":"http://fhir.nl/fhir/NamingSystem/bsn","value":"999990019"}}]}]"#;
    let (status, kept) = patch(guarded, "application/json-patch+json; charset=utf-8");
    assert_eq!(status, 200);
    assert!(kept.contains(r#""status":"completed""#));
    // core.rscint.203
    assert!(!kept.contains("999990019"));
}

#[test]
fn a_dvp_patches_nothing_and_an_unknown_task_is_404() {
    let source = source();
    let body = Bytes::from_static(br#"[{"op":"replace","path":"/status","value":"failed"}]"#);
    let request = |path: &str| {
        Request::patch(path)
            .header("content-type", "application/json-patch+json")
            .body(body.clone())
            .unwrap()
    };
    for service in Catalogue::builtin().all() {
        let dvp = Responder::new(endpoint(), service);
        let status = send(&dvp, &source, &request("/modules/Task/t1")).status();
        assert_eq!(status, 405, "{}", service.key());
    }
    assert_eq!(send(&modules(), &source, &request("/modules/Task/t2")).status(), 404);
    assert_eq!(send(&modules(), &source, &request("/modules/Patient/p")).status(), 405);
    let metadata = Request::get("/modules/metadata").body(Bytes::new()).unwrap();
    let statement: Value = serde_json::from_slice(send(&modules(), &source, &metadata).body()).unwrap();
    assert_eq!(statement["patchFormat"][0], "application/json-patch+json");
    assert_eq!(statement["rest"][0]["resource"][0]["interaction"][1]["code"], "patch");
    assert!(statement["rest"][0]["interaction"].is_null());
}
