// SPDX-License-Identifier: AGPL-3.0-or-later
//! A search as it came in: parsed and judged, then run over what the sources give.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde_json::Value;

use super::bronsysteem::{Bronsysteem, Context, Found, Wanted};
use super::date::Range;
use super::filter::Filter;
use super::include::Include;
use super::known::{Known, local};
use super::refusal::Refusal;
use super::{definitions, token};
use crate::bsn::searches_on_bsn;
use crate::name::ResourceType;
use crate::query::{names_the_persoon, value_names_the_persoon};
use crate::resource::Resource;

/// Number of matches on a page.
pub(super) const COUNT: &str = "_count";
/// The page of a search that was run before, in links that the server writes.
pub(super) const PAGE: &str = "_page";

/// A search that can be run.
#[derive(Debug)]
pub(super) struct Search {
    pub(super) resource_type: ResourceType,
    pub(super) last_n: bool,
    /// The parameters that were applied, for the self link.
    pub(super) applied: Vec<(String, String)>,
    pub(super) includes: Vec<Include>,
    pub(super) count: Option<usize>,
    /// `_summary=count`: the number and no resources.
    pub(super) count_only: bool,
    filters: Vec<Filter>,
    sort: Vec<Sort>,
    /// Observations of each code that `$lastn` gives.
    per_code: usize,
}

#[derive(Debug)]
struct Sort {
    definition: &'static definitions::Definition,
    descending: bool,
}

/// How a search treats parameters that it does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(clippy::exhaustive_enums, reason = "FHIR has these two ways of handling")]
pub enum Unknown {
    /// Refused: an answer whose filter was ignored holds more than was asked.
    #[default]
    Refuse,
    /// Ignored; the self link shows what was applied.
    Ignore,
}

/// The query of a request, decoded, and free of what no request may hold.
#[derive(Debug)]
pub(super) struct Parameters(Vec<(String, String)>);

impl Search {
    pub(super) fn parse(
        resource_type: ResourceType,
        last_n: bool,
        parameters: Parameters,
        unknown: Unknown,
        base: &str,
    ) -> Result<Self, Refusal> {
        let mut search = Self {
            resource_type,
            last_n,
            applied: Vec::new(),
            includes: Vec::new(),
            count: None,
            count_only: false,
            filters: Vec::new(),
            sort: Vec::new(),
            per_code: 1,
        };
        for (name, value) in parameters.0 {
            match search.apply(&name, &value, base) {
                Ok(true) => search.applied.push((name, value)),
                Ok(false) => {}
                Err(Refusal::Parameter(_) | Refusal::Include) if unknown == Unknown::Ignore => {}
                Err(refusal) => return Err(refusal),
            }
        }
        Ok(search)
    }

    /// Applies a parameter; whether it belongs in the self link.
    fn apply(&mut self, name: &str, value: &str, base: &str) -> Result<bool, Refusal> {
        // the parameters of a result name nobody
        let of_result = matches!(
            name,
            COUNT | "_format" | "_pretty" | "_summary" | "_total" | "_lastUpdated"
        );
        if !of_result && names_the_persoon(&self.resource_type, name) {
            return Err(Refusal::NamesThePersoon);
        }
        if value_names_the_persoon(name, value) {
            return Err(Refusal::NamesThePersoon);
        }
        // no value is no filter: left out, or told when a client wants that
        if value.is_empty() {
            return Err(Refusal::Parameter(shown(name)));
        }
        // what is behind a third link is not read
        if name.split('.').count() > 3 {
            return Err(Refusal::Parameter(shown(name)));
        }
        let bad = || Refusal::Value(shown(name));
        match name {
            COUNT => {
                self.count = Some(number(value).ok_or_else(bad)?);
                return Ok(true);
            }
            // the form was judged with the headers
            "_format" | "_pretty" => return Ok(false),
            "_summary" => match value {
                "false" => return Ok(false),
                "count" => self.count_only = true,
                _ => return Err(Refusal::Parameter(shown(name))),
            },
            "_total" if matches!(value, "none" | "estimate" | "accurate") => return Ok(false),
            "_include" => self.includes.push(self.include(value, false)?),
            "_include:recurse" | "_include:iterate" => self.includes.push(self.include(value, true)?),
            "_sort" | "_sort:asc" | "_sort:desc" => {
                for key in value.split(',') {
                    let (key, minus) = key.strip_prefix('-').map_or((key, false), |key| (key, true));
                    let definition = definitions::lookup(self.resource_type.as_str(), key)
                        .ok_or_else(|| Refusal::Parameter(shown(name)))?;
                    let descending = minus || name == "_sort:desc";
                    self.sort.push(Sort { definition, descending });
                }
            }
            "max" if self.last_n => self.per_code = number(value).filter(|max| *max > 0).ok_or_else(bad)?,
            _ => match Filter::parse(self.resource_type.as_str(), name, value, base) {
                Ok(Some(filter)) => self.filters.push(filter),
                Ok(None) if self.has_other_modifiers(name) => return Err(Refusal::Modifier(shown(name))),
                Ok(None) => return Err(Refusal::Parameter(shown(name))),
                Err(_) => return Err(bad()),
            },
        }
        Ok(true)
    }

    /// Whether the parameter is known, and its modifier is not: that is refused under every policy
    /// (R4 section 3.1.1.4.5), because what was asked and what would be answered can be opposites.
    fn has_other_modifiers(&self, name: &str) -> bool {
        let own = name.split_once(':').filter(|(_, modifier)| !modifier.contains('.'));
        own.is_some_and(|(own, _)| definitions::lookup(self.resource_type.as_str(), own).is_some())
    }

    fn include(&self, value: &str, again: bool) -> Result<Include, Refusal> {
        Include::parse(self.resource_type.as_str(), value, again).ok_or(Refusal::Include)
    }

    /// The matches, in the order of the sources or as sorted.
    pub(super) async fn run<B: Bronsysteem>(
        &self,
        context: &Context,
        bronsysteem: &B,
        base: &str,
    ) -> Result<Vec<Resource>, Refusal> {
        let wanted = Wanted {
            resource_type: self.resource_type.clone(),
            parameters: self.applied.iter().filter(|(name, _)| name != COUNT).cloned().collect(),
            last_n: self.last_n,
        };
        let mut known = Known::new(base);
        let mut candidates = Vec::new();
        for resource in bronsysteem.find(context, &wanted).await? {
            let value: Value = resource.view().map_err(|_| Refusal::Internal)?;
            if resource.resource_type() == &self.resource_type {
                candidates.push((resource, value));
            } else if let Some(id) = resource.id() {
                known.insert(format!("{}/{id}", resource.resource_type()), value);
            }
        }
        self.look_behind(&candidates, &mut known, context, bronsysteem).await?;
        candidates.retain(|(_, value)| self.filters.iter().all(|filter| filter.matches(value, &known)));
        if self.last_n {
            candidates = last_of_each_code(candidates, self.per_code);
        }
        for sort in self.sort.iter().rev() {
            sort.order(&mut candidates);
        }
        Ok(candidates.into_iter().map(|(resource, _)| resource).collect())
    }

    /// Reads what chains lead to, at most two links deep.
    async fn look_behind<B: Bronsysteem>(
        &self,
        candidates: &[(Resource, Value)],
        known: &mut Known<'_>,
        context: &Context,
        bronsysteem: &B,
    ) -> Result<(), Refusal> {
        let base = known.base;
        let mut open: Vec<(&Filter, String)> = Vec::new();
        for (_, value) in candidates {
            for filter in &self.filters {
                open.extend(filter.needs(value).into_iter().map(|text| (filter, text.to_owned())));
            }
        }
        for behind in [true, false] {
            let mut next = Vec::new();
            for (filter, text) in open {
                let Some((resource_type, id)) = local(&text, base) else {
                    continue;
                };
                let key = format!("{resource_type}/{id}");
                if known.contains(&key) {
                    continue;
                }
                let Found::Resource(resource) = bronsysteem.read(context, &resource_type, &id).await? else {
                    continue;
                };
                let value: Value = resource.view().map_err(|_| Refusal::Internal)?;
                if behind {
                    let texts = filter.needs_behind(resource_type.as_str(), &value).into_iter();
                    next.extend(texts.map(|text| (filter, text.to_owned())));
                }
                known.insert(key, value);
            }
            open = next;
        }
        Ok(())
    }
}

impl Sort {
    fn order(&self, candidates: &mut [(Resource, Value)]) {
        let key = |value: &Value| {
            let elements = self.definition.elements(value);
            let mut ranges = Vec::new();
            if self.definition.kind == definitions::Kind::Date {
                elements.iter().for_each(|element| Range::read(element, &mut ranges));
            }
            let text = elements.first().map(|element| element.to_string());
            (ranges.iter().map(|range| range.start).min(), text)
        };
        if self.descending {
            candidates.sort_by_cached_key(|(_, value)| Reverse(key(value)));
        } else {
            candidates.sort_by_cached_key(|(_, value)| key(value));
        }
    }
}

impl Parameters {
    /// The parameters of a search that was judged before.
    pub(super) fn of(applied: Vec<(String, String)>) -> Self {
        Self(applied)
    }

    /// Decodes a query and refuses what no request may hold.
    pub(super) fn parse(query: Option<&str>) -> Result<Self, Refusal> {
        let query = query.unwrap_or_default();
        if searches_on_bsn(query) {
            return Err(Refusal::NamesThePersoon);
        }
        let broken = query.match_indices('%').any(|(at, _)| {
            let digits = query.get(at + 1..at + 3).unwrap_or_default();
            digits.len() < 2 || !digits.bytes().all(|b| b.is_ascii_hexdigit())
        });
        if broken {
            return Err(Refusal::Value("(percent-encoding)".to_owned()));
        }
        let parameters: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        if parameters.iter().any(|(name, _)| name == "access_token") {
            return Err(Refusal::TokenInQuery);
        }
        let unreadable = |(_, value): &&(String, String)| value.contains('\u{fffd}');
        if let Some((name, _)) = parameters.iter().find(unreadable) {
            return Err(Refusal::Value(shown(name)));
        }
        Ok(Self(parameters))
    }

    /// The first value of a parameter.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.as_str())
    }

    /// Refuses every parameter that is not one of these: a read, a page.
    pub(super) fn only(&self, names: &[&str], unknown: Unknown) -> Result<(), Refusal> {
        let other = self.0.iter().find(|(name, _)| !names.contains(&name.as_str()));
        match other {
            Some((name, _)) if unknown == Unknown::Refuse => Err(Refusal::Parameter(shown(name))),
            _ => Ok(()),
        }
    }
}

fn number(value: &str) -> Option<usize> {
    let digits = (1..=6).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| value.parse().ok()).flatten()
}

/// A name of the other party in a message: letters and the like, bounded.
pub(super) fn shown(name: &str) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ':' | '.');
    name.chars().filter(plain).take(64).collect()
}

/// `$lastn`: the latest of each code, by the time of the observation (STU3 operation `lastn`).
fn last_of_each_code(matches: Vec<(Resource, Value)>, per_code: usize) -> Vec<(Resource, Value)> {
    let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, (_, value)) in matches.iter().enumerate() {
        let mut codings = Vec::new();
        if let Some(code) = value.get("code") {
            token::codings(code, &mut codings);
        }
        let mut names: Vec<_> = codings
            .iter()
            .map(|coding| format!("{:?}", (coding.system, coding.code)))
            .collect();
        names.sort();
        // a code without a coding is its text
        if let (true, Some(text)) = (names.is_empty(), value.pointer("/code/text").and_then(Value::as_str)) {
            names.push(format!("text {text:?}"));
        }
        groups.entry(names.join(",")).or_default().push(at);
    }
    let time = |at: &usize| matches.get(*at).and_then(|(_, value)| observed_at(value));
    let mut chosen: Vec<usize> = Vec::new();
    for group in groups.values_mut() {
        group.sort_by_key(|at| Reverse(time(at)));
        chosen.extend(group.iter().take(per_code));
    }
    chosen.sort_unstable();
    let mut chosen = chosen.into_iter().peekable();
    let of_group = |(at, item)| (chosen.next_if_eq(&at).is_some()).then_some(item);
    matches.into_iter().enumerate().filter_map(of_group).collect()
}

fn observed_at(observation: &Value) -> Option<i128> {
    let text = |path: &str| observation.pointer(path).and_then(Value::as_str);
    let candidates = [
        "/effectiveDateTime",
        "/effectiveInstant",
        "/effectivePeriod/end",
        "/effectivePeriod/start",
        "/issued",
    ];
    candidates
        .into_iter()
        .find_map(|path| Some(Range::parse(text(path)?)?.start))
}
