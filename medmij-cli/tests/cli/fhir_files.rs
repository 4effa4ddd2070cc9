// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij fhir read`, `convert`, `check` and `dekking`.

use serde_json::json;

use crate::bench::Bench;

const WEIGHT: &str = r#"{"resourceType":"Observation","id":"w","status":"final","valueQuantity":{"value":81.50}}"#;
const WEIGHT_XML: &str = r#"<Observation xmlns="http://hl7.org/fhir"><id value="w"/><status value="final"/><valueQuantity><value value="81.50"/></valueQuantity></Observation>"#;

/// A page with this resource in it, which passes the check.
fn page(resource: &str) -> String {
    format!(
        r#"{{"resourceType":"Bundle","type":"searchset","total":1,"link":[{{"relation":"self","url":"https://x.nl/fhir/Patient"}}],"entry":[{{"fullUrl":"https://x.nl/fhir/Patient/p","resource":{resource},"search":{{"mode":"match"}}}}]}}"#
    )
}

fn patient(members: &str) -> String {
    page(&format!(
        r#"{{"resourceType":"Patient","id":"p","meta":{{"profile":["http://fhir.nl/fhir/StructureDefinition/nl-core-patient"]}}{members}}}"#
    ))
}

#[test]
fn read_says_what_it_is_and_whether_it_is_whole() {
    let bench = Bench::new();
    bench.file("w.json", WEIGHT);
    bench.file("w.xml", WEIGHT_XML);
    let run = bench.medmij(&["fhir", "read", "w.json", "w.xml"]);
    assert_eq!(
        (run.exit, run.out.as_str()),
        (
            0,
            "w.json: Observation, FHIR 3.0 or 4.0, JSON, 88 bytes, lossless\n\
             w.xml: Observation, FHIR 3.0 or 4.0, XML, 146 bytes, lossless\n"
        )
    );
    bench.file(
        "b.json",
        r#"{"resourceType":"Binary","contentType":"a/b","data":"YQ=="}"#,
    );
    let run = bench.medmij(&["fhir", "read", "b.json"]);
    assert!(run.out.contains("FHIR 4.0, JSON"), "{run:?}");
    let run = bench.medmij(&["fhir", "read", "--fhir", "3.0", "b.json"]);
    assert_eq!(run.exit, 1, "{run:?}");
    assert!(
        run.out.ends_with("not lossless\n  Binary.data: unknown element\n"),
        "{run:?}"
    );
}

#[test]
fn core_rscint_203_read_tells_the_paths_of_a_bsn_and_never_the_number() {
    let bench = Bench::new();
    let bsn = r#","identifier":[{"system":"http://fhir.nl/fhir/NamingSystem/bsn","value":"999990019"}],"name":[{"text":"T. Test, zie 111222333"}]"#;
    bench.file("p.json", patient(bsn));
    let run = bench.medmij(&["fhir", "read", "p.json"]);
    assert_eq!(run.exit, 0, "{run:?}");
    assert!(run.out.contains("Bundle of 1 entry"), "{run:?}");
    assert!(
        run.out
            .contains("  entry[0].resource.identifier[0].value: a BSN is cut out\n"),
        "{run:?}"
    );
    assert!(
        run.out
            .contains("  entry[0].resource.name[0].text: a number that may be a BSN"),
        "{run:?}"
    );
    assert!(!run.out.contains("999990019") && !run.out.contains("111222333"));
    let run = bench.medmij(&["fhir", "read", "--json", "p.json"]);
    let said = &run.json()[0];
    assert_eq!(said["masked"], json!(["entry[0].resource.identifier[0].value"]));
    assert_eq!(said["suspected"], json!(["entry[0].resource.name[0].text"]));
    assert_eq!(
        (&said["type"], &said["entries"], &said["lossless"]),
        (&json!("Bundle"), &json!(1), &json!(true))
    );
}

#[test]
fn read_goes_on_after_a_file_that_is_none() {
    let bench = Bench::new();
    bench.file("w.json", WEIGHT);
    bench.file("bad.json", "{\"resourceType\":\"Flag\",\"id\":1,\"id\":2}");
    let run = bench.medmij(&["fhir", "read", "bad.json", "w.json"]);
    assert_eq!(run.exit, 1, "{run:?}");
    assert!(
        run.out
            .starts_with("bad.json: refused: duplicate member name at byte 30\nw.json: Observation"),
        "{run:?}"
    );
    let run = bench.medmij(&["fhir", "read", "--json", "absent.json", "bad.json", "w.json"]);
    assert_eq!(run.exit, 2, "{run:?}");
    assert!(run.err.contains("cannot read absent.json"), "{run:?}");
    let said = run.json();
    assert_eq!(
        (&said[0]["file"], &said[1]["accepted"], &said[2]["accepted"]),
        (&json!("absent.json"), &json!(false), &json!(true))
    );
    assert_eq!(bench.medmij(&["fhir", "read"]).exit, 2);
}

#[test]
fn convert_goes_both_ways_digit_for_digit() {
    let bench = Bench::new();
    bench.file("w.json", WEIGHT);
    let run = bench.medmij(&["fhir", "convert", "--to", "xml", "--fhir", "3.0", "w.json"]);
    assert_eq!((run.exit, run.out.trim_end()), (0, WEIGHT_XML), "{run:?}");
    let run = bench.fed(
        &["fhir", "convert", "--to", "json", "--fhir", "3.0", "-"],
        WEIGHT_XML.as_bytes(),
    );
    assert_eq!((run.exit, run.out.trim_end()), (0, WEIGHT), "{run:?}");
    bench.file("v.xml", WEIGHT_XML);
    let run = bench.medmij(&[
        "fhir", "convert", "--to", "xml", "--fhir", "3.0", "--into", "uit", "w.json", "v.xml",
    ]);
    assert_eq!(
        (run.exit, run.out.as_str()),
        (0, "w.json: uit/w.xml\nv.xml: uit/v.xml\n"),
        "{run:?}"
    );
    for name in ["w.xml", "v.xml"] {
        assert_eq!(
            std::fs::read_to_string(bench.path().join("uit").join(name)).unwrap(),
            WEIGHT_XML
        );
    }
}

#[test]
fn convert_tells_what_does_not_come_along() {
    let bench = Bench::new();
    bench.file("x.xml", WEIGHT_XML.replace("<status", "<onbekend value=\"1\"/><status"));
    bench.file("bad.xml", "<!DOCTYPE a><a/>");
    let run = bench.medmij(&["fhir", "convert", "--to", "json", "--fhir", "4.0", "x.xml", "bad.xml"]);
    assert_eq!(run.exit, 1, "{run:?}");
    assert!(run.out.contains(r#""onbekend":"1""#), "{run:?}");
    assert!(
        run.err.contains("x.xml: Observation.onbekend: unknown element\n"),
        "{run:?}"
    );
    assert!(
        run.err
            .contains("bad.xml: refused: document type declaration at byte 0\n"),
        "{run:?}"
    );
    let arguments = [
        "fhir", "convert", "--to", "json", "--fhir", "4.0", "--into", "uit", "--json", "x.xml", "bad.xml",
    ];
    let said = bench.medmij(&arguments).json();
    assert_eq!(
        (&said[0]["converted"], &said[0]["lossless"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(said[1]["error"], "document type declaration at byte 0");
}

#[test]
fn convert_does_not_write_over_its_source_or_twice() {
    let bench = Bench::new();
    bench.file("w.json", WEIGHT);
    bench.file("a/w.json", WEIGHT);
    let convert = |arguments: &[&str]| bench.medmij(&[&["fhir", "convert", "--fhir", "3.0"], arguments].concat());
    assert_eq!(convert(&["--to", "json", "--into", ".", "w.json"]).exit, 2);
    assert_eq!(convert(&["--to", "xml", "--into", "uit", "w.json", "a/w.json"]).exit, 2);
    assert_eq!(convert(&["--to", "yaml", "w.json"]).exit, 2);
    assert_eq!(
        bench.medmij(&["fhir", "convert", "--to", "xml", "w.json"]).exit,
        2,
        "a version is needed"
    );
    assert_eq!(
        bench
            .medmij(&["fhir", "convert", "--to", "xml", "--fhir", "5.0", "w.json"])
            .exit,
        2
    );
    assert_eq!(std::fs::read_to_string(bench.path().join("w.json")).unwrap(), WEIGHT);
}

#[test]
fn check_passes_or_says_where_and_why() {
    let bench = Bench::new();
    bench.file("good.json", patient(""));
    bench.file(
        "bad.json",
        patient(r#","managingOrganization":{"reference":"Organization/o"}"#),
    );
    let run = bench.medmij(&["fhir", "check", "good.json"]);
    assert_eq!(
        (run.exit, run.out.as_str()),
        (0, "good.json: passes (FHIR 3.0, 0 errors, 0 warnings)\n"),
        "{run:?}"
    );
    let run = bench.medmij(&["fhir", "check", "good.json", "bad.json"]);
    assert_eq!(run.exit, 1);
    assert!(
        run.out.contains("bad.json: error: entry[0].resource.managingOrganization.display: reference has no display [reference-display]\n"),
        "{run:?}"
    );
    let said = bench.medmij(&["fhir", "check", "--json", "bad.json"]).json();
    assert_eq!((&said[0]["accepted"], &said[0]["errors"]), (&json!(false), &json!(1)));
    assert_eq!(said[0]["findings"][0]["rule"], "reference-display");
    bench.file("none.json", "[]");
    let run = bench.medmij(&["fhir", "check", "none.json"]);
    assert_eq!(run.exit, 1);
    assert!(run.out.starts_with("none.json: refused: "), "{run:?}");
}

#[test]
fn dekking_counts_over_all_folders_together() {
    let bench = Bench::new();
    let resource = |profile: &str| {
        format!(
            r#"{{"resourceType":"Basic","meta":{{"profile":["http://nictiz.nl/fhir/StructureDefinition/{profile}"]}}}}"#
        )
    };
    bench.file("een/a.json", resource("zib-Problem"));
    bench.file("een/diep/b.json", patient(r#","maritalStatus":{"text":"x"}"#));
    bench.file("een/lees.txt", "geen FHIR");
    bench.file("twee/c.json", resource("zib-Payer"));
    bench.file("twee/bad.json", "{");
    let run = bench.medmij(&["fhir", "dekking", "een", "twee", "--gegevensdienst", "50"]);
    assert_eq!(run.exit, 1, "{run:?}");
    assert!(
        run.out.contains("Probleem: 1\n") && run.out.contains("Woonsituatie: missing\n"),
        "{run:?}"
    );
    assert!(run.out.contains("BurgerlijkeStaat (inferred): 1\n"), "{run:?}");
    assert!(
        run.out
            .ends_with("4 of 22 zibs filled in 3 resources of 3 files; the rule is 21: not enough\n"),
        "{run:?}"
    );
    assert!(run.err.contains("bad.json: refused"), "{run:?}");
    let said = bench
        .medmij(&["fhir", "dekking", "een", "twee", "--gegevensdienst", "50", "--json"])
        .json();
    assert_eq!(
        (&said[0]["filled"], &said[0]["threshold"], &said[0]["refused"]),
        (&json!(4), &json!(21), &json!(1))
    );
    bench.file("drie/f.json", resource("zib-AllergyIntolerance"));
    let run = bench.medmij(&["fhir", "dekking", "drie", "--gegevensdienst", "54"]);
    assert_eq!(run.exit, 0, "{run:?}");
    assert_eq!(
        bench
            .medmij(&["fhir", "dekking", "een", "--gegevensdienst", "9999"])
            .exit,
        2
    );
    assert_eq!(
        bench
            .medmij(&["fhir", "dekking", "absent", "--gegevensdienst", "50"])
            .exit,
        2
    );
}

#[test]
fn with_json_each_file_has_its_line_one_that_cannot_be_read_too() {
    let bench = Bench::new();
    bench.file("w.json", WEIGHT);
    for (command, good, exit) in [
        (&["read", "--json"][..], "accepted", 2),
        (&["check", "--json"], "accepted", 2),
        (
            &["convert", "--json", "--to", "xml", "--fhir", "3.0", "--into", "uit"],
            "converted",
            2,
        ),
    ] {
        let run = bench.medmij(&[&["fhir"], command, &["missing.json", "w.json", "."]].concat());
        assert_eq!(run.exit, exit, "{command:?}");
        let lines: Vec<serde_json::Value> = run
            .out
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), 3, "{command:?}: {}", run.out);
        for (line, file) in lines.iter().zip(["missing.json", "w.json", "."]) {
            assert_eq!(line["file"], file, "{command:?}");
            let unread = file != "w.json";
            assert_eq!(line["error"].is_string(), unread, "{command:?}: {line}");
            assert!(!unread || line[good] == json!(false), "{command:?}: {line}");
        }
    }
}
