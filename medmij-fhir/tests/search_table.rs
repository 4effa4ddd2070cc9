// SPDX-License-Identifier: AGPL-3.0-or-later
//! Searches as FHIR defines them (STU3 and R4, page "search"), over a few resources: each row is a request and
//! the ids that match it. The rows were written from the definition, not from the server.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod definition;
mod standards;

use http::{Request, StatusCode};
use medmij_fhir::server::{ResourceSet, Responder, Served};
use medmij_fhir::{FhirVersion, ResourceEndpoint, ResourceType};
use medmij_types::BackchannelUri;
use serde_json::Value;

const BASE: &str = "https://dva.example.nl/fhir";

fn responder(version: FhirVersion, types: &str) -> Responder {
    let mut served = Served::new(version);
    for name in types.split(' ') {
        served = served.with_type(ResourceType::parse(name).unwrap());
    }
    Responder::serving(
        ResourceEndpoint::new(BackchannelUri::parse(BASE).unwrap()).unwrap(),
        served,
    )
}

fn set(resources: &[&str]) -> ResourceSet {
    let mut set = ResourceSet::new();
    for resource in resources {
        set.insert_json(resource.as_bytes()).unwrap();
    }
    set
}

/// Status, ids of matches and ids of what came along, each in the order of the answer.
fn ask(
    responder: &Responder,
    set: &ResourceSet,
    target: &str,
    prefer: Option<&str>,
) -> (StatusCode, Vec<String>, Vec<String>) {
    let mut request = Request::get(format!("/fhir/{target}")).header("accept", "application/fhir+json");
    if let Some(prefer) = prefer {
        request = request.header("prefer", prefer);
    }
    let response = responder.answer(&request.body(()).unwrap(), set);
    let bundle: Value = serde_json::from_slice(response.body()).unwrap();
    let ids = |mode: &str| {
        let entries = bundle["entry"].as_array().into_iter().flatten();
        entries
            .filter(|entry| entry["search"]["mode"] == mode)
            .map(|entry| entry["resource"]["id"].as_str().unwrap().to_owned())
            .collect()
    };
    (response.status(), ids("match"), ids("include"))
}

/// every row of a table; all that differ are reported together.
fn table(responder: &Responder, set: &ResourceSet, rows: &[(&str, &str)]) {
    let mut wrong = Vec::new();
    for (target, expected) in rows {
        let (status, mut found, _) = ask(responder, set, target, None);
        found.sort();
        let found = if status.is_success() {
            found.join(" ")
        } else {
            status.as_u16().to_string()
        };
        if found != *expected {
            wrong.push(format!("{target}: {found:?}, not {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
