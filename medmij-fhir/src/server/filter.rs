// SPDX-License-Identifier: AGPL-3.0-or-later
//! One search parameter as a filter over the JSON of a resource.

use std::collections::BTreeMap;

use serde_json::Value;

use super::definitions::{self, Definition, Kind};
use super::token::{self, Malformed, split, unescape};
use super::{date, known::Known};

/// A filter: one of its alternatives must hold for an element.
#[derive(Debug)]
pub(super) struct Filter {
    definition: &'static Definition,
    test: Test,
}

#[derive(Debug)]
enum Test {
    Token {
        wanted: Vec<token::Wanted>,
        negated: bool,
    },
    Text(String),
    Date(Vec<date::Wanted>),
    Words {
        wanted: Vec<String>,
        how: How,
    },
    Uri(Vec<String>),
    Reference(Vec<Target>),
    ReferenceIdentifier(Vec<token::Wanted>),
    Missing(bool),
    /// A chain: the resource behind the reference must pass the filter of its type.
    Chain(BTreeMap<&'static str, Box<Filter>>),
}

#[derive(Debug, Clone, Copy)]
enum How {
    Begins,
    Contains,
    Exact,
}

/// Where a reference has to point.
#[derive(Debug)]
struct Target {
    resource_type: Option<String>,
    id: String,
}

impl Filter {
    /// The filter of a parameter; `Ok(None)` when the parameter is not supported, `Err` when its value
    /// is malformed. `base` is the URL of its own ResourceEndpoint, for absolute references.
    pub(super) fn parse(resource_type: &str, name: &str, value: &str, base: &str) -> Result<Option<Self>, Malformed> {
        if let Some((own, rest)) = name.split_once('.') {
            return Self::chain(resource_type, own, rest, value, base);
        }
        let (own, modifier) = match name.split_once(':') {
            Some((own, modifier)) => (own, Some(modifier)),
            None => (name, None),
        };
        let Some(definition) = definitions::lookup(resource_type, own) else {
            return Ok(None);
        };
        let parts = split(value, ',')?;
        let plain = || parts.iter().map(|part| unescape(part)).collect::<Vec<_>>();
        let tokens = || {
            parts
                .iter()
                .map(|part| token::Wanted::parse(part))
                .collect::<Result<Vec<_>, _>>()
        };
        if parts.iter().any(String::is_empty) {
            return Err(Malformed);
        }
        let test = match (definition.kind, modifier) {
            (_, Some("missing")) => match value {
                "true" => Test::Missing(true),
                "false" => Test::Missing(false),
                _ => return Err(Malformed),
            },
            (Kind::Token, None) => Test::Token {
                wanted: tokens()?,
                negated: false,
            },
            (Kind::Token, Some("not")) => Test::Token {
                wanted: tokens()?,
                negated: true,
            },
            (Kind::Token, Some("text")) => Test::Text(unescape(value).to_lowercase()),
            (Kind::Date, None) => {
                let wanted = parts.iter().map(|part| date::Wanted::parse(part).ok_or(Malformed));
                Test::Date(wanted.collect::<Result<_, _>>()?)
            }
            (Kind::String, None) => Test::Words {
                wanted: plain(),
                how: How::Begins,
            },
            (Kind::String, Some("contains")) => Test::Words {
                wanted: plain(),
                how: How::Contains,
            },
            (Kind::String, Some("exact")) => Test::Words {
                wanted: plain(),
                how: How::Exact,
            },
            (Kind::Uri, None) => Test::Uri(plain()),
            (Kind::Reference, Some("identifier")) => Test::ReferenceIdentifier(tokens()?),
            (Kind::Reference, modifier) => {
                if modifier.is_some_and(|target| !definition.targets.contains(&target)) {
                    return Ok(None);
                }
                let targets = parts.iter().map(|part| Target::parse(&unescape(part), modifier, base));
                Test::Reference(targets.collect::<Result<_, _>>()?)
            }
            _ => return Ok(None),
        };
        Ok(Some(Self { definition, test }))
    }

    /// `context:Encounter.episodeofcare`, `medication.code`.
    fn chain(resource_type: &str, own: &str, rest: &str, value: &str, base: &str) -> Result<Option<Self>, Malformed> {
        let (own, target) = match own.split_once(':') {
            Some((own, target)) => (own, Some(target)),
            None => (own, None),
        };
        let Some(definition) = definitions::lookup(resource_type, own).filter(|found| found.kind == Kind::Reference)
        else {
            return Ok(None);
        };
        let mut filters = BTreeMap::new();
        for candidate in definition.targets.iter().copied() {
            if target.is_none_or(|target| target == candidate)
                && let Some(filter) = Self::parse(candidate, rest, value, base)?
            {
                filters.insert(candidate, Box::new(filter));
            }
        }
        let test = Test::Chain(filters);
        Ok((!matches!(&test, Test::Chain(filters) if filters.is_empty())).then_some(Self { definition, test }))
    }

    /// The references that have to be read before [`matches`](Self::matches) can tell: those of chains.
    pub(super) fn needs<'v>(&self, resource: &'v Value) -> Vec<&'v str> {
        match self.test {
            Test::Chain(_) => self.definition.references(resource),
            _ => Vec::new(),
        }
    }

    /// Whether the filter holds a chain inside a chain: what the first leads to needs reading too.
    pub(super) fn needs_behind<'v>(&self, resource_type: &str, resource: &'v Value) -> Vec<&'v str> {
        match &self.test {
            Test::Chain(filters) => filters
                .get(resource_type)
                .map(|filter| filter.needs(resource))
                .unwrap_or_default(),
            _ => Vec::new(),
        }
    }

    pub(super) fn matches(&self, resource: &Value, known: &Known<'_>) -> bool {
        let elements = || self.definition.elements(resource);
        match &self.test {
            Test::Missing(missing) => elements().is_empty() == *missing,
            Test::Token { wanted, negated } => {
                let mut codings = Vec::new();
                elements()
                    .iter()
                    .for_each(|element| token::codings(element, &mut codings));
                let is_id = self.definition.name == "_id";
                let fits = |wanted: &token::Wanted, coding| {
                    if is_id {
                        wanted.matches_exactly(coding)
                    } else {
                        wanted.matches(coding)
                    }
                };
                let found = codings
                    .iter()
                    .any(|coding| wanted.iter().any(|wanted| fits(wanted, coding)));
                found != *negated
            }
            Test::Text(wanted) => {
                let mut texts = Vec::new();
                elements().iter().for_each(|element| token::texts(element, &mut texts));
                texts.iter().any(|text| text.to_lowercase().contains(wanted))
            }
            Test::Date(wanted) => {
                let mut ranges = Vec::new();
                elements()
                    .iter()
                    .for_each(|element| date::Range::read(element, &mut ranges));
                ranges
                    .iter()
                    .any(|range| wanted.iter().any(|wanted| wanted.matches(*range)))
            }
            Test::Words { wanted, how } => {
                let mut words = Vec::new();
                elements().iter().for_each(|element| strings(element, &mut words));
                words
                    .iter()
                    .any(|word| wanted.iter().any(|wanted| how.holds(word, wanted)))
            }
            Test::Uri(wanted) => {
                let mut found = Vec::new();
                elements().iter().for_each(|element| strings(element, &mut found));
                // a canonical with its version is found without one too
                let same = |text: &str, wanted: &str| {
                    text == wanted || text.split_once('|').is_some_and(|(url, _)| url == wanted)
                };
                found.iter().any(|text| wanted.iter().any(|wanted| same(text, wanted)))
            }
            Test::Reference(wanted) => {
                let references = self.definition.references(resource);
                references
                    .iter()
                    .any(|text| wanted.iter().any(|wanted| wanted.fits(text, known.base)))
            }
            Test::ReferenceIdentifier(wanted) => {
                let mut codings = Vec::new();
                let identifiers = elements().into_iter().filter_map(|element| element.get("identifier"));
                identifiers.for_each(|identifier| token::codings(identifier, &mut codings));
                codings
                    .iter()
                    .any(|coding| wanted.iter().any(|wanted| wanted.matches(coding)))
            }
            Test::Chain(filters) => self.definition.references(resource).iter().any(|text| {
                let target = known.resolve(resource, text);
                let kind = target
                    .and_then(|target| target.get("resourceType"))
                    .and_then(Value::as_str);
                let filter = kind.and_then(|kind| filters.get(kind));
                target
                    .zip(filter)
                    .is_some_and(|(target, filter)| filter.matches(target, known))
            }),
        }
    }
}

impl How {
    fn holds(self, word: &str, wanted: &str) -> bool {
        match self {
            Self::Exact => word == wanted,
            Self::Begins => word.to_lowercase().starts_with(&wanted.to_lowercase()),
            Self::Contains => word.to_lowercase().contains(&wanted.to_lowercase()),
        }
    }
}

impl Target {
    /// `Type/id`, `id`, or the absolute URL of a resource here.
    fn parse(text: &str, modifier: Option<&str>, base: &str) -> Result<Self, Malformed> {
        let own = text
            .strip_prefix(base)
            .and_then(|rest| rest.strip_prefix('/'))
            .unwrap_or(text);
        let (resource_type, id) = match own.split_once('/') {
            Some((resource_type, id)) if !own.contains("://") => (Some(resource_type), id),
            _ => (modifier, own),
        };
        if id.is_empty() || resource_type.zip(modifier).is_some_and(|(one, other)| one != other) {
            return Err(Malformed);
        }
        Ok(Self {
            resource_type: resource_type.map(str::to_owned),
            id: id.to_owned(),
        })
    }

    fn fits(&self, reference: &str, base: &str) -> bool {
        let own = reference
            .strip_prefix(base)
            .and_then(|rest| rest.strip_prefix('/'))
            .unwrap_or(reference);
        let own = own.split("/_history/").next().unwrap_or(own);
        let (resource_type, id) = match own.split_once('/') {
            Some((resource_type, id)) if !own.contains("://") => (Some(resource_type), id),
            _ => (None, own),
        };
        self.id == id && (self.resource_type.is_none() || self.resource_type.as_deref() == resource_type)
    }
}

/// Every string at or below an element: a text, or the parts of a name.
fn strings<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => found.push(text),
        Value::Array(items) => items.iter().for_each(|item| strings(item, found)),
        Value::Object(members) => members.values().for_each(|member| strings(member, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
