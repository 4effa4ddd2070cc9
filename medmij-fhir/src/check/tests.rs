// SPDX-License-Identifier: AGPL-3.0-or-later
//! Each rule of the check, in JSON and in XML.

use super::{CheckRule, document};
use crate::limits::Limits;
use crate::version::FhirVersion;

/// A page that passes, with this resource in it.
fn page(resource: &str) -> String {
    format!(
        r#"{{"resourceType":"Bundle","type":"searchset","total":1,"link":[{{"relation":"self","url":"https://x.nl/fhir/Observation?code=a"}}],"entry":[{{"fullUrl":"https://x.nl/fhir/Observation/o1","resource":{resource},"search":{{"mode":"match"}}}}]}}"#
    )
}

/// An Observation that passes, with these members.
fn observation(members: &str) -> String {
    page(&format!(
        r#"{{"resourceType":"Observation","id":"o1","meta":{{"profile":["http://nictiz.nl/fhir/StructureDefinition/zib-BodyWeight"]}}{members}}}"#
    ))
}

fn findings(json: &str) -> Vec<(String, CheckRule)> {
    let found = document(json.as_bytes(), FhirVersion::Stu3, &Limits::default()).unwrap();
    found.into_iter().map(|finding| (finding.path, finding.rule)).collect()
}

/// The one finding of a page, in both forms.
fn only(json: &str) -> (String, CheckRule) {
    let found = findings(json);
    assert_eq!(found.len(), 1, "{json} {found:?}");
    let xml = crate::xml::from_json(json.as_bytes(), FhirVersion::Stu3, &Limits::default()).unwrap();
    assert_eq!(findings(&xml.text), found, "the same in XML: {}", xml.text);
    found.into_iter().next().unwrap()
}

#[test]
fn a_good_page_passes_in_both_forms() {
    let good = observation(
        r#","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"29463-7","display":"Gewicht"}]},"subject":{"reference":"Patient/p","display":"T. Test"},"effectiveDateTime":"2026-09-14T09:10:00+02:00","identifier":[{"system":"urn:oid:1.2","value":"7"}],"valueQuantity":{"value":81.50}"#,
    );
    assert_eq!(findings(&good), []);
    let xml = crate::xml::from_json(good.as_bytes(), FhirVersion::Stu3, &Limits::default()).unwrap();
    assert_eq!(findings(&xml.text), []);
}

#[test]
fn every_element_of_every_answer() {
    let null_flavor =
        r#"{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/iso21090-nullFlavor","valueCode":"UNK"}]}"#;
    for (members, path, rule) in [
        (
            r#","code":{"coding":[{"code":"a","display":"x"}]}"#,
            "code.coding[0].system",
            CheckRule::CodingSystem,
        ),
        (
            r#","code":{"coding":[{"system":"http://a","display":"x"}]}"#,
            "code.coding[0].code",
            CheckRule::CodingCode,
        ),
        (
            r#","code":{"coding":[{"system":"urn:oid:2.16.840.1.113883.2.4.3.11.60.40.2.12.4.1","code":"a","display":"x"}]}"#,
            "code.coding[0].system",
            CheckRule::CodingValueSet,
        ),
        (
            r#","code":{"coding":[{"system":"http://a","code":"a"}]}"#,
            "code",
            CheckRule::ConceptText,
        ),
        (r#","code":{"coding":[]}"#, "code", CheckRule::ConceptText),
        (
            r#","subject":{"reference":"Patient/p"}"#,
            "subject.display",
            CheckRule::ReferenceDisplay,
        ),
        (
            r#","performer":[{"reference":"Practitioner/p","display":"x"},{"reference":"Practitioner/p"}]"#,
            "performer[1].display",
            CheckRule::ReferenceDisplay,
        ),
        (
            r#","identifier":[{"system":"urn:oid:1"}]"#,
            "identifier[0].value",
            CheckRule::IdentifierValue,
        ),
        (
            r#","identifier":[{"value":"1"}]"#,
            "identifier[0].system",
            CheckRule::IdentifierSystem,
        ),
        (
            r#","effectiveDateTime":"14-09-2026""#,
            "effectiveDateTime",
            CheckRule::Date,
        ),
        (r#","issued":"2026-09-14T09:10:00""#, "issued", CheckRule::TimeZone),
        (
            r#","effectivePeriod":{"start":"2026-13"}"#,
            "effectivePeriod.start",
            CheckRule::Date,
        ),
        (r#","onbekend":"x""#, "onbekend", CheckRule::UnknownElement),
        (
            r#","extension":[{"url":"u","valueCoding":{"code":"a"}}]"#,
            "extension[0].valueCoding.system",
            CheckRule::CodingSystem,
        ),
        (
            r#","_status":{"extension":[{"url":"u","valueReference":{"reference":"a"}}]}"#,
            "_status.extension[0].valueReference.display",
            CheckRule::ReferenceDisplay,
        ),
        (r#","comment":"zie 999990019""#, "comment", CheckRule::SuspectedBsn),
    ] {
        let (found, found_rule) = only(&observation(members));
        assert_eq!(
            (found, found_rule),
            (format!("entry[0].resource.{path}"), rule),
            "{members}"
        );
    }
    for members in [
        r#","code":{"text":"x"}"#.to_owned(),
        format!(r#","code":{null_flavor}"#),
        format!(r#","subject":{null_flavor}"#),
        format!(r#","identifier":[{{"system":"http://fhir.nl/fhir/NamingSystem/bsn","_value":{null_flavor}}}]"#),
        r#","identifier":[{"type":{"text":"x"},"value":"1"}]"#.to_owned(),
    ] {
        assert_eq!(findings(&observation(&members)), [], "{members}");
    }
}

#[test]
fn core_rscint_203_a_bsn_is_an_error() {
    let bsn = observation(r#","identifier":[{"system":"http://fhir.nl/fhir/NamingSystem/bsn","value":"999990019"}]"#);
    assert_eq!(
        only(&bsn),
        ("entry[0].resource.identifier[0].value".to_owned(), CheckRule::Bsn)
    );
}

#[test]
fn a_page_and_its_entries() {
    let good = observation("");
    for (from, to, path, rule) in [
        (
            r#""relation":"self""#,
            r#""relation":"next""#,
            "link",
            CheckRule::NoSelfLink,
        ),
        (
            "https://x.nl/fhir/Observation?",
            "Observation?",
            "link",
            CheckRule::SelfLink,
        ),
        (
            "?code=a",
            "?code=a&subject:Patient=1",
            "link",
            CheckRule::SelfLinkPersoon,
        ),
        (r#""total":1"#, r#""total":2"#, "total", CheckRule::Total),
        (
            r#""type":"searchset","#,
            r#""type":"searchset","timestamp":"x","#,
            "timestamp",
            CheckRule::UnknownElement,
        ),
        (
            r#""fullUrl":"https://x.nl/fhir/Observation/o1","#,
            "",
            "entry[0].fullUrl",
            CheckRule::NoFullUrl,
        ),
        (
            "https://x.nl/fhir/Observation/o1",
            "Observation/o1",
            "entry[0].fullUrl",
            CheckRule::FullUrl,
        ),
        (
            "https://x.nl/fhir/Observation/o1",
            "https://x.nl/fhir/Observation/o2",
            "entry[0].fullUrl",
            CheckRule::FullUrlId,
        ),
        (
            r#","meta":{"profile":["http://nictiz.nl/fhir/StructureDefinition/zib-BodyWeight"]}"#,
            "",
            "entry[0].resource.meta.profile",
            CheckRule::NoProfile,
        ),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good);
        assert_eq!(only(&bad), (path.to_owned(), rule));
    }
    let wrong_mode = good.replace(r#""mode":"match""#, r#""mode":"Match""#);
    assert_eq!(
        findings(&wrong_mode),
        [("entry[0].search.mode".to_owned(), CheckRule::Fault)]
    );
    let unknown = good.replace(r#""resourceType":"Observation""#, r#""resourceType":"Onbekend""#);
    assert_eq!(
        findings(&unknown),
        [("entry[0].resource".to_owned(), CheckRule::UnknownType)]
    );
    assert_eq!(findings(&page("{\"resourceType\":\"Binary\",\"id\":\"o1\"}")), []);
}

#[test]
fn what_is_shared_and_the_answer_to_it() {
    let entry = |entry: &str, kind: &str| {
        findings(&format!(
            r#"{{"resourceType":"Bundle","type":"{kind}","entry":[{entry}]}}"#
        ))
    };
    let meta = r#""meta":{"profile":["p"]}"#;
    let post = |full_url: &str, id: &str| {
        format!(
            r#"{{"fullUrl":"{full_url}","resource":{{"resourceType":"Flag"{id},{meta}}},"request":{{"method":"POST","url":"Flag"}}}}"#
        )
    };
    assert_eq!(entry(&post("urn:uuid:1", ""), "batch"), []);
    assert_eq!(
        entry(&post("https://x.nl/Flag/1", r#","id":"1""#), "transaction"),
        [
            ("entry[0].resource.id".to_owned(), CheckRule::PostId),
            ("entry[0].fullUrl".to_owned(), CheckRule::PostFullUrl)
        ]
    );
    let put = format!(r#"{{"resource":{{"resourceType":"Flag",{meta}}},"request":{{"method":"PUT","url":"Flag/1"}}}}"#);
    assert_eq!(
        entry(&put, "transaction"),
        [
            ("entry[0].resource.id".to_owned(), CheckRule::PutId),
            ("entry[0].fullUrl".to_owned(), CheckRule::NoFullUrl)
        ]
    );
    assert_eq!(
        entry(r#"{"resource":{"resourceType":"Flag"}}"#, "batch"),
        [
            ("entry[0].request".to_owned(), CheckRule::NoRequest),
            ("entry[0].resource.meta.profile".to_owned(), CheckRule::NoProfile)
        ]
    );
    assert_eq!(
        entry(r#"{"response":{"status":"201 Created"}}"#, "transaction-response"),
        []
    );
    assert_eq!(
        entry(r#"{"response":{"status":"400"}}"#, "batch-response"),
        [("entry[0].response.status".to_owned(), CheckRule::EntryStatus)]
    );
    assert!(!CheckRule::PostId.is_error() && CheckRule::PutId.is_error());
}

#[test]
fn a_document_that_cannot_be_read_is_an_error() {
    for bad in ["", "[]", "{}", "<a>", "<Patient/>"] {
        assert!(
            document(bad.as_bytes(), FhirVersion::Stu3, &Limits::default()).is_err(),
            "{bad}"
        );
    }
}
