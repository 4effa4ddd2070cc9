// SPDX-License-Identifier: AGPL-3.0-or-later
//! The data of the persons in `tests/data/dva`, moved to a day, and a responder for a row.

use std::fs;
use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::Response;
use medmij_fhir::server::{Delen, ResourceSet, Responder, Served};
use medmij_fhir::{FhirVersion, Limits, ResourceEndpoint, ResourceType, xml};
use medmij_types::{BackchannelUri, CalendarDate};
use serde_json::Value;

pub(crate) const BASE: &str = "https://dva.example.nl/fhir";

/// The types that are searched for a service.
const SERVICES: &[(&str, &str)] = &[
    (
        "48",
        "Patient Coverage Consent Observation Condition NutritionOrder Flag AllergyIntolerance MedicationStatement \
         MedicationRequest MedicationDispense DeviceUseStatement Immunization Procedure Encounter ProcedureRequest \
         ImmunizationRecommendation Appointment DeviceRequest",
    ),
    (
        "49",
        "Patient EpisodeOfCare MedicationRequest AllergyIntolerance Observation Composition Encounter",
    ),
    ("51", "DocumentReference"),
    ("52", "Observation"),
    ("54", "AllergyIntolerance"),
    ("59/60", "Task"),
    (
        "61",
        "Patient Consent Condition AllergyIntolerance Observation Procedure CarePlan CareTeam",
    ),
    ("65", "Patient EpisodeOfCare Condition Encounter Observation Procedure"),
    ("30/31/35", "MedicationRequest MedicationDispense MedicationStatement"),
];

pub(crate) fn responder(service: &str) -> Responder {
    let (_, types) = SERVICES.iter().find(|(id, _)| *id == service).unwrap();
    let mut served = Served::new(FhirVersion::Stu3);
    for name in types.split_whitespace() {
        served = served.with_type(ResourceType::parse(name).unwrap());
    }
    if service == "59/60" {
        served = served.with_delen(Delen::lookup("60").unwrap());
    }
    let endpoint = ResourceEndpoint::new(BackchannelUri::parse(BASE).unwrap()).unwrap();
    Responder::serving(endpoint, served)
}

/// A day in days since 1970.
pub(crate) fn days(text: &str) -> CalendarDate {
    CalendarDate::parse(text).unwrap()
}

/// Writes the days between braces: `{T}`, `{T-13D}`, `{T+30D}`, `{T-14M}`.
pub(crate) fn day(text: &str, today: CalendarDate) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("{T") {
        out.push_str(&rest[..at]);
        let end = at + rest[at..].find('}').unwrap();
        let shift = &rest[at + 2..end];
        let moved = match shift.as_bytes() {
            [] => today,
            [sign, number @ .., unit] => {
                let number: u32 = std::str::from_utf8(number).unwrap().parse().unwrap();
                match (sign, unit) {
                    (b'-', b'D') => today.minus(number),
                    (b'+', b'D') => today.plus(number),
                    (b'-', b'M') => months_before(today, u16::try_from(number).unwrap()),
                    _ => panic!("{shift}"),
                }
            }
            _ => panic!("{shift}"),
        };
        out.push_str(&moved.to_string());
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
    out
}

fn months_before(today: CalendarDate, months: u16) -> CalendarDate {
    let count = today.year() * 12 + u16::from(today.month()) - 1 - months;
    let (year, month) = (count / 12, u8::try_from(count % 12 + 1).unwrap());
    // the last day of a shorter month
    (0..4)
        .find_map(|less| CalendarDate::new(year, month, today.day() - less))
        .unwrap()
}

/// What a person has.
pub(crate) fn dossier(name: &str, today: CalendarDate) -> ResourceSet {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/dva/{name}.json"));
    let mut set = ResourceSet::new();
    let text = day(&fs::read_to_string(&path).unwrap(), today).replace("https://dva.example.nl/fhir", BASE);
    set.insert_json(text.as_bytes())
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    set
}

/// An answer of a source in memory, which never waits.
pub(crate) fn now<T>(answer: impl Future<Output = T>) -> T {
    match pin!(answer).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("a source in memory waits"),
    }
}

/// The body of an answer, of whichever form, as JSON; null where it is no FHIR.
pub(crate) fn to_json(response: &Response<Bytes>) -> Value {
    let content_type = response
        .headers()
        .get("content-type")
        .map_or("", |value| value.to_str().unwrap());
    if content_type.contains("fhir+json") {
        serde_json::from_slice(response.body()).unwrap()
    } else if content_type.contains("fhir+xml") {
        let json = xml::to_json(response.body(), FhirVersion::Stu3, &Limits::default()).unwrap();
        assert!(json.is_lossless(), "{:?}", json.oddities);
        serde_json::from_str(&json.text).unwrap()
    } else {
        Value::Null
    }
}

pub(crate) fn to_xml(json: &str) -> Vec<u8> {
    let xml = xml::from_json(json.as_bytes(), FhirVersion::Stu3, &Limits::default()).unwrap();
    assert!(xml.is_lossless(), "{:?}", xml.oddities);
    xml.text.into_bytes()
}

/// The Task of the questionnaire with another status.
pub(crate) fn task(status: &str) -> String {
    let set = dossier("60", days("2026-11-30"));
    let task = set.lookup("Task", "vragen").unwrap();
    task.as_str().replace("\"requested\"", &format!("\"{status}\""))
}

/// The transaction with the answers.
pub(crate) fn answers() -> String {
    let task = task("completed");
    let output = r#","output":[{"type":{"text":"QuestionnaireResponse"},"valueReference":{"reference":"urn:uuid:0b5b0d44-6d8e-4c63-9a0c-5a1b3c0f4a11"}}]}"#;
    let task = format!("{}{output}", task.strip_suffix('}').unwrap());
    format!(
        r#"{{"resourceType":"Bundle","type":"transaction","entry":[
        {{"fullUrl":"{BASE}/Task/vragen","resource":{task},"request":{{"method":"PUT","url":"Task/vragen"}}}},
        {{"fullUrl":"urn:uuid:0b5b0d44-6d8e-4c63-9a0c-5a1b3c0f4a11","resource":{{"resourceType":"QuestionnaireResponse",
          "meta":{{"profile":["http://hl7.org/fhir/StructureDefinition/QuestionnaireResponse"]}},
          "questionnaire":{{"reference":"Questionnaire/intake","display":"Intakevragenlijst"}},"status":"completed",
          "subject":{{"reference":"Patient/pat","display":"Elske Rijnders"}},"authored":"2026-11-30T10:00:00+01:00",
          "item":[{{"linkId":"1","answer":[{{"valueString":"Goed"}}]}}]}},
          "request":{{"method":"POST","url":"QuestionnaireResponse"}}}}]}}"#
    )
}
