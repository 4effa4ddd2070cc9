// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij diff`.

use serde_json::json;

use crate::bench::{Bench, gnl, ocl, whitelist, zal};

#[test]
fn appeared_disappeared_changed() {
    let bench = Bench::new();
    bench.file(
        "old.xml",
        zal(7, &[("blijft", &["4", "6"]), ("weg", &["1"]), ("gelijk", &["1"])]),
    );
    let new = zal(8, &[("gelijk", &["1"]), ("nieuw", &["1"]), ("blijft", &["4"])]);
    bench.file("new.xml", new.replacen("/fhir/4<", "/fhir/vier<", 1));
    let run = bench.medmij(&["diff", "old.xml", "new.xml", "--json"]);
    assert_eq!(run.exit, 0, "{run:?}");
    let difference = &run.json()[0];
    assert_eq!(difference["kind"], "zal");
    assert_eq!(
        difference["old"],
        json!({"file": "old.xml", "release": "release2", "volgnummer": 7, "tijdstempel": "2026-03-29T12:00:00Z", "entries": 3})
    );
    assert_eq!(difference["appeared"], json!(["nieuw@medmij"]));
    assert_eq!(difference["disappeared"], json!(["weg@medmij"]));
    let changed = &difference["changed"];
    assert_eq!(
        (changed.as_array().unwrap().len(), &changed[0]["entry"]),
        (1, &json!("blijft@medmij"))
    );
    let changes = changed[0]["changes"].as_array().unwrap();
    assert!(
        changes.contains(&json!({
            "field": "gegevensdienst 4, systeemrol ROL-4-FHIR",
            "old": "https://dvza.voorbeeld.nl/fhir/4", "new": "https://dvza.voorbeeld.nl/fhir/vier",
        })),
        "{changes:?}"
    );
    assert!(
        changes.contains(&json!({
            "field": "gegevensdienst 6, token", "old": "https://dvza.voorbeeld.nl:8099/token", "new": null,
        })),
        "{changes:?}"
    );

    let run = bench.medmij(&["diff", "old.xml", "new.xml"]);
    for line in [
        "- weg@medmij",
        "+ nieuw@medmij",
        "~ blijft@medmij",
        "1 appeared, 1 disappeared, 1 changed",
    ] {
        assert!(run.out.lines().any(|found| found == line), "{line}: {}", run.out);
    }
}

#[test]
fn each_kind_of_list_is_compared() {
    let bench = Bench::new();
    for (old, new, counts) in [
        (
            whitelist(7, &["a.nl", "b.nl"]),
            whitelist(8, &["b.nl", "c.nl"]),
            "1 appeared, 1 disappeared, 0 changed",
        ),
        (
            ocl(7, &[("a.nl", "De Dienst")]),
            ocl(8, &[("a.nl", "De Andere")]),
            "0 appeared, 0 disappeared, 1 changed",
        ),
        (
            gnl(7, &[("1", "Een dienst")]),
            gnl(8, &[("1", "Een dienst")]),
            "0 appeared, 0 disappeared, 0 changed",
        ),
    ] {
        bench.file("old.xml", old);
        bench.file("new.xml", new);
        let run = bench.medmij(&["diff", "old.xml", "new.xml"]);
        assert_eq!((run.exit, run.out.lines().last()), (0, Some(counts)), "{run:?}");
    }
}

#[test]
fn exit_codes_say_whether_lists_differ() {
    let bench = Bench::new();
    bench.file("a.xml", whitelist(7, &["a.nl"]));
    bench.file("b.xml", whitelist(8, &["b.nl"]));
    bench.file("gnl.xml", gnl(8, &[]));
    bench.file("bad.xml", "<kapot");
    for (arguments, exit) in [
        (&["a.xml", "b.xml"][..], 0),
        (&["a.xml", "b.xml", "--exit-code"], 1),
        (&["a.xml", "a.xml", "--exit-code"], 0),
        (&["a.xml", "gnl.xml"], 2),
        (&["a.xml", "bad.xml"], 2),
        (&["a.xml", "absent.xml"], 2),
        (&["a.xml"], 2),
        (&["-", "-"], 2),
    ] {
        let run = bench.medmij(&[&["diff"], arguments].concat());
        assert_eq!(run.exit, exit, "{arguments:?}: {run:?}");
    }
    let run = bench.fed(&["diff", "a.xml", "-"], whitelist(8, &["a.nl"]).as_bytes());
    assert_eq!((run.exit, run.out.contains("(standard input)")), (0, true));
}
