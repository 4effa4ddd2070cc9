// SPDX-License-Identifier: AGPL-3.0-or-later
//! A BSN at rest is sealed (AEAD) and found by a keyed hash; so is everything that is beside it.
//!
//! core.logging.103 and the rules on the BSN ask that no dump of a store, a journal or a log holds one. The store gets
//! bytes of [`KeyRing::seal`] and a [`PersoonIndex`], and can read neither.

mod local;

pub use self::local::{LocalKeyRing, SealingKey};
use medmij_types::{Bsn, Entropy, EntropyError};
use std::fmt;
use zeroize::Zeroizing;

/// Seals and opens what rests in a store, with keys that have an id and can be rotated. Implement it over an HSM or a key
/// service, or take [`LocalKeyRing`].
///
/// # How keys retire
///
/// What is sealed says by which key ([`key_of`]), and an index says by which version of the index key
/// ([`PersoonIndex::version`]), so that a store can count what needs a key. A grant comes under the current keys when it is
/// refreshed, and by `Server::reseal_grants`; rows that hold no sealed Persoon (audit entries, Abonnementen) keep their index, and a
/// version of the index key retires with the last of them.
pub trait KeyRing: Send + Sync + 'static {
    /// Seals `plain` for a `context`: opening with another context fails, so that a row cannot be moved. What comes begins with
    /// the byte 1 and the id of the key in four bytes, the highest first.
    ///
    /// # Errors
    ///
    /// [`SealError::Key`] or [`SealError::Entropy`].
    fn seal(&self, plain: &[u8], context: &[u8], entropy: &dyn Entropy) -> Result<Vec<u8>, SealError>;

    /// Opens what was sealed for this context, by any key that is still in the ring.
    ///
    /// # Errors
    ///
    /// [`SealError::KeyGone`], or [`SealError::Broken`] where the bytes are not what was sealed.
    fn open(&self, sealed: &[u8], context: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError>;

    /// The keyed hashes by which a Persoon is found again: one for each version of the index key, the current one first. An
    /// index begins with its version in four bytes.
    ///
    /// # Errors
    ///
    /// [`SealError::Key`].
    fn indexes(&self, bsn: &Bsn) -> Result<Vec<PersoonIndex>, SealError>;

    /// The keyed hashes by which something else is found again, like [`indexes`](Self::indexes): the name under which a DVP
    /// keeps a token, the account of a Persoon at a DVP. `purpose` keeps uses apart.
    ///
    /// # Errors
    ///
    /// [`SealError::Key`].
    fn fingerprints(&self, purpose: &str, value: &[u8]) -> Result<Vec<PersoonIndex>, SealError>;

    /// The keys of this ring.
    fn keys(&self) -> RingKeys;

    /// The hash of a Persoon by the current version of the index key.
    ///
    /// # Errors
    ///
    /// As [`indexes`](Self::indexes): [`SealError`].
    fn index(&self, bsn: &Bsn) -> Result<PersoonIndex, SealError> {
        self.indexes(bsn)?.first().copied().ok_or(SealError::Key)
    }

    /// The hash of something else by the current version of the index key.
    ///
    /// # Errors
    ///
    /// As [`fingerprints`](Self::fingerprints): [`SealError`].
    fn fingerprint(&self, purpose: &str, value: &[u8]) -> Result<PersoonIndex, SealError> {
        self.fingerprints(purpose, value)?
            .first()
            .copied()
            .ok_or(SealError::Key)
    }
}

/// The keys of a ring, by id and version.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RingKeys {
    /// The key that seals.
    pub sealing: u32,
    /// The current version of the index key.
    pub index: u32,
    /// Every key that opens.
    pub openers: Vec<u32>,
    /// Every version of the index key.
    pub indexes: Vec<u32>,
}

impl RingKeys {
    /// Keys that seal and index, and all that are there.
    #[must_use]
    pub fn new(sealing: u32, index: u32, openers: Vec<u32>, indexes: Vec<u32>) -> Self {
        Self {
            sealing,
            index,
            openers,
            indexes,
        }
    }
}

/// The id of the key by which something was sealed; `None` where these are no sealed bytes.
#[must_use]
pub fn key_of(sealed: &[u8]) -> Option<u32> {
    let (&format, rest) = sealed.split_first()?;
    let (id, _) = rest.split_first_chunk::<4>()?;
    (format == FORMAT).then(|| u32::from_be_bytes(*id))
}

/// A keyed hash of a BSN, or of what else names a Persoon: enough to find a Persoon, not enough to know one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersoonIndex([u8; 32]);

impl PersoonIndex {
    /// From its bytes, as a store keeps them.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The version of the index key by which it was made.
    #[must_use]
    pub fn version(&self) -> u32 {
        let [a, b, c, d, ..] = self.0;
        u32::from_be_bytes([a, b, c, d])
    }
}

impl fmt::Debug for PersoonIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersoonIndex(***)")
    }
}

/// Why something cannot be sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// No key of this id is in the ring.
    #[error("sealing key {id} is not in the key ring")]
    KeyGone {
        /// The id.
        id: u32,
    },
    /// Sealed by a later version of this program.
    #[error("sealed value has format {format}, which is not known here")]
    Version {
        /// The format.
        format: u8,
    },
    /// The key cannot be used.
    #[error("sealing key cannot be used")]
    Key,
    /// Not sealed by this ring, for another context, or changed.
    #[error("sealed value is broken")]
    Broken,
    /// No entropy.
    #[error(transparent)]
    Entropy(EntropyError),
}

const FORMAT: u8 = 1;

#[cfg(test)]
mod tests;
