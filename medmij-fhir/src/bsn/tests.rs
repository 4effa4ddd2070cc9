// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is a BSN, what only looks like one, and what becomes of it.

use super::{Redacted, parameter_holds_bsn, redact_bsn, searches_on_bsn};
use crate::limits::Limits;

const NUMBER: &str = "999990019";

fn redact(text: &str) -> Redacted<'_> {
    let redacted = redact_bsn(text.as_bytes(), &Limits::default()).unwrap();
    assert!(
        serde_json::from_str::<serde_json::Value>(&redacted.text).is_ok(),
        "{}",
        redacted.text
    );
    let again = redact_bsn(redacted.text.as_bytes(), &Limits::default()).unwrap();
    assert!(again.report.masked.is_empty(), "{} {:?}", redacted.text, again.report);
    redacted
}

fn masked(text: &str) -> (String, Vec<String>) {
    let redacted = redact(text);
    let paths = redacted.report.masked.iter().map(ToString::to_string).collect();
    (redacted.text.into_owned(), paths)
}

fn suspected(text: &str) -> Vec<String> {
    let redacted = redact(text);
    assert_eq!(redacted.text, text);
    redacted.report.suspected.iter().map(ToString::to_string).collect()
}

/// The same document holds the number as a BSN.
fn with_evidence(members: &str) -> String {
    format!(
        r#"{{"resourceType":"Patient","identifier":[{{"system":"http://fhir.nl/fhir/NamingSystem/bsn","value":"{NUMBER}"}}],{members}}}"#
    )
}

#[test]
fn core_rscint_203_identifier_values_are_masked() {
    let cases = [
        r#"{"identifier":[{"system":"http://fhir.nl/fhir/NamingSystem/bsn","value":"999990019"}]}"#,
        r#"{"identifier":[{"value":"999990019","system":"http://fhir.nl/fhir/NamingSystem/bsn"}]}"#,
        r#"{"identifier":[{"value":999990019,"system":"https://fhir.nl/fhir/NamingSystem/BSN/"}]}"#,
        r#"{"identifier":[{"system":"http:\/\/fhir.nl\/fhir\/NamingSystem\/\u0062sn","value":"999990019"}]}"#,
        r#"{"identifier":[{"system":"urn:oid:2.16.840.1.113883.2.4.6.3","value":"999990019","_value":{"id":"x"}}]}"#,
        r#"{"identifier":[{"_value":{"id":"x"},"system":"urn:oid:2.16.840.1.113883.2.4.6.3","value":"999990019"}]}"#,
        r#"{"identifier":[{"value":"999990019","_value":{"system":"http://fhir.nl/fhir/NamingSystem/bsn","value":"999990019"},"system":"urn:oid:2.16.840.1.113883.2.4.6.3"}]}"#,
        r#"{"identifier":[{"type":{"coding":[{"system":"http://hl7.org/fhir/v2/0203","code":"NNNLD"}]},"value":"999990019"}]}"#,
        r#"{"identifier":[{"value":"999990019","type":{"text":"Burgerservicenummer (BSN)"}}]}"#,
        r#"{"identifier":[{"use":"official","value":"999990019"}]}"#,
        r#"{"identifier":[{"system":"","value":" 9999.90.019"}]}"#,
    ];
    for text in cases {
        let (clean, paths) = masked(text);
        assert!(!clean.contains(NUMBER) && !clean.contains("9999.90"), "{clean}");
        assert!(clean.contains("\"masked\""), "{clean}");
        assert!(paths.contains(&"identifier[0].value".to_owned()), "{paths:?}");
    }
}

#[test]
fn a_number_of_another_system_or_type_is_not_one() {
    for text in [
        r#"{"identifier":[{"system":"http://fhir.nl/fhir/NamingSystem/uzi-nr-pers","value":"999990019"}]}"#,
        r#"{"identifier":[{"type":{"coding":[{"code":"MR"}]},"value":"999990019"}]}"#,
        r#"{"identifier":[{"value":"999990018"}]}"#,
        r#"{"telecom":[{"system":"phone","value":"999990019"}]}"#,
        r#"{"code":{"coding":[{"system":"http://snomed.info/sct","code":"999990019","display":"x"}]}}"#,
        r#"{"valueQuantity":{"value":999990019}}"#,
        r#"{"resourceType":"Observation","id":"999990019"}"#,
        r#"{"encounter":{"reference":"Encounter/999990019"}}"#,
        r#"{"link":[{"relation":"next","url":"https://x.nl/fhir/Condition?context=999990019&_id=999990019&page=2"}]}"#,
        r#"{"effectiveDateTime":"2026-09-14T09:10:00.999990019+02:00"}"#,
        r#"{"valueString":"2.999990019 mg/l of 99999001900"}"#,
        r#"{"whoUri":"urn:oid:2.16.528.1.1007.3.1.999990019"}"#,
        r#"{"identifier":[{"system":"http://fhir.nl/fhir/NamingSystem/bsn","_value":{"extension":[]}}]}"#,
    ] {
        let redacted = redact(text);
        assert_eq!(redacted.text, text);
        assert!(redacted.report.masked.is_empty(), "{text}: {:?}", redacted.report);
    }
}

#[test]
fn in_text_a_word_within_thirty_characters_is_evidence() {
    for text in [
        r#"{"subject":{"reference":"Patient/1","display":"T. Test, BSN 999990019"}}"#,
        r#"{"note":[{"text":"burgerservicenummer van moeder is 999990019"}]}"#,
        r#"{"valueString":"9999.90.019 (bsn)"}"#,
        r#"{"valueString":"bsnnr:999 990 019"}"#,
        r#"{"valueString":"BSN\u003a \u0039\u0039\u0039990019"}"#,
        r#"{"text":{"div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><table><tr><td style=\"a very long style of a cell that goes on and on\">BSN</td>\n            <td class=\"another long one\">999990019</td></tr></table></div>"}}"#,
        r#"{"text":{"div":"<div>BSN:&nbsp;9999<b>900</b>&#49;9</div>"}}"#,
        r#"{"photo":[{"url":"https://x.nl/foto?bsn=999990019"}]}"#,
        r#"{"photo":[{"url":"https://x.nl/foto?bsn=%39%39%39990019"}]}"#,
    ] {
        let (clean, paths) = masked(text);
        assert_eq!(paths.len(), 1, "{clean} {paths:?}");
        assert!(
            !clean.contains(NUMBER) && !clean.contains("9999.90") && !clean.contains("999 990"),
            "{clean}"
        );
    }
    let (clean, _) = masked(r#"{"valueString":"BSN 999990019, absent"}"#);
    assert_eq!(clean, r#"{"valueString":"BSN *********, absent"}"#);
    let far = format!(r#"{{"valueString":"BSN {} 999990019"}}"#, "x".repeat(30));
    assert_eq!(suspected(&far), ["valueString"]);
    assert_eq!(suspected(r#"{"valueString":"absnormaal 999990019"}"#), ["valueString"]);
}

#[test]
fn without_evidence_a_number_in_free_text_is_kept_and_reported() {
    assert_eq!(suspected(r#"{"valueString":"zie 999990019"}"#), ["valueString"]);
    assert_eq!(suspected(r#"{"text":{"div":"<div>Id 999990019</div>"}}"#), ["text.div"]);
    assert_eq!(suspected(r#"{"resourceType":"Patient","id":"999990019"}"#), ["id"]);
    assert_eq!(
        suspected(r#"{"subject":{"reference":"Patient/999990019"}}"#),
        ["subject.reference"]
    );
    assert_eq!(suspected(r#"{"valueString":"zie 999990018"}"#), [""; 0]);
}

#[test]
fn the_same_document_is_evidence() {
    let members = r#""id":"999990019","text":{"div":"<div>T. Test, Id 999990019</div>"},"name":[{"text":"Test 999 990 019"}],"contact":[{"extension":[{"url":"x","valueInteger":999990019}]}],"generalPractitioner":[{"reference":"Patient/999990019","display":"999990019"}],"photo":[{"url":"https://x.nl/999990019.png"}]"#;
    let (clean, paths) = masked(&with_evidence(members));
    assert!(!clean.contains(NUMBER) && !clean.contains("999 990"), "{clean}");
    assert_eq!(
        paths,
        [
            "identifier[0].value",
            "id",
            "text.div",
            "name[0].text",
            "contact[0].extension[0].valueInteger",
            "generalPractitioner[0].reference",
            "generalPractitioner[0].display",
            "photo[0].url",
        ]
    );
    assert!(clean.contains(r#""id":"masked-bsn-1""#) && clean.contains(r#""reference":"Patient/masked-bsn-1""#));
    assert!(clean.contains(r#""_valueInteger":{"#), "{clean}");
    assert!(clean.contains(r#""div":"<div>T. Test, Id *********</div>""#), "{clean}");
}

#[test]
fn core_rscint_203_urls_that_search_on_a_bsn_are_replaced() {
    let link = "https://x.nl/fhir/Patient?identifier=http%3A%2F%2Ffhir.nl%2Ffhir%2FNamingSystem%2Fbsn%7C999990019";
    for (text, path) in [
        (
            format!(r#"{{"link":[{{"relation":"self","url":"{link}"}}]}}"#),
            "link[0].url",
        ),
        (
            format!(r#"{{"link":[{{"relation":"next","url":"{link}"}}]}}"#),
            "link[0].url",
        ),
        (
            r#"{"subject":{"reference":"Patient?identifier=urn:oid:2.16.840.1.113883.2.4.6.3|999990019"}}"#.to_owned(),
            "subject.reference",
        ),
        (
            r#"{"agent":[{"whoUri":"urn:oid:2.16.840.1.113883.2.4.6.3.999990019"}]}"#.to_owned(),
            "agent[0].whoUri",
        ),
    ] {
        let (clean, paths) = masked(&text);
        assert!(!clean.contains(NUMBER), "{clean}");
        assert!(clean.contains("urn:medmij-fhir:bsn-redacted"), "{clean}");
        assert_eq!(paths, [path]);
    }
    let next = r#""link":[{"relation":"next","url":"https://x.nl/fhir/Observation?p=999990019"}]"#;
    assert!(masked(&with_evidence(next)).0.contains("urn:medmij-fhir:bsn-redacted"));
}

#[test]
fn other_bytes_stay_as_they_were() {
    let text = "{\n \"a\" : 1.50,\t\"system\":\"http://fhir.nl/fhir/NamingSystem/agb\",\"value\":\"999990019\" }";
    assert_eq!(masked(text), (text.to_owned(), Vec::new()));
    let bom = format!("\u{feff}{text}");
    assert_eq!(masked(&bom).0, text, "a byte order mark is left out");
    let bom = format!("\u{feff}{}", with_evidence(r#""a":1.50"#));
    assert!(masked(&bom).0.ends_with(r#""a":1.50}"#));
}

#[test]
fn a_very_long_text_with_a_bsn_is_replaced_whole() {
    let text = format!(r#"{{"valueString":"{} BSN 999990019"}}"#, "x".repeat(1 << 20));
    assert_eq!(masked(&text).0, r#"{"valueString":"urn:medmij-fhir:bsn-redacted"}"#);
    let other = text.replace("BSN", "zie");
    assert_eq!(suspected(&other), ["valueString"]);
}

#[test]
fn a_document_as_base64_is_not_looked_into() {
    let content = format!("{}BSN+999990019", "x".repeat(5_000));
    let text = format!(r#"{{"resourceType":"Binary","content":"{content}","title":"BSN 999990019"}}"#);
    let (clean, paths) = masked(&text);
    assert!(clean.contains(&content));
    assert_eq!(paths, ["title"]);
}

#[test]
fn odd_names_do_not_reach_the_report() {
    let (_, paths) = masked(r#"{"999990019":{"system":"http://fhir.nl/fhir/NamingSystem/bsn","value":"1"}}"#);
    assert_eq!(paths, ["?.value"]);
}

#[test]
fn debug_shows_no_content() {
    let shown = format!("{:?}", redact(&with_evidence(r#""a":"geheim""#)));
    assert!(!shown.contains("geheim") && !shown.contains(NUMBER), "{shown}");
}

#[test]
fn h14_texts_that_search_on_a_bsn() {
    for text in [
        "identifier=http://fhir.nl/fhir/NamingSystem/bsn|999990019",
        "identifier=http%3a%2f%2ffhir.nl%2ffhir%2fnamingsystem%2fbsn%7c999990019",
        "identifier=http%253a%252f%252ffhir.nl%252ffhir%252fnamingsystem%252fbsn%257c999990019",
        "urn:oid:2.16.840.1.113883.2.4.6.3|1",
    ] {
        assert!(searches_on_bsn(text), "{text}");
    }
    for text in [
        "http://fhir.nl/fhir/NamingSystem/bsn",
        "http://snomed.info/sct|118228005",
        "2.16.840.1.113883.2.4.6.30|1",
        "%",
    ] {
        assert!(!searches_on_bsn(text), "{text}");
    }
}

#[test]
fn h14_parameters_that_carry_a_bsn_and_those_that_only_look_so() {
    for (name, value) in [
        ("identifier", "http://fhir.nl/fhir/NamingSystem/bsn|999990019"),
        ("identifier", "999990019"),
        ("identifier", "|999990019"),
        ("identifier", "%39%39%39990019"),
        (
            "identifier:of-type",
            "http://terminology.hl7.org/CodeSystem/v2-0203|NNNLD|999990019",
        ),
        ("code", "999990019"),
        ("code", "http://loinc.org|8302-2,999990019"),
        ("_tag", "bsn|999990019"),
        ("_id", "bsn-999990019"),
        ("name", "999990019"),
        ("_text", "9999.90.019"),
    ] {
        assert!(parameter_holds_bsn(name, value), "{name}={value}");
    }
    for (name, value) in [
        ("_id", "999990019"),
        ("_id", "a,999990019"),
        ("episodeofcare", "999990019"),
        ("episodeofcare", "EpisodeOfCare/999990019"),
        ("context", "999990019"),
        ("context:EpisodeOfCare", "999990019"),
        ("context:Encounter.episodeofcare", "EpisodeOfCare/999990019"),
        ("identifier", "http://example.nl/systeem|999990019"),
        ("identifier", "urn:oid:1.2.3|999990019"),
        ("identifier", "other|999990019"),
        (
            "identifier:of-type",
            "http://terminology.hl7.org/CodeSystem/v2-0203|MR|999990019",
        ),
        ("code", "http://snomed.info/sct|999990019"),
        ("date", "ge2026-09-14"),
        ("identifier", "999990018"),
    ] {
        assert!(!parameter_holds_bsn(name, value), "{name}={value}");
    }
}
