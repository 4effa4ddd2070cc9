// SPDX-License-Identifier: AGPL-3.0-or-later
//! Refusals, masking and repeats, with answers written by hand.

mod bodies;
mod complete;
mod driven;
mod forms;
mod hostile;
mod links;
mod steps;
mod streamed;

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use medmij_types::{AccessToken, BackchannelUri, CorrelationId, GegevensdienstId, OsEntropy, Systeemrolcode};

use super::{Collection, Outcome, Received, Report, Ticket};
use crate::access::Access;
use crate::endpoint::{ResourceEndpoint, ResourceEndpoints};
use crate::error::FhirError;
use crate::gegevensdienst::Gegevensdienst;
use crate::limits::Limits;
use crate::query::Choices;

const BASE: &str = "https://dvza.example.nl/fhir/48";

/// A collection that is asked one request at a time.
struct Trial {
    collection: Collection,
    ticket: Option<Ticket>,
}

impl Trial {
    fn receive(&mut self, response: http::Response<Bytes>) -> Result<Received, FhirError> {
        let ticket = self.ticket.take().ok_or(FhirError::NothingAsked)?;
        self.collection.receive(ticket, response, now())
    }

    fn next(&mut self) -> Option<http::Request<Bytes>> {
        let ask = self.collection.next(now(), &OsEntropy).unwrap()?;
        self.ticket = Some(ask.ticket);
        Some(ask.request)
    }

    fn give_up(&mut self, reason: &str) {
        self.collection.give_up(self.ticket.take().unwrap(), reason);
    }

    fn report(&self) -> &Report {
        self.collection.report()
    }

    fn finish(self) -> Report {
        self.collection.finish()
    }
}

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000)
}

fn access(gegevensdienst: &Gegevensdienst) -> Access {
    let endpoint = ResourceEndpoint::new(BackchannelUri::parse(BASE).unwrap()).unwrap();
    let role = gegevensdienst.systeemrollen().first().cloned();
    let role = role.unwrap_or_else(|| Systeemrolcode::parse("een-rol").unwrap());
    Access::new(
        ResourceEndpoints::new(role, endpoint),
        AccessToken::from_wire("geheim-token").unwrap(),
        CorrelationId::parse("6f1c3b62-7d1c-4e0e-9a7a-1f5f2d3c4b5a").unwrap(),
        gegevensdienst.version(),
    )
}

fn chosen(id: &str, choices: Choices, limits: Limits) -> Trial {
    let gegevensdienst = Gegevensdienst::lookup(&GegevensdienstId::parse(id).unwrap()).unwrap();
    Trial {
        collection: Collection::new(gegevensdienst, access(gegevensdienst), choices, limits).unwrap(),
        ticket: None,
    }
}

fn collection(id: &str, limits: Limits) -> Trial {
    chosen(id, Choices::default(), limits)
}

fn ask(collection: &mut Trial) -> String {
    collection.next().unwrap().uri().to_string()
}

fn answer(status: u16, content_type: &str, body: impl Into<Bytes>) -> http::Response<Bytes> {
    http::Response::builder()
        .status(status)
        .header("content-type", content_type)
        .body(body.into())
        .unwrap()
}

fn page(next: Option<&str>, entries: &str) -> http::Response<Bytes> {
    let link = next.map_or(String::new(), |next| {
        format!(r#","link":[{{"relation":"next","url":"{next}"}}]"#)
    });
    let body = format!(r#"{{"resourceType":"Bundle","type":"searchset"{link},"entry":[{entries}]}}"#);
    answer(200, "application/fhir+json; fhirVersion=3.0", body)
}

#[test]
fn refusals_are_lines_and_the_collection_goes_on() {
    let mut collection = collection("48", Limits::default());
    let outcome = r#"{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"not-supported","details":{"text":"niet ondersteund"}}]}"#;
    let text = "error not-supported: niet ondersteund";
    for (number, (status, content_type, body, text, expected)) in [
        (404, "application/fhir+json", outcome, text, Outcome::Absent),
        (
            403,
            "text/plain",
            "nee",
            "",
            Outcome::Refused(http::StatusCode::FORBIDDEN),
        ),
        (
            500,
            "application/fhir+json",
            "{",
            "",
            Outcome::Temporary(http::StatusCode::INTERNAL_SERVER_ERROR),
        ),
        (200, "application/fhir+json", outcome, text, Outcome::Absent),
    ]
    .into_iter()
    .enumerate()
    {
        ask(&mut collection);
        let received = collection.receive(answer(status, content_type, body)).unwrap();
        assert_eq!((received.status.as_u16(), received.resources), (status, 0));
        let line = &collection.report().queries()[number];
        assert_eq!(line.outcome, expected);
        assert_eq!(line.outcomes.iter().map(ToString::to_string).collect::<String>(), text);
    }
    ask(&mut collection);
    assert!(matches!(
        collection.receive(answer(302, "text/html", "")),
        Err(FhirError::Redirect(_))
    ));
    ask(&mut collection);
    collection.give_up("timeout");
    assert!(matches!(
        collection.report().queries()[5].outcome,
        Outcome::Failed(FhirError::NoAnswer(_))
    ));
    assert!(collection.next().is_some());
}

#[test]
fn an_unauthorized_answer_ends_the_collection() {
    let mut collection = collection("48", Limits::default());
    ask(&mut collection);
    collection.receive(page(None, "")).unwrap();
    ask(&mut collection);
    assert_eq!(
        collection.receive(answer(401, "text/plain", "")),
        Err(FhirError::Unauthorized)
    );
    assert!(collection.next().is_none());
    let report = collection.finish();
    assert_eq!(report.ended(), Some(&FhirError::Unauthorized));
    assert_eq!(report.queries()[0].outcome, Outcome::Answered);
    assert_eq!(report.queries()[2].outcome, Outcome::NotAsked);
}

#[test]
fn core_rscint_203_f8_a_received_bsn_is_cut_out_and_reported() {
    let mut collection = collection("48", Limits::default());
    ask(&mut collection);
    let entry = r#"{"resource":{"resourceType":"Patient","id":"p","identifier":[{"system":"http://fhir.nl/fhir/NamingSystem/bsn","value":"999990019"}]}}"#;
    collection.receive(page(None, entry)).unwrap();
    let line = &collection.report().queries()[0];
    assert_eq!(
        line.redacted.masked[0].as_str(),
        "entry[0].resource.identifier[0].value"
    );
    assert!(!line.resources[0].resource.as_str().contains("999990019"));
    // a next link with a BSN is not followed
    ask(&mut collection);
    let next = format!("{BASE}/Coverage?x=http://fhir.nl/fhir/NamingSystem/bsn%7C999990019");
    let error = collection.receive(page(Some(&next), "")).unwrap_err();
    assert!(!format!("{error} {error:?} {:?}", collection.report()).contains("999990019"));
}

#[test]
fn core_rscint_201_h04_a_read_is_built_anew_once() {
    let mut collection = collection("48", Limits::default());
    let one = collection.next().unwrap();
    let again = collection
        .collection
        .again(collection.ticket.unwrap(), &OsEntropy)
        .unwrap()
        .unwrap();
    assert!(collection.receive(page(None, "")).is_err(), "the first ticket is void");
    collection.ticket = Some(again.ticket);
    let two = again.request;
    assert_eq!(one.uri(), two.uri());
    assert_ne!(one.headers()["medmij-request-id"], two.headers()["medmij-request-id"]);
    assert_eq!(one.headers()["x-correlation-id"], two.headers()["x-correlation-id"]);
    let third = collection.collection.again(again.ticket, &OsEntropy);
    assert!(third.unwrap().is_none(), "no third time");
    assert!(collection.receive(page(None, "")).is_ok());
    assert_eq!(collection.receive(page(None, "")), Err(FhirError::NothingAsked));
}

#[test]
fn nothing_secret_in_debug() {
    let mut collection = collection("48", Limits::default());
    let request = collection.next().unwrap();
    collection
        .receive(page(
            None,
            r#"{"resource":{"resourceType":"Patient","name":[{"family":"Verborgen"}]}}"#,
        ))
        .unwrap();
    let shown = format!("{request:?} {:?}", collection.collection);
    assert!(!shown.contains("geheim") && !shown.contains("Verborgen"), "{shown}");
}
