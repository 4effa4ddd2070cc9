// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij lookup`.

use serde_json::json;

use crate::bench::{Bench, whitelist, zal, zal3};

fn bench() -> Bench {
    let bench = Bench::new();
    bench.file(
        "zal.xml",
        zal(
            7,
            &[("umcharderwijk", &["4", "6"]), ("radiologencentraalflevoland", &["1"])],
        ),
    );
    bench.file("zal3.xml", zal3(7));
    bench
}

#[test]
fn core_alst_100_peers_25_26_27_28_names_with_and_without_suffix() {
    let bench = bench();
    for name in ["umcharderwijk", "umcharderwijk@medmij"] {
        let run = bench.medmij(&["lookup", "zal.xml", name]);
        assert_eq!((run.exit, run.err.as_str()), (0, ""));
        for part in [
            "umcharderwijk@medmij",
            "https://dvza.voorbeeld.nl:8099/token",
            "ROL-6-FHIR",
            "authorization",
        ] {
            assert!(run.out.contains(part), "{part}: {}", run.out);
        }
        assert!(!run.out.contains("ROL-1-FHIR"));
    }
}

#[test]
fn it_is_a_table() {
    let run = bench().medmij(&["lookup", "zal.xml", "radiologencentraalflevoland"]);
    let lines: Vec<&str> = run.out.lines().collect();
    assert_eq!(lines.len(), 6, "{}", run.out);
    let column = lines[2].find("URI").unwrap();
    assert!(
        lines[3..].iter().all(|line| line[column..].starts_with("https://")),
        "{}",
        run.out
    );
}

#[test]
fn json_of_what_is_found() {
    let run = bench().medmij(&[
        "lookup",
        "zal3.xml",
        "umcharderwijk",
        "--interfaceversie",
        "2",
        "--json",
    ]);
    assert_eq!(run.exit, 0);
    assert_eq!(
        run.json(),
        [json!({
            "found": true, "zorgaanbiedernaam": "umcharderwijk@medmij", "aanbiedertype": "ZA",
            "interfaceversies": [{"id": "2", "gegevensdiensten": [{
                "id": "48",
                "authorization_endpoint": "https://dvza.voorbeeld.nl/authorize",
                "token_endpoint": "https://dvza.voorbeeld.nl:8099/token",
                "abonneren": {"max_duration": "90", "subscription_endpoint": "https://dvza.voorbeeld.nl/sub"},
                "systeemrollen": [{"code": "ROL-48-FHIR", "resource_endpoint": "https://dvza.voorbeeld.nl/fhir/48"}],
            }]}],
        })]
    );
}

#[test]
fn filters_narrow_what_is_found() {
    let bench = bench();
    for (arguments, exit) in [
        (&["zal.xml", "umcharderwijk", "--gegevensdienst", "4"][..], 0),
        (&["zal.xml", "umcharderwijk", "--gegevensdienst", "1"], 1),
        (&["zal.xml", "umcharderwijk", "--gegevensdienst", " 4"], 1),
        (&["zal.xml", "umcharderwijk", "--interfaceversie", "2"], 0),
        (&["zal3.xml", "umcharderwijk", "--interfaceversie", "1.4.0"], 0),
        (&["zal3.xml", "umcharderwijk", "--interfaceversie", "1.4"], 1),
        (
            &[
                "zal3.xml",
                "umcharderwijk",
                "--interfaceversie",
                "2",
                "--gegevensdienst",
                "48",
            ],
            0,
        ),
    ] {
        let run = bench.medmij(&[&["lookup"], arguments].concat());
        assert_eq!(run.exit, exit, "{arguments:?}: {run:?}");
    }
    let run = bench.medmij(&["lookup", "zal.xml", "umcharderwijk", "--gegevensdienst", "1"]);
    assert!(run.err.contains("it offers gegevensdienst 4, 6"), "{}", run.err);
}

#[test]
fn nothing_found_says_the_nearest_names() {
    let bench = bench();
    for name in ["umchardewijk", "UMCharderwijk", "umc", "umcharderwijk@medmi"] {
        let run = bench.medmij(&["lookup", "zal.xml", name]);
        assert_eq!((run.exit, run.out.as_str()), (1, ""), "{name}");
        assert!(
            run.err.contains("did you mean umcharderwijk@medmij"),
            "{name}: {}",
            run.err
        );
        let run = bench.medmij(&["lookup", "--json", "zal.xml", name]);
        assert_eq!(
            run.json(),
            [json!({"found": false, "wanted": name, "nearest": ["umcharderwijk@medmij"]})]
        );
    }
    let run = bench.medmij(&["lookup", "zal.xml", "ergensanders"]);
    assert!(run.exit == 1 && !run.err.contains("did you mean"), "{}", run.err);
}

#[test]
fn a_list_that_is_refused_is_trouble() {
    let bench = bench();
    bench.file("wl.xml", whitelist(7, &["a.nl"]));
    for file in ["wl.xml", "absent.xml", "."] {
        let run = bench.medmij(&["lookup", file, "umcharderwijk"]);
        assert!(run.exit == 2 && run.err.starts_with("medmij: "), "{file}: {run:?}");
    }
    let list = std::fs::read(bench.path().join("zal.xml")).unwrap();
    assert_eq!(bench.fed(&["lookup", "-", "umcharderwijk"], &list).exit, 0);
}
