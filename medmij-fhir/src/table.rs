// SPDX-License-Identifier: AGPL-3.0-or-later
//! The elements of every type, by FHIR version: `tables/stu3.txt` and `tables/r4.txt`, which `tables/generate.py` makes.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::version::FhirVersion;

/// All types of one FHIR version.
pub(crate) struct Table {
    types: Vec<Type>,
    by_name: HashMap<&'static str, usize>,
    /// `Element`: what a primitive element may have beside its value.
    pub(crate) element: usize,
}

/// One type, with its elements in schema order.
#[derive(Default)]
pub(crate) struct Type {
    pub(crate) name: &'static str,
    pub(crate) elements: Vec<Element>,
    /// A resource has its `id` as an element, another type as an attribute.
    pub(crate) is_resource: bool,
    /// An Extension has its `url` as an attribute.
    pub(crate) is_extension: bool,
}

pub(crate) struct Element {
    pub(crate) name: &'static str,
    pub(crate) repeats: bool,
    pub(crate) kind: ElementKind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ElementKind {
    Text,
    Boolean,
    Number,
    Xhtml,
    Resource,
    Type(usize),
}

impl ElementKind {
    pub(crate) const fn is_primitive(self) -> bool {
        matches!(self, Self::Text | Self::Boolean | Self::Number)
    }
}

/// The table of a version; made once.
pub(crate) fn of(version: FhirVersion) -> &'static Table {
    static STU3: OnceLock<Table> = OnceLock::new();
    static R4: OnceLock<Table> = OnceLock::new();
    match version {
        FhirVersion::Stu3 => STU3.get_or_init(|| Table::parse(include_str!("../tables/stu3.txt"))),
        FhirVersion::R4 => R4.get_or_init(|| Table::parse(include_str!("../tables/r4.txt"))),
    }
}

impl Table {
    fn parse(text: &'static str) -> Self {
        let names = text.lines().filter_map(|line| line.split(' ').next());
        let mut by_name: HashMap<&'static str, usize> = names.enumerate().map(|(at, name)| (name, at)).collect();
        let mut types: Vec<Type> = text
            .lines()
            .map(|line| {
                let mut words = line.split(' ');
                let name = words.next();
                let elements: Vec<Element> = words.map(|word| Element::parse(word, &by_name)).collect();
                Type {
                    name: name.unwrap_or_default(),
                    is_resource: elements.iter().any(|element| element.name == "implicitRules"),
                    is_extension: name == Some("Extension"),
                    elements,
                }
            })
            .collect();
        let element = by_name.get("Element").copied().unwrap_or(types.len());
        if element == types.len() {
            types.push(Type {
                name: "Element",
                elements: ["id", "extension*:Extension"]
                    .map(|word| Element::parse(word, &by_name))
                    .into(),
                ..Type::default()
            });
            by_name.insert("Element", element);
        }
        Self {
            types,
            by_name,
            element,
        }
    }

    pub(crate) fn get(&self, at: usize) -> &Type {
        static NOTHING: Type = Type {
            name: "",
            elements: Vec::new(),
            is_resource: false,
            is_extension: false,
        };
        self.types.get(at).unwrap_or(&NOTHING)
    }

    /// A resource type by its name.
    pub(crate) fn resource(&self, name: &str) -> Option<usize> {
        let at = *self.by_name.get(name)?;
        self.get(at).is_resource.then_some(at)
    }
}

impl Type {
    /// Where an element stands; the search begins at `from`, since documents are in this order.
    pub(crate) fn position(&self, name: &str, from: usize) -> Option<usize> {
        let (before, after) = self.elements.split_at_checked(from).unwrap_or((&self.elements, &[]));
        let found = after.iter().position(|element| element.name == name);
        found
            .map(|at| at + before.len())
            .or_else(|| before.iter().position(|element| element.name == name))
    }
}

impl Element {
    fn parse(word: &'static str, types: &HashMap<&'static str, usize>) -> Self {
        let (name, kind) = word.split_once(':').unwrap_or((word, ""));
        Self {
            name: name.trim_end_matches('*'),
            repeats: name.ends_with('*'),
            kind: match kind {
                "" => ElementKind::Text,
                "b" => ElementKind::Boolean,
                "n" => ElementKind::Number,
                "x" => ElementKind::Xhtml,
                "R" => ElementKind::Resource,
                name => types.get(name).map_or(ElementKind::Text, |at| ElementKind::Type(*at)),
            },
        }
    }
}

/// A type has no more elements than a reader has bits to remember them by.
pub(crate) const MOST_ELEMENTS: usize = 256;

#[cfg(test)]
mod tests {
    use super::{ElementKind, MOST_ELEMENTS, Table, of};
    use crate::version::FhirVersion;

    fn tables() -> [&'static Table; 2] {
        [of(FhirVersion::Stu3), of(FhirVersion::R4)]
    }

    #[test]
    fn every_type_that_an_element_names_is_there() {
        for text in [include_str!("../tables/stu3.txt"), include_str!("../tables/r4.txt")] {
            let table = Table::parse(text);
            for word in text.lines().flat_map(|line| line.split(' ').skip(1)) {
                let kind = word.split_once(':').map_or("", |(_, kind)| kind);
                assert!(kind.len() < 2 || table.by_name.contains_key(kind), "{word}");
            }
        }
    }

    #[test]
    fn no_type_has_too_many_elements_or_one_twice() {
        for table in tables() {
            for of in &table.types {
                assert!(of.elements.len() <= MOST_ELEMENTS);
                for (at, element) in of.elements.iter().enumerate() {
                    assert_eq!(of.position(element.name, 0), Some(at), "{}", element.name);
                    assert_eq!(of.position(element.name, at), Some(at));
                    assert_eq!(of.position(element.name, at + 1), Some(at));
                }
            }
        }
    }

    #[test]
    fn resources_types_and_primitives_are_told_apart() {
        let [stu3, r4] = tables();
        for table in [stu3, r4] {
            assert!(table.resource("Patient").is_some() && table.resource("Bundle").is_some());
            assert_eq!(table.resource("HumanName"), None);
            let narrative = table.get(table.by_name["Narrative"]);
            assert!(
                narrative
                    .elements
                    .iter()
                    .any(|e| e.name == "div" && e.kind == ElementKind::Xhtml)
            );
        }
        assert!(stu3.resource("ReferralRequest").is_some() && r4.resource("ReferralRequest").is_none());
        assert!(r4.resource("ServiceRequest").is_some() && stu3.resource("ServiceRequest").is_none());
    }
}
