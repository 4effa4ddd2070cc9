// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij whitelist check`.

use serde_json::json;

use crate::bench::{Bench, whitelist, zal};

#[test]
fn core_whl_306_listed_is_exactly_listed() {
    let bench = Bench::new();
    bench.file(
        "wl.xml",
        whitelist(7, &["rcf-rso.nl", "node.voorbeeld.nl", "1.100", "a-.nl"]),
    );
    for (hosts, exit) in [
        (&["rcf-rso.nl"][..], 0),
        (&["rcf-rso.nl", "node.voorbeeld.nl"], 0),
        (&["rcf-rso.nl", "elders.nl"], 1),
        (&["rcf-rso.nl."], 1),
        (&["RCF-RSO.NL"], 1),
        (&[""], 1),
        (&["voorbeeld.nl"], 1),
        (&["*.voorbeeld.nl"], 1),
        (&["1.10"], 1),
        (&["a-.nl"], 1),
        (&[], 2),
    ] {
        let run = bench.medmij(&[&["whitelist", "check", "wl.xml"], hosts].concat());
        assert_eq!(run.exit, exit, "{hosts:?}: {run:?}");
    }
}

#[test]
fn what_it_says() {
    let bench = Bench::new();
    bench.file("wl.xml", whitelist(7, &["rcf-rso.nl", "node.voorbeeld.nl"]));
    let run = bench.medmij(&["whitelist", "check", "wl.xml", "rcf-rso.nl", "node.vorbeeld.nl"]);
    assert_eq!(
        run.out,
        "rcf-rso.nl: listed\nnode.vorbeeld.nl: not listed (did you mean node.voorbeeld.nl?)\n"
    );
    let run = bench.medmij(&[
        "whitelist",
        "check",
        "--json",
        "wl.xml",
        "rcf-rso.nl",
        "node.vorbeeld.nl",
    ]);
    assert_eq!(
        run.json(),
        [
            json!({"host": "rcf-rso.nl", "listed": true, "nearest": []}),
            json!({"host": "node.vorbeeld.nl", "listed": false, "nearest": ["node.voorbeeld.nl"]}),
        ]
    );
}

#[test]
fn a_list_that_is_refused_is_trouble() {
    let bench = Bench::new();
    bench.file("zal.xml", zal(7, &[]));
    bench.file("bad.xml", whitelist(0, &["a.nl"]));
    for file in ["zal.xml", "bad.xml", "absent.xml"] {
        let run = bench.medmij(&["whitelist", "check", file, "a.nl"]);
        assert!(
            run.exit == 2 && run.out.is_empty() && run.err.starts_with("medmij: "),
            "{file}: {run:?}"
        );
    }
    let run = bench.fed(&["whitelist", "check", "-", "a.nl"], whitelist(1, &["a.nl"]).as_bytes());
    assert_eq!(run.exit, 0);
}

#[test]
fn hosts_from_standard_input() {
    let bench = Bench::new();
    bench.file("wl.xml", whitelist(7, &["a.nl", "b.nl"]));
    let run = bench.fed(
        &["whitelist", "check", "--json", "wl.xml", "-"],
        b"a.nl\n\n b.nl \r\nc.nl\n",
    );
    let listed: Vec<_> = run.json().iter().map(|line| line["listed"] == true).collect();
    assert_eq!((run.exit, listed), (1, vec![true, true, false]));
    let run = bench.fed(&["whitelist", "check", "-", "-"], b"a.nl\n");
    assert!(run.exit == 2 && run.err.contains("cannot both"), "{run:?}");
}

#[test]
fn nothing_on_standard_input_is_no_yes_and_a_byte_order_mark_is_no_part_of_a_host() {
    let bench = Bench::new();
    bench.file("wl.xml", whitelist(7, &["a.nl"]));
    for nothing in ["", "\n \r\n", "\u{feff}"] {
        let run = bench.fed(&["whitelist", "check", "wl.xml", "-"], nothing.as_bytes());
        assert!(
            run.exit == 2 && run.out.is_empty() && run.err.contains("no host"),
            "{run:?}"
        );
    }
    let run = bench.fed(&["whitelist", "check", "wl.xml", "-"], "\u{feff}a.nl\r\n".as_bytes());
    assert_eq!((run.exit, run.out.as_str()), (0, "a.nl: listed\n"));
}
