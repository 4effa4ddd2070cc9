// SPDX-License-Identifier: AGPL-3.0-or-later
//! Client against server, in memory, over the data of the example DVZA: gegevensdiensten 48 and 51
//! for every zorgaanbieder and person, at a small page size.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use medmij_fhir::server::{ResourceSet, Responder};
use medmij_fhir::{
    Access, Binary, Choices, Collection, FhirVersion, Gegevensdienst, Limits, Outcome, Reference, References, Report,
    Resource, ResourceEndpoint, ResourceEndpoints, SearchMode, ServiceFunction, Verdict,
};
use medmij_types::{AccessToken, BackchannelUri, Bsn, CorrelationId, GegevensdienstId, OsEntropy, Systeemrolcode};
use serde_json::Value;

const TOKEN: &str = "een-token-dat-nergens-hoort-te-staan";

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/dvza/data")
}

fn index() -> Value {
    serde_json::from_slice(&fs::read(data().join("index.json")).unwrap()).unwrap()
}

/// Every dossier with zorgaanbieder, person and gegevensdienst.
fn dossiers() -> Vec<(String, String, String, PathBuf)> {
    let index = index();
    let mut dossiers = Vec::new();
    for aanbieder in index["aanbieders"].as_array().unwrap() {
        for persoon in index["personen"].as_array().unwrap() {
            let ids = aanbieder["gegevensdiensten"].as_array().unwrap();
            // what is shared comes from a DVP
            let collected =
                |id: &&Value| gegevensdienst(id.as_str().unwrap()).function() == ServiceFunction::Verzamelen;
            for id in ids.iter().filter(collected) {
                let parts = [&aanbieder["map"], &persoon["map"], id].map(|value| value.as_str().unwrap().to_owned());
                let path = data().join(parts.join("/"));
                assert!(path.is_dir(), "{}", path.display());
                let [aanbieder, persoon, id] = parts;
                dossiers.push((aanbieder, persoon, id, path));
            }
        }
    }
    assert_eq!(dossiers.len(), 12);
    dossiers
}

fn files(path: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn load(path: &Path) -> ResourceSet {
    let mut set = ResourceSet::new();
    for file in files(path) {
        set.insert_json(&fs::read(&file).unwrap())
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }
    set
}

fn gegevensdienst(id: &str) -> &'static Gegevensdienst {
    Gegevensdienst::lookup(&GegevensdienstId::parse(id).unwrap()).unwrap()
}

fn endpoint(aanbieder: &str, id: &str) -> ResourceEndpoint {
    let uri = format!("https://dvza-een.localhost/{aanbieder}/fhir/{id}");
    ResourceEndpoint::new(BackchannelUri::parse(&uri).unwrap()).unwrap()
}

/// Collects from a responder and shows every URL to the caller.
fn collect(aanbieder: &str, id: &str, set: &ResourceSet, page_size: usize) -> (Report, Vec<String>) {
    collect_with(aanbieder, id, set, page_size, References::None)
}

fn collect_with(
    aanbieder: &str,
    id: &str,
    set: &ResourceSet,
    page_size: usize,
    references: References,
) -> (Report, Vec<String>) {
    let gegevensdienst = gegevensdienst(id);
    let endpoint = endpoint(aanbieder, id);
    let responder = Responder::new(endpoint.clone(), gegevensdienst).with_page_size(page_size);
    let role = |at: usize| gegevensdienst.systeemrollen()[at].clone();
    let mut endpoints = ResourceEndpoints::new(role(0), endpoint.clone());
    for at in 1..gegevensdienst.systeemrollen().len() {
        endpoints = endpoints.with(role(at), endpoint.clone());
    }
    let access = Access::new(
        endpoints,
        AccessToken::from_wire(TOKEN).unwrap(),
        CorrelationId::random(&OsEntropy).unwrap(),
        gegevensdienst.version(),
    );
    let mut collection = Collection::new(gegevensdienst, access, Choices::default(), Limits::default())
        .unwrap()
        .with_references(references);
    let now = std::time::SystemTime::UNIX_EPOCH;
    let mut urls = Vec::new();
    let mut request_ids = BTreeSet::new();
    while let Some(ask) = collection.next(now, &OsEntropy).unwrap() {
        let request = ask.request;
        urls.push(request.uri().to_string());
        assert!(
            request_ids.insert(request.headers()["medmij-request-id"].clone()),
            "core.rscint.201"
        );
        let response: http::Response<Bytes> = responder.answer(&request, set);
        collection.receive(ask.ticket, response, now).unwrap();
    }
    (collection.finish(), urls)
}

#[test]
fn every_file_reads_and_has_valid_ids() {
    for (.., path) in dossiers() {
        for resource in load(&path).iter() {
            assert!(resource.id().is_some());
            let view: Value = resource.view().unwrap();
            if resource.resource_type().as_str() != "Binary" {
                let profile = view["meta"]["profile"][0].as_str().unwrap();
                assert!(
                    profile.starts_with("http://nictiz.nl/fhir/StructureDefinition/")
                        || profile.starts_with("http://fhir.nl/fhir/StructureDefinition/nl-core-"),
                    "{profile}"
                );
            }
        }
    }
}

#[test]
fn every_reference_resolves() {
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            Value::Object(members) => {
                found.extend(members.get("reference").and_then(Value::as_str).map(str::to_owned));
                members.values().for_each(|member| references(member, found));
            }
            _ => {}
        }
    }
    for (.., path) in dossiers() {
        let set = load(&path);
        for resource in set.iter() {
            let mut found = Vec::new();
            references(&resource.view().unwrap(), &mut found);
            for text in found {
                let Reference::Relative { resource_type, id } = Reference::parse(&text).unwrap() else {
                    panic!("{text}")
                };
                let target = set.lookup(resource_type.as_str(), id.as_str());
                assert!(
                    target.is_some(),
                    "{text} in {} of {}",
                    resource.id().unwrap(),
                    path.display()
                );
            }
        }
    }
}

#[test]
fn core_rscint_203_no_bsn_in_any_resource() {
    let index = index();
    let numbers: Vec<&str> = index["personen"]
        .as_array()
        .unwrap()
        .iter()
        .map(|persoon| persoon["testBsn"].as_str().unwrap())
        .collect();
    assert!(
        numbers
            .iter()
            .all(|number| Bsn::parse(number).is_ok() && number.starts_with("9999"))
    );
    for (.., path) in dossiers() {
        for file in files(&path) {
            let text = fs::read_to_string(&file).unwrap();
            for number in &numbers {
                assert!(!text.contains(number), "{}", file.display());
            }
        }
        // the identifier is there, with a reason why it has no value
        let patient: Value = load(&path)
            .iter()
            .find(|r| r.resource_type().as_str() == "Patient")
            .unwrap()
            .view()
            .unwrap();
        assert_eq!(patient["identifier"][0]["system"], medmij_fhir::BSN_SYSTEM);
        assert_eq!(patient["identifier"][0]["value"], Value::Null);
        assert_eq!(
            patient["identifier"][0]["_value"]["extension"][0]["valueCode"],
            "masked"
        );
    }
}

#[test]
fn every_query_of_every_dossier_answers() {
    for (aanbieder, persoon, id, path) in dossiers() {
        let (report, urls) = collect(&aanbieder, &id, &load(&path), 4);
        assert!(report.is_complete(), "{report:?}");
        assert_eq!(report.ended(), None);
        for line in report.queries() {
            assert_eq!(line.outcome, Outcome::Answered, "{}", line.label);
            assert!(line.redacted.is_empty());
            let matches = line.matches;
            let total = (line.pages == 1).then_some(matches);
            assert_eq!(line.total, total, "{}", line.label);
            // the fullest dossier has something for every query
            let fullest = (aanbieder.as_str(), persoon.as_str()) == ("ziekenhuisdelinde", "willemijn-hofstra");
            if fullest && id != "50" {
                assert!(matches > 0, "{} is empty", line.label);
            }
        }
        for url in urls {
            assert!(
                !url.contains(TOKEN) && !url.contains("patient=") && !url.contains("subject=") && !url.contains('|'),
                "{url}"
            );
        }
    }
}

#[test]
fn the_page_size_changes_the_pages_and_not_the_resources() {
    for (aanbieder, _, id, path) in dossiers() {
        let set = load(&path);
        let matches = |report: &Report| -> BTreeMap<String, Vec<String>> {
            let of = |line: &medmij_fhir::QueryReport| {
                let found = report.verdict().of(&line.label);
                let matches = found.filter(|found| found.mode == Some(SearchMode::Match));
                matches.map(|found| found.full_url.clone().unwrap()).collect()
            };
            report
                .queries()
                .iter()
                .map(|line| (line.label.clone(), of(line)))
                .collect()
        };
        let (one, urls_one) = collect(&aanbieder, &id, &set, 1);
        let (many, urls_many) = collect(&aanbieder, &id, &set, 1000);
        assert_eq!(matches(&one), matches(&many));
        assert!(urls_one.len() >= urls_many.len());
    }
}

#[test]
fn the_laboratory_needs_several_pages_and_gives_the_last_of_each_code() {
    let path = data().join("ziekenhuisdelinde/willemijn-hofstra/48");
    let (report, _) = collect("ziekenhuisdelinde", "48", &load(&path), 4);
    let line = report
        .queries()
        .iter()
        .find(|line| line.label == "Laboratoriumuitslag")
        .unwrap();
    assert_eq!((line.pages, line.total), (4, None));
    let ids: BTreeSet<&str> = report
        .verdict()
        .of("Laboratoriumuitslag")
        .map(|found| found.resource.id().unwrap().as_str())
        .collect();
    assert!(ids.contains("hba1c-2026") && !ids.contains("hba1c-2025"));
    assert!(ids.contains("bloed-2026"), "the specimen is included");
    let pressure: Vec<_> = report.verdict().of("Bloeddruk").collect();
    assert_eq!(pressure.len(), 1);
    let view: Value = pressure[0].resource.view().unwrap();
    assert_eq!(
        (&view["effectiveDateTime"], view["component"].as_array().unwrap().len()),
        (&"2026-09-14T09:10:00+02:00".into(), 3)
    );
}

#[test]
fn resources_arrive_byte_for_byte() {
    let path = data().join("ziekenhuisdelinde/bram-oosterveld/48");
    let set = load(&path);
    let (report, _) = collect("ziekenhuisdelinde", "48", &set, 3);
    let Verdict::Whole(whole) = report.verdict() else {
        panic!("{report:?}")
    };
    assert!(whole.resources().count() > 40);
    for found in whole.resources() {
        let resource: &Resource = &found.resource;
        let source = set
            .lookup(resource.resource_type().as_str(), resource.id().unwrap().as_str())
            .unwrap();
        assert_eq!(resource, source);
    }
}

#[test]
fn what_references_point_at_is_read_where_no_answer_held_it() {
    for (aanbieder, _, id, path) in dossiers() {
        let set = load(&path);
        let (report, _) = collect_with(&aanbieder, &id, &set, 50, References::All);
        assert!(report.is_complete(), "{:?}", report.gaps());
        let known: BTreeSet<String> = report
            .verdict()
            .resources()
            .map(|found| format!("{}/{}", found.resource.resource_type(), found.resource.id().unwrap()))
            .collect();
        for line in report.references() {
            let target = line.target.as_ref().unwrap().as_str();
            assert!(target.starts_with(endpoint(&aanbieder, &id).uri().as_str()), "{target}");
            assert!(matches!(line.outcome, Outcome::Answered | Outcome::Absent), "{target}");
        }
        let read = report
            .references()
            .iter()
            .filter(|line| line.outcome == Outcome::Answered)
            .count();
        let (without, _) = collect(&aanbieder, &id, &set, 50);
        let before: BTreeSet<String> = without
            .verdict()
            .resources()
            .map(|found| format!("{}/{}", found.resource.resource_type(), found.resource.id().unwrap()))
            .collect();
        assert_eq!(
            known.difference(&before).count(),
            read,
            "each once, and none that was there"
        );
    }
}

#[test]
fn documents_are_read_and_are_pdfs() {
    for (aanbieder, _, id, path) in dossiers() {
        if id != "51" {
            continue;
        }
        let set = load(&path);
        let (report, _) = collect(&aanbieder, &id, &set, 2);
        let references: Vec<_> = report.verdict().of("Documenten").collect();
        assert!(!report.documents().is_empty());
        assert_eq!(report.documents().len(), references.len());
        for (document, reference) in report.documents().iter().zip(references) {
            assert_eq!(document.outcome, Outcome::Answered);
            assert_eq!(document.document_reference.as_ref(), reference.resource.id());
            let binary: &Binary = document.binary.as_ref().unwrap();
            let view: Value = reference.resource.view().unwrap();
            let attachment = &view["content"][0]["attachment"];
            assert_eq!(view["status"], "current");
            assert_eq!(attachment["contentType"], binary.content_type());
            assert_eq!(attachment["size"], binary.content().len());
            check_pdf(binary.content());
        }
    }
}

/// Header, end mark, and every offset of the cross-reference table.
fn check_pdf(pdf: &[u8]) {
    assert!(pdf.starts_with(b"%PDF-1.4\n") && pdf.ends_with(b"%%EOF\n"));
    let at = |offset: usize| String::from_utf8_lossy(&pdf[offset..]).into_owned();
    let start: usize = at(pdf.len() - 32).lines().rev().nth(1).unwrap().parse().unwrap();
    let table = at(start);
    let table: Vec<&str> = table.lines().collect();
    assert_eq!(table[0], "xref");
    let count: usize = table[1].split(' ').nth(1).unwrap().parse().unwrap();
    for number in 1..count {
        let offset: usize = table[2 + number].split(' ').next().unwrap().parse().unwrap();
        assert!(at(offset).starts_with(&format!("{number} 0 obj\n")), "object {number}");
    }
}

#[test]
fn another_fhir_version_is_refused_by_both_sides() {
    let endpoint = endpoint("ziekenhuisdelinde", "48");
    let endpoints = ResourceEndpoints::new(Systeemrolcode::parse("MM-3.0-BZB-FHIR").unwrap(), endpoint.clone());
    let access = Access::new(
        endpoints,
        AccessToken::from_wire(TOKEN).unwrap(),
        CorrelationId::random(&OsEntropy).unwrap(),
        FhirVersion::R4,
    );
    assert!(
        Collection::new(
            gegevensdienst("48"),
            access.clone(),
            Choices::default(),
            Limits::default()
        )
        .is_err()
    );
    let query = gegevensdienst("48").requests(&Choices::default()).unwrap().remove(0);
    let request = access.get(&endpoint.target(&query), &OsEntropy).unwrap();
    let responder = Responder::new(endpoint, gegevensdienst("48"));
    assert_eq!(responder.answer(&request, &ResourceSet::new()).status(), 400, "H11");
}
