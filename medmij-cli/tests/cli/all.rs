// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij validate --all`: more than the first error.

use serde_json::json;

use crate::bench::{Bench, whitelist, zal};

#[test]
fn errors_that_stand_apart_are_all_told() {
    let bench = Bench::new();
    bench.file("bad.xml", whitelist(7, &["A.nl", "b.nl", "c_.nl", "b.nl"]));
    let run = bench.medmij(&["validate", "--json", "--all", "bad.xml"]);
    let line = &run.json()[0];
    assert_eq!((run.exit, &line["accepted"]), (1, &json!(false)));
    let errors = line["errors"].as_array().unwrap();
    assert_eq!(line["error"], errors[0]);
    let reported: Vec<String> = errors
        .iter()
        .map(|error| format!("{} {}", error["line"], error["rule"].as_str().unwrap()))
        .collect();
    assert_eq!(reported, ["6 schema.pattern", "8 schema.pattern", "9 schema.unique"]);

    let run = bench.medmij(&["validate", "--all", "bad.xml"]);
    assert_eq!((run.exit, run.out.matches("error[").count()), (1, 3));
    assert!(run.out.ends_with("bad.xml: refused: 3 errors\n"), "{}", run.out);
    let run = bench.medmij(&["validate", "--all=2", "bad.xml"]);
    assert_eq!((run.exit, run.out.matches("error[").count()), (1, 2));
    assert!(run.out.contains("the first 2 errors; there may be more"), "{}", run.out);
    // without it, the first only, and no list of them
    let run = bench.medmij(&["validate", "--json", "bad.xml"]);
    assert!(run.json()[0].get("errors").is_none());
}

#[test]
fn all_works_on_what_can_be_read_once_only() {
    let bench = Bench::new();
    let list = whitelist(7, &["A.nl", "B.nl"]);
    let run = bench.fed(&["validate", "--json", "--all", "-"], list.as_bytes());
    assert_eq!(run.json()[0]["errors"].as_array().unwrap().len(), 2);
}

#[test]
fn what_cannot_be_read_on_from_is_one_error() {
    let bench = Bench::new();
    let list = whitelist(7, &["a.nl"]);
    for (content, rule) in [
        ("<html/>".to_owned(), "list.root"),
        (list.replace("release2", "release9"), "list.namespace"),
        (list.replace("</Hostname>", ""), "xml.end-tag"),
        (String::new(), "xml.no-root"),
        (
            format!("<!DOCTYPE a>{}", list.split_once("?>").unwrap().1),
            "xml.doctype",
        ),
    ] {
        bench.file("bad.xml", &content);
        let run = bench.medmij(&["validate", "--json", "--all", "bad.xml"]);
        let line = &run.json()[0];
        let errors = line["errors"].as_array().unwrap();
        assert_eq!((run.exit, errors.len()), (1, 1), "{content}");
        assert_eq!((&errors[0], &errors[0]["rule"]), (&line["error"], &json!(rule)));
    }
    // an accepted list has neither
    bench.file("good.xml", zal(7, &[("umc", &["1"])]));
    let run = bench.medmij(&["validate", "--json", "--all", "good.xml"]);
    let line = &run.json()[0];
    assert!(run.exit == 0 && line.get("error").is_none() && line.get("errors").is_none());
}

#[test]
fn all_wants_a_number_above_zero() {
    let bench = Bench::new();
    bench.file("good.xml", whitelist(7, &["a.nl"]));
    for (arguments, exit) in [
        (&["--all", "good.xml"][..], 0),
        (&["--all=5", "good.xml"], 0),
        (&["--all=0", "good.xml"], 2),
        (&["--all=x", "good.xml"], 2),
        (&["--all"], 2),
    ] {
        assert_eq!(
            bench.medmij(&[&["validate"], arguments].concat()).exit,
            exit,
            "{arguments:?}"
        );
    }
}
