// SPDX-License-Identifier: AGPL-3.0-or-later
//! Questions to the server that no script asks: methods, forms, preferences, conditions, modifiers, chains, includes and
//! pages, each with the answer that FHIR (STU3, R4), RFC 9110 or core.rscint.203 gives.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::future::Future;
use std::pin::pin;
use std::task::{Context as Waking, Poll, Waker};

use bytes::Bytes;
use http::{Request, Response};
use medmij_fhir::server::{Context, Delen, MemoryBronsysteem, ResourceSet, Responder, Served};
use medmij_fhir::{FhirVersion, ResourceEndpoint, ResourceType};
use medmij_types::BackchannelUri;
use serde_json::Value;

const BASE: &str = "https://dva.example.nl/fhir";

const RESOURCES: [&str; 14] = [
    r#"{"resourceType":"Task","id":"t1","meta":{"versionId":"3","lastUpdated":"2026-11-29T23:30:00+01:00",
      "tag":[{"system":"urn:x","code":"a"},{"system":"urn:x","code":"b"}]},"status":"requested","priority":"routine",
      "authoredOn":"2026-11-01","owner":{"reference":"Organization/o1"},"basedOn":[{"reference":"ServiceRequest/s1"}],
      "requester":{"reference":"PractitionerRole/r1"},"focus":{"reference":"Endpoint/e1"}}"#,
    r#"{"resourceType":"Task","id":"t2","meta":{"lastUpdated":"2026-11-30T00:30:00+01:00","tag":[{"code":"a"}]},
      "status":"accepted","authoredOn":"2026-11","basedOn":[{"reference":"ServiceRequest/s2"}],
      "requester":{"identifier":{"system":"urn:y","value":"9"}}}"#,
    r#"{"resourceType":"Task","id":"T2","meta":{"lastUpdated":"2026-11-30T12:00:00Z"},"status":"completed",
      "executionPeriod":{"start":"2026-11-01","end":"2026-11-10"},"partOf":[{"reference":"Task/t1"}]}"#,
    r#"{"resourceType":"Task","id":"t-4","status":"failed","executionPeriod":{"end":"2026-10-31"},
      "requester":{"reference":"https://elders.example.nl/fhir/PractitionerRole/r1"}}"#,
    r#"{"resourceType":"ServiceRequest","id":"s1","status":"active","identifier":[{"system":"urn:z","value":"a|b"}],
      "requester":{"reference":"PractitionerRole/r1"}}"#,
    r#"{"resourceType":"ServiceRequest","id":"s2","status":"completed"}"#,
    r#"{"resourceType":"PractitionerRole","id":"r1","active":true,"organization":{"reference":"Organization/o1"},
      "practitioner":{"reference":"Practitioner/p1"},"endpoint":[{"reference":"Endpoint/e2"}],"location":[{"reference":"Location/l1"}]}"#,
    r#"{"resourceType":"Organization","id":"o1","name":"Zorg & Co","endpoint":[{"reference":"Endpoint/e1"}]}"#,
    r#"{"resourceType":"Practitioner","id":"p1","name":[{"family":"Ögelen","given":["Jan"]}]}"#,
    r#"{"resourceType":"Location","id":"l1","endpoint":[{"reference":"Endpoint/e1"}],"managingOrganization":{"reference":"Organization/o1"}}"#,
    r#"{"resourceType":"Endpoint","id":"e1","status":"active","connectionType":{"system":"urn:c","code":"hl7-fhir-rest"}}"#,
    r#"{"resourceType":"Endpoint","id":"e2","status":"off"}"#,
    r#"{"resourceType":"Binary","id":"d1","contentType":"application/pdf","data":"JVBERg=="}"#,
    r#"{"resourceType":"Binary","id":"d2","contentType":"image/jpeg","data":"/9j/"}"#,
];

fn now<T>(answer: impl Future<Output = T>) -> T {
    match pin!(answer).poll(&mut Waking::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("a source in memory waits"),
    }
}

fn server() -> (Responder, ResourceSet) {
    let mut served = Served::new(FhirVersion::R4);
    for name in [
        "Task",
        "PractitionerRole",
        "Organization",
        "Endpoint",
        "ServiceRequest",
        "Location",
    ] {
        served = served.with_type(ResourceType::parse(name).unwrap());
    }
    let mut set = ResourceSet::new();
    for resource in RESOURCES {
        set.insert_json(resource.as_bytes()).unwrap();
    }
    let endpoint = ResourceEndpoint::new(BackchannelUri::parse(BASE).unwrap()).unwrap();
    (Responder::serving(endpoint, served).with_page_size(3), set)
}

/// One request: `METHOD target`, then headers as `name: value` after bars.
fn ask(responder: &Responder, set: &ResourceSet, question: &str) -> Response<Bytes> {
    let mut parts = question.split(" ¦ ");
    let (method, target) = parts.next().unwrap().split_once(' ').unwrap();
    let mut request = Request::builder().method(method).uri(format!("/fhir/{target}"));
    for header in parts {
        let (name, value) = header.split_once(": ").unwrap();
        request = request.header(name, value);
    }
    responder.answer(&request.header("authorization", "Bearer een").body(()).unwrap(), set)
}

/// The status, then the ids that match, a bar, and those that came along.
fn shown(response: &Response<Bytes>) -> String {
    let status = response.status().as_u16();
    let bundle: Value = serde_json::from_slice(response.body()).unwrap_or_default();
    if bundle["type"] != "searchset" {
        return status.to_string();
    }
    let ids = |mode: &str| {
        let entries = bundle["entry"].as_array().into_iter().flatten();
        let of_mode = entries.filter(|entry| entry["search"]["mode"] == mode);
        let mut ids: Vec<_> = of_mode.map(|entry| entry["resource"]["id"].as_str().unwrap()).collect();
        ids.sort_unstable();
        ids.join(" ")
    };
    format!("{} | {}", ids("match"), ids("include"))
        .trim_end_matches([' ', '|'])
        .to_owned()
}

fn table(rows: &[(&str, &str)]) {
    let (responder, set) = server();
    let mut wrong = Vec::new();
    for (question, expected) in rows {
        let found = shown(&ask(&responder, &set, question));
        if found != *expected {
            wrong.push(format!("{question}: {found:?}, not {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn ids_tokens_and_modifiers_select_as_fhir_says() {
    table(&[
        ("GET Task?_id=t1,t2", "t1 t2"),
        ("GET Task?_id=t1&_id=t2", ""),
        ("GET Task?_id=t1,,t2", "400"),
        ("GET Task?_id=t2", "t2"),
        ("GET Task?_id:not=t1", "T2 t-4 t2"),
        ("GET Task?_id=onbekend", ""),
        ("GET Task?_id=Task/t1", ""),
        ("GET Task?_tag=a", "t1 t2"),
        ("GET Task?_tag=urn:x%7Ca&_tag=urn:x%7Cb", "t1"),
        ("GET Task?_tag=%7Ca", "t2"),
        ("GET Task?_tag=urn:x%7C", "t1"),
        ("GET Task?_tag:not=urn:x%7Cb", "T2 t-4 t2"),
        ("GET Task?_tag:missing=true", "T2 t-4"),
        ("GET Task?status:not=failed,completed", "t1 t2"),
        ("GET Task?status:not=failed&status:not=completed", "t1 t2"),
        ("GET Task?priority:missing=true&status=failed,accepted", "t-4 t2"),
        ("GET Task?status:missing=TRUE", "400"),
        ("GET Task?status:in=http://x.nl/vs", "400"),
        ("GET Task?status:above=requested", "400"),
        ("GET ServiceRequest?identifier=urn:z%7Ca%5C%7Cb", "s1"),
        ("GET ServiceRequest?identifier=urn:z%7Ca%7Cb", "400"),
        ("GET Organization?name=zorg%20%26", "o1"),
        ("GET Organization?name:exact=Zorg%20%26%20Co", "o1"),
        ("GET Organization?name:contains=CO", "o1"),
        ("GET Organization?name=co", ""),
        ("GET Endpoint?connection-type=urn:c%7Chl7-fhir-rest", "e1"),
        ("GET PractitionerRole?active=true", "r1"),
        ("GET PractitionerRole?active=false", ""),
    ]);
}

#[test]
fn dates_select_updates_and_periods_as_fhir_says() {
    table(&[
        // 23:30 on the 29th and 00:30 on the 30th, in Amsterdam
        ("GET Task?_lastUpdated=2026-11-29", "t1"),
        ("GET Task?_lastUpdated=2026-11-30", "T2 t2"),
        (
            "GET Task?_lastUpdated=ge2026-11-29T22:30:00Z&_lastUpdated=lt2026-11-29T23:30:00Z",
            "t1",
        ),
        ("GET Task?_lastUpdated=gt2026-11-29T23:30:00%2B01:00", "T2 t2"),
        ("GET Task?_lastUpdated=le2026-11-29T23:30:00Z", "t1 t2"),
        ("GET Task?_lastUpdated=lt2026-11-30,gt2026-11-30T11:59:59Z", "T2 t1"),
        ("GET Task?_lastUpdated:missing=true", "t-4"),
        ("GET Task?_lastUpdated=ge2026-11-30T25:00:00Z", "400"),
        ("GET Task?_lastUpdated=ge2026-11-31", "400"),
        ("GET Task?_lastUpdated=GE2026-11-30", "400"),
        ("GET Task?authored-on=2026-11-01", "t1"),
        ("GET Task?authored-on=2026-11", "t1 t2"),
        ("GET Task?authored-on=gt2026-11-01", "t2"),
        ("GET Task?authored-on=sa2026-10-31", "t1 t2"),
        ("GET Task?authored-on=eb2026-12", "t1 t2"),
        ("GET Task?authored-on=ne2026-11-01", "t2"),
        ("GET Task?period=2026-11", "T2"),
        ("GET Task?period=ge2026-11-10", "T2"),
        ("GET Task?period=gt2026-11-10", ""),
        ("GET Task?period=lt2026-11-01", "t-4"),
        ("GET Task?period=eb2026-11-01", "t-4"),
        ("GET Task?period:missing=false", "T2 t-4"),
    ]);
}

#[test]
fn references_chains_and_includes_lead_where_fhir_says() {
    table(&[
        ("GET Task?based-on=s1", "t1"),
        ("GET Task?based-on=ServiceRequest/s1,ServiceRequest/s2", "t1 t2"),
        ("GET Task?based-on:ServiceRequest=s2", "t2"),
        ("GET Task?based-on:CarePlan=s2", ""),
        ("GET Task?based-on.status=active", "t1"),
        ("GET Task?based-on:ServiceRequest.identifier=urn:z%7Ca%5C%7Cb", "t1"),
        (
            "GET Task?based-on:ServiceRequest.status=completed&status=accepted",
            "t2",
        ),
        ("GET Task?based-on:ServiceRequest.status=completed&status=requested", ""),
        ("GET Task?requester=PractitionerRole/r1", "t1"),
        (
            "GET Task?requester=https://elders.example.nl/fhir/PractitionerRole/r1",
            "t-4",
        ),
        ("GET Task?requester:identifier=urn:y%7C9", "t2"),
        ("GET Task?requester:missing=true", "T2"),
        ("GET Task?part-of=Task/t1", "T2"),
        ("GET Task?part-of.status=requested", "T2"),
        ("GET Task?based-on.requester.organization=o1", "t1"),
        ("GET Task?based-on.requester.organization.name=Zorg", "400"),
        ("GET Task?_revinclude=Task:part-of", "400"),
        ("GET Task?_has:Task:part-of:status=completed", "400"),
        ("GET Task?owner=Organization/o1", "400"),
        ("GET Task?patient.identifier=x", "400"),
        ("GET Task?_id=t1&_include=Task:based-on", "t1 | s1"),
        ("GET Task?_id=t1&_include=Task:focus", "t1 | e1"),
        ("GET Task?_id=t1&_include=Task:focus:Endpoint", "t1 | e1"),
        ("GET Task?_id=t1&_include=Task:focus:Questionnaire", "t1"),
        (
            "GET Task?_id=T2&_include=Task:part-of&_include=Task:based-on",
            "T2 | t1",
        ),
        (
            "GET Task?_id=T2&_include=Task:part-of&_include:iterate=Task:based-on",
            "T2 | s1 t1",
        ),
        ("GET Task?_id=t-4&_include=Task:requester", "t-4"),
        ("GET PractitionerRole?_include=PractitionerRole:endpoint", "r1 | e2"),
        (
            "GET PractitionerRole?_include=PractitionerRole:organization&_include:iterate=Organization:endpoint",
            "r1 | e1 o1",
        ),
        (
            "GET PractitionerRole?_include=PractitionerRole:location&_include:iterate=Location:endpoint",
            "r1 | e1 l1",
        ),
        ("GET PractitionerRole?_include=PractitionerRole:*", "r1 | e2 l1 o1 p1"),
        (
            "GET Organization?_include=Organization:endpoint&_include=Organization:partof",
            "o1 | e1",
        ),
        ("GET Task?_include=Task", "400"),
        ("GET Task?_include=Task:based-on:", "400"),
        ("GET Task?_include=ServiceRequest:requester", "400"),
    ]);
}

#[test]
fn methods_forms_and_preferences_are_met_or_refused() {
    let (responder, set) = server();
    let mut wrong = Vec::new();
    for (question, expected) in [
        ("HEAD Task?_id=t1", "200 application/fhir+json; fhirVersion=4.0"),
        (
            "HEAD Task/t1 ¦ accept: application/fhir+xml",
            "200 application/fhir+xml; fhirVersion=4.0",
        ),
        ("HEAD Task/onbekend", "404 application/fhir+json; fhirVersion=4.0"),
        ("HEAD Binary/d1", "200 application/pdf"),
        ("GET Binary/d1", "200 application/pdf"),
        ("GET Binary/d1 ¦ accept: */*", "200 application/pdf"),
        (
            "GET Binary/d1 ¦ accept: application/pdf, application/fhir+json;q=0.1",
            "200 application/pdf",
        ),
        (
            "GET Binary/d1 ¦ accept: image/*",
            "406 application/fhir+json; fhirVersion=4.0",
        ),
        ("GET Binary/d2 ¦ accept: image/*", "200 image/jpeg"),
        (
            "GET Binary/d1 ¦ accept: application/fhir+json",
            "200 application/fhir+json; fhirVersion=4.0",
        ),
        (
            "GET Task/t1 ¦ accept: application/xml",
            "200 application/fhir+xml; fhirVersion=4.0",
        ),
        (
            "GET Task/t1 ¦ accept: application/json",
            "200 application/fhir+json; fhirVersion=4.0",
        ),
        (
            "GET Task/t1 ¦ accept: text/html",
            "406 application/fhir+json; fhirVersion=4.0",
        ),
        (
            "GET Task/t1 ¦ accept: text/html, */*;q=0.8",
            "200 application/fhir+json; fhirVersion=4.0",
        ),
        (
            "GET Task/t1 ¦ accept: application/fhir+json;q=0",
            "406 application/fhir+json; fhirVersion=4.0",
        ),
        (
            "GET Task/t1 ¦ accept: application/fhir+json; fhirVersion=3.0",
            "400 application/fhir+json; fhirVersion=4.0",
        ),
        (
            "GET Task/t1 ¦ accept: application/fhir+json; fhirVersion=3.0, application/fhir+xml; fhirVersion=4.0",
            "200 application/fhir+xml; fhirVersion=4.0",
        ),
        (
            "GET Task/t1 ¦ accept: application/fhir+xml;q=0.4, application/fhir+json;q=0.5",
            "200 application/fhir+json; fhirVersion=4.0",
        ),
        (
            "GET Task/t1?_format=xml ¦ accept: application/fhir+json",
            "200 application/fhir+xml; fhirVersion=4.0",
        ),
        (
            "GET Task/t1?_format=application/fhir%2Bxml",
            "200 application/fhir+xml; fhirVersion=4.0",
        ),
        ("GET Task/t1?_format=html", "406 application/fhir+json; fhirVersion=4.0"),
        (
            "GET Task/t1?status=requested",
            "400 application/fhir+json; fhirVersion=4.0",
        ),
        (
            "GET Task/t1 ¦ if-none-match: W/\"3\"",
            "200 application/fhir+json; fhirVersion=4.0",
        ),
        (
            "GET Task?onbekend=1 ¦ prefer: handling=lenient",
            "200 application/fhir+json; fhirVersion=4.0",
        ),
        (
            "GET Task?onbekend=1 ¦ prefer: respond-async, Handling=\"lenient\"",
            "200 application/fhir+json; fhirVersion=4.0",
        ),
        (
            "GET Task?onbekend=1 ¦ prefer: handling=anders",
            "400 application/fhir+json; fhirVersion=4.0",
        ),
        (
            "GET Task?_revinclude=Task:part-of ¦ prefer: handling=lenient",
            "200 application/fhir+json; fhirVersion=4.0",
        ),
        (
            "GET Task?owner=o1 ¦ prefer: handling=lenient",
            "400 application/fhir+json; fhirVersion=4.0",
        ),
        ("OPTIONS Task", "405 application/fhir+json; fhirVersion=4.0"),
        ("POST Task/_search", "400 application/fhir+json; fhirVersion=4.0"),
        ("DELETE Task/t1", "405 application/fhir+json; fhirVersion=4.0"),
        ("PUT Task/t1", "405 application/fhir+json; fhirVersion=4.0"),
        ("GET Task/t1/_history", "404 application/fhir+json; fhirVersion=4.0"),
        ("GET Task/t1/_history/3", "404 application/fhir+json; fhirVersion=4.0"),
        ("GET task", "404 application/fhir+json; fhirVersion=4.0"),
        ("GET Patient", "404 application/fhir+json; fhirVersion=4.0"),
        ("GET Task/t1/", "200 application/fhir+json; fhirVersion=4.0"),
        ("GET Task/..%2Ft1", "400 application/fhir+json; fhirVersion=4.0"),
    ] {
        let response = ask(&responder, &set, question);
        let content_type = response.headers()["content-type"].to_str().unwrap();
        let found = format!("{} {content_type}", response.status().as_u16());
        if found != expected {
            wrong.push(format!("{question}: {found:?}, not {expected:?}"));
        }
        assert_eq!(response.headers()["cache-control"], "no-store", "{question}");
        assert_eq!(response.body().is_empty(), question.starts_with("HEAD"), "{question}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_head_has_the_length_of_what_a_get_holds() {
    let (responder, set) = server();
    for target in ["Task?_id=t1", "Task/t1", "Task/geen", "Binary/d1", "metadata"] {
        let head = ask(&responder, &set, &format!("HEAD {target}"));
        let get = ask(&responder, &set, &format!("GET {target}"));
        let length: usize = head.headers()["content-length"].to_str().unwrap().parse().unwrap();
        assert_eq!((head.status(), length), (get.status(), get.body().len()), "{target}");
    }
}

#[test]
fn a_page_that_was_altered_is_gone() {
    let (responder, set) = server();
    let page = ask(&responder, &set, "GET Task?_sort=_id");
    let bundle: Value = serde_json::from_slice(page.body()).unwrap();
    assert_eq!(bundle["total"], Value::Null, "of several pages no total is told");
    let next = bundle["link"]
        .as_array()
        .unwrap()
        .iter()
        .find(|link| link["relation"] == "next")
        .unwrap();
    let next = next["url"]
        .as_str()
        .unwrap()
        .strip_prefix("https://dva.example.nl/fhir/")
        .unwrap()
        .to_owned();
    assert_eq!(shown(&ask(&responder, &set, &format!("GET {next}"))), "t2");
    let (path, token) = next.split_once("_page=").unwrap();
    for at in 0..token.len() {
        let mut altered = token.as_bytes().to_vec();
        altered[at] = if altered[at] == b'1' { b'2' } else { b'1' };
        let altered = String::from_utf8(altered).unwrap();
        let response = ask(&responder, &set, &format!("GET {path}_page={altered}"));
        // of an unsealed link the number of the first match may be another one of the same result
        assert!(
            matches!(
                shown(&response).as_str(),
                "410" | "400" | "T2 t-4 t1" | "t-4 t1 t2" | "t1 t2"
            ),
            "{altered}"
        );
    }
    for question in [
        format!("GET {path}_page="),
        format!("GET {path}_page={token}1"),
        format!("GET {path}_page={}", &token[..token.len() - 1]),
        format!("GET Endpoint?_page={token}"),
        format!("GET {path}_page={token}&status=requested"),
    ] {
        let status = ask(&responder, &set, &question).status().as_u16();
        assert!(matches!(status, 400 | 410), "{question}: {status}");
    }
}

#[test]
fn an_update_with_a_condition_replaces_that_version_only() {
    let task = r#"{"resourceType":"Task","id":"t1","meta":{"versionId":"3","profile":["x"]},"status":"requested","intent":"order"}"#;
    let plain = r#"{"resourceType":"Task","id":"t2","status":"requested","intent":"order"}"#;
    let endpoint = ResourceEndpoint::new(BackchannelUri::parse(BASE).unwrap()).unwrap();
    let delen = Delen::lookup("60").unwrap();
    let responder = Responder::serving(endpoint, Served::new(FhirVersion::Stu3).with_delen(delen));
    for (id, condition, expected) in [
        ("t1", None, 200),
        ("t1", Some("W/\"3\""), 200),
        ("t1", Some("\"3\""), 200),
        ("t1", Some("*"), 200),
        ("t1", Some("W/\"2\", W/\"3\""), 200),
        ("t1", Some("W/\"2\""), 412),
        ("t1", Some("3"), 412),
        ("t2", Some("W/\"1\""), 412),
        ("t2", Some("*"), 200),
        ("t3", Some("*"), 412),
        ("t3", None, 404),
    ] {
        let mut set = ResourceSet::new();
        for resource in [task, plain] {
            set.insert_json(resource.as_bytes()).unwrap();
        }
        let source = MemoryBronsysteem::new(set);
        let mut request = Request::put(format!("/fhir/Task/{id}"))
            .header("content-type", "application/fhir+json")
            .header("authorization", "Bearer een");
        if let Some(condition) = condition {
            request = request.header("if-match", condition);
        }
        let body = task
            .replace("requested", "accepted")
            .replace("\"t1\"", &format!("{id:?}"));
        let request = request.body(Bytes::from(body)).unwrap();
        let response = now(responder.respond(&request, &Context::default(), &source));
        assert_eq!(response.status().as_u16(), expected, "{id} {condition:?}");
        let stored = now(responder.respond(
            &Request::get("/fhir/Task/t1").body(Bytes::new()).unwrap(),
            &Context::default(),
            &source,
        ));
        let stored: Value = serde_json::from_slice(stored.body()).unwrap();
        let changed = id == "t1" && expected == 200;
        assert_eq!(stored["status"] == "accepted", changed, "{id} {condition:?}");
    }
}
