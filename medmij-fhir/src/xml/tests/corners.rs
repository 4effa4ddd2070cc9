// SPDX-License-Identifier: AGPL-3.0-or-later
//! One table: XML, the JSON of it, and back.

use super::super::{OddityKind, XmlRule, from_json, round_trip, to_json};
use super::{json, oddities, patient, rule, xml};
use crate::limits::Limits;
use crate::version::FhirVersion;

/// Both ways, with nothing to report.
#[test]
fn pairs_convert_both_ways() {
    let extension = r#"<extension url="http://x.nl/e"><valueString value="v"/></extension>"#;
    let extension_json = r#""extension":[{"url":"http://x.nl/e","valueString":"v"}]"#;
    let cases = [
        (r#"<id value="p1"/><active value="true"/>"#.to_owned(), r#""id":"p1","active":true"#.to_owned()),
        // repeats, one of them
        (r#"<name><given value="A"/></name>"#.to_owned(), r#""name":[{"given":["A"]}]"#.to_owned()),
        // id and extension on a primitive
        (
            format!(r#"<birthDate id="b" value="2026-01-01">{extension}</birthDate>"#),
            format!(r#""birthDate":"2026-01-01","_birthDate":{{"id":"b",{extension_json}}}"#),
        ),
        (r#"<gender id="g" value="male"/>"#.to_owned(), r#""gender":"male","_gender":{"id":"g"}"#.to_owned()),
        // a primitive without value
        (format!("<birthDate>{extension}</birthDate>"), format!(r#""_birthDate":{{{extension_json}}}"#)),
        // in an array, with nulls on both sides
        (
            format!(r#"<name><given value="A"/><given>{extension}</given><given id="c" value="C"/><given value="D"/></name>"#),
            format!(r#""name":[{{"given":["A",null,"C","D"],"_given":[null,{{{extension_json}}},{{"id":"c"}},null]}}]"#),
        ),
        // an array of which no element has a value
        (
            format!("<name><given>{extension}</given></name>"),
            format!(r#""name":[{{"_given":[{{{extension_json}}}]}}]"#),
        ),
        // an extension on a primitive of an extension on a primitive
        (
            format!(r#"<gender value="male"><extension url="u"><valueCode value="c">{extension}</valueCode></extension></gender>"#),
            format!(r#""gender":"male","_gender":{{"extension":[{{"url":"u","valueCode":"c","_valueCode":{{{extension_json}}}}}]}}"#),
        ),
        // the id of an element and of an extension; an extension of extensions
        (
            r#"<extension id="e" url="u"><extension url="v"><valueBoolean value="false"/></extension></extension>"#.to_owned(),
            r#""extension":[{"id":"e","url":"u","extension":[{"url":"v","valueBoolean":false}]}]"#.to_owned(),
        ),
        (r#"<maritalStatus id="m"><text value="x"/></maritalStatus>"#.to_owned(), r#""maritalStatus":{"id":"m","text":"x"}"#.to_owned()),
        // characters that one of the two escapes
        (
            r#"<name><text value="a&quot;b\ &amp; &lt;c&gt; 'd' é 😀&#10;x&#9;y"/></name>"#.to_owned(),
            "\"name\":[{\"text\":\"a\\\"b\\\\ & <c> 'd' é 😀\\nx\\ty\"}]".to_owned(),
        ),
        // contained
        (
            r#"<contained><Organization><id value="o"/></Organization></contained><contained><Practitioner/></contained>"#.to_owned(),
            r#""contained":[{"resourceType":"Organization","id":"o"},{"resourceType":"Practitioner"}]"#.to_owned(),
        ),
        // narrative
        (
            r#"<text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml"><p>a  b<br/>&amp;&#10;"c"</p><!-- d --></div></text>"#.to_owned(),
            r#""text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>a  b<br/>&amp;&#10;\"c\"</p><!-- d --></div>"}"#.to_owned(),
        ),
        (r#"<text><status value="empty"/><div xmlns="http://www.w3.org/1999/xhtml"/></text>"#.to_owned(), r#""text":{"status":"empty","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"/>"}"#.to_owned()),
        // an empty value is a value
        (r#"<language value=""/>"#.to_owned(), r#""language":"""#.to_owned()),
        // choice
        (r#"<multipleBirthInteger value="2"/>"#.to_owned(), r#""multipleBirthInteger":2"#.to_owned()),
        (r#"<deceasedBoolean value="false"/>"#.to_owned(), r#""deceasedBoolean":false"#.to_owned()),
    ];
    for (inside, members) in cases {
        let document = patient(&inside);
        let expected = format!(r#"{{"resourceType":"Patient",{members}}}"#);
        let read = json(&document).unwrap();
        assert_eq!(read.text, expected);
        assert!(read.is_lossless(), "{inside} {:?}", read.oddities);
        let written = xml(&read.text).unwrap();
        assert!(written.is_lossless(), "{inside} {:?}", written.oddities);
        assert_eq!(written.text, document);
    }
}

#[test]
fn f6_numbers_stay_digit_for_digit() {
    for number in [
        "1.00",
        "0.10",
        "-0.0",
        "1E2",
        "1.5e-10",
        "100000000000000000000.10",
        "0",
        "3",
    ] {
        let document = format!(
            r#"<Observation xmlns="http://hl7.org/fhir"><valueQuantity><value value="{number}"/></valueQuantity></Observation>"#
        );
        let read = json(&document).unwrap();
        assert!(read.text.contains(&format!(r#""value":{number}}}"#)), "{}", read.text);
        assert_eq!(xml(&read.text).unwrap().text, document);
    }
    for odd in ["01", "+1", "1.", ".5", "1e", "NaN", "", "1,5", " 1", "0x1", "--1"] {
        let document = format!(
            r#"<Observation xmlns="http://hl7.org/fhir"><valueQuantity><value value="{odd}"/></valueQuantity></Observation>"#
        );
        let read = json(&document).unwrap();
        assert!(read.text.contains(&format!(r#""value":"{odd}""#)), "{}", read.text);
        assert_eq!(oddities(&read), [("Observation.valueQuantity.value", OddityKind::Kind)]);
        let written = xml(&read.text).unwrap();
        assert_eq!(written.text, document);
        assert_eq!(
            oddities(&written),
            [("Observation.valueQuantity.value", OddityKind::Kind)]
        );
    }
}

#[test]
fn a_bundle_with_all_kinds_of_entries() {
    let document = concat!(
        r#"<Bundle xmlns="http://hl7.org/fhir"><type value="transaction"/><total value="2"/>"#,
        r#"<link><relation value="self"/><url value="https://x.nl/a?b=c&amp;d=e"/></link>"#,
        r#"<entry><fullUrl value="urn:uuid:1"/><resource><Patient><active value="true"/></Patient></resource><search><mode value="match"/><score value="0.50"/></search>"#,
        r#"<request><method value="POST"/><url value="Patient"/></request></entry>"#,
        r#"<entry><response><status value="200"/><outcome><OperationOutcome><issue><severity value="error"/></issue></OperationOutcome></outcome></response></entry></Bundle>"#
    );
    let read = json(document).unwrap();
    assert_eq!(
        read.text,
        concat!(
            r#"{"resourceType":"Bundle","type":"transaction","total":2,"link":[{"relation":"self","url":"https://x.nl/a?b=c&d=e"}],"#,
            r#""entry":[{"fullUrl":"urn:uuid:1","resource":{"resourceType":"Patient","active":true},"search":{"mode":"match","score":0.50},"#,
            r#""request":{"method":"POST","url":"Patient"}},{"response":{"status":"200","outcome":{"resourceType":"OperationOutcome","issue":[{"severity":"error"}]}}}]}"#
        )
    );
    assert!(read.is_lossless());
    assert_eq!(xml(&read.text).unwrap().text, document);
}

#[test]
fn the_url_of_an_extension_is_an_attribute_and_that_of_a_value_set_is_not() {
    let document = r#"<ValueSet xmlns="http://hl7.org/fhir"><id value="v"/><extension url="e"><valueUri value="u"/></extension><url value="http://x.nl"/></ValueSet>"#;
    let read = json(document).unwrap();
    assert_eq!(
        read.text,
        r#"{"resourceType":"ValueSet","id":"v","extension":[{"url":"e","valueUri":"u"}],"url":"http://x.nl"}"#
    );
    assert_eq!(xml(&read.text).unwrap().text, document);
}

#[test]
fn the_order_of_the_schema_is_written_whatever_that_of_the_json() {
    let written = xml(r#"{"gender":"male","_birthDate":{"id":"b"},"name":[{"given":["A"],"family":"B"}],"resourceType":"Patient","birthDate":"2026","id":"p"}"#).unwrap();
    assert_eq!(
        written.text,
        patient(
            r#"<id value="p"/><name><family value="B"/><given value="A"/></name><gender value="male"/><birthDate id="b" value="2026"/>"#
        )
    );
    assert!(written.is_lossless());
    // and read, where it is only out of order
    let read = json(&patient(r#"<gender value="male"/><id value="p"/>"#)).unwrap();
    assert_eq!(read.text, r#"{"resourceType":"Patient","gender":"male","id":"p"}"#);
}

#[test]
fn namespaces_and_prefixes_are_resolved() {
    let plain = json(&patient(
        r#"<text><status value="x"/><div xmlns="http://www.w3.org/1999/xhtml"><p>a</p></div></text>"#,
    ))
    .unwrap();
    for document in [
        r#"<f:Patient xmlns:f="http://hl7.org/fhir"><f:text><f:status value="x"/><div xmlns="http://www.w3.org/1999/xhtml"><p>a</p></div></f:text></f:Patient>"#,
        r#"<f:Patient xmlns:f="http://hl7.org/fhir" xmlns:h="http://www.w3.org/1999/xhtml"><f:text><f:status value="x"/><h:div><h:p>a</h:p></h:div></f:text></f:Patient>"#,
        r#"<Patient xmlns="http://hl7.org/fhir" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://hl7.org/fhir ../fhir-all.xsd"><text><status value="x"/><div xmlns="http://www.w3.org/1999/xhtml"><p>a</p></div></text></Patient>"#,
        "\u{feff}<?xml version='1.0' encoding='utf-8'?>\r\n<!-- c --><?pi x?><Patient xmlns='http://hl7.org/fhir'>\r\n  <text ><!-- c --><status\tvalue = 'x' /><?pi?><div xmlns=\"http://www.w3.org/1999/xhtml\"><p>a</p></div></text></Patient>\n<!-- end -->\n",
    ] {
        let read = json(document).unwrap();
        assert_eq!(read.text, plain.text, "{document}");
        assert!(read.is_lossless(), "{:?}", read.oddities);
    }
    for document in [
        "<Patient/>",
        r#"<Patient xmlns="http://hl7.org/fhir/"/>"#,
        r#"<f:Patient xmlns="http://hl7.org/fhir"/>"#,
        r#"<Patient xmlns="http://hl7.org/fhir"><f:active value="true"/></Patient>"#,
    ] {
        assert_eq!(rule(document), Some(XmlRule::Namespace), "{document}");
    }
}

#[test]
fn xml_3_3_3_white_space_in_attributes_and_line_ends_in_the_narrative() {
    let read = json(&patient("<name><text value=\"a\r\nb\tc\nd&#13;e\"/></name>")).unwrap();
    assert!(read.text.contains(r#""text":"a b c d\re""#), "{}", read.text);
    let read = json(&patient(
        "<text><div xmlns=\"http://www.w3.org/1999/xhtml\">a\r\n<p>b</p>\r</div></text>",
    ))
    .unwrap();
    assert!(read.text.contains(r#">a\n<p>b</p>\n</div>"#), "{}", read.text);
}

#[test]
fn a_character_stands_for_its_number_in_the_narrative() {
    let read = json(&patient(
        "<text><div xmlns=\"http://www.w3.org/1999/xhtml\">Don&#39;t &#x2013; &#160;&apos;&quot;&gt;&#62;&#60;&#38;&#10;<!-- &#39; --><![CDATA[&#39;]]></div></text>",
    ))
    .unwrap();
    let expected = ">Don't \u{2013} \u{a0}'&quot;&gt;&#62;&#60;&#38;&#10;<!-- &#39; --><![CDATA[&#39;]]></div>";
    assert!(read.text.contains(expected), "{}", read.text);
}

#[test]
fn an_element_of_the_name_resource_type_is_one() {
    let document = r#"<ExplanationOfBenefit xmlns="http://hl7.org/fhir"><payee><resourceType><system value="s"/><code value="c"/></resourceType></payee></ExplanationOfBenefit>"#;
    let read = json(document).unwrap();
    assert_eq!(
        read.text,
        r#"{"resourceType":"ExplanationOfBenefit","payee":{"resourceType":{"system":"s","code":"c"}}}"#
    );
    assert_eq!(xml(&read.text).unwrap().text, document);
}

#[test]
fn cdata_in_a_narrative_is_kept_and_elsewhere_reported() {
    let read = json(&patient(
        r#"<text><div xmlns="http://www.w3.org/1999/xhtml"><![CDATA[<b>]]></div></text>"#,
    ))
    .unwrap();
    assert!(read.text.contains("<![CDATA[<b>]]></div>") && read.is_lossless());
    let read = json(&patient(r#"<name>woord<![CDATA[x]]><text value="a"/>&amp;</name>"#)).unwrap();
    assert_eq!(read.text, r#"{"resourceType":"Patient","name":[{"text":"a"}]}"#);
    assert_eq!(oddities(&read), [("Patient.name[0]", OddityKind::Text); 3]);
}

#[test]
fn unknown_elements_are_kept_by_their_shape_and_reported() {
    let document = patient(concat!(
        r#"<active value="true"/><onbekend value="1.50"/><onbekend id="o" value="2"/>"#,
        r#"<kind url="u"><a value="x"/><a value="y"/><b><c value="z"/></b></kind>"#,
        r#"<bron><Onbekend><id value="i"/></Onbekend></bron>"#
    ));
    let read = json(&document).unwrap();
    assert_eq!(
        read.text,
        concat!(
            r#"{"resourceType":"Patient","active":true,"onbekend":["1.50","2"],"_onbekend":[null,{"id":"o"}],"#,
            r#""kind":{"url":"u","a":["x","y"],"b":{"c":"z"}},"bron":{"resourceType":"Onbekend","id":"i"}}"#
        )
    );
    assert_eq!(
        oddities(&read),
        [
            ("Patient.onbekend", OddityKind::UnknownElement),
            ("Patient.onbekend", OddityKind::UnknownElement),
            ("Patient.kind", OddityKind::UnknownElement),
            ("Patient.bron", OddityKind::UnknownElement),
        ]
    );
    assert_eq!(&document[read.oddities[0].range.clone()], r#"<onbekend value="1.50"/>"#);
    let written = xml(&read.text).unwrap();
    assert_eq!(written.text, document);
    assert!(!written.is_lossless());
}

#[test]
fn an_unknown_resource_type_is_kept_and_reported() {
    let document = r#"<Onbekend xmlns="http://hl7.org/fhir"><id value="x"/><url value="u"/><deel id="d"><n value="1"/></deel><deel/></Onbekend>"#;
    let read = json(document).unwrap();
    assert_eq!(
        read.text,
        r#"{"resourceType":"Onbekend","id":"x","url":"u","deel":[{"id":"d","n":"1"},{}]}"#
    );
    assert_eq!(oddities(&read), [("Onbekend", OddityKind::UnknownType)]);
    let written = xml(&read.text).unwrap();
    assert_eq!(written.text, document);
    let entry = format!(
        r#"<Bundle xmlns="http://hl7.org/fhir"><entry><resource>{}</resource></entry></Bundle>"#,
        document.replace(r#" xmlns="http://hl7.org/fhir""#, "")
    );
    let read = json(&entry).unwrap();
    assert_eq!(oddities(&read), [("Bundle.entry[0].resource", OddityKind::UnknownType)]);
    assert_eq!(xml(&read.text).unwrap().text, entry);
}

#[test]
fn what_json_has_no_place_for_is_reported_with_its_bytes() {
    for (inside, path, kind) in [
        (
            r#"<active value="true" vreemd="x"/>"#,
            "Patient.active",
            OddityKind::Attribute,
        ),
        (
            r#"<name value="x"><text value="a"/></name>"#,
            "Patient.name[0]",
            OddityKind::Attribute,
        ),
        (r#"<x:a xmlns:x="urn:x">b</x:a>"#, "Patient.a", OddityKind::Namespace),
        (
            r#"<onbekend>tekst</onbekend>"#,
            "Patient.onbekend",
            OddityKind::UnknownElement,
        ),
        (
            r#"<resourceType value="Flag"/>"#,
            "Patient.resourceType",
            OddityKind::UnknownElement,
        ),
        (r#"<_gender value="x"/>"#, "Patient._gender", OddityKind::UnknownElement),
        (
            r#"<extension url="u"><url value="v"/></extension>"#,
            "Patient.extension[0].url",
            OddityKind::UnknownElement,
        ),
        (r#"<gender/>"#, "Patient.gender", OddityKind::Empty),
        (r#"<name><given/></name>"#, "Patient.name[0].given", OddityKind::Empty),
        (r#"<contained/>"#, "Patient.contained", OddityKind::Empty),
        (
            r#"<text><div>x</div></text>"#,
            "Patient.text.div",
            OddityKind::Namespace,
        ),
    ] {
        let document = patient(inside);
        let read = json(&document).unwrap();
        assert_eq!(oddities(&read), [(path, kind)], "{inside} {}", read.text);
        assert!(document.get(read.oddities[0].range.clone()).is_some());
    }
    let read = json(&patient(
        r#"<name><given/><given value="A"/><given/><family value="B"/></name>"#,
    ))
    .unwrap();
    assert_eq!(
        read.text,
        r#"{"resourceType":"Patient","name":[{"given":["A"],"family":"B"}]}"#
    );
}

#[test]
fn a_primitive_without_value_or_content_is_not_written_and_reported() {
    for (members, path) in [
        (r#""_gender":{}"#, "Patient.gender"),
        (r#""_active":{}"#, "Patient.active"),
        (r#""_birthDate":{}"#, "Patient.birthDate"),
    ] {
        let document = format!(r#"{{"resourceType":"Patient",{members},"id":"a"}}"#);
        let written = from_json(document.as_bytes(), FhirVersion::Stu3, &Limits::default()).unwrap();
        assert_eq!(
            written.text,
            r#"<Patient xmlns="http://hl7.org/fhir"><id value="a"/></Patient>"#
        );
        let first = written
            .oddities
            .first()
            .map(|oddity| (oddity.path.as_str(), oddity.kind));
        assert_eq!(first, Some((path, OddityKind::Empty)), "{members}");
    }
}

#[test]
fn other_kinds_of_json_are_written_by_their_shape_and_reported() {
    for (members, path) in [
        (r#""gender":{"a":"b"}"#, "Patient.gender"),
        (r#""gender":["male"]"#, "Patient.gender"),
        (r#""name":{"family":"B"}"#, "Patient.name"),
        (r#""active":"true""#, "Patient.active"),
        (r#""gender":7"#, "Patient.gender"),
        (r#""maritalStatus":"x""#, "Patient.maritalStatus"),
        (r#""onbekend":{"a":["b"]}"#, "Patient.onbekend"),
        (r#""_name":[{"id":"x"}]"#, "Patient._name"),
        (r#""a b":"x""#, "Patient.?"),
        (r#""gender":null"#, "Patient.gender"),
    ] {
        let written = xml(&format!(r#"{{"resourceType":"Patient",{members}}}"#)).unwrap();
        assert_eq!(written.oddities[0].path, path, "{members} {}", written.text);
        assert!(json(&written.text).is_ok(), "{}", written.text);
    }
}

#[test]
fn comments_of_the_older_json_become_comments() {
    let written =
        xml(r#"{"resourceType":"Patient","fhir_comments":["a"],"gender":"male","_gender":{"fhir_comments":[" b "]}}"#)
            .unwrap();
    assert_eq!(
        written.text,
        patient(r#"<!--a--><gender value="male"><!-- b --></gender>"#)
    );
    assert!(written.is_lossless());
    assert!(
        !xml(r#"{"resourceType":"Patient","fhir_comments":["a--b"]}"#)
            .unwrap()
            .is_lossless()
    );
}

#[test]
fn narratives_that_are_no_xhtml_are_refused_and_the_namespace_is_added() {
    let with = |div: &str| xml(&format!(r#"{{"resourceType":"Patient","text":{{"div":"{div}"}}}}"#));
    for bad in [
        "",
        "tekst",
        "<div><br></div>",
        "<p>a</p>",
        "<div/><div/>",
        "<div>a",
        "<div>&nbsp;</div>",
        "<div a=b/>",
        "<div xmlns='urn:x'/>",
        "<div>a</div>b",
        "<!DOCTYPE div><div/>",
    ] {
        assert_eq!(with(bad).unwrap_err().rule, XmlRule::Narrative, "{bad}");
    }
    let written = with("<div class='a'>b</div>").unwrap();
    assert!(
        written
            .text
            .contains(r#"<div xmlns="http://www.w3.org/1999/xhtml" class='a'>b</div>"#),
        "{}",
        written.text
    );
    assert!(json(&written.text).unwrap().is_lossless());
}

#[test]
fn r4_has_other_elements_than_stu3() {
    let document = r#"<Binary xmlns="http://hl7.org/fhir"><contentType value="a/b"/><data value="YQ=="/></Binary>"#;
    let r4 = to_json(document.as_bytes(), FhirVersion::R4, &Limits::default()).unwrap();
    assert!(r4.is_lossless());
    assert_eq!(
        from_json(r4.text.as_bytes(), FhirVersion::R4, &Limits::default())
            .unwrap()
            .text,
        document
    );
    let stu3 = json(document).unwrap();
    assert_eq!(oddities(&stu3), [("Binary.data", OddityKind::UnknownElement)]);
    assert_eq!(stu3.text, r4.text);
}

#[test]
fn debug_shows_no_content() {
    let read = json(&patient(r#"<gender value="geheim"/><zz value="geheim"/>"#)).unwrap();
    assert!(!format!("{read:?}").contains("geheim"));
}

#[test]
fn a_round_trip_says_what_would_not_come_back() {
    let trip = |document: &str, version| round_trip(document.as_bytes(), version, &Limits::default()).unwrap();
    let good =
        r#"{"b":1,"resourceType":"Patient","id":"a","text":{"div":"<div>Don&#39;t</div>"}}"#.replace(r#""b":1,"#, "");
    assert_eq!(trip(&good, FhirVersion::Stu3), []);
    assert_eq!(trip(&patient(r#"<gender value="male"/>"#), FhirVersion::R4), []);
    let kind = |document: &str, version| {
        trip(document, version)
            .first()
            .map(|oddity| (oddity.path.clone(), oddity.kind))
    };
    let data = r#"{"resourceType":"Binary","data":"YQ=="}"#;
    assert_eq!(kind(data, FhirVersion::R4), None);
    assert_eq!(
        kind(data, FhirVersion::Stu3),
        Some(("Binary.data".to_owned(), OddityKind::UnknownElement))
    );
    let changed = r#"{"resourceType":"Patient","maritalStatus":{},"id":"\r"}"#;
    assert_eq!(
        kind(changed, FhirVersion::Stu3),
        None,
        "a line end is a reference in XML"
    );
}
