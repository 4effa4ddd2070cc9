// SPDX-License-Identifier: AGPL-3.0-or-later
//! Threat F3 for XML: what is malformed, endless or deep is refused, in bounded time and memory.

use proptest::prelude::{any, prop, proptest};

use super::super::{XmlRule, from_json, round_trip, to_json};
use super::{patient, rule};
use crate::limits::Limits;
use crate::version::FhirVersion;

/// Something of everything.
const GOOD: &str = r#"<id value="p"/><text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml"><p>a &#39;b&amp;</p></div></text><contained><Organization><id value="o"/></Organization></contained><extension url="u"><valueDecimal value="1.50"/></extension><active value="true"/><name><given value="A"/><given id="b"><extension url="v"><valueString value="&lt;&quot;"/></extension></given></name><birthDate id="d" value="2026-01-01"/>"#;

#[test]
fn what_is_not_well_formed_is_refused() {
    for (document, expected) in [
        ("".to_owned(), XmlRule::Syntax),
        ("{}".to_owned(), XmlRule::Syntax),
        ("<Patient xmlns='http://hl7.org/fhir'>".to_owned(), XmlRule::Syntax),
        (
            "<Patient xmlns='http://hl7.org/fhir'></Flag>".to_owned(),
            XmlRule::Syntax,
        ),
        (patient("") + "<Patient xmlns='http://hl7.org/fhir'/>", XmlRule::Syntax),
        (patient("") + "x", XmlRule::Syntax),
        (patient("<active value=true/>"), XmlRule::Syntax),
        (patient("<active value='a<b'/>"), XmlRule::Syntax),
        (patient("<active value='a'id='b'/>"), XmlRule::Syntax),
        (patient("<active value/>"), XmlRule::Syntax),
        (patient("<gender value='&nbsp;'/>"), XmlRule::Entity),
        (patient("<gender value='a & b'/>"), XmlRule::Entity),
        (patient("<gender value='&#0;'/>"), XmlRule::Character),
        (patient("<gender value='&#xd800;'/>"), XmlRule::Character),
        (patient("<gender value='&#+65;'/>"), XmlRule::Character),
        (patient("<gender value='\u{1}'/>"), XmlRule::Character),
        (patient("<gender value='a' value='b'/>"), XmlRule::DuplicateAttribute),
        (
            patient("<active value='true'/><active value='true'/>"),
            XmlRule::Repeated,
        ),
        (patient("<name/><gender value='male'/><name/>"), XmlRule::Order),
        (patient("<zz value='1'/><yy value='1'/><zz value='1'/>"), XmlRule::Order),
        ("<patient xmlns='http://hl7.org/fhir'/>".to_owned(), XmlRule::Shape),
        (
            "<?xml version='1.0' encoding='ISO-8859-1'?>".to_owned() + &patient(""),
            XmlRule::Encoding,
        ),
        (
            "<!DOCTYPE Patient [<!ENTITY a 'b'>]>".to_owned() + &patient(""),
            XmlRule::Doctype,
        ),
    ] {
        assert_eq!(rule(&document), Some(expected), "{document}");
    }
    let latin = b"<Patient xmlns='http://hl7.org/fhir'><gender value='\xe9'/></Patient>";
    let error = to_json(latin, FhirVersion::Stu3, &Limits::default()).unwrap_err();
    assert_eq!((error.rule, error.offset), (XmlRule::Encoding, 52));
}

#[test]
fn f3_depth_is_bounded_in_known_and_unknown_elements_and_in_the_narrative() {
    let nest = |open: &str, close: &str, times: usize| patient(&(open.repeat(times) + &close.repeat(times)));
    let extension = r#"<extension url="u">"#;
    assert_eq!(rule(&nest(extension, "</extension>", 20)), None);
    for (open, close) in [
        (extension, "</extension>"),
        ("<zz>", "</zz>"),
        ("<contained><Patient>", "</Patient></contained>"),
    ] {
        assert_eq!(rule(&nest(open, close, 100_000)), Some(XmlRule::TooDeep), "{open}");
    }
    let div = format!(
        "<text><div xmlns=\"http://www.w3.org/1999/xhtml\">{}{}</div></text>",
        "<p>".repeat(100_000),
        "</p>".repeat(100_000)
    );
    assert_eq!(rule(&patient(&div)), Some(XmlRule::TooDeep));
}

#[test]
fn f3_attributes_elements_and_bytes_are_bounded() {
    let attributes: String = (0..200_000).map(|n| format!(" a{n}='x'")).collect();
    assert_eq!(
        rule(&patient(&format!("<active{attributes}/>"))),
        Some(XmlRule::TooLong)
    );
    assert_eq!(rule(&patient(&"<name/>".repeat(100_001))), Some(XmlRule::TooLong));
    let names: String = (0..200_000).map(|n| format!("<z{n} value='x'/>")).collect();
    assert_eq!(rule(&patient(&names)), Some(XmlRule::TooLong));
    let limits = Limits {
        body: 10,
        ..Limits::default()
    };
    let error = to_json(patient("").as_bytes(), FhirVersion::R4, &limits).unwrap_err();
    assert_eq!(error.rule, XmlRule::TooLarge);
}

#[test]
fn what_xml_cannot_hold_is_not_written() {
    for text in [
        r#"{"resourceType":"Patient","gender":"\u0001"}"#,
        r#"{"resourceType":"Patient","gender":"\uffff"}"#,
    ] {
        let error = from_json(text.as_bytes(), FhirVersion::Stu3, &Limits::default()).unwrap_err();
        assert_eq!(error.rule, XmlRule::Character);
    }
    for text in [
        "[]",
        "{}",
        r#"{"resourceType":"a b"}"#,
        r#"{"resourceType":7}"#,
        r#"{"resourceType":"A><b"}"#,
    ] {
        let error = from_json(text.as_bytes(), FhirVersion::Stu3, &Limits::default()).unwrap_err();
        assert_eq!(error.rule, XmlRule::Shape, "{text}");
    }
}

proptest! {
    #[test]
    fn reading_never_panics_and_gives_strict_json(
        parts in prop::collection::vec(prop::sample::select(vec![
            "<active value=\"true\"/>", "<name>", "</name>", "<given value='x'>", "</given>", "<given/>", "<extension url='u'>",
            "</extension>", "<contained>", "</contained>", "<Flag>", "</Flag>", "<zz id='q'>", "</zz>", "<zz value='&lt;'/>", "tekst",
            "<text>", "</text>", "<div xmlns='http://www.w3.org/1999/xhtml'>", "</div>", "<!-- c -->", "<id value='i'/>", "<url value='u'/>",
        ]), 0..16)
    ) {
        let _ = super::json(&patient(&parts.concat()));
    }

    #[test]
    fn writing_never_panics_and_gives_xml_that_reads(
        parts in prop::collection::vec(prop::sample::select(vec![
            "\"name\":", "\"given\":", "\"_given\":", "\"zz\":", "\"extension\":", "\"contained\":", "{", "}", "[", "]", ",", "null", "1.0", "\"a&<b\"",
            "\"resourceType\":\"Flag\"", "\"url\":\"u\"", "\"id\":\"i\"", "true",
        ]), 0..16)
    ) {
        let text = format!("{{\"resourceType\":\"Patient\",{}}}", parts.concat());
        if let Ok(written) = from_json(text.as_bytes(), FhirVersion::Stu3, &Limits::default())
            && written.is_lossless()
        {
            super::json(&written.text).unwrap();
        }
    }

    /// A good document with a few bytes cut out, doubled or replaced: it is refused, or gives strict JSON that is written again.
    #[test]
    fn mutants_are_refused_or_read(
        mutations in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..12, any::<prop::sample::Index>()), 1..5)
    ) {
        let mut document = patient(GOOD).into_bytes();
        for (at, len, with) in mutations {
            let start = at.index(document.len());
            let end = (start + len).min(document.len());
            let from = with.index(document.len());
            let piece: Vec<u8> = document[from..(from + len).min(document.len())].to_vec();
            document.splice(start..end, piece);
        }
        if let Ok(text) = String::from_utf8(document)
            && let Ok(read) = super::json(&text)
            && read.is_lossless()
        {
            match round_trip(text.as_bytes(), FhirVersion::Stu3, &Limits::default()) {
                Ok(oddities) => assert_eq!(oddities, [], "{text}"),
                Err(error) => assert_eq!(error.rule, XmlRule::Narrative, "{text}"),
            }
        }
    }

    #[test]
    fn bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = to_json(&bytes, FhirVersion::R4, &Limits::default());
    }
}
