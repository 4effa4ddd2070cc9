// SPDX-License-Identifier: AGPL-3.0-or-later
//! Delen at the side of the DVA: batch and transaction, per-entry answers, what is refused and how.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::future::Future;
use std::pin::pin;
use std::task::{Context as Waking, Poll, Waker};

use bytes::Bytes;
use http::{Request, Response};
use medmij_fhir::server::{Bronsysteem, Context, Delen, MemoryBronsysteem, ResourceSet, Responder, Served};
use medmij_fhir::{FhirVersion, ResourceEndpoint};
use medmij_types::BackchannelUri;
use serde_json::{Value, json};

const BASE: &str = "https://dva.example.nl/fhir/delen";
const PATIENT: &str = "urn:uuid:5a7c5c9e-2a0f-4b0e-8f0a-1d6a5f9a1c01";

fn responder(key: &str) -> Responder {
    let version = if key.starts_with('U') {
        FhirVersion::R4
    } else {
        FhirVersion::Stu3
    };
    let endpoint = ResourceEndpoint::new(BackchannelUri::parse(BASE).unwrap()).unwrap();
    Responder::serving(endpoint, Served::new(version).with_delen(Delen::lookup(key).unwrap()))
}

fn now<T>(answer: impl Future<Output = T>) -> T {
    match pin!(answer).poll(&mut Waking::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("a source in memory waits"),
    }
}

fn send(key: &str, bronsysteem: &impl Bronsysteem, request: http::request::Builder, body: &Value) -> Response<Bytes> {
    let request = request
        .header("authorization", "Bearer een-token")
        .body(body.to_string().into())
        .unwrap();
    now(responder(key).respond(&request, &Context::default(), bronsysteem))
}

fn post(key: &str, bronsysteem: &impl Bronsysteem, body: &Value, prefer: Option<&str>) -> (u16, Value) {
    let mut request = Request::post("/fhir/delen").header("content-type", "application/fhir+json");
    if let Some(prefer) = prefer {
        request = request.header("prefer", prefer);
    }
    let response = send(key, bronsysteem, request, body);
    (
        response.status().as_u16(),
        serde_json::from_slice(response.body()).unwrap(),
    )
}

fn entry(full_url: &str, resource: Value) -> Value {
    let kind = resource["resourceType"].clone();
    json!({"fullUrl": full_url, "resource": resource, "request": {"method": "POST", "url": kind}})
}

fn patient() -> Value {
    entry(
        PATIENT,
        json!({"resourceType": "Patient", "name": [{"family": "Rijnders"}]}),
    )
}

fn weight(value: f64) -> Value {
    let full_url = format!("urn:uuid:5a7c5c9e-2a0f-4b0e-8f0a-{:012}", (value * 10.0) as u64);
    entry(
        &full_url,
        json!({"resourceType": "Observation", "status": "final", "subject": {"reference": PATIENT, "display": "x"},
        "valueQuantity": {"value": value}}),
    )
}

fn bundle(kind: &str, entries: Vec<Value>) -> Value {
    json!({"resourceType": "Bundle", "type": kind, "entry": entries})
}

#[test]
fn a_batch_of_53_is_stored_with_references_to_the_patient_in_it() {
    let bronsysteem = MemoryBronsysteem::default();
    let sent = bundle("batch", vec![weight(80.5), patient(), weight(81.5)]);
    let (status, answer) = post("53", &bronsysteem, &sent, Some("return=representation"));
    assert_eq!((status, &answer["type"]), (200, &"batch-response".into()));
    let entries = answer["entry"].as_array().unwrap();
    let set = bronsysteem.snapshot();
    assert_eq!((entries.len(), set.len()), (3, 3));
    let patient = format!("Patient/{}", entries[1]["resource"]["id"].as_str().unwrap());
    for (at, kind) in ["Observation", "Patient", "Observation"].into_iter().enumerate() {
        let entry = &entries[at];
        let id = entry["resource"]["id"].as_str().unwrap();
        assert_eq!(entry["response"]["status"], "201 Created");
        assert_eq!(entry["response"]["location"], format!("{kind}/{id}/_history/1"));
        assert_eq!(entry["fullUrl"], format!("{BASE}/{kind}/{id}"));
        let stored: Value = set.lookup(kind, id).unwrap().view().unwrap();
        assert_eq!(stored, entry["resource"]);
        if kind == "Observation" {
            assert_eq!(stored["subject"]["reference"], patient);
        }
    }
}

#[test]
fn without_prefer_no_resource_comes_back() {
    let (status, answer) = post(
        "53",
        &MemoryBronsysteem::default(),
        &bundle("batch", vec![patient(), weight(80.0)]),
        None,
    );
    assert_eq!(status, 200);
    assert!(
        answer["entry"]
            .as_array()
            .unwrap()
            .iter()
            .all(|entry| entry.get("resource").is_none())
    );
}

#[test]
fn a_bad_entry_of_a_batch_costs_that_entry() {
    let bronsysteem = MemoryBronsysteem::default();
    let flag = entry(
        "urn:uuid:5a7c5c9e-2a0f-4b0e-8f0a-1d6a5f9a1c02",
        json!({"resourceType": "Flag"}),
    );
    let mut dangling = weight(1.0);
    dangling["resource"]["subject"]["reference"] = "urn:uuid:5a7c5c9e-2a0f-4b0e-8f0a-1d6a5f9a1cff".into();
    let mut deleted = weight(2.0);
    deleted["request"]["method"] = "DELETE".into();
    let mut conditional = weight(3.0);
    conditional["request"]["ifNoneExist"] = "identifier=1".into();
    let sent = bundle(
        "batch",
        vec![patient(), flag, dangling, deleted, conditional, json!({}), weight(80.0)],
    );
    let (status, answer) = post("53", &bronsysteem, &sent, None);
    assert_eq!(status, 200);
    let statuses: Vec<_> = answer["entry"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["response"]["status"].as_str().unwrap()[..3].to_owned())
        .collect();
    assert_eq!(statuses, ["201", "422", "422", "422", "422", "422", "201"]);
    assert_eq!(
        answer["entry"][1]["response"]["outcome"]["issue"][0]["severity"],
        "error"
    );
    assert_eq!(bronsysteem.snapshot().len(), 2);
}

#[test]
fn a_transaction_is_stored_whole_or_not_at_all() {
    let document = || {
        entry(
            "urn:uuid:5a7c5c9e-2a0f-4b0e-8f0a-1d6a5f9a1c03",
            json!({"resourceType": "DocumentReference", "status": "current",
        "content": [{"attachment": {"url": "urn:uuid:5a7c5c9e-2a0f-4b0e-8f0a-1d6a5f9a1c04"}}]}),
        )
    };
    let binary = || {
        entry(
            "urn:uuid:5a7c5c9e-2a0f-4b0e-8f0a-1d6a5f9a1c04",
            json!({"resourceType": "Binary", "contentType": "application/pdf", "content": "JVBERi0="}),
        )
    };
    let bronsysteem = MemoryBronsysteem::default();
    let (status, answer) = post(
        "57",
        &bronsysteem,
        &bundle("transaction", vec![patient(), document(), binary()]),
        Some("return=representation"),
    );
    assert_eq!((status, &answer["type"]), (200, &"transaction-response".into()));
    let binary_id = answer["entry"][2]["resource"]["id"].as_str().unwrap();
    assert_eq!(
        answer["entry"][1]["resource"]["content"][0]["attachment"]["url"],
        format!("Binary/{binary_id}")
    );

    let flag = entry(
        "urn:uuid:5a7c5c9e-2a0f-4b0e-8f0a-1d6a5f9a1c05",
        json!({"resourceType": "Flag"}),
    );
    for (sent, rule) in [
        (bundle("transaction", vec![document(), binary(), flag]), "not received"),
        (bundle("transaction", vec![patient(), document()]), "reference"),
        (bundle("transaction", vec![patient(), binary()]), "DocumentReference"),
        (bundle("batch", vec![document(), binary()]), "Bundle.type"),
        (bundle("transaction", vec![]), "no entries"),
        (bundle("transaction", vec![document(), binary(), binary()]), "twice"),
        (json!({"resourceType": "Patient"}), "not a Bundle"),
    ] {
        let bronsysteem = MemoryBronsysteem::default();
        let (status, answer) = post("57", &bronsysteem, &sent, None);
        assert!((400..500).contains(&status), "{rule} {status}");
        assert_eq!(answer["resourceType"], "OperationOutcome");
        // the attachment that leads to no entry is a plain URL, so the missing Binary is what is told
        let text = answer["issue"][0]["details"]["text"].as_str().unwrap();
        assert!(
            text.contains(rule) || (rule == "reference" && text.contains("Binary")),
            "{rule}: {text}"
        );
        assert!(bronsysteem.snapshot().is_empty());
    }
}

#[test]
fn a_transaction_of_60_without_questionnaire_response_is_refused() {
    let mut set = ResourceSet::new();
    set.insert_json(br#"{"resourceType":"Task","id":"t","status":"requested"}"#)
        .unwrap();
    let bronsysteem = MemoryBronsysteem::new(set);
    let task = json!({"fullUrl": format!("{BASE}/Task/t"), "resource": {"resourceType": "Task", "id": "t", "status": "completed"},
        "request": {"method": "PUT", "url": "Task/t"}});
    let (status, answer) = post("60", &bronsysteem, &bundle("transaction", vec![task.clone()]), None);
    assert_eq!((status, &answer["resourceType"]), (422, &"OperationOutcome".into()));
    let response = entry(
        "urn:uuid:5a7c5c9e-2a0f-4b0e-8f0a-1d6a5f9a1c06",
        json!({"resourceType": "QuestionnaireResponse", "status": "completed"}),
    );
    let (status, answer) = post(
        "60",
        &bronsysteem,
        &bundle("transaction", vec![task.clone(), response.clone()]),
        None,
    );
    assert_eq!(status, 200);
    assert_eq!(answer["entry"][0]["response"]["status"], "200 OK");
    assert_eq!(answer["entry"][1]["response"]["status"], "201 Created");
    assert!(
        answer["entry"][1]["response"]["location"]
            .as_str()
            .unwrap()
            .starts_with("QuestionnaireResponse/")
    );
    let stored: Value = bronsysteem.snapshot().lookup("Task", "t").unwrap().view().unwrap();
    assert_eq!(stored["status"], "completed");
    // a Task that is not there: nothing is stored
    let mut other = task;
    other["resource"]["id"] = "anders".into();
    other["request"]["url"] = "Task/anders".into();
    let before = bronsysteem.snapshot().len();
    let (status, _) = post("60", &bronsysteem, &bundle("transaction", vec![other, response]), None);
    assert_eq!((status, bronsysteem.snapshot().len()), (404, before));
}

#[test]
fn a_task_is_updated_by_its_id_and_nothing_else_is() {
    let mut set = ResourceSet::new();
    set.insert_json(br#"{"resourceType":"Task","id":"t","status":"requested"}"#)
        .unwrap();
    let bronsysteem = MemoryBronsysteem::new(set);
    let put = |path: &str, body: &Value| {
        let request = Request::put(format!("/fhir/delen/{path}"))
            .header("content-type", "application/fhir+json; fhirVersion=3.0");
        send("60", &bronsysteem, request, body)
    };
    let accepted = json!({"resourceType": "Task", "id": "t", "status": "accepted"});
    let response = put("Task/t", &accepted);
    assert_eq!(
        (
            response.status().as_u16(),
            serde_json::from_slice::<Value>(response.body()).unwrap()
        ),
        (200, accepted.clone())
    );
    assert_eq!(put("Task/x", &accepted).status(), 400);
    assert_eq!(put("Task/t", &json!({"resourceType": "Flag", "id": "t"})).status(), 400);
    assert_eq!(put("Task/x", &json!({"resourceType": "Task", "id": "x"})).status(), 404);
    let refused = put("Patient/t", &json!({"resourceType": "Patient", "id": "t"}));
    assert_eq!(
        (refused.status().as_u16(), &refused.headers()["allow"]),
        (405, &"GET, HEAD".parse().unwrap())
    );
}

#[test]
fn patientcorrecties_answers_with_an_acknowledgement() {
    let communication = entry(
        "urn:uuid:5a7c5c9e-2a0f-4b0e-8f0a-1d6a5f9a1c07",
        json!({"resourceType": "Communication", "status": "completed"}),
    );
    let sent = bundle("transaction", vec![patient(), communication]);
    let (status, answer) = post(
        "U:Patientcorrecties",
        &MemoryBronsysteem::default(),
        &sent,
        Some("return=representation"),
    );
    assert_eq!(status, 200);
    let outcomes: Vec<&Value> = answer["entry"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["resource"]["resourceType"] == "OperationOutcome")
        .collect();
    assert_eq!(outcomes.len(), 1);
    let issue = &outcomes[0]["resource"]["issue"][0];
    assert_eq!(
        (&issue["severity"], &issue["code"]),
        (&"information".into(), &"informational".into())
    );
    assert!(issue["details"]["text"].is_string());
}

#[test]
fn the_ontvankelijkheidstoets_comes_before_the_body() {
    // a set that only gives is the DVA that does not receive
    let set = ResourceSet::new();
    let (status, answer) = post("53", &set, &json!("geen Bundle"), None);
    assert_eq!((status, &answer["issue"][0]["code"]), (403, &"business-rule".into()));
}

#[test]
fn bodies_in_another_form_are_refused() {
    let bronsysteem = MemoryBronsysteem::default();
    let sent = bundle("batch", vec![patient(), weight(80.0)]);
    for (content_type, status) in [
        (None, 415),
        (Some("text/plain"), 415),
        (Some("application/fhir+json; fhirVersion=4.0"), 400),
        (Some("application/fhir+xml"), 400),
        (Some("application/json"), 200),
    ] {
        let mut request = Request::post("/fhir/delen");
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        assert_eq!(
            send("53", &bronsysteem, request, &sent).status().as_u16(),
            status,
            "{content_type:?}"
        );
    }
    let get = Request::get("/fhir/delen");
    let response = send("53", &bronsysteem, get, &sent);
    assert_eq!(
        (response.status().as_u16(), &response.headers()["allow"]),
        (405, &"POST".parse().unwrap())
    );
    let broken = Request::post("/fhir/delen").header("content-type", "application/fhir+json");
    let request = broken
        .body(Bytes::from_static(b"{\"resourceType\":\"Bundle\","))
        .unwrap();
    assert_eq!(
        now(responder("53").respond(&request, &Context::default(), &bronsysteem)).status(),
        400
    );
}

#[test]
fn core_rscint_203_a_bsn_that_is_delivered_is_not_stored() {
    let bronsysteem = MemoryBronsysteem::default();
    let mut patient = patient();
    patient["resource"]["identifier"] =
        json!([{"system": "http://fhir.nl/fhir/NamingSystem/bsn", "value": "999990019"}]);
    let (status, answer) = post(
        "53",
        &bronsysteem,
        &bundle("batch", vec![patient, weight(80.0)]),
        Some("return=representation"),
    );
    assert_eq!(status, 200);
    assert!(!answer.to_string().contains("999990019"));
    assert!(
        !bronsysteem
            .snapshot()
            .iter()
            .any(|resource| resource.as_str().contains("999990019"))
    );
}

#[test]
fn a_batch_in_xml_is_answered_in_xml_and_one_that_would_lose_something_is_refused() {
    let bronsysteem = MemoryBronsysteem::default();
    let xml = format!(
        r#"<Bundle xmlns="http://hl7.org/fhir"><type value="batch"/>
        <entry><fullUrl value="{PATIENT}"/><resource><Patient><name><family value="Rijnders"/></name></Patient></resource>
          <request><method value="POST"/><url value="Patient"/></request></entry>
        <entry><resource><Observation><status value="final"/><subject><reference value="{PATIENT}"/></subject>
          <valueQuantity><value value="80.50"/></valueQuantity></Observation></resource>
          <request><method value="POST"/><url value="Observation"/></request></entry></Bundle>"#
    );
    let send = |xml: &str| {
        let request = Request::post("/fhir/delen").header("content-type", "application/fhir+xml; fhirVersion=3.0");
        let request = request
            .header("accept", "application/fhir+xml")
            .body(Bytes::from(xml.to_owned()))
            .unwrap();
        now(responder("53").respond(&request, &Context::default(), &bronsysteem))
    };
    let response = send(&xml);
    assert_eq!(response.status(), 200);
    let text = String::from_utf8_lossy(response.body()).into_owned();
    assert!(
        text.contains("<type value=\"batch-response\"/>") && text.contains("<status value=\"201 Created\"/>"),
        "{text}"
    );
    assert!(
        bronsysteem
            .snapshot()
            .iter()
            .any(|resource| resource.as_str().contains("\"value\":80.50"))
    );
    for bad in [
        xml.replace("<status value=\"final\"/>", "<onbekend value=\"1\"/>"),
        xml.replace("</Bundle>", ""),
        "<!DOCTYPE x>".to_owned() + &xml,
    ] {
        let before = bronsysteem.snapshot().len();
        assert_eq!(send(&bad).status(), 400);
        assert_eq!(bronsysteem.snapshot().len(), before);
    }
}
