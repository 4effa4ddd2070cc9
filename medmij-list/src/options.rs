// SPDX-License-Identifier: AGPL-3.0-or-later
//! How a document is read, and what is read on request only.

use std::sync::Arc;

use crate::{Dialect, ReadLimits};

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
    pub limits: ReadLimits,
    /// Whether shapes that a later file version replaced within the same namespace are read too (the Whitelist of
    /// release 1.0). Default no; what was read that way is never taken by a cache.
    pub old_shapes: bool,
    /// Judge by this dialect, made from a schema that the caller supplies, and not by the built-in ones.
    pub dialect: Option<Arc<Dialect>>,
}

impl ReadOptions {
    /// The options for files of one's own: [`ReadLimits::files`].
    #[must_use]
    pub fn files() -> Self {
        Self {
            limits: ReadLimits::files(),
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
