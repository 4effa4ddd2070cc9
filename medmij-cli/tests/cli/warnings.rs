// SPDX-License-Identifier: AGPL-3.0-or-later
//! Warnings of `medmij validate`: what the schema lets pass and the lint finds, with code and place, within a list and
//! between lists that are given together. None of them changes an exit code.

use serde_json::{Value, json};

use crate::bench::{Bench, gnl, ocl, whitelist, zal, zal3};

fn warnings(line: &Value) -> Vec<String> {
    let of = |warning: &Value| {
        format!(
            "{} {}",
            warning["code"].as_str().unwrap(),
            warning["path"].as_str().unwrap_or("-")
        )
    };
    line["warnings"].as_array().unwrap().iter().map(of).collect()
}

#[test]
fn core_whl_304_v9_harmful_hosts_are_warnings_with_a_place() {
    let bench = Bench::new();
    bench.file("list.xml", whitelist(7, &["a.nl", "a-.nl", "10.0.0.10"]));
    let run = bench.medmij(&["validate", "--json", "list.xml"]);
    assert_eq!(run.exit, 0);
    let line = &run.json()[0];
    assert_eq!((&line["accepted"], &line["warnings_total"]), (&json!(true), &json!(2)));
    assert_eq!(
        line["warnings"][0],
        json!({
            "code": "V9",
            "message": "the Hostname \"a-.nl\" cannot be used: host name has a label that starts or ends with '-' \
                        (core.whl.304)",
            "line": 7,
            "column": 27,
            "path": "/Whitelist/MedMijNodes/MedMijNode[2]/Hostname",
        })
    );
    assert_eq!(line["warnings"][1]["line"], 8);
    let run = bench.medmij(&["validate", "list.xml"]);
    let lines: Vec<&str> = run.out.lines().collect();
    assert_eq!(run.exit, 0);
    assert!(
        lines[0].starts_with("warning[V9]: the Hostname \"a-.nl\" cannot be used"),
        "{}",
        run.out
    );
    assert_eq!(
        lines[1..6],
        [
            " --> list.xml:7:27",
            "  |",
            "7 |     <MedMijNode><Hostname>a-.nl</Hostname></MedMijNode>",
            "  |                           ^",
            "  = in /Whitelist/MedMijNodes/MedMijNode[2]/Hostname",
        ]
    );
    assert!(
        lines.last().unwrap().ends_with(", 3 entries, 2 warnings"),
        "{}",
        run.out
    );
}

#[test]
fn use_harmful_addresses_in_both_releases() {
    let bench = Bench::new();
    let service = "Gegevensdiensten/Gegevensdienst[1]";
    for (list, path) in [
        (zal(7, &[("umcharderwijk", &["48"])]), service.to_owned()),
        (zal3(7), format!("Interfaceversies/Interfaceversie[1]/{service}")),
    ] {
        for (from, to, element) in [
            (":8099/token", ":99999/token", "TokenEndpoint/TokenEndpointuri"),
            ("dvza.voorbeeld.nl:8099", "10.0.0.10", "TokenEndpoint/TokenEndpointuri"),
            (
                "dvza.voorbeeld.nl/authorize",
                "a-.nl/authorize",
                "AuthorizationEndpoint/AuthorizationEndpointuri",
            ),
        ] {
            bench.file("list.xml", list.replacen(from, to, 1));
            let run = bench.medmij(&["validate", "--json", "list.xml"]);
            let found = warnings(&run.json()[0]);
            let at = format!("USE /Zorgaanbiederslijst/Zorgaanbieders/Zorgaanbieder[1]/{path}/{element}");
            assert_eq!((run.exit, found.first()), (0, Some(&at)), "{to}: {found:?}");
        }
    }
}

#[test]
fn a_value_without_a_place_is_told_too() {
    let bench = Bench::new();
    bench.file("list.xml", whitelist(7, &["a&#45;.nl"]));
    let line = &bench.medmij(&["validate", "--json", "list.xml"]).json()[0];
    let warning = &line["warnings"][0];
    assert_eq!(
        (&warning["code"], &warning["line"], &warning["column"], &warning["path"]),
        (&json!("V9"), &Value::Null, &Value::Null, &Value::Null)
    );
    let run = bench.medmij(&["validate", "list.xml"]);
    assert!(
        run.out.starts_with("warning[V9]: ") && run.out.contains("\n --> list.xml\n"),
        "{}",
        run.out
    );
}

#[test]
fn core_alst_101_v2_a_name_out_of_form_is_told_once() {
    let bench = Bench::new();
    bench.file("list.xml", zal3(7).replace("umcharderwijk@", "umc--harderwijk@"));
    let line = &bench.medmij(&["validate", "--json", "list.xml"]).json()[0];
    assert_eq!(
        warnings(line),
        ["V2 /Zorgaanbiederslijst/Zorgaanbieders/Zorgaanbieder[1]/Zorgaanbiedernaam"],
        "{line}"
    );
}

#[test]
fn core_gegevensdiensten_201_v5_a_shared_endpoint() {
    let bench = Bench::new();
    bench.file(
        "list.xml",
        zal(7, &[("een", &["48", "49"])])
            .replace("/fhir/49", "/fhir/48")
            .replace("een@", "eentje@"),
    );
    let line = &bench.medmij(&["validate", "--json", "list.xml"]).json()[0];
    assert_eq!(line["warnings"][0]["code"], "V5", "{line}");
    assert_eq!(line["warnings_total"], 1);
}

#[test]
fn many_warnings_are_counted() {
    let bench = Bench::new();
    let hosts: Vec<String> = (0..250).map(|n| format!("a{n}-.nl")).collect();
    let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
    bench.file("list.xml", whitelist(7, &hosts));
    let line = &bench.medmij(&["validate", "--json", "list.xml"]).json()[0];
    assert_eq!(line["warnings"].as_array().unwrap().len(), 100);
    assert_eq!(line["warnings_total"], 250);
    let run = bench.medmij(&["validate", "list.xml"]);
    assert_eq!((run.exit, run.out.matches("warning[V9]").count()), (0, 20));
    assert!(run.out.contains("and 230 more warnings"), "{}", run.out);
}

#[test]
fn core_whl_306_v12_v13_lists_that_are_given_together() {
    let bench = Bench::new();
    bench.file("zal.xml", zal(7, &[("umcharderwijk", &["48", "49"])]));
    bench.file("wl.xml", whitelist(7, &["dvza.voorbeeld.nl"]));
    bench.file("other.xml", whitelist(8, &["elders.nl"]));
    bench.file("gnl.xml", gnl(7, &[("48", "Naam")]));
    bench.file("ocl.xml", ocl(7, &[("pgo.nl", "De Dienst")]));
    bench.file("bad.xml", whitelist(7, &["A.nl"]));
    for (files, expected) in [
        (&["zal.xml"][..], &[][..]),
        (&["zal.xml", "wl.xml"], &[]),
        (&["zal.xml", "other.xml"], &["V13"]),
        // the order plays no role, and neither does what else there is
        (
            &["ocl.xml", "gnl.xml", "other.xml", "zal.xml", "absent.xml"],
            &["V13", "V12"],
        ),
        (&["gnl.xml", "zal.xml"], &["V12"]),
        // of two Whitelists it cannot be said which counts
        (&["zal.xml", "wl.xml", "other.xml"], &[]),
        // one that is refused says nothing
        (&["zal.xml", "bad.xml"], &[]),
        // a kind for all: no company
        (&["--kind", "zal", "zal.xml", "other.xml"], &[]),
    ] {
        let run = bench.medmij(&[&["validate", "--json"], files].concat());
        let lines = run.json();
        let names: Vec<&str> = files.iter().copied().filter(|name| name.ends_with(".xml")).collect();
        let reported: Vec<&str> = lines.iter().map(|line| line["file"].as_str().unwrap()).collect();
        assert_eq!(reported, names, "one line a file, in their order");
        let of = lines.iter().find(|line| line["file"] == "zal.xml").unwrap();
        let codes: Vec<String> = warnings(of)
            .into_iter()
            .map(|warning| warning.split(' ').next().unwrap().to_owned())
            .collect();
        assert_eq!(codes, expected, "{files:?}: {of}");
    }
    let run = bench.medmij(&["validate", "zal.xml", "other.xml"]);
    assert_eq!((run.exit, run.out.matches("warning[V13]").count()), (0, 1));
    assert!(
        run.out.contains("host dvza.voorbeeld.nl") && run.out.contains("it occurs 4 times"),
        "{}",
        run.out
    );
}

#[test]
fn core_whl_306_v13_a_whitelist_from_standard_input() {
    let bench = Bench::new();
    bench.file("zal.xml", zal(7, &[("umcharderwijk", &["48"])]));
    let run = bench.fed(
        &["validate", "--json", "zal.xml", "-"],
        whitelist(7, &["elders.nl"]).as_bytes(),
    );
    let lines = run.json();
    assert_eq!((run.exit, lines.len()), (0, 2));
    assert_eq!(lines[0]["warnings"][0]["code"], "V13");
    assert_eq!(
        (&lines[1]["file"], &lines[1]["kind"]),
        (&json!("-"), &json!("whitelist"))
    );
}
