// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the server side refuses: what it does not support, requests that name the Persoon, malformed ones.

use super::{get, refusal, responder, set};
use crate::outcome::IssueCode;

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
