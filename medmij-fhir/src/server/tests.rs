// SPDX-License-Identifier: AGPL-3.0-or-later
//! Searches, refusals and paging of the server side.

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
fn paging_walks_all_matches_once() {
    let responder = responder("48").with_page_size(2);
    let mut path = "Observation?code=http://loinc.org%7C85354-9,http://loinc.org%7C29463-7".to_owned();
    let mut found = Vec::new();
    let mut pages = Vec::new();
    loop {
        let response = get(&responder, &path);
        found.push(ids(&response));
        let bundle = Bundle::parse(response.body(), &Limits::default()).unwrap();
        // the qualification wants no total above the matches of the page
        assert_eq!(bundle.total(), None);
        let Some(next) = bundle.link("next") else { break };
        path = next.strip_prefix(&format!("{BASE}/")).unwrap().to_owned();
        pages.push(path.clone());
    }
    assert_eq!(found, [vec!["rr1", "rr2"], vec!["rr3", "kg1"], vec!["kg2"]]);
    // a client may ask fewer, not more
    assert_eq!(ids(&get(&responder, "Observation?_count=1")).len(), 1);
    assert_eq!(ids(&get(&responder, "Observation?_count=100")).len(), 2);
    let none = get(&responder, "Observation?_count=0");
    assert_eq!(ids(&none).len(), 0);
    assert_eq!(Bundle::parse(none.body(), &Limits::default()).unwrap().total(), Some(6));
    let self_link = Bundle::parse(get(&responder, &pages[0]).body(), &Limits::default()).unwrap();
    assert_eq!(self_link.link("self"), Some(format!("{BASE}/{}", pages[0]).as_str()));
    // another token, another type, another key, past the end: nothing to be had
    let request = http::Request::get(format!("/fhir/48/{}", pages[0]));
    let request = request.header("authorization", "Bearer ander").body(()).unwrap();
    assert_eq!(refusal(&responder.answer(&request, &set())), (410, IssueCode::Expired));
    for page in [
        pages[0].replace("Observation", "Coverage"),
        pages[0].replace("Observation", "Observation/$lastn"),
        pages[0].replace("=", "=0"),
        format!("{}9", pages[0]),
        "Observation?_page=0-2".to_owned(),
        "Observation?_page=2".to_owned(),
    ] {
        assert_eq!(refusal(&get(&responder, &page)), (410, IssueCode::Expired), "{page}");
    }
    let more = format!("{}&code=85354-9", pages[0]);
    assert_eq!(refusal(&get(&responder, &more)), (400, IssueCode::NotSupported));
}

#[test]
fn what_is_not_supported_is_refused_and_never_ignored() {
    let responder = responder("48");
    for (path, expected) in [
        ("CarePlan", (404, IssueCode::NotSupported)),
        ("DocumentReference?status=current", (404, IssueCode::NotSupported)),
        ("observation", (404, IssueCode::NotSupported)),
        ("", (404, IssueCode::NotSupported)),
        ("Patient/$", (400, IssueCode::Invalid)),
        ("Patient/$a/b", (404, IssueCode::NotSupported)),
        ("Patient/a$b", (400, IssueCode::Invalid)),
        ("Pat$ient", (400, IssueCode::Invalid)),
        ("Patient/%24", (400, IssueCode::Invalid)),
        ("Patient/$everything", (404, IssueCode::NotSupported)),
        ("Condition/$lastn", (404, IssueCode::NotSupported)),
        ("Patient/p/_history", (404, IssueCode::NotSupported)),
        ("Observation?onbekend=1", (400, IssueCode::NotSupported)),
        ("Observation?code:in=85354-9", (400, IssueCode::NotSupported)),
        ("Observation?_sort=onbekend", (400, IssueCode::NotSupported)),
        ("Observation?_summary=true", (400, IssueCode::NotSupported)),
        ("Observation?date=gisteren", (400, IssueCode::Invalid)),
        ("Observation?date=2026-02-31", (400, IssueCode::Invalid)),
        ("Observation?max=2", (400, IssueCode::NotSupported)),
        ("Observation?_include=Observation:code", (400, IssueCode::NotSupported)),
        (
            "Observation?_include=Patient:general-practitioner",
            (400, IssueCode::NotSupported),
        ),
        ("Observation?code=", (400, IssueCode::NotSupported)),
        ("Observation?code=%zz", (400, IssueCode::Invalid)),
        ("Observation?code=%ff", (400, IssueCode::Invalid)),
        ("Observation?code=a|b|c", (400, IssueCode::Invalid)),
        ("Observation?_count=-1", (400, IssueCode::Invalid)),
        ("Observation?_count=x", (400, IssueCode::Invalid)),
        ("Observation?_format=text/html", (406, IssueCode::NotSupported)),
        ("Patient/p?_elements=id", (400, IssueCode::NotSupported)),
        ("Patient/onbekend", (404, IssueCode::NotFound)),
    ] {
        assert_eq!(refusal(&get(&responder, path)), expected, "{path}");
    }
    let request = http::Request::get("/fhir/49/Patient").body(()).unwrap();
    assert_eq!(
        refusal(&responder.answer(&request, &set())),
        (404, IssueCode::NotSupported)
    );
    let request = http::Request::post("/fhir/48/Patient").body(()).unwrap();
    let response = responder.answer(&request, &set());
    assert_eq!(
        (response.status().as_u16(), &response.headers()["allow"]),
        (405, &http::HeaderValue::from_static("GET, HEAD"))
    );
}

#[test]
fn core_rscint_203_requests_that_name_the_persoon() {
    let responder = responder("48");
    for path in [
        "Condition?patient=p",
        "Condition?subject=Patient/p",
        "Condition?subject:Patient=p",
        "Condition?patient.identifier=1",
        "Patient?_id=p",
        "Patient?identifier=http://fhir.nl/fhir/NamingSystem/bsn|999990019",
        "Condition?code=http%3A%2F%2Ffhir.nl%2Ffhir%2FNamingSystem%2Fbsn%7C999990019",
    ] {
        let response = get(&responder, path);
        assert_eq!(refusal(&response), (400, IssueCode::Invalid), "{path}");
        assert!(!String::from_utf8_lossy(response.body()).contains("999990019"));
    }
}

#[test]
fn core_rscint_200_h09_h10_malformed_requests_are_refused() {
    let response = get(&responder("48"), "Patient?access_token=geheim");
    assert_eq!(refusal(&response), (400, IssueCode::Invalid));
    assert_eq!(
        response.headers()["www-authenticate"],
        "Bearer error=\"invalid_request\""
    );
    assert!(!String::from_utf8_lossy(response.body()).contains("geheim"));
}

#[test]
fn h11_the_accept_header_decides_the_format() {
    let responder = responder("48");
    for (accept, expected) in [
        (None, 200),
        (Some("application/fhir+json; fhirVersion=3.0"), 200),
        (Some("application/fhir+json;fhirVersion=3.0.2;q=0.9"), 200),
        (Some("application/json+fhir"), 200),
        (Some("*/*"), 200),
        (
            Some("application/fhir+xml;q=0.5, application/fhir+json; fhirVersion=3.0"),
            200,
        ),
        (Some("application/fhir+json; fhirVersion=4.0"), 400),
        (Some("application/fhir+json; fhirVersion=nul"), 400),
        (Some("application/fhir+json, f\u{f6}\u{f6}/bar;q=0.1"), 200),
        (Some("text/html"), 406),
        (Some("application/fhir+xml"), 200),
        (Some("text/xml;q=0.1, text/html"), 200),
        (Some("application/fhir+json;q=0"), 406),
        (Some("nonsense"), 406),
    ] {
        let mut request = http::Request::get("/fhir/48/Patient").body(()).unwrap();
        if let Some(accept) = accept {
            let value = http::HeaderValue::from_bytes(accept.as_bytes()).unwrap();
            request.headers_mut().insert("accept", value);
        }
        let response = responder.answer(&request, &set());
        assert_eq!(response.status().as_u16(), expected, "{accept:?}");
        if expected != 200 {
            assert_eq!(refusal(&response).1, IssueCode::NotSupported);
        }
    }
}

#[test]
fn a_read_gives_the_exact_bytes() {
    let response = get(&responder("48"), "Practitioner/ha");
    assert_eq!(&response.body()[..], br#"{"resourceType":"Practitioner","id":"ha"}"#);
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

#[test]
fn a_binary_is_json_when_asked_and_the_document_when_nothing_is_asked() {
    let mut set = ResourceSet::new();
    let binary = br#"{"resourceType":"Binary","id":"brief","contentType":"application/pdf","content":"JVBERi0="}"#;
    set.insert_json(binary).unwrap();
    for (accept, status, content_type, body) in [
        (None, 200, "application/pdf", &b"%PDF-"[..]),
        (Some("*/*"), 200, "application/pdf", b"%PDF-"),
        (Some("application/pdf"), 200, "application/pdf", b"%PDF-"),
        (
            Some("application/fhir+json"),
            200,
            "application/fhir+json; fhirVersion=3.0",
            &binary[..],
        ),
        (Some("image/png"), 406, "application/fhir+json; fhirVersion=3.0", b""),
    ] {
        let mut request = http::Request::get("/fhir/48/Binary/brief").body(()).unwrap();
        if let Some(accept) = accept {
            request.headers_mut().insert("accept", accept.parse().unwrap());
        }
        let response = responder("48").answer(&request, &set);
        assert_eq!(response.status().as_u16(), status, "{accept:?}");
        assert_eq!(response.headers()["content-type"], content_type, "{accept:?}");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        if status == 200 {
            assert_eq!(&response.body()[..], body, "{accept:?}");
        }
    }
}

#[test]
fn an_answer_is_xml_when_xml_is_asked_and_so_is_a_refusal() {
    for (path, accept, start) in [
        (
            "Patient",
            Some("application/fhir+xml"),
            "<Bundle xmlns=\"http://hl7.org/fhir\">",
        ),
        ("Patient?_format=xml", None, "<Bundle "),
        (
            "Patient?_format=application/fhir+xml",
            Some("application/fhir+json"),
            "<Bundle ",
        ),
        ("Practitioner/ha", Some("application/fhir+xml"), "<Practitioner "),
        ("metadata", Some("application/xml"), "<CapabilityStatement "),
        ("CarePlan", Some("application/fhir+xml"), "<OperationOutcome "),
        ("Patient/$", Some("application/fhir+xml"), "<OperationOutcome "),
    ] {
        let mut request = http::Request::get(format!("/fhir/48/{path}")).body(()).unwrap();
        if let Some(accept) = accept {
            request.headers_mut().insert("accept", accept.parse().unwrap());
        }
        let response = responder("48").answer(&request, &set());
        let text = String::from_utf8_lossy(response.body()).into_owned();
        assert!(text.contains(start), "{path}: {text}");
        assert_eq!(
            response.headers()["content-type"],
            "application/fhir+xml; fhirVersion=3.0",
            "{path}"
        );
        assert!(
            crate::xml::to_json(response.body(), crate::FhirVersion::Stu3, &Limits::default())
                .unwrap()
                .is_lossless()
        );
    }
}

#[test]
fn ten_thousand_resources_in_two_hundred_pages_are_fetched_once() {
    use std::future::Future;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context as Waking, Poll, Waker};

    use super::{Bronsysteem, BronsysteemError, Context, Found, Wanted};

    struct Counting(ResourceSet, AtomicUsize);
    impl Bronsysteem for Counting {
        async fn find(&self, context: &Context, wanted: &Wanted) -> Result<Vec<Resource>, BronsysteemError> {
            self.1.fetch_add(1, Ordering::Relaxed);
            self.0.find(context, wanted).await
        }
        async fn read(
            &self,
            _: &Context,
            _: &crate::ResourceType,
            _: &crate::ResourceId,
        ) -> Result<Found, BronsysteemError> {
            Ok(Found::Unknown)
        }
    }

    let mut set = ResourceSet::new();
    for number in 0..10_000 {
        let flag = format!(r#"{{"resourceType":"Flag","id":"f{number}","status":"active"}}"#);
        set.insert_json(flag.as_bytes()).unwrap();
    }
    let bronsysteem = Counting(set, AtomicUsize::new(0));
    let responder = responder("48");
    let (mut path, mut pages, mut found) = ("Flag?status=active".to_owned(), 0, 0);
    loop {
        let request = http::Request::get(format!("/fhir/48/{path}"))
            .body(Bytes::new())
            .unwrap();
        let context = Context::default();
        let mut answer = std::pin::pin!(responder.respond(&request, &context, &bronsysteem));
        let Poll::Ready(response) = answer.as_mut().poll(&mut Waking::from_waker(Waker::noop())) else {
            panic!("memory does not wait");
        };
        let bundle = Bundle::parse(response.body(), &Limits::default()).unwrap();
        pages += 1;
        found += bundle.entries().len();
        let Some(next) = bundle.link("next") else { break };
        path = next.strip_prefix(&format!("{BASE}/")).unwrap().to_owned();
    }
    assert_eq!((pages, found, bronsysteem.1.into_inner()), (200, 10_000, 1));
}
