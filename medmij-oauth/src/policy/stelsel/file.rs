// SPDX-License-Identifier: AGPL-3.0-or-later
//! Reading `stelsel.toml`: all of it or nothing.

use std::{borrow::Cow, collections::BTreeMap};

use medmij_log::EventType;
use medmij_types::{DnsPolicy, Release};
use serde::Deserialize;

use super::{Note, Stelsel, StelselError, exception_name};
use crate::{
    error_code::ErrorCode,
    policy::{
        EmptyScope, ExceptionRule, Handling, IdStrictness, InvalidClient, Mark, Rate, Uitzondering, release_rules,
    },
};

impl Stelsel {
    /// Reads a policy file over the defaults. What the file does not name stays as it is.
    ///
    /// ```
    /// use medmij_oauth::policy::{Stelsel, StelselError};
    ///
    /// let stelsel = Stelsel::from_toml("version = \"1\"\n[lifetime.access_token]\nvalue = 60\nmark = \"confirmed\"")?;
    /// assert_eq!(stelsel.lifetimes.access_token.get().as_secs(), 60);
    ///
    /// // a floor
    /// let too_long = "version = \"1\"\n[lifetime.access_token]\nvalue = 3600";
    /// assert!(matches!(Stelsel::from_toml(too_long), Err(StelselError::Lifetime { .. })));
    /// # Ok::<(), StelselError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// See [`StelselError`].
    pub fn from_toml(text: &str) -> Result<Self, StelselError> {
        let file: File = toml::from_str(text).map_err(|error| StelselError::File(error.to_string()))?;
        let mut stelsel = Self {
            version: file.version,
            ..Self::default()
        };
        for (name, value) in file.lifetime {
            stelsel.set_lifetime(&name, value.value)?;
            stelsel.note(format!("lifetime.{name}"), value.note()?);
        }
        for (name, value) in file.interfaceversie {
            let full = format!("interfaceversie.{name}");
            let release = Release::parse(&value.value).map_err(|_| wrong(&full, &value.value))?;
            stelsel.interfaceversies.insert(name, release);
            stelsel.note(full, value.note()?);
        }
        for (name, value) in file.limit {
            let full = format!("limit.{name}");
            let limits = &mut stelsel.limits;
            let slot = match name.as_str() {
                "front_address" => &mut limits.front_address,
                "front_network" => &mut limits.front_network,
                "front_pages" => &mut limits.front_pages,
                "back_address" => &mut limits.back_address,
                "back_node" => &mut limits.back_node,
                _ => return Err(StelselError::Name(full)),
            };
            if value.per_second == 0 || value.burst == 0 {
                return Err(wrong(&full, "0"));
            }
            *slot = Rate::new(value.per_second, value.burst);
            stelsel.note(full, note(&value.code, &value.source, value.mark.as_deref())?);
        }
        for (name, value) in file.empty_scope {
            let full = format!("empty_scope.{name}");
            let release = Release::parse(&name).map_err(|_| StelselError::Name(full.clone()))?;
            let meaning = match value.value.as_str() {
                "as-asked" => EmptyScope::AsAsked,
                "nothing" => EmptyScope::Nothing,
                other => return Err(wrong(&full, other)),
            };
            stelsel.empty_scope.insert(release, meaning);
            stelsel.note(full, value.note()?);
        }
        for (name, value) in file.dns {
            let full = format!("dns.{name}");
            let release = Release::parse(&name).map_err(|_| StelselError::Name(full.clone()))?;
            let policy = DnsPolicy::parse(&value.value).ok_or_else(|| wrong(&full, &value.value))?;
            stelsel.dns.insert(release, policy);
            stelsel.note(full, value.note()?);
        }
        for (name, value) in file.dns_unsigned {
            let full = format!("dns_unsigned.{name}");
            let release = Release::parse(&name).map_err(|_| StelselError::Name(full.clone()))?;
            let refuse = match value.value.as_str() {
                "use" => false,
                "refuse" => true,
                other => return Err(wrong(&full, other)),
            };
            stelsel.dns_refuse_unsigned.insert(release, refuse);
            stelsel.note(full, value.note()?);
        }
        if let Some(value) = file.request_ids {
            stelsel.ids = match value.value.as_str() {
                "repair" => IdStrictness::Lenient,
                "reject" => IdStrictness::Strict,
                other => return Err(wrong("request_ids", other)),
            };
            stelsel.note("request_ids", value.note()?);
        }
        if let Some(value) = file.state_maximum {
            // a state of 256 bits has to fit, and what is kept has to stay small
            stelsel.state_maximum = usize::try_from(value.value)
                .ok()
                .filter(|length| (64..=8_000).contains(length))
                .ok_or_else(|| wrong("state_maximum", &value.value.to_string()))?;
            stelsel.note("state_maximum", value.note()?);
        }
        if let Some(value) = file.state_minimum {
            // no DVP that takes 256 random bits as base64url may fall under it
            stelsel.state_minimum = usize::try_from(value.value)
                .ok()
                .filter(|minimum| (0..=43).contains(minimum))
                .ok_or_else(|| wrong("state_minimum", &value.value.to_string()))?;
            stelsel.note("state_minimum", value.note()?);
        }
        if let Some(value) = file.redirect_query {
            stelsel.redirect_query = match value.value.as_str() {
                "allow" => true,
                "reject" => false,
                other => return Err(wrong("redirect_query", other)),
            };
            stelsel.note("redirect_query", value.note()?);
        }
        if let Some(value) = file.invalid_client {
            stelsel.invalid_client = match value.value {
                401 => InvalidClient::Unauthorized,
                400 => InvalidClient::BadRequest,
                other => return Err(wrong("invalid_client", &other.to_string())),
            };
            stelsel.note("invalid_client", value.note()?);
        }
        for each in file.uitzondering {
            let uitzondering = Uitzondering::from_name(&each.name)
                .ok_or_else(|| StelselError::Name(format!("uitzondering {}", each.name)))?;
            let release = Release::parse(&each.release).map_err(|_| wrong("release", &each.release))?;
            let mark = read_mark(each.mark.as_deref())?;
            let mut rule = ExceptionRule::new(read_handling(&each.handling)?, read_error(&each.error)?, mark);
            // the event stays, unless the file names another one
            rule.event = match &each.event {
                Some(name) => Some(EventType::from_name(name)),
                None => stelsel.exceptions.rule(release, uitzondering).event,
            };
            rule.description = each.description.map(Cow::Owned);
            stelsel.set_rule(release, uitzondering, rule)?;
            let alike = [Uitzondering::NoData, Uitzondering::Refused];
            let together = if release_rules(release).refusals_alike && alike.contains(&uitzondering) {
                &alike[..]
            } else {
                std::slice::from_ref(&uitzondering)
            };
            for one in together {
                let name = exception_name(release, *one);
                stelsel.note(name, note(&each.code, &each.source, each.mark.as_deref())?);
            }
        }
        Ok(stelsel)
    }

    fn note(&mut self, name: impl Into<String>, note: Note) {
        self.notes.insert(name.into(), note);
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: String,
    #[serde(default)]
    lifetime: BTreeMap<String, Value<u64>>,
    #[serde(default)]
    interfaceversie: BTreeMap<String, Value<String>>,
    #[serde(default)]
    limit: BTreeMap<String, RateRow>,
    #[serde(default)]
    empty_scope: BTreeMap<String, Value<String>>,
    #[serde(default)]
    dns: BTreeMap<String, Value<String>>,
    #[serde(default)]
    dns_unsigned: BTreeMap<String, Value<String>>,
    request_ids: Option<Value<String>>,
    state_maximum: Option<Value<u64>>,
    state_minimum: Option<Value<u64>>,
    redirect_query: Option<Value<String>>,
    invalid_client: Option<Value<u64>>,
    #[serde(default)]
    uitzondering: Vec<ExceptionRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Value<T> {
    value: T,
    #[serde(default)]
    code: String,
    #[serde(default)]
    source: String,
    mark: Option<String>,
}

impl<T> Value<T> {
    fn note(&self) -> Result<Note, StelselError> {
        note(&self.code, &self.source, self.mark.as_deref())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RateRow {
    per_second: u32,
    burst: u32,
    #[serde(default)]
    code: String,
    #[serde(default)]
    source: String,
    mark: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExceptionRow {
    release: String,
    name: String,
    handling: String,
    error: String,
    description: Option<String>,
    event: Option<String>,
    #[serde(default)]
    code: String,
    #[serde(default)]
    source: String,
    mark: Option<String>,
}

/// Where a value comes from, as its row says.
fn note(code: &str, source: &str, mark: Option<&str>) -> Result<Note, StelselError> {
    Ok(Note {
        code: code.to_owned(),
        source: source.to_owned(),
        mark: read_mark(mark)?,
    })
}

fn read_mark(mark: Option<&str>) -> Result<Mark, StelselError> {
    match mark {
        Some("confirmed") => Ok(Mark::Confirmed),
        Some("inferred") => Ok(Mark::Inferred),
        None | Some("unknown") => Ok(Mark::Unknown),
        Some(other) => Err(wrong("mark", other)),
    }
}

fn read_handling(text: &str) -> Result<Handling, StelselError> {
    match text {
        "redirect" => Ok(Handling::Redirect),
        "page" => Ok(Handling::Page),
        "page-only" => Ok(Handling::PageOnly),
        other => Err(wrong("handling", other)),
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

fn wrong(name: &str, value: &str) -> StelselError {
    StelselError::Value {
        name: name.to_owned(),
        value: value.chars().take(64).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::OauthError;

    const RULE: &str = "version = \"x\"\n[[uitzondering]]\nrelease = \"2.2\"\nerror = \"access_denied\"\n";

    #[test]
    fn the_file_overrules_and_says_so() {
        let text =
            format!("{RULE}name = \"autoriseren-3\"\nhandling = \"page\"\nmark = \"confirmed\"\nsource = \"S1\"\n");
        let stelsel = Stelsel::from_toml(&text).unwrap();
        let changed = stelsel.diff(&Stelsel::default());
        assert_eq!(changed.len(), 1);
        let (row, _) = &changed[0];
        assert_eq!(
            (row.name.as_str(), row.source.as_str(), row.mark),
            ("uitzondering.2.2.autoriseren-3", "S1", Mark::Confirmed)
        );
        assert!(row.overruled && row.value == "page access_denied");
        assert!(!stelsel.open().iter().any(|open| open.name == row.name));
    }

    #[test]
    fn o13_limits_stand_in_the_file() {
        let text = "version = \"x\"\n[limit.back_node]\nper_second = 7\nburst = 70\nmark = \"confirmed\"";
        let stelsel = Stelsel::from_toml(text).unwrap();
        assert_eq!(stelsel.limits.back_node, Rate::new(7, 70));
        let changed = stelsel.diff(&Stelsel::default());
        assert_eq!(changed.len(), 1);
        assert_eq!(changed[0].0.value, "7 per s, 70 at once");
    }

    #[test]
    fn core_dns_how_answers_are_proven_stands_in_the_file_by_release() {
        let text = "version = \"x\"\n[dns.\"2.2\"]\nvalue = \"trust-ad\"\n[dns_unsigned.\"2.2\"]\nvalue = \"refuse\"";
        let stelsel = Stelsel::from_toml(text).unwrap();
        assert_eq!(stelsel.dns_of(Release::V2_2), (DnsPolicy::TrustAd, true));
        assert_eq!(stelsel.dns_of(Release::V2_1), (DnsPolicy::Validate, false));
        let changed = stelsel.diff(&Stelsel::default());
        let names: Vec<_> = changed.iter().map(|(row, _)| row.name.as_str()).collect();
        assert_eq!(names, ["dns.2.2", "dns_unsigned.2.2"]);
    }

    #[test]
    fn floors_and_typing_errors_refuse_the_whole_file() {
        for (tail, error) in [
            (
                "name = \"autoriseren-2\"\nhandling = \"redirect\"",
                Some(OauthError::PolicyAutomaticRedirect),
            ),
            (
                "name = \"1b.scope\"\nhandling = \"redirect\"\ndescription = \"a\\nb\"",
                Some(OauthError::PolicyDescription),
            ),
            ("name = \"1a\"\nhandling = \"redirect\"", None),
            ("name = \"1b.scope\"\nhandling = \"gone\"", None),
            ("name = \"1b.scope\"\nhandling = \"redirect\"\nmark = \"certain\"", None),
            ("name = \"1b.scope\"\nhandling = \"redirect\"\nunknown = 1", None),
        ] {
            let found = Stelsel::from_toml(&format!("{RULE}{tail}\n")).unwrap_err();
            if let Some(error) = error {
                assert!(
                    matches!(&found, StelselError::Uitzondering { fault, .. } if *fault == error),
                    "{tail}: {found}"
                );
            }
        }
        for text in [
            "",
            "version = 1",
            "version = \"x\"\nwhitelist = false",
            "version = \"x\"\n[lifetime.code]\nvalue = 901",
            "version = \"x\"\n[lifetime.code]\nvalue = 0",
            "version = \"x\"\n[lifetime.something]\nvalue = 1",
            "version = \"x\"\n[interfaceversie.2]\nvalue = \"3.0\"",
            "version = \"x\"\n[state_maximum]\nvalue = 9",
            "version = \"x\"\n[request_ids]\nvalue = \"sometimes\"",
            "version = \"x\"\n[redirect_query]\nvalue = \"sometimes\"",
            "version = \"x\"\n[invalid_client]\nvalue = 403",
            "version = \"x\"\n[state_minimum]\nvalue = 44",
            "version = \"x\"\n[limit.back_node]\nper_second = 0\nburst = 1",
            "version = \"x\"\n[limit.back_node]\nper_second = 1",
            "version = \"x\"\n[limit.pgo]\nper_second = 1\nburst = 1",
            "version = \"x\"\n[empty_scope.\"2.2\"]\nvalue = \"everything\"",
            "version = \"x\"\n[empty_scope.x]\nvalue = \"nothing\"",
            "version = \"x\"\n[dns.\"2.2\"]\nvalue = \"sometimes\"",
            "version = \"x\"\n[dns.x]\nvalue = \"off\"",
            "version = \"x\"\n[dns_unsigned.\"2.2\"]\nvalue = \"dial\"",
        ] {
            assert!(Stelsel::from_toml(text).is_err(), "{text}");
        }
    }

    #[test]
    fn autoriseren_1_and_2_are_overruled_together() {
        let text = format!("{RULE}name = \"autoriseren-1\"\nhandling = \"page\"\nmark = \"confirmed\"\n");
        let stelsel = Stelsel::from_toml(&text).unwrap();
        let rows: Vec<_> = stelsel.rows().into_iter().filter(|row| row.overruled).collect();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].value, rows[1].value);
    }
}
