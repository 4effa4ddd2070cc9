// SPDX-License-Identifier: AGPL-3.0-or-later
//! The views of a dossier over real resources: the data of the example DVZA, of two Aanbieders together, and HL7's examples
//! where `MEDMIJ_FHIR_PAIRS` says where they are.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use medmij_fhir::show::{DossierView, Entry, Section, Serious, StoredResource};
use medmij_types::{Bsn, CalendarDate};
use serde_json::Value;

/// Everything of one person: the resource, and the name of its Aanbieder.
fn dossier(person: &str) -> Vec<(Value, &'static str)> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/dvza/data");
    let mut all = Vec::new();
    for (folder, name) in [
        ("huisartsdewilg", "Huisarts De Wilg"),
        ("ziekenhuisdelinde", "Ziekenhuis De Linde"),
    ] {
        let mut files: Vec<PathBuf> = Vec::new();
        for service in fs::read_dir(data.join(folder).join(person)).unwrap() {
            files.extend(
                fs::read_dir(service.unwrap().path())
                    .unwrap()
                    .map(|file| file.unwrap().path()),
            );
        }
        files.sort();
        for file in files {
            let bundle: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
            let entries = bundle["entry"].as_array().unwrap().iter();
            all.extend(entries.map(|entry| (entry["resource"].clone(), name)));
        }
    }
    all
}

fn view(resources: &[(Value, &str)]) -> DossierView {
    let bytes: Vec<_> = resources
        .iter()
        .map(|(resource, source)| (resource.to_string(), *source))
        .collect();
    let stored: Vec<_> = bytes
        .iter()
        .map(|(text, source)| StoredResource::new(text.as_bytes(), source))
        .collect();
    DossierView::of(&stored, CalendarDate::parse("2026-12-01").unwrap())
}

/// All texts of an entry that a person reads.
fn texts(entry: &Entry) -> Vec<String> {
    let mut texts = vec![entry.title().to_owned(), entry.calm_title().to_owned()];
    texts.extend(entry.summary().map(str::to_owned));
    texts.extend(entry.date().map(|day| day.with_time()));
    for fact in entry.facts() {
        texts.push(fact.label.clone());
        texts.push(fact.value.clone());
    }
    texts.extend(
        entry
            .attachments()
            .iter()
            .map(|attachment| attachment.title().to_owned()),
    );
    texts
}

/// Strings of a resource that are for computers, and that no text of a person holds too.
fn machine_words(value: &Value, name: &str, out: &mut BTreeSet<String>, human: &mut String) {
    match value {
        Value::Object(members) => {
            // the code of a unit is the unit
            let is_quantity = members.get("value").is_some_and(Value::is_number);
            let is_shown = |name: &str| name != "meta" && !(is_quantity && name == "code");
            for (name, value) in members.iter().filter(|(name, _)| is_shown(name)) {
                machine_words(value, name, out, human);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| machine_words(item, name, out, human)),
        Value::String(text) => {
            let machine = [
                "code",
                "system",
                "url",
                "reference",
                "id",
                "resourceType",
                "linkId",
                "valueCode",
                "valueUri",
            ];
            if machine.contains(&name) {
                out.insert(text.clone());
            } else {
                human.push_str(text);
                human.push('\n');
            }
        }
        _ => {}
    }
}

fn assert_plain(entry: &Entry, resources: &[(Value, &str)]) {
    let (mut machine, mut human) = (BTreeSet::new(), String::new());
    for index in entry.resources().iter().chain(entry.drawn_from()) {
        machine_words(&resources[*index].0, "", &mut machine, &mut human);
    }
    machine.retain(|word| word.len() > 2 && !human.contains(word.as_str()));
    for text in texts(entry) {
        for word in text.split(['\n', ';', ' ', ',', '(', ')']).map(str::trim) {
            assert!(!machine.contains(word), "{word} in {text}");
            assert!(Bsn::parse(word).is_err(), "a BSN");
        }
        // in a sentence of the source they are words of a person
        for part in text.split("; ").map(str::trim) {
            assert!(!matches!(part, "" | "true" | "false" | "null" | "?"), "{text}");
            assert!(
                !part.starts_with("urn:") && !part.starts_with("http://hl7.org/fhir/StructureDefinition"),
                "{text}"
            );
        }
    }
}

#[test]
fn every_resource_of_two_aanbieders_is_in_an_entry_without_code_path_or_bsn() {
    for person in ["willemijn-hofstra", "bram-oosterveld"] {
        let resources = dossier(person);
        let view = view(&resources);
        let mut seen = BTreeSet::new();
        for entry in view.entries() {
            seen.extend(entry.resources().iter().chain(entry.drawn_from()).copied());
            assert_plain(entry, &resources);
        }
        assert_eq!(seen.len(), resources.len(), "{person}");
    }
}

#[test]
fn the_examples_of_hl7_hold_no_code_path_or_bsn() {
    let Some(folder) = std::env::var_os("MEDMIJ_FHIR_PAIRS").map(PathBuf::from) else {
        println!("SKIPPED: MEDMIJ_FHIR_PAIRS is not set");
        return;
    };
    let mut resources = Vec::new();
    for version in ["stu3", "r4"] {
        let mut files: Vec<PathBuf> = fs::read_dir(folder.join(version))
            .unwrap()
            .map(|file| file.unwrap().path())
            .collect();
        files.sort();
        for file in files
            .into_iter()
            .filter(|file| file.extension().is_some_and(|end| end == "json"))
        {
            resources.push((serde_json::from_slice(&fs::read(file).unwrap()).unwrap(), version));
        }
    }
    assert!(resources.len() > 70);
    let view = view(&resources);
    for entry in view.entries() {
        assert_plain(entry, &resources);
    }
}

#[test]
fn one_medicine_is_one_line_with_dose_and_use() {
    let view = view(&dossier("willemijn-hofstra"));
    let amlodipine: Vec<_> = view
        .section(Section::Medication)
        .filter(|entry| entry.title().contains("Amlodipine"))
        .collect();
    assert_eq!(amlodipine.len(), 1);
    let facts: Vec<_> = amlodipine[0]
        .facts()
        .iter()
        .map(|fact| (fact.label.as_str(), fact.value.as_str()))
        .collect();
    assert_eq!(amlodipine[0].summary(), Some("1 maal per dag 1 tablet"));
    assert_eq!(
        amlodipine[0].resources().len(),
        6,
        "three of each Aanbieder, of one treatment"
    );
    for fact in [
        ("Dosering", "1 maal per dag 1 tablet"),
        ("Status", "in gebruik"),
        ("Gebruik je dit medicijn", "ja"),
        ("Toediening", "Oraal"),
        ("Reden", "Hypertensie"),
        ("Vorm", "tablet"),
        ("Voorgeschreven door", "Karel van Wilgenburg"),
        ("Verstrekt door", "Apotheek De Vijzel"),
    ] {
        assert!(facts.contains(&fact), "{fact:?} in {facts:?}");
    }
}

#[test]
fn a_result_has_the_range_of_the_lab_itself() {
    let view = view(&dossier("willemijn-hofstra"));
    let hba1c = view
        .series(Section::Results)
        .into_iter()
        .find(|series| series.title() == "HbA1c")
        .unwrap();
    assert_eq!(hba1c.unit(), Some("mmol/mol"));
    assert!(hba1c.rows().iter().all(|row| row.range() == Some("20 tot 42 mmol/mol")));
    assert!(hba1c.rows().iter().any(|row| row.value(0) == Some("58")));
    let pressure = view
        .series(Section::Measurements)
        .into_iter()
        .find(|series| series.title() == "Bloeddruk")
        .unwrap();
    assert_eq!(pressure.lines(), ["Bovendruk", "Onderdruk"]);
    let chart = pressure.chart("a").unwrap();
    for part in [
        "<title id=\"a-t\">",
        "<desc id=\"a-d\">",
        "mmHg",
        "Bovendruk",
        "Onderdruk",
        "stroke-dasharray",
    ] {
        assert!(chart.contains(part), "{part}");
    }
    assert!(
        !chart.contains("style") && !chart.contains('#'),
        "colours and styles come from the page"
    );
}

#[test]
fn letters_and_new_diagnoses_open_after_a_sentence() {
    let view = view(&dossier("willemijn-hofstra"));
    let serious = |title: &str| {
        view.entries()
            .iter()
            .find(|entry| entry.title() == title)
            .unwrap()
            .serious()
    };
    assert_eq!(serious("Slapeloosheid"), Some(Serious::Diagnosis));
    assert_eq!(serious("Hypertensie"), None);
    assert_eq!(serious("Polikliniekbrief diabetes"), Some(Serious::Letter));
    let letters = view.entries().iter().filter(|entry| !entry.attachments().is_empty());
    for letter in letters {
        let kinds = ["Polikliniekbrief", "Ontslagbrief", "Verwijsbrief", "Samenvatting"];
        assert!(
            kinds.contains(&letter.calm_title()),
            "its kind, and not what it is about"
        );
        let attachment = &letter.attachments()[0];
        let resources = dossier("willemijn-hofstra");
        let (kind, bytes) = attachment
            .open(resources[attachment.resource()].0.to_string().as_bytes())
            .unwrap();
        assert_eq!((kind.as_str(), attachment.kind()), ("application/pdf", "pdf"));
        assert!(bytes.starts_with(b"%PDF-"));
    }
}

#[test]
fn what_was_collected_twice_is_one_entry_with_the_same_texts() {
    let once = dossier("willemijn-hofstra");
    let twice: Vec<_> = once.iter().chain(&once).cloned().collect();
    let lines = |resources: &[(Value, &str)]| -> Vec<Vec<String>> {
        let mut lines: Vec<_> = view(resources).entries().iter().map(texts).collect();
        for line in &mut lines {
            line.sort();
        }
        lines.sort();
        lines
    };
    assert_eq!(lines(&once).len(), lines(&twice).len());
    assert_eq!(lines(&once), lines(&twice));
}
