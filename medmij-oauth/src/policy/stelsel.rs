// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the framework leaves open or we could not read, in one place: the defaults of this crate, with what a supplier
//! overrules, each value with its requirement code, its source and its mark.
//!
//! With the feature `stelsel` the overruling values come from a file, `stelsel.toml`:
//!
//! ```toml
//! version = "2026-11 supplier"
//!
//! [lifetime.access_token]
//! value = 600
//! code = "core.autorisatie.204"
//! source = "agreed with MedMij, 2026-11-03"
//! mark = "confirmed"
//!
//! [interfaceversie.2]
//! value = "2.2"
//!
//! [[uitzondering]]
//! release = "2.2"
//! name = "autoriseren-3"
//! handling = "page"
//! error = "temporarily_unavailable"
//! mark = "confirmed"
//! ```
//!
//! Safety floors are not in the file: a lifetime over 900 s for a code or an access token, a redirect at autoriseren 1 or
//! 2, or anything at all about uitzondering 1a is an error when the file is read.

mod error;
#[cfg(feature = "stelsel")]
mod file;

pub use self::error::StelselError;
use std::{collections::BTreeMap, fmt, time::Duration};

use medmij_types::{DnsPolicy, Release};

use super::{
    EmptyScope, ExceptionPolicy, ExceptionRule, Handling, IdStrictness, InvalidClient, Lifetime, Lifetimes,
    LimitPolicy, Mark, Uitzondering,
};
use crate::OauthError;

/// The whole policy.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Stelsel {
    /// The name of this version, for records.
    pub version: String,
    /// What happens at exceptions.
    pub exceptions: ExceptionPolicy,
    /// How long things last.
    pub lifetimes: Lifetimes,
    /// What is done with missing request ids.
    pub ids: IdStrictness,
    /// The longest `state` that a server takes, in bytes.
    pub state_maximum: usize,
    /// The shortest `state` that a server takes, in bytes; 0 where the framework's number is not known.
    pub state_minimum: usize,
    /// Whether a `redirect_uri` may have a query: RFC 6749 section 3.1.2 allows it, the framework could not be read on it.
    pub redirect_query: bool,
    /// The status of `invalid_client` at the token endpoint.
    pub invalid_client: InvalidClient,
    /// What a DVP makes of an empty `scope` in a token response; [`EmptyScope::AsAsked`] for a release that is not named.
    pub empty_scope: BTreeMap<Release, EmptyScope>,
    /// How answers of DNS about Nodes are proven; [`DnsPolicy::of`] for a release that is not named.
    pub dns: BTreeMap<Release, DnsPolicy>,
    /// Whether a Node in a zone that is not signed is refused; [`DnsPolicy::refuses_unsigned`] for a release that is not named.
    pub dns_refuse_unsigned: BTreeMap<Release, bool>,
    /// How many requests a server answers.
    pub limits: LimitPolicy,
    /// Which release an Interfaceversie of the Zorgaanbiederslijst stands for.
    pub interfaceversies: BTreeMap<String, Release>,
    notes: BTreeMap<String, Note>,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Note {
    code: String,
    source: String,
    mark: Mark,
}

/// One value of the policy, to show.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PolicyRow {
    /// Its name in the file.
    pub name: String,
    /// The value.
    pub value: String,
    /// The requirement code.
    pub code: String,
    /// The source.
    pub source: String,
    /// On what it rests.
    pub mark: Mark,
    /// Whether the supplier overruled it.
    pub overruled: bool,
}

impl Default for Stelsel {
    fn default() -> Self {
        Self {
            version: format!("medmij-oauth {}", env!("CARGO_PKG_VERSION")),
            exceptions: ExceptionPolicy::default(),
            lifetimes: Lifetimes::default(),
            ids: IdStrictness::default(),
            state_maximum: 2_048,
            state_minimum: 0,
            redirect_query: true,
            invalid_client: InvalidClient::default(),
            empty_scope: BTreeMap::new(),
            dns: BTreeMap::new(),
            dns_refuse_unsigned: BTreeMap::new(),
            limits: LimitPolicy::default(),
            interfaceversies: BTreeMap::from([("1".to_owned(), Release::V1_6), ("2".to_owned(), Release::DEFAULT)]),
            notes: BTreeMap::new(),
        }
    }
}

impl Stelsel {
    /// The release of an Interfaceversie: as the table says, else the release of that name.
    ///
    /// ```
    /// use medmij_oauth::policy::Stelsel;
    /// use medmij_types::Release;
    ///
    /// let stelsel = Stelsel::default();
    /// assert_eq!(stelsel.release_of("2"), Some(Release::V2_2));
    /// assert_eq!(stelsel.release_of("1.4.0"), Some(Release::V1_4));
    /// assert_eq!(stelsel.release_of("9"), None);
    /// ```
    #[must_use]
    pub fn release_of(&self, interfaceversie: &str) -> Option<Release> {
        self.interfaceversies
            .get(interfaceversie)
            .copied()
            .or_else(|| Release::parse(interfaceversie).ok())
    }

    /// How answers of DNS are proven in a release (core.dns), for the `dns` of a Node's configuration.
    ///
    /// ```
    /// use medmij_oauth::policy::Stelsel;
    /// use medmij_types::{DnsPolicy, Release};
    ///
    /// let stelsel = Stelsel::default();
    /// assert_eq!(stelsel.dns_of(Release::V2_2), (DnsPolicy::Validate, false));
    /// assert_eq!(stelsel.dns_of(Release::V1_4), (DnsPolicy::Validate, true));
    /// ```
    #[must_use]
    pub fn dns_of(&self, release: Release) -> (DnsPolicy, bool) {
        let policy = self.dns.get(&release).copied();
        let refuse = self.dns_refuse_unsigned.get(&release).copied();
        (
            policy.unwrap_or_else(|| DnsPolicy::of(release)),
            refuse.unwrap_or_else(|| DnsPolicy::refuses_unsigned(release)),
        )
    }

    /// Every value, in a fixed order: `medmij policy show`.
    #[must_use]
    pub fn rows(&self) -> Vec<PolicyRow> {
        let mut rows = Vec::new();
        for (name, duration, mark) in self.lifetimes.marked() {
            let name = format!("lifetime.{name}");
            rows.push(self.row(name, format!("{} s", duration.as_secs()), "core.autorisatie.204", mark));
        }
        let ids = match self.ids {
            IdStrictness::Lenient => "repair",
            IdStrictness::Strict => "reject",
        };
        rows.push(self.row(
            "request_ids".to_owned(),
            ids.to_owned(),
            "core.authint.208",
            Mark::Inferred,
        ));
        let length = self.state_maximum.to_string();
        rows.push(self.row("state_maximum".to_owned(), length, "core.authint.200", Mark::Unknown));
        let minimum = self.state_minimum.to_string();
        rows.push(self.row("state_minimum".to_owned(), minimum, "core.authint.200", Mark::Unknown));
        let query = if self.redirect_query { "allow" } else { "reject" };
        rows.push(self.row(
            "redirect_query".to_owned(),
            query.to_owned(),
            "core.authint.200",
            Mark::Unknown,
        ));
        let status = self.invalid_client.status().to_string();
        rows.push(self.row("invalid_client".to_owned(), status, "core.tknint.207", Mark::Unknown));
        for (name, rate, mark) in self.limits.marked() {
            let value = format!("{} per s, {} at once", rate.per_second, rate.burst);
            rows.push(self.row(format!("limit.{name}"), value, "core.gegevensdiensten.103", mark));
        }
        for (name, release) in &self.interfaceversies {
            let name = format!("interfaceversie.{name}");
            rows.push(self.row(name, release.to_string(), "core.alst", Mark::Unknown));
        }
        for release in Release::ALL.iter().copied() {
            let value = match self.empty_scope.get(&release).copied().unwrap_or_default() {
                EmptyScope::AsAsked => "as-asked",
                EmptyScope::Nothing => "nothing",
            };
            let name = format!("empty_scope.{release}");
            rows.push(self.row(name, value.to_owned(), "core.tknint.201", Mark::Unknown));
            let (policy, refuse) = self.dns_of(release);
            let (name, value) = (format!("dns.{release}"), policy.as_str().to_owned());
            rows.push(self.row(name, value, "core.dns", Mark::Inferred));
            // 1.x could be read on it, 2.x not
            let (old, value) = (release < Release::V2_0, if refuse { "refuse" } else { "use" });
            let (name, mark) = (
                format!("dns_unsigned.{release}"),
                if old { Mark::Inferred } else { Mark::Unknown },
            );
            rows.push(self.row(name, value.to_owned(), "core.dns", mark));
            for uitzondering in Uitzondering::ALL {
                let rule = self.exceptions.rule(release, uitzondering);
                let description = rule
                    .description
                    .as_deref()
                    .map(|text| format!(" \"{text}\""))
                    .unwrap_or_default();
                let value = format!("{} {}{description}", handling_name(rule.handling), rule.error);
                let name = exception_name(release, uitzondering);
                rows.push(self.row(name, value, "core.authint.207", rule.mark));
            }
        }
        rows
    }

    /// The values that differ from another policy, as (this, other): `medmij policy diff`.
    #[must_use]
    pub fn diff(&self, other: &Self) -> Vec<(PolicyRow, Option<PolicyRow>)> {
        let mut others: BTreeMap<String, PolicyRow> =
            other.rows().into_iter().map(|row| (row.name.clone(), row)).collect();
        self.rows()
            .into_iter()
            .map(|row| {
                let there = others.remove(&row.name);
                (row, there)
            })
            .filter(|(here, there)| there.as_ref().is_none_or(|there| there.value != here.value))
            .collect()
    }

    /// The values that still rest on inference or on nothing: `medmij policy check`.
    #[must_use]
    pub fn open(&self) -> Vec<PolicyRow> {
        self.rows()
            .into_iter()
            .filter(|row| row.mark != Mark::Confirmed)
            .collect()
    }

    #[cfg_attr(
        not(feature = "stelsel"),
        expect(dead_code, reason = "the file is the only way to overrule by name")
    )]
    fn set_lifetime(&mut self, name: &str, seconds: u64) -> Result<(), StelselError> {
        let most = match name {
            "code" | "access_token" => 900,
            "refresh_race" => 60,
            _ => u64::MAX,
        };
        let outside = |most| StelselError::Lifetime {
            name: name.to_owned(),
            most,
        };
        if seconds > most {
            return Err(outside(most));
        }
        let duration = Duration::from_secs(seconds);
        let lifetimes = &mut self.lifetimes;
        let set = match name {
            "code" => Lifetime::new(duration).map(|value| lifetimes.code = value),
            "access_token" => Lifetime::new(duration).map(|value| lifetimes.access_token = value),
            "refresh_token" => Lifetime::new(duration).map(|value| lifetimes.refresh_token = value),
            "flow" => Lifetime::new(duration).map(|value| lifetimes.flow = value),
            "refresh_race" => Lifetime::new(duration).map(|value| lifetimes.refresh_race = value),
            other => return Err(StelselError::Name(format!("lifetime.{other}"))),
        };
        set.map_err(|error| match error {
            OauthError::Lifetime { most: bound, .. } => outside(most.min(bound)),
            _ => outside(most),
        })
    }

    fn row(&self, name: String, value: String, code: &str, mark: Mark) -> PolicyRow {
        match self.notes.get(&name) {
            Some(note) => PolicyRow {
                name,
                value,
                code: if note.code.is_empty() {
                    code.to_owned()
                } else {
                    note.code.clone()
                },
                source: note.source.clone(),
                mark: note.mark,
                overruled: true,
            },
            None => PolicyRow {
                name,
                value,
                code: code.to_owned(),
                source: "medmij-oauth".to_owned(),
                mark,
                overruled: false,
            },
        }
    }
}

impl fmt::Display for PolicyRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.overruled { '*' } else { ' ' };
        write!(
            f,
            "{sign} {:<40} {:<50} {:<10} {:<22} {}",
            self.name, self.value, self.mark, self.code, self.source
        )
    }
}

fn exception_name(release: Release, uitzondering: Uitzondering) -> String {
    format!("uitzondering.{release}.{}", uitzondering.as_str())
}

fn handling_name(handling: Handling) -> &'static str {
    match handling {
        Handling::Redirect => "redirect",
        Handling::Page => "page",
        Handling::PageOnly => "page-only",
    }
}

impl Stelsel {
    #[cfg_attr(
        not(feature = "stelsel"),
        expect(dead_code, reason = "the file is the only way to overrule by name")
    )]
    fn set_rule(
        &mut self,
        release: Release,
        uitzondering: Uitzondering,
        rule: ExceptionRule,
    ) -> Result<(), StelselError> {
        self.exceptions
            .set(release, uitzondering, rule)
            .map_err(|fault| StelselError::Uitzondering {
                name: uitzondering.as_str().to_owned(),
                fault,
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_say_what_rests_on_inference() {
        let stelsel = Stelsel::default();
        assert!(stelsel.open().iter().any(|row| row.name == "uitzondering.2.2.1b.scope"));
        assert!(stelsel.rows().iter().all(|row| !row.overruled));
        assert!(stelsel.diff(&Stelsel::default()).is_empty());
        let names: std::collections::BTreeSet<_> = stelsel.rows().into_iter().map(|row| row.name).collect();
        assert_eq!(names.len(), stelsel.rows().len(), "a name occurs once");
    }
}
