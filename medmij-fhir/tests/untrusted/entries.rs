// SPDX-License-Identifier: AGPL-3.0-or-later
//! F2, F3, F6 — what bytes of another party may do: the entry functions of the fuzz targets in `fuzz/`, and of the property
//! tests in `tests/untrusted.rs`, which run in CI.

#![allow(clippy::expect_used, reason = "an entry fails by panicking")]

use std::time::SystemTime;

use bytes::Bytes;
use medmij_fhir::{
    Bundle, Collection, FhirVersion, Gegevensdienst, Limits, Resource, ResourceEndpoint, ResourceEndpoints, check,
    redact_bsn, xml,
};
use medmij_types::{AccessToken, BackchannelUri, CorrelationId, OsEntropy, Systeemrolcode};

const BASE: &str = "https://dvza.example.nl/fhir/54";
const VERSIONS: [FhirVersion; 2] = [FhirVersion::Stu3, FhirVersion::R4];

/// FHIR JSON: a resource is its bytes, what is cut out leaves JSON, and what goes to XML comes back.
pub(crate) fn json(bytes: &[u8]) {
    let limits = Limits::default();
    let Ok(resource) = Resource::parse(bytes, &limits) else {
        return;
    };
    assert!(String::from_utf8_lossy(bytes).contains(resource.as_str()));
    let redacted = redact_bsn(bytes, &limits).expect("strict JSON");
    redact_bsn(redacted.text.as_bytes(), &limits).expect("JSON without what was cut out is JSON");
    for version in VERSIONS {
        let _ = check::document(bytes, version, &limits);
        let Ok(written) = xml::from_json(bytes, version, &limits) else {
            continue;
        };
        if written.is_lossless() {
            let back = xml::to_json(written.text.as_bytes(), version, &limits).expect("what was written is read");
            let again = xml::from_json(back.text.as_bytes(), version, &limits).expect("and written again");
            assert_eq!(again.text, written.text);
        }
    }
}

/// FHIR XML: what is read is strict JSON, and comes back the same, its members in the order of the schema.
pub(crate) fn fhir_xml(bytes: &[u8]) {
    let limits = Limits::default();
    for version in VERSIONS {
        let Ok(read) = xml::to_json(bytes, version, &limits) else {
            continue;
        };
        Resource::parse(read.text.as_bytes(), &limits).expect("a resource in strict JSON");
        if read.is_lossless() {
            let written = xml::from_json(read.text.as_bytes(), version, &limits).expect("what was read is written");
            let again = xml::to_json(written.text.as_bytes(), version, &limits).expect("and read again");
            // the reader takes elements in any order, the writer has one
            let content = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
            assert_eq!(content(&again.text), content(&read.text));
            let twice = xml::from_json(again.text.as_bytes(), version, &limits).expect("and written again");
            assert_eq!(twice.text, written.text);
        }
    }
}

/// A Bundle: entries are parts of its bytes, and faults have places.
pub(crate) fn bundle(bytes: &[u8]) {
    let limits = Limits::default();
    let Ok((bundle, _)) = Bundle::parse_redacted(bytes, &limits) else {
        return;
    };
    for entry in bundle.entries() {
        assert!(bundle.as_str().contains(entry.as_str()));
        if let Some(resource) = entry.resource() {
            assert!(entry.as_str().contains(resource.as_str()));
        }
    }
    assert!(bundle.faults().iter().all(|fault| !fault.path.is_empty()));
    let again = Bundle::parse(bundle.as_str().as_bytes(), &limits).expect("a Bundle is its bytes");
    assert_eq!(again.entries().len(), bundle.entries().len());
}

/// A next link (F1): whatever it says, the next request is below the ResourceEndpoint, or there is none.
pub(crate) fn next_link(bytes: &[u8]) {
    let Ok(link) = std::str::from_utf8(bytes) else { return };
    let service = Gegevensdienst::lookup(&"54".parse().expect("an id")).expect("in the catalogue");
    let endpoint = ResourceEndpoint::new(BackchannelUri::parse(BASE).expect("a uri")).expect("an endpoint");
    let role = service.systeemrollen().first().cloned();
    let role = role.unwrap_or_else(|| Systeemrolcode::parse("een-rol").expect("a code"));
    let token = AccessToken::from_wire("geheim").expect("a token");
    let correlation_id = CorrelationId::random(&OsEntropy).expect("randomness");
    let endpoints = ResourceEndpoints::new(role, endpoint);
    let mut collection = Collection::of(service, endpoints, token, correlation_id).expect("a collection");
    let now = SystemTime::UNIX_EPOCH;
    let first = collection.next(now, &OsEntropy).expect("a request").expect("one");
    let page = format!(
        r#"{{"resourceType":"Bundle","type":"searchset","link":[{{"relation":"next","url":{}}}]}}"#,
        serde_json::to_string(link).expect("a string")
    );
    let response = http::Response::builder().header("content-type", "application/fhir+json");
    let response = response.body(Bytes::from(page)).expect("a response");
    let received = collection.receive(first.ticket, response, now);
    match collection.next(now, &OsEntropy).expect("no fault of ours") {
        Some(next) => {
            let uri = next.request.uri().to_string();
            let below = uri
                .strip_prefix(BASE)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']));
            assert!(below, "{uri}");
            assert!(received.is_ok_and(|received| received.more));
        }
        None => assert!(received.is_err(), "a link that is not followed is an error"),
    }
}
