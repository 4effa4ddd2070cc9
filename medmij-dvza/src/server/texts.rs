// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.usrint — the sentences on the screens, as a pack with a version.
//!
//! The mandatory sentences are published by the framework; a supplier copies them into a pack of its own. The pack here is
//! an example in plain Dutch (B1), says so on every screen, and is refused in production.

mod example;
mod extra;

use medmij_types::Release;
use serde::{Deserialize, Serialize};

pub use self::extra::ExtraTexts;

/// A pack of screen texts. `{aanbieder}`, `{pgo}`, `{dienst}`, `{dagen}`, `{dvza}` and `{telefoon}` are filled in. Whether it says
/// "je" or "u" is for whoever fills it from the framework's pages.
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
    /// Sentences that are no framework's.
    #[serde(default)]
    pub extra: ExtraTexts,
}

impl TextPack {
    /// Reads a pack from TOML: one line for each sentence, all of them, `versie` among them as `version`. A file that leaves
    /// `voorbeeld` out holds real texts.
    ///
    /// # Errors
    ///
    /// [`medmij_oauth::policy::StelselError`]: what is missing, unknown or empty.
    #[cfg(feature = "stelsel")]
    pub fn from_toml(text: &str) -> Result<Self, medmij_oauth::policy::StelselError> {
        use medmij_oauth::policy::StelselError;
        let pack: Self = toml::from_str(text).map_err(|error| StelselError::File(error.to_string()))?;
        let table: toml::Table = toml::from_str(text).map_err(|error| StelselError::File(error.to_string()))?;
        let extra = table.get("extra").and_then(toml::Value::as_table);
        match table
            .iter()
            .chain(extra.into_iter().flatten())
            .find(|(_, value)| value.as_str().is_some_and(|text| text.trim().is_empty()))
        {
            None => Ok(pack),
            Some((name, _)) => Err(StelselError::Waarde {
                naam: name.clone(),
                waarde: String::new(),
            }),
        }
    }

    /// The example pack, with "je" as release 2.2.4 addresses the reader.
    #[must_use]
    pub fn voorbeeld() -> Self {
        example::pack(false)
    }

    /// The example pack as this release addresses the reader: with "u" before 2.0.
    #[must_use]
    pub fn voorbeeld_for(release: Release) -> Self {
        example::pack(release < Release::V2_0)
    }
}

#[cfg(all(test, feature = "stelsel"))]
mod tests {
    use super::*;

    #[test]
    fn a_pack_is_read_whole_or_not_at_all() {
        let mut json = serde_json::to_value(TextPack::voorbeeld()).unwrap();
        let extra = json.as_object_mut().unwrap().remove("extra").unwrap();
        let lines = |table: &serde_json::Value| {
            let line = |(name, value): (&String, &serde_json::Value)| format!("{name} = {value}\n");
            table.as_object().unwrap().iter().map(line).collect::<String>()
        };
        let text = format!("{}[extra]\n{}", lines(&json), lines(&extra));
        assert_eq!(TextPack::from_toml(&text), Ok(TextPack::voorbeeld()));
        let real = text.replace("voorbeeld = true\n", "");
        let (mandatory, _) = text.split_once("[extra]").unwrap();
        assert_eq!(TextPack::from_toml(mandatory), Ok(TextPack::voorbeeld()));
        let formal = TextPack::voorbeeld_for(Release::V1_6);
        assert!(formal.landing_tekst.contains("dat u het bent") && formal.version != TextPack::voorbeeld().version);
        assert_eq!(TextPack::voorbeeld_for(Release::V2_2), TextPack::voorbeeld());
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
