// SPDX-License-Identifier: AGPL-3.0-or-later
//! Zorgaanbieders by what people know of them: a name, a place, a kind. The lists of MedMij hold none of it, so it comes out
//! of a register of the supplier: a file (JSON).

use medmij_types::Aanbiedernaam;
use serde::Deserialize;
use std::{collections::BTreeMap, path::Path};

/// A zorgaanbieder for people.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Provider {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) place: String,
    /// "Ziekenhuis", "Huisarts" …
    #[serde(default)]
    pub(crate) kind: String,
    /// The AGB code, which some people have on a letter.
    #[serde(default)]
    pub(crate) agb: String,
}

/// The register, by Aanbiedersnaam.
#[derive(Default)]
pub(crate) struct Providers(BTreeMap<Aanbiedernaam, Provider>);

/// The register cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("register of zorgaanbieders")]
pub struct ProvidersError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl Providers {
    /// Reads a register: an object of names, each with a provider.
    pub(crate) fn read(path: &Path) -> Result<Self, ProvidersError> {
        let text = std::fs::read(path).map_err(|error| ProvidersError(error.into()))?;
        let found: BTreeMap<String, Provider> =
            serde_json::from_slice(&text).map_err(|error| ProvidersError(error.into()))?;
        let parsed = found.into_iter().map(|(name, provider)| {
            let name = Aanbiedernaam::parse(&name).map_err(|error| ProvidersError(Box::new(error)))?;
            Ok((name, provider))
        });
        Ok(Self(parsed.collect::<Result<_, ProvidersError>>()?))
    }

    /// The provider of that name; one that the register does not hold is called by the name on the list, as people would
    /// write it.
    pub(crate) fn of(&self, name: &Aanbiedernaam) -> Provider {
        self.0.get(name).cloned().unwrap_or_else(|| {
            let short = name.short();
            let mut letters = short.chars();
            let first = letters.next().map(|first| first.to_uppercase().collect::<String>());
            Provider {
                name: first.unwrap_or_default() + letters.as_str(),
                place: String::new(),
                kind: String::new(),
                agb: String::new(),
            }
        })
    }
}

impl Provider {
    /// Whether every word that was typed is somewhere in it.
    pub(crate) fn is_found_by(&self, typed: &str) -> bool {
        let all = format!("{} {} {} {}", self.name, self.place, self.kind, self.agb).to_lowercase();
        typed.to_lowercase().split_whitespace().all(|word| all.contains(word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_found_by_what_people_know() {
        let provider = Provider {
            name: "Huisartsenpraktijk De Wilg".to_owned(),
            place: "Zutphen".to_owned(),
            kind: "Huisarts".to_owned(),
            agb: "01234567".to_owned(),
        };
        for (typed, found) in [
            ("", true),
            ("wilg", true),
            ("ZUTPHEN huis", true),
            ("0123", true),
            ("linde", false),
            ("wilg linde", false),
        ] {
            assert_eq!(provider.is_found_by(typed), found, "{typed}");
        }
    }

    #[test]
    fn a_provider_without_a_register_has_a_name_without_the_domain() {
        let name = Aanbiedernaam::parse("ziekenhuisdelinde@medmij").unwrap();
        assert_eq!(Providers::default().of(&name).name, "Ziekenhuisdelinde");
    }
}
