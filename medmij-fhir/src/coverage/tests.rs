// SPDX-License-Identifier: AGPL-3.0-or-later
//! Which profile means which zib, and what counts over sets together.

use medmij_types::GegevensdienstId;

use super::{Coverage, profile};
use crate::gegevensdienst::Gegevensdienst;
use crate::limits::Limits;
use crate::version::FhirVersion;

fn service(id: &str) -> &'static Gegevensdienst {
    Gegevensdienst::lookup(&GegevensdienstId::parse(id).unwrap()).unwrap()
}

fn add(coverage: &mut Coverage, document: &str) {
    coverage
        .add(document.as_bytes(), FhirVersion::Stu3, &Limits::default())
        .unwrap();
}

fn resource(profile: &str) -> String {
    format!(
        r#"{{"resourceType":"Basic","meta":{{"profile":["http://nictiz.nl/fhir/StructureDefinition/{profile}"]}}}}"#
    )
}

#[test]
fn profiles_of_both_versions_mean_their_zib() {
    for (url, zibs) in [
        (
            "http://nictiz.nl/fhir/StructureDefinition/zib-Problem",
            &["Probleem"][..],
        ),
        (
            "http://nictiz.nl/fhir/StructureDefinition/zib-Problem|2.1.2",
            &["Probleem"],
        ),
        (
            "http://nictiz.nl/fhir/StructureDefinition/nl-core-BloodPressure",
            &["Bloeddruk"],
        ),
        (
            "http://fhir.nl/fhir/StructureDefinition/nl-core-practitionerrole",
            &["Zorgverlener"],
        ),
        (
            "http://fhir.nl/fhir/StructureDefinition/nl-core-practitioner",
            &["Zorgverlener"],
        ),
        (
            "http://nictiz.nl/fhir/StructureDefinition/zib-LaboratoryTestResult-Observation",
            &["LaboratoriumUitslag"],
        ),
        (
            "http://nictiz.nl/fhir/StructureDefinition/nl-core-LaboratoryTestResult.Specimen",
            &["LaboratoriumUitslag"],
        ),
        (
            "http://nictiz.nl/fhir/StructureDefinition/zib-ProcedureRequest",
            &["OverdrachtGeplandeZorgActiviteit"],
        ),
        (
            "http://nictiz.nl/fhir/StructureDefinition/zib-Procedure",
            &["Verrichting"],
        ),
        (
            "http://nictiz.nl/fhir/StructureDefinition/zib-VaccinationRecommendation",
            &["OverdrachtGeplandeZorgActiviteit"],
        ),
        (
            "http://nictiz.nl/fhir/StructureDefinition/imm-Vaccination-event",
            &["Vaccinatie"],
        ),
        (
            "http://nictiz.nl/fhir/StructureDefinition/zib-FamilySituationChild",
            &["GezinssituatieKind"],
        ),
        ("http://fhir.nl/fhir/StructureDefinition/nl-core-careteam", &[]),
        ("", &[]),
        ("é", &[]),
    ] {
        assert_eq!(profile::zibs_of(url), zibs, "{url}");
    }
}

#[test]
fn every_zib_of_the_catalogue_can_be_recognised() {
    for service in Gegevensdienst::all() {
        let zibs = Coverage::of(service).zibs().to_vec();
        for zib in zibs {
            assert!(zib.is_recognisable, "{} of {}", zib.name, service.key());
        }
    }
}

#[test]
fn the_rule_of_50_is_21_zibs_over_all_sets_together() {
    let mut coverage = Coverage::of(service("50"));
    let profiles = [
        "nl-core-patient",
        "zib-Payer",
        "zib-TreatmentDirective",
        "zib-AdvanceDirective",
        "zib-FunctionalOrMentalStatus",
        "zib-Problem",
        "zib-DrugUse",
        "zib-AlcoholUse",
        "zib-TobaccoUse",
        "zib-LivingSituation",
        "zib-FamilySituation",
        "zib-ParticipationInSociety",
        "zib-HelpFromOthers",
        "zib-LaboratoryTestResult-Observation",
        "zib-GeneralMeasurement",
        "zib-Procedure",
        "zib-TextResult",
        "nl-core-practitioner",
        "nl-core-organization",
        "nl-core-relatedperson",
    ];
    for profile in profiles {
        assert_eq!(coverage.is_enough(), Some(false));
        add(&mut coverage, &resource(profile));
        add(&mut coverage, &resource(profile));
    }
    assert_eq!((coverage.filled(), coverage.is_enough()), (20, Some(false)));
    add(
        &mut coverage,
        r#"<Patient xmlns="http://hl7.org/fhir"><maritalStatus><text value="x"/></maritalStatus></Patient>"#,
    );
    assert_eq!((coverage.filled(), coverage.is_enough()), (21, Some(true)));
    assert_eq!(coverage.read(), (41, 41));
}

#[test]
fn elements_entries_and_contained_resources_count() {
    let mut coverage = Coverage::of(service("50"));
    add(
        &mut coverage,
        r#"{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","contact":[{"gender":"male"}],"maritalStatus":{},
            "contained":[{"resourceType":"Organization","meta":{"profile":["http://x/nl-core-organization"]}}]}},
            {"resource":{"resourceType":"CareTeam","meta":{"profile":["http://x/nl-core-careteam"]}}},{}]}"#,
    );
    let filled: Vec<&str> = coverage
        .zibs()
        .iter()
        .filter(|zib| zib.count > 0)
        .map(|zib| zib.name.as_str())
        .collect();
    assert_eq!(filled, ["Contactpersoon", "Zorgaanbieder"]);
    assert_eq!(coverage.other_profiles(), ["nl-core-careteam"]);
    assert_eq!(coverage.read(), (1, 3));
    assert_eq!(Coverage::of(service("48")).is_enough(), None, "there is no rule for 48");
    assert!(coverage.add(b"{", FhirVersion::Stu3, &Limits::default()).is_err());
}
