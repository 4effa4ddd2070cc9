// SPDX-License-Identifier: AGPL-3.0-or-later
//! How a dialect is resolved, and when it cannot be.

use std::collections::{BTreeMap, VecDeque};

use super::{
    Content, Decl, Key, MAX_ELEMENTS, MAX_TYPES, MAX_VALUES, Model, NO_SLOT, Part, TIJDSTEMPEL, Table, VOLGNUMMER,
};
use crate::{
    dialect::{Dialect, Element, ValueType},
    xml::is_ncname,
};

pub(super) struct Builder<'a> {
    pub(super) dialect: &'a Dialect,
    pub(super) slots: &'a [(&'a str, &'a str)],
    pub(super) decls: Vec<Decl>,
    pub(super) parts: Vec<Part>,
    /// Class and name of the element it is in, to part.
    pub(super) known: BTreeMap<(usize, &'a str), u16>,
    pub(super) todo: VecDeque<(usize, &'a str)>,
}

impl<'a> Builder<'a> {
    pub(super) fn build(mut self) -> Result<Table, String> {
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
