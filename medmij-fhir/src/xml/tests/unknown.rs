// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the table of a FHIR version does not know, or JSON has no place for: kept by its shape, and reported.

use super::super::{OddityKind, from_json, round_trip, to_json};
use super::{json, oddities, patient, xml};
use crate::limits::Limits;
use crate::version::FhirVersion;

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
