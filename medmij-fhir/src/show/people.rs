// SPDX-License-Identifier: AGPL-3.0-or-later
//! The Persoon, zorgverleners, organizations and everybody around.

use medmij_types::json::Value;

use super::Section;
use super::draft::{Draft, Here, joined, title_of};
use super::read::{address, concept_at, contact, day, each, name, period, text, word};

/// A Patient.
pub(super) fn patient(here: Here<'_, '_>) -> Draft {
    let root = here.root;
    let mut draft = Draft::new(Section::Person);
    let names = each(root, "name").into_iter().filter_map(name);
    let names = joined(names);
    draft.title = each(root, "name")
        .first()
        .copied()
        .and_then(name)
        .or_else(|| Some("Jouw gegevens".to_owned()));
    draft.fact("Naam", names);
    draft.fact("Geboren op", day(root, "birthDate").map(|day| day.text().to_owned()));
    draft.fact("Geslacht", word(root, "gender", "gender"));
    draft.fact(
        "Burgerlijke staat",
        concept_at(root, "maritalStatus").or_else(|| word(root, "maritalStatus", "marital")),
    );
    add_contact(root, &mut draft);
    for spoken in each(root, "communication") {
        draft.fact("Taal", concept_at(spoken, "language"));
    }
    for other in each(root, "contact") {
        let who = [other.member("name").and_then(name), concept_at(other, "relationship")];
        let who = who.into_iter().flatten().collect::<Vec<_>>().join(", ");
        draft.fact("Contactpersoon", Some(who));
        add_contact_as(other, &mut draft, Some("van je contactpersoon"));
    }
    draft.fact("Huisarts", here.references(root, "generalPractitioner"));
    draft.fact("Ingeschreven bij", here.references(root, "managingOrganization"));
    draft.fact(
        "Overleden",
        super::read::choice(root, "deceased").and_then(|(kind, found)| super::read::any(&kind, found)),
    );
    draft
}

/// A Practitioner, PractitionerRole, RelatedPerson, Organization, Location, HealthcareService or CareTeam.
pub(super) fn contact_of(here: Here<'_, '_>, kind: &str) -> Draft {
    let root = here.root;
    let mut draft = Draft::new(Section::Contacts);
    draft.title = title_of(root);
    let names = each(root, "name").into_iter().filter_map(name);
    draft.fact("Naam", joined(names));
    let practitioner = here.references(root, "practitioner");
    if kind == "PractitionerRole" {
        draft.title = practitioner.clone().or_else(|| draft.title.take());
        draft.fact("Naam", practitioner);
        draft.fact("Rol", concept_at(root, "code"));
    }
    for qualification in each(root, "qualification") {
        draft.fact("Beroep", concept_at(qualification, "code"));
    }
    draft.fact("Specialisme", concept_at(root, "specialty"));
    let specialties = super::read::extensions(root, "practitionerrole-reference").into_iter();
    draft.fact("Rol", joined(specialties.filter_map(|each| here.any(each, "value"))));
    draft.fact("Soort", concept_at(root, "type"));
    draft.fact("Relatie", concept_at(root, "relationship"));
    draft.fact("Geslacht", word(root, "gender", "gender"));
    draft.fact(
        "Organisatie",
        here.references(root, "organization")
            .or_else(|| here.references(root, "managingOrganization")),
    );
    draft.fact("Hoort bij", here.references(root, "partOf"));
    draft.fact("Plaats", here.references(root, "location"));
    add_contact(root, &mut draft);
    for team in each(root, "participant") {
        let who = team.member("member").and_then(|member| here.reference(member));
        let role = concept_at(team, "role");
        draft.fact(
            "Wie",
            match (who, role) {
                (Some(who), Some(role)) => Some(format!("{who} ({role})")),
                (who, role) => who.or(role),
            },
        );
    }
    draft.fact("Periode", root.member("period").and_then(period));
    let facts = ["Beroep", "Rol", "Relatie", "Specialisme", "Soort", "Wie"];
    draft.summary = facts
        .iter()
        .find_map(|label| draft.facts.iter().find(|fact| fact.label == *label))
        .map(|fact| fact.value.clone());
    draft
}

/// A Coverage: with whom somebody is insured.
pub(super) fn coverage(here: Here<'_, '_>) -> Draft {
    let root = here.root;
    let mut draft = Draft::new(Section::Person);
    let insurer = here.references(root, "payor");
    draft.title = Some("Zorgverzekering".to_owned());
    draft.summary.clone_from(&insurer);
    draft.fact("Verzekeraar", insurer);
    draft.fact("Soort", concept_at(root, "type"));
    draft.fact("Nummer bij de verzekeraar", text(root, "subscriberId"));
    draft.fact("Geldig", root.member("period").and_then(period));
    draft.fact("Status", word(root, "status", "status"));
    draft.fact("Verzekerd is", here.references(root, "beneficiary"));
    draft.date = root.member("period").and_then(|period| day(period, "start"));
    draft
}

fn add_contact(root: Value<'_>, draft: &mut Draft) {
    add_contact_as(root, draft, None);
}

fn add_contact_as(root: Value<'_>, draft: &mut Draft, of: Option<&str>) {
    let label = |plain: &str| of.map_or_else(|| plain.to_owned(), |of| format!("{plain} {of}"));
    for telecom in each(root, "telecom") {
        if let Some((kind, shown)) = contact(telecom) {
            draft.fact(&label(kind), Some(shown));
        }
    }
    for each in each(root, "address") {
        draft.fact(&label("Adres"), address(each));
    }
}
