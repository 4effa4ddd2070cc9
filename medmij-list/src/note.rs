// SPDX-License-Identifier: AGPL-3.0-or-later
//! A remark as a document keeps it.

use crate::Rule;

/// A remark as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct Note {
    pub(crate) rule: Rule,
    pub(crate) entry: Option<u32>,
    pub(crate) path: Box<str>,
    pub(crate) message: Box<str>,
    /// The element in the source.
    pub(crate) start: usize,
    pub(crate) end: usize,
}
