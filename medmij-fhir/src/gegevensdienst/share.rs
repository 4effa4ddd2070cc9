// SPDX-License-Identifier: AGPL-3.0-or-later
//! What Delen sends for a gegevensdienst.

use crate::name::ResourceType;

/// Which kind of Bundle travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BundleKind {
    /// Entries that stand alone, but for references inside the Bundle (53).
    Batch,
    /// Entries that succeed or fail together.
    Transaction,
}

/// What Delen sends: one Bundle, posted to the ResourceEndpoint itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    pub(crate) bundle: BundleKind,
    pub(crate) types: Vec<ResourceType>,
    pub(crate) needs: Vec<ResourceType>,
    pub(crate) prefer: Option<String>,
    pub(crate) entries: Option<String>,
    pub(crate) answer: Option<String>,
    pub(crate) note: Option<String>,
}

impl Share {
    /// A Bundle of that kind with resources of these types.
    #[must_use]
    pub fn new(bundle: BundleKind, types: Vec<ResourceType>) -> Self {
        Self {
            bundle,
            types,
            needs: Vec::new(),
            prefer: None,
            entries: None,
            answer: None,
            note: None,
        }
    }

    /// Batch or transaction.
    #[must_use]
    pub fn bundle(&self) -> BundleKind {
        self.bundle
    }

    /// The resource types that may be in it.
    #[must_use]
    pub fn types(&self) -> &[ResourceType] {
        &self.types
    }

    /// The resource types that must be in it.
    #[must_use]
    pub fn needs(&self) -> &[ResourceType] {
        &self.needs
    }

    /// The `Prefer` header that is sent.
    #[must_use]
    pub fn prefer(&self) -> Option<&str> {
        self.prefer.as_deref()
    }

    /// What the entries are, in words.
    #[must_use]
    pub fn entries(&self) -> Option<&str> {
        self.entries.as_deref()
    }

    /// What the answer is, in words.
    #[must_use]
    pub fn answer(&self) -> Option<&str> {
        self.answer.as_deref()
    }

    /// What else there is to know.
    #[must_use]
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }
}
