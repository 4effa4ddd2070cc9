// SPDX-License-Identifier: AGPL-3.0-or-later
//! A dialect, resolved: every element in its place with its content, its slot and the keys it takes part in.

mod builder;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, OnceLock},
};

use self::builder::Builder;
use super::{Dialect, ValueType};

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

/// A class in place of one element.
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
    /// Where the n-th element of the part is among all.
    pub(crate) const fn decl(self, n: u16) -> u16 {
        self.first + n
    }

    /// Converts the index of an element among all to its index within this part.
    pub(crate) const fn number(self, decl: u16) -> u16 {
        decl - self.first
    }
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
