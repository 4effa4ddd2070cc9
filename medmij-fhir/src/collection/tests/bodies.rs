// SPDX-License-Identifier: AGPL-3.0-or-later
//! Content types and bodies that a collection refuses.

use super::{answer, ask, collection, page};
use crate::error::FhirError;
use crate::json::JsonRule;
use crate::limits::Limits;

#[test]
fn f4_other_content_types_are_refused() {
    let body = r#"{"resourceType":"Bundle","type":"searchset"}"#;
    for good in [
        "application/fhir+json",
        "application/json+fhir;charset=UTF-8",
        "application/json",
        "application/fhir+json; fhirVersion=3.0",
    ] {
        let mut collection = collection("48", Limits::default());
        ask(&mut collection);
        assert!(collection.receive(answer(200, good, body)).is_ok(), "{good}");
    }
    for bad in [
        "text/html",
        "image/svg+xml",
        "multipart/mixed; boundary=x",
        "application/xhtml+xml",
        "",
        "nonsense",
    ] {
        let mut collection = collection("48", Limits::default());
        ask(&mut collection);
        assert_eq!(
            collection.receive(answer(200, bad, body)),
            Err(FhirError::ContentType(bad.to_owned()))
        );
    }
    let mut collection = collection("48", Limits::default());
    ask(&mut collection);
    let other_version = answer(200, "application/fhir+json; fhirVersion=4.0", body);
    assert_eq!(
        collection.receive(other_version),
        Err(FhirError::Version("4.0".to_owned()))
    );
}

#[test]
fn f3_f6_bodies_that_are_refused() {
    let limits = Limits {
        body: 1000,
        depth: 10,
        ..Limits::default()
    };
    let deep = format!(
        r#"{{"resourceType":"Bundle","type":"searchset","x":{}{}}}"#,
        "[".repeat(50),
        "]".repeat(50)
    );
    for (body, rule) in [
        (" ".repeat(1001), JsonRule::TooLarge),
        (deep, JsonRule::TooDeep),
        (
            r#"{"resourceType":"Bundle","type":"searchset","type":"batch"}"#.to_owned(),
            JsonRule::DuplicateName,
        ),
        (r#"{"type":"searchset"}"#.to_owned(), JsonRule::Shape),
        ("<html>".to_owned(), JsonRule::Syntax),
    ] {
        let mut collection = collection("48", limits);
        ask(&mut collection);
        let error = collection
            .receive(answer(200, "application/fhir+json", body))
            .unwrap_err();
        assert!(
            matches!(error, FhirError::Json(error) if error.rule == rule),
            "{rule:?}"
        );
    }
    let mut collection = collection("48", limits);
    ask(&mut collection);
    let mut zipped = page(None, "");
    zipped.headers_mut().insert("content-encoding", "gzip".parse().unwrap());
    assert_eq!(collection.receive(zipped), Err(FhirError::ContentCoding));
}
