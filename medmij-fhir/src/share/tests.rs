// SPDX-License-Identifier: AGPL-3.0-or-later
//! What became of each entry, and that nothing is shared twice.

mod drafts;
mod tasks;

use bytes::Bytes;
use medmij_types::{AccessToken, BackchannelUri, CorrelationId, OsEntropy, Systeemrolcode};
use serde_json::{Value, json};

use super::{EntryUrl, ShareDraft, ShareError, Sharing};
use crate::access::Access;
use crate::catalogue::Catalogue;
use crate::endpoint::{ResourceEndpoint, ResourceEndpoints};
use crate::gegevensdienst::Gegevensdienst;
use crate::limits::Limits;
use crate::resource::Resource;

const BASE: &str = "https://dva.example.nl/fhir/delen";

fn service(key: &str) -> &'static Gegevensdienst {
    Catalogue::builtin().all().find(|service| service.key() == key).unwrap()
}

fn endpoint() -> ResourceEndpoint {
    ResourceEndpoint::new(BackchannelUri::parse(BASE).unwrap()).unwrap()
}

fn access(key: &str) -> Access {
    Access::new(
        ResourceEndpoints::new(Systeemrolcode::parse("een-rol").unwrap(), endpoint()),
        AccessToken::from_wire("geheim").unwrap(),
        CorrelationId::parse("6f1c3b62-7d1c-4e0e-9a7a-1f5f2d3c4b5a").unwrap(),
        service(key).version(),
    )
}

fn resource(mut value: Value) -> Resource {
    if value["resourceType"] != "Binary" && value.get("meta").is_none() {
        value["meta"] = json!({"profile": ["http://example.nl/profiel"]});
    }
    Resource::parse(value.to_string().as_bytes(), &Limits::default()).unwrap()
}

fn add(draft: &mut ShareDraft, value: Value) -> EntryUrl {
    let url = draft.reserve(&OsEntropy).unwrap();
    draft.create(&url, resource(value)).unwrap();
    url
}

/// 53 with a Patient and so many weights.
fn measurements(count: usize) -> Sharing {
    let mut draft = ShareDraft::new(service("53")).unwrap();
    let patient = add(&mut draft, json!({"resourceType": "Patient"}));
    for number in 0..count {
        add(
            &mut draft,
            json!({"resourceType": "Observation", "subject": {"reference": patient.as_str()}, "valueInteger": number}),
        );
    }
    draft.build().unwrap()
}

fn answer(kind: &str, entries: &[Value]) -> http::Response<Bytes> {
    let body = json!({"resourceType": "Bundle", "type": kind, "entry": entries});
    http::Response::builder()
        .status(200)
        .header("content-type", "application/fhir+json")
        .body(body.to_string().into())
        .unwrap()
}

fn status(text: &str) -> Value {
    json!({"response": {"status": text}})
}

fn body(request: &http::Request<Bytes>) -> Value {
    serde_json::from_slice(request.body()).unwrap()
}

#[test]
fn a_batch_is_posted_to_the_endpoint_itself_as_the_qualification_asserts() {
    let mut sharing = measurements(2);
    let request = sharing.request(&access("53"), &OsEntropy).unwrap();
    assert_eq!(
        (request.method().as_str(), request.uri().to_string().as_str()),
        ("POST", BASE)
    );
    assert_eq!(request.headers()["content-type"], "application/fhir+json");
    assert_eq!(request.headers()["prefer"], "return=representation");
    assert_eq!(request.headers()["accept"], "application/fhir+json; fhirVersion=3.0");
    let bundle = body(&request);
    assert_eq!(
        (&bundle["type"], bundle["entry"].as_array().unwrap().len()),
        (&json!("batch"), 3)
    );
    let patient = &bundle["entry"][0]["fullUrl"];
    for entry in bundle["entry"].as_array().unwrap() {
        assert!(entry["fullUrl"].as_str().unwrap().starts_with("urn:uuid:"));
        assert!(entry["resource"].get("id").is_none());
        assert_eq!(entry["request"]["method"], "POST");
        assert_eq!(entry["request"]["url"], entry["resource"]["resourceType"]);
        if entry["resource"]["resourceType"] == "Observation" {
            assert_eq!(&entry["resource"]["subject"]["reference"], patient);
        }
    }
}

#[test]
fn each_entry_has_its_result_and_a_repeat_sends_what_was_not_accepted() {
    let mut sharing = measurements(3);
    let access = access("53");
    let first = body(&sharing.request(&access, &OsEntropy).unwrap());
    let outcome = json!({"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "invalid"}]});
    let refused = json!({"response": {"status": "422 Unprocessable", "outcome": outcome}});
    let response = answer(
        "batch-response",
        &[
            status("201 Created"),
            status("201"),
            refused,
            json!({"response": {"status": "200", "location": "Observation/7/_history/1"}}),
        ],
    );
    let shared = sharing.receive(response, &access, &Limits::default()).unwrap();
    assert!(!shared.is_accepted());
    let bad: Vec<_> = shared.refused().collect();
    assert_eq!((bad.len(), bad[0].status), (1, Some(422)));
    assert_eq!(bad[0].outcome.as_ref().unwrap().to_string(), "error invalid");
    assert_eq!(shared.entries[3].location.as_deref(), Some("Observation/7/_history/1"));
    assert_eq!(sharing.request(&access, &OsEntropy).unwrap_err(), ShareError::Unknown);

    let again = body(&sharing.repeat(&access, &OsEntropy).unwrap());
    assert_eq!(
        again["entry"].as_array().unwrap().len(),
        2,
        "the patient and the one that was refused"
    );
    assert_eq!(again["entry"][0], first["entry"][0], "under the same fullUrl");
    assert_eq!(again["entry"][1], first["entry"][2]);
    let response = answer("batch-response", &[status("200"), status("201")]);
    assert!(
        sharing
            .receive(response, &access, &Limits::default())
            .unwrap()
            .is_accepted()
    );
    assert!(sharing.is_accepted());
    assert_eq!(
        sharing.repeat(&access, &OsEntropy).unwrap_err(),
        ShareError::AlreadyShared
    );
}

#[test]
fn without_an_answer_it_is_unknown_and_goes_again_only_when_told_so() {
    let access = access("53");
    let mut sharing = measurements(1);
    let first = sharing.request(&access, &OsEntropy).unwrap();
    assert!(sharing.is_unknown());
    assert_eq!(sharing.request(&access, &OsEntropy).unwrap_err(), ShareError::Unknown);
    let second = sharing.repeat(&access, &OsEntropy).unwrap();
    assert_eq!(
        first.body(),
        second.body(),
        "byte for byte, so that a DVA can know it again"
    );
    assert_ne!(
        first.headers()["medmij-request-id"],
        second.headers()["medmij-request-id"]
    );

    // a refusal before anything was done leaves it to be sent; a server error does not say so
    for (code, unknown) in [
        (400, false),
        (403, false),
        (422, false),
        (429, true),
        (500, true),
        (503, true),
    ] {
        let mut sharing = measurements(1);
        sharing.request(&access, &OsEntropy).unwrap();
        let response = http::Response::builder().status(code).body(Bytes::new()).unwrap();
        let shared = sharing.receive(response, &access, &Limits::default()).unwrap();
        assert!(shared.entries.is_empty() && !shared.is_accepted());
        assert_eq!(sharing.is_unknown(), unknown, "{code}");
    }
}

#[test]
fn an_answer_that_does_not_fit_is_an_error_and_leaves_it_unknown() {
    let access = access("53");
    for response in [
        answer("transaction-response", &[status("201"), status("201")]),
        answer("batch-response", &[status("201")]),
        answer("batch-response", &[status("201"), status("201"), status("201")]),
        answer("searchset", &[]),
        answer("batch-response", &[json!(7), status("201")]),
    ] {
        let mut sharing = measurements(1);
        sharing.request(&access, &OsEntropy).unwrap();
        assert!(sharing.receive(response, &access, &Limits::default()).is_err());
        assert!(sharing.is_unknown());
    }
    // an entry without a status is not accepted
    let mut sharing = measurements(1);
    sharing.request(&access, &OsEntropy).unwrap();
    let response = answer("batch-response", &[status("201"), json!({})]);
    let shared = sharing.receive(response, &access, &Limits::default()).unwrap();
    assert_eq!((shared.entries[1].status, shared.entries[1].accepted), (None, false));
}

#[test]
fn the_acknowledgement_of_a_correction_is_shown() {
    let access = access("U:Patientcorrecties");
    let mut draft = ShareDraft::new(service("U:Patientcorrecties")).unwrap();
    add(&mut draft, json!({"resourceType": "Communication"}));
    let mut sharing = draft.build().unwrap();
    let request = sharing.request(&access, &OsEntropy).unwrap();
    assert_eq!(request.headers()["prefer"], "return=representation");
    assert_eq!(request.headers()["accept"], "application/fhir+json; fhirVersion=4.0");
    let notice = json!({"resource": {"resourceType": "OperationOutcome", "issue": [
        {"severity": "information", "code": "informational", "details": {"text": "Wij hebben uw verzoek ontvangen."}}]}});
    let stored = json!({"resource": {"resourceType": "Communication", "id": "7"}, "response": {"status": "201"}});
    for entries in [[stored.clone(), notice.clone()], [notice, stored]] {
        let mut again = Sharing {
            state: super::State::Unknown,
            entries: sharing.entries.clone(),
            kind: sharing.kind,
            prefer: None,
        };
        let shared = again
            .receive(answer("transaction-response", &entries), &access, &Limits::default())
            .unwrap();
        assert!(shared.is_accepted());
        assert_eq!(
            shared.acknowledgement.as_deref(),
            Some("Wij hebben uw verzoek ontvangen.")
        );
        assert_eq!(shared.resources.len(), 1);
    }
}
