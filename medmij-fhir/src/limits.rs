// SPDX-License-Identifier: AGPL-3.0-or-later
//! How much of another party's data is taken (threats F2 and F3).

use medmij_types::json;

/// Bounds on one collection; a value, so that a supplier can set its own.
///
/// ```
/// use medmij_fhir::Limits;
///
/// let mut limits = Limits::default();
/// limits.pages = 50;
/// assert_eq!(limits.depth, 64);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of one response body: 64 MiB.
    pub body: usize,
    /// Nesting depth of JSON and of XML: 64; more than 500 counts as 500.
    pub depth: usize,
    /// Elements of one JSON array, or children of one XML element: 100,000.
    pub elements: usize,
    /// Pages of one collection, over all its queries: 1,000.
    pub pages: usize,
    /// Entries of one collection, over all its pages: 100,000.
    pub entries: usize,
    /// Bytes of one document that is [streamed](crate::Collection::drive_into), as it travels: 1 GiB.
    pub document: u64,
    /// Documents (Binary) read in one collection: 1,000.
    pub documents: usize,
    /// Resources read in one collection because a reference points at them: 1,000.
    pub references: usize,
}

impl Limits {
    /// What they mean for one JSON text.
    pub(crate) fn json(&self) -> json::JsonLimits {
        let mut limits = json::JsonLimits::default();
        limits.bytes = self.body;
        limits.depth = self.depth.min(MAX_DEPTH);
        limits.elements = self.elements;
        limits
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 64 << 20,
            depth: 64,
            elements: 100_000,
            pages: 1_000,
            entries: 100_000,
            document: 1 << 30,
            documents: 1_000,
            references: 1_000,
        }
    }
}

/// Walks over a document are recursive.
pub(crate) const MAX_DEPTH: usize = 500;
