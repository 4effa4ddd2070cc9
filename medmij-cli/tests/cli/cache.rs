// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij cache`: refresh from a folder, a refused rollback, the operator's way back.

use serde_json::json;

use crate::bench::{Bench, gnl, ocl, whitelist, zal};

fn publish(bench: &Bench, volgnummer: u64) {
    bench.file("bron/MedMij_Whitelist.xml", whitelist(volgnummer, &["a.nl", "b.nl"]));
    bench.file(
        "bron/MedMij_Zorgaanbiederslijst.xml",
        zal(volgnummer, &[("umcharderwijk", &["4"])]),
    );
    bench.file(
        "bron/MedMij_OAuthclientlist.xml",
        ocl(volgnummer, &[("a.nl", "De Dienst")]),
    );
    bench.file(
        "bron/MedMij_Gegevensdienstnamenlijst.xml",
        gnl(volgnummer, &[("4", "Een dienst")]),
    );
}

const REFRESH: [&str; 5] = ["cache", "refresh", "lijsten", "--from", "bron"];

#[test]
fn a_refresh_a_refused_rollback_and_a_recovery() {
    let bench = Bench::new();
    publish(&bench, 7);
    let run = bench.medmij(&REFRESH);
    assert_eq!(run.exit, 0, "{run:?}");
    assert_eq!(run.out.matches(": taken: Volgnummer 7").count(), 4, "{}", run.out);
    let run = bench.medmij(&REFRESH);
    assert_eq!((run.exit, run.out.matches(": unchanged: ").count()), (0, 4), "{run:?}");

    // rollback
    publish(&bench, 6);
    let run = bench.medmij(&REFRESH);
    assert_eq!(
        (run.exit, run.out.matches("is lower than 7").count()),
        (1, 4),
        "{run:?}"
    );

    // the operator's way back, for one list
    let lower = [
        "cache",
        "lower",
        "lijsten",
        "--list",
        "whitelist",
        "--to",
        "6",
        "--reason",
        "verkeerde publicatie, PV",
    ];
    let run = bench.medmij(&lower);
    assert_eq!(
        (run.exit, run.out.as_str()),
        (0, "Whitelist of folder, api 2: the memory went from 7 to 6\n"),
        "{run:?}"
    );
    let run = bench.medmij(&[&REFRESH[..], &["--list", "whitelist,gnl"]].concat());
    assert_eq!(run.exit, 1);
    assert!(run.out.contains("Whitelist: taken: Volgnummer 6"), "{}", run.out);
    assert!(run.out.contains("Gegevensdienstnamenlijst: refused: "), "{}", run.out);

    let run = bench.medmij(&["cache", "journal", "lijsten", "--json"]);
    let events: Vec<_> = run
        .json()
        .into_iter()
        .filter(|line| line["list"] == "whitelist")
        .collect();
    let reported: Vec<_> = events.iter().map(|line| line["event"].as_str().unwrap()).collect();
    assert_eq!(reported, ["accepted", "memory_lowered", "accepted"]);
    assert_eq!((&events[1]["from"], &events[1]["to"]), (&json!(7), &json!(6)));
    assert_eq!(events[1]["reason"], "verkeerde publicatie, PV");
    let shown = bench.medmij(&["cache", "journal", "lijsten"]);
    assert!(
        shown
            .out
            .contains("memory lowered from 7 to 6: verkeerde publicatie, PV"),
        "{}",
        shown.out
    );
}

#[test]
fn inspect_says_what_is_stored() {
    let bench = Bench::new();
    publish(&bench, 7);
    bench.medmij(&REFRESH);
    let run = bench.medmij(&["cache", "inspect", "lijsten", "--json"]);
    let lines = run.json();
    assert_eq!((run.exit, lines.len()), (0, 4));
    let of_whitelist = lines.iter().find(|line| line["list"] == "whitelist").unwrap();
    for (field, value) in [
        ("source", json!("folder")),
        ("api", json!(2)),
        ("memory", json!(7)),
        ("lowered", json!(0)),
        ("volgnummer", json!(7)),
        ("entries", json!(2)),
        ("freshness", json!("fresh")),
        ("usable", json!(true)),
        ("troubles", json!([])),
    ] {
        assert_eq!(of_whitelist[field], value, "{field}");
    }
    let run = bench.medmij(&["cache", "inspect", "lijsten"]);
    for part in [
        "Whitelist of folder, api 2",
        "Volgnummer 7, 2 entries",
        "nothing below Volgnummer 7 is taken",
    ] {
        assert!(run.out.contains(part), "{part}: {}", run.out);
    }
}

#[test]
fn l12_inspect_shows_a_damaged_copy() {
    let bench = Bench::new();
    publish(&bench, 7);
    bench.medmij(&REFRESH);
    let folder = bench.path().join("lijsten/copies/folder/api2/whitelist");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().unwrap() == "xml" {
            std::fs::write(path, "half").unwrap();
        }
    }
    let run = bench.medmij(&["cache", "inspect", "lijsten", "--json"]);
    let lines = run.json();
    let of_whitelist = lines.iter().find(|line| line["list"] == "whitelist").unwrap();
    assert_eq!(
        (&of_whitelist["usable"], &of_whitelist["memory"]),
        (&json!(false), &json!(7))
    );
    assert_eq!(of_whitelist["troubles"].as_array().unwrap().len(), 1);
}

#[test]
fn exit_codes_tell_failures_apart() {
    let bench = Bench::new();
    publish(&bench, 7);
    bench.medmij(&REFRESH);
    bench.file("file", "x");
    for (arguments, exit) in [
        (&["inspect", "absent"][..], 2),
        (&["inspect", "file"], 2),
        (&["journal", "absent"], 2),
        (&["refresh", "lijsten"], 2),
        (&["refresh", "lijsten", "--from", "absent"], 2),
        (
            &["lower", "lijsten", "--list", "whitelist", "--to", "8", "--reason", "x"],
            2,
        ),
        (&["refresh", "lijsten", "--from", "bron", "--source", "../x"], 2),
        (&["refresh", "lijsten", "--from", "bron", "--stelselnode", "a.nl"], 2),
        (&["refresh", "lijsten", "--stelselnode", "a.nl"], 2),
        (&["refresh", "file", "--from", "bron"], 2),
        (&["lower", "lijsten", "--list", "whitelist", "--reason", "x"], 2),
        // a reason that says nothing
        (
            &["lower", "lijsten", "--list", "whitelist", "--to", "5", "--reason", " "],
            2,
        ),
        (
            &["lower", "lijsten", "--list", "whitelist", "--to", "0", "--reason", "x"],
            2,
        ),
        (&["lower", "lijsten", "--list", "whitelist", "--to", "5"], 2),
        (
            &[
                "lower",
                "lijsten",
                "--list",
                "whitelist",
                "--api",
                "1",
                "--to",
                "5",
                "--reason",
                "x",
            ],
            2,
        ),
        (
            &[
                "lower",
                "lijsten",
                "--list",
                "whitelist",
                "--source",
                "elders",
                "--to",
                "5",
                "--reason",
                "x",
            ],
            2,
        ),
        (
            &["lower", "lijsten", "--list", "whitelist", "--forget", "--reason", "x"],
            0,
        ),
    ] {
        let run = bench.medmij(&[&["cache"], arguments].concat());
        assert_eq!(run.exit, exit, "{arguments:?}: {run:?}");
    }
    // another source makes the choice unclear
    bench.medmij(&["cache", "refresh", "lijsten", "--from", "bron", "--source", "tweede"]);
    let run = bench.medmij(&[
        "cache",
        "lower",
        "lijsten",
        "--list",
        "whitelist",
        "--forget",
        "--reason",
        "x",
    ]);
    assert!(run.exit == 2 && run.err.contains("--source"), "{run:?}");
}

#[test]
fn refresh_says_each_cause_once_and_what_is_missing() {
    let bench = Bench::new();
    publish(&bench, 7);
    bench.medmij(&REFRESH);
    let run = bench.medmij(&["cache", "refresh", "lijsten", "--from", "absent", "--list", "whitelist"]);
    assert_eq!(run.exit, 2);
    assert!(run.out.starts_with("Whitelist: not fetched: "), "{}", run.out);
    assert_eq!(run.out.matches("No such file").count(), 1, "{}", run.out);

    let run = bench.medmij(&["cache", "refresh", "lijsten"]);
    assert!(
        run.err.contains("--from") && run.err.contains("--stelselnode"),
        "{}",
        run.err
    );

    let before = bench.medmij(&["cache", "inspect", "lijsten", "--json"]).out;
    let run = bench.medmij(&[
        "cache",
        "lower",
        "lijsten",
        "--list",
        "whitelist",
        "--to",
        "8",
        "--reason",
        "x",
    ]);
    assert!(run.exit == 2 && run.err.contains("stands at 7"), "{run:?}");
    assert_eq!(
        before.contains("\"lowered\":0"),
        bench
            .medmij(&["cache", "inspect", "lijsten", "--json"])
            .out
            .contains("\"lowered\":0")
    );
}

#[test]
fn refresh_as_json() {
    let bench = Bench::new();
    publish(&bench, 7);
    let lines = bench.medmij(&[&REFRESH[..], &["--json"]].concat()).json();
    assert_eq!(lines.len(), 4);
    assert!(
        lines
            .iter()
            .all(|line| line["ok"] == true && line["volgnummer"] == 7 && line["api"] == 2)
    );
    assert_eq!(lines[2]["list"], "whitelist");
    assert_eq!(lines[2]["events"][0]["event"], "taken");
    let run = bench.medmij(&[
        "cache",
        "refresh",
        "lijsten",
        "--from",
        "absent",
        "--list",
        "whitelist",
        "--json",
    ]);
    let line = &run.json()[0];
    assert_eq!(run.exit, 2);
    assert_eq!((&line["ok"], &line["volgnummer"]), (&json!(false), &json!(7)));
    assert_eq!(line["events"][0]["event"], "not fetched");
}
