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

/// A pack of screen texts. `{aanbieder}`, `{pgo}`, `{service}`, `{days}`, `{dvza}` and `{phone}` are filled in. Whether it says
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
    pub example: bool,
    pub landing_title: String,
    pub landing_text: String,
    pub landing_login: String,
    pub landing_cancel: String,
    pub toestemming_title: String,
    pub toestemming_question: String,
    pub toestemming_services: String,
    pub toestemming_indefinite: String,
    pub toestemming_indefinite_explanation: String,
    pub toestemming_not_without: String,
    pub toestemming_privacy: String,
    pub toestemming_lapses: String,
    pub toestemming_change: String,
    pub toestemming_secure: String,
    pub toestemming_yes: String,
    pub toestemming_no: String,
    pub bevestiging_title: String,
    pub bevestiging_question: String,
    pub bevestiging_judges: String,
    pub bevestiging_yes: String,
    pub bevestiging_no: String,
    pub abonneren_title: String,
    pub abonneren_question: String,
    pub abonneren_separate: String,
    pub abonneren_yes: String,
    pub end_title: String,
    pub end_question: String,
    pub end_yes: String,
    pub cancelled_title: String,
    pub cancelled_text: String,
    pub no_data_title: String,
    pub no_data_text: String,
    pub refused_title: String,
    pub refused_text: String,
    pub not_established_title: String,
    pub not_established_text: String,
    pub identity_title: String,
    pub identity_text: String,
    pub vertegenwoordiging_title: String,
    pub vertegenwoordiging_missing: String,
    pub vertegenwoordiging_unexpected: String,
    pub geboortedatum_differs: String,
    pub back: String,
    pub fault_title: String,
    pub fault_text: String,
    pub expired_title: String,
    pub expired_text: String,
    pub outage_title: String,
    pub outage_text: String,
    pub outage_later: String,
    pub overview_title: String,
    pub overview_text: String,
    pub overview_empty: String,
    pub overview_row: String,
    pub overview_stop: String,
    pub withdraw_title: String,
    pub withdraw_question: String,
    pub withdraw_yes: String,
    pub withdraw_no: String,
    /// Sentences that are no framework's.
    #[serde(default)]
    pub extra: ExtraTexts,
}

impl TextPack {
    /// Reads a pack from TOML: one line for each sentence, all of them, `version` among them as `version`. A file that leaves
    /// `example` out holds real texts.
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
            Some((name, _)) => Err(StelselError::Value {
                name: name.clone(),
                value: String::new(),
            }),
        }
    }

    /// The example pack, with "je" as release 2.2.4 addresses the reader.
    #[must_use]
    pub fn example() -> Self {
        example::pack(false)
    }

    /// The example pack as this release addresses the reader: with "u" before 2.0.
    #[must_use]
    pub fn example_for(release: Release) -> Self {
        example::pack(release < Release::V2_0)
    }
}

#[cfg(all(test, feature = "stelsel"))]
mod tests {
    use super::*;

    #[test]
    fn a_pack_is_read_whole_or_not_at_all() {
        let mut json = serde_json::to_value(TextPack::example()).unwrap();
        let extra = json.as_object_mut().unwrap().remove("extra").unwrap();
        let lines = |table: &serde_json::Value| {
            let line = |(name, value): (&String, &serde_json::Value)| format!("{name} = {value}\n");
            table.as_object().unwrap().iter().map(line).collect::<String>()
        };
        let text = format!("{}[extra]\n{}", lines(&json), lines(&extra));
        assert_eq!(TextPack::from_toml(&text), Ok(TextPack::example()));
        let real = text.replace("example = true\n", "");
        let (mandatory, _) = text.split_once("[extra]").unwrap();
        assert_eq!(TextPack::from_toml(mandatory), Ok(TextPack::example()));
        let formal = TextPack::example_for(Release::V1_6);
        assert!(formal.landing_text.contains("dat u het bent") && formal.version != TextPack::example().version);
        assert_eq!(TextPack::example_for(Release::V2_2), TextPack::example());
        assert!(!TextPack::from_toml(&real).unwrap().example);
        let missing: String = text
            .lines()
            .filter(|line| !line.starts_with("back"))
            .map(|line| format!("{line}\n"))
            .collect();
        assert!(TextPack::from_toml(&missing).is_err());
        assert!(TextPack::from_toml(&text.replace("back = \"Ga terug naar {pgo}\"", "back = \" \"")).is_err());
    }
}
