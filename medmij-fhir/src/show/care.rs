// SPDX-License-Identifier: AGPL-3.0-or-later
//! Problems, allergies, vaccinations, wishes: one function for each kind of resource.

use medmij_types::CalendarDate;
use medmij_types::json::Value;

use super::draft::{Draft, Here, joined};
use super::observation::{add_notes, moment_of};
use super::read::{any, choice, concept, concept_at, day, each, extensions, period, quantity, text, unit, word};
use super::{Section, Serious};

/// For how long a diagnosis is new.
const NEW_DAYS: i64 = 180;

/// A Condition.
pub(super) fn condition(here: Here<'_, '_>, today: CalendarDate) -> Draft {
    let root = here.root;
    let mut draft = Draft::new(Section::Problems);
    draft.title = concept_at(root, "code");
    draft.fact("Soort", concept_at(root, "category"));
    draft.fact("Speelt het nog", word(root, "clinicalStatus", "clinical"));
    draft.fact("Hoe zeker is het", word(root, "verificationStatus", "certain"));
    draft.fact("Begonnen", any_day(root, "onset"));
    draft.fact("Voorbij sinds", any_day(root, "abatement"));
    draft.fact("Ernst", concept_at(root, "severity"));
    draft.fact("Plaats op het lichaam", concept_at(root, "bodySite"));
    draft.fact(
        "Stadium",
        joined(
            each(root, "stage")
                .into_iter()
                .filter_map(|stage| concept_at(stage, "summary")),
        ),
    );
    let recorded = day(root, "assertedDate").or_else(|| day(root, "recordedDate"));
    draft.fact("Vastgelegd", recorded.as_ref().map(|day| day.text().to_owned()));
    draft.fact(
        "Vastgesteld door",
        here.who(root, "asserter").or_else(|| here.who(root, "recorder")),
    );
    add_notes(root, &mut draft);
    draft.summary = draft
        .facts
        .iter()
        .find(|fact| fact.label == "Speelt het nog")
        .map(|fact| fact.value.clone());
    let began = moment_of(root, "onset");
    let is_new = match recorded.as_ref().or(began.as_ref()).and_then(super::Day::first) {
        Some(day) => today.days_since(day) <= NEW_DAYS,
        None => true,
    };
    draft.serious = is_new.then_some(Serious::Diagnosis);
    draft.date = began.or(recorded);
    draft
}

/// An AllergyIntolerance.
pub(super) fn allergy(here: Here<'_, '_>) -> Draft {
    let root = here.root;
    let mut draft = Draft::new(Section::Allergies);
    draft.title = concept_at(root, "code");
    draft.fact("Soort", word(root, "type", "allergy-type"));
    let kinds = each(root, "category").into_iter().filter_map(|kind| {
        kind.as_str()
            .and_then(|code| super::words::word("allergy-category", &code))
            .map(str::to_owned)
    });
    draft.fact("Waarvoor", joined(kinds));
    let mut reactions = Vec::new();
    for reaction in each(root, "reaction") {
        draft.fact("Stof", concept_at(reaction, "substance"));
        let shown = concept_at(reaction, "manifestation");
        reactions.extend(shown.clone());
        draft.fact("Reactie", shown);
        draft.fact("Ernst van de reactie", word(reaction, "severity", "severity"));
        draft.fact("Manier van contact", concept_at(reaction, "exposureRoute"));
        draft.fact("Opmerking", text(reaction, "description"));
        add_notes(reaction, &mut draft);
    }
    draft.fact("Kans op een ernstige reactie", word(root, "criticality", "criticality"));
    draft.fact("Speelt het nog", word(root, "clinicalStatus", "clinical"));
    draft.fact("Hoe zeker is het", word(root, "verificationStatus", "certain"));
    draft.fact("Sinds", any_day(root, "onset"));
    let last = day(root, "lastOccurrence");
    draft.fact("Laatste reactie", last.map(|day| day.text().to_owned()));
    draft.fact(
        "Vastgesteld door",
        here.who(root, "asserter").or_else(|| here.who(root, "recorder")),
    );
    add_notes(root, &mut draft);
    draft.summary = joined(reactions.into_iter());
    let recorded = || day(root, "assertedDate").or_else(|| day(root, "recordedDate"));
    draft.date = moment_of(root, "onset").or_else(recorded);
    draft
}

/// A Flag: something a zorgverlener wants others to know.
pub(super) fn flag(here: Here<'_, '_>) -> Draft {
    let root = here.root;
    let mut draft = Draft::new(Section::Problems);
    draft.title = concept_at(root, "code");
    draft.summary = Some("aandachtspunt voor zorgverleners".to_owned());
    draft.fact("Soort", concept_at(root, "category"));
    draft.fact("Status", word(root, "status", "status"));
    draft.fact("Periode", root.member("period").and_then(period));
    draft.fact("Vastgelegd door", here.references(root, "author"));
    draft.fact(
        "Hoort bij",
        joined(
            extensions(root, "Alert-Condition")
                .into_iter()
                .filter_map(|each| here.any(each, "value")),
        ),
    );
    draft.date = root.member("period").and_then(|period| day(period, "start"));
    draft
}

/// An Immunization.
pub(super) fn immunization(here: Here<'_, '_>) -> Draft {
    let root = here.root;
    let mut draft = Draft::new(Section::Vaccinations);
    draft.title = concept_at(root, "vaccineCode");
    draft.date = day(root, "date").or_else(|| moment_of(root, "occurrence"));
    let refused = root.member("notGiven").and_then(|given| given.as_bool()) == Some(true);
    let status = word(root, "status", "status").map(|status| {
        if status == "afgerond" {
            "gegeven".to_owned()
        } else {
            status
        }
    });
    draft.fact(
        "Status",
        if refused {
            Some("niet gegeven".to_owned())
        } else {
            status
        },
    );
    draft.fact("Gegeven op", draft.date.as_ref().map(super::Day::with_time));
    draft.fact(
        "Tegen",
        joined(
            each(root, "protocolApplied")
                .into_iter()
                .filter_map(|each| concept_at(each, "targetDisease")),
        ),
    );
    for protocol in each(root, "vaccinationProtocol") {
        draft.fact("Tegen", concept_at(protocol, "targetDisease"));
    }
    draft.fact(
        "Reden",
        concept_at(root, "reasonCode").or_else(|| concept_at(root, "statusReason")),
    );
    if let Some(explanation) = root.member("explanation") {
        draft.fact(
            "Reden",
            concept_at(explanation, "reason").or_else(|| concept_at(explanation, "reasonNotGiven")),
        );
    }
    draft.fact(
        "Gegeven door",
        here.who(root, "performer").or_else(|| here.who(root, "practitioner")),
    );
    draft.fact("Plaats", here.references(root, "location"));
    draft.fact("Plaats op het lichaam", concept_at(root, "site"));
    draft.fact("Toediening", concept_at(root, "route"));
    draft.fact("Hoeveelheid", root.member("doseQuantity").and_then(quantity));
    draft.fact("Maker", here.references(root, "manufacturer"));
    draft.fact("Partijnummer", text(root, "lotNumber"));
    for product in extensions(root, "PharmaceuticalProduct") {
        if let Some((index, _)) = product.member("valueReference").and_then(|found| here.resolve(found)) {
            draft.uses.extend(index);
        }
    }
    add_notes(root, &mut draft);
    draft
}

/// An ImmunizationRecommendation.
pub(super) fn recommendation(here: Here<'_, '_>) -> Draft {
    let mut draft = Draft::new(Section::Vaccinations);
    draft.summary = Some("advies van je zorgverlener".to_owned());
    for each in each(here.root, "recommendation") {
        draft.title = draft.title.take().or_else(|| concept_at(each, "vaccineCode"));
        draft.fact("Vaccinatie", concept_at(each, "vaccineCode"));
        draft.fact("Status", word(each, "forecastStatus", "status"));
        for criterion in super::read::each(each, "dateCriterion") {
            draft.fact("Wanneer", day(criterion, "value").map(|day| day.text().to_owned()));
        }
        draft.date = draft.date.take().or_else(|| day(each, "date"));
    }
    draft.date = draft.date.take().or_else(|| day(here.root, "date"));
    draft
}

/// A Consent of a zib: a wish about treatment, or a statement.
pub(super) fn consent(here: Here<'_, '_>) -> Draft {
    let root = here.root;
    let mut draft = Draft::new(Section::Wishes);
    let treatment = joined(
        extensions(root, "Treatment")
            .into_iter()
            .filter_map(|each| here.any(each, "value")),
    );
    draft.title = treatment
        .clone()
        .or_else(|| concept(root.member("category")?.items().last()?));
    draft.fact("Behandeling", treatment);
    let permitted = extensions(root, "TreatmentPermitted")
        .into_iter()
        .filter_map(|each| here.any(each, "value"));
    let permitted = joined(permitted);
    draft.summary = permitted
        .as_ref()
        .map(|answer| format!("toegestaan: {}", answer.to_lowercase()));
    draft.fact("Wil je deze behandeling", permitted);
    draft.fact("Soort", concept_at(root, "category"));
    for verification in extensions(root, "Verification") {
        let with = extensions(verification, "VerifiedWith")
            .into_iter()
            .filter_map(|each| here.any(each, "value"));
        draft.fact("Besproken met", joined(with));
        let on = extensions(verification, "VerificationDate")
            .into_iter()
            .filter_map(|each| here.any(each, "value"));
        draft.fact("Besproken op", joined(on));
    }
    draft.fact(
        "Opmerking",
        joined(
            extensions(root, "Comment")
                .into_iter()
                .filter_map(|each| here.any(each, "value")),
        ),
    );
    draft.fact("Status", word(root, "status", "status"));
    draft.fact("Geldig", root.member("period").and_then(period));
    draft.fact("Organisatie", here.references(root, "organization"));
    draft.date = day(root, "dateTime");
    draft
}

/// A moment, period or text of `x[x]`.
pub(super) fn any_day(root: Value<'_>, prefix: &str) -> Option<String> {
    let (kind, found) = choice(root, prefix)?;
    match kind.as_str() {
        "Age" => {
            let unit = unit(found).unwrap_or_default();
            Some(format!(
                "op de leeftijd van {}{}",
                super::read::number(found.member("value")?)?,
                if unit.is_empty() {
                    String::new()
                } else {
                    format!(" {unit}")
                }
            ))
        }
        _ => any(&kind, found),
    }
}
