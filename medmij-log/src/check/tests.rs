// SPDX-License-Identifier: AGPL-3.0-or-later
use super::*;

const GOOD: &str = r#"{"event":{"type":"send_token_request","location":"pgo.example.nl","datetime":"2026-11-30T12:00:00.001+01:00","session_id":"s","trace_id":"t"},"request":{"id":"r","method":"post","client_id":"pgo.example.nl","server_id":"dva.example.nl","uri":"https://dva.example.nl/token","initiated_by":"person","grant_type":"authorization_code"}}"#;

#[test]
fn a_whole_line_passes() {
    assert_eq!(check(GOOD), []);
    assert_eq!(check("\n\n"), []);
}

#[test]
fn core_logging_202_each_missing_or_malformed_field_is_named() {
    let cases: &[(&str, &str, Fault)] = &[
        (r#","trace_id":"t""#, "", Fault::Missing("event.trace_id")),
        (r#""location":"pgo.example.nl","#, "", Fault::Missing("event.location")),
        (
            r#","grant_type":"authorization_code""#,
            "",
            Fault::Missing("request.grant_type"),
        ),
        ("12:00:00.001+01:00", "12:00:00+01:00", Fault::Form("event.datetime")),
        ("12:00:00.001+01:00", "12:00:00.001", Fault::Form("event.datetime")),
        ("T12:00:00.001", " 12:00:00.001", Fault::Form("event.datetime")),
        ("T12:00:00.001", "t12:00:00.001", Fault::Form("event.datetime")),
        ("12:00:00.001", "12:00:00,001", Fault::Form("event.datetime")),
        ("12:00:00.001+01:00", "12:00:00.001+0100", Fault::Form("event.datetime")),
        ("12:00:00.001+01:00", "12:00:00.001z", Fault::Form("event.datetime")),
        (r#""trace_id":"t""#, r#""trace_id":1"#, Fault::Form("event.trace_id")),
        (
            r#""session_id":"s""#,
            r#""session_id":null"#,
            Fault::Form("event.session_id"),
        ),
        (r#""id":"r""#, r#""id":["r"]"#, Fault::Form("request.id")),
        (r#""method":"post""#, r#""method":"""#, Fault::Form("request.method")),
        (r#""person""#, r#""robot""#, Fault::Form("request.initiated_by")),
        (
            r#""id":"r""#,
            r#""id":"r","bsn":"x""#,
            Fault::Unknown("request.bsn".to_owned()),
        ),
        ("send_token_request", "send_something_new", Fault::UnknownEvent),
        (
            "https://dva.example.nl/token",
            "https://dva.example.nl/999911120",
            Fault::Person("request.uri"),
        ),
        (
            "https://dva.example.nl/token",
            "https://dva.example.nl/token?code=abc",
            Fault::Person("request.uri"),
        ),
    ];
    for (from, to, fault) in cases {
        let line = GOOD.replacen(from, to, 1);
        assert_ne!(line, GOOD, "{from}");
        let found: Vec<Fault> = check(&line).into_iter().map(|finding| finding.fault).collect();
        assert!(found.contains(fault), "{line}: {found:?}");
    }
}

#[test]
fn a_request_id_that_a_line_has_already_is_remarked_with_that_line() {
    let text = format!("{GOOD}\n\n{GOOD}\n{}", GOOD.replace("send_", "receive_"));
    let found: Vec<(usize, Fault)> = check(&text)
        .into_iter()
        .map(|found| (found.line, found.fault))
        .collect();
    assert_eq!(found, [(3, Fault::Again(1))]);
    assert!(!Fault::Again(1).is_error());
}

#[test]
fn an_unreadable_line_is_named_with_its_number() {
    let text = format!("{GOOD}\nnot json\n{}", GOOD.replace(r#""id":"r""#, r#""id":"s""#));
    let found = check(&text);
    assert_eq!(found.len(), 1);
    assert!(
        found
            .iter()
            .all(|f| f.line == 2 && f.fault == Fault::Unreadable(LineError::NotJson))
    );
}
