// SPDX-License-Identifier: AGPL-3.0-or-later
//! A broken rule before its place is worked out.

use crate::{ListError, ListKind, Place, Rule, place::printable};

/// A broken rule at a byte.
#[derive(Debug)]
pub(crate) struct Fault(Box<Inner>);

#[derive(Debug)]
struct Inner {
    rule: Rule,
    offset: usize,
    value: Option<String>,
    message: String,
    /// An element below the path at which it was found.
    element: Option<String>,
}

impl Fault {
    #[cold]
    pub(crate) fn new(rule: Rule, offset: usize, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            rule,
            offset,
            value: None,
            message: message.into(),
            element: None,
        }))
    }

    pub(crate) fn with_value(mut self, value: &str) -> Self {
        self.0.value = Some(printable(value));
        self
    }

    pub(crate) fn at_element(mut self, element: impl Into<String>) -> Self {
        self.0.element = Some(element.into());
        self
    }

    pub(crate) fn message(&self) -> &str {
        &self.0.message
    }

    /// The message with the value in front of it.
    pub(crate) fn full_message(&self) -> String {
        match &self.0.value {
            Some(value) => format!("{value}: {}", self.0.message),
            None => self.0.message.clone(),
        }
    }

    pub(crate) fn element(&self) -> Option<&str> {
        self.0.element.as_deref()
    }

    pub(crate) fn rule(&self) -> Rule {
        self.0.rule
    }

    pub(crate) fn into_error(self, source: &[u8], mut path: String, kind: Option<ListKind>) -> ListError {
        let message = self.full_message();
        let inner = *self.0;
        if let Some(element) = &inner.element {
            path.push('/');
            path.push_str(element);
        }
        ListError::new(inner.rule, message, kind)
            .at(Place::of(source, inner.offset), path)
            .with_value(inner.value)
    }
}
