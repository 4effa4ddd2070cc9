// SPDX-License-Identifier: AGPL-3.0-or-later
//! An entry while it is made, and the resources around it.

use std::collections::{BTreeMap, BTreeSet};

use medmij_types::json::Value;

use super::day::Day;
use super::read::{address, choice, concept_at, each, first, name, string, text};
use super::text::clean;
use super::{Attachment, Fact, Section, Serious};

/// An entry while it is made.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) section: Section,
    pub(super) title: Option<String>,
    pub(super) summary: Option<String>,
    pub(super) facts: Vec<Fact>,
    pub(super) date: Option<Day>,
    pub(super) serious: Option<Serious>,
    /// What a letter is called before it opens.
    pub(super) calm: Option<String>,
    pub(super) explanation: Option<&'static str>,
    pub(super) attachments: Vec<Attachment>,
    /// Other resources whose facts are in it.
    pub(super) uses: BTreeSet<usize>,
    pub(super) is_generic: bool,
    /// By what a medicine is put together with the same medicine.
    pub(super) treatment: Option<String>,
    /// Values of a chart: the name of the line, the number, the unit.
    pub(super) numbers: Vec<(String, String, Option<String>)>,
}

impl Draft {
    pub(super) fn new(section: Section) -> Self {
        Self {
            section,
            ..Self::default()
        }
    }

    /// Adds a fact, where there is one. The same label once: its values are beside each other.
    pub(super) fn fact(&mut self, label: &str, value: Option<String>) {
        let Some(value) = value.filter(|value| !value.is_empty()) else {
            return;
        };
        match self.facts.iter_mut().find(|fact| fact.label == label) {
            Some(fact) if fact.value.split("; ").any(|known| known == value) => {}
            Some(fact) => {
                fact.value.push_str("; ");
                fact.value.push_str(&value);
            }
            None => self.facts.push(Fact {
                label: label.to_owned(),
                value,
            }),
        }
    }

    /// Whether a text can be read in it.
    pub(super) fn shows(&self, wanted: &str) -> bool {
        let texts = self.title.iter().chain(&self.summary);
        let day = self.date.as_ref().is_some_and(|day| day.text() == wanted);
        day || texts
            .chain(self.facts.iter().map(|fact| &fact.value))
            .any(|text| text.contains(wanted))
            || self.facts.iter().any(|fact| fact.label == wanted)
            || self.attachments.iter().any(|attachment| attachment.title == wanted)
    }
}

/// All resources of a dossier, to find what a reference points at.
pub(super) struct Lookup<'d> {
    /// By source, and `Type/id`.
    pub(super) by_name: BTreeMap<(usize, String), (usize, Value<'d>)>,
    /// By index.
    pub(super) roots: Vec<Option<Value<'d>>>,
}

/// One resource, with where it came from.
#[derive(Clone, Copy)]
pub(super) struct Here<'l, 'd> {
    pub(super) lookup: &'l Lookup<'d>,
    pub(super) source: usize,
    pub(super) index: usize,
    pub(super) root: Value<'d>,
}

impl<'d> Here<'_, 'd> {
    /// The resource at which a Reference points: its number, where it is kept by itself.
    pub(super) fn resolve(&self, reference: Value<'d>) -> Option<(Option<usize>, Value<'d>)> {
        let target = string(reference, "reference")?;
        self.resolve_text(&target)
    }

    pub(super) fn resolve_text(&self, target: &str) -> Option<(Option<usize>, Value<'d>)> {
        if let Some(id) = target.strip_prefix('#') {
            let mut contained = each(self.root, "contained").into_iter();
            let found = contained.find(|each| string(*each, "id").is_some_and(|own| own == id))?;
            return Some((None, found));
        }
        let plain = target.split_once("/_history/").map_or(target, |(plain, _)| plain);
        let mut parts = plain.rsplit('/');
        let (id, kind) = (parts.next()?, parts.next()?);
        let (index, found) = self.lookup.by_name.get(&(self.source, format!("{kind}/{id}")))?;
        Some((Some(*index), *found))
    }

    /// The name of what a Reference points at; never the reference itself.
    pub(super) fn reference(&self, reference: Value<'d>) -> Option<String> {
        text(reference, "display").or_else(|| {
            let (_, found) = self.resolve(reference)?;
            title_of(found)
        })
    }

    /// The names of what the References under a name point at.
    pub(super) fn references(&self, value: Value<'d>, name: &str) -> Option<String> {
        let names = each(value, name).into_iter().filter_map(|each| self.reference(each));
        joined(names)
    }

    /// The persons or organizations under a name: References, or elements that hold one.
    pub(super) fn who(&self, value: Value<'d>, name: &str) -> Option<String> {
        let names = each(value, name).into_iter().filter_map(|each| {
            let inner = first(
                each,
                &["actor", "individual", "agent", "member", "onBehalfOf", "entity"],
            );
            let direct = self.reference(each);
            direct.or_else(|| self.reference(inner?))
        });
        joined(names)
    }

    /// `value[x]` of an element, where also a reference is one.
    pub(super) fn any(&self, value: Value<'d>, prefix: &str) -> Option<String> {
        let (kind, found) = choice(value, prefix)?;
        if kind == "Reference" {
            return self.reference(found);
        }
        super::read::any(&kind, found)
    }
}

/// Several texts as one, each once.
pub(super) fn joined(texts: impl Iterator<Item = String>) -> Option<String> {
    let mut all: Vec<String> = Vec::new();
    for text in texts {
        if !all.contains(&text) {
            all.push(text);
        }
    }
    (!all.is_empty()).then(|| all.join(", "))
}

/// What a resource is called.
pub(super) fn title_of(resource: Value<'_>) -> Option<String> {
    let human = || match resource.member("name") {
        Some(found) => each(resource, "name").first().copied().or(Some(found)).and_then(name),
        None => None,
    };
    human()
        .or_else(|| concept_at(resource, "code"))
        .or_else(|| concept_at(resource, "vaccineCode"))
        .or_else(|| text(resource, "title"))
        .or_else(|| text(resource, "description"))
        .or_else(|| concept_at(resource, "type"))
        .or_else(|| {
            let names = each(resource, "deviceName").into_iter();
            names.filter_map(|each| text(each, "name")).next()
        })
        .or_else(|| each(resource, "address").first().copied().and_then(address))
        .or_else(|| resource.as_str().and_then(|plain| clean(&plain)))
}
