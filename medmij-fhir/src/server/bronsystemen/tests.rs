// SPDX-License-Identifier: AGPL-3.0-or-later
//! Two sources of one Aanbieder in one answer.

use std::future::Future;
use std::pin::pin;
use std::task::{Poll, Waker};

use bytes::Bytes;
use medmij_types::BackchannelUri;
use serde_json::Value;

use super::Bronsystemen;
use crate::endpoint::ResourceEndpoint;
use crate::name::{ResourceId, ResourceType};
use crate::resource::Resource;
use crate::server::{Bronsysteem, BronsysteemError, Context, Found, ResourceSet, Responder, Served, Wanted};
use crate::version::FhirVersion;

const BASE: &str = "https://dva.example.nl/fhir";

fn now<T>(answer: impl Future<Output = T>) -> T {
    match pin!(answer).poll(&mut std::task::Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("a source in memory waits"),
    }
}

fn set(resources: &[&str]) -> ResourceSet {
    let mut set = ResourceSet::new();
    for text in resources {
        set.insert_json(text.as_bytes()).unwrap();
    }
    set
}

fn ask(bronsysteem: &Bronsystemen, path: &str) -> (u16, Value) {
    let endpoint = ResourceEndpoint::new(BackchannelUri::parse(BASE).unwrap()).unwrap();
    let types = ["Observation", "DocumentReference"].map(|name| ResourceType::parse(name).unwrap());
    let served = types
        .into_iter()
        .fold(Served::new(FhirVersion::Stu3), Served::with_type);
    let request = http::Request::get(format!("/fhir/{path}")).header("accept", "application/fhir+json");
    let request = request.body(Bytes::new()).unwrap();
    let responder = Responder::serving(endpoint, served).with_page_size(2);
    let response = now(responder.respond(&request, &Context::default(), bronsysteem));
    (
        response.status().as_u16(),
        serde_json::from_slice(response.body()).unwrap(),
    )
}

fn record() -> ResourceSet {
    set(&[
        r#"{"resourceType":"Observation","id":"1","value":1.50}"#,
        r#"{"resourceType":"DocumentReference","id":"1","content":[{"attachment":{"url":"Binary/1"}}]}"#,
        r#"{"resourceType":"Binary","id":"1","contentType":"text/plain","content":"YQ=="}"#,
    ])
}

fn laboratory() -> ResourceSet {
    set(&[
        r#"{"resourceType":"Observation","id":"1","value":2.50,"specimen":{"reference":"Specimen/7","display":"bloed"}}"#,
        r#"{"resourceType":"Specimen","id":"7"}"#,
        r#"{"resourceType":"DocumentReference","id":"1","content":[{"attachment":{"url":"Binary/1"}}]}"#,
        r#"{"resourceType":"Binary","id":"1","contentType":"text/plain","content":"Yg=="}"#,
    ])
}

fn both() -> Bronsystemen {
    Bronsystemen::new()
        .with(record())
        .with_prefixed("lab", laboratory())
        .unwrap()
}

#[test]
fn two_sources_are_one_searchset_in_which_every_id_is_one_resource() {
    let (status, bundle) = ask(&both(), "Observation?_include=Observation:specimen");
    assert_eq!((status, &bundle["total"]), (200, &2.into()));
    let urls: Vec<&str> = bundle["entry"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["fullUrl"].as_str().unwrap())
        .collect();
    let expected = ["Observation/1", "Observation/lab.1", "Specimen/lab.7"].map(|place| format!("{BASE}/{place}"));
    assert_eq!(urls, expected);
    assert_eq!(
        bundle["entry"][1]["resource"]["specimen"]["reference"],
        "Specimen/lab.7"
    );
    assert!(bundle.to_string().contains("2.5"));
    let relations: Vec<&Value> = bundle["link"]
        .as_array()
        .unwrap()
        .iter()
        .map(|link| &link["relation"])
        .collect();
    assert_eq!(relations, ["self"]);
}

#[test]
fn a_read_goes_to_the_source_of_the_id() {
    assert_eq!(ask(&both(), "Binary/1").1["content"], "YQ==");
    let (_, documents) = ask(&both(), "DocumentReference");
    let url = documents["entry"][1]["resource"]["content"][0]["attachment"]["url"]
        .as_str()
        .unwrap();
    assert_eq!(url, "Binary/lab.1");
    assert_eq!(ask(&both(), url).1["content"], "Yg==");
    assert_eq!(ask(&both(), "Binary/lab.9").0, 404);
    assert_eq!(ask(&both(), "Observation?_id=lab.1").1["total"], 1);
}

#[test]
fn two_sources_with_the_same_id_and_other_content_give_no_answer() {
    let alike = Bronsystemen::new().with(record()).with(record());
    assert_eq!(
        ask(&alike, "Observation").1["total"],
        1,
        "the same resource twice is one"
    );
    let clash = Bronsystemen::new().with(record()).with(laboratory());
    let (status, outcome) = ask(&clash, "Observation");
    assert_eq!((status, &outcome["issue"][0]["code"]), (502, &"exception".into()));
}

#[test]
fn a_source_that_does_not_answer_leaves_no_part_that_passes_for_the_whole() {
    struct Down;
    impl Bronsysteem for Down {
        async fn find(&self, _: &Context, _: &Wanted) -> Result<Vec<Resource>, BronsysteemError> {
            Err(BronsysteemError::Unavailable {
                retry_after: Some(std::time::Duration::from_secs(30)),
            })
        }
        async fn read(&self, _: &Context, _: &ResourceType, _: &ResourceId) -> Result<Found, BronsysteemError> {
            Err(BronsysteemError::Timeout)
        }
    }
    let bronsysteem = Bronsystemen::new().with(record()).with(Down);
    let (status, outcome) = ask(&bronsysteem, "Observation");
    assert_eq!((status, &outcome["issue"][0]["code"]), (503, &"transient".into()));
    assert_eq!(ask(&bronsysteem, "Binary/2").0, 504);
}

#[test]
fn a_prefix_is_letters_and_digits_and_of_one_source() {
    for prefix in ["", "a.b", "a/b", "zeventientekensss"] {
        assert!(
            Bronsystemen::new().with_prefixed(prefix, ResourceSet::new()).is_err(),
            "{prefix}"
        );
    }
    let one = Bronsystemen::new().with_prefixed("lab", ResourceSet::new()).unwrap();
    assert!(one.with_prefixed("lab", ResourceSet::new()).is_err());
}
