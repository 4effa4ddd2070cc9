// SPDX-License-Identifier: AGPL-3.0-or-later
//! The sentences on the screens that the framework does not prescribe.

use serde::{Deserialize, Serialize};

/// Sentences of ours beside those of the framework, as a table `extra` of a pack. A pack may leave out any of them: then it says
/// what the example says with "je". `{step}`, `{steps}` and `{date}` are filled in too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
#[expect(
    missing_docs,
    reason = "a field is the sentence that its name says; the screens show where it stands"
)]
pub struct ExtraTexts {
    pub proceed_title: String,
    pub proceed_text: String,
    pub proceed: String,
    pub sender_text: String,
    pub sender_text_for: String,
    pub step: String,
    pub help_text: String,
    pub source_code: String,
    pub explanation_title: String,
    pub beheren_title: String,
    pub beheren_text: String,
    pub beheren_stopped: String,
    pub beheren_failed: String,
    pub overview_since: String,
    pub withdraw_done: String,
    pub not_found_title: String,
    pub not_found_text: String,
    pub aanbieder_unknown: String,
    pub pgo_unknown: String,
    pub log_button: String,
    pub log_title: String,
    pub log_text: String,
    pub log_empty: String,
    pub log_more: String,
    pub log_accessed: String,
    pub log_access_refused: String,
    pub log_shared: String,
    pub log_subscription: String,
    pub log_consented: String,
    pub log_refused: String,
    pub log_nothing: String,
    pub log_withdrawn: String,
    pub log_ended: String,
    pub log_read: String,
    pub log_read_by_other: String,
    pub log_administered: String,
    pub log_represented: String,
    pub log_back: String,
}

impl Default for ExtraTexts {
    fn default() -> Self {
        Self::example(false)
    }
}

impl ExtraTexts {
    pub(super) fn example(formal: bool) -> Self {
        let s = |je: &str, u: &str| if formal { u.to_owned() } else { je.to_owned() };
        let same = str::to_owned;
        Self {
            proceed_title: s("Je bent terug van het inloggen", "U bent terug van het inloggen"),
            proceed_text: s(
                "Kies Doorgaan. Dan gaan wij verder met je vraag.",
                "Kies Doorgaan. Dan gaan wij verder met uw vraag.",
            ),
            proceed: same("Doorgaan"),
            sender_text: same("Deze pagina is van {dvza}."),
            sender_text_for: same("Deze pagina is van {dvza}, namens {aanbieder}."),
            step: same("Stap {step} van {steps}"),
            help_text: same("Lukt het niet? Bel {dvza}, telefoon {phone}."),
            source_code: same("Broncode van deze versie"),
            explanation_title: same("Uitleg"),
            beheren_title: s("Je toestemmingen bij {aanbieder}", "Uw toestemmingen bij {aanbieder}"),
            beheren_text: s(
                "Je wilt zien welke toestemmingen je gaf, of er een stoppen. Log eerst in. Dan weten wij zeker dat jij het bent.",
                "U wilt zien welke toestemmingen u gaf, of er een stoppen. Log eerst in. Dan weten wij zeker dat u het bent.",
            ),
            beheren_stopped: s(
                "Je bent niet ingelogd. Er is niets veranderd aan je toestemmingen.",
                "U bent niet ingelogd. Er is niets veranderd aan uw toestemmingen.",
            ),
            beheren_failed: s(
                "Wij konden niet vaststellen wie je bent. Er is niets veranderd aan je toestemmingen.",
                "Wij konden niet vaststellen wie u bent. Er is niets veranderd aan uw toestemmingen.",
            ),
            overview_since: s(
                "Je gaf deze toestemming op {date}.",
                "U gaf deze toestemming op {date}.",
            ),
            withdraw_done: s(
                "Je toestemming is gestopt. {aanbieder} deelt geen gegevens meer met {pgo}.",
                "Uw toestemming is gestopt. {aanbieder} deelt geen gegevens meer met {pgo}.",
            ),
            not_found_title: same("Deze pagina is er niet"),
            not_found_text: s(
                "Misschien klopt de link niet. Ga terug naar je app en begin opnieuw.",
                "Misschien klopt de link niet. Ga terug naar uw app en begin opnieuw.",
            ),
            aanbieder_unknown: same("de zorgaanbieder"),
            pgo_unknown: s("je app", "uw app"),
            log_button: s("Bekijken wie je gegevens zag", "Bekijken wie uw gegevens zag"),
            log_title: s("Wie zag je gegevens?", "Wie zag uw gegevens?"),
            log_text: s(
                "Hier zie je wie je gegevens opvroeg, en welke keuzes je maakte. Het nieuwste staat bovenaan.",
                "Hier ziet u wie uw gegevens opvroeg, en welke keuzes u maakte. Het nieuwste staat bovenaan.",
            ),
            log_empty: s(
                "Er is nog niets gebeurd met je gegevens.",
                "Er is nog niets gebeurd met uw gegevens.",
            ),
            log_more: s(
                "Er is meer. Wil je dat ook zien? Vraag het aan {aanbieder}.",
                "Er is meer. Wilt u dat ook zien? Vraag het aan {aanbieder}.",
            ),
            log_accessed: same("{pgo} haalde gegevens op bij {aanbieder}: {service}."),
            log_access_refused: same("{pgo} vroeg gegevens bij {aanbieder}, maar kreeg die niet: {service}."),
            log_shared: same("{pgo} deelde gegevens met {aanbieder}: {service}."),
            log_subscription: same("{pgo} vroeg om berichten van {aanbieder}: {service}."),
            log_consented: s(
                "Je gaf toestemming. {aanbieder} mocht gegevens delen met {pgo}.",
                "U gaf toestemming. {aanbieder} mocht gegevens delen met {pgo}.",
            ),
            log_refused: s(
                "Je gaf geen toestemming om gegevens van {aanbieder} te delen met {pgo}.",
                "U gaf geen toestemming om gegevens van {aanbieder} te delen met {pgo}.",
            ),
            log_nothing: same("{aanbieder} had geen gegevens om te delen met {pgo}."),
            log_withdrawn: s(
                "Je stopte je toestemming. {aanbieder} deelt niet meer met {pgo}.",
                "U stopte uw toestemming. {aanbieder} deelt niet meer met {pgo}.",
            ),
            log_ended: s(
                "Je toestemming is gestopt om je gegevens te beschermen. {aanbieder} deelt niet meer met {pgo}.",
                "Uw toestemming is gestopt om uw gegevens te beschermen. {aanbieder} deelt niet meer met {pgo}.",
            ),
            log_read: s("Je bekeek deze lijst.", "U bekeek deze lijst."),
            log_read_by_other: same("Een medewerker van {dvza} bekeek deze lijst."),
            log_administered: s(
                "Een medewerker van {dvza} beheerde je gegevens.",
                "Een medewerker van {dvza} beheerde uw gegevens.",
            ),
            log_represented: s(
                "Dit deed iemand die jou vertegenwoordigt.",
                "Dit deed iemand die u vertegenwoordigt.",
            ),
            log_back: s("Ga terug naar je toestemmingen", "Ga terug naar uw toestemmingen"),
        }
    }
}
