// SPDX-License-Identifier: AGPL-3.0-or-later
//! Every answer of the example DVZA over its own data passes the searchset check, in JSON and in XML: each query of
//! the service, its optional ones too, each page of it, and each resource read by its id.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use http::{Request, Response};
use medmij_fhir::server::{ResourceSet, Responder};
use medmij_fhir::{Choices, Gegevensdienst, Limits, QueryMethod, ResourceEndpoint, ResourceId, SearchDate, check, xml};
use medmij_types::{BackchannelUri, GegevensdienstId};
use serde_json::Value;

/// Gegevensdienst and resources of each folder of the data, with its name.
fn dossiers() -> Vec<(String, &'static Gegevensdienst, ResourceSet)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/dvza/data");
    let below = |path: &Path| {
        let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
        let mut folders: Vec<_> = entries.filter(|path| path.is_dir()).collect();
        folders.sort();
        folders
    };
    let mut all = Vec::new();
    for folder in below(&root)
        .iter()
        .flat_map(|path| below(path))
        .flat_map(|path| below(&path))
    {
        let id = GegevensdienstId::parse(folder.file_name().unwrap().to_str().unwrap()).unwrap();
        let mut set = ResourceSet::new();
        for file in fs::read_dir(&folder).unwrap() {
            set.insert_json(&fs::read(file.unwrap().path()).unwrap()).unwrap();
        }
        let name = folder.strip_prefix(&root).unwrap().display().to_string();
        all.push((name, Gegevensdienst::lookup(&id).unwrap(), set));
    }
    all
}

fn ask(responder: &Responder, set: &ResourceSet, path: &str, form: &str) -> Response<bytes::Bytes> {
    let request = Request::get(path)
        .header("accept", format!("application/fhir+{form}"))
        .header("authorization", "Bearer een-token")
        .body(())
        .unwrap();
    responder.answer(&request, set)
}

/// Fails where the answer does not pass; its `next` link.
fn passes(response: &Response<bytes::Bytes>, service: &Gegevensdienst, place: &str) -> Option<String> {
    assert_eq!(response.status(), 200, "{place}");
    let limits = Limits::default();
    let findings = check::document(response.body(), service.version(), &limits).unwrap();
    let errors: Vec<String> = findings.iter().map(|finding| format!("{finding:?}")).collect();
    assert!(errors.is_empty(), "{place}: {}", errors.join("\n"));
    let json = if response.body().starts_with(b"<") {
        xml::to_json(response.body(), service.version(), &limits)
            .unwrap()
            .text
            .into_bytes()
    } else {
        response.body().to_vec()
    };
    let bundle: Value = serde_json::from_slice(&json).unwrap();
    let mut links = bundle["link"].as_array().into_iter().flatten();
    let next = links.find(|link| link["relation"] == "next")?;
    Some(next["url"].as_str().unwrap().replace("https://dvza.example.nl", ""))
}

#[test]
fn every_answer_over_the_example_data_passes_the_searchset_check() {
    let day = |text: &str| SearchDate::parse(text).unwrap();
    let choices = Choices::default()
        .today(day("2026-11-30"))
        .from(day("2020-01-01"))
        .to(day("2027-01-01"))
        .code("http://loinc.org|85354-9")
        .id(ResourceId::parse("een").unwrap());
    let (mut answers, mut reads) = (0, 0);
    for (name, service, set) in dossiers() {
        let endpoint = ResourceEndpoint::new(BackchannelUri::parse("https://dvza.example.nl/fhir").unwrap()).unwrap();
        let responder = Responder::new(endpoint, service).with_page_size(7);
        for form in ["json", "xml"] {
            let queries = service.queries().iter();
            for query in queries.filter(|query| query.method() == QueryMethod::Get && query.follow_up().is_none()) {
                let Ok(query) = service.query(query, &choices) else {
                    continue;
                };
                let mut path = Some(format!("/fhir/{}", query.path_and_query()));
                while let Some(place) = path {
                    let response = ask(&responder, &set, &place, form);
                    path = passes(&response, service, &format!("{name} {form} {place}"));
                    answers += 1;
                }
            }
            for resource in set.iter() {
                let place = format!("/fhir/{}/{}", resource.resource_type(), resource.id().unwrap());
                let response = ask(&responder, &set, &place, form);
                passes(&response, service, &format!("{name} {form} {place}"));
                reads += 1;
            }
        }
    }
    assert!(answers > 300 && reads > 400, "{answers} {reads}");
}
