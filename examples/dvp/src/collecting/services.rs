// SPDX-License-Identifier: AGPL-3.0-or-later
//! What each gegevensdienst brings, in one plain sentence (B1) with examples, by its id.

use medmij_types::GegevensdienstId;

/// A gegevensdienst for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Explained {
    pub(crate) sentence: &'static str,
    pub(crate) examples: &'static str,
}

/// What it brings; a sentence that is always true where we do not know it.
pub(crate) fn explained(id: &GegevensdienstId) -> Explained {
    let known = KNOWN.iter().find(|(known, ..)| *known == id.as_str());
    known.map_or(
        Explained {
            sentence: "Dit zijn gegevens die je zorgaanbieder over je bewaart.",
            examples: "",
        },
        |(_, sentence, examples)| Explained { sentence, examples },
    )
}

const KNOWN: [(&str, &str, &str); 14] = [
    (
        "48",
        "De belangrijkste gegevens over je gezondheid.",
        "medicijnen, allergieën, ziektes, metingen en uitslagen.",
    ),
    (
        "49",
        "Wat je huisarts over je bijhoudt.",
        "klachten, medicijnen, uitslagen en afspraken.",
    ),
    (
        "50",
        "De belangrijkste gegevens uit je geestelijke gezondheidszorg.",
        "behandeling, medicijnen, hoe je woont en je contactpersonen.",
    ),
    (
        "51",
        "Documenten over jou.",
        "brieven van je arts, verslagen en folders.",
    ),
    (
        "52",
        "Metingen van je lichaam.",
        "bloeddruk, gewicht, hartslag en temperatuur.",
    ),
    (
        "54",
        "Stoffen waar je niet tegen kunt.",
        "allergie voor een medicijn of voor noten.",
    ),
    (
        "58",
        "Medicijnen waar je niet tegen kunt.",
        "allergie voor penicilline.",
    ),
    (
        "46",
        "Uitslagen van onderzoek in het laboratorium.",
        "bloedsuiker, cholesterol en nierwerking.",
    ),
    ("47", "Afspraken met je zorgverlener.", "een afspraak met je huisarts."),
    (
        "59",
        "Vragenlijsten die voor je klaarstaan.",
        "een vragenlijst voor een operatie.",
    ),
    (
        "61",
        "De belangrijkste gegevens uit je zorg thuis of in een instelling.",
        "behandeling, medicijnen en wat je zelf kunt.",
    ),
    (
        "63",
        "Prikken die je hebt gehad.",
        "de griepprik en prikken voor een reis.",
    ),
    ("65", "Gegevens over je zwangerschap.", "echo's, controles en metingen."),
    (
        "30",
        "De medicijnen die je gebruikt.",
        "naam van het medicijn en hoe vaak je het neemt.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sentence_is_short_and_every_known_service_has_examples() {
        for (id, sentence, examples) in KNOWN {
            for text in [sentence, examples] {
                assert!(
                    text.ends_with('.') && text.split_whitespace().count() <= 12,
                    "{id}: {text}"
                );
            }
            assert_eq!(explained(&GegevensdienstId::parse(id).unwrap()).sentence, sentence);
        }
        let other = explained(&GegevensdienstId::parse("900000401").unwrap());
        assert!(other.examples.is_empty() && other.sentence.contains("zorgaanbieder"));
    }
}
