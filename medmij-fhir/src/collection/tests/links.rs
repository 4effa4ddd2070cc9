// SPDX-License-Identifier: AGPL-3.0-or-later
//! Next links and attachments: circles, endless pages, and places outside the endpoint.

use super::{BASE, answer, ask, collection, page};
use crate::collection::Outcome;
use crate::endpoint::LinkRule;
use crate::error::FhirError;
use crate::limits::Limits;

#[test]
fn f2_a_page_that_links_to_itself() {
    let mut collection = collection("48", Limits::default());
    let first = ask(&mut collection);
    let error = collection.receive(page(Some(&first), "")).unwrap_err();
    let FhirError::Link(error) = error else {
        panic!("{error}")
    };
    assert_eq!(error.rule, LinkRule::Visited);
    assert!(error.link.starts_with(BASE));
    // the next query goes on
    assert!(ask(&mut collection).contains("/Coverage?"));
}

#[test]
fn f2_two_pages_that_link_to_each_other() {
    let mut collection = collection("48", Limits::default());
    ask(&mut collection);
    let (a, b) = (format!("{BASE}/Patient?page=a"), format!("{BASE}/Patient?page=b"));
    assert!(collection.receive(page(Some(&a), "")).unwrap().more);
    assert_eq!(ask(&mut collection), a);
    assert!(collection.receive(page(Some(&b), "")).unwrap().more);
    assert_eq!(ask(&mut collection), b);
    assert!(
        matches!(collection.receive(page(Some(&a), "")), Err(FhirError::Link(error)) if error.rule == LinkRule::Visited)
    );
    assert_eq!(collection.report().queries()[0].pages, 3);
}

#[test]
fn f2_always_a_new_page() {
    let limits = Limits {
        pages: 5,
        ..Limits::default()
    };
    let mut collection = collection("48", limits);
    for number in 1.. {
        ask(&mut collection);
        match collection.receive(page(Some(&format!("{BASE}?token={number}")), "")) {
            Ok(received) => assert!(received.more && number < 5),
            Err(error) => {
                assert_eq!((number, error), (5, FhirError::TooManyPages(5)));
                break;
            }
        }
    }
    assert!(collection.next().is_none());
    assert_eq!(collection.report().ended(), Some(&FhirError::TooManyPages(5)));
}

#[test]
fn f2_more_entries_than_the_limit() {
    let limits = Limits {
        entries: 2,
        ..Limits::default()
    };
    let mut collection = collection("48", limits);
    ask(&mut collection);
    let flag = r#"{"resource":{"resourceType":"Flag"}}"#;
    let error = collection.receive(page(None, &[flag; 3].join(","))).unwrap_err();
    assert_eq!(error, FhirError::TooManyEntries(2));
    assert!(collection.next().is_none());
}

#[test]
fn f1_next_links_that_lead_outside() {
    for (next, rule) in [
        ("https://evil.example/fhir/48/Patient?page=2", LinkRule::Origin),
        (
            "https://dvza.example.nl.evil.example/fhir/48/Patient?page=2",
            LinkRule::Origin,
        ),
        ("https://dvza.example.nl:8443/fhir/48/Patient?page=2", LinkRule::Origin),
        ("https://dvza.example.nl/fhir/49/Patient?page=2", LinkRule::BasePath),
        ("https://dvza.example.nl/fhir/48/../49/Patient", LinkRule::BasePath),
        (
            "https://dvza.example.nl@evil.example/fhir/48/Patient",
            LinkRule::UserInfo,
        ),
        ("http://dvza.example.nl/fhir/48/Patient?page=2", LinkRule::Scheme),
    ] {
        let mut collection = collection("48", Limits::default());
        ask(&mut collection);
        let error = collection
            .receive(page(Some(next), r#"{"resource":{"resourceType":"Patient","id":"p"}}"#))
            .unwrap_err();
        let FhirError::Link(link) = &error else {
            panic!("{error}")
        };
        assert_eq!(link.rule, rule, "{next}");
        assert!(error.to_string().contains("evil.example") || error.to_string().contains("dvza.example.nl"));
        // nothing is asked there, and what came before is kept
        assert!(ask(&mut collection).starts_with(&format!("{BASE}/Coverage?")));
        let line = &collection.report().queries()[0];
        assert_eq!(
            (line.resources.len(), &line.outcome),
            (1, &Outcome::Failed(error.clone()))
        );
    }
}

#[test]
fn f1_attachments_that_lead_outside_are_lines() {
    let mut collection = collection("51", Limits::default());
    ask(&mut collection);
    collection
        .receive(answer(
            404,
            "application/fhir+json",
            r#"{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"not-supported"}]}"#,
        ))
        .unwrap();
    ask(&mut collection);
    let entries = r#"{"resource":{"resourceType":"DocumentReference","id":"a","content":[
        {"attachment":{"url":"https://evil.example/Binary/1"}},{"attachment":{"url":"Binary/1"}},{"attachment":{"url":"https://dvza.example.nl/fhir/48/Binary/1"}}]}}"#;
    collection.receive(page(None, entries)).unwrap();
    assert_eq!(ask(&mut collection), format!("{BASE}/Binary/1"));
    collection.receive(answer(200, "application/pdf", "%PDF-1.4")).unwrap();
    assert!(collection.next().is_none());

    let report = collection.finish();
    assert_eq!(report.queries()[0].outcome, Outcome::Absent);
    assert_eq!(report.documents().len(), 2);
    assert!(
        matches!(&report.documents()[0].outcome, Outcome::Failed(FhirError::Link(link)) if link.rule == LinkRule::Origin)
    );
    let binary = report.documents()[1].binary.as_ref().unwrap();
    assert_eq!(
        (binary.content_type(), &binary.content()[..]),
        ("application/pdf", &b"%PDF-1.4"[..])
    );
    assert!(!report.is_complete());
}
