// SPDX-License-Identifier: AGPL-3.0-or-later
//! F1, F2, F3, F4 — a server that wants the token elsewhere, or our time and memory: everything it sends ends in a
//! clear error, and no request leaves for another place.

use super::{BASE, Trial, answer, collection, page};
use crate::limits::Limits;

/// Answers every request with the same answer, at most `most` times; every request stays below the endpoint.
fn insist(trial: &mut Trial, most: usize, mut respond: impl FnMut(usize) -> http::Response<bytes::Bytes>) -> usize {
    let mut asked = 0;
    while let Some(request) = trial.next() {
        let uri = request.uri().to_string();
        let inside = uri.strip_prefix(BASE).is_some_and(|rest| rest.starts_with(['/', '?']));
        assert!(inside, "{uri}");
        assert!(request.headers().contains_key("authorization"));
        let _ = trial.receive(respond(asked));
        asked += 1;
        assert!(asked <= most, "no end");
    }
    asked
}

#[test]
fn f1_no_next_link_leads_elsewhere() {
    let long = format!("{BASE}/Patient?page={}", "x".repeat(8192));
    let longer = format!("https://evil.example/{}", "x".repeat(70_000));
    for next in [
        "https://evil.example/fhir/48/Patient?page=2",
        "https://dvza.example.nl:8443/fhir/48/Patient?page=2",
        "https://dvza.example.nl:443:443/fhir/48/Patient",
        "https://dvza.example.nl:0/fhir/48/Patient",
        "https://dvza.example.nl:99999/fhir/48/Patient",
        "https://dvza.example.nl./fhir/48/Patient",
        "//evil.example/fhir/48/Patient",
        "/\\\\evil.example/fhir/48/Patient",
        "/../../evil",
        "../49/Patient",
        "%2e%2e/49/Patient",
        "https:evil.example",
        "https:///evil.example/fhir/48",
        "https://token@dvza.example.nl/fhir/48/Patient",
        "http://dvza.example.nl/fhir/48/Patient",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "\\u0000",
        " ",
        "",
        &long,
        &longer,
    ] {
        let mut trial = collection("54", Limits::default());
        let asked = insist(&mut trial, 5, |_| page(Some(&next.replace('\\', "\\\\")), ""));
        assert_eq!(asked, 1, "{next:.80}");
        let report = trial.finish();
        assert!(!report.is_complete(), "{next:.80}");
        let gap = report.gaps()[0].to_string();
        assert!(gap.contains("is not followed") && gap.len() < 400, "{gap}");
    }
}

#[test]
fn f1_a_relative_link_and_the_default_port_stay_inside() {
    for next in [
        "Patient?page=2",
        "https://dvza.example.nl:443/fhir/48/Patient?page=2",
        "?page=2",
    ] {
        let mut trial = collection("54", Limits::default());
        let asked = insist(&mut trial, 5, |number| page((number == 0).then_some(next), ""));
        assert_eq!(asked, 2, "{next}");
        assert!(trial.finish().is_complete(), "{next}");
    }
}

#[test]
fn f2_pages_that_never_end_do_end() {
    let limits = Limits {
        pages: 50,
        ..Limits::default()
    };
    // always a new page; a circle of three; a page that is its own next; the query itself
    let query = format!("{BASE}/AllergyIntolerance");
    for kind in 0..4 {
        let mut trial = collection("54", limits);
        let asked = insist(&mut trial, 60, |number| {
            let next = match kind {
                0 => format!("{BASE}/AllergyIntolerance?page={number}"),
                1 => format!("{BASE}/AllergyIntolerance?page={}", number % 3),
                2 => format!("{BASE}/AllergyIntolerance?page=1"),
                _ => query.clone(),
            };
            page(Some(&next), r#"{"resource":{"resourceType":"AllergyIntolerance"}}"#)
        });
        assert!(asked <= 50, "{asked}");
        assert!(!trial.finish().is_complete());
    }
}

#[test]
fn f2_references_that_lead_ever_further_end() {
    let mut trial = collection("54", Limits::default());
    let asked = insist(&mut trial, 20, |number| match number {
        0 => page(
            None,
            r#"{"resource":{"resourceType":"AllergyIntolerance","id":"a0","patient":{"reference":"Patient/p0"}}}"#,
        ),
        _ => answer(
            200,
            "application/fhir+json",
            format!(
                r#"{{"resourceType":"Patient","id":"p{}","link":{{"reference":"Patient/p{number}"}}}}"#,
                number - 1
            ),
        ),
    });
    assert_eq!(asked, 4, "three steps away and no further");
}

#[test]
fn f3_f4_answers_of_the_wrong_kind_are_named_and_bounded() {
    let limits = Limits {
        body: 1 << 20,
        ..Limits::default()
    };
    let bundle = r#"{"resourceType":"Bundle","type":"searchset"}"#;
    let with = |name: &'static str, value: &str| {
        let mut response = answer(200, "application/fhir+json", bundle);
        response.headers_mut().append(name, value.parse().unwrap());
        response
    };
    let nested = format!("{}{}", "[".repeat(500_000), "]".repeat(500_000));
    let wide = format!(
        r#"{{"resourceType":"Bundle","type":"searchset","entry":[{}]}}"#,
        ["{}"; 200_000].join(",")
    );
    let deep_xml = format!(
        "<Bundle xmlns=\"http://hl7.org/fhir\">{}",
        "<extension url=\"a\">".repeat(40_000)
    );
    let attributes: String = (0..60_000).map(|number| format!(" a{number}=\"\"")).collect();
    let wide_xml = format!("<Bundle xmlns=\"http://hl7.org/fhir\"{attributes}/>");
    let entities = "<!DOCTYPE a [<!ENTITY b \"c\">]><Bundle xmlns=\"http://hl7.org/fhir\"/>";
    let cases: Vec<(http::Response<bytes::Bytes>, &str)> = vec![
        (
            answer(200, "text/html", "<html>"),
            "not FHIR JSON or XML but \"text/html\"",
        ),
        (answer(200, "application/fhir+json", "<html>"), "text is not JSON"),
        (answer(200, "application/pdf", "%PDF"), "not FHIR JSON or XML but"),
        (
            answer(200, "application/fhir+xml", "<html>"),
            "not in the FHIR namespace",
        ),
        (answer(200, "application/fhir+xml", bundle), "not well-formed"),
        (answer(200, "application/fhir+xml", deep_xml), "nested too deep"),
        (answer(200, "application/fhir+xml", wide_xml), "too many elements"),
        (
            answer(200, "application/fhir+xml", entities),
            "document type declaration",
        ),
        (answer(200, "application/fhir+json", ""), "answer is refused"),
        (answer(204, "application/fhir+json", ""), "answer is refused"),
        (answer(200, "application/fhir+json", "null"), "answer is refused"),
        (
            answer(
                200,
                "application/fhir+json",
                r#"{"resourceType":"Bundle","type":"batch"}"#,
            ),
            "a Bundle of type batch",
        ),
        (
            answer(200, "application/fhir+json", r#"{"resourceType":"Patient"}"#),
            "not a searchset Bundle but Patient",
        ),
        (
            answer(200, "application/fhir+json", vec![b' '; (1 << 20) + 1]),
            "document too large",
        ),
        (answer(200, "application/fhir+json", nested), "nested too deep"),
        (answer(200, "application/fhir+json", wide), "object or array too long"),
        (
            answer(200, "application/fhir+json; fhirVersion=4.0", bundle),
            "FHIR version \"4.0\"",
        ),
        (answer(206, "application/fhir+json", bundle), "a part (206)"),
        (answer(301, "text/html", ""), "server redirects"),
        (answer(307, "text/html", ""), "server redirects"),
        (with("content-encoding", "gzip"), "content coding"),
        (with("content-length", "1"), "not as long as its content-length"),
        (with("content-length", "999999"), "not as long as its content-length"),
        (with("content-length", "44, 44"), "not as long as its content-length"),
    ];
    for (response, expected) in cases {
        let mut response = Some(response);
        let mut trial = collection("54", limits);
        let asked = insist(&mut trial, 1, |_| response.take().unwrap());
        let shown = trial.finish().gaps()[0].to_string();
        assert_eq!(asked, 1);
        assert!(shown.contains(expected) && shown.len() < 300, "{expected}: {shown}");
    }
    // and the right length is no fault
    let mut trial = collection("54", limits);
    insist(&mut trial, 1, |_| with("content-length", "44"));
    assert!(trial.finish().is_complete());
}
