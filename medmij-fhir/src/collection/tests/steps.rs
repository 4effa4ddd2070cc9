// SPDX-License-Identifier: AGPL-3.0-or-later
//! Second steps, dates, references, documents and the end of a token.

use std::time::Duration;

use medmij_types::{AccessToken, CorrelationId, OsEntropy};

use super::{BASE, answer, ask, chosen, collection, page};
use crate::collection::{Collection, GapReason, Outcome, References};
use crate::error::FhirError;
use crate::gegevensdienst::Gegevensdienst;
use crate::limits::Limits;
use crate::query::{Choices, QueryError, SearchDate};

const R4: &str = "application/fhir+json; fhirVersion=4.0";

fn r4_page(entries: &str) -> http::Response<bytes::Bytes> {
    answer(
        200,
        R4,
        format!(r#"{{"resourceType":"Bundle","type":"searchset","entry":[{entries}]}}"#),
    )
}

fn service(id: &str) -> &'static Gegevensdienst {
    Gegevensdienst::lookup(&id.parse().unwrap()).unwrap()
}

fn episodes(ids: impl Iterator<Item = String>) -> http::Response<bytes::Bytes> {
    let entries: Vec<String> = ids
        .map(|id| format!(r#"{{"resource":{{"resourceType":"EpisodeOfCare","id":"{id}"}}}}"#))
        .collect();
    page(None, &entries.join(","))
}

#[test]
fn the_second_step_of_65_asks_for_the_episodes_of_the_first() {
    let mut trial = collection("65", Limits::default());
    assert_eq!(ask(&mut trial), format!("{BASE}/Patient"));
    trial.receive(page(None, "")).unwrap();
    assert!(ask(&mut trial).contains("/EpisodeOfCare?type="));
    trial
        .receive(episodes(["e1".to_owned(), "e2".to_owned()].into_iter()))
        .unwrap();
    let mut asked = Vec::new();
    while let Some(request) = trial.next() {
        asked.push(request.uri().to_string().replace(BASE, ""));
        trial.receive(page(None, "")).unwrap();
    }
    assert_eq!(
        asked,
        [
            "/Condition?context=EpisodeOfCare/e1,EpisodeOfCare/e2",
            "/Encounter?episodeofcare=e1,e2&_include=Encounter:practitioner",
            "/Observation?context=EpisodeOfCare/e1,EpisodeOfCare/e2",
            "/Observation?context:Encounter.episodeofcare=EpisodeOfCare/e1,EpisodeOfCare/e2",
            "/Procedure?context=EpisodeOfCare/e1,EpisodeOfCare/e2&_include=Procedure:performer&_include=Procedure:based-on",
        ]
    );
    assert!(trial.finish().is_complete());
}

#[test]
fn without_episodes_the_second_step_is_not_needed_and_without_an_answer_it_is_missing() {
    let mut trial = collection("65", Limits::default());
    while trial.next().is_some() {
        trial.receive(page(None, "")).unwrap();
    }
    let report = trial.finish();
    assert_eq!(report.queries()[2].outcome, Outcome::NotNeeded);
    assert!(report.is_complete());

    let mut trial = collection("65", Limits::default());
    ask(&mut trial);
    trial.receive(page(None, "")).unwrap();
    ask(&mut trial);
    trial.receive(answer(500, "text/plain", "")).unwrap();
    assert!(trial.next().is_none());
    let gaps = trial.finish().gaps();
    assert_eq!(gaps.len(), 6);
    assert_eq!(gaps[1].reason, GapReason::NotAsked);
}

#[test]
fn many_episodes_are_asked_for_in_parts() {
    let mut trial = collection("65", Limits::default());
    ask(&mut trial);
    trial.receive(page(None, "")).unwrap();
    ask(&mut trial);
    trial.receive(episodes((0..120).map(|n| format!("e{n}")))).unwrap();
    let mut refused = false;
    while let Some(request) = trial.next() {
        let uri = request.uri().to_string();
        assert!(uri.len() < 4000, "{}", uri.len());
        if uri.contains("/Condition?") && !refused {
            refused = true;
            trial.receive(answer(400, "text/plain", "")).unwrap();
        } else {
            trial.receive(page(None, "")).unwrap();
        }
    }
    let report = trial.finish();
    assert_eq!(report.queries()[3].pages, 3);
    let gaps = report.gaps();
    assert_eq!(gaps.len(), 1, "a part that was refused stays refused: {gaps:?}");
    assert_eq!(gaps[0].label, "Problemen");
}

#[test]
fn a_service_that_needs_dates_takes_them_from_the_choices() {
    let date = |text| SearchDate::parse(text).unwrap();
    let mut trial = chosen("47", Choices::default().from(date("2026-11-01")), Limits::default());
    assert_eq!(ask(&mut trial), format!("{BASE}/Appointment?date=ge2026-11-01"));
    let access = super::access(service("47"));
    let missing = Collection::new(service("47"), access, Choices::default(), Limits::default());
    assert!(matches!(
        missing,
        Err(FhirError::Query(QueryError::MissingChoice("from")))
    ));
}

#[test]
fn a_reference_in_an_extension_is_read_once_and_inside_the_endpoint_only() {
    let mut trial = collection("63", Limits::default());
    ask(&mut trial);
    let vaccination = |id: &str| {
        format!(
            r##"{{"fullUrl":"{BASE}/Immunization/{id}","resource":{{"resourceType":"Immunization","id":"{id}",
            "extension":[{{"url":"http://nictiz.nl/fhir/StructureDefinition/ext-imm-Vaccination.PharmaceuticalProduct",
            "valueReference":{{"reference":"Medication/m1"}}}}],
            "patient":{{"reference":"https://evil.example/Patient/1"}},
            "encounter":{{"reference":"{BASE}/Immunization/v1"}},
            "location":{{"reference":"urn:uuid:0f9f0f7e-9c62-4f0c-8a52-1b6f0f0b1b11"}},
            "performer":[{{"actor":{{"reference":"#intern"}}}},{{"actor":{{"reference":"Immunization/v2"}}}},
            {{"actor":{{"reference":"Patient?identifier=1"}}}}]}}}}"##
        )
    };
    trial
        .receive(r4_page(&[vaccination("v1"), vaccination("v2")].join(",")))
        .unwrap();
    assert_eq!(ask(&mut trial), format!("{BASE}/Medication/m1"));
    let medication = r#"{"resourceType":"Medication","id":"m1","manufacturer":{"reference":"Organization/o1"}}"#;
    trial.receive(answer(200, R4, medication)).unwrap();
    assert_eq!(ask(&mut trial), format!("{BASE}/Organization/o1"), "of what was read");
    let gone = r#"{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"not-found"}]}"#;
    trial.receive(answer(404, R4, gone)).unwrap();
    assert!(trial.next().is_none());
    let report = trial.finish();
    assert!(report.is_complete());
    assert_eq!(report.references()[1].outcome, Outcome::Absent);
    assert_eq!(report.verdict().resources().count(), 3);
}

#[test]
fn which_references_are_read_is_a_choice() {
    let entry = r#"{"resource":{"resourceType":"Immunization","id":"v","patient":{"reference":"Patient/p"}}},
        {"resource":{"resourceType":"Patient","id":"q","generalPractitioner":[{"reference":"Practitioner/a"}]}}"#;
    for (references, expected) in [
        (References::All, vec!["Patient/p", "Practitioner/a"]),
        (References::Service, vec!["Patient/p"]),
        (References::None, vec![]),
    ] {
        let mut trial = collection("63", Limits::default());
        trial.collection = trial.collection.with_references(references);
        ask(&mut trial);
        trial.receive(r4_page(entry)).unwrap();
        let mut asked = Vec::new();
        while let Some(request) = trial.next() {
            asked.push(request.uri().to_string().replace(&format!("{BASE}/"), ""));
            trial.receive(answer(500, "text/plain", "")).unwrap();
        }
        assert_eq!(asked, expected, "{references:?}");
        assert_eq!(trial.finish().gaps().len(), asked.len());
    }
}

#[test]
fn f2_references_are_bounded() {
    let limits = Limits {
        references: 2,
        ..Limits::default()
    };
    let mut trial = collection("54", limits);
    ask(&mut trial);
    let entries: Vec<String> = (0..9)
        .map(|n| {
            format!(r#"{{"resource":{{"resourceType":"AllergyIntolerance","patient":{{"reference":"Patient/{n}"}}}}}}"#)
        })
        .collect();
    trial.receive(page(None, &entries.join(","))).unwrap();
    let mut reads = 0;
    while trial.next().is_some() {
        reads += 1;
        trial.receive(answer(404, "text/plain", "")).unwrap();
    }
    assert_eq!(reads, 2);
    assert_eq!(
        trial.finish().gaps()[0].reason,
        GapReason::Failed(FhirError::TooManyReferences(2))
    );
}

#[test]
fn a_document_of_a_manifest_is_read_with_its_attachment() {
    let mut trial = collection("51", Limits::default());
    ask(&mut trial);
    let manifest = r#"{"resource":{"resourceType":"DocumentManifest","id":"m","content":[{"pReference":{"reference":"DocumentReference/d"}}]}}"#;
    trial.receive(page(None, manifest)).unwrap();
    ask(&mut trial);
    trial.receive(page(None, "")).unwrap();
    assert_eq!(ask(&mut trial), format!("{BASE}/DocumentReference/d"));
    let document = r#"{"resourceType":"DocumentReference","id":"d","content":[{"attachment":{"url":"Binary/b"}}]}"#;
    trial.receive(answer(200, "application/fhir+json", document)).unwrap();
    assert_eq!(ask(&mut trial), format!("{BASE}/Binary/b"));
    trial.receive(answer(200, "application/pdf", "%PDF-1.4")).unwrap();
    assert!(trial.next().is_none());
    let report = trial.finish();
    assert!(report.is_complete());
    assert_eq!(report.documents().len(), 1);
}

#[test]
fn what_a_token_does_not_cover_goes_on_after_a_refresh() {
    for by_401 in [false, true] {
        let end = super::now() + Duration::from_secs(900);
        let access = super::access(service("61")).with_expiry(end);
        let mut collection = Collection::new(service("61"), access, Choices::default(), Limits::default()).unwrap();
        let mut now = super::now();
        for _ in 0..3 {
            let ask = collection.next(now, &OsEntropy).unwrap().unwrap();
            collection.receive(ask.ticket, page(None, ""), now).unwrap();
        }
        if by_401 {
            let ask = collection.next(now, &OsEntropy).unwrap().unwrap();
            let refused = collection.receive(ask.ticket, answer(401, "text/plain", ""), now);
            assert_eq!(refused, Err(FhirError::Unauthorized));
        } else {
            now = end;
        }
        assert!(collection.next(now, &OsEntropy).unwrap().is_none());
        assert!(collection.needs_token());

        let correlation = CorrelationId::parse("00000000-0000-4000-8000-000000000001").unwrap();
        collection.renew(AccessToken::from_wire("nieuw").unwrap(), None, correlation);
        let mut asked = 0;
        while let Some(ask) = collection.next(now, &OsEntropy).unwrap() {
            assert_eq!(ask.request.headers()["authorization"], "Bearer nieuw");
            assert_eq!(
                ask.request.headers()["x-correlation-id"],
                "00000000-0000-4000-8000-000000000001"
            );
            collection.receive(ask.ticket, page(None, ""), now).unwrap();
            asked += 1;
        }
        assert_eq!(asked, 6, "each query once");
        assert!(collection.finish().is_complete());
    }
}

#[test]
fn what_a_token_does_not_cover_is_reported_without_a_refresh() {
    let access = super::access(service("61")).with_expiry(super::now());
    let mut collection = Collection::new(service("61"), access, Choices::default(), Limits::default()).unwrap();
    assert!(collection.next(super::now(), &OsEntropy).unwrap().is_none());
    let gaps = collection.finish().gaps();
    assert_eq!((gaps.len(), &gaps[0].reason), (9, &GapReason::TokenEnded));
}
