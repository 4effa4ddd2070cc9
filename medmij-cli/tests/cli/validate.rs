// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij validate`.

use serde_json::json;

use crate::bench::{Bench, gnl, ocl, whitelist, zal, zal3};

#[test]
fn exit_codes_say_whether_a_list_is_good() {
    let bench = Bench::new();
    bench.file("good.xml", whitelist(7, &["a.nl"]));
    bench.file("bad.xml", whitelist(7, &["A.nl"]));
    for (files, exit) in [
        (&["good.xml"][..], 0),
        (&["good.xml", "good.xml"], 0),
        (&["bad.xml"], 1),
        (&["good.xml", "bad.xml"], 1),
        (&["absent.xml"], 2),
        (&["bad.xml", "absent.xml", "good.xml"], 2),
        (&["."], 2),
        (&[], 2),
        (&["--kind", "telefoonboek", "good.xml"], 2),
        (&["--kind", "whitelist", "good.xml"], 0),
        (&["--kind", "zal", "good.xml"], 1),
        (&["--onbekend", "good.xml"], 2),
    ] {
        let run = bench.medmij(&[&["validate"], files].concat());
        assert_eq!(run.exit, exit, "{files:?}: {run:?}");
        let run = bench.medmij(&[&["validate", "--json"], files].concat());
        assert_eq!(run.exit, exit, "{files:?}: {run:?}");
    }
}

#[test]
fn json_of_an_accepted_list_of_each_kind() {
    let bench = Bench::new();
    for (kind, release, basis, entries, content) in [
        ("whitelist", "release2", "official", 2, whitelist(7, &["a.nl", "b.nl"])),
        ("ocl", "release2", "official", 1, ocl(7, &[("a.nl", "De Dienst")])),
        (
            "gnl",
            "release1",
            "official",
            3,
            gnl(7, &[("1", "Een"), ("2", "Twee"), ("3", "Drie")]),
        ),
        ("gnl", "release1", "official", 0, gnl(7, &[])),
        (
            "zal",
            "release2",
            "official",
            2,
            zal(7, &[("umcharderwijk", &["4", "6"]), ("elders", &["1"])]),
        ),
        ("zal", "release3", "inferred", 1, zal3(7)),
    ] {
        let content = if kind == "gnl" {
            content.replace(">Een<", ">Een dienst<")
        } else {
            content
        };
        bench.file("list.xml", content);
        let run = bench.medmij(&["validate", "--json", "list.xml"]);
        let expected = json!({
            "file": "list.xml", "accepted": true, "kind": kind, "release": release, "basis": basis, "volgnummer": 7,
            "tijdstempel": "2026-03-29T12:00:00Z", "entries": entries, "warnings": [], "warnings_total": 0,
        });
        assert_eq!((run.exit, run.json()), (0, vec![expected]));
        assert_eq!(run.err, "");
    }
}

#[test]
fn json_of_a_refused_list() {
    let bench = Bench::new();
    bench.file("bad.xml", whitelist(7, &["a.nl", "B.nl"]));
    let run = bench.medmij(&["validate", "--json", "bad.xml"]);
    let line = &run.json()[0];
    assert_eq!((&line["accepted"], &line["kind"]), (&json!(false), &json!("whitelist")));
    let error = &line["error"];
    assert_eq!((&error["line"], &error["column"]), (&json!(7), &json!(27)));
    assert_eq!(error["path"], "/Whitelist/MedMijNodes/MedMijNode[2]/Hostname");
    assert_eq!(error["rule"], "schema.pattern");
    assert!(error["message"].as_str().unwrap().contains("\"B.nl\""), "{error}");
}

#[test]
fn json_has_a_line_for_a_file_that_cannot_be_read() {
    let bench = Bench::new();
    bench.file("good.xml", whitelist(7, &["a.nl"]));
    let run = bench.medmij(&["validate", "--json", "absent.xml", "good.xml"]);
    let lines = run.json();
    assert_eq!((run.exit, lines.len()), (2, 2));
    assert_eq!(
        (&lines[0]["file"], &lines[0]["accepted"], &lines[0]["error"]["rule"]),
        (&json!("absent.xml"), &json!(false), &json!("io"))
    );
    assert_eq!(lines[1]["accepted"], true);
    assert!(run.err.contains("cannot read absent.xml"), "{}", run.err);
}

#[test]
fn people_see_the_line_with_a_caret() {
    let bench = Bench::new();
    bench.file("bad.xml", whitelist(7, &["a.nl", "B.nl"]));
    let run = bench.medmij(&["validate", "bad.xml"]);
    let lines: Vec<&str> = run.out.lines().collect();
    assert!(lines[0].starts_with("error[schema.pattern]: "), "{}", run.out);
    assert_eq!(
        lines[1..6],
        [
            " --> bad.xml:7:27",
            "  |",
            "7 |     <MedMijNode><Hostname>B.nl</Hostname></MedMijNode>",
            "  |                           ^",
            "  = in /Whitelist/MedMijNodes/MedMijNode[2]/Hostname",
        ]
    );
    assert!(!run.out.contains('\u{1b}'), "colour on a terminal only");
}

#[test]
fn an_accepted_list_is_one_line() {
    let bench = Bench::new();
    bench.file("good.xml", whitelist(7, &["a.nl"]));
    let run = bench.medmij(&["validate", "good.xml"]);
    assert_eq!(
        run.out,
        "good.xml: accepted: Whitelist release2 (official), Volgnummer 7, 2026-03-29T12:00:00Z, 1 entry\n"
    );
}

#[test]
fn case_4_and_5_what_is_no_list() {
    let bench = Bench::new();
    for (content, rule) in [
        ("<hhhu", "xml.truncated"),
        ("<invalid xml ", "xml."),
        ("geen xml", "xml.outside-root"),
        ("&&", "xml."),
        ("", "xml.no-root"),
        ("<xml>", "xml.truncated"),
        ("<test/>", "list.root"),
        ("<ZAL/>", "list.root"),
        ("<!DOCTYPE html><html/>", "xml.doctype"),
        ("\u{0}", "xml."),
        ("<Whitelist/>", "list.namespace"),
    ] {
        let run = bench.fed(&["validate", "--json", "-"], content.as_bytes());
        let line = &run.json()[0];
        assert_eq!(line["file"], "-");
        let found = line["error"]["rule"].as_str().unwrap().to_owned();
        assert!(run.exit == 1 && found.starts_with(rule), "{content:?}: {found}");
        let shown = bench.fed(&["validate", "-"], content.as_bytes());
        assert!(
            shown.exit == 1 && shown.out.starts_with("error["),
            "{content:?}: {shown:?}"
        );
        assert_eq!((run.err.as_str(), shown.err.as_str()), ("", ""));
    }
}

#[test]
fn remarks_are_warnings_and_refuse_nothing() {
    let bench = Bench::new();
    let list = zal3(7).replace("</InterfaceversieId>", "</InterfaceversieId><Nieuws>wat</Nieuws>");
    bench.file("list.xml", list);
    let run = bench.medmij(&["validate", "--json", "list.xml"]);
    let line = &run.json()[0];
    assert_eq!(
        (run.exit, &line["accepted"], &line["warnings_total"]),
        (0, &json!(true), &json!(2)),
        "{line}"
    );
    let warning = &line["warnings"][0];
    assert!(warning["path"].as_str().unwrap().ends_with("/Nieuws"), "{warning}");
    for field in ["line", "column", "code", "message"] {
        assert!(!warning[field].is_null(), "{field}: {warning}");
    }
    let run = bench.medmij(&["validate", "list.xml"]);
    assert_eq!((run.exit, run.out.matches("warning[").count()), (0, 2), "{}", run.out);
}

#[test]
fn the_old_shape_on_request_only() {
    let bench = Bench::new();
    bench.file(
        "old.xml",
        whitelist(7, &["a.nl"])
            .replace("<Hostname>", "")
            .replace("</Hostname>", ""),
    );
    let run = bench.medmij(&["validate", "--json", "old.xml"]);
    assert_eq!(
        (run.exit, run.json()[0]["error"]["rule"].as_str()),
        (1, Some("list.old-shape"))
    );
    assert_eq!(bench.medmij(&["validate", "--old-shapes", "old.xml"]).exit, 0);
}

#[test]
fn official_examples_are_accepted() {
    let Some(data) = std::env::var_os("MEDMIJ_DATA") else {
        medmij_test::skip("MEDMIJ_DATA is not set, official lists were not read");
        return;
    };
    let bench = Bench::new();
    let mut accepted = 0;
    for entry in std::fs::read_dir(std::path::Path::new(&data).join("examples")).unwrap() {
        let path = entry.unwrap().path();
        let run = bench.medmij(&["validate", "--json", path.to_str().unwrap()]);
        let line = &run.json()[0];
        assert_eq!(run.exit == 0, line["accepted"] == true, "{line}");
        accepted += u32::from(run.exit == 0);
    }
    assert!(accepted >= 8, "{accepted}");
}

#[test]
fn what_comes_in_the_place_of_a_list_has_a_help_of_its_own() {
    let bench = Bench::new();
    let endpoint = zal3(7).replacen("https://", "http://", 1);
    let old = zal3(7);
    for (document, help) in [
        (
            "<!DOCTYPE html>\n<html><body>login</body></html>".to_owned(),
            "a web page",
        ),
        ("<html><head/></html>".to_owned(), "a web page"),
        (
            "<?xml version=\"1.0\"?>\n<html xmlns=\"http://www.w3.org/1999/xhtml\"/>".to_owned(),
            "a web page",
        ),
        ("{\"error\": \"unauthorized\"}".to_owned(), "JSON"),
        ("\u{feff} [1]".to_owned(), "JSON"),
    ] {
        let run = bench.fed(&["validate", "-"], document.as_bytes());
        assert!(
            run.exit == 1 && run.out.contains("help: this is ") && run.out.contains(help),
            "{help}: {}",
            run.out
        );
    }
    let release2 = endpoint_in_release2(&old);
    let run = bench.fed(&["validate", "-"], release2.as_bytes());
    assert!(run.out.contains("over https only"), "{}", run.out);
    // an inferred list is marked, not refused
    assert_eq!(bench.fed(&["validate", "-"], endpoint.as_bytes()).exit, 0);
    let run = bench.medmij(&["validate", "https://stelselnode.example.nl/list.xml"]);
    assert!(run.exit == 2 && run.err.contains("this is an address"), "{}", run.err);
}

/// The entry of a list of release 3 in a list of release 2, with one address of http.
fn endpoint_in_release2(zal3: &str) -> String {
    let between = |from: &str, to: &str| {
        let rest = zal3.split_once(from).unwrap().1;
        rest.split_once(to).unwrap().0.to_owned()
    };
    let services = between("<Gegevensdiensten>", "</Gegevensdiensten>").replacen("https://", "http://", 1);
    format!(
        "<Zorgaanbiederslijst xmlns=\"xmlns://afsprakenstelsel.medmij.nl/zorgaanbiederslijst/release2/\">\
         <Tijdstempel>2026-03-29T12:00:00Z</Tijdstempel><Volgnummer>7</Volgnummer><Zorgaanbieders><Zorgaanbieder>\
         <Zorgaanbiedernaam>umcharderwijk@medmij</Zorgaanbiedernaam><Gegevensdiensten>{services}</Gegevensdiensten>\
         </Zorgaanbieder></Zorgaanbieders></Zorgaanbiederslijst>"
    )
}

#[test]
fn several_files_are_counted_in_a_last_line() {
    let bench = Bench::new();
    bench.file("good.xml", whitelist(7, &["a.nl"]));
    bench.file("bad.xml", whitelist(7, &["A.nl"]));
    let last = |files: &[&str]| {
        let run = bench.medmij(&[&["validate"], files].concat());
        run.out.lines().last().unwrap_or_default().to_owned()
    };
    assert_eq!(
        last(&["good.xml", "bad.xml", "good.xml"]),
        "3 files: 2 accepted, 1 refused"
    );
    assert_eq!(
        last(&["good.xml", "absent.xml"]),
        "2 files: 1 accepted, 0 refused, 1 not read"
    );
    assert!(last(&["good.xml"]).starts_with("good.xml: accepted"));
}

#[test]
fn a_rule_is_explained_by_its_code() {
    let bench = Bench::new();
    for (code, part) in [
        ("schema.pattern", "not of the asked form"),
        ("error[xml.doctype]", "What to do: remove"),
        ("v13", "on the Whitelist"),
    ] {
        let run = bench.medmij(&["explain", code]);
        assert!(run.exit == 0 && run.out.contains(part), "{code}: {run:?}");
    }
    let run = bench.medmij(&["explain", "schema.patern"]);
    assert!(run.exit == 1 && run.err.contains("schema.pattern"), "{run:?}");
    let all = bench.medmij(&["explain"]).out;
    assert!(
        all.lines().count() > 40 && all.lines().all(|line| line.len() > 30),
        "{all}"
    );
}
