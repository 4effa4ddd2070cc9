// SPDX-License-Identifier: AGPL-3.0-or-later
//! From resources to entries: what was collected twice is one, what belongs together is one, and all are in one order.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use medmij_types::CalendarDate;
use medmij_types::json::{Document, JsonLimits, Value};

use super::draft::{Draft, Here, Lookup};
use super::read::string;
use super::{
    Entry, Section, StoredResource, care, documents, medication, observation, people, procedures, rest, visits,
};

/// All entries, by section and then newest first.
pub(super) fn entries(stored: &[StoredResource<'_>], today: CalendarDate) -> Vec<Entry> {
    let limits = JsonLimits::default();
    let documents: Vec<_> = stored
        .iter()
        .map(|stored| Document::parse(stored.bytes, &limits).ok())
        .collect();
    let sources = sources(stored);
    let (lookup, groups) = look_up(stored, &documents, &sources);
    let (mut drafts, mut medicines) = (Vec::new(), Vec::new());
    let mut used = BTreeSet::new();
    for main in groups.keys().copied() {
        let source = stored
            .get(main)
            .and_then(|stored| sources.get(stored.source))
            .copied()
            .unwrap_or_default();
        let root = lookup.roots.get(main).copied().flatten();
        let Some(root) = root.filter(|root| root.members().next().is_some()) else {
            drafts.push((vec![main], source, unreadable()));
            continue;
        };
        let here = Here {
            lookup: &lookup,
            source,
            index: main,
            root,
        };
        let draft = draft(here, today);
        used.extend(draft.uses.iter().copied());
        if draft.section == Section::Medication && kind(root) != "Medication" {
            medicines.push((main, source, draft));
        } else {
            drafts.push((vec![main], source, draft));
        }
    }
    drafts.extend(medication::merge(medicines));
    let names: Vec<&str> = sources.keys().copied().collect();
    let mut entries: Vec<Entry> = drafts
        .into_iter()
        // what another entry shows needs none of its own
        .filter(|(indices, ..)| !indices.iter().all(|index| used.contains(index)))
        .map(|(indices, source, draft)| {
            let others = indices.iter().filter_map(|index| groups.get(index)).flatten();
            let resources = indices.iter().chain(others).copied().collect();
            entry(resources, names.get(source).copied().unwrap_or_default(), draft)
        })
        .collect();
    entries.sort_by(|a, b| {
        let order = |entry: &Entry| (entry.section, Reverse(entry.date.clone()), entry.title.to_lowercase());
        order(a)
            .cmp(&order(b))
            .then_with(|| (&a.source, &a.resources).cmp(&(&b.source, &b.resources)))
    });
    entries
}

/// Each source with a number, in order of its name.
fn sources<'a>(stored: &[StoredResource<'a>]) -> BTreeMap<&'a str, usize> {
    let names: BTreeSet<&str> = stored.iter().map(|stored| stored.source).collect();
    names
        .into_iter()
        .enumerate()
        .map(|(number, name)| (name, number))
        .collect()
}

/// Each resource that is shown, with those that it stands for: of those with one name, or without one and the same bytes,
/// the last one is shown.
type Groups = BTreeMap<usize, Vec<usize>>;

fn look_up<'d>(
    stored: &[StoredResource<'_>],
    documents: &'d [Option<Document<'d>>],
    sources: &BTreeMap<&str, usize>,
) -> (Lookup<'d>, Groups) {
    let roots: Vec<Option<Value<'d>>> = documents
        .iter()
        .map(|document| Some(document.as_ref()?.root()))
        .collect();
    let mut by_name = BTreeMap::new();
    let mut same: BTreeMap<(usize, Cow<'_, str>), Vec<usize>> = BTreeMap::new();
    for (index, (stored, root)) in stored.iter().zip(&roots).enumerate() {
        let source = sources.get(stored.source).copied().unwrap_or_default();
        let name = root.and_then(|root| Some(format!("{}/{}", string(root, "resourceType")?, string(root, "id")?)));
        if let (Some(name), Some(root)) = (&name, root) {
            by_name.insert((source, name.clone()), (index, *root));
        }
        let key = name.map_or_else(|| String::from_utf8_lossy(stored.bytes), Cow::Owned);
        same.entry((source, key)).or_default().push(index);
    }
    let groups = same
        .into_values()
        .filter_map(|mut all| Some((all.pop()?, all)))
        .collect();
    (Lookup { by_name, roots }, groups)
}

fn kind(root: Value<'_>) -> String {
    string(root, "resourceType").unwrap_or_default()
}

fn draft<'d>(here: Here<'_, 'd>, today: CalendarDate) -> Draft {
    let kind = kind(here.root);
    let mut draft = match kind.as_str() {
        "MedicationRequest" | "MedicationDispense" | "MedicationStatement" | "MedicationAdministration" => {
            medication::medication(here, &kind)
        }
        "Medication" => medication::product(here),
        "AllergyIntolerance" => care::allergy(here),
        "Condition" => care::condition(here, today),
        "Flag" => care::flag(here),
        "Observation" => observation::observation(here),
        "DiagnosticReport" => observation::report(here),
        "Specimen" => observation::specimen(here),
        "Immunization" => care::immunization(here),
        "ImmunizationRecommendation" => care::recommendation(here),
        "Appointment" => visits::appointment(here),
        "Encounter" => visits::encounter(here),
        "DocumentReference" | "DocumentManifest" | "Composition" => documents::document(here, &kind),
        "Binary" => documents::binary(here),
        "Procedure" => procedures::procedure(here, false),
        "ProcedureRequest" | "ServiceRequest" => procedures::procedure(here, true),
        "DeviceUseStatement" | "DeviceRequest" => procedures::device_use(here),
        "Device" => procedures::device(here),
        "Consent" => care::consent(here),
        "Practitioner" | "PractitionerRole" | "RelatedPerson" | "Organization" | "Location" | "HealthcareService"
        | "CareTeam" => people::contact_of(here, &kind),
        "Patient" => people::patient(here),
        "Coverage" => people::coverage(here),
        _ => rest::generic(here, Section::of_type(&kind)),
    };
    if kind != "Binary" {
        rest::add(here, here.root, &mut draft);
    }
    for index in draft.uses.clone() {
        let root = here.lookup.roots.get(index).copied().flatten();
        if let Some(root) = root.filter(|root| self::kind(*root) != "Binary") {
            rest::add(Here { index, root, ..here }, root, &mut draft);
        }
    }
    draft
}

/// Bytes that cannot be read as a resource.
fn unreadable() -> Draft {
    let mut draft = Draft::new(Section::Other);
    draft.is_generic = true;
    draft
}

fn entry(resources: Vec<usize>, source: &str, draft: Draft) -> Entry {
    let title = draft.title.unwrap_or_else(|| draft.section.nameless().to_owned());
    Entry {
        section: draft.section,
        summary: draft.summary.filter(|summary| *summary != title),
        facts: draft
            .facts
            .into_iter()
            .filter(|fact| fact.value != title || fact.label != "Naam")
            .collect(),
        title,
        date: draft.date,
        source: source.to_owned(),
        serious: draft.serious,
        calm: draft.calm,
        explanation: draft.explanation,
        attachments: draft.attachments,
        resources,
        also: draft.uses.into_iter().collect(),
        is_generic: draft.is_generic,
        numbers: draft.numbers,
    }
}
