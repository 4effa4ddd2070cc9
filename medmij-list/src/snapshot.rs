// SPDX-License-Identifier: AGPL-3.0-or-later
//! One list as it was read at one moment; it never changes.

use std::{fmt, ops::Deref, sync::OnceLock, time::SystemTime};

use sha2::{Digest as _, Sha256};

use crate::{List, ListError, ReadOptions};

/// A list with its bytes and the moment of fetching. It never changes: a flow takes one and keeps it to its end, so
/// that all its steps see the same entries.
///
/// It dereferences to the list.
pub struct Snapshot<L> {
    list: L,
    digest: OnceLock<[u8; 32]>,
    fetched_at: Option<SystemTime>,
}

impl<L: List> Snapshot<L> {
    /// Reads and judges a document. It is accepted whole or refused whole.
    ///
    /// # Errors
    ///
    /// [`ListError`] with the first rule that the document breaks, and where.
    pub fn read(bytes: Vec<u8>, options: &ReadOptions) -> Result<Self, ListError> {
        Ok(Self {
            list: crate::read::read(bytes, options)?,
            digest: OnceLock::new(),
            fetched_at: None,
        })
    }

    /// The same for a list that is to be stored: its checksum is worked out while it is judged.
    pub(crate) fn read_and_hash(bytes: Vec<u8>, options: &ReadOptions) -> Result<Self, ListError> {
        let (list, digest): (L, [u8; 32]) =
            crate::read::read_beside(bytes, options, |bytes| Sha256::digest(bytes).into())?;
        Ok(Self {
            list,
            digest: OnceLock::from(digest),
            fetched_at: None,
        })
    }

    /// The same, with the moment at which it was fetched.
    #[must_use]
    pub const fn fetched(mut self, at: SystemTime) -> Self {
        self.fetched_at = Some(at);
        self
    }

    /// The list.
    #[must_use]
    pub const fn list(&self) -> &L {
        &self.list
    }

    /// The exact bytes that were read.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.list.document().bytes()
    }

    /// SHA-256 of the bytes; worked out when it is first asked for.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        *self.digest.get_or_init(|| Sha256::digest(self.bytes()).into())
    }

    /// The moment of fetching, where it is known.
    #[must_use]
    pub const fn fetched_at(&self) -> Option<SystemTime> {
        self.fetched_at
    }
}

impl<L> Deref for Snapshot<L> {
    type Target = L;
    fn deref(&self) -> &L {
        &self.list
    }
}

impl<L: List> fmt::Debug for Snapshot<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot")
            .field("kind", &L::KIND)
            .field("header", self.list.header())
            .field("entries", &self.list.len())
            .field("fetched_at", &self.fetched_at)
            .finish()
    }
}
