// SPDX-License-Identifier: AGPL-3.0-or-later
//! FHIR XML on the client's side: asked by policy or because the server has nothing else, read like JSON.

use super::{BASE, access, answer, collection, page};
use crate::collection::{Collection, GapReason, Outcome};
use crate::format::Format;
use crate::gegevensdienst::Gegevensdienst;
use crate::limits::Limits;
use crate::query::Choices;
use crate::xml::OddityKind;

const XML: &str = "application/fhir+xml; fhirVersion=3.0";

fn xml_page(rest: &str) -> http::Response<bytes::Bytes> {
    let body = format!(r#"<Bundle xmlns="http://hl7.org/fhir"><type value="searchset"/>{rest}</Bundle>"#);
    answer(200, XML, body)
}

fn asking(format: Format) -> super::Trial {
    let service = Gegevensdienst::lookup(&"54".parse().unwrap()).unwrap();
    let access = access(service).with_format(format);
    super::Trial {
        collection: Collection::new(service, access, Choices::default(), Limits::default()).unwrap(),
        ticket: None,
    }
}

#[test]
fn xml_is_asked_by_policy_and_read_with_the_same_checks() {
    let mut trial = asking(Format::Xml);
    assert_eq!(trial.next().unwrap().headers()["accept"], XML);
    let next = format!(
        r#"<link><relation value="next"/><url value="{BASE}/AllergyIntolerance?page=2"/></link><entry><resource><AllergyIntolerance><id value="a1"/><identifier><system value="http://fhir.nl/fhir/NamingSystem/bsn"/><value value="999990019"/></identifier></AllergyIntolerance></resource><search><mode value="match"/></search></entry>"#
    );
    let received = trial.receive(xml_page(&next)).unwrap();
    assert!(received.more);
    assert!(trial.next().unwrap().uri().to_string().ends_with("page=2"));
    trial.receive(xml_page("")).unwrap();
    assert!(trial.next().is_none());
    let report = trial.finish();
    assert!(report.is_complete(), "{:?}", report.gaps());
    let line = &report.queries()[0];
    assert_eq!(
        line.redacted.masked[0].to_string(),
        "entry[0].resource.identifier[0].value"
    );
    let resources: Vec<_> = report.verdict().resources().collect();
    assert_eq!(resources[0].resource.id().unwrap().as_str(), "a1");
    assert!(!resources[0].resource.as_str().contains("999990019"));
}

#[test]
fn a_server_that_answers_in_the_other_form_is_read_all_the_same() {
    let mut trial = asking(Format::Json);
    trial.next().unwrap();
    trial.receive(xml_page("")).unwrap();
    assert!(trial.finish().is_complete());
    let mut trial = asking(Format::Xml);
    trial.next().unwrap();
    trial.receive(page(None, "")).unwrap();
    assert!(trial.finish().is_complete());
    for old in ["application/xml+fhir", "text/xml; charset=utf-8", "application/xml"] {
        let mut trial = asking(Format::Json);
        trial.next().unwrap();
        let mut response = xml_page("");
        response.headers_mut().insert("content-type", old.parse().unwrap());
        trial.receive(response).unwrap();
        assert!(trial.finish().is_complete(), "{old}");
    }
}

#[test]
fn after_a_406_the_other_form_is_asked_once_and_from_then_on() {
    let mut trial = collection("48", Limits::default());
    let mut accepts = Vec::new();
    while let Some(request) = trial.next() {
        let accept = request.headers()["accept"].to_str().unwrap().to_owned();
        let response = if accept == XML {
            xml_page("")
        } else {
            answer(406, "text/plain", "")
        };
        accepts.push(accept);
        trial.receive(response).unwrap();
    }
    assert_eq!(accepts.iter().filter(|accept| accept.as_str() != XML).count(), 1);
    assert_eq!(accepts.len(), 29);
    assert!(trial.finish().is_complete());

    // one that has neither
    let mut trial = asking(Format::Json);
    let mut asked = 0;
    while trial.next().is_some() {
        asked += 1;
        let _ = trial.receive(answer(406, "text/plain", ""));
    }
    let report = trial.finish();
    assert_eq!(asked, 2);
    assert_eq!(
        report.queries()[0].outcome,
        Outcome::Refused(http::StatusCode::NOT_ACCEPTABLE)
    );
    assert!(!report.is_complete());
}

#[test]
fn xml_that_is_wrong_is_refused_and_what_is_left_out_of_it_is_a_gap() {
    for body in [
        "<Bundle",
        "<!DOCTYPE a><Bundle xmlns=\"http://hl7.org/fhir\"/>",
        "{}",
        "",
        "<html/>",
    ] {
        let mut trial = asking(Format::Xml);
        trial.next().unwrap();
        assert!(trial.receive(answer(200, XML, body)).is_err(), "{body}");
        assert!(!trial.finish().is_complete());
    }
    let mut trial = asking(Format::Xml);
    trial.next().unwrap();
    assert!(
        trial
            .receive(answer(200, "application/fhir+xml; fhirVersion=4.0", "<a/>"))
            .is_err()
    );

    let mut trial = asking(Format::Xml);
    trial.next().unwrap();
    trial.receive(xml_page(r#"<anders value="1"/>"#)).unwrap();
    let report = trial.finish();
    assert_eq!(report.queries()[0].oddities[0].kind, OddityKind::UnknownElement);
    assert!(report.is_complete(), "it is kept");

    let mut trial = asking(Format::Xml);
    trial.next().unwrap();
    trial.receive(xml_page(r#"<v xmlns="urn:anders">x</v>"#)).unwrap();
    let report = trial.finish();
    let [gap] = report.gaps().try_into().unwrap();
    assert_eq!(gap.path.as_deref(), Some("Bundle.v"));
    assert!(matches!(gap.reason, GapReason::Fault(_)));
}
