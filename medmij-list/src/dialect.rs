// SPDX-License-Identifier: AGPL-3.0-or-later
//! A release of a list as data: namespace, elements in order, how often, value types with facets, unique keys.
//!
//! The text form is what the built-in dialects are written in and what an imported schema becomes:
//!
//! ```text
//! medmij-dialect 1
//! list Whitelist
//! release release2
//! basis official
//! namespace xmlns://afsprakenstelsel.medmij.nl/whitelist/release2/
//! root Whitelist Whitelist
//!
//! class Whitelist
//!   1..1 Tijdstempel DatumTijd
//!   1..1 Volgnummer Positiefnummer
//!   1..1 MedMijNodes MedMijNodes
//!     unique Unieke_MedMijNode MedMijNode/Hostname
//! class MedMijNodes
//!   0..* MedMijNode MedMijNode
//! class MedMijNode
//!   1..1 Hostname Hostname
//!
//! type DatumTijd dateTime
//!   pattern .{20,}
//! type Positiefnummer positiveInteger
//! type Hostname string
//!   pattern ([a-z0-9][a-z0-9-]*\.)+[a-z0-9][a-z0-9-]*[a-z0-9]
//!   says a host name in lower case, with a dot
//! ```
//!
//! `marks` after an element says that its cardinality, and in a type that its facets, only mark an entry (inferred).
//! `class NAME choice` takes one of its elements, `class NAME any-order` takes them in any order. `unknown kept` lets
//! elements that the dialect does not name pass, with a remark. `shape old` is for a shape that a later file version
//! replaced. Lines that begin with `#` are comments.

mod basis;
mod built_in;
mod table;
mod text;
mod values;

use std::fmt;

pub use basis::SchemaBasis;
pub use built_in::BuiltInDialects;
pub(crate) use table::{
    Compiled, Content, Decl, MAX_ELEMENTS, MAX_TYPES, MAX_VALUES, Model, NO_SLOT, Part, ROOT, TIJDSTEMPEL, Table,
    VOLGNUMMER,
};
pub use text::DialectError;
pub(crate) use values::{Complaint, ValueType};

use crate::ListKind;

/// A release of a list as data.
///
/// ```
/// use medmij_list::{Dialect, ListKind, SchemaBasis};
///
/// let dialect: Dialect = "medmij-dialect 1
/// list Whitelist
/// release release9
/// basis supplied
/// namespace xmlns://afsprakenstelsel.medmij.nl/whitelist/release9/
/// root Whitelist Whitelist
/// class Whitelist
///   1..1 Tijdstempel DatumTijd
///   1..1 Volgnummer Positiefnummer
/// type DatumTijd dateTime
///   pattern .{20,}
/// type Positiefnummer positiveInteger
/// ".parse()?;
/// assert_eq!(dialect.kind(), ListKind::Whitelist);
/// assert_eq!(dialect.basis(), SchemaBasis::Supplied);
/// assert_eq!(dialect.to_string().parse::<Dialect>()?, dialect);
///
/// let wrong = "medmij-dialect 1\nlist Telefoonboek\n".parse::<Dialect>().unwrap_err();
/// assert_eq!(wrong.to_string(), "dialect, line 2: there is no list \"Telefoonboek\"");
/// # Ok::<(), medmij_list::DialectError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialect {
    pub(crate) kind: ListKind,
    pub(crate) release: String,
    pub(crate) file_version: Option<u32>,
    pub(crate) basis: SchemaBasis,
    pub(crate) namespace: String,
    pub(crate) old_shape: bool,
    pub(crate) unknown_kept: bool,
    pub(crate) root: Element,
    pub(crate) classes: Vec<Class>,
    pub(crate) types: Vec<SimpleType>,
    pub(crate) compiled: Compiled,
}

impl Dialect {
    /// Which list.
    #[must_use]
    pub const fn kind(&self) -> ListKind {
        self.kind
    }

    /// The release of the list, the last part of its namespace: `release2`.
    #[must_use]
    pub fn release(&self) -> &str {
        &self.release
    }

    /// The number of the comment `File version` of the schema, where it is known.
    #[must_use]
    pub const fn file_version(&self) -> Option<u32> {
        self.file_version
    }

    /// Where the knowledge comes from.
    #[must_use]
    pub const fn basis(&self) -> SchemaBasis {
        self.basis
    }

    /// The namespace of all elements.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Whether a later file version replaced this shape within the same namespace.
    #[must_use]
    pub const fn is_old_shape(&self) -> bool {
        self.old_shape
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::write(self, f)
    }
}

impl std::str::FromStr for Dialect {
    type Err = DialectError;
    fn from_str(text: &str) -> Result<Self, DialectError> {
        let dialect = text::parse(text)?;
        Table::check(&dialect).map_err(|what| DialectError::new(None, what))?;
        Ok(dialect)
    }
}

/// An element in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) name: String,
    /// The name of a class or a simple type.
    pub(crate) of: String,
    pub(crate) min: u32,
    /// `None` is without end.
    pub(crate) max: Option<u32>,
    pub(crate) marks: bool,
    pub(crate) uniques: Vec<Unique>,
}

/// `xs:unique`: the values at the path below the element differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unique {
    pub(crate) name: String,
    pub(crate) path: Vec<String>,
}

/// A complex type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Class {
    pub(crate) name: String,
    pub(crate) model: Model,
    pub(crate) elements: Vec<Element>,
}

/// A simple type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SimpleType {
    pub(crate) name: String,
    pub(crate) base: Base,
    pub(crate) min_length: Option<u32>,
    pub(crate) max_length: Option<u32>,
    /// All of them must match.
    pub(crate) patterns: Vec<String>,
    pub(crate) enumeration: Vec<String>,
    pub(crate) marks: bool,
    pub(crate) says: Option<String>,
}

/// The built-in types that the schemas of the lists restrict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Base {
    String,
    Token,
    DateTime,
    PositiveInteger,
    NonNegativeInteger,
}

impl Base {
    pub(crate) const ALL: [(Self, &'static str); 5] = [
        (Self::String, "string"),
        (Self::Token, "token"),
        (Self::DateTime, "dateTime"),
        (Self::PositiveInteger, "positiveInteger"),
        (Self::NonNegativeInteger, "nonNegativeInteger"),
    ];

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|(_, known)| *known == name)
            .map(|(base, _)| base)
    }

    pub(crate) fn name(self) -> &'static str {
        Self::ALL
            .into_iter()
            .find(|(base, _)| *base == self)
            .map_or("", |(_, name)| name)
    }
}
