// SPDX-License-Identifier: AGPL-3.0-or-later
//! Gegevensdienst 48, Basisgegevens zorg (BgZ 3.0 on the zibs of 2017), FHIR STU3.

use super::{Functie, Gegevensdienst, Row, last_n, search};
use crate::version::FhirVersion;

pub(super) const BASISGEGEVENS_ZORG: Gegevensdienst = Gegevensdienst {
    id: "48",
    naam: "Basisgegevens zorg",
    functie: Functie::Verzamelen,
    version: FhirVersion::Stu3,
    systeemrollen: &[BZB],
    rows: ROWS,
    reads_documents: false,
};

const BZB: &str = "MM-3.0-BZB-FHIR";

const ROWS: &[Row] = &[
    search(
        "Patiënt en huisarts",
        BZB,
        "Patient",
        &[("_include", "Patient:general-practitioner")],
    ),
    search(
        "Betaler",
        BZB,
        "Coverage",
        &[
            ("_include", "Coverage:payor:Patient"),
            ("_include", "Coverage:payor:Organization"),
        ],
    ),
    search(
        "Behandelaanwijzing",
        BZB,
        "Consent",
        &[("category", "http://snomed.info/sct|11291000146105")],
    ),
    search(
        "Wilsverklaring",
        BZB,
        "Consent",
        &[("category", "http://snomed.info/sct|11341000146107")],
    ),
    last_n(
        "Functionele of mentale status",
        BZB,
        "Observation",
        &[(
            "category",
            "http://snomed.info/sct|118228005,http://snomed.info/sct|384821006",
        )],
    ),
    search("Problemen", BZB, "Condition", &[]),
    last_n(
        "Woonsituatie",
        BZB,
        "Observation",
        &[("code", "http://snomed.info/sct|365508006")],
    ),
    search(
        "Drugsgebruik",
        BZB,
        "Observation",
        &[("code", "http://snomed.info/sct|228366006")],
    ),
    search(
        "Alcoholgebruik",
        BZB,
        "Observation",
        &[("code", "http://snomed.info/sct|228273003")],
    ),
    search(
        "Tabakgebruik",
        BZB,
        "Observation",
        &[("code", "http://snomed.info/sct|365980008")],
    ),
    search("Voedingsadvies", BZB, "NutritionOrder", &[]),
    search("Alerts", BZB, "Flag", &[]),
    search("Allergieën en intoleranties", BZB, "AllergyIntolerance", &[]),
    search(
        "Medicatiegebruik",
        BZB,
        "MedicationStatement",
        &[
            ("category", "urn:oid:2.16.840.1.113883.2.4.3.11.60.20.77.5.3|6"),
            ("_include", "MedicationStatement:medication"),
        ],
    ),
    search(
        "Medicatieafspraken",
        BZB,
        "MedicationRequest",
        &[
            ("category", "http://snomed.info/sct|16076005"),
            ("_include", "MedicationRequest:medication"),
        ],
    ),
    search(
        "Toedieningsafspraken",
        BZB,
        "MedicationDispense",
        &[
            ("category", "http://snomed.info/sct|422037009"),
            ("_include", "MedicationDispense:medication"),
        ],
    ),
    search(
        "Medische hulpmiddelen",
        BZB,
        "DeviceUseStatement",
        &[("_include", "DeviceUseStatement:device")],
    ),
    search("Vaccinaties", BZB, "Immunization", &[("status", "completed")]),
    search("Geplande vaccinaties", BZB, "ImmunizationRecommendation", &[]),
    last_n("Bloeddruk", BZB, "Observation", &[("code", "http://loinc.org|85354-9")]),
    last_n(
        "Lichaamsgewicht",
        BZB,
        "Observation",
        &[("code", "http://loinc.org|29463-7")],
    ),
    last_n(
        "Lichaamslengte",
        BZB,
        "Observation",
        &[(
            "code",
            "http://loinc.org|8302-2,http://loinc.org|8306-3,http://loinc.org|8308-9",
        )],
    ),
    last_n(
        "Laboratoriumuitslagen",
        BZB,
        "Observation",
        &[
            ("category", "http://snomed.info/sct|275711006"),
            ("_include", "Observation:related-target"),
            ("_include", "Observation:specimen"),
        ],
    ),
    search(
        "Verrichtingen",
        BZB,
        "Procedure",
        &[("category", "http://snomed.info/sct|387713003")],
    ),
    search(
        "Geplande verrichtingen",
        BZB,
        "ProcedureRequest",
        &[("status", "active")],
    ),
    search(
        "Contacten",
        BZB,
        "Encounter",
        &[(
            "class",
            "http://hl7.org/fhir/v3/ActCode|IMP,http://hl7.org/fhir/v3/ActCode|ACUTE,http://hl7.org/fhir/v3/ActCode|NONAC",
        )],
    ),
    search(
        "Aangevraagde hulpmiddelen",
        BZB,
        "DeviceRequest",
        &[("status", "active"), ("_include", "DeviceRequest:device")],
    ),
    search(
        "Afspraken",
        BZB,
        "Appointment",
        &[("status", "booked,pending,proposed")],
    ),
];
