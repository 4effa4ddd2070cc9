// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.rscint.203 — where a BSN may stand, and where a number that looks like one is none. Each row is a document, the
//! paths that are masked and those that are suspected. `999990019` passes the eleven-test; `999990018` does not.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use medmij_fhir::{BSN_SYSTEM, Limits, redact_bsn};

/// The document `{"resourceType":"Basic",…}`.
fn table(rows: &[(&str, &str, &str)]) {
    let mut wrong = Vec::new();
    for (members, masked, suspected) in rows {
        let members = members.replace("BSN_SYSTEM", BSN_SYSTEM);
        let text = format!(r#"{{"resourceType":"Basic",{members}}}"#);
        let redacted = redact_bsn(text.as_bytes(), &Limits::default()).unwrap();
        let shown = |paths: &[medmij_fhir::BsnPath]| {
            let paths: Vec<&str> = paths.iter().map(medmij_fhir::BsnPath::as_str).collect();
            paths.join(" ")
        };
        let found = (shown(&redacted.report.masked), shown(&redacted.report.suspected));
        if found != ((*masked).to_owned(), (*suspected).to_owned()) {
            wrong.push(format!("{members}\n  {found:?}, not {:?}", (masked, suspected)));
        }
        if !masked.is_empty() && suspected.is_empty() && redacted.text.contains("999990019") {
            wrong.push(format!("{members}\n  still in {}", redacted.text));
        }
        if masked.is_empty() && redacted.text != text {
            wrong.push(format!("{members}\n  changed to {}", redacted.text));
        }
        serde_json::from_str::<serde_json::Value>(&redacted.text).unwrap();
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn core_rscint_203_an_identifier_is_one_by_system_by_type_or_without_either() {
    table(&[
        (
            r#""identifier":[{"system":"BSN_SYSTEM","value":"999990019"}]"#,
            "identifier[0].value",
            "",
        ),
        (
            r#""identifier":[{"value":"999990019","system":"BSN_SYSTEM"}]"#,
            "identifier[0].value",
            "",
        ),
        (
            r#""identifier":[{"system":"https://fhir.nl/fhir/NamingSystem/bsn","value":"999990019"}]"#,
            "identifier[0].value",
            "",
        ),
        (
            r#""identifier":[{"system":"http://FHIR.nl/fhir/NamingSystem/BSN/","value":"999990019"}]"#,
            "identifier[0].value",
            "",
        ),
        (
            r#""identifier":[{"system":" urn:oid:2.16.840.1.113883.2.4.6.3 ","value":"999990019"}]"#,
            "identifier[0].value",
            "",
        ),
        (
            r#""identifier":[{"system":"2.16.840.1.113883.2.4.6.3","value":"999990019"}]"#,
            "identifier[0].value",
            "",
        ),
        // whatever the value is
        (
            r#""identifier":[{"system":"BSN_SYSTEM","value":"x"}]"#,
            "identifier[0].value",
            "",
        ),
        (
            r#""identifier":[{"system":"BSN_SYSTEM","value":12345}]"#,
            "identifier[0].value",
            "",
        ),
        (
            r#""identifier":[{"system":"BSN_SYSTEM","value":"9999 90 019"}]"#,
            "identifier[0].value",
            "",
        ),
        (
            r#""identifier":[{"system":"BSN_SYSTEM","v\u0061lue":"999990019"}]"#,
            "identifier[0].value",
            "",
        ),
        (
            r#""identifier":{"system":"BSN_SYSTEM","value":"999990019"}"#,
            "identifier.value",
            "",
        ),
        (r#""identifier":[{"value":"999990019"}]"#, "identifier[0].value", ""),
        (
            r#""identifier":[{"system":"","value":"999990019"}]"#,
            "identifier[0].value",
            "",
        ),
        (
            r#""identifier":[{"type":{"coding":[{"code":"NNNLD"}]},"value":"1"}]"#,
            "identifier[0].value",
            "",
        ),
        (
            r#""identifier":[{"type":{"coding":[{"code":"nnnld"}]},"system":"urn:x","value":"1"}]"#,
            "identifier[0].value",
            "",
        ),
        (
            r#""identifier":[{"type":{"coding":[{"code":"NI","display":"Burgerservicenummer"}]},"value":"1"}]"#,
            "identifier[0].value",
            "",
        ),
        (
            r#""identifier":[{"type":{"text":"BSN-nummer"},"value":"1"}]"#,
            "identifier[0].value",
            "",
        ),
        (
            r#""subject":{"identifier":{"system":"BSN_SYSTEM","value":"999990019"}}"#,
            "subject.identifier.value",
            "",
        ),
        (
            r#""contained":[{"resourceType":"Patient","identifier":[{"system":"BSN_SYSTEM","value":"999990019"}]}]"#,
            "contained[0].identifier[0].value",
            "",
        ),
        (
            r#""extension":[{"url":"u","valueIdentifier":{"system":"BSN_SYSTEM","value":"999990019"}}]"#,
            "extension[0].valueIdentifier.value",
            "",
        ),
        (
            r#""identifier":[{"system":"BSN_SYSTEM","value":"999990019","_value":{"id":"a"}}]"#,
            "identifier[0].value",
            "",
        ),
        // no BSN
        (
            r#""identifier":[{"system":"urn:oid:2.16.840.1.113883.2.4.6.30","value":"999990019"}]"#,
            "",
            "",
        ),
        (
            r#""identifier":[{"system":"http://fhir.nl/fhir/NamingSystem/bsn2","value":"999990019"}]"#,
            "",
            "",
        ),
        (
            r#""identifier":[{"system":"http://fhir.nl/fhir/NamingSystem/agb-z","value":"999990019"}]"#,
            "",
            "",
        ),
        (
            r#""identifier":[{"type":{"coding":[{"code":"MR"}]},"value":"999990019"}]"#,
            "",
            "",
        ),
        (r#""identifier":[{"value":"999990018"}]"#, "", ""),
        (
            r#""identifier":[{"system":"BSN_SYSTEM","_value":{"extension":[{"url":"x","valueCode":"masked"}]}}]"#,
            "",
            "",
        ),
        (r#""telecom":[{"system":"phone","value":"999990019"}]"#, "", ""),
    ]);
}

#[test]
fn core_rscint_203_a_word_within_thirty_characters_makes_a_number_one() {
    table(&[
        (r#""note":[{"text":"BSN 999990019"}]"#, "note[0].text", ""),
        (r#""note":[{"text":"bsn:999990019."}]"#, "note[0].text", ""),
        (r#""note":[{"text":"(999990019, uw BSN)"}]"#, "note[0].text", ""),
        (
            r#""note":[{"text":"Burgerservicenummer\n999990019"}]"#,
            "note[0].text",
            "",
        ),
        (
            r#""note":[{"text":"burger service nummer\t9999.90.019"}]"#,
            "note[0].text",
            "",
        ),
        (r#""note":[{"text":"sofi-nummer 999-990-019"}]"#, "note[0].text", ""),
        (r#""note":[{"text":"BSNnr. 999990019"}]"#, "note[0].text", ""),
        (r#""note":[{"text":"BSN-nummer=999990019"}]"#, "note[0].text", ""),
        (r#""note":[{"text":"BSN 99999\u0030019"}]"#, "note[0].text", ""),
        // at 30 characters, and at 31
        (
            r#""note":[{"text":"BSN ............................ 999990019"}]"#,
            "note[0].text",
            "",
        ),
        (
            r#""note":[{"text":"BSN ............................. 999990019"}]"#,
            "",
            "note[0].text",
        ),
        (
            r#""note":[{"text":"999990019 ............................ BSN"}]"#,
            "note[0].text",
            "",
        ),
        (
            r#""note":[{"text":"999990019 ............................. BSN"}]"#,
            "",
            "note[0].text",
        ),
        // a number between others and its word
        (r#""note":[{"text":"112 999990018 bsn 999990019"}]"#, "note[0].text", ""),
        (r#""note":[{"text":"nummer 999990019"}]"#, "", "note[0].text"),
        (r#""note":[{"text":"absn 999990019"}]"#, "", "note[0].text"),
        (r#""note":[{"text":"bsnx 999990019"}]"#, "", "note[0].text"),
        (r#""note":[{"text":"BSN 1999990019 en 9999900190"}]"#, "", ""),
        (r#""note":[{"text":"BSN 0.999990019"}]"#, "", "note[0].text"),
        (r#""note":[{"text":"BSN 999990018"}]"#, "", ""),
        (r#""title":"Kaart van 999990019, bsn""#, "title", ""),
    ]);
}

#[test]
fn core_rscint_203_a_narrative_is_read_as_people_read_it() {
    let div = |inside: &str| {
        format!(r#""text":{{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">{inside}</div>"}}"#)
    };
    for (inside, masked) in [
        ("BSN 999990019", true),
        ("<b>BSN</b> <i>999990019</i>", true),
        ("<table><tr><td>BSN</td><td>999990019</td></tr></table>", true),
        ("<th>Burgerservicenummer</th>\\n  <td>9999<!-- x -->90019</td>", true),
        ("BSN&#160;99999<span>00</span>19", true),
        ("BSN &#57;99990019", true),
        ("BSN&nbsp;999990019", true),
        ("<p title=\\\"a > b\\\">BSN 999990019</p>", true),
        ("<p>999990019</p>", false),
        ("<td>999</td><td>990</td><td>019</td> bsn", true),
    ] {
        let row = div(inside);
        let text = format!(r#"{{"resourceType":"Basic",{row}}}"#);
        let redacted = redact_bsn(text.as_bytes(), &Limits::default()).unwrap();
        let found = redacted.report.masked.iter().any(|path| path.as_str() == "text.div");
        assert_eq!(found, masked, "{inside}: {:?}", redacted.report);
        assert_eq!(redacted.text == text, !masked, "{inside}");
    }
}

#[test]
fn core_rscint_203_what_is_asked_for_a_bsn_answers_with_one() {
    table(&[
        (
            r#""item":[{"linkId":"1","text":"Wat is uw BSN?","answer":[{"valueString":"999990019"}]}]"#,
            "item[0].answer[0].valueString",
            "",
        ),
        (
            r#""item":[{"linkId":"1","text":"Burgerservicenummer","answer":[{"valueString":"9999.90.019 "}]}]"#,
            "item[0].answer[0].valueString",
            "",
        ),
        (
            r#""extension":[{"url":"http://voorbeeld.nl/fhir/StructureDefinition/bsn","valueString":"999990019"}]"#,
            "extension[0].valueString",
            "",
        ),
        (r#""code":{"text":"BSN"},"valueString":"999990019""#, "valueString", ""),
        (
            r#""item":[{"linkId":"1","text":"Telefoon","answer":[{"valueString":"999990019"}]}]"#,
            "",
            "item[0].answer[0].valueString",
        ),
        (
            r#""extension":[{"url":"http://voorbeeld.nl/fhir/StructureDefinition/dossier","valueString":"999990019"}]"#,
            "",
            "extension[0].valueString",
        ),
        // a code is no answer
        (r#""code":{"text":"BSN","coding":[{"code":"999990019"}]}"#, "", ""),
    ]);
}

#[test]
fn core_rscint_203_a_number_that_is_known_is_masked_wherever_it_stands() {
    let known = r#""identifier":[{"system":"BSN_SYSTEM","value":"999990019"}]"#;
    let rows = [
        (r#""note":[{"text":"zie 999990019"}]"#, "note[0].text"),
        (r#""note":[{"text":"zie 9999.90.019 en 999 990 019"}]"#, "note[0].text"),
        (r#""name":[{"text":"T. Test 999990019"}]"#, "name[0].text"),
        (
            r#""code":{"coding":[{"code":"1","display":"Kaart 999990019"}]}"#,
            "code.coding[0].display",
        ),
        (r#""id":"999990019""#, "id"),
        (r#""id":"pat-999990019-a""#, "id"),
        (r#""subject":{"reference":"Patient/999990019"}"#, "subject.reference"),
        (
            r#""subject":{"reference":"https://x.nl/fhir/Patient/999990019"}"#,
            "subject.reference",
        ),
        (
            r##""subject":{"reference":"#999990019","display":"x"}"##,
            "subject.reference",
        ),
        (r#""valueInteger":999990019"#, "valueInteger"),
        (r#""v\u0061lueInteger":999990019"#, "valueInteger"),
        (r#""list":[1,999990019]"#, "list[1]"),
        (
            r#""telecom":[{"system":"phone","value":"999990019"}]"#,
            "telecom[0].value",
        ),
        (r#""url":"https://x.nl/fhir/Observation?_id=999990019""#, "url"),
        (r#""url":"https://x.nl/%39%39%39%39%39%30%30%31%39""#, "url"),
        (r#""code":{"coding":[{"code":"999990019"}]}"#, "code.coding[0].code"),
        (
            r#""link":[{"relation":"next","url":"https://x.nl/fhir?p=999990019"}]"#,
            "link[0].url",
        ),
        (
            r#""valueUri":"urn:oid:2.16.840.1.113883.2.4.6.3.999990019""#,
            "valueUri",
        ),
        (r#""text":{"div":"<div>99999<b>0019</b></div>"}"#, "text.div"),
    ];
    for (other, path) in rows {
        table(&[(&format!("{known},{other}"), &format!("identifier[0].value {path}"), "")]);
        // whichever comes first
        let text = format!(r#"{{{other},{}}}"#, known.replace("BSN_SYSTEM", BSN_SYSTEM));
        let redacted = redact_bsn(text.as_bytes(), &Limits::default()).unwrap();
        assert_eq!(redacted.report.masked.len(), 2, "{other}: {:?}", redacted.report);
        assert!(!redacted.text.contains("999990019"), "{}", redacted.text);
    }
    table(&[
        (r#""id":"999990019""#, "", ""),
        (
            r#""code":{"coding":[{"system":"http://snomed.info/sct","code":"999990019"}]}"#,
            "",
            "",
        ),
        (
            r#""link":[{"relation":"next","url":"https://x.nl/fhir/Encounter?episodeofcare=999990019"}]"#,
            "",
            "",
        ),
        (
            r#""link":[{"relation":"next","url":"https://x.nl/fhir/Patient?identifier=BSN_SYSTEM%7C999990019"}]"#,
            "link[0].url",
            "",
        ),
        (r#""valueInteger":999990019"#, "", ""),
        (r#""valueDecimal":999990.019"#, "", ""),
        (
            r#""date":"2026-09-14","issued":"2026-09-14T09:10:00.123+02:00""#,
            "",
            "",
        ),
    ]);
}

/// A document with more than is listed or known is masked all the same, and what is too much is refused.
#[test]
fn f3_ever_so_many_numbers_take_bounded_room() {
    let items = |item: &dyn Fn(usize) -> String, count: usize| (0..count).map(item).collect::<Vec<_>>().join(",");
    let repeated = format!(
        r#"{{"note":[{}]}}"#,
        items(&|_| r#"{"text":"bsn 999990019"}"#.to_owned(), 30_000)
    );
    let redacted = redact_bsn(repeated.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(
        (redacted.report.masked.len(), redacted.report.unlisted),
        (10_000, 20_000)
    );
    assert_eq!(redacted.report.masked.last().unwrap().as_str(), "note[9999].text");
    assert!(!redacted.text.contains("999990019"));

    // numbers that pass, each another one
    let passing = |from: u32| {
        (from..).filter(|number| {
            let digits = number.to_string();
            let weighed = digits.bytes().zip([9, 8, 7, 6, 5, 4, 3, 2, -1]);
            weighed
                .map(|(digit, weight)| i32::from(digit - b'0') * weight)
                .sum::<i32>()
                % 11
                == 0
        })
    };
    let mut text = String::from(r#"{"note":[{"text":""#);
    for number in passing(200_000_000).take(100_001) {
        text.push_str(&format!("bsn {number} "));
    }
    text.push_str(r#""},{"text":"zie 999990019"}]}"#);
    let redacted = redact_bsn(text.as_bytes(), &Limits::default()).unwrap();
    assert!(
        !redacted.text.contains("999990019"),
        "past the bound every number is one"
    );
}
