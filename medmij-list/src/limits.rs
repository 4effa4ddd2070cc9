// SPDX-License-Identifier: AGPL-3.0-or-later
//! Limits on what is read.

/// How much a document may ask of the reader. Every limit is checked before memory is spent on what it limits.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadLimits {
    /// Bytes in the document. Default 256 MiB; [`ReadLimits::files`] has 1 GiB. Never more than 4 GiB.
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

impl Default for ReadLimits {
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

impl ReadLimits {
    /// The limits for files of one's own: 1 GiB.
    #[must_use]
    pub fn files() -> Self {
        Self {
            size: 1 << 30,
            ..Self::default()
        }
    }
}
