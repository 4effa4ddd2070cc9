// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.usrint — the sentences on the screens, as a pack with a version.
//!
//! The mandatory sentences are published by the framework; a supplier copies them into a pack of its own. The pack here is
//! an example in plain Dutch (B1), says so on every screen, and is refused in production.

use serde::{Deserialize, Serialize};

/// A pack of screen texts. `{aanbieder}`, `{pgo}`, `{dienst}`, `{dagen}`, `{dvza}` and `{telefoon}` are filled in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
#[expect(
    missing_docs,
    reason = "a field is the sentence that its name says; the screens show where it stands"
)]
pub struct TextPack {
    /// The version; a grant records it.
    pub version: String,
    /// Whether this is the example pack: then every screen says so and production refuses it.
    #[serde(default)]
    pub voorbeeld: bool,
    pub landing_titel: String,
    pub landing_tekst: String,
    pub landing_inloggen: String,
    pub landing_annuleren: String,
    pub toestemming_titel: String,
    pub toestemming_vraag: String,
    pub toestemming_diensten: String,
    pub toestemming_onbepaald: String,
    pub toestemming_onbepaald_uitleg: String,
    pub toestemming_niet_zonder: String,
    pub toestemming_privacy: String,
    pub toestemming_vervalt: String,
    pub toestemming_aanpassen: String,
    pub toestemming_veilig: String,
    pub toestemming_ja: String,
    pub toestemming_nee: String,
    pub bevestiging_titel: String,
    pub bevestiging_vraag: String,
    pub bevestiging_beoordeelt: String,
    pub bevestiging_ja: String,
    pub bevestiging_nee: String,
    pub abonneren_titel: String,
    pub abonneren_vraag: String,
    pub abonneren_apart: String,
    pub abonneren_ja: String,
    pub beeindigen_titel: String,
    pub beeindigen_vraag: String,
    pub beeindigen_ja: String,
    pub annulering_titel: String,
    pub annulering_tekst: String,
    pub geen_gegevens_titel: String,
    pub geen_gegevens_tekst: String,
    pub geweigerd_titel: String,
    pub geweigerd_tekst: String,
    pub niet_vast_titel: String,
    pub niet_vast_tekst: String,
    pub identiteit_titel: String,
    pub identiteit_tekst: String,
    pub vertegenwoordiging_titel: String,
    pub vertegenwoordiging_ontbreekt: String,
    pub vertegenwoordiging_onverwacht: String,
    pub geboortedatum_anders: String,
    #[serde(default = "doorgaan_titel")]
    pub doorgaan_titel: String,
    #[serde(default = "doorgaan_tekst")]
    pub doorgaan_tekst: String,
    #[serde(default = "doorgaan")]
    pub doorgaan: String,
    pub terug: String,
    pub fout_titel: String,
    pub fout_tekst: String,
    pub verlopen_titel: String,
    pub verlopen_tekst: String,
    pub storing_titel: String,
    pub storing_tekst: String,
    pub storing_later: String,
    pub overzicht_titel: String,
    pub overzicht_tekst: String,
    pub overzicht_leeg: String,
    pub overzicht_rij: String,
    pub overzicht_stop: String,
    pub intrekken_titel: String,
    pub intrekken_vraag: String,
    pub intrekken_ja: String,
    pub intrekken_nee: String,
}

impl TextPack {
    /// Reads a pack from TOML: one line for each sentence, all of them, `versie` among them as `version`. A file that leaves
    /// `voorbeeld` out holds real texts.
    ///
    /// # Errors
    ///
    /// What is missing, unknown or empty.
    #[cfg(feature = "stelsel")]
    pub fn from_toml(text: &str) -> Result<Self, medmij_oauth::policy::StelselError> {
        use medmij_oauth::policy::StelselError;
        let pack: Self = toml::from_str(text).map_err(|error| StelselError::File(error.to_string()))?;
        let table: toml::Table = toml::from_str(text).map_err(|error| StelselError::File(error.to_string()))?;
        match table
            .iter()
            .find(|(_, value)| value.as_str().is_some_and(|text| text.trim().is_empty()))
        {
            None => Ok(pack),
            Some((name, _)) => Err(StelselError::Waarde {
                naam: name.clone(),
                waarde: String::new(),
            }),
        }
    }

    /// The example pack.
    #[must_use]
    pub fn voorbeeld() -> Self {
        let s = str::to_owned;
        Self {
            version: s("voorbeeld-1"),
            voorbeeld: true,
            landing_titel: s("Gegevens van {aanbieder}"),
            landing_tekst: s(
                "{pgo} vraagt namens u om gegevens bij {aanbieder}. Log eerst in. Dan weten wij zeker dat u het bent.",
            ),
            landing_inloggen: s("Verder naar inloggen"),
            landing_annuleren: s("Stoppen"),
            toestemming_titel: s("Toestemming geven"),
            toestemming_vraag: s("Vindt u het goed dat {aanbieder} uw gegevens deelt met {pgo}?"),
            toestemming_diensten: s("Het gaat om:"),
            toestemming_onbepaald: s("{pgo} mag ook later nieuwe gegevens ophalen, voor onbepaalde tijd"),
            toestemming_onbepaald_uitleg: s(
                "Kiest u hiervoor? Dan geldt uw toestemming tot u ermee stopt. U hoeft dan niet elke keer opnieuw in te loggen.",
            ),
            toestemming_niet_zonder: s("{aanbieder} mag uw gegevens niet delen zonder uw toestemming."),
            toestemming_privacy: s("Lees de privacyverklaring van {aanbieder}"),
            toestemming_vervalt: s("Haalt {pgo} meer dan zes maanden geen gegevens op? Dan vervalt uw toestemming."),
            toestemming_aanpassen: s(
                "U kunt uw toestemming altijd aanpassen of stoppen. Dat begint in {pgo}, bij {aanbieder}.",
            ),
            toestemming_veilig: s("Het delen gaat via een veilige verbinding, volgens de regels van MedMij."),
            toestemming_ja: s("Ja, ik geef toestemming"),
            toestemming_nee: s("Nee, ik geef geen toestemming"),
            bevestiging_titel: s("Gegevens delen"),
            bevestiging_vraag: s("Wilt u {dienst} vanuit {pgo} delen met {aanbieder}?"),
            bevestiging_beoordeelt: s("{aanbieder} bekijkt zelf of uw gegevens in het dossier komen."),
            bevestiging_ja: s("Ja, ik wil delen"),
            bevestiging_nee: s("Nee, ik wil niet delen"),
            abonneren_titel: s("Toestemming voor berichten"),
            abonneren_vraag: s(
                "Mag {aanbieder} {pgo} {dagen} dagen lang laten weten dat er iets nieuws is bij {dienst}?",
            ),
            abonneren_apart: s("Het gaat alleen om een bericht. Voor de gegevens zelf geeft u apart toestemming."),
            abonneren_ja: s("Ja, dat mag"),
            beeindigen_titel: s("Stoppen met berichten"),
            beeindigen_vraag: s("Wilt u dat {aanbieder} {pgo} geen berichten meer stuurt over {dienst}?"),
            beeindigen_ja: s("Ja, stop de berichten"),
            annulering_titel: s("U bent gestopt"),
            annulering_tekst: s("U bent niet ingelogd. {aanbieder} heeft niets gedeeld."),
            geen_gegevens_titel: s("Er is niets gedeeld"),
            geen_gegevens_tekst: s("{aanbieder} kan nu geen gegevens met u delen via {pgo}."),
            geweigerd_titel: s("Er is niets gedeeld"),
            geweigerd_tekst: s("U hebt geen toestemming gegeven. {aanbieder} heeft niets gedeeld."),
            niet_vast_titel: s("Uw antwoord is niet verwerkt"),
            niet_vast_tekst: s("Wij konden niet vaststellen of u toestemming geeft. {aanbieder} heeft niets gedeeld."),
            identiteit_titel: s("Inloggen is niet gelukt"),
            identiteit_tekst: s("Wij konden niet vaststellen wie u bent. {aanbieder} heeft niets gedeeld."),
            vertegenwoordiging_titel: s("Inloggen voor een ander"),
            vertegenwoordiging_ontbreekt: s(
                "U wilde inloggen voor een ander, maar u logde in voor uzelf. Daarom stoppen wij hier.",
            ),
            vertegenwoordiging_onverwacht: s(
                "U logde in voor een ander, maar u vroeg om uw eigen gegevens. Daarom stoppen wij hier.",
            ),
            geboortedatum_anders: s("De geboortedatum klopt niet met wat {aanbieder} weet. Daarom stoppen wij hier."),
            doorgaan_titel: doorgaan_titel(),
            doorgaan_tekst: doorgaan_tekst(),
            doorgaan: doorgaan(),
            terug: s("Terug naar {pgo}"),
            fout_titel: s("Deze vraag klopt niet"),
            fout_tekst: s(
                "Wij kunnen niet zien welke app u stuurde. Daarom gaan wij niet verder. Ga zelf terug naar uw app en probeer het opnieuw.",
            ),
            verlopen_titel: s("Deze pagina werkt niet meer"),
            verlopen_tekst: s(
                "Het duurde te lang, of u begon in een ander venster. Ga terug naar uw app en begin opnieuw.",
            ),
            storing_titel: s("Technische storing"),
            storing_tekst: s(
                "Het spijt ons. U kunt nu geen toestemming geven of aanpassen. Wij werken aan een oplossing.",
            ),
            storing_later: s(
                "Probeer het later nog eens. Of bel {dvza}, telefoon {telefoon}. Dat is de leverancier van het computersysteem van {aanbieder}.",
            ),
            overzicht_titel: s("Uw toestemmingen"),
            overzicht_tekst: s(
                "Hier ziet u welke toestemmingen u gaf voor onbepaalde tijd. U kunt een toestemming stoppen.",
            ),
            overzicht_leeg: s("U hebt geen toestemmingen voor onbepaalde tijd."),
            overzicht_rij: s("{aanbieder} mag uw gegevens delen met {pgo}"),
            overzicht_stop: s("Toestemming stoppen"),
            intrekken_titel: s("Toestemming stoppen"),
            intrekken_vraag: s("Wilt u dat {aanbieder} geen gegevens meer deelt met {pgo}?"),
            intrekken_ja: s("Ja, stop mijn toestemming"),
            intrekken_nee: s("Nee, terug naar het overzicht"),
        }
    }
}

// no sentences of the framework: a pack without them is whole

fn doorgaan_titel() -> String {
    "U bent terug van het inloggen".to_owned()
}

fn doorgaan_tekst() -> String {
    "Kies Doorgaan. Dan gaan wij verder met uw vraag.".to_owned()
}

fn doorgaan() -> String {
    "Doorgaan".to_owned()
}

#[cfg(all(test, feature = "stelsel"))]
mod tests {
    use super::*;

    #[test]
    fn a_pack_is_read_whole_or_not_at_all() {
        let json = serde_json::to_value(TextPack::voorbeeld()).unwrap();
        let line = |(name, value): (&String, &serde_json::Value)| format!("{name} = {value}\n");
        let text: String = json.as_object().unwrap().iter().map(line).collect();
        assert_eq!(TextPack::from_toml(&text), Ok(TextPack::voorbeeld()));
        let real = text.replace("voorbeeld = true\n", "");
        assert!(!TextPack::from_toml(&real).unwrap().voorbeeld);
        let missing: String = text
            .lines()
            .filter(|line| !line.starts_with("terug"))
            .map(|line| format!("{line}\n"))
            .collect();
        assert!(TextPack::from_toml(&missing).is_err());
        assert!(TextPack::from_toml(&text.replace("terug = \"Terug naar {pgo}\"", "terug = \" \"")).is_err());
    }
}
