// SPDX-License-Identifier: AGPL-3.0-or-later
//! A dialect, resolved: every element in its place with its content, its slot and the keys it takes part in.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, OnceLock},
};

use super::{Dialect, Element, ValueType};
use crate::xml::is_ncname;

/// How many types a dialect can have, simple and complex together.
pub(crate) const MAX_TYPES: usize = 1000;
/// How many elements a class can have.
pub(crate) const MAX_ELEMENTS: usize = 1000;
/// How many values an enumeration can have.
pub(crate) const MAX_VALUES: usize = 1000;
/// Bytes that the automata of all patterns can take together.
const MAX_PATTERNS: usize = 4 << 20;

/// How the elements of a class follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Model {
    Sequence,
    Choice,
    AnyOrder,
}

/// The slot of an element that the collector did not name.
pub(crate) const NO_SLOT: u16 = u16::MAX;
/// The slots of the head of every list, which the reader keeps to itself.
pub(crate) const TIJDSTEMPEL: u16 = u16::MAX - 1;
pub(crate) const VOLGNUMMER: u16 = u16::MAX - 2;
/// Where [`Table::decl`] finds the root.
pub(crate) const ROOT: u16 = u16::MAX;

/// A resolved dialect.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) root: Decl,
    decls: Vec<Decl>,
    parts: Vec<Part>,
    pub(crate) types: Arc<Vec<ValueType>>,
    pub(crate) uniques: Vec<Key>,
}

/// An element in its place.
#[derive(Clone, Debug)]
pub(crate) struct Decl {
    pub(crate) name: String,
    /// Its start tag and its end tag, as they are written most plainly.
    pub(crate) begin: String,
    pub(crate) end: String,
    pub(crate) content: Content,
    pub(crate) min: u32,
    pub(crate) max: u32,
    pub(crate) marks: bool,
    pub(crate) slot: u16,
    /// The name of its type, for `xsi:type`.
    pub(crate) of: String,
    /// The unique keys whose scope it is.
    pub(crate) scopes: Vec<u16>,
    /// The unique keys whose value it is, and how far above it the scope stands.
    pub(crate) keys: Vec<(u16, u16)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Value(u16),
    Part(u16),
}

/// A class in the place of one element.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    pub(crate) model: Model,
    first: u16,
    count: u16,
}

/// `xs:unique`.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: String,
}

impl Table {
    /// Whether the dialect can be resolved.
    pub(super) fn check(dialect: &Dialect) -> Result<(), String> {
        Self::build(dialect, &[]).map(drop)
    }

    pub(crate) fn build(dialect: &Dialect, slots: &[(&str, &str)]) -> Result<Self, String> {
        Builder {
            dialect,
            slots,
            decls: Vec::new(),
            parts: Vec::new(),
            known: BTreeMap::new(),
            todo: VecDeque::new(),
        }
        .build()
    }

    /// The unique key whose value goes into this slot.
    pub(crate) fn main_key(&self, slot: usize) -> Option<u16> {
        let decl = self.decls.iter().find(|decl| usize::from(decl.slot) == slot)?;
        decl.keys.first().map(|(id, _)| *id)
    }

    pub(crate) fn decl(&self, at: u16) -> &Decl {
        self.decls.get(usize::from(at)).unwrap_or(&self.root)
    }

    pub(crate) fn part(&self, at: u16) -> Part {
        self.parts.get(usize::from(at)).copied().unwrap_or(Part {
            model: Model::Sequence,
            first: 0,
            count: 0,
        })
    }

    pub(crate) fn elements(&self, part: Part) -> &[Decl] {
        self.decls
            .get(usize::from(part.first)..usize::from(part.first + part.count))
            .unwrap_or_default()
    }
}

impl Part {
    /// Where the n-th element of the part stands among all.
    pub(crate) const fn decl(self, n: u16) -> u16 {
        self.first + n
    }

    /// Converts the index of an element among all to its index within this part.
    pub(crate) const fn number(self, decl: u16) -> u16 {
        decl - self.first
    }
}

struct Builder<'a> {
    dialect: &'a Dialect,
    slots: &'a [(&'a str, &'a str)],
    decls: Vec<Decl>,
    parts: Vec<Part>,
    /// Class and name of the element it is in, to part.
    known: BTreeMap<(usize, &'a str), u16>,
    todo: VecDeque<(usize, &'a str)>,
}

impl<'a> Builder<'a> {
    fn build(mut self) -> Result<Table, String> {
        let dialect = self.dialect;
        is_bounded(dialect)?;
        let types = dialect.types()?;
        for of in &dialect.classes {
            if dialect.classes.iter().filter(|c| c.name == of.name).count() > 1
                || dialect.types.iter().any(|t| t.name == of.name)
            {
                return Err(format!("\"{}\" is there twice", of.name));
            }
        }
        let mut root = self.decl("", &dialect.root)?;
        while let Some((class, parent)) = self.todo.pop_front() {
            let Some(class) = dialect.classes.get(class) else {
                continue;
            };
            if class.model == Model::Sequence {
                is_deterministic(&class.elements)
                    .map_err(|name| format!("class {}: which \"{name}\" is meant is ambiguous", class.name))?;
            }
            for element in &class.elements {
                let decl = self.decl(parent, element)?;
                self.decls.push(decl);
            }
        }
        let mut uniques = Vec::new();
        self.keys(&mut root, &mut uniques, &types)?;
        Ok(Table {
            root,
            decls: self.decls,
            parts: self.parts,
            types,
            uniques,
        })
    }

    fn decl(&mut self, parent: &str, element: &'a Element) -> Result<Decl, String> {
        let dialect = self.dialect;
        let content = if let Some(at) = dialect.types.iter().position(|t| t.name == element.of) {
            Content::Value(narrow(at)?)
        } else if let Some(at) = dialect.classes.iter().position(|c| c.name == element.of) {
            Content::Part(self.place(at, &element.name)?)
        } else {
            return Err(format!("element {}: there is no type \"{}\"", element.name, element.of));
        };
        if element.max.is_some_and(|max| max < element.min) {
            return Err(format!(
                "element {}: the largest count is below the smallest",
                element.name
            ));
        }
        let slot = match (parent == dialect.root.name, element.name.as_str()) {
            (true, "Tijdstempel") => TIJDSTEMPEL,
            (true, "Volgnummer") => VOLGNUMMER,
            _ => match self.slots.iter().position(|(p, n)| *p == parent && *n == element.name) {
                Some(slot) => narrow(slot)?,
                None => NO_SLOT,
            },
        };
        if !is_ncname(&element.name) {
            return Err(format!("\"{}\" is no name of an element", element.name));
        }
        Ok(Decl {
            name: element.name.clone(),
            begin: format!("<{}>", element.name),
            end: format!("</{}>", element.name),
            content,
            min: element.min,
            max: element.max.unwrap_or(u32::MAX),
            marks: element.marks,
            slot,
            of: element.of.clone(),
            scopes: Vec::new(),
            keys: Vec::new(),
        })
    }

    /// The part of a class within an element of this name.
    fn place(&mut self, class: usize, element: &'a str) -> Result<u16, String> {
        if let Some(part) = self.known.get(&(class, element)) {
            return Ok(*part);
        }
        let Some(of) = self.dialect.classes.get(class) else {
            return Err("there is no such class".to_owned());
        };
        let part = narrow(self.parts.len())?;
        // Parts are filled in the order in which they are made.
        let first = self
            .parts
            .last()
            .map_or(0, |p| usize::from(p.first) + usize::from(p.count));
        self.parts.push(Part {
            model: of.model,
            first: narrow(first)?,
            count: narrow(of.elements.len())?,
        });
        self.known.insert((class, element), part);
        self.todo.push_back((class, element));
        Ok(part)
    }

    /// Finds for each unique key the element that holds its value.
    fn keys(&mut self, root: &mut Decl, uniques: &mut Vec<Key>, types: &[ValueType]) -> Result<(), String> {
        let mut found = Vec::new();
        let mut pending: Vec<(Option<usize>, &Element)> = vec![(None, &self.dialect.root)];
        let parts: Vec<((usize, &str), u16)> = self.known.iter().map(|(k, v)| (*k, *v)).collect();
        for ((class, _), part) in parts {
            let (Some(class), Some(part)) = (self.dialect.classes.get(class), self.parts.get(usize::from(part))) else {
                continue;
            };
            for (n, element) in class.elements.iter().enumerate() {
                pending.push((Some(usize::from(part.first) + n), element));
            }
        }
        for (scope, element) in pending {
            for unique in &element.uniques {
                let id = narrow(uniques.len())?;
                let mut at = scope.and_then(|scope| self.decls.get(scope)).unwrap_or(root);
                let mut place = None;
                for step in &unique.path {
                    let Content::Part(part) = at.content else {
                        return Err(format!(
                            "unique {}: \"{}\" holds a value and no \"{step}\"",
                            unique.name, at.name
                        ));
                    };
                    let Some(part) = self.parts.get(usize::from(part)).copied() else {
                        return Err("a part is missing".to_owned());
                    };
                    let elements = self
                        .decls
                        .get(usize::from(part.first)..usize::from(part.first + part.count))
                        .unwrap_or_default();
                    let n = elements
                        .iter()
                        .position(|e| e.name == *step)
                        .ok_or_else(|| format!("unique {}: there is no \"{step}\" in \"{}\"", unique.name, at.name))?;
                    place = Some(usize::from(part.first) + n);
                    at = elements.get(n).unwrap_or(at);
                }
                let Content::Value(of) = at.content else {
                    return Err(format!(
                        "unique {}: \"{}\" holds elements and no value",
                        unique.name, at.name
                    ));
                };
                if !types.get(usize::from(of)).is_some_and(ValueType::is_text) {
                    return Err(format!(
                        "unique {}: keys that are no text are outside the supported part",
                        unique.name
                    ));
                }
                uniques.push(Key {
                    name: unique.name.clone(),
                });
                found.push((scope, place, id, narrow(unique.path.len())?));
            }
        }
        for (scope, place, id, depth) in found {
            match scope {
                None => root.scopes.push(id),
                Some(scope) => self.decls.get_mut(scope).into_iter().for_each(|d| d.scopes.push(id)),
            }
            if let Some(decl) = place.and_then(|place| self.decls.get_mut(place)) {
                decl.keys.push((id, depth));
            }
        }
        Ok(())
    }
}

fn is_bounded(dialect: &Dialect) -> Result<(), String> {
    if dialect.types.len() + dialect.classes.len() > MAX_TYPES {
        return Err(format!("the dialect has more than {MAX_TYPES} types"));
    }
    if let Some(class) = dialect.classes.iter().find(|class| class.elements.len() > MAX_ELEMENTS) {
        return Err(format!("class {} has more than {MAX_ELEMENTS} elements", class.name));
    }
    match dialect.types.iter().find(|of| of.enumeration.len() > MAX_VALUES) {
        Some(of) => Err(format!(
            "the enumeration of type {} has more than {MAX_VALUES} values",
            of.name
        )),
        None => Ok(()),
    }
}

/// Unique Particle Attribution for a sequence: the next element must be known by its name alone.
fn is_deterministic(elements: &[Element]) -> Result<(), &str> {
    for (n, element) in elements.iter().enumerate() {
        // After this element it may come again only if its count is open.
        if element.max == Some(element.min) && element.min <= 1 {
            continue;
        }
        for after in elements.iter().skip(n + 1) {
            if after.name == element.name {
                return Err(&after.name);
            }
            if after.min > 0 {
                break;
            }
        }
    }
    Ok(())
}

fn narrow(number: usize) -> Result<u16, String> {
    u16::try_from(number)
        .ok()
        .filter(|n| *n < VOLGNUMMER)
        .ok_or_else(|| "the dialect is too large".to_owned())
}

/// The compiled types of a dialect, made once. It takes no part in comparing or copying.
#[derive(Debug, Default)]
pub(crate) struct Compiled(OnceLock<Arc<Vec<ValueType>>>);

impl Clone for Compiled {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Compiled {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Compiled {}

impl Dialect {
    fn types(&self) -> Result<Arc<Vec<ValueType>>, String> {
        if let Some(types) = self.compiled.0.get() {
            return Ok(Arc::clone(types));
        }
        let mut types = Vec::with_capacity(self.types.len());
        let mut bytes = 0;
        for of in &self.types {
            let compiled = ValueType::compile(of)?;
            bytes += compiled.pattern_bytes();
            if bytes > MAX_PATTERNS {
                return Err(format!(
                    "type {}: the patterns of the dialect are too large together",
                    of.name
                ));
            }
            types.push(compiled);
        }
        let types = Arc::new(types);
        Ok(Arc::clone(self.compiled.0.get_or_init(|| types)))
    }
}
