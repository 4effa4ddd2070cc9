// SPDX-License-Identifier: AGPL-3.0-or-later
//! Searches of the server side, and what its answers hold.

mod formats;
mod paging;
mod refusals;
mod replicas;

use bytes::Bytes;
use medmij_types::{BackchannelUri, GegevensdienstId};

use super::{Masked, ResourceSet, ResourceSetError, Responder};
use crate::bundle::{Bundle, SearchMode};
use crate::endpoint::ResourceEndpoint;
use crate::gegevensdienst::Gegevensdienst;
use crate::limits::Limits;
use crate::outcome::{IssueCode, OperationOutcome};
use crate::resource::Resource;

const BASE: &str = "https://dvza.example.nl/fhir/48";

fn responder(id: &str) -> Responder {
    let gegevensdienst = Gegevensdienst::lookup(&GegevensdienstId::parse(id).unwrap()).unwrap();
    Responder::new(
        ResourceEndpoint::new(BackchannelUri::parse(BASE).unwrap()).unwrap(),
        gegevensdienst,
    )
}

fn set() -> ResourceSet {
    let mut set = ResourceSet::new();
    for text in [
        r#"{"resourceType":"Patient","id":"p","generalPractitioner":[{"reference":"Practitioner/ha"}]}"#,
        r#"{"resourceType":"Practitioner","id":"ha"}"#,
        r#"{"resourceType":"Coverage","id":"c","payor":[{"reference":"Organization/o"},{"reference":"Patient/p"}]}"#,
        r#"{"resourceType":"Organization","id":"o"}"#,
    ] {
        set.insert_json(text.as_bytes()).unwrap();
    }
    for (id, code, time) in [
        ("rr1", "85354-9", "2026-01-05T09:00:00+01:00"),
        ("rr2", "85354-9", "2026-03-05T09:00:00+01:00"),
        ("rr3", "85354-9", "2025-12"),
        ("kg1", "29463-7", "2026-01-05T09:00:00+01:00"),
        ("kg2", "29463-7", "2026-01-05T08:30:00Z"),
        ("l1", "8302-2", "2020"),
    ] {
        let text = format!(
            r#"{{"resourceType":"Observation","id":"{id}","code":{{"coding":[{{"system":"http://loinc.org","code":"{code}"}}]}},"effectiveDateTime":"{time}"}}"#
        );
        set.insert_json(text.as_bytes()).unwrap();
    }
    set
}

fn get(responder: &Responder, path: &str) -> http::Response<Bytes> {
    let request = http::Request::get(format!("/fhir/48/{path}")).body(()).unwrap();
    responder.answer(&request, &set())
}

fn ids(response: &http::Response<Bytes>) -> Vec<String> {
    assert_eq!(response.status(), 200);
    let bundle = Bundle::parse(response.body(), &Limits::default()).unwrap();
    let id = |resource: Resource| resource.id().unwrap().to_string();
    bundle
        .into_entries()
        .into_iter()
        .map(|entry| id(entry.into_resource().unwrap()))
        .collect()
}

fn refusal(response: &http::Response<Bytes>) -> (u16, IssueCode) {
    let outcome = OperationOutcome::read(&Resource::parse(response.body(), &Limits::default()).unwrap()).unwrap();
    (response.status().as_u16(), outcome.issues[0].code.clone())
}

#[test]
fn searches_are_read_and_judged() {
    let responder = responder("48");
    for (path, expected) in [
        ("Observation?code=http://loinc.org%7C85354-9", vec!["rr1", "rr2", "rr3"]),
        (
            "Observation?code=http%3A%2F%2Floinc.org%7C8302-2%2Chttp://loinc.org|29463-7",
            vec!["kg1", "kg2", "l1"],
        ),
        ("Observation?code=http://snomed.info/sct|85354-9", vec![]),
        ("Observation/$lastn?code=http://loinc.org|85354-9", vec!["rr2"]),
        (
            "Observation/%24lastn?code=http://loinc.org|85354-9&max=2",
            vec!["rr1", "rr2"],
        ),
        ("Observation/$lastn", vec!["rr2", "kg2", "l1"]),
        ("Patient?_include=Patient:general-practitioner", vec!["p", "ha"]),
        (
            "Coverage?_include=Coverage:payor:Patient&_include=Coverage:payor:Organization",
            vec!["c", "p", "o"],
        ),
        ("Coverage?_include=Coverage:payor:Organization", vec!["c", "o"]),
        ("Coverage", vec!["c"]),
        ("Flag", vec![]),
        (
            "Observation?date=ge2026-01-05&date=lt2026-01-06",
            vec!["rr1", "kg1", "kg2"],
        ),
        ("Observation?date=2025-12", vec!["rr3"]),
        ("Observation?code:not=85354-9&date=gt2025", vec!["kg1", "kg2"]),
        ("Observation?code=85354-9&_sort=-date", vec!["rr2", "rr1", "rr3"]),
        ("Observation?_id=rr2,l1", vec!["rr2", "l1"]),
        ("Coverage?_include=Coverage:*", vec!["c", "o", "p"]),
        ("Coverage?payor=Organization/o", vec!["c"]),
        ("Coverage?payor=Organization/p", vec![]),
        ("Patient?_pretty=true&_summary=false", vec!["p"]),
        ("Patient?_format=json", vec!["p"]),
        ("Patient?_format=application/fhir%2Bjson", vec!["p"]),
        ("Patient?_format=application/fhir+json", vec!["p"]),
    ] {
        assert_eq!(ids(&get(&responder, path)), expected, "{path}");
    }
}

#[test]
fn a_searchset_has_self_link_total_modes_and_absolute_full_urls() {
    let response = get(&responder("48"), "Patient?_include=Patient:general-practitioner");
    assert_eq!(
        response.headers()["content-type"],
        "application/fhir+json; fhirVersion=3.0"
    );
    assert_eq!(response.headers()["cache-control"], "no-store");
    let bundle = Bundle::parse(response.body(), &Limits::default()).unwrap();
    let own = format!("{BASE}/Patient?_include=Patient:general-practitioner");
    assert_eq!(
        (bundle.total(), bundle.link("self"), bundle.link("next")),
        (Some(1), Some(own.as_str()), None)
    );
    let modes: Vec<_> = bundle.entries().iter().map(|entry| entry.mode().unwrap()).collect();
    assert_eq!(modes, [SearchMode::Match, SearchMode::Include]);
    assert_eq!(
        bundle.entries()[1].full_url(),
        Some("https://dvza.example.nl/fhir/48/Practitioner/ha")
    );
}

#[test]
fn sets_refuse_duplicates_and_missing_ids() {
    let mut set = set();
    let again = set.insert_json(br#"{"resourceType":"Patient","id":"p"}"#);
    assert_eq!(again, Err(ResourceSetError::Duplicate("Patient/p".to_owned())));
    let nameless = set.insert_json(br#"{"resourceType":"Flag"}"#);
    assert_eq!(nameless, Err(ResourceSetError::NoId("Flag".to_owned())));
}

#[test]
fn a_lenient_client_gets_what_was_understood_and_sees_it_in_the_self_link() {
    let lenient = |path: &str| {
        let request = http::Request::get(format!("/fhir/48/{path}"));
        let request = request.header("prefer", "handling=lenient").body(()).unwrap();
        responder("48").answer(&request, &set())
    };
    let response = lenient("Observation?onbekend=1&code=8302-2&_include=Observation:onbekend");
    assert_eq!(ids(&response), ["l1"]);
    let bundle = Bundle::parse(response.body(), &Limits::default()).unwrap();
    assert_eq!(
        bundle.link("self"),
        Some(format!("{BASE}/Observation?code=8302-2").as_str())
    );
    // who is asked, and a value that cannot be read, stay refused
    assert_eq!(refusal(&lenient("Condition?patient=p")), (400, IssueCode::Invalid));
    assert_eq!(refusal(&lenient("Observation?date=x")), (400, IssueCode::Invalid));
    let ignoring = responder("48").with_unknown(super::Unknown::Ignore);
    assert_eq!(ids(&get(&ignoring, "Observation?onbekend=1&code=8302-2")), ["l1"]);
    let request = http::Request::get("/fhir/48/Observation?onbekend=1");
    let request = request
        .header("prefer", "respond-async, handling=\"strict\"")
        .body(())
        .unwrap();
    assert_eq!(
        refusal(&ignoring.answer(&request, &set())),
        (400, IssueCode::NotSupported)
    );
}

#[test]
fn head_has_the_headers_of_get_and_no_body() {
    let request = http::Request::head("/fhir/48/Patient").body(()).unwrap();
    let (head, get) = (
        responder("48").answer(&request, &set()),
        get(&responder("48"), "Patient"),
    );
    assert_eq!((head.status().as_u16(), head.body().len()), (200, 0));
    assert_eq!(head.headers()["content-length"], get.body().len().to_string());
    assert_eq!(head.headers()["content-type"], get.headers()["content-type"]);
}

#[test]
fn metadata_says_what_is_served() {
    let response = get(&responder("48"), "metadata");
    let statement: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
    assert_eq!(
        (&statement["resourceType"], &statement["fhirVersion"]),
        (&"CapabilityStatement".into(), &"3.0.2".into())
    );
    let resources = statement["rest"][0]["resource"].as_array().unwrap();
    let observation = resources
        .iter()
        .find(|resource| resource["type"] == "Observation")
        .unwrap();
    let parameters = observation["searchParam"].as_array().unwrap();
    let named = |name: &str| parameters.iter().any(|parameter| parameter["name"] == name);
    assert!(named("code") && named("date") && named("_lastUpdated") && !named("patient") && !named("subject"));
    assert!(!resources.iter().any(|resource| resource["type"] == "CarePlan"));
}

#[test]
fn core_rscint_203_a_bsn_of_a_source_is_masked_and_counted() {
    let mut set = ResourceSet::new();
    let patient = br#"{"resourceType":"Patient","id":"p","identifier":[
        {"system":"http://fhir.nl/fhir/NamingSystem/bsn","value":"999990019"}]}"#;
    // as if a source gave it: past the masking of the set
    set.replace(Resource::parse(patient, &Limits::default()).unwrap());
    let request = http::Request::get("/fhir/48/Patient").body(()).unwrap();
    let response = responder("48").answer(&request, &set);
    assert_eq!(response.status(), 200);
    assert!(!String::from_utf8_lossy(response.body()).contains("999990019"));
    assert_eq!(
        response.extensions().get::<Masked>().map(|masked| masked.places),
        Some(1)
    );
}
