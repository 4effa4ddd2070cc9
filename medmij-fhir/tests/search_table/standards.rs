// SPDX-License-Identifier: AGPL-3.0-or-later
//! The parameters that the Dutch standards add or use, STU3 and R4, and all queries of the catalogue.

use http::StatusCode;
use medmij_fhir::server::{ResourceSet, Responder};
use medmij_fhir::{Catalogue, Choices, FhirVersion, QueryMethod, ResourceEndpoint, ResourceId, SearchDate};
use medmij_types::BackchannelUri;

use super::{BASE, ask, responder, set, table};

#[test]
fn the_parameters_of_the_dutch_standards_look_where_their_definitions_say() {
    let resources = set(&[
        r#"{"resourceType":"MedicationRequest","id":"ma","status":"active","category":{"coding":[{"system":"http://snomed.info/sct","code":"16076005"}]},
          "extension":[{"url":"http://nictiz.nl/fhir/StructureDefinition/zib-Medication-PeriodOfUse","valuePeriod":{"start":"2026-03-01","end":"2026-03-10"}},
            {"url":"http://nictiz.nl/fhir/StructureDefinition/zib-Medication-MedicationTreatment","valueIdentifier":{"system":"urn:oid:1","value":"mbh"}}],
          "identifier":[{"system":"urn:oid:2","value":"ma-1"}],"medicationReference":{"reference":"Medication/m"}}"#,
        r##"{"resourceType":"MedicationRequest","id":"mb","status":"active",
          "contained":[{"resourceType":"Medication","id":"c","code":{"coding":[{"system":"urn:oid:2.16.840.1.113883.2.4.4.10","code":"3956"}]}}],
          "medicationReference":{"reference":"#c"}}"##,
        r#"{"resourceType":"Medication","id":"m","code":{"coding":[{"system":"urn:oid:2.16.840.1.113883.2.4.4.8","code":"123"}]}}"#,
        r#"{"resourceType":"MedicationDispense","id":"md","status":"completed","whenHandedOver":"2026-03-05",
          "extension":[{"url":"http://nictiz.nl/fhir/StructureDefinition/zib-Dispense-RequestDate","valueDateTime":"2026-03-04"}]}"#,
        r#"{"resourceType":"Appointment","id":"ap","status":"booked","start":"2026-12-01T09:00:00+01:00"}"#,
        r#"{"resourceType":"Appointment","id":"aq","status":"cancelled","start":"2026-12-02T09:00:00+01:00"}"#,
        r#"{"resourceType":"DocumentReference","id":"dr","status":"current","indexed":"2026-02-01T00:30:00+01:00","created":"2026-01-01"}"#,
        r#"{"resourceType":"DocumentManifest","id":"dm","status":"current","created":"2026-02-01","source":"urn:oid:9"}"#,
        r#"{"resourceType":"AllergyIntolerance","id":"ai","category":["medication","food"],"verificationStatus":"confirmed"}"#,
        r#"{"resourceType":"Composition","id":"co","status":"final","type":{"coding":[{"system":"http://loinc.org","code":"67781-5"}]}}"#,
    ]);
    let responder = responder(
        FhirVersion::Stu3,
        "MedicationRequest MedicationDispense Appointment DocumentReference DocumentManifest AllergyIntolerance Composition",
    );
    table(
        &responder,
        &resources,
        &[
            ("MedicationRequest?category=http://snomed.info/sct%7C16076005", "ma"),
            ("MedicationRequest?periodofuse=ge2026-03-10", "ma"),
            ("MedicationRequest?periodofuse=ge2026-03-11", ""),
            ("MedicationRequest?periodofuse=le2026-02-28", ""),
            (
                "MedicationRequest?periodofuse=ge2026-03-05&periodofuse=le2026-03-06",
                "ma",
            ),
            ("MedicationRequest?medicationtreatment=urn:oid:1%7Cmbh", "ma"),
            ("MedicationRequest?identifier=urn:oid:2%7Cma-1", "ma"),
            (
                "MedicationRequest?medication.code=urn:oid:2.16.840.1.113883.2.4.4.8%7C123",
                "ma",
            ),
            (
                "MedicationRequest?medication.code=urn:oid:2.16.840.1.113883.2.4.4.10%7C3956",
                "mb",
            ),
            (
                "MedicationDispense?whenhandedover=ge2026-03-05&whenhandedover=le2026-03-05",
                "md",
            ),
            ("MedicationDispense?requestdate=lt2026-03-05", "md"),
            ("Appointment?date=ge2026-12-01&date=le2026-12-01", "ap"),
            ("Appointment?status=booked,pending,proposed", "ap"),
            (
                "DocumentReference?status=current&indexed=ge2026-02-01&indexed=le2026-02-28",
                "dr",
            ),
            ("DocumentReference?indexed=lt2026-02-01&status=current", ""),
            ("DocumentReference?created=2026-01-01", "dr"),
            (
                "DocumentManifest?status=current&created=ge2026-02-01&created=le2026-02-01",
                "dm",
            ),
            ("DocumentManifest?source=urn:oid:9", "dm"),
            ("AllergyIntolerance?category=medication", "ai"),
            ("AllergyIntolerance?category=environment", ""),
            ("AllergyIntolerance?category:not=food", ""),
            ("Composition?type=http://loinc.org%7C67781-5", "co"),
        ],
    );
}

#[test]
fn r4_has_its_own_elements_and_parameters() {
    let resources = set(&[
        r#"{"resourceType":"Task","id":"t","meta":{"lastUpdated":"2026-01-31T23:59:59+01:00","tag":[{"system":"http://medmij.nl/fhir/CodeSystem/DataService","code":"urn:oid:2.16.528.1.1023.5.7"}]},
          "status":"requested","extension":[{"url":"http://medmij.nl/fhir/StructureDefinition/ext-Task.DigitalActivity","valueReference":{"reference":"ActivityDefinition/ad"}}],
          "basedOn":[{"reference":"ServiceRequest/g"}],"focus":{"reference":"ServiceRequest/f"}}"#,
        r#"{"resourceType":"Task","id":"u","meta":{"lastUpdated":"2026-02-01T00:00:00+01:00"},"status":"ready"}"#,
        r#"{"resourceType":"ActivityDefinition","id":"ad"}"#,
        r#"{"resourceType":"ServiceRequest","id":"g"}"#,
        r#"{"resourceType":"ServiceRequest","id":"f"}"#,
        r#"{"resourceType":"Immunization","id":"im","status":"completed","occurrenceDateTime":"2025","performer":[{"actor":{"reference":"PractitionerRole/r"}}],
          "meta":{"profile":["http://nictiz.nl/fhir/StructureDefinition/imm-Vaccination.event|2.0"]}}"#,
        r#"{"resourceType":"PractitionerRole","id":"r","practitioner":{"reference":"Practitioner/q"},"organization":{"reference":"Organization/o"}}"#,
        r#"{"resourceType":"Practitioner","id":"q"}"#,
        r#"{"resourceType":"Organization","id":"o"}"#,
        r#"{"resourceType":"DiagnosticReport","id":"dr","status":"final","category":[{"coding":[{"system":"http://snomed.info/sct","code":"108257001"}]}]}"#,
        r#"{"resourceType":"MedicationRequest","id":"mr","extension":[{"url":"http://nictiz.nl/fhir/StructureDefinition/ext-TimeInterval.Period","valuePeriod":{"start":"2026-05-01"}},
          {"url":"http://nictiz.nl/fhir/StructureDefinition/ext-PharmaceuticalTreatment.Identifier","valueIdentifier":{"system":"urn:oid:1","value":"7"}}]}"#,
        r#"{"resourceType":"Condition","id":"cn","clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]},
          "encounter":{"reference":"Encounter/1"}}"#,
    ]);
    let responder = responder(
        FhirVersion::R4,
        "Task Immunization DiagnosticReport MedicationRequest Condition",
    );
    table(
        &responder,
        &resources,
        &[
            (
                "Task?_tag=http://medmij.nl/fhir/CodeSystem/DataService%7Curn:oid:2.16.528.1.1023.5.7",
                "t",
            ),
            (
                "Task?_lastUpdated=ge2026-01-01T00:00:00%2B01:00&_lastUpdated=le2026-01-31T23:59:59%2B01:00",
                "t",
            ),
            ("Task?_lastUpdated=gt2026-01-31T23:59:59%2B01:00", "u"),
            ("Task?_lastUpdated=lt2026-01-31T22:59:59%2B00:00", ""),
            ("Task?_lastUpdated=le2026-01-31T22:59:59%2B00:00", "t"),
            ("Immunization?date=2025", "im"),
            (
                "Immunization?_profile=http://nictiz.nl/fhir/StructureDefinition/imm-Vaccination.event",
                "im",
            ),
            (
                "Immunization?_profile=http://nictiz.nl/fhir/StructureDefinition/imm-Vaccination.event%7C2.0",
                "im",
            ),
            (
                "Immunization?_profile=http://nictiz.nl/fhir/StructureDefinition/imm-Vaccination.event%7C1.0",
                "",
            ),
            (
                "DiagnosticReport?category=http://snomed.info/sct%7C108257001&status=final",
                "dr",
            ),
            ("MedicationRequest?period-of-use=ge2026-06", "mr"),
            (
                "MedicationRequest?pharmaceutical-treatment-identifier=urn:oid:1%7C7",
                "mr",
            ),
            ("Condition?clinical-status=active", "cn"),
            ("Condition?encounter=Encounter/1", "cn"),
        ],
    );
    let (_, found, mut along) = ask(
        &responder,
        &resources,
        "Task?_id=t&_include=Task:based-on&_include=Task:focus&_include=Task:digital-activity",
        None,
    );
    along.sort();
    assert_eq!(
        (found.join(" "), along.join(" ")),
        ("t".to_owned(), "ad f g".to_owned())
    );
    let (_, _, mut along) = ask(
        &responder,
        &resources,
        "Immunization?_include=Immunization:performer&_include:iterate=PractitionerRole:practitioner&_include:iterate=PractitionerRole:organization",
        None,
    );
    along.sort();
    assert_eq!(along.join(" "), "o q r");
}

#[test]
fn every_query_of_the_catalogue_with_each_of_its_filters_is_understood_by_a_server_of_that_service() {
    let today = SearchDate::parse("2026-11-30").unwrap();
    let choices = Choices::default()
        .today(today.clone())
        .from(today.clone())
        .to(today)
        .code("http://loinc.org|85354-9")
        .id(ResourceId::parse("een").unwrap())
        .id(ResourceId::parse("twee").unwrap());
    let empty = ResourceSet::new();
    let (mut services, mut asked) = (0, 0);
    for service in Catalogue::builtin().all() {
        services += 1;
        let endpoint = ResourceEndpoint::new(BackchannelUri::parse(BASE).unwrap()).unwrap();
        let responder = Responder::new(endpoint, service);
        for query in service
            .queries()
            .iter()
            .filter(|query| query.method() == QueryMethod::Get)
        {
            if query.resource_type().is_none() || query.target().contains("/{id}") && !query.target().contains('?') {
                continue;
            }
            let mut targets = vec![query.query(&choices)];
            for filter in query.filters() {
                let value = if filter.contains("date")
                    || filter.contains("period")
                    || filter.contains("when")
                    || filter.contains("time")
                    || matches!(filter, "indexed" | "created" | "_lastUpdated" | "authoredon")
                {
                    "ge2026-01-01"
                } else if filter == "status" {
                    "active"
                } else {
                    "urn:oid:1|7"
                };
                targets.push(query.query(&choices.clone().filter(filter, value)));
            }
            for target in targets {
                // a value outside a closed list, or a template that needs the service
                let Ok(target) = target else { continue };
                let text = target.path_and_query();
                let (status, _, _) = ask(&responder, &empty, &text, Some("handling=strict"));
                assert_eq!(status, StatusCode::OK, "{}: {text}", service.key());
                asked += 1;
            }
        }
    }
    assert!(services >= 56 && asked >= 150, "{services} {asked}");
}
