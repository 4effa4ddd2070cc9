// SPDX-License-Identifier: AGPL-3.0-or-later
//! Procedures and medical devices, done or asked for.

use medmij_types::json::Value;

use super::Section;
use super::care::any_day;
use super::draft::{Draft, Here, title_of};
use super::observation::{add_notes, moment_of};
use super::read::{concept_at, day, each, period, text, word};

/// A Procedure, or a request for one.
pub(super) fn procedure(here: Here<'_, '_>, is_request: bool) -> Draft {
    let root = here.root;
    let mut draft = Draft::new(Section::Procedures);
    draft.title = concept_at(root, "code");
    draft.summary = is_request.then(|| "aangevraagd".to_owned());
    draft.date = moment_of(root, "performed")
        .or_else(|| moment_of(root, "occurrence"))
        .or_else(|| day(root, "authoredOn"));
    draft.fact("Soort", concept_at(root, "category"));
    draft.fact(
        "Wanneer",
        any_day(root, "performed").or_else(|| any_day(root, "occurrence")),
    );
    draft.fact("Aangevraagd", day(root, "authoredOn").map(|day| day.text().to_owned()));
    draft.fact("Status", word(root, "status", "status"));
    draft.fact("Plaats op het lichaam", concept_at(root, "bodySite"));
    draft.fact("Reden", concept_at(root, "reasonCode"));
    draft.fact("Reden", here.references(root, "reasonReference"));
    draft.fact("Afloop", concept_at(root, "outcome"));
    draft.fact("Complicatie", concept_at(root, "complication"));
    draft.fact("Nazorg", concept_at(root, "followUp"));
    draft.fact("Door", here.who(root, "performer"));
    draft.fact("Aangevraagd door", here.who(root, "requester"));
    draft.fact("Plaats", here.references(root, "location"));
    add_notes(root, &mut draft);
    draft
}

/// A device in use, or a request for one.
pub(super) fn device_use(here: Here<'_, '_>) -> Draft {
    let root = here.root;
    let mut draft = Draft::new(Section::Procedures);
    draft.summary = Some("hulpmiddel".to_owned());
    for name in ["device", "codeReference"] {
        for reference in each(root, name) {
            draft.title = draft.title.take().or_else(|| here.reference(reference));
            if let Some((index, found)) = here.resolve(reference) {
                draft.uses.extend(index);
                add_device(found, &mut draft);
            }
        }
    }
    draft.title = draft.title.take().or_else(|| concept_at(root, "codeCodeableConcept"));
    draft.fact(
        "In gebruik",
        root.member("whenUsed")
            .and_then(period)
            .or_else(|| any_day(root, "timing")),
    );
    draft.fact("Wanneer", any_day(root, "occurrence"));
    draft.fact("Aangevraagd", day(root, "authoredOn").map(|day| day.text().to_owned()));
    draft.fact("Aangevraagd door", here.who(root, "requester"));
    draft.fact("Status", word(root, "status", "status"));
    draft.fact(
        "Reden",
        concept_at(root, "indication").or_else(|| concept_at(root, "reasonCode")),
    );
    draft.fact("Reden", here.references(root, "reasonReference"));
    draft.fact("Plaats op het lichaam", concept_at(root, "bodySite"));
    add_notes(root, &mut draft);
    let started = root.member("whenUsed").and_then(|used| day(used, "start"));
    let started = started
        .or_else(|| moment_of(root, "timing"))
        .or_else(|| moment_of(root, "occurrence"));
    draft.date = started
        .or_else(|| day(root, "authoredOn"))
        .or_else(|| day(root, "recordedOn"));
    draft
}

/// A Device that nothing names.
pub(super) fn device(here: Here<'_, '_>) -> Draft {
    let mut draft = Draft::new(Section::Procedures);
    draft.title = title_of(here.root);
    draft.summary = Some("hulpmiddel".to_owned());
    add_device(here.root, &mut draft);
    draft
}

fn add_device(found: Value<'_>, draft: &mut Draft) {
    draft.fact("Hulpmiddel", concept_at(found, "type"));
    draft.fact("Maker", text(found, "manufacturer"));
    draft.fact("Model", text(found, "model").or_else(|| text(found, "modelNumber")));
    draft.fact("Partijnummer", text(found, "lotNumber"));
    draft.fact(
        "Houdbaar tot",
        day(found, "expirationDate").map(|day| day.text().to_owned()),
    );
    add_notes(found, draft);
}
