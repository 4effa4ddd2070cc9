// SPDX-License-Identifier: AGPL-3.0-or-later
//! Observations and reports: measurements, results with the range of the lab itself, and how somebody lives.

use medmij_types::json::Value;

use super::draft::{Draft, Here, joined};
use super::read::{choice, concept, concept_at, each, has_code, quantity, range, string, text, unit, word};
use super::{Section, Serious, documents, words};

/// The label of the lab's own range.
pub(super) const RANGE: &str = "Grenzen van het lab";

/// Codes of measurements that a source might send without a category.
const MEASURED: [&str; 16] = [
    "85354-9",
    "8480-6",
    "8462-4",
    "29463-7",
    "8302-2",
    "39156-5",
    "8867-4",
    "8310-5",
    "9279-1",
    "2708-6",
    "59408-5",
    "8280-0",
    "9843-4",
    "364075005",
    "276885007",
    "8478-0",
];

/// Categories of results.
const RESULT: [&str; 12] = [
    "laboratory",
    "LAB",
    "275711006",
    "49581000146104",
    "15220000",
    "imaging",
    "RAD",
    "procedure",
    "exam",
    "survey",
    "PAT",
    "394595002",
];

/// Categories of how somebody lives.
const LIVING: [&str; 6] = [
    "social-history",
    "118228005",
    "384821006",
    "118234003",
    "106089007",
    "activity",
];

/// What tells of tissue, cells or genes, by codes of LOINC and SNOMED CT and by words.
const PATHOLOGY_CODES: [&str; 8] = [
    "11526-1",
    "22637-3",
    "60567-5",
    "27898-6",
    "47526-9",
    "394595002",
    "108257001",
    "PAT",
];
const PATHOLOGY_WORDS: [&str; 10] = [
    "patholog",
    "histolog",
    "cytolog",
    "biops",
    "weefselonderzoek",
    "genetisch",
    "dna-onderzoek",
    "oncogen",
    "maligne",
    "carcinoom",
];

/// An Observation.
pub(super) fn observation(here: Here<'_, '_>) -> Draft {
    let root = here.root;
    let mut draft = Draft::new(section(root));
    draft.title = concept_at(root, "code");
    draft.explanation = codes(root, "code").iter().find_map(|code| words::explained(code));
    draft.date = moment(root);
    let value = value(here, root);
    let mut summary: Vec<String> = value.iter().cloned().collect();
    add_number(&mut draft, root, None);
    draft.fact("Waarde", value);
    for component in each(root, "component") {
        let name = concept_at(component, "code");
        let Some(value) = self::value(here, component) else {
            continue;
        };
        let numeric = component.member("valueQuantity").is_some();
        if numeric {
            let short = name.as_ref().map(|name| format!("{} {value}", name.to_lowercase()));
            summary.push(short.unwrap_or_else(|| value.clone()));
        }
        add_number(&mut draft, component, name.as_deref());
        draft.fact(name.as_deref().unwrap_or("Ook gemeten"), Some(value));
        add_range(&mut draft, component);
    }
    draft.summary = (!summary.is_empty()).then(|| summary.join(", "));
    add_range(&mut draft, root);
    draft.fact("Het lab schrijft erbij", word_of(root, "interpretation"));
    draft.fact("Reden dat er geen waarde is", concept_at(root, "dataAbsentReason"));
    draft.fact("Manier", concept_at(root, "method"));
    draft.fact("Plaats op het lichaam", concept_at(root, "bodySite"));
    add_specimen(here, &mut draft);
    draft.fact("Gemeten met", here.references(root, "device"));
    draft.fact("Door", here.who(root, "performer"));
    if string(root, "status").as_deref() != Some("final") {
        draft.fact("Status", word(root, "status", "status"));
    }
    add_notes(root, &mut draft);
    draft.serious = is_pathology(root, draft.title.as_deref()).then_some(Serious::Pathology);
    draft
}

/// A DiagnosticReport.
pub(super) fn report(here: Here<'_, '_>) -> Draft {
    let root = here.root;
    let mut draft = Draft::new(Section::Results);
    draft.title = concept_at(root, "code");
    draft.date = moment(root);
    draft.fact("Soort", concept_at(root, "category"));
    draft.fact("Conclusie", text(root, "conclusion"));
    for name in ["codedDiagnosis", "conclusionCode"] {
        draft.fact("Conclusie", concept_at(root, name));
    }
    draft.fact("Uitslagen", here.references(root, "result"));
    add_specimen(here, &mut draft);
    draft.fact("Door", here.who(root, "performer"));
    draft.fact("Status", word(root, "status", "status"));
    for form in each(root, "presentedForm") {
        documents::add(here, form, &mut draft);
    }
    add_notes(root, &mut draft);
    draft.serious = Some(if is_pathology(root, draft.title.as_deref()) {
        Serious::Pathology
    } else {
        Serious::Letter
    });
    draft
}

/// A Specimen that no result names.
pub(super) fn specimen(here: Here<'_, '_>) -> Draft {
    let mut draft = Draft::new(Section::Results);
    draft.title = concept_at(here.root, "type");
    add_specimen_facts(here.root, &mut draft);
    draft.date = here
        .root
        .member("collection")
        .and_then(|found| moment_of(found, "collected"));
    draft
}

/// Adds the notes of a resource, under the names of both versions.
pub(super) fn add_notes(root: Value<'_>, draft: &mut Draft) {
    for name in ["note", "comment"] {
        for note in each(root, name) {
            let plain = note.as_str().and_then(|plain| super::text::clean(&plain));
            draft.fact("Opmerking", plain.or_else(|| text(note, "text")));
        }
    }
}

fn section(root: Value<'_>) -> Section {
    let codes = codes(root, "code");
    if has_code(root, "category", &["vital-signs"]) || codes.iter().any(|code| MEASURED.contains(&code.as_str())) {
        return Section::Measurements;
    }
    let has = |name| root.member(name).is_some();
    if has_code(root, "category", &RESULT) || has("referenceRange") || has("specimen") || has("interpretation") {
        return Section::Results;
    }
    if has_code(root, "category", &LIVING) || !(has("valueQuantity") || has("component")) {
        return Section::Living;
    }
    Section::Measurements
}

/// The codes of a concept.
pub(super) fn codes(root: Value<'_>, name: &str) -> Vec<String> {
    let concepts = each(root, name).into_iter();
    concepts
        .flat_map(|concept| each(concept, "coding"))
        .filter_map(|coding| string(coding, "code"))
        .collect()
}

fn value<'d>(here: Here<'_, 'd>, of: Value<'d>) -> Option<String> {
    here.any(of, "value")
}

fn moment(root: Value<'_>) -> Option<super::Day> {
    moment_of(root, "effective").or_else(|| super::read::day(root, "issued"))
}

/// The day of `x[x]`: a moment, or where a period begins.
pub(super) fn moment_of(root: Value<'_>, prefix: &str) -> Option<super::Day> {
    let (kind, found) = choice(root, prefix)?;
    match kind.as_str() {
        "Period" => super::read::day(found, "start").or_else(|| super::read::day(found, "end")),
        _ => super::Day::parse(&found.as_str()?),
    }
}

fn word_of(root: Value<'_>, name: &str) -> Option<String> {
    let words = each(root, name).into_iter().filter_map(|each| {
        if let Some(text) = text(each, "text") {
            return Some(text);
        }
        let mut codes = super::read::each(each, "coding")
            .into_iter()
            .filter_map(|coding| string(coding, "code"));
        let known = codes.find_map(|code| words::word("interpretation", &code));
        known.map(str::to_owned).or_else(|| concept(each))
    });
    joined(words)
}

/// The range that the lab gives, as it gives it.
fn add_range(draft: &mut Draft, of: Value<'_>) {
    for given in each(of, "referenceRange") {
        let shown = text(given, "text").or_else(|| range(given));
        let kind = concept_at(given, "type").or_else(|| concept_at(given, "meaning"));
        let kind = kind.filter(|kind| !kind.to_lowercase().contains("normal"));
        let both = shown.map(|shown| match kind {
            Some(kind) => format!("{shown} ({kind})"),
            None => shown,
        });
        draft.fact(RANGE, both);
    }
}

fn add_number(draft: &mut Draft, of: Value<'_>, name: Option<&str>) {
    let Some(found) = of.member("valueQuantity") else {
        return;
    };
    if found.member("comparator").is_some() || quantity(found).is_none() {
        return;
    }
    if let Some(number) = found.member("value").and_then(|value| value.as_number()) {
        draft
            .numbers
            .push((name.unwrap_or_default().to_owned(), number.to_owned(), unit(found)));
    }
}

fn add_specimen(here: Here<'_, '_>, draft: &mut Draft) {
    for reference in each(here.root, "specimen") {
        match here.resolve(reference) {
            Some((index, found)) => {
                draft.uses.extend(index);
                draft.fact("Onderzocht", concept_at(found, "type"));
                add_specimen_facts(found, draft);
            }
            None => draft.fact("Onderzocht", text(reference, "display")),
        }
    }
}

fn add_specimen_facts(found: Value<'_>, draft: &mut Draft) {
    if let Some(collection) = found.member("collection") {
        let day = moment_of(collection, "collected");
        draft.fact("Afgenomen", day.map(|day| day.with_time()));
        draft.fact("Afgenomen uit", concept_at(collection, "bodySite"));
        draft.fact("Manier van afnemen", concept_at(collection, "method"));
    }
}

fn is_pathology(root: Value<'_>, title: Option<&str>) -> bool {
    let codes = ["code", "category"]
        .iter()
        .flat_map(|name| codes(root, name))
        .collect::<Vec<_>>();
    let words = [
        title.map(str::to_owned),
        concept_at(root, "category"),
        text(root, "conclusion"),
    ];
    codes.iter().any(|code| PATHOLOGY_CODES.contains(&code.as_str()))
        || words
            .iter()
            .flatten()
            .map(|text| text.to_lowercase())
            .any(|text| PATHOLOGY_WORDS.iter().any(|word| text.contains(word)))
}
