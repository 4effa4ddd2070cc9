// SPDX-License-Identifier: AGPL-3.0-or-later
//! JSON, XML and the bytes of a document, by what the client accepts.

use super::{get, refusal, responder, set};
use crate::limits::Limits;
use crate::outcome::IssueCode;
use crate::server::ResourceSet;

#[test]
fn h11_the_accept_header_decides_the_format() {
    let responder = responder("48");
    for (accept, expected) in [
        (None, 200),
        (Some("application/fhir+json; fhirVersion=3.0"), 200),
        (Some("application/fhir+json;fhirVersion=3.0.2;q=0.9"), 200),
        (Some("application/json+fhir"), 200),
        (Some("*/*"), 200),
        (
            Some("application/fhir+xml;q=0.5, application/fhir+json; fhirVersion=3.0"),
            200,
        ),
        (Some("application/fhir+json; fhirVersion=4.0"), 400),
        (Some("application/fhir+json; fhirVersion=nul"), 400),
        (Some("application/fhir+json, f\u{f6}\u{f6}/bar;q=0.1"), 200),
        (Some("text/html"), 406),
        (Some("application/fhir+xml"), 200),
        (Some("text/xml;q=0.1, text/html"), 200),
        (Some("application/fhir+json;q=0"), 406),
        (Some("nonsense"), 406),
    ] {
        let mut request = http::Request::get("/fhir/48/Patient").body(()).unwrap();
        if let Some(accept) = accept {
            let value = http::HeaderValue::from_bytes(accept.as_bytes()).unwrap();
            request.headers_mut().insert("accept", value);
        }
        let response = responder.answer(&request, &set());
        assert_eq!(response.status().as_u16(), expected, "{accept:?}");
        if expected != 200 {
            assert_eq!(refusal(&response).1, IssueCode::NotSupported);
        }
    }
}

#[test]
fn a_read_gives_the_exact_bytes() {
    let response = get(&responder("48"), "Practitioner/ha");
    assert_eq!(&response.body()[..], br#"{"resourceType":"Practitioner","id":"ha"}"#);
}

#[test]
fn a_binary_is_json_when_asked_and_the_document_when_nothing_is_asked() {
    let mut set = ResourceSet::new();
    let binary = br#"{"resourceType":"Binary","id":"brief","contentType":"application/pdf","content":"JVBERi0="}"#;
    set.insert_json(binary).unwrap();
    for (accept, status, content_type, body) in [
        (None, 200, "application/pdf", &b"%PDF-"[..]),
        (Some("*/*"), 200, "application/pdf", b"%PDF-"),
        (Some("application/pdf"), 200, "application/pdf", b"%PDF-"),
        (
            Some("application/fhir+json"),
            200,
            "application/fhir+json; fhirVersion=3.0",
            &binary[..],
        ),
        (Some("image/png"), 406, "application/fhir+json; fhirVersion=3.0", b""),
    ] {
        let mut request = http::Request::get("/fhir/48/Binary/brief").body(()).unwrap();
        if let Some(accept) = accept {
            request.headers_mut().insert("accept", accept.parse().unwrap());
        }
        let response = responder("48").answer(&request, &set);
        assert_eq!(response.status().as_u16(), status, "{accept:?}");
        assert_eq!(response.headers()["content-type"], content_type, "{accept:?}");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        if status == 200 {
            assert_eq!(&response.body()[..], body, "{accept:?}");
        }
    }
}

#[test]
fn an_answer_is_xml_when_xml_is_asked_and_so_is_a_refusal() {
    for (path, accept, start) in [
        (
            "Patient",
            Some("application/fhir+xml"),
            "<Bundle xmlns=\"http://hl7.org/fhir\">",
        ),
        ("Patient?_format=xml", None, "<Bundle "),
        (
            "Patient?_format=application/fhir+xml",
            Some("application/fhir+json"),
            "<Bundle ",
        ),
        ("Practitioner/ha", Some("application/fhir+xml"), "<Practitioner "),
        ("metadata", Some("application/xml"), "<CapabilityStatement "),
        ("CarePlan", Some("application/fhir+xml"), "<OperationOutcome "),
        ("Patient/$", Some("application/fhir+xml"), "<OperationOutcome "),
    ] {
        let mut request = http::Request::get(format!("/fhir/48/{path}")).body(()).unwrap();
        if let Some(accept) = accept {
            request.headers_mut().insert("accept", accept.parse().unwrap());
        }
        let response = responder("48").answer(&request, &set());
        let text = String::from_utf8_lossy(response.body()).into_owned();
        assert!(text.contains(start), "{path}: {text}");
        assert_eq!(
            response.headers()["content-type"],
            "application/fhir+xml; fhirVersion=3.0",
            "{path}"
        );
        assert!(
            crate::xml::to_json(response.body(), crate::FhirVersion::Stu3, &Limits::default())
                .unwrap()
                .is_lossless()
        );
    }
}
