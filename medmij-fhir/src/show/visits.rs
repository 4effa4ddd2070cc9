// SPDX-License-Identifier: AGPL-3.0-or-later
//! Appointments and visits.

use super::draft::{Draft, Here, joined};
use super::observation::add_notes;
use super::read::{concept, concept_at, day, each, period, string, text, word};
use super::{Section, words};

/// An Appointment.
pub(super) fn appointment(here: Here<'_, '_>) -> Draft {
    let root = here.root;
    let mut draft = Draft::new(Section::Appointments);
    draft.date = day(root, "start").or_else(|| day(each(root, "requestedPeriod").first().copied()?, "start"));
    let kinds = ["serviceType", "appointmentType", "specialty"]
        .iter()
        .find_map(|name| concept_at(root, name));
    draft.title = text(root, "description")
        .or(kinds)
        .or_else(|| Some("Afspraak".to_owned()));
    draft.summary = draft.date.as_ref().map(super::Day::with_time);
    draft.fact("Wanneer", draft.summary.clone());
    draft.fact("Tot", day(root, "end").map(|day| day.with_time()));
    draft.fact(
        "Soort",
        joined(
            ["serviceType", "appointmentType"]
                .iter()
                .filter_map(|name| concept_at(root, name)),
        ),
    );
    draft.fact("Specialisme", concept_at(root, "specialty"));
    draft.fact("Status", word(root, "status", "status"));
    draft.fact(
        "Reden",
        concept_at(root, "reason").or_else(|| concept_at(root, "reasonCode")),
    );
    for participant in each(root, "participant") {
        let name = participant.member("actor").and_then(|actor| here.reference(actor));
        let answer = word(participant, "status", "participant");
        draft.fact(
            "Wie",
            match (name, answer) {
                (Some(name), Some(answer)) if answer != "komt" => Some(format!("{name} ({answer})")),
                (name, _) => name.or_else(|| concept_at(participant, "type")),
            },
        );
    }
    draft.fact("Instructie", text(root, "patientInstruction"));
    add_notes(root, &mut draft);
    draft
}

/// An Encounter.
pub(super) fn encounter(here: Here<'_, '_>) -> Draft {
    let root = here.root;
    let mut draft = Draft::new(Section::Appointments);
    let class = root.member("class").and_then(|class| {
        let code = string(class, "code").unwrap_or_default();
        words::word("class", &code)
            .map(str::to_owned)
            .or_else(|| concept(class))
    });
    let reason = concept_at(root, "reason").or_else(|| concept_at(root, "reasonCode"));
    draft.title = reason
        .clone()
        .or_else(|| concept_at(root, "type"))
        .or_else(|| class.as_deref().map(super::text::capital));
    draft.summary = class.clone();
    draft.fact("Soort", class);
    draft.fact("Soort bezoek", concept_at(root, "type"));
    draft.fact("Reden", reason);
    draft.fact("Periode", root.member("period").and_then(period));
    draft.fact("Wie", here.who(root, "participant"));
    let places = each(root, "location")
        .into_iter()
        .filter_map(|each| here.reference(each.member("location")?));
    draft.fact("Plaats", joined(places));
    draft.fact("Zorgaanbieder", here.references(root, "serviceProvider"));
    draft.fact(
        "Aandoening",
        joined(
            each(root, "diagnosis")
                .into_iter()
                .filter_map(|each| here.references(each, "condition")),
        ),
    );
    if let Some(stay) = root.member("hospitalization") {
        draft.fact("Gekomen via", concept_at(stay, "admitSource"));
        draft.fact("Daarna naar", concept_at(stay, "dischargeDisposition"));
    }
    draft.fact("Status", word(root, "status", "status"));
    draft.date = root.member("period").and_then(|period| day(period, "start"));
    draft
}
