// SPDX-License-Identifier: AGPL-3.0-or-later
use serde_json::{Value, json};

use super::{Filter, Known};

const BASE: &str = "https://dvza.example.nl/fhir/48";

/// `None`: malformed or not supported.
fn matches(resource_type: &str, name: &str, value: &str, resource: &Value) -> Option<bool> {
    let filter = Filter::parse(resource_type, name, value, BASE).ok()??;
    Some(filter.matches(resource, &Known::new(BASE)))
}

#[test]
fn tokens_match_by_system_and_code() {
    let concept = json!({"code": {"text": "Bloeddruk", "coding": [
        {"system": "http://loinc.org", "code": "85354-9"}, {"system": "http://snomed.info/sct", "code": "75367002"}, {"code": "rr|x"}]}});
    for (name, value, expected) in [
        ("code", "http://loinc.org|85354-9", Some(true)),
        ("code", "85354-9", Some(true)),
        ("code", "http://loinc.org|", Some(true)),
        ("code", r"|rr\|x", Some(true)),
        (
            "code",
            "http://loinc.org|8302-2,http://snomed.info/sct|75367002",
            Some(true),
        ),
        ("code", "http://snomed.info/sct|85354-9", Some(false)),
        ("code", "|85354-9", Some(false)),
        ("code", "85354", Some(false)),
        ("code:not", "85354-9", Some(false)),
        ("code:not", "8302-2", Some(true)),
        ("code:text", "druk", Some(true)),
        ("code:missing", "false", Some(true)),
        ("method:missing", "true", Some(true)),
        ("code:in", "x", None),
        ("code", "", None),
        ("code", "|", None),
        ("code", "a|b|c", None),
        ("code", "a,,b", None),
        ("code", r"a\x", None),
        ("code", r"a\", None),
    ] {
        assert_eq!(
            matches("Observation", name, value, &concept),
            expected,
            "{name}={value}"
        );
    }
    assert_eq!(matches("Observation", "code", "x", &json!({})), Some(false));
    let identifier = json!({"identifier": [{"system": "urn:oid:1.2", "value": "7"}]});
    assert_eq!(
        matches("MedicationRequest", "identifier", "urn:oid:1.2|7", &identifier),
        Some(true)
    );
    assert_eq!(
        matches("MedicationRequest", "identifier", "urn:oid:1.3|7", &identifier),
        Some(false)
    );
}

#[test]
fn a_code_element_has_the_system_of_its_value_set() {
    let appointment = json!({"status": "booked"});
    assert_eq!(
        matches("Appointment", "status", "booked,pending", &appointment),
        Some(true)
    );
    let system = "http://hl7.org/fhir/appointmentstatus|booked";
    assert_eq!(matches("Appointment", "status", system, &appointment), Some(true));
    assert_eq!(matches("Appointment", "status", "pending", &appointment), Some(false));
    let encounter = json!({"class": {"system": "http://hl7.org/fhir/v3/ActCode", "code": "IMP"}});
    assert_eq!(
        matches("Encounter", "class", "http://hl7.org/fhir/v3/ActCode|IMP", &encounter),
        Some(true)
    );
    assert_eq!(
        matches("Encounter", "class", "http://hl7.org/fhir/v3/ActCode|AMB", &encounter),
        Some(false)
    );
}

#[test]
fn references_match_bare_typed_and_absolute() {
    let encounter = json!({"episodeOfCare": [{"reference": "EpisodeOfCare/123456782"}]});
    for (value, expected) in [
        ("123456782", true),
        ("EpisodeOfCare/123456782", true),
        ("https://dvza.example.nl/fhir/48/EpisodeOfCare/123456782", true),
        ("andere,EpisodeOfCare/123456782", true),
        ("Encounter/123456782", false),
        ("https://elders.example.nl/EpisodeOfCare/123456782", false),
    ] {
        assert_eq!(
            matches("Encounter", "episodeofcare", value, &encounter),
            Some(expected),
            "{value}"
        );
    }
    assert_eq!(
        matches("Encounter", "episodeofcare:EpisodeOfCare", "123456782", &encounter),
        Some(true)
    );
    assert_eq!(
        matches("Encounter", "episodeofcare:Patient", "123456782", &encounter),
        None
    );
    let absolute = json!({"episodeOfCare": [{"reference": format!("{BASE}/EpisodeOfCare/7/_history/2")}]});
    assert_eq!(matches("Encounter", "episodeofcare", "7", &absolute), Some(true));
}

#[test]
fn a_chain_looks_behind_the_reference() {
    let request = json!({"medicationReference": {"reference": "Medication/m"}});
    let contained = json!({"medicationReference": {"reference": "#m"}, "contained": [{"resourceType": "Medication", "id": "m",
        "code": {"coding": [{"system": "urn:oid:1", "code": "3956"}]}}]});
    let medication =
        json!({"resourceType": "Medication", "id": "m", "code": {"coding": [{"system": "urn:oid:1", "code": "3956"}]}});
    let filter = Filter::parse("MedicationRequest", "medication.code", "urn:oid:1|3956", BASE)
        .unwrap()
        .unwrap();
    assert_eq!(filter.needs(&request), ["Medication/m"]);
    let mut known = Known::new(BASE);
    assert!(!filter.matches(&request, &known));
    assert!(filter.matches(&contained, &known));
    known.insert("Medication/m".to_owned(), medication);
    assert!(filter.matches(&request, &known));
    let name = "context:Encounter.episodeofcare";
    assert!(
        Filter::parse("Observation", name, "EpisodeOfCare/7", BASE)
            .unwrap()
            .is_some()
    );
    assert!(Filter::parse("Observation", "code.x", "7", BASE).unwrap().is_none());
    assert!(
        Filter::parse("Observation", "specimen.onbekend", "7", BASE)
            .unwrap()
            .is_none()
    );
}

#[test]
fn strings_begin_contain_or_are_equal_and_uris_are_equal() {
    let practitioner = json!({"name": [{"family": "De Boer", "given": ["Anna"]}]});
    for (name, value, expected) in [
        ("name", "de b", true),
        ("name", "anna", true),
        ("name", "boer", false),
        ("name:contains", "boer", true),
        ("name:exact", "Anna", true),
        ("name:exact", "anna", false),
    ] {
        assert_eq!(
            matches("Practitioner", name, value, &practitioner),
            Some(expected),
            "{name}={value}"
        );
    }
    let manifest = json!({"source": "urn:oid:1.2"});
    assert_eq!(
        matches("DocumentManifest", "source", "urn:oid:1.2", &manifest),
        Some(true)
    );
    assert_eq!(
        matches("DocumentManifest", "source", "urn:oid:1", &manifest),
        Some(false)
    );
}
