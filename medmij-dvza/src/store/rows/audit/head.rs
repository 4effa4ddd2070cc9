// SPDX-License-Identifier: AGPL-3.0-or-later
//! How far a chain has come, and from where it is still there.

use super::{AuditRecord, EntryHash};

/// A chain: entries up to `cut` were destroyed, but for those that are kept; all after it are there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuditHead {
    /// Which chain.
    pub chain: u32,
    /// Up to which place entries were destroyed; 0 where none was.
    pub cut: u64,
    /// The hash of the entry at that place.
    pub base: EntryHash,
    /// What is kept before it.
    pub kept: KeptEntries,
    /// The place of the last entry.
    pub position: u64,
    /// The hash of the last entry.
    pub hash: EntryHash,
}

impl AuditHead {
    /// A chain without entries.
    #[must_use]
    pub fn empty(chain: u32) -> Self {
        Self {
            chain,
            cut: 0,
            base: EntryHash::default(),
            kept: KeptEntries::default(),
            position: 0,
            hash: EntryHash::default(),
        }
    }

    /// The chain as it is up to a later entry.
    #[must_use]
    pub fn at(mut self, position: u64, hash: EntryHash) -> Self {
        (self.position, self.hash) = (position, hash);
        self
    }

    /// The chain with entries destroyed up to a place, but for those that are kept.
    #[must_use]
    pub fn cut_at(mut self, cut: u64, base: EntryHash, kept: KeptEntries) -> Self {
        (self.cut, self.base, self.kept) = (cut, base, kept);
        self
    }

    /// Whether the two were cut in the same way.
    #[must_use]
    pub fn is_cut_as(&self, other: &Self) -> bool {
        (self.chain, self.cut, self.base, self.kept) == (other.chain, other.cut, other.base, other.kept)
    }
}

/// The entries before a cut that are kept: consents of which the grant lives, or ended not long ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeptEntries {
    /// How many.
    pub count: u64,
    /// The hash of the hashes of their texts, by place.
    pub digest: EntryHash,
}

impl Default for KeptEntries {
    fn default() -> Self {
        Self::of(&[])
    }
}

impl KeptEntries {
    /// A count and a digest, as a store made them.
    #[must_use]
    pub fn new(count: u64, digest: EntryHash) -> Self {
        Self { count, digest }
    }

    /// These entries, by place.
    #[must_use]
    pub fn of(records: &[AuditRecord]) -> Self {
        let texts: Vec<[u8; 32]> = records
            .iter()
            .map(|record| *EntryHash::of(&[record.text().as_bytes()]).as_bytes())
            .collect();
        let parts: Vec<&[u8]> = texts.iter().map(<[u8; 32]>::as_slice).collect();
        Self::new(records.len() as u64, EntryHash::of(&parts))
    }
}
