// SPDX-License-Identifier: AGPL-3.0-or-later
//! Why a document is refused: which rule, where, what was there and what was expected.

use std::fmt;

use crate::{ListKind, Place, Rule};

/// A document was refused. It says the line, the column, the element, the rule, the value and what was expected.
///
/// ```
/// # use medmij_list::ListError;
/// fn explain(file: &str, error: &ListError) -> String {
///     format!("{file}:{}:{}: {} [{}]", error.line(), error.column(), error.message(), error.rule())
/// }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ListError(Box<Inner>);

#[derive(Clone, PartialEq, Eq)]
struct Inner {
    rule: Rule,
    place: Place,
    path: String,
    value: Option<String>,
    message: String,
    kind: Option<ListKind>,
}

impl ListError {
    pub(crate) fn new(rule: Rule, message: String, kind: Option<ListKind>) -> Self {
        Self(Box::new(Inner {
            rule,
            place: Place::START,
            path: String::new(),
            value: None,
            message,
            kind,
        }))
    }

    pub(crate) fn at(mut self, place: Place, path: String) -> Self {
        self.0.place = place;
        self.0.path = path;
        self
    }

    pub(crate) fn with_value(mut self, value: Option<String>) -> Self {
        self.0.value = value;
        self
    }

    /// The rule that was broken.
    #[must_use]
    pub fn rule(&self) -> Rule {
        self.0.rule
    }

    /// The line, from 1.
    #[must_use]
    pub fn line(&self) -> u32 {
        self.0.place.line
    }

    /// The column, in characters, from 1.
    #[must_use]
    pub fn column(&self) -> u32 {
        self.0.place.column
    }

    /// The byte, from 0.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.0.place.offset
    }

    /// The element, as `/Whitelist/MedMijNodes/MedMijNode[3]/Hostname`; empty before the root element.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// The value, shortened and made printable.
    #[must_use]
    pub fn value(&self) -> Option<&str> {
        self.0.value.as_deref()
    }

    /// What is wrong and what was expected, without the place.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The list that the document was read as, as far as that was known.
    #[must_use]
    pub fn kind(&self) -> Option<ListKind> {
        self.0.kind
    }
}

impl fmt::Display for ListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: ", self.line(), self.column())?;
        if !self.path().is_empty() {
            write!(f, "{}: ", self.path())?;
        }
        write!(f, "{} [{}]", self.message(), self.rule())
    }
}

impl fmt::Debug for ListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ListError({self})")
    }
}

impl std::error::Error for ListError {}
