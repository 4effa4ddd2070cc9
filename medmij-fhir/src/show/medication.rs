// SPDX-License-Identifier: AGPL-3.0-or-later
//! Medicines: what was agreed, dispensed and used of one medicine is one entry.

use std::collections::BTreeMap;

use medmij_types::json::Value;

use super::draft::{Draft, Here, joined};
use super::read::{
    choice, concept_at, day, each, extensions, first, has_code, number, period, quantity, string, text, word,
};
use super::{Fact, Section, dosage};

/// The label of each kind of dosage: what the Persoon does first.
const DOSES: [&str; 3] = [
    "Zo gebruik je het",
    "Dosering volgens de afspraak",
    "Dosering volgens de apotheek",
];

/// And of each kind of status.
const STATUSES: [&str; 3] = [
    "Status van je gebruik",
    "Status van de afspraak",
    "Status bij de apotheek",
];

/// MedicationRequest, MedicationDispense, MedicationStatement or MedicationAdministration.
pub(super) fn medication(here: Here<'_, '_>, kind: &str) -> Draft {
    let root = here.root;
    let mut draft = Draft::new(Section::Medication);
    draft.title = medicine(here, &mut draft);
    draft.treatment = treatment(root);
    let [used, agreed, dispensed] = DOSES;
    let [status_used, status_agreed, status_dispensed] = STATUSES;
    let (label, status) = match kind {
        "MedicationRequest" => (agreed, status_agreed),
        "MedicationDispense" => (dispensed, status_dispensed),
        _ => (used, status_used),
    };
    let doses = ["dosageInstruction", "dosage"]
        .iter()
        .flat_map(|name| each(root, name))
        .collect::<Vec<_>>();
    let rendered = extensions(root, "RenderedDosageInstruction")
        .into_iter()
        .find_map(|each| text(each, "valueString"));
    let rendered = rendered.or_else(|| text(root, "renderedDosageInstruction"));
    let dose = rendered.or_else(|| joined(doses.iter().filter_map(|dose| dosage::dosage(*dose))));
    draft.summary.clone_from(&dose);
    draft.fact(label, dose);
    for (label, text) in doses.iter().flat_map(|dose| dosage::details(*dose)) {
        draft.fact(label, Some(text));
    }
    draft.fact("Gebruik je dit medicijn", dosage::use_status(root));
    draft.fact(status, word(root, "status", "medication"));
    let used = extensions(root, "PeriodOfUse")
        .into_iter()
        .find_map(|each| period(each.member("valuePeriod")?));
    draft.fact("Periode", used.or_else(|| when(root)));
    for name in [
        "reasonCode",
        "reasonNotTaken",
        "notDoneReasonCodeableConcept",
        "statusReason",
    ] {
        draft.fact("Reden", concept_at(root, name));
    }
    draft.fact("Reden", here.references(root, "reasonReference"));
    draft.fact(
        "Voorgeschreven door",
        here.who(root, "requester").or_else(|| here.who(root, "prescriber")),
    );
    match kind {
        "MedicationDispense" => draft.fact("Verstrekt door", here.who(root, "performer")),
        _ => draft.fact("Door", here.who(root, "performer")),
    }
    draft.fact("Verteld door", here.who(root, "informationSource"));
    draft.fact("Hoeveelheid", root.member("quantity").and_then(quantity));
    draft.fact("Voor", root.member("daysSupply").and_then(quantity));
    if let Some(request) = root.member("dispenseRequest") {
        draft.fact("Hoeveelheid", request.member("quantity").and_then(quantity));
        let repeats = request.member("numberOfRepeatsAllowed").and_then(number);
        draft.fact("Herhalen", repeats.map(|times| format!("{times} keer")));
    }
    let dates = [
        "authoredOn",
        "dateAsserted",
        "whenHandedOver",
        "whenPrepared",
        "dateWritten",
        "effectiveDateTime",
    ];
    draft.date = dates.iter().find_map(|name| day(root, name));
    let authored = || {
        extensions(root, "AuthoredOn")
            .into_iter()
            .find_map(|each| day(each, "valueDateTime"))
    };
    draft.date = draft.date.take().or_else(authored);
    draft.date = draft
        .date
        .take()
        .or_else(|| day(root.member("effectivePeriod")?, "start"));
    if has_code(root, "category", &["422037009", "395067002", "373784005"]) && draft.summary.is_none() {
        // a dispense says how much was handed over, not how it is used
        draft.summary = root.member("quantity").and_then(quantity);
    }
    draft
}

/// A Medication that no other resource names.
pub(super) fn product(here: Here<'_, '_>) -> Draft {
    let mut draft = Draft::new(Section::Medication);
    draft.title = concept_at(here.root, "code");
    add_product(here, here.root, &mut draft);
    draft
}

fn when(root: Value<'_>) -> Option<String> {
    let (kind, found) = choice(root, "effective")?;
    if kind == "Period" {
        return period(found);
    }
    super::read::any(&kind, found)
}

/// The name of the medicine. Where it is a resource of its own, what that tells is taken in.
fn medicine<'d>(here: Here<'_, 'd>, draft: &mut Draft) -> Option<String> {
    let (kind, found) = choice(here.root, "medication")?;
    if kind != "Reference" {
        return super::read::concept(found);
    }
    let display = text(found, "display");
    if let Some((index, medication)) = here.resolve(found) {
        draft.uses.extend(index);
        add_product(here, medication, draft);
        return display.or_else(|| concept_at(medication, "code"));
    }
    display
}

fn add_product<'d>(here: Here<'_, 'd>, medication: Value<'d>, draft: &mut Draft) {
    draft.fact("Vorm", first(medication, &["form"]).and_then(super::read::concept));
    draft.fact("Maker", here.references(medication, "manufacturer"));
    for ingredient in each(medication, "ingredient") {
        let name = here.any(ingredient, "item");
        let strength = ingredient.member("strength").or_else(|| ingredient.member("amount"));
        let strength = strength.and_then(|found| super::read::any("Ratio", found).or_else(|| quantity(found)));
        let both = [name, strength].into_iter().flatten().collect::<Vec<_>>();
        draft.fact("Werkzame stof", Some(both.join(" ")));
    }
}

/// The treatment by which zorgaanbieders mean the same course of a medicine.
fn treatment(root: Value<'_>) -> Option<String> {
    [
        "MedicationTreatment",
        "pharmaceuticalTreatmentIdentifier",
        "PharmaceuticalTreatmentIdentifier",
    ]
    .iter()
    .flat_map(|end| extensions(root, end))
    .find_map(|each| {
        let identifier = each.member("valueIdentifier")?;
        let system = string(identifier, "system").unwrap_or_default();
        Some(format!("{system}|{}", string(identifier, "value")?))
    })
}

/// Puts what belongs to one medicine into one draft; the drafts of the others keep their order.
///
/// Together belongs what has one treatment; without one, what one source calls by one name.
pub(super) fn merge(drafts: Vec<(usize, usize, Draft)>) -> Vec<(Vec<usize>, usize, Draft)> {
    let mut groups: Vec<(Vec<usize>, usize, Draft)> = Vec::new();
    let mut by_treatment: BTreeMap<String, usize> = BTreeMap::new();
    let mut by_name: BTreeMap<(usize, String), usize> = BTreeMap::new();
    // what names its treatment first, so that the rest finds it by its name
    let (with, without): (Vec<_>, Vec<_>) = drafts.into_iter().partition(|(_, _, draft)| draft.treatment.is_some());
    for (index, source, draft) in with.into_iter().chain(without) {
        let name = draft.title.as_ref().map(|title| (source, title.to_lowercase()));
        let known = match &draft.treatment {
            Some(treatment) => by_treatment.get(treatment),
            None => name.as_ref().and_then(|name| by_name.get(name)),
        };
        let at = match known.copied() {
            Some(at) => at,
            None => {
                groups.push((Vec::new(), source, Draft::new(Section::Medication)));
                groups.len() - 1
            }
        };
        if let Some(treatment) = &draft.treatment {
            by_treatment.entry(treatment.clone()).or_insert(at);
        }
        if let Some(name) = name {
            by_name.entry(name).or_insert(at);
        }
        if let Some((indices, _, whole)) = groups.get_mut(at) {
            indices.push(index);
            absorb(whole, draft);
        }
    }
    for (_, _, draft) in &mut groups {
        finish(draft);
    }
    groups
}

fn absorb(whole: &mut Draft, part: Draft) {
    for fact in part.facts {
        whole.fact(&fact.label, Some(fact.value));
    }
    if let Some(title) = &part.title
        && whole.title.is_some()
        && !whole.shows(title)
    {
        whole.fact("Ook genoemd", Some(title.clone()));
    }
    whole.title = whole.title.take().or(part.title);
    whole.treatment = whole.treatment.take().or(part.treatment);
    whole.date = whole.date.take().max(part.date);
    whole.uses.extend(part.uses);
    whole.attachments.extend(part.attachments);
}

/// One line says how it is used: as the Persoon does, else as agreed, else as the pharmacy says. Where all say the same,
/// it occurs once.
fn finish(draft: &mut Draft) {
    let dose = DOSES
        .iter()
        .find_map(|label| draft.facts.iter().find(|fact| fact.label == *label));
    draft.summary = dose.map(|fact| fact.value.clone()).or_else(|| draft.summary.take());
    unite(draft, &STATUSES, "Status");
    unite(draft, &DOSES, "Dosering");
}

fn unite(draft: &mut Draft, labels: &[&str], label: &str) {
    let of_label = |fact: &Fact| labels.contains(&fact.label.as_str());
    let mut values = draft.facts.iter().filter(|fact| of_label(fact)).map(|fact| &fact.value);
    let Some(value) = values.next().cloned() else { return };
    if values.any(|other| *other != value) {
        return;
    }
    draft.facts.retain(|fact| !of_label(fact));
    let label = label.to_owned();
    draft.facts.insert(0, Fact { label, value });
}
