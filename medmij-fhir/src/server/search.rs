// SPDX-License-Identifier: AGPL-3.0-or-later
//! A search as it came in: parsed, judged, run. What is not supported is refused, never ignored.

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::Value;

use super::include::Include;
use super::parameters::{Coding, Filter, codings};
use super::set::ResourceSet;
use super::time::moment;
use super::{Responder, negotiate};
use crate::bsn::searches_on_bsn;
use crate::name::ResourceType;
use crate::outcome::IssueCode;
use crate::query::names_the_persoon;
use crate::resource::Resource;

/// Number of matches on a page.
pub(super) const COUNT: &str = "_count";
/// Place of the first match of a page, in links that the server writes.
pub(super) const OFFSET: &str = "_offset";

/// Why a request is refused; [`status`](Self::status) and [`code`](Self::code) go on the wire.
///
/// ```
/// use medmij_fhir::IssueCode;
/// use medmij_fhir::server::SearchError;
///
/// let error = SearchError::FhirVersion; // case H11
/// assert_eq!((error.status().as_u16(), error.code()), (400, IssueCode::NotSupported));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SearchError {
    /// Only `GET` is answered.
    #[error("method is not supported")]
    Method,
    /// The path is not that of a type, a resource or `$lastn`.
    #[error("path is not supported")]
    Path,
    /// The resource type is not part of this gegevensdienst.
    #[error("resource type {0} is not supported")]
    ResourceType(ResourceType),
    /// `$lastn` on something else than Observation, or a search where only `$lastn` was meant.
    #[error("operation is not supported on this resource type")]
    Operation,
    /// The parameter is not supported.
    #[error("search parameter {0} is not supported")]
    Parameter(String),
    /// The value of a parameter cannot be read.
    #[error("value of search parameter {0} is malformed")]
    Value(String),
    /// The include is not supported.
    #[error("_include is not supported for this element")]
    Include,
    /// core.rscint.203: a parameter names the Persoon, or holds a BSN.
    #[error("request names the Persoon, which only the access token does (core.rscint.203)")]
    NamesThePersoon,
    /// core.rscint.200, H09: the access token stands in the query.
    #[error("access token belongs in the Authorization header (core.rscint.200)")]
    TokenInQuery,
    /// The page does not exist.
    #[error("page does not exist")]
    Page,
    /// No resource with this id.
    #[error("resource is not known")]
    NotFound,
    /// H11: another FHIR version is asked.
    #[error("fhirVersion is not supported")]
    FhirVersion,
    /// Only FHIR JSON is spoken.
    #[error("media type is not supported: application/fhir+json is")]
    NotAcceptable,
}

impl SearchError {
    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Path | Self::ResourceType(_) | Self::Operation | Self::NotFound => StatusCode::NOT_FOUND,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// The code of the issue in the OperationOutcome.
    #[must_use]
    pub fn code(&self) -> IssueCode {
        match self {
            Self::NotFound => IssueCode::NotFound,
            Self::Value(_) | Self::NamesThePersoon | Self::TokenInQuery | Self::Page => IssueCode::Invalid,
            _ => IssueCode::NotSupported,
        }
    }
}

/// A search that can be run.
#[derive(Debug)]
pub(super) struct Search {
    pub(super) resource_type: ResourceType,
    pub(super) last_n: bool,
    /// The parameters that were applied, for the links.
    pub(super) applied: Vec<(String, String)>,
    pub(super) includes: Vec<Include>,
    pub(super) count: Option<usize>,
    pub(super) offset: usize,
    filters: Vec<Filter>,
    /// Observations of each code that `$lastn` gives.
    per_code: usize,
}

impl Search {
    pub(super) fn parse(
        resource_type: ResourceType,
        last_n: bool,
        query: Option<&str>,
        responder: &Responder,
    ) -> Result<Self, SearchError> {
        if !responder
            .gegevensdienst
            .queries()
            .iter()
            .any(|query| query.resource_type() == Some(&resource_type))
        {
            return Err(SearchError::ResourceType(resource_type));
        }
        if last_n && resource_type.as_str() != "Observation" {
            return Err(SearchError::Operation);
        }
        let mut search = Self {
            resource_type,
            last_n,
            applied: Vec::new(),
            includes: Vec::new(),
            count: None,
            offset: 0,
            filters: Vec::new(),
            per_code: 1,
        };
        for (name, value) in parameters(query)? {
            search.apply(name, value, responder)?;
        }
        Ok(search)
    }

    /// The matches, in the order of the set.
    pub(super) fn run<'s>(&self, set: &'s ResourceSet) -> Vec<&'s Resource> {
        let matches = set
            .of_type(self.resource_type.as_str())
            .filter(|(_, value)| self.filters.iter().all(|filter| filter.matches(value)));
        if self.last_n {
            return last_of_each_code(matches.collect(), self.per_code);
        }
        matches.map(|(resource, _)| resource).collect()
    }

    fn apply(&mut self, name: String, value: String, responder: &Responder) -> Result<(), SearchError> {
        if names_the_persoon(&self.resource_type, &name) && !matches!(name.as_str(), OFFSET) {
            return Err(SearchError::NamesThePersoon);
        }
        match name.as_str() {
            COUNT => {
                self.count = Some(number(&name, &value)?);
                return Ok(());
            }
            OFFSET => {
                self.offset = number(&name, &value)?;
                return Ok(());
            }
            "_format" => return negotiate::check_format(&value, responder.version()),
            "_include" => {
                let include = Include::parse(self.resource_type.as_str(), &value).ok_or(SearchError::Include)?;
                self.includes.push(include);
            }
            "max" if self.last_n => self.per_code = number(&name, &value)?.max(1),
            _ => match Filter::parse(self.resource_type.as_str(), &name, &value) {
                Ok(Some(filter)) => self.filters.push(filter),
                Ok(None) => return Err(SearchError::Parameter(shown(&name))),
                Err(_) => return Err(SearchError::Value(shown(&name))),
            },
        }
        self.applied.push((name, value));
        Ok(())
    }
}

/// A read takes `_format` and nothing else.
pub(super) fn check_read(query: Option<&str>) -> Result<(), SearchError> {
    match parameters(query)?.into_iter().find(|(name, _)| name != "_format") {
        Some((name, _)) => Err(SearchError::Parameter(shown(&name))),
        None => Ok(()),
    }
}

/// Decodes the query and refuses what no request may hold.
fn parameters(query: Option<&str>) -> Result<Vec<(String, String)>, SearchError> {
    let query = query.unwrap_or_default();
    if searches_on_bsn(query) {
        return Err(SearchError::NamesThePersoon);
    }
    let broken = query.match_indices('%').any(|(at, _)| {
        let digits = query.get(at + 1..at + 3).unwrap_or_default();
        digits.len() < 2 || !digits.bytes().all(|b| b.is_ascii_hexdigit())
    });
    if broken {
        return Err(SearchError::Value("(percent-encoding)".to_owned()));
    }
    let parameters: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    if parameters.iter().any(|(name, _)| name == "access_token") {
        return Err(SearchError::TokenInQuery);
    }
    if let Some((name, _)) = parameters
        .iter()
        .find(|(_, value)| value.contains('\u{fffd}') || value.is_empty())
    {
        return Err(SearchError::Value(shown(name)));
    }
    Ok(parameters)
}

fn number(name: &str, value: &str) -> Result<usize, SearchError> {
    let digits = (1..=6).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_digit());
    match value.parse() {
        Ok(number) if digits => Ok(number),
        _ => Err(SearchError::Value(shown(name))),
    }
}

/// A name of the other party in a message: letters and the like, bounded.
fn shown(name: &str) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ':' | '.');
    name.chars().filter(plain).take(64).collect()
}

/// `$lastn`: the latest of each code, by the time of the observation (STU3 operation `lastn`).
fn last_of_each_code<'s>(matches: Vec<(&'s Resource, &'s Value)>, per_code: usize) -> Vec<&'s Resource> {
    let mut groups: BTreeMap<Vec<Coding<'_>>, Vec<usize>> = BTreeMap::new();
    for (at, (_, value)) in matches.iter().enumerate() {
        let mut code = value.get("code").map(codings).unwrap_or_default();
        code.sort();
        groups.entry(code).or_default().push(at);
    }
    let time = |at: &usize| matches.get(*at).and_then(|(_, value)| observed_at(value));
    let mut kept: Vec<usize> = Vec::new();
    for group in groups.values_mut() {
        group.sort_by_key(|at| std::cmp::Reverse(time(at)));
        kept.extend(group.iter().take(per_code));
    }
    kept.sort_unstable();
    kept.iter()
        .filter_map(|at| matches.get(*at))
        .map(|(resource, _)| *resource)
        .collect()
}

fn observed_at(observation: &Value) -> Option<(i64, u32)> {
    let text = |path: &str| observation.pointer(path).and_then(Value::as_str);
    let candidates = [
        "/effectiveDateTime",
        "/effectivePeriod/end",
        "/effectivePeriod/start",
        "/issued",
    ];
    candidates.into_iter().find_map(|path| moment(text(path)?))
}
