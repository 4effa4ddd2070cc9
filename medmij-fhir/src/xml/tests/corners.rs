// SPDX-License-Identifier: AGPL-3.0-or-later
//! One table: XML, the JSON of it, and back.

use super::super::{OddityKind, XmlRule};
use super::{json, oddities, patient, rule, xml};

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
fn debug_shows_no_content() {
    let read = json(&patient(r#"<gender value="geheim"/><zz value="geheim"/>"#)).unwrap();
    assert!(!format!("{read:?}").contains("geheim"));
}
