// SPDX-License-Identifier: AGPL-3.0-or-later
//! A FHIR server of the Aanbieder behind ours: two patients, pages of two, absolute references, a BSN.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::future::Future;
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context as Waking, Poll, Waker};

use bytes::Bytes;
use http::{Request, Response};
use medmij_fhir::server::{BronsysteemError, Context, FhirBronsysteem, Masked, Responder, Served, Upstream};
use medmij_fhir::{FhirVersion, ResourceEndpoint, ResourceType};
use medmij_types::{BackchannelUri, Bsn, GegevensdienstId};
use serde_json::{Value, json};

const INSIDE: &str = "http://fhir.intern:8080/fhir";
const BASE: &str = "https://dva.example.nl/fhir";

/// The server behind: it knows `patient`, pages by two, and gives whatever is read by id.
struct Inside {
    resources: Vec<Value>,
    asked: Mutex<Vec<String>>,
    /// What every search answers instead, by status.
    broken: Option<(u16, Value)>,
    next: String,
}

impl Inside {
    fn new() -> Self {
        let of = |id: &str, patient: &str| json!({"resourceType": "Condition", "id": id, "subject": {"reference": format!("{INSIDE}/Patient/{patient}"), "display": "x"}});
        let document = |id: &str, patient: &str, binary: &str| {
            json!({"resourceType": "DocumentReference", "id": id, "status": "current", "subject": {"reference": format!("Patient/{patient}")},
                "content": [{"attachment": {"url": format!("{INSIDE}/Binary/{binary}")}}]})
        };
        let binary =
            |id: &str| json!({"resourceType": "Binary", "id": id, "contentType": "text/plain", "content": "YQ=="});
        let patient = |id: &str| {
            json!({"resourceType": "Patient", "id": id, "generalPractitioner": [{"reference": format!("{INSIDE}/Practitioner/ha")}],
                "identifier": [{"system": "http://fhir.nl/fhir/NamingSystem/bsn", "value": "999990019"}]})
        };
        let resources = vec![
            patient("p1"),
            patient("p2"),
            of("c1", "p1"),
            of("c2", "p2"),
            of("c3", "p1"),
            of("c4", "p1"),
            of("c5", "p2"),
            json!({"resourceType": "Practitioner", "id": "ha"}),
            document("d1", "p1", "b1"),
            document("d2", "p2", "b2"),
            binary("b1"),
            binary("b2"),
            json!({"resourceType": "AuditEvent", "id": "a1"}),
        ];
        Self {
            resources,
            asked: Mutex::default(),
            broken: None,
            next: format!("{INSIDE}/Condition"),
        }
    }

    fn answer(&self, path: &str, query: &str) -> (u16, Value) {
        let parts: Vec<&str> = path.split('/').collect();
        if let [kind, id] = parts.as_slice() {
            let found = self
                .resources
                .iter()
                .find(|resource| resource["resourceType"] == *kind && resource["id"] == *id);
            return match found {
                Some(found) => (200, found.clone()),
                None => (404, json!({"resourceType": "OperationOutcome"})),
            };
        }
        if let Some(broken) = &self.broken {
            return broken.clone();
        }
        let value = |name: &str| {
            query
                .split('&')
                .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
                .map(str::to_owned)
        };
        let patient = value("patient").or_else(|| value("_id"));
        let of_patient = |resource: &&Value| {
            let reference = resource["subject"]["reference"].as_str().unwrap_or_default();
            let own = resource["id"].as_str();
            patient
                .as_deref()
                .is_none_or(|patient| reference.ends_with(&format!("/{patient}")) || own == Some(patient))
        };
        let matches: Vec<&Value> = self
            .resources
            .iter()
            .filter(|resource| resource["resourceType"] == path)
            .filter(of_patient)
            .collect();
        let first: usize = value("_first").map_or(0, |first| first.parse().unwrap());
        let page: Vec<Value> = matches
            .iter()
            .skip(first)
            .take(2)
            .map(|resource| json!({"resource": resource}))
            .collect();
        let mut bundle = json!({"resourceType": "Bundle", "type": "searchset", "entry": page});
        if first + 2 < matches.len() {
            let patient = patient.unwrap_or_default();
            bundle["link"] =
                json!([{"relation": "next", "url": format!("{}?patient={patient}&_first={}", self.next, first + 2)}]);
        }
        (200, bundle)
    }
}

impl Upstream for Inside {
    async fn patient(&self, context: &Context) -> Result<Option<String>, BronsysteemError> {
        let bsn = context.persoon().ok_or(BronsysteemError::NoPersoon)?;
        Ok((bsn.expose() == "999990019").then(|| "p1".to_owned()))
    }

    async fn send(&self, _: &Context, request: Request<Bytes>) -> Result<Response<Bytes>, BronsysteemError> {
        let uri = request.uri().to_string();
        self.asked.lock().unwrap().push(uri.clone());
        let rest = uri
            .strip_prefix(&format!("{INSIDE}/"))
            .unwrap_or_else(|| panic!("asked elsewhere: {uri}"));
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (status, body) = self.answer(path, query);
        Ok(Response::builder()
            .status(status)
            .header("retry-after", "7")
            .body(body.to_string().into())
            .unwrap())
    }
}

fn now<T>(answer: impl Future<Output = T>) -> T {
    match pin!(answer).poll(&mut Waking::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("nothing waits here"),
    }
}

fn ask_as(bsn: &str, inside: Inside, path: &str) -> Response<Bytes> {
    let names = ["Patient", "Condition", "DocumentReference", "AuditEvent"];
    let served = names.iter().fold(Served::new(FhirVersion::Stu3), |served, name| {
        served.with_type(ResourceType::parse(name).unwrap())
    });
    let endpoint = ResourceEndpoint::new(BackchannelUri::parse(BASE).unwrap()).unwrap();
    let context = Context::new(Bsn::parse(bsn).unwrap(), GegevensdienstId::parse("48").unwrap());
    let bronsysteem = FhirBronsysteem::new(inside, INSIDE, FhirVersion::Stu3).unwrap();
    let request = Request::get(format!("/fhir/{path}"))
        .header("accept", "application/fhir+json")
        .body(Bytes::new())
        .unwrap();
    now(Responder::serving(endpoint, served).respond(&request, &context, &bronsysteem))
}

fn ask(inside: Inside, path: &str) -> (u16, Value) {
    let response = ask_as("999990019", inside, path);
    assert!(
        !String::from_utf8_lossy(response.body()).contains("fhir.intern"),
        "its address stays inside"
    );
    (
        response.status().as_u16(),
        serde_json::from_slice(response.body()).unwrap(),
    )
}

fn ids(bundle: &Value) -> Vec<&str> {
    bundle["entry"]
        .as_array()
        .map(|entries| {
            entries
                .iter()
                .map(|entry| entry["resource"]["id"].as_str().unwrap())
                .collect()
        })
        .unwrap_or_default()
}

#[test]
fn a_search_gives_all_pages_of_the_patient_and_nothing_of_another() {
    let (status, bundle) = ask(Inside::new(), "Condition");
    assert_eq!(
        (status, ids(&bundle), &bundle["total"]),
        (200, vec!["c1", "c3", "c4"], &3.into())
    );
    assert_eq!(bundle["entry"][0]["resource"]["subject"]["reference"], "Patient/p1");
    assert_eq!(bundle["entry"][0]["fullUrl"], format!("{BASE}/Condition/c1"));
}

#[test]
fn core_rscint_203_the_bsn_of_the_source_is_masked_and_counted() {
    let response = ask_as(
        "999990019",
        Inside::new(),
        "Patient?_include=Patient:general-practitioner",
    );
    let bundle: Value = serde_json::from_slice(response.body()).unwrap();
    assert_eq!(ids(&bundle), ["p1", "ha"]);
    assert!(!bundle.to_string().contains("999990019"));
    assert_eq!(
        response.extensions().get::<Masked>().map(|masked| masked.places),
        Some(1)
    );
}

#[test]
fn a_read_by_id_gives_nothing_of_another_patient() {
    for (path, status) in [
        ("Condition/c1", 200),
        ("Condition/c2", 404),
        ("Patient/p1", 200),
        ("Patient/p2", 404),
        ("Practitioner/ha", 200),
        ("Binary/b1", 200),
        ("Binary/b2", 404),
        ("DocumentReference/d2", 404),
        ("AuditEvent/a1", 404),
        ("Condition/onbekend", 404),
    ] {
        assert_eq!(ask(Inside::new(), path).0, status, "{path}");
    }
}

#[test]
fn a_server_that_does_not_know_the_patient_parameter_leaks_nothing() {
    // `_id` and `patient` are ignored: everybody comes
    let mut inside = Inside::new();
    let all: Vec<Value> = inside
        .resources
        .iter()
        .filter(|resource| resource["resourceType"] == "Condition")
        .map(|resource| json!({"resource": resource}))
        .collect();
    inside.broken = Some((
        200,
        json!({"resourceType": "Bundle", "type": "searchset", "entry": all}),
    ));
    assert_eq!(ids(&ask(inside, "Condition").1), ["c1", "c3", "c4"]);
}

#[test]
fn a_person_whom_the_source_does_not_know_has_no_data() {
    let response = ask_as("999990160", Inside::new(), "Condition");
    let bundle: Value = serde_json::from_slice(response.body()).unwrap();
    assert_eq!((response.status().as_u16(), &bundle["total"]), (200, &0.into()));
    assert_eq!(ask_as("999990160", Inside::new(), "Condition/c1").status(), 404);
}

#[test]
fn what_is_not_the_whole_answer_is_no_answer() {
    let outcome = json!({"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "incomplete"}]});
    let complaint = json!({"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": outcome, "search": {"mode": "outcome"}}]});
    for (broken, status) in [
        ((200, complaint), 502),
        ((503, json!({})), 503),
        ((429, json!({})), 503),
        ((504, json!({})), 504),
        ((500, json!({})), 502),
        ((401, json!({})), 502),
        ((404, json!({})), 502),
        (
            (
                200,
                json!({"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": {"id": "x"}}]}),
            ),
            502,
        ),
        ((200, json!("geen Bundle")), 502),
    ] {
        let mut inside = Inside::new();
        let label = broken.to_owned();
        inside.broken = Some(broken);
        let response = ask_as("999990019", inside, "Condition");
        assert_eq!(response.status().as_u16(), status, "{label:?}");
        if status == 503 {
            assert_eq!(response.headers()["retry-after"], "7");
        }
    }
}

#[test]
fn f1_f2_pages_elsewhere_and_pages_without_end_are_not_followed() {
    for next in [
        "https://elders.example.nl/fhir/Condition",
        "http://fhir.intern:8080/fhirx/Condition",
        "http://fhir.intern:8081/fhir/Condition",
    ] {
        let mut inside = Inside::new();
        inside.next = next.to_owned();
        assert_eq!(ask(inside, "Condition").0, 502, "{next}");
    }
    let again = json!({"resourceType": "Bundle", "type": "searchset", "link": [{"relation": "next", "url": format!("{INSIDE}/Condition?patient=p1")}]});
    let mut inside = Inside::new();
    inside.broken = Some((200, again));
    assert_eq!(ask(inside, "Condition").0, 502);
}
