// SPDX-License-Identifier: AGPL-3.0-or-later
//! Reading `stelsel.toml`: all of it or nothing.

use std::{borrow::Cow, collections::BTreeMap};

use medmij_log::EventType;
use medmij_types::Release;
use serde::Deserialize;

use super::{Note, Stelsel, StelselError, exception_name};
use crate::{
    error_code::ErrorCode,
    policy::{EmptyScope, ExceptionRule, Gedrag, IdStrictness, InvalidClient, Mark, Rate, Uitzondering, release_rules},
};

impl Stelsel {
    /// Reads a policy file over the defaults. What the file does not name stays as it is.
    ///
    /// ```
    /// use medmij_oauth::policy::{Stelsel, StelselError};
    ///
    /// let stelsel = Stelsel::from_toml("versie = \"1\"\n[levensduur.toegangstoken]\nwaarde = 60\nmerk = \"confirmed\"")?;
    /// assert_eq!(stelsel.lifetimes.access_token.get().as_secs(), 60);
    ///
    /// // a floor
    /// let too_long = "versie = \"1\"\n[levensduur.toegangstoken]\nwaarde = 3600";
    /// assert!(matches!(Stelsel::from_toml(too_long), Err(StelselError::Levensduur { .. })));
    /// # Ok::<(), StelselError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// See [`StelselError`].
    pub fn from_toml(text: &str) -> Result<Self, StelselError> {
        let file: File = toml::from_str(text).map_err(|error| StelselError::File(error.to_string()))?;
        let mut stelsel = Self {
            versie: file.versie,
            ..Self::default()
        };
        for (name, value) in file.levensduur {
            stelsel.set_lifetime(&name, value.waarde)?;
            stelsel.note(
                format!("levensduur.{name}"),
                value.code,
                value.bron,
                value.merk.as_deref(),
            )?;
        }
        for (name, value) in file.interfaceversie {
            let full = format!("interfaceversie.{name}");
            let release = Release::parse(&value.waarde).map_err(|_| wrong(&full, &value.waarde))?;
            stelsel.interfaceversies.insert(name, release);
            stelsel.note(full, value.code, value.bron, value.merk.as_deref())?;
        }
        for (name, value) in file.limiet {
            let full = format!("limiet.{name}");
            let limits = &mut stelsel.limits;
            let slot = match name.as_str() {
                "front_address" => &mut limits.front_address,
                "front_network" => &mut limits.front_network,
                "front_pages" => &mut limits.front_pages,
                "back_address" => &mut limits.back_address,
                "back_node" => &mut limits.back_node,
                _ => return Err(StelselError::Naam(full)),
            };
            if value.per_seconde == 0 || value.ineens == 0 {
                return Err(wrong(&full, "0"));
            }
            *slot = Rate::new(value.per_seconde, value.ineens);
            stelsel.note(full, value.code, value.bron, value.merk.as_deref())?;
        }
        for (name, value) in file.lege_scope {
            let full = format!("lege_scope.{name}");
            let release = Release::parse(&name).map_err(|_| StelselError::Naam(full.clone()))?;
            let meaning = match value.waarde.as_str() {
                "zoals-gevraagd" => EmptyScope::AsAsked,
                "niets" => EmptyScope::Nothing,
                other => return Err(wrong(&full, other)),
            };
            stelsel.empty_scope.insert(release, meaning);
            stelsel.note(full, value.code, value.bron, value.merk.as_deref())?;
        }
        if let Some(value) = file.request_ids {
            stelsel.ids = match value.waarde.as_str() {
                "herstellen" => IdStrictness::Lenient,
                "weigeren" => IdStrictness::Strict,
                other => return Err(wrong("request_ids", other)),
            };
            stelsel.note("request_ids".to_owned(), value.code, value.bron, value.merk.as_deref())?;
        }
        if let Some(value) = file.state_lengte {
            // a state of 256 bits has to fit, and what is kept has to stay small
            stelsel.state_lengte = usize::try_from(value.waarde)
                .ok()
                .filter(|lengte| (64..=8_000).contains(lengte))
                .ok_or_else(|| wrong("state_lengte", &value.waarde.to_string()))?;
            stelsel.note("state_lengte".to_owned(), value.code, value.bron, value.merk.as_deref())?;
        }
        if let Some(value) = file.state_minimum {
            // no DVP that takes 256 random bits as base64url may fall under it
            stelsel.state_minimum = usize::try_from(value.waarde)
                .ok()
                .filter(|minimum| (0..=43).contains(minimum))
                .ok_or_else(|| wrong("state_minimum", &value.waarde.to_string()))?;
            stelsel.note(
                "state_minimum".to_owned(),
                value.code,
                value.bron,
                value.merk.as_deref(),
            )?;
        }
        if let Some(value) = file.redirect_query {
            stelsel.redirect_query = match value.waarde.as_str() {
                "toestaan" => true,
                "weigeren" => false,
                other => return Err(wrong("redirect_query", other)),
            };
            stelsel.note(
                "redirect_query".to_owned(),
                value.code,
                value.bron,
                value.merk.as_deref(),
            )?;
        }
        if let Some(value) = file.invalid_client {
            stelsel.invalid_client = match value.waarde {
                401 => InvalidClient::Unauthorized,
                400 => InvalidClient::BadRequest,
                other => return Err(wrong("invalid_client", &other.to_string())),
            };
            stelsel.note(
                "invalid_client".to_owned(),
                value.code,
                value.bron,
                value.merk.as_deref(),
            )?;
        }
        for each in file.uitzondering {
            let uitzondering = Uitzondering::from_name(&each.naam)
                .ok_or_else(|| StelselError::Naam(format!("uitzondering {}", each.naam)))?;
            let release = Release::parse(&each.release).map_err(|_| wrong("release", &each.release))?;
            let mark = read_mark(each.merk.as_deref())?;
            let mut rule = ExceptionRule::new(read_gedrag(&each.gedrag)?, read_error(&each.error)?, mark);
            // the event stays, unless the file names another one
            rule.event = match &each.event {
                Some(name) => Some(EventType::from_name(name)),
                None => stelsel.exceptions.rule(release, uitzondering).event,
            };
            rule.description = each.description.map(Cow::Owned);
            stelsel.set_rule(release, uitzondering, rule)?;
            let alike = [Uitzondering::GeenGegevens, Uitzondering::Geweigerd];
            let together = if release_rules(release).refusals_alike && alike.contains(&uitzondering) {
                &alike[..]
            } else {
                std::slice::from_ref(&uitzondering)
            };
            for one in together {
                let naam = exception_name(release, *one);
                stelsel.note(naam, each.code.clone(), each.bron.clone(), each.merk.as_deref())?;
            }
        }
        Ok(stelsel)
    }

    fn note(&mut self, naam: String, code: String, bron: String, merk: Option<&str>) -> Result<(), StelselError> {
        let mark = read_mark(merk)?;
        self.notes.insert(naam, Note { code, bron, mark });
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    versie: String,
    #[serde(default)]
    levensduur: BTreeMap<String, Waarde<u64>>,
    #[serde(default)]
    interfaceversie: BTreeMap<String, Waarde<String>>,
    #[serde(default)]
    limiet: BTreeMap<String, Snelheid>,
    #[serde(default)]
    lege_scope: BTreeMap<String, Waarde<String>>,
    request_ids: Option<Waarde<String>>,
    state_lengte: Option<Waarde<u64>>,
    state_minimum: Option<Waarde<u64>>,
    redirect_query: Option<Waarde<String>>,
    invalid_client: Option<Waarde<u64>>,
    #[serde(default)]
    uitzondering: Vec<Regel>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Waarde<T> {
    waarde: T,
    #[serde(default)]
    code: String,
    #[serde(default)]
    bron: String,
    merk: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Snelheid {
    per_seconde: u32,
    ineens: u32,
    #[serde(default)]
    code: String,
    #[serde(default)]
    bron: String,
    merk: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Regel {
    release: String,
    naam: String,
    gedrag: String,
    error: String,
    description: Option<String>,
    event: Option<String>,
    #[serde(default)]
    code: String,
    #[serde(default)]
    bron: String,
    merk: Option<String>,
}

fn read_mark(merk: Option<&str>) -> Result<Mark, StelselError> {
    match merk {
        Some("confirmed") => Ok(Mark::Confirmed),
        Some("inferred") => Ok(Mark::Inferred),
        None | Some("unknown") => Ok(Mark::Unknown),
        Some(other) => Err(wrong("merk", other)),
    }
}

fn read_gedrag(text: &str) -> Result<Gedrag, StelselError> {
    match text {
        "redirect" => Ok(Gedrag::Redirect),
        "pagina" => Ok(Gedrag::Pagina),
        "alleen-pagina" => Ok(Gedrag::AlleenPagina),
        other => Err(wrong("gedrag", other)),
    }
}

/// An error code in the alphabet of RFC 6749 appendix A.7, without spaces.
fn read_error(text: &str) -> Result<ErrorCode, StelselError> {
    let fits = (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    if fits {
        Ok(ErrorCode::from_wire(text))
    } else {
        Err(wrong("error", text))
    }
}

fn wrong(naam: &str, waarde: &str) -> StelselError {
    StelselError::Waarde {
        naam: naam.to_owned(),
        waarde: waarde.chars().take(64).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::OauthError;

    const RULE: &str = "versie = \"x\"\n[[uitzondering]]\nrelease = \"2.2\"\nerror = \"access_denied\"\n";

    #[test]
    fn the_file_overrules_and_says_so() {
        let text =
            format!("{RULE}naam = \"autoriseren-3\"\ngedrag = \"pagina\"\nmerk = \"confirmed\"\nbron = \"S1\"\n");
        let stelsel = Stelsel::from_toml(&text).unwrap();
        let changed = stelsel.diff(&Stelsel::default());
        assert_eq!(changed.len(), 1);
        let (row, _) = &changed[0];
        assert_eq!(
            (row.naam.as_str(), row.bron.as_str(), row.mark),
            ("uitzondering.2.2.autoriseren-3", "S1", Mark::Confirmed)
        );
        assert!(row.overruled && row.waarde == "pagina access_denied");
        assert!(!stelsel.open().iter().any(|open| open.naam == row.naam));
    }

    #[test]
    fn o13_limits_stand_in_the_file() {
        let text = "versie = \"x\"\n[limiet.back_node]\nper_seconde = 7\nineens = 70\nmerk = \"confirmed\"";
        let stelsel = Stelsel::from_toml(text).unwrap();
        assert_eq!(stelsel.limits.back_node, Rate::new(7, 70));
        let changed = stelsel.diff(&Stelsel::default());
        assert_eq!(changed.len(), 1);
        assert_eq!(changed[0].0.waarde, "7 per s, 70 ineens");
    }

    #[test]
    fn floors_and_typing_errors_refuse_the_whole_file() {
        for (tail, error) in [
            (
                "naam = \"autoriseren-2\"\ngedrag = \"redirect\"",
                Some(OauthError::PolicyAutomaticRedirect),
            ),
            (
                "naam = \"1b.scope\"\ngedrag = \"redirect\"\ndescription = \"a\\nb\"",
                Some(OauthError::PolicyDescription),
            ),
            ("naam = \"1a\"\ngedrag = \"redirect\"", None),
            ("naam = \"1b.scope\"\ngedrag = \"weg\"", None),
            ("naam = \"1b.scope\"\ngedrag = \"redirect\"\nmerk = \"zeker\"", None),
            ("naam = \"1b.scope\"\ngedrag = \"redirect\"\nonbekend = 1", None),
        ] {
            let found = Stelsel::from_toml(&format!("{RULE}{tail}\n")).unwrap_err();
            if let Some(error) = error {
                assert!(
                    matches!(&found, StelselError::Uitzondering { fout, .. } if *fout == error),
                    "{tail}: {found}"
                );
            }
        }
        for text in [
            "",
            "versie = 1",
            "versie = \"x\"\nwhitelist = false",
            "versie = \"x\"\n[levensduur.code]\nwaarde = 901",
            "versie = \"x\"\n[levensduur.code]\nwaarde = 0",
            "versie = \"x\"\n[levensduur.iets]\nwaarde = 1",
            "versie = \"x\"\n[interfaceversie.2]\nwaarde = \"3.0\"",
            "versie = \"x\"\n[state_lengte]\nwaarde = 9",
            "versie = \"x\"\n[request_ids]\nwaarde = \"soms\"",
            "versie = \"x\"\n[redirect_query]\nwaarde = \"soms\"",
            "versie = \"x\"\n[invalid_client]\nwaarde = 403",
            "versie = \"x\"\n[state_minimum]\nwaarde = 44",
            "versie = \"x\"\n[limiet.back_node]\nper_seconde = 0\nineens = 1",
            "versie = \"x\"\n[limiet.back_node]\nper_seconde = 1",
            "versie = \"x\"\n[limiet.pgo]\nper_seconde = 1\nineens = 1",
            "versie = \"x\"\n[lege_scope.\"2.2\"]\nwaarde = \"alles\"",
            "versie = \"x\"\n[lege_scope.x]\nwaarde = \"niets\"",
        ] {
            assert!(Stelsel::from_toml(text).is_err(), "{text}");
        }
    }

    #[test]
    fn autoriseren_1_and_2_are_overruled_together() {
        let text = format!("{RULE}naam = \"autoriseren-1\"\ngedrag = \"pagina\"\nmerk = \"confirmed\"\n");
        let stelsel = Stelsel::from_toml(&text).unwrap();
        let rows: Vec<_> = stelsel.rows().into_iter().filter(|row| row.overruled).collect();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].waarde, rows[1].waarde);
    }
}
