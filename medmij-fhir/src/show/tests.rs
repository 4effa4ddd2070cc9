// SPDX-License-Identifier: AGPL-3.0-or-later
//! Any JSON makes a view, and a resource of an unknown type hides no readable text.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use medmij_types::CalendarDate;
use medmij_types::json::{Document, JsonLimits, Kind, Value};
use proptest::prelude::*;

use super::text::{clean, is_readable};
use super::{DossierView, Entry, Section, StoredResource};

fn view(texts: &[String]) -> DossierView {
    let stored: Vec<_> = texts
        .iter()
        .map(|text| StoredResource::new(text.as_bytes(), "Huisarts De Wilg"))
        .collect();
    DossierView::of(&stored, CalendarDate::parse("2026-12-01").unwrap())
}

fn shown(entry: &Entry) -> String {
    let mut all = format!("{}\n{}\n", entry.title(), entry.summary().unwrap_or_default());
    for fact in entry.facts() {
        all.push_str(&format!("{}\n{}\n", fact.label, fact.value));
    }
    all
}

/// Every string of a resource that is for people.
fn readable(value: Value<'_>, name: &str, out: &mut Vec<String>) {
    match value.kind() {
        Kind::Object => {
            for member in value.members() {
                let member_name = member.name().unwrap().into_owned();
                let is_number = member_name == "value" && name.to_ascii_lowercase().ends_with("identifier");
                if member_name != "meta" && !is_number {
                    readable(member, &member_name, out);
                }
            }
        }
        Kind::Array => value.items().for_each(|item| readable(item, name, out)),
        Kind::String => {
            let text = value.as_str().unwrap();
            if is_readable(name.trim_start_matches('_'), &text) {
                out.push(clean(&text).unwrap());
            }
        }
        _ => {}
    }
}

/// Names of FHIR, so that what is made looks like a resource.
const NAMES: [&str; 40] = [
    "code",
    "coding",
    "text",
    "display",
    "system",
    "status",
    "valueQuantity",
    "value",
    "unit",
    "name",
    "given",
    "family",
    "period",
    "start",
    "end",
    "reference",
    "identifier",
    "note",
    "extension",
    "url",
    "valueString",
    "content",
    "attachment",
    "data",
    "contentType",
    "component",
    "referenceRange",
    "low",
    "high",
    "dosage",
    "timing",
    "repeat",
    "medicationReference",
    "effectiveDateTime",
    "onsetAge",
    "contained",
    "id",
    "category",
    "answer",
    "onbekend",
];

const STRINGS: [&str; 18] = [
    "",
    "?",
    "true",
    "tablet",
    "1 maal per dag",
    "2026-09-14",
    "2026",
    "2026-09-14T10:00:00+02:00",
    "Patient/p1",
    "#a",
    "http://snomed.info/sct",
    "active",
    "application/pdf",
    "JVBERi0=",
    "Beukenhof",
    "mmol/L",
    "999990019",
    "<div>a</div>",
];

fn json() -> impl Strategy<Value = serde_json::Value> {
    let text = prop_oneof![
        proptest::sample::select(&STRINGS[..]).prop_map(str::to_owned),
        proptest::collection::vec(any::<char>(), 0..12).prop_map(|chars| chars.into_iter().collect::<String>()),
    ];
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<f64>().prop_map(|number| serde_json::json!(number)),
        any::<i64>().prop_map(Into::into),
        text.prop_map(Into::into),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        let name = proptest::sample::select(&NAMES[..]).prop_map(str::to_owned);
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
            proptest::collection::btree_map(name, inner, 0..6)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Types with a view of their own, and three without.
const TYPES: [&str; 31] = [
    "MedicationRequest",
    "MedicationDispense",
    "MedicationStatement",
    "Medication",
    "AllergyIntolerance",
    "Condition",
    "Flag",
    "Observation",
    "DiagnosticReport",
    "Specimen",
    "Immunization",
    "ImmunizationRecommendation",
    "Appointment",
    "Encounter",
    "DocumentReference",
    "Binary",
    "Procedure",
    "ServiceRequest",
    "DeviceUseStatement",
    "Device",
    "Consent",
    "Practitioner",
    "Organization",
    "CareTeam",
    "Patient",
    "Coverage",
    "MedicationAdministration",
    "Composition",
    "QuestionnaireResponse",
    "Iets",
    "NutritionOrder",
];

fn resource(types: &'static [&'static str]) -> impl Strategy<Value = String> {
    let name = proptest::sample::select(&NAMES[..]).prop_map(str::to_owned);
    let members = proptest::collection::btree_map(name, json(), 0..12);
    (proptest::sample::select(types), members).prop_map(|(resource_type, members)| {
        let mut all: serde_json::Map<_, _> = members.into_iter().collect();
        all.insert("resourceType".to_owned(), resource_type.into());
        serde_json::Value::Object(all).to_string()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_json_makes_a_view_that_loses_no_resource(texts in proptest::collection::vec(resource(&TYPES), 0..5)) {
        let view = view(&texts);
        for index in 0..texts.len() {
            prop_assert!(view.entry_of(index).is_some());
        }
        for entry in view.entries() {
            prop_assert!(!entry.title().is_empty());
            prop_assert!(entry.facts().iter().all(|fact| !fact.label.is_empty() && !fact.value.is_empty()));
            for attachment in entry.attachments() {
                let _ = attachment.open(texts[attachment.resource()].as_bytes());
            }
        }
        for section in Section::ALL {
            for series in view.series(section) {
                let _ = series.chart("a");
            }
        }
    }

    #[test]
    fn bytes_that_are_no_resource_are_an_entry(text in any::<String>(), whole in json()) {
        prop_assert_eq!(view(&[text]).entries().len(), 1);
        prop_assert_eq!(view(&[whole.to_string()]).entries().len(), 1);
    }

    #[test]
    fn an_unknown_type_shows_every_readable_text(text in resource(&["Iets", "QuestionnaireResponse", "Basic"])) {
        let view = view(std::slice::from_ref(&text));
        let entry = view.entry_of(0).unwrap();
        prop_assert!(entry.is_generic());
        let document = Document::parse(text.as_bytes(), &JsonLimits::default()).unwrap();
        let mut wanted = Vec::new();
        for member in document.root().members() {
            let name = member.name().unwrap().into_owned();
            // a text that holds a narrative is shown without its markup
            if !(name == "text" && member.kind() == Kind::Object) {
                readable(member, &name, &mut wanted);
            }
        }
        let shown = shown(entry);
        for each in wanted {
            prop_assert!(shown.contains(&each), "{:?} not in {:?}", each, shown);
        }
    }
}
