// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is refused before it is sent, what became of each entry, and that nothing is shared twice.

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
use crate::share::{QuestionnaireTask, TaskStatus};

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
fn what_breaks_a_rule_is_refused_before_anything_is_sent() {
    let refused = |key: &str, value: Value| {
        let mut draft = ShareDraft::new(service(key)).unwrap();
        let url = draft.reserve(&OsEntropy).unwrap();
        let parsed = Resource::parse(value.to_string().as_bytes(), &Limits::default()).unwrap();
        draft.create(&url, parsed).unwrap_err().to_string()
    };
    let profile = json!({"profile": ["x"]});
    for (key, value, expected) in [
        (
            "53",
            json!({"resourceType": "Flag", "meta": profile}),
            "does not take resources of type Flag",
        ),
        (
            "53",
            json!({"resourceType": "Patient", "id": "p", "meta": profile}),
            "must have no id",
        ),
        (
            "53",
            json!({"resourceType": "Patient", "id": "", "meta": profile}),
            "must have no id",
        ),
        ("53", json!({"resourceType": "Patient"}), "Patient has no meta.profile"),
        (
            "53",
            json!({"resourceType": "Patient", "meta": {"profile": []}}),
            "Patient has no meta.profile",
        ),
        (
            "53",
            json!({"resourceType": "Patient", "meta": profile, "identifier": [{"system": "http://fhir.nl/fhir/NamingSystem/bsn", "value": "999990019"}]}),
            "Patient holds a BSN at identifier[0].value",
        ),
        (
            "55",
            json!({"resourceType": "List", "meta": profile}),
            "no extension images-recipient",
        ),
        (
            "60",
            json!({"resourceType": "QuestionnaireResponse", "meta": profile, "questionnaire": {}, "subject": {}}),
            "has no authored",
        ),
    ] {
        let shown = refused(key, value);
        assert!(shown.contains(expected) && !shown.contains("999990019"), "{shown}");
    }
    assert!(matches!(ShareDraft::new(service("48")), Err(ShareError::NotDelen(_))));
}

#[test]
fn a_bundle_holds_what_it_must_and_its_references_lead_somewhere() {
    let build = |key: &str, values: &[Value]| {
        let mut draft = ShareDraft::new(service(key)).unwrap();
        for value in values {
            add(&mut draft, value.clone());
        }
        draft.build().map(|_| ()).map_err(|error| error.to_string())
    };
    let patient = json!({"resourceType": "Patient"});
    let reference = json!({"resourceType": "DocumentReference"});
    let binary = json!({"resourceType": "Binary", "contentType": "application/pdf", "content": "JVBERg=="});
    let manifest = json!({"resourceType": "DocumentManifest"});
    for (key, values, expected) in [
        ("53", vec![patient.clone()], Err("bundle has no Observation")),
        (
            "53",
            vec![patient.clone(), json!({"resourceType": "Observation"})],
            Err("subject of an Observation is not"),
        ),
        (
            "53",
            vec![
                patient.clone(),
                json!({"resourceType": "Observation", "subject": {"reference": "urn:uuid:elders"}}),
            ],
            Err("Observation refers to an entry that is not in the bundle"),
        ),
        (
            "57",
            vec![patient.clone(), reference.clone()],
            Err("bundle has no Binary"),
        ),
        ("57", vec![patient.clone(), reference.clone(), binary.clone()], Ok(())),
        (
            "57",
            vec![patient.clone(), reference.clone(), reference.clone(), binary.clone()],
            Err("no DocumentManifest"),
        ),
        (
            "57",
            vec![patient.clone(), reference.clone(), reference, binary, manifest],
            Ok(()),
        ),
        ("U:Patientcorrecties", vec![patient], Err("bundle has no Communication")),
        (
            "55",
            vec![
                json!({"resourceType": "List", "extension": [{"url": "http://nictiz.nl/fhir/StructureDefinition/images-recipient"}]}),
                json!({"resourceType": "Media"}),
            ],
            Ok(()),
        ),
    ] {
        match (build(key, &values), expected) {
            (Ok(()), Ok(())) => {}
            (Err(shown), Err(expected)) => assert!(shown.contains(expected), "{shown}"),
            (found, expected) => panic!("{found:?} {expected:?}"),
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
    let told = json!({"resource": {"resourceType": "OperationOutcome", "issue": [
        {"severity": "information", "code": "informational", "details": {"text": "Wij hebben uw verzoek ontvangen."}}]}});
    let stored = json!({"resource": {"resourceType": "Communication", "id": "7"}, "response": {"status": "201"}});
    for entries in [[stored.clone(), told.clone()], [told, stored]] {
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

fn task(status: &str) -> QuestionnaireTask {
    let text = format!(
        r#"{{"resourceType":"Task","id":"t1","meta":{{"profile":["x"]}},"status":"{status}","intent":"order","priority":1.50,"output":[],
        "requester":{{"agent":{{"reference":"Practitioner/1"}}}},"input":[{{"type":{{"text":"Anders"}}}},
        {{"type":{{"text":"Questionnaire"}},"valueReference":{{"reference":"Questionnaire/q1"}}}}]}}"#
    );
    QuestionnaireTask::read(Resource::parse(text.as_bytes(), &Limits::default()).unwrap()).unwrap()
}

#[test]
fn a_task_goes_from_requested_to_completed_and_nothing_else_of_it_changes() {
    let requested = task("requested");
    assert_eq!(requested.questionnaire().unwrap().to_string(), "Questionnaire/q1");
    let accepted = requested.to(TaskStatus::Accepted).unwrap();
    assert_eq!(
        accepted.resource().as_str(),
        requested.resource().as_str().replace("\"requested\"", "\"accepted\"")
    );
    let access = access("60");
    let update = accepted.clone().update();
    let request = update.request(&access, &OsEntropy).unwrap();
    assert_eq!(
        (request.method().as_str(), request.uri().to_string()),
        ("PUT", format!("{BASE}/Task/t1"))
    );
    assert!(request.headers().get("prefer").is_none());
    assert_eq!(request.headers()["content-type"], "application/fhir+json");
    let ok = http::Response::builder().status(200).body(Bytes::new()).unwrap();
    assert_eq!(update.receive(ok, &access, &Limits::default()), Ok(None));
    let no = http::Response::builder().status(409).body(Bytes::new()).unwrap();
    assert!(update.receive(no, &access, &Limits::default()).is_err());

    // the transaction
    let mut draft = ShareDraft::new(service("60")).unwrap();
    let answers = draft.reserve(&OsEntropy).unwrap();
    let completed = accepted.completed(&answers).unwrap();
    draft.update(&endpoint(), completed.resource().clone()).unwrap();
    let dangling = draft.build().unwrap_err();
    assert!(matches!(dangling, ShareError::Missing(_)), "{dangling}");
    let mut draft = ShareDraft::new(service("60")).unwrap();
    draft.update(&endpoint(), completed.resource().clone()).unwrap();
    let response = json!({"resourceType": "QuestionnaireResponse", "questionnaire": {"reference": "Questionnaire/q1"}, "subject": {"display": "x"}, "authored": "2026-11-30"});
    draft.create(&answers, resource(response)).unwrap();
    let mut sharing = draft.build().unwrap();
    let request = sharing.request(&access, &OsEntropy).unwrap();
    assert!(request.headers().get("prefer").is_none());
    let bundle = body(&request);
    assert_eq!(bundle["type"], "transaction");
    let (first, second) = (&bundle["entry"][0], &bundle["entry"][1]);
    assert_eq!(first["fullUrl"], format!("{BASE}/Task/t1"));
    assert_eq!(first["request"], json!({"method": "PUT", "url": "Task/t1"}));
    assert_eq!(first["resource"]["status"], "completed");
    assert_eq!(
        first["resource"]["output"][0]["valueReference"]["reference"],
        second["fullUrl"]
    );
    assert_eq!(first["resource"]["output"][0]["type"]["text"], "QuestionnaireResponse");
}

#[test]
fn a_task_that_is_refused_or_fails_needs_no_answers_and_no_step_is_skipped() {
    use TaskStatus::{Accepted, Completed, Failed, InProgress, Received, Rejected, Requested};
    for (from, to, good) in [
        ("requested", Accepted, true),
        ("requested", Rejected, true),
        ("requested", Failed, true),
        ("received", Accepted, true),
        ("accepted", InProgress, true),
        ("accepted", Failed, true),
        ("accepted", Rejected, false),
        ("requested", InProgress, false),
        ("requested", Completed, false),
        ("accepted", Completed, false),
        ("accepted", Requested, false),
        ("accepted", Received, false),
        ("completed", Accepted, false),
        ("rejected", Accepted, false),
        ("failed", Failed, false),
    ] {
        assert_eq!(task(from).to(to).is_ok(), good, "{from} {to:?}");
    }
    let url = ShareDraft::new(service("60")).unwrap().reserve(&OsEntropy).unwrap();
    assert!(task("requested").completed(&url).is_err());
    assert!(task("in-progress").completed(&url).is_ok());
}
