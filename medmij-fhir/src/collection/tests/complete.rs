// SPDX-License-Identifier: AGPL-3.0-or-later
//! Complete or not: what is an answer, and what leaves a gap.

use std::time::Duration;

use super::{BASE, answer, ask, collection, page};
use crate::collection::{Gap, GapReason, Outcome, Verdict};
use crate::limits::Limits;

const FHIR: &str = "application/fhir+json; fhirVersion=3.0";

fn outcome(severity: &str, code: &str) -> String {
    format!(r#"{{"resourceType":"OperationOutcome","issue":[{{"severity":"{severity}","code":"{code}"}}]}}"#)
}

/// A collection of one query (54) after these answers.
fn after(answers: Vec<http::Response<bytes::Bytes>>) -> crate::collection::Report {
    let mut trial = collection("54", Limits::default());
    for answer in answers {
        trial.next().unwrap();
        let _ = trial.receive(answer);
    }
    trial.finish()
}

fn bundle(body: &str) -> http::Response<bytes::Bytes> {
    answer(
        200,
        FHIR,
        format!(r#"{{"resourceType":"Bundle","type":"searchset",{body}}}"#),
    )
}

#[test]
fn an_answer_is_complete_when_it_ends_with_its_last_page() {
    let next = format!(r#""link":[{{"relation":"next","url":"{BASE}/AllergyIntolerance?page=2"}}]"#);
    let allergy = r#"{"resource":{"resourceType":"AllergyIntolerance","id":"a"},"search":{"mode":"match"}}"#;
    for answers in [
        vec![bundle(r#""total":0"#)],
        vec![bundle(r#""entry":[]"#)],
        vec![answer(200, FHIR, outcome("information", "informational"))],
        vec![answer(200, FHIR, outcome("warning", "not-found"))],
        vec![answer(404, FHIR, outcome("error", "not-supported"))],
        vec![answer(404, FHIR, outcome("fatal", "not-supported"))],
        vec![answer(404, FHIR, outcome("error", "not-found"))],
        vec![
            bundle(&format!(r#"{next},"total":2,"entry":[{allergy}]"#)),
            bundle(&format!(r#""total":2,"entry":[{}]"#, allergy.replace("\"a\"", "\"b\""))),
        ],
        vec![bundle(&format!(
            r#""total":1,"entry":[{allergy},{{"resource":{{"resourceType":"Patient"}},"search":{{"mode":"include"}}}}]"#
        ))],
        vec![bundle(&format!(
            r#""entry":[{{"resource":{},"search":{{"mode":"outcome"}}}}]"#,
            outcome("warning", "suppressed")
        ))],
    ] {
        let report = after(answers);
        assert!(report.is_complete(), "{:?}", report.gaps());
        assert!(matches!(report.verdict(), Verdict::Whole(_)));
    }
}

#[test]
fn a_temporary_refusal_is_not_an_answer_and_says_when_to_come_back() {
    for status in [408, 429, 500, 502, 503, 504, 599] {
        let mut trial = collection("48", Limits::default());
        for number in 0..28 {
            assert!(trial.next().is_some(), "{number}");
            let mut busy = answer(status, "text/html", "busy");
            busy.headers_mut().insert("retry-after", "120".parse().unwrap());
            let received = trial.receive(busy).unwrap();
            assert_eq!(received.retry_after, Some(Duration::from_secs(120)));
        }
        assert!(trial.next().is_none());
        assert_eq!(
            trial.collection.wakes_at(),
            Some(super::now() + Duration::from_secs(120))
        );
        let report = trial.finish();
        assert!(!report.is_complete());
        assert_eq!(report.retry_after(), Some(Duration::from_secs(120)));
        let gaps = report.gaps();
        assert_eq!(gaps.len(), 28);
        let status = http::StatusCode::from_u16(status).unwrap();
        assert!(
            gaps.iter()
                .all(|gap| gap.reason == GapReason::Temporary(status) && gap.is_temporary())
        );
        assert_eq!(
            gaps[1].to_string(),
            format!(
                "Betaler, page 1: temporary refusal ({}) (again after 120 s)",
                status.as_u16()
            )
        );
    }
}

#[test]
fn a_refusal_after_the_first_page_is_never_the_end() {
    for (status, body) in [
        (503, outcome("error", "transient")),
        (404, outcome("error", "not-supported")),
        (404, outcome("error", "not-found")),
        (403, String::new()),
        (410, outcome("error", "not-found")),
        (400, outcome("error", "invalid")),
    ] {
        let next = format!(r#""link":[{{"relation":"next","url":"{BASE}/AllergyIntolerance?page=2"}}]"#);
        let first = bundle(&format!(
            r#""total":200,{next},"entry":[{{"resource":{{"resourceType":"AllergyIntolerance","id":"a"}}}}]"#
        ));
        let mut second = answer(status, FHIR, body);
        second.headers_mut().insert("retry-after", "5".parse().unwrap());
        let report = after(vec![first, second]);
        let status = http::StatusCode::from_u16(status).unwrap();
        let gap = &report.gaps()[0];
        assert_eq!((gap.page, &gap.reason), (2, &GapReason::RefusedAfterFirstPage(status)));
        assert_eq!(gap.retry_after, Some(Duration::from_secs(5)));
        let Verdict::Partial(partial) = report.verdict() else {
            panic!()
        };
        assert_eq!(partial.resources().count(), 1, "what came is kept, as a part");
    }
}

#[test]
fn whatever_else_is_refused_or_in_doubt_leaves_a_gap() {
    let entry = r#"{"resource":{"resourceType":"AllergyIntolerance","id":"a"}}"#;
    let with_outcome = |severity, code| {
        let outcome = outcome(severity, code);
        bundle(&format!(
            r#""entry":[{entry},{{"resource":{outcome},"search":{{"mode":"outcome"}}}}]"#
        ))
    };
    let cases: Vec<(http::Response<bytes::Bytes>, &str)> = vec![
        (answer(403, FHIR, outcome("error", "forbidden")), "refused (403)"),
        (answer(400, FHIR, outcome("error", "not-supported")), "refused (400)"),
        (answer(404, "text/html", "<h1>404</h1>"), "refused (404)"),
        (answer(404, FHIR, outcome("error", "exception")), "refused (404)"),
        (answer(410, FHIR, ""), "refused (410)"),
        (
            answer(200, FHIR, outcome("error", "exception")),
            "the server reports error exception",
        ),
        (
            answer(200, FHIR, outcome("fatal", "processing")),
            "the server reports fatal processing",
        ),
        (
            answer(200, FHIR, outcome("notice", "processing")),
            "the server reports unknown processing",
        ),
        (
            with_outcome("error", "processing"),
            "entry[1].resource: the server reports error processing",
        ),
        (
            with_outcome("warning", "incomplete"),
            "entry[1].resource: the server reports warning incomplete",
        ),
        (
            with_outcome("information", "timeout"),
            "the server reports information timeout",
        ),
        (
            with_outcome("warning", "throttled"),
            "the server reports warning throttled",
        ),
        (
            with_outcome("warning", "transient"),
            "the server reports warning transient",
        ),
        (
            bundle(&format!(r#""total":2,"entry":[{entry}]"#)),
            "1 of 2 matches and no next page",
        ),
        (bundle(r#""total":-1,"entry":[]"#), "total: total is not a whole number"),
        (
            bundle(&format!(r#""entry":[{entry},{{"resource":{{"id":"x"}}}}]"#)),
            "entry[1].resource: resource has no",
        ),
        (bundle(r#""entry":[7]"#), "entry[0]: entry is not an object"),
        (
            bundle(r#""link":[{"relation":"next"}]"#),
            "link[0]: link has no relation or no url",
        ),
        (
            answer(206, FHIR, r#"{"resourceType":"Bundle","type":"searchset"}"#),
            "answer is a part (206)",
        ),
        (
            page(Some("https://evil.example/x"), ""),
            "link https://evil.example/x is not followed",
        ),
    ];
    for (response, expected) in cases {
        let report = after(vec![response]);
        assert!(!report.is_complete(), "{expected}");
        let shown: Vec<String> = report.gaps().iter().map(ToString::to_string).collect();
        assert!(shown.iter().any(|gap| gap.contains(expected)), "{expected}: {shown:?}");
    }
}

#[test]
fn a_next_link_is_found_whatever_its_case() {
    let mut trial = collection("48", Limits::default());
    ask(&mut trial);
    let body = format!(
        r#"{{"resourceType":"Bundle","type":"searchset","total":2,"link":[{{"relation":"Next","url":"{BASE}/Patient?page=2"}}],"entry":[{{"resource":{{"resourceType":"Patient","id":"a"}}}}]}}"#
    );
    assert!(trial.receive(answer(200, FHIR, body)).unwrap().more);
    assert_eq!(ask(&mut trial), format!("{BASE}/Patient?page=2"));
}

#[test]
fn one_fault_costs_what_it_touches_and_the_mark() {
    let good = r#"{"resource":{"resourceType":"AllergyIntolerance","id":"a"}}"#;
    let page = |entries: &str| format!(r#"{{"resourceType":"Bundle","type":"searchset","entry":[{entries}]}}"#);
    for (body, complete) in [
        (format!("\u{feff}{}", page(good)), true),
        (page(&format!(r#"{good},{{"resource":{{"id":"x"}}}}"#)), false),
        (page(&good.replace("}}", r#"},"search":{"mode":"Match"}}"#)), false),
        (page(&good.replace("}}", r#"},"search":{"mode":"zoek"}}"#)), false),
    ] {
        let report = after(vec![answer(200, FHIR, body.clone())]);
        assert_eq!(report.queries()[0].received(), 1, "{body}");
        assert_eq!(report.is_complete(), complete, "{body}");
    }
    // an outcome with a severity that FHIR does not have is kept
    let report = after(vec![answer(400, FHIR, outcome("notice", "processing"))]);
    assert_eq!(report.queries()[0].outcomes.len(), 1);
}

#[test]
fn the_name_of_a_charset_in_content_encoding_costs_no_page() {
    let body = r#"{"resourceType":"Bundle","type":"searchset","entry":[]}"#;
    for (coding, complete) in [
        ("UTF-8", true),
        ("", true),
        ("ISO8859_1, identity", true),
        ("gzip", false),
        ("utf-8, br", false),
    ] {
        let mut response = answer(200, FHIR, body);
        response
            .headers_mut()
            .insert("content-encoding", coding.parse().unwrap());
        assert_eq!(
            after(vec![response]).queries()[0].outcome == Outcome::Answered,
            complete,
            "{coding:?}"
        );
    }
}

#[test]
fn what_was_not_asked_is_a_gap() {
    let report = collection("48", Limits::default()).finish();
    assert_eq!(report.gaps().len(), 28);
    assert_eq!(report.gaps()[0].reason, GapReason::NotAsked);
    assert_eq!(report.gaps()[0].to_string(), "Patiënt en huisarts: not asked");
}

#[test]
fn a_read_that_was_refused_for_the_time_being_is_asked_again_and_then_counts() {
    let mut trial = collection("54", Limits::default());
    let mut busy = answer(429, "text/plain", "");
    busy.headers_mut().insert("retry-after", "5".parse().unwrap());
    let first = trial.next().unwrap();
    trial.receive(busy).unwrap();
    assert!(trial.next().is_none(), "not before its time");
    let later = super::now() + Duration::from_secs(5);
    let again = trial.collection.next(later, &medmij_types::OsEntropy).unwrap().unwrap();
    assert_eq!(again.request.uri(), first.uri());
    assert_ne!(
        again.request.headers()["medmij-request-id"],
        first.headers()["medmij-request-id"]
    );
    trial.collection.receive(again.ticket, page(None, ""), later).unwrap();
    let report = trial.finish();
    assert_eq!(report.queries()[0].outcome, Outcome::Answered);
    assert!(report.is_complete());
}

#[test]
fn a_gap_is_shown_on_one_line() {
    let gap = Gap {
        label: "Contact".to_owned(),
        page: 3,
        path: Some("entry[2]".to_owned()),
        reason: GapReason::FewerThanTotal { total: 9, found: 8 },
        retry_after: None,
    };
    assert_eq!(
        gap.to_string(),
        "Contact, page 3, entry[2]: 8 of 9 matches and no next page"
    );
}
