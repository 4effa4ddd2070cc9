// SPDX-License-Identifier: AGPL-3.0-or-later
//! Limits on what is read, and what is read on request only.

use std::sync::Arc;

use crate::Dialect;

/// How much a document may ask of the reader. Every limit is checked before memory is spent on what it limits.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes in the document. Default 256 MiB; [`Limits::files`] has 1 GiB. Never more than 4 GiB.
    pub size: usize,
    /// Elements inside each other. Default 16; the deepest list has 13.
    pub depth: usize,
    /// Attributes on one tag, namespace declarations not counted. Default 32.
    pub attributes: usize,
    /// Namespace declarations on one tag. Default 32.
    pub namespaces: usize,
    /// Bytes in one value. Default and most: 65,535.
    pub value: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            size: 256 << 20,
            depth: 16,
            attributes: 32,
            namespaces: 32,
            value: u16::MAX as usize,
        }
    }
}

impl Limits {
    /// The limits for files of one's own: 1 GiB.
    #[must_use]
    pub fn files() -> Self {
        Self {
            size: 1 << 30,
            ..Self::default()
        }
    }
}

/// How a document is read.
///
/// ```
/// use medmij_list::ReadOptions;
///
/// let mut options = ReadOptions::default();
/// options.limits.size = 64 << 20;
/// assert!(!options.old_shapes);
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ReadOptions {
    /// The limits.
    pub limits: Limits,
    /// Whether shapes that a later file version replaced within the same namespace are read too (the Whitelist of
    /// release 1.0). Default no; what was read that way is never taken by a cache.
    pub old_shapes: bool,
    /// Judge by this dialect, made from a schema that the caller supplies, and not by the built-in ones.
    pub dialect: Option<Arc<Dialect>>,
}

impl ReadOptions {
    /// The options for files of one's own: [`Limits::files`].
    #[must_use]
    pub fn files() -> Self {
        Self {
            limits: Limits::files(),
            ..Self::default()
        }
    }

    /// The same, judged by a dialect.
    #[must_use]
    pub fn with_dialect(mut self, dialect: Arc<Dialect>) -> Self {
        self.dialect = Some(dialect);
        self
    }

    /// The same, with old shapes read as well.
    #[must_use]
    pub const fn with_old_shapes(mut self) -> Self {
        self.old_shapes = true;
        self
    }
}
