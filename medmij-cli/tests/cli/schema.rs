// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij schema import` and `--dialect`.

use crate::bench::{Bench, whitelist};

/// A schema of our own, for a release that does not exist.
const XSD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="xmlns://afsprakenstelsel.medmij.nl/whitelist/release9/" xmlns="xmlns://afsprakenstelsel.medmij.nl/whitelist/release9/"
    targetNamespace="xmlns://afsprakenstelsel.medmij.nl/whitelist/release9/" elementFormDefault="qualified">
  <xs:element name="Whitelist" type="Whitelist"/>
  <xs:complexType name="Whitelist"><xs:sequence>
    <xs:element name="Tijdstempel" type="Stempel"/>
    <xs:element name="Volgnummer" type="xs:positiveInteger"/>
    <xs:element name="MedMijNodes" type="Nodes">
      <xs:unique name="Node"><xs:selector xpath="t:MedMijNode"/><xs:field xpath="t:Hostname"/></xs:unique>
    </xs:element>
  </xs:sequence></xs:complexType>
  <xs:complexType name="Nodes"><xs:sequence>
    <xs:element name="MedMijNode" type="Node" minOccurs="0" maxOccurs="unbounded"/>
  </xs:sequence></xs:complexType>
  <xs:complexType name="Node"><xs:sequence>
    <xs:element name="Hostname" type="Host"/>
  </xs:sequence></xs:complexType>
  <xs:simpleType name="Stempel"><xs:restriction base="xs:dateTime"/></xs:simpleType>
  <xs:simpleType name="Host"><xs:restriction base="xs:string"><xs:pattern value="[a-z]+\.nl"/></xs:restriction></xs:simpleType>
</xs:schema>
"#;

#[test]
fn an_imported_schema_judges() {
    let bench = Bench::new();
    bench.file("schema.xsd", XSD);
    let list = |host: &str| whitelist(7, &[host]).replace("release2", "release9");
    bench.file("good.xml", list("abc.nl"));
    bench.file("bad.xml", list("abc.com"));
    assert_eq!(bench.medmij(&["validate", "good.xml"]).exit, 1, "no built-in release");

    let run = bench.medmij(&["schema", "import", "schema.xsd", "-o", "release9.dialect"]);
    assert_eq!(
        (run.exit, run.out.as_str()),
        (0, "release9.dialect: Whitelist release9\n"),
        "{run:?}"
    );
    for (file, exit) in [("good.xml", 0), ("bad.xml", 1)] {
        let run = bench.medmij(&["validate", "--json", "--dialect", "release9.dialect", file]);
        assert_eq!(run.exit, exit, "{run:?}");
        assert_eq!(run.json()[0]["basis"].as_str(), (exit == 0).then_some("supplied"));
    }
    let check = [
        "whitelist",
        "check",
        "--dialect",
        "release9.dialect",
        "good.xml",
        "abc.nl",
    ];
    assert_eq!(bench.medmij(&check).exit, 0);

    let printed = bench.fed(&["schema", "import", "-"], XSD.as_bytes());
    assert_eq!(
        printed.out,
        std::fs::read_to_string(bench.path().join("release9.dialect")).unwrap()
    );
}

#[test]
fn what_is_outside_the_subset_is_named() {
    let bench = Bench::new();
    bench.file("schema.xsd", XSD.replace("<xs:sequence>", "<xs:sequence><xs:any/>"));
    let run = bench.medmij(&["schema", "import", "schema.xsd"]);
    assert!(
        run.exit == 1 && run.out.is_empty() && run.err.contains("any") && run.err.contains("line 5"),
        "{run:?}"
    );
    for (file, exit) in [("absent.xsd", 2), (".", 2)] {
        assert_eq!(bench.medmij(&["schema", "import", file]).exit, exit);
    }
    assert_eq!(bench.fed(&["schema", "import", "-"], b"").exit, 1);
}

#[test]
fn a_dialect_that_is_none_is_trouble() {
    let bench = Bench::new();
    bench.file("wl.xml", whitelist(7, &["a.nl"]));
    bench.file("bad.dialect", "medmij-dialect 1\nlist Telefoonboek\n");
    bench.file("bytes.dialect", b"\xff\xfe");
    for dialect in ["bad.dialect", "bytes.dialect", "absent.dialect"] {
        let run = bench.medmij(&["validate", "--dialect", dialect, "wl.xml"]);
        assert!(run.exit == 2 && run.err.contains(dialect), "{run:?}");
    }
}

#[test]
fn the_official_schemas_can_be_imported() {
    let Some(data) = std::env::var_os("MEDMIJ_DATA") else {
        medmij_test::skip("MEDMIJ_DATA is not set, official schemas were not imported");
        return;
    };
    let bench = Bench::new();
    let schema = std::path::Path::new(&data).join("schemas/whitelist-release2-fv13.xsd");
    let run = bench.medmij(&["schema", "import", schema.to_str().unwrap(), "-o", "wl.dialect"]);
    assert_eq!(run.exit, 0, "{run:?}");
    bench.file("wl.xml", whitelist(7, &["a.nl"]));
    assert_eq!(bench.medmij(&["validate", "--dialect", "wl.dialect", "wl.xml"]).exit, 0);
}

#[test]
fn a_schema_without_the_key_of_the_look_ups_is_told_and_not_used() {
    let bench = Bench::new();
    let from = XSD.find("<xs:unique").unwrap();
    let to = XSD.find("</xs:unique>").unwrap() + "</xs:unique>".len();
    bench.file("schema.xsd", XSD.replace(&XSD[from..to], ""));
    bench.file("good.xml", whitelist(7, &["abc.nl"]).replace("release2", "release9"));
    let dialect = bench.medmij(&["schema", "import", "schema.xsd"]);
    bench.file("release9.dialect", dialect.out.clone());
    let asked = bench.medmij(&[
        "whitelist",
        "check",
        "--dialect",
        "release9.dialect",
        "good.xml",
        "abc.nl",
    ]);
    assert_eq!(asked.exit, 2, "{}", asked.out);
    assert!(
        asked.err.contains("no unique key by which entries are found"),
        "{}",
        asked.err
    );
}

/// Bounded by construction: each of these took seconds to minutes when there were no bounds.
#[test]
fn a_schema_or_dialect_that_would_take_much_is_refused_with_its_reason() {
    let bench = Bench::new();
    let many = |n: usize, each: fn(usize) -> String| (0..n).map(each).collect::<String>();
    let host = |facets: &str| XSD.replace("<xs:pattern value=\"[a-z]+\\.nl\"/>", facets);
    let pattern = |pattern: &str| host(&format!("<xs:pattern value=\"{pattern}\"/>"));
    let optional: String = (0..120)
        .filter_map(|n| char::from_u32(0x4E00 + n))
        .flat_map(|c| [c, '?'])
        .collect();
    let chain = many(5_000, |n| {
        format!(
            "<xs:complexType name='C{n}'><xs:sequence><xs:element name='a' type='C{}'/></xs:sequence></xs:complexType>",
            n + 1
        )
    });
    let deep = format!(
        "<xs:annotation>{}{}</xs:annotation>",
        "<a>".repeat(5_000),
        "</a>".repeat(5_000)
    );
    for (schema, reason) in [
        (pattern(&format!("({optional}){{40}}")), "the pattern is too large"),
        (pattern("((a?b?c?d?e?f?g?h?){30}){20}"), "the pattern is too large"),
        (pattern("(((a{1000}){1000}){1000}){1000}"), "the pattern is too large"),
        (
            host(&many(1_001, |n| format!("<xs:enumeration value='{n}'/>"))),
            "more than 1000 values",
        ),
        (
            host(&many(100_000, |n| format!("<xs:enumeration value='{n}'/>"))),
            "more than 1 MiB",
        ),
        (
            host(&many(20_000, |_| "<xs:enumeration value='a'/>".to_owned())),
            "nodes limit",
        ),
        (
            XSD.replace(
                "</xs:sequence></xs:complexType>\n  <xs:complexType name=\"Nodes\">",
                &format!(
                    "{}</xs:sequence></xs:complexType>\n  <xs:complexType name=\"Nodes\">",
                    many(1_001, |n| format!(
                        "<xs:element name='e{n}' type='Host' minOccurs='0'/>"
                    ))
                ),
            ),
            "more than 1000 elements",
        ),
        (
            XSD.replace("</xs:schema>", &format!("{chain}</xs:schema>")),
            "more than 1000 types",
        ),
        (
            XSD.replace(
                "<xs:element name=\"Whitelist\"",
                &format!("{deep}<xs:element name=\"Whitelist\""),
            ),
            "too deep",
        ),
        (
            XSD.replace("<xs:schema", "<!DOCTYPE a [<!ENTITY b 'c'>]><xs:schema"),
            "DTD",
        ),
    ] {
        let run = bench.fed(&["schema", "import", "-"], schema.as_bytes());
        assert!(
            run.exit == 1 && run.err.contains(reason) && run.err.len() < 1000,
            "{reason}: {:.300}",
            run.err
        );
    }
    // the same bounds hold for the text form
    let dialect = bench.fed(&["schema", "import", "-"], XSD.as_bytes()).out;
    bench.file("wl.xml", whitelist(7, &["a.nl"]));
    for (from, to, reason) in [
        (
            "[a-z]+\\.nl",
            "(((a{1000}){1000}){1000}){1000}".to_owned(),
            "the pattern is too large",
        ),
        (
            "  pattern [a-z]+\\.nl",
            many(1_001, |n| format!("  enumeration {n}\n")),
            "more than 1000 values",
        ),
        (
            "type Host string",
            many(1_001, |n| format!("type T{n} string\n")) + "type Host string",
            "more than 1000 types",
        ),
    ] {
        assert!(dialect.contains(from), "{dialect}");
        bench.file("large.dialect", dialect.replace(from, &to));
        let run = bench.medmij(&["validate", "--dialect", "large.dialect", "wl.xml"]);
        assert!(run.exit == 2 && run.err.contains(reason), "{reason}: {:.300}", run.err);
    }
}
