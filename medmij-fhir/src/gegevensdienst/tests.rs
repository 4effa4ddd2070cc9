// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the built-in catalogue says, and what it refuses to say.

use std::collections::BTreeSet;

use medmij_types::GegevensdienstId;

use super::{FollowUp, Gegevensdienst, Mark, ServiceFunction};
use crate::catalogue::Catalogue;
use crate::name::ResourceId;
use crate::query::{Choices, SearchDate};
use crate::version::FhirVersion;

fn service(key: &str) -> &'static Gegevensdienst {
    Catalogue::builtin().all().find(|service| service.key() == key).unwrap()
}

/// Choices that fill every placeholder.
fn every_choice() -> Choices {
    let date = |text| SearchDate::parse(text).unwrap();
    Choices::default()
        .today(date("2026-11-30"))
        .from(date("2026-01-01"))
        .to(date("2026-06-30"))
        .code("http://loinc.org|85354-9")
        .id(ResourceId::parse("dossier-1").unwrap())
        .id(ResourceId::parse("dossier-2").unwrap())
}

#[test]
fn every_service_and_query_of_the_file_is_read() {
    let all: Vec<_> = Gegevensdienst::all().collect();
    assert_eq!(all.len(), 56);
    let own = |service: &&&Gegevensdienst| service.key() != "30" && service.key() != "35";
    assert_eq!(
        all.iter()
            .filter(own)
            .map(|service| service.queries().len())
            .sum::<usize>(),
        159
    );
    let keys: BTreeSet<_> = all.iter().map(|service| (service.key(), service.block())).collect();
    assert_eq!(keys.len(), 56, "no key twice");
    for service in all {
        assert!(service.source().is_some(), "{}", service.key());
        assert!(service.informatiestandaard().is_some() && service.release().is_some());
        match service.function() {
            ServiceFunction::Verzamelen => assert!(!service.queries().is_empty() && service.share().is_none()),
            ServiceFunction::Delen => assert!(service.queries().is_empty() && service.share().is_some()),
        }
    }
}

#[test]
fn a_service_without_an_id_has_a_key_that_is_no_id() {
    let without: Vec<_> = Gegevensdienst::all().filter(|service| service.id().is_none()).collect();
    let keys: BTreeSet<_> = without.iter().map(|service| service.key()).collect();
    let expected = [
        "65-v2",
        "U:Aanbiedertaken",
        "U:Beeldbeschikbaarheid",
        "U:MP9-3.0",
        "U:Pathologie",
        "U:Patientcorrecties",
    ];
    assert_eq!(keys, BTreeSet::from(expected));
    let blocks: Vec<_> = Catalogue::builtin()
        .find("U:MP9-3.0")
        .map(|service| service.block().unwrap())
        .collect();
    assert_eq!(blocks, ["MA", "WDS", "VV", "TA", "MVE", "MGB", "MTD"]);
    assert_eq!(Catalogue::builtin().find("U:MP9-3.0/TA").count(), 1);
    assert_eq!(
        Catalogue::builtin().lookup(&GegevensdienstId::parse("65-v2").unwrap()),
        None
    );
}

#[test]
fn every_query_can_be_built_and_none_names_the_persoon() {
    for service in Gegevensdienst::all() {
        let mut seen = BTreeSet::new();
        for query in service.queries().iter().filter(|query| query.is_request()) {
            let built = query.build(&every_choice(), service.search_tag()).unwrap();
            let text = built.path_and_query();
            for word in ["patient=", "subject=", "owner=", "|", "+", " ", "{"] {
                assert!(!text.contains(word), "{text}");
            }
            assert!(seen.insert(text.clone()), "{text} twice");
            let filters: Vec<&str> = query.filters().collect();
            assert!(filters.iter().collect::<BTreeSet<_>>().len() == filters.len());
        }
    }
}

#[test]
fn what_a_dvp_needs_to_know_is_visible() {
    let dates: Vec<_> = Gegevensdienst::all()
        .filter(|service| service.needs_dates())
        .map(Gegevensdienst::key)
        .collect();
    assert_eq!(dates, ["49", "47"]);
    let steps: Vec<_> = Gegevensdienst::all()
        .filter(|service| service.standard().any(|query| query.after().is_some()))
        .map(Gegevensdienst::key)
        .collect();
    assert_eq!(steps, ["65", "65-v2"]);
    let follow: BTreeSet<_> = Gegevensdienst::all()
        .filter(|service| service.follow_ups().next().is_some())
        .map(Gegevensdienst::key)
        .collect();
    assert_eq!(follow, BTreeSet::from(["51", "59", "63", "U:Beeldbeschikbaarheid"]));
    assert!(
        service("51")
            .follow_ups()
            .any(|query| query.follow_up() == Some(&FollowUp::Manifest))
    );
    assert_eq!(
        (service("63").version(), service("65").version()),
        (FhirVersion::R4, FhirVersion::Stu3)
    );
    let versions: Vec<_> = service("63").interfaceversies().iter().map(|id| id.as_str()).collect();
    assert_eq!(versions, ["1.5.0", "1.6.0", "2"]);
    assert_eq!(service("59").belongs_with().unwrap().as_str(), "60");
    assert_eq!(service("50").zibs().threshold, Some(21));
    assert_eq!(
        (service("50").mark(), service("30").mark()),
        (Mark::Confirmed, Mark::Inferred)
    );
    assert_eq!(service("63").systeemrollen_dvp()[0].as_str(), "MM-1.0-VAR-FHIR");
    assert!(service("54").systeemrollen().is_empty(), "unknown stays absent");
}

#[test]
fn the_second_step_of_65_takes_ids_with_commas() {
    for (key, expected) in [
        (
            "65",
            "Encounter?episodeofcare=dossier-1,dossier-2&_include=Encounter:practitioner",
        ),
        (
            "65-v2",
            "Encounter?episodeofcare=EpisodeOfCare/dossier-1,EpisodeOfCare/dossier-2&_include=Encounter:practitioner",
        ),
    ] {
        let query = service(key)
            .queries()
            .iter()
            .find(|query| query.label() == "Contacten")
            .unwrap();
        assert_eq!(query.query(&every_choice()).unwrap().path_and_query(), expected);
        let missing = query.query(&Choices::default());
        assert_eq!(missing, Err(crate::QueryError::MissingChoice("id")));
    }
}

#[test]
fn filters_stand_before_the_includes_and_only_where_the_catalogue_has_them() {
    let choices = Choices::default().filter("status", "active");
    let requests = service("65").requests(&choices).unwrap();
    assert_eq!(
        requests[1].path_and_query(),
        "EpisodeOfCare?type=http://snomed.info/sct%7C364320009&status=active&_include=EpisodeOfCare:organization&_include=EpisodeOfCare:care-manager"
    );
    assert_eq!(requests[0].path_and_query(), "Patient");
    for (name, value) in [("status", "planned"), ("type", "x")] {
        let refused = service("65").requests(&Choices::default().filter(name, value));
        assert_eq!(refused, Err(crate::QueryError::UnknownFilter(name.to_owned())));
    }
    let moment = Choices::default().filter("_lastUpdated", "ge2025-11-14T14:58:33+01:00");
    assert_eq!(
        service("U:Aanbiedertaken").requests(&moment).unwrap()[0].path_and_query(),
        "Task?_tag=http://medmij.nl/fhir/CodeSystem/DataService%7Curn:oid:2.16.528.1.1023.5.7&_lastUpdated=ge2025-11-14T14:58:33%2B01:00&_include=Task:based-on&_include=Task:focus&_include=Task:digital-activity"
    );
}
