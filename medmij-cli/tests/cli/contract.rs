// SPDX-License-Identifier: AGPL-3.0-or-later
//! The contract line by line: every kind of input, for every command, with and without `--json`. Standard output holds
//! valid JSON lines or nothing; errors go to standard error.

use crate::bench::{Bench, gnl, whitelist, zal};

fn inputs(bench: &Bench) {
    bench.file("good.xml", whitelist(7, &["a.nl"]));
    bench.file("zal.xml", zal(7, &[("umcharderwijk", &["48"])]));
    bench.file("bad.xml", whitelist(7, &["A.nl"]));
    bench.file("empty.xml", "");
    bench.file("blank.xml", " \n\n");
    bench.file("binary.xml", [0x7F, b'E', b'L', b'F', 2, 1, 1, 0, 0xFF, 0xFE]);
    bench.file("utf16.xml", [0xFF, 0xFE, b'<', 0, b'a', 0]);
    bench.file("folder/inside.xml", "");
    // larger than the limit: refused without being read
    let huge = std::fs::File::create(bench.path().join("huge.xml")).unwrap();
    huge.set_len((1 << 30) + 1).unwrap();
}

/// Input and exit code of `validate`; of a command that needs the list, a refusal is trouble too.
const INPUTS: [(&str, i32, &str); 8] = [
    ("bad.xml", 1, "schema.pattern"),
    ("empty.xml", 1, "xml.no-root"),
    ("blank.xml", 1, "xml.no-root"),
    ("binary.xml", 1, "xml.encoding"),
    ("utf16.xml", 1, "xml.encoding"),
    ("huge.xml", 1, "limit.size"),
    ("folder", 2, "io"),
    ("absent.xml", 2, "io"),
];

#[test]
fn validate_of_every_kind_of_input() {
    let bench = Bench::new();
    inputs(&bench);
    for (file, exit, rule) in INPUTS {
        let run = bench.medmij(&["validate", "--json", file]);
        let lines = run.json();
        assert_eq!((run.exit, lines.len()), (exit, 1), "{file}: {run:?}");
        assert_eq!(
            (lines[0]["accepted"].as_bool(), lines[0]["error"]["rule"].as_str()),
            (Some(false), Some(rule))
        );
        assert_eq!(run.err.is_empty(), exit != 2, "{file}: {}", run.err);
        let run = bench.medmij(&["validate", file]);
        assert_eq!(run.exit, exit);
        if exit == 1 {
            assert!(run.out.starts_with(&format!("error[{rule}]: ")), "{file}: {}", run.out);
        } else {
            assert!(
                run.out.is_empty() && run.err.starts_with("medmij: cannot read"),
                "{file}: {run:?}"
            );
        }
    }
}

#[test]
fn several_files_at_once_are_each_told_and_the_worst_counts() {
    let bench = Bench::new();
    inputs(&bench);
    let files: Vec<&str> = INPUTS
        .iter()
        .map(|(file, ..)| *file)
        .chain(["good.xml", "zal.xml"])
        .collect();
    let run = bench.medmij(&[&["validate", "--json"], &files[..]].concat());
    let lines = run.json();
    let reported: Vec<&str> = lines.iter().map(|line| line["file"].as_str().unwrap()).collect();
    assert_eq!((run.exit, reported), (2, files));
}

#[test]
fn commands_that_need_a_list_print_nothing_but_trouble_without_one() {
    let bench = Bench::new();
    inputs(&bench);
    for (file, ..) in INPUTS {
        for arguments in [
            &["lookup", file, "umc"][..],
            &["lookup", "--json", file, "umc"],
            &["diff", file, "good.xml"],
            &["diff", "--json", "good.xml", file],
            &["whitelist", "check", file, "a.nl"],
            &["whitelist", "check", "--json", file, "a.nl"],
        ] {
            let run = bench.medmij(arguments);
            assert_eq!((run.exit, run.out.as_str()), (2, ""), "{arguments:?}");
            assert!(
                run.err.starts_with("medmij: ") && run.err.contains(file),
                "{arguments:?}: {}",
                run.err
            );
        }
        if file != "bad.xml" {
            let run = bench.medmij(&["schema", "import", file]);
            assert!(
                run.exit >= 1 && run.out.is_empty() && run.err.starts_with("medmij: "),
                "{file}: {run:?}"
            );
            let run = bench.medmij(&["validate", "--dialect", file, "good.xml"]);
            assert!(
                run.exit == 2 && run.out.is_empty() && run.err.starts_with("medmij: "),
                "{file}: {run:?}"
            );
        }
    }
}

#[test]
fn standard_input_works_everywhere() {
    let bench = Bench::new();
    bench.file("old.xml", gnl(6, &[("1", "Een dienst")]));
    for (arguments, stdin, exit) in [
        (&["validate", "-"][..], whitelist(7, &["a.nl"]), 0),
        (
            &["lookup", "-", "umcharderwijk"],
            zal(7, &[("umcharderwijk", &["48"])]),
            0,
        ),
        (&["diff", "old.xml", "-"], gnl(7, &[("1", "Een dienst")]), 0),
        (&["diff", "-", "old.xml"], gnl(7, &[("1", "Een dienst")]), 0),
        (&["diff", "-", "-"], String::new(), 2),
        (&["whitelist", "check", "-", "a.nl"], whitelist(7, &["a.nl"]), 0),
        (&["whitelist", "check", "-", "b.nl"], whitelist(7, &["a.nl"]), 1),
        (&["schema", "import", "-"], "<a/>".to_owned(), 1),
        // the second time nothing is left on it
        (&["validate", "-", "-"], whitelist(7, &["a.nl"]), 2),
    ] {
        let run = bench.fed(arguments, stdin.as_bytes());
        assert_eq!(run.exit, exit, "{arguments:?}: {run:?}");
    }
}

#[test]
fn wrong_usage_is_2_with_json_too() {
    let bench = Bench::new();
    bench.file("good.xml", whitelist(7, &["a.nl"]));
    for arguments in [
        &["validate"][..],
        &["validate", "--json"],
        &["validate", "--json", "--kind", "telefoonboek", "good.xml"],
        &["validate", "--json", "--wat", "good.xml"],
        &["lookup", "--json", "good.xml"],
        &["diff", "--json", "good.xml"],
        &["whitelist", "check", "--json", "good.xml"],
        &["schema"],
        &["wat"],
        &[],
    ] {
        let run = bench.medmij(arguments);
        assert_eq!((run.exit, run.out.as_str()), (2, ""), "{arguments:?}");
        assert!(!run.err.is_empty());
    }
}

#[test]
fn lookup_in_a_list_without_interfaceversies_says_that_the_filter_leaves_nothing_out() {
    let bench = Bench::new();
    bench.file("zal.xml", zal(7, &[("umcharderwijk", &["48"])]));
    let run = bench.medmij(&["lookup", "--json", "--interfaceversie", "2", "zal.xml", "umcharderwijk"]);
    assert_eq!((run.exit, run.json().len()), (0, 1));
    assert!(run.err.contains("release2 has no interfaceversies"), "{}", run.err);
}
