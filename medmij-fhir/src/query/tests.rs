// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a query refuses (core.rscint.203, H14), and its encoding.

use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

use super::{Query, QueryError, Token};
use crate::name::ResourceType;

fn search(resource_type: &str) -> Query {
    Query::search(ResourceType::parse(resource_type).unwrap())
}

#[test]
fn core_rscint_203_h14_no_parameter_names_the_persoon() {
    for (resource_type, name) in [
        ("Condition", "patient"),
        ("Condition", "subject"),
        ("Condition", "PATIENT"),
        ("Condition", "subject:Patient"),
        ("Condition", "patient.identifier"),
        ("Observation", "encounter.subject"),
        ("Observation", "context:Encounter.patient"),
        ("Coverage", "beneficiary"),
        ("Task", "owner"),
        ("Task", "owner:Patient"),
        ("Task", "focus.owner"),
        ("Encounter", "_has:Observation:patient:code"),
        ("Patient", "identifier"),
        ("Patient", "_id"),
        ("Patient", "family"),
        ("Patient", "birthdate"),
    ] {
        assert_eq!(
            search(resource_type).with(name, "x"),
            Err(QueryError::NamesThePersoon),
            "{name}"
        );
    }
    for (name, value) in [
        ("performer", "Patient/1"),
        ("performer", "Practitioner/2,Patient/1"),
        ("source", "https://dvza.example.nl/fhir/Patient/1"),
    ] {
        let refused = search("Observation").with(name, value);
        assert_eq!(refused, Err(QueryError::NamesThePersoon), "{name}={value}");
    }
    let system = search("Observation").with("identifier", "https://zorg.example.nl/Patient/nummers|7");
    assert!(system.is_ok());
    assert!(search("Patient").with_include("Patient:general-practitioner").is_ok());
    assert!(search("Immunization").with_include("Immunization:patient").is_ok());
    assert!(
        search("MedicationRequest")
            .with("_include:iterate", "MedicationRequest:subject")
            .is_ok()
    );
}

#[test]
fn h14_no_value_holds_a_bsn() {
    for (name, value) in [
        ("identifier", "http://fhir.nl/fhir/NamingSystem/bsn|999990019"),
        ("identifier", "HTTP://FHIR.NL/fhir/NamingSystem/BSN|1"),
        ("identifier", "http%3A%2F%2Ffhir.nl%2Ffhir%2FNamingSystem%2Fbsn%7C1"),
        ("code", "urn:oid:2.16.840.1.113883.2.4.6.3|999990019"),
        ("identifier", "|999990019"),
        ("code", "999990019"),
        ("code", "http://loinc.org|8302-2,999990019"),
        ("_tag", "bsn|999990019"),
    ] {
        assert_eq!(
            search("Observation").with(name, value),
            Err(QueryError::Bsn),
            "{name}={value}"
        );
    }
    // a code of a code system may look like one
    assert!(
        search("Observation")
            .with("code", "http://snomed.info/sct|999990019")
            .is_ok()
    );
}

#[test]
fn malformed_parameters_are_refused_or_kept() {
    for name in ["", "a b", "a=b", "a&b", "1a", "a%20", "é"] {
        assert_eq!(search("Flag").with(name, "x"), Err(QueryError::ParameterName), "{name}");
    }
    assert_eq!(search("Flag").with("status", ""), Err(QueryError::ParameterValue));
    assert_eq!(search("Flag").with("status", "a\r\nb"), Err(QueryError::ParameterValue));
}

#[test]
fn values_are_encoded_as_a_query() {
    let query = search("Consent")
        .with("category", "a b+c&d=e#f%g|h:i/j,k$l?m\u{e9}")
        .unwrap();
    assert_eq!(
        query.path_and_query(),
        "Consent?category=a%20b%2Bc%26d%3De%23f%25g%7Ch:i/j,k$l%3Fm%C3%A9"
    );
    let since = search("Task")
        .with("_lastUpdated", "ge2026-01-01T00:00:00+01:00")
        .unwrap();
    assert_eq!(
        since.path_and_query(),
        "Task?_lastUpdated=ge2026-01-01T00:00:00%2B01:00"
    );
    let last = Query::last_n(ResourceType::parse("Observation").unwrap());
    assert_eq!(last.path_and_query(), "Observation/$lastn");
    assert_eq!(Token::new("a|b", "c,d$e\\f").to_string(), r"a\|b|c\,d\$e\\f");
    assert_eq!(Token::code("active").to_string(), "active");
}

proptest! {
    #[test]
    fn encoded_queries_read_back(name in "[a-z_][a-zA-Z0-9_:.-]{0,12}", value in "\\PC{1,24}") {
        let Ok(query) = search("Observation").with(&name, &value) else { return Ok(()) };
        let text = query.path_and_query();
        let uri: http::Uri = format!("https://dvza.example.nl/fhir/{text}").parse().unwrap();
        let encoded = uri.query().unwrap();
        let plain = encoded.bytes().all(|b| b.is_ascii_graphic() && !b"|<>\"\\^`{}".contains(&b));
        prop_assert!(plain, "{}", encoded);
        let read: Vec<_> = url::form_urlencoded::parse(encoded.as_bytes()).into_owned().collect();
        prop_assert_eq!(read, vec![(name, value)]);
    }

    #[test]
    fn h14_a_bare_bsn_is_always_refused(nine in "[0-9]{9}") {
        let refused = search("Observation").with("code", &nine).is_err();
        prop_assert_eq!(refused, medmij_types::Bsn::parse(&nine).is_ok());
    }
}
