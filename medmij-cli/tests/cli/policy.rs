// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij policy`: every value with its ground, what differs, what is still open.

use serde_json::{Value, json};

use crate::bench::Bench;

const FILE: &str = "version = \"trial 1\"\n\
                    [lifetime.access_token]\nvalue = 600\ncode = \"core.autorisatie.204\"\nsource = \"S1\"\n\
                    mark = \"confirmed\"\n\
                    [interfaceversie.\"3\"]\nvalue = \"2.2\"\n";

fn named<'a>(rows: &'a [Value], full_name: &str) -> Option<&'a Value> {
    rows.iter().find(|row| row["name"] == full_name)
}

#[test]
fn show_has_every_value_with_its_ground() {
    let bench = Bench::new();
    bench.file("stelsel.toml", FILE);
    let run = bench.medmij(&["policy", "show", "--json"]);
    let rows = run.json();
    assert!(run.exit == 0 && rows.len() > 20, "{}", rows.len());
    for row in &rows {
        for key in ["version", "name", "value", "code", "source", "mark", "overruled"] {
            assert!(!row[key].is_null(), "{key}: {row}");
        }
        assert_eq!(row["overruled"], false);
    }
    let run = bench.medmij(&["policy", "show", "--json", "stelsel.toml"]);
    assert_eq!(
        named(&run.json(), "lifetime.access_token"),
        Some(&json!({
            "version": "trial 1", "name": "lifetime.access_token", "value": "600 s", "code": "core.autorisatie.204",
            "source": "S1", "mark": "confirmed", "overruled": true,
        }))
    );
    let run = bench.medmij(&["policy", "show", "stelsel.toml"]);
    let line = run
        .out
        .lines()
        .find(|line| line.contains("lifetime.access_token"))
        .unwrap();
    assert!(
        line.starts_with('*') && line.contains("600 s") && line.contains("confirmed") && line.contains("S1"),
        "{line}"
    );
    assert!(run.exit == 0 && run.out.contains("2 overruled"), "{}", run.out);
    assert_eq!(bench.fed(&["policy", "show", "-"], FILE.as_bytes()).out, run.out);
}

#[test]
fn diff_against_the_defaults_and_against_another_file() {
    let bench = Bench::new();
    bench.file("stelsel.toml", FILE);
    bench.file(
        "newer.toml",
        FILE.replace("600", "300")
            .replace("[interfaceversie.\"3\"]\nvalue = \"2.2\"\n", ""),
    );
    let run = bench.medmij(&["policy", "diff", "--json", "stelsel.toml"]);
    let rows = run.json();
    assert_eq!((run.exit, rows.len()), (0, 2), "{}", run.out);
    let token = named(&rows, "lifetime.access_token").unwrap();
    assert_eq!(
        (&token["old"]["value"], &token["new"]["value"]),
        (&json!("900 s"), &json!("600 s"))
    );
    let version = named(&rows, "interfaceversie.3").unwrap();
    assert_eq!(
        (&version["old"], &version["new"]["value"]),
        (&Value::Null, &json!("2.2"))
    );

    let run = bench.medmij(&["policy", "diff", "--json", "stelsel.toml", "newer.toml"]);
    let rows = run.json();
    let token = named(&rows, "lifetime.access_token").unwrap();
    assert_eq!(
        (&token["old"]["value"], &token["new"]["value"]),
        (&json!("600 s"), &json!("300 s"))
    );
    assert_eq!(named(&rows, "interfaceversie.3").unwrap()["new"], Value::Null);

    let run = bench.medmij(&["policy", "diff", "stelsel.toml"]);
    assert!(run.out.contains("~ lifetime.access_token\n    - 900 s (") && run.out.contains("    + 600 s (confirmed"));
    for (arguments, exit) in [
        (&["stelsel.toml"][..], 0),
        (&["--exit-code", "stelsel.toml"], 1),
        (&["--exit-code", "stelsel.toml", "stelsel.toml"], 0),
        (&["stelsel.toml", "absent.toml"], 2),
        (&[], 2),
    ] {
        assert_eq!(
            bench.medmij(&[&["policy", "diff"], arguments].concat()).exit,
            exit,
            "{arguments:?}"
        );
    }
}

/// A ground that changes while the value stays is a difference: that is what confirming is.
#[test]
fn diff_shows_what_was_confirmed() {
    let bench = Bench::new();
    bench.file(
        "stelsel.toml",
        "version = \"1\"\n[state_maximum]\nvalue = 2048\nsource = \"letter\"\nmark = \"confirmed\"\n",
    );
    let run = bench.medmij(&["policy", "diff", "stelsel.toml"]);
    assert!(
        run.out.contains("~ state_maximum\n") && run.out.contains("(confirmed"),
        "{}",
        run.out
    );
    assert!(run.out.contains("0 values differ, 1 more"), "{}", run.out);
}

#[test]
fn check_lists_what_is_open() {
    let bench = Bench::new();
    let run = bench.medmij(&["policy", "check", "--json"]);
    let open = run.json();
    assert!(run.exit == 0 && !open.is_empty());
    assert!(open.iter().all(|row| row["mark"] != "confirmed"));
    let run = bench.medmij(&["policy", "check"]);
    assert!(
        run.exit == 0 && run.out.contains("rest on inference or on nothing"),
        "{}",
        run.out
    );

    // everything confirmed by a supplier
    let mut file = "version = \"alles\"\n".to_owned();
    let mut rules = String::new();
    for row in &open {
        let (full_name, current) = (row["name"].as_str().unwrap(), row["value"].as_str().unwrap());
        if let Some(rest) = full_name.strip_prefix("uitzondering.") {
            let (major, rest) = rest.split_once('.').unwrap();
            let (minor, name) = rest.split_once('.').unwrap();
            let mut words = current.splitn(3, ' ');
            let (handling, error) = (words.next().unwrap(), words.next().unwrap());
            rules.push_str(&format!(
                "[[uitzondering]]\nrelease = \"{major}.{minor}\"\nname = \"{name}\"\nhandling = \"{handling}\"\n\
                 error = \"{error}\"\nmark = \"confirmed\"\n"
            ));
        } else {
            let (table, key) = full_name.split_once('.').unwrap_or((full_name, ""));
            let header = if key.is_empty() {
                table.to_owned()
            } else {
                format!("{table}.\"{key}\"")
            };
            let value = current.strip_suffix(" s").unwrap_or(current);
            let value = if value.parse::<u64>().is_ok() {
                value.to_owned()
            } else {
                format!("\"{value}\"")
            };
            let limit = current
                .strip_suffix(" at once")
                .and_then(|limit| limit.split_once(" per s, "));
            file.push_str(&match limit {
                Some((rate, burst)) => {
                    format!("[{header}]\nper_second = {rate}\nburst = {burst}\nmark = \"confirmed\"\n")
                }
                None => format!("[{header}]\nvalue = {value}\nmark = \"confirmed\"\n"),
            });
        }
    }
    bench.file("stelsel.toml", format!("{file}{rules}"));
    let run = bench.medmij(&["policy", "check", "stelsel.toml"]);
    assert_eq!(
        (run.exit, run.out.as_str(), run.err.as_str()),
        (0, "policy \"alles\": every value is confirmed\n", "")
    );
    assert_eq!(bench.medmij(&["policy", "check", "--json", "stelsel.toml"]).out, "");
}

#[test]
fn a_file_that_is_refused_is_trouble() {
    let bench = Bench::new();
    for (content, said) in [
        ("", "version"),
        (
            "version = \"1\"\n[lifetime.code]\nvalue = 901\n",
            "longer than 900 seconds",
        ),
        ("version = \"1\"\nwhitelist = false\n", "whitelist"),
        ("niets", "policy file cannot be read"),
    ] {
        bench.file("stelsel.toml", content);
        for command in ["show", "diff", "check"] {
            let run = bench.medmij(&["policy", command, "stelsel.toml"]);
            // whether a file is right is what check is asked for
            let exit = if command == "check" { 1 } else { 2 };
            assert_eq!((run.exit, run.out.as_str()), (exit, ""), "{content:?}");
            assert!(
                run.err.starts_with("medmij: stelsel.toml: ") && run.err.contains(said),
                "{}",
                run.err
            );
        }
    }
    for arguments in [&["show", "absent.toml"][..], &["check", "."], &["check", "a", "b"], &[]] {
        assert_eq!(
            bench.medmij(&[&["policy"], arguments].concat()).exit,
            2,
            "{arguments:?}"
        );
    }
}
