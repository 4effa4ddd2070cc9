// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij fhir queries`.

use serde_json::{Value, json};

use crate::bench::Bench;

fn queries(bench: &Bench, arguments: &[&str]) -> String {
    let run = bench.medmij(&[&["fhir", "queries"], arguments].concat());
    assert_eq!(run.exit, 0, "{run:?}");
    run.out
}

#[test]
fn the_requests_of_a_service_are_printed_literally() {
    let bench = Bench::new();
    let out = queries(&bench, &["48"]);
    assert_eq!(out.lines().count(), 28);
    assert!(out.starts_with("GET Patient?_include=Patient:general-practitioner\nGET Coverage?"));
    assert!(out.contains("\nGET Consent?category=http://snomed.info/sct%7C11291000146105\n"));

    let out = queries(&bench, &["49", "--today", "2026-11-30"]);
    assert!(out.contains("GET MedicationRequest?periodofuse=ge2026-11-30&category="));
    assert!(out.contains(
        "bepalingen%7C&_include=Observation:related-target&_include=Observation:specimen&date=ge2025-09-30\n"
    ));

    let out = queries(&bench, &["47", "--from", "2026-01-01", "--to", "2026-02-01"]);
    assert_eq!(out, "GET Appointment?date=ge2026-01-01&date=le2026-02-01\n");
}

#[test]
fn what_comes_out_of_an_earlier_answer_stands_in_braces() {
    let bench = Bench::new();
    let out = queries(&bench, &["65"]);
    assert!(out.contains("GET Condition?context=EpisodeOfCare/{id}\n"));
    let out = queries(&bench, &["65", "--id", "a", "--id", "b", "--filter", "status=finished"]);
    assert!(out.contains("GET Condition?context=EpisodeOfCare/a,EpisodeOfCare/b\n"));
    assert!(out.contains("%7C364320009&status=finished&_include=EpisodeOfCare:organization"));
    assert!(queries(&bench, &["51"]).ends_with("GET {attachment.url}\n"));
    assert_eq!(queries(&bench, &["60"]), "PUT Task/{id}\nPOST [base]\n");
}

#[test]
fn one_object_a_line() {
    let bench = Bench::new();
    let out = queries(&bench, &["U:Pathologie", "--no-include", "--json"]);
    let line: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        line,
        json!({
            "service": "U:Pathologie", "block": null, "label": "Verslagen, aanbevolen vorm", "method": "GET",
            "target": "DiagnosticReport?category=http://snomed.info/sct%7C108257001&status=final",
            "decoded": "DiagnosticReport?category=http://snomed.info/sct|108257001&status=final",
            "systeemrol": "PA-PRB-1.0.0-alpha.2", "accept": "application/fhir+json; fhirVersion=4.0",
            "content_type": null, "prefer": null, "optional": false, "after": null, "reads": null,
        })
    );
    assert_eq!(queries(&bench, &["U:MP9-3.0", "--json"]).lines().count(), 7);
    let out = queries(&bench, &["U:Patientcorrecties", "--json"]);
    let line: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (&line["method"], &line["target"], &line["prefer"], &line["content_type"]),
        (
            &json!("POST"),
            &json!(""),
            &json!("return=representation"),
            &json!("application/fhir+json")
        )
    );
}

#[test]
fn wrong_usage_and_unknown_services() {
    let bench = Bench::new();
    for (arguments, exit, message) in [
        (&["9999"][..], 1, "no gegevensdienst 9999 in the catalogue"),
        (&["47"], 2, "gegevensdienst 47: query needs a choice: from"),
        (
            &["48", "--filter", "patient=1"],
            2,
            "filter patient is not one of the queries",
        ),
        (&["48", "--only", "Niets"], 2, "no query \"Niets\""),
        (&["48", "--today", "gisteren"], 2, "not a date"),
        (
            &["31", "--filter", "identifier=999990019"],
            2,
            "parameter value holds a BSN",
        ),
        (&["48", "--catalogue", "geen.toml"], 2, "cannot read geen.toml"),
    ] {
        let run = bench.medmij(&[&["fhir", "queries"], arguments].concat());
        assert_eq!(run.exit, exit, "{arguments:?}: {run:?}");
        assert!(run.err.contains(message), "{arguments:?}: {run:?}");
    }
}

#[test]
fn a_catalogue_of_the_supplier_overrides() {
    let bench = Bench::new();
    bench.file("eigen.toml", "[[gegevensdienst]]\nid = \"54\"\nquery = [{ label = \"Alles\", target = \"AllergyIntolerance?clinical-status=active\" }]\n");
    let out = queries(&bench, &["54", "--catalogue", "eigen.toml"]);
    assert_eq!(out, "GET AllergyIntolerance?clinical-status=active\n");
}
