// SPDX-License-Identifier: AGPL-3.0-or-later
//! A BSN at rest is sealed (AEAD) and found by a keyed hash; so is everything that stands beside it.
//!
//! core.logging.103 and the rules on the BSN ask that no dump of a store, a journal or a log holds one. The store gets
//! bytes of [`KeyRing::seal`] and a [`PersoonIndex`], and can read neither.

use std::{collections::BTreeMap, fmt};

use chacha20poly1305::{
    XChaCha20Poly1305, XNonce,
    aead::{Aead as _, KeyInit as _, Payload},
};
use hmac::{Hmac, Mac as _};
use medmij_types::{Bsn, Entropy, EntropyError};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Seals and opens what rests in a store, with keys that have an id and can be rotated. Implement it over an HSM or a key
/// service, or take [`LocalKeyRing`].
pub trait KeyRing: Send + Sync + 'static {
    /// Seals `plain` for a `context`: opening with another context fails, so that a row cannot be moved.
    ///
    /// # Errors
    ///
    /// Where the key or the entropy fails.
    fn seal(&self, plain: &[u8], context: &[u8], entropy: &dyn Entropy) -> Result<Vec<u8>, SealError>;

    /// Opens what was sealed for this context, by any key that is still in the ring.
    ///
    /// # Errors
    ///
    /// Where the key is gone or the bytes are not what was sealed.
    fn open(&self, sealed: &[u8], context: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError>;

    /// The keyed hash by which a Persoon is found again. It must stay the same when sealing keys rotate.
    ///
    /// # Errors
    ///
    /// Where the key fails.
    fn index(&self, bsn: &Bsn) -> Result<PersoonIndex, SealError>;

    /// The keyed hash by which something else is found again, stable like [`index`](Self::index): the name under which a DVP
    /// keeps a token, the account of a Persoon at a DVP. `purpose` keeps uses apart.
    ///
    /// # Errors
    ///
    /// Where the key fails.
    fn fingerprint(&self, purpose: &str, value: &[u8]) -> Result<PersoonIndex, SealError>;
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
}

impl fmt::Debug for PersoonIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersoonIndex(***)")
    }
}

/// A key ring in memory: XChaCha20-Poly1305 with random nonces, and HMAC-SHA-256 for the index.
///
/// ```
/// use medmij_oauth::seal::{KeyRing, LocalKeyRing, SealingKey};
/// use medmij_types::{Bsn, OsEntropy};
///
/// let old = LocalKeyRing::new(1, SealingKey::from_bytes([1; 32]), SealingKey::from_bytes([9; 32]));
/// let sealed = old.seal(b"999990019", b"grant-1", &OsEntropy)?;
/// assert!(!sealed.windows(9).any(|w| w == b"999990019"));
///
/// // a new key for what comes, the old one for what is there
/// let ring = LocalKeyRing::new(2, SealingKey::from_bytes([2; 32]), SealingKey::from_bytes([9; 32]))
///     .with_old(1, SealingKey::from_bytes([1; 32]));
/// assert_eq!(ring.open(&sealed, b"grant-1")?.as_slice(), b"999990019");
/// assert!(ring.open(&sealed, b"grant-2").is_err());
/// # Ok::<(), medmij_oauth::seal::SealError>(())
/// ```
pub struct LocalKeyRing {
    current: u32,
    keys: BTreeMap<u32, SealingKey>,
    index: SealingKey,
}

/// A key of 256 bits. It is wiped when dropped and never shown.
#[derive(Clone)]
pub struct SealingKey(Zeroizing<[u8; 32]>);

impl SealingKey {
    /// A key from its bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// A new key.
    ///
    /// # Errors
    ///
    /// Where the entropy fails.
    pub fn random(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        let mut bytes = Zeroizing::new([0; 32]);
        entropy.fill(bytes.as_mut_slice())?;
        Ok(Self(bytes))
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey(***)")
    }
}

impl LocalKeyRing {
    /// A ring with the key that seals, its id, and the key of the index.
    #[must_use]
    pub fn new(id: u32, key: SealingKey, index: SealingKey) -> Self {
        Self {
            current: id,
            keys: BTreeMap::from([(id, key)]),
            index,
        }
    }

    /// A ring with new keys, for tests and demonstrations: what it seals is lost when the process ends.
    ///
    /// # Errors
    ///
    /// Where the entropy fails.
    pub fn ephemeral(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        Ok(Self::new(1, SealingKey::random(entropy)?, SealingKey::random(entropy)?))
    }

    /// Adds a key that opens and no longer seals.
    #[must_use]
    pub fn with_old(mut self, id: u32, key: SealingKey) -> Self {
        self.keys.entry(id).or_insert(key);
        self
    }

    fn cipher(&self, id: u32) -> Result<XChaCha20Poly1305, SealError> {
        let key = self.keys.get(&id).ok_or(SealError::KeyGone { id })?;
        XChaCha20Poly1305::new_from_slice(key.0.as_slice()).map_err(|_| SealError::Key)
    }
}

impl fmt::Debug for LocalKeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalKeyRing")
            .field("current", &self.current)
            .field("ids", &self.keys.keys())
            .finish()
    }
}

impl KeyRing for LocalKeyRing {
    fn seal(&self, plain: &[u8], context: &[u8], entropy: &dyn Entropy) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0; NONCE];
        entropy.fill(&mut nonce).map_err(SealError::Entropy)?;
        let sealed = self
            .cipher(self.current)?
            .encrypt(
                &XNonce::from(nonce),
                Payload {
                    msg: plain,
                    aad: context,
                },
            )
            .map_err(|_| SealError::Key)?;
        let mut out = Vec::with_capacity(1 + 4 + NONCE + sealed.len());
        out.push(FORMAT);
        out.extend_from_slice(&self.current.to_be_bytes());
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&sealed);
        Ok(out)
    }

    fn open(&self, sealed: &[u8], context: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (&format, rest) = sealed.split_first().ok_or(SealError::Broken)?;
        let (id, rest) = rest.split_first_chunk::<4>().ok_or(SealError::Broken)?;
        let (nonce, rest) = rest.split_first_chunk::<NONCE>().ok_or(SealError::Broken)?;
        if format != FORMAT {
            return Err(SealError::Broken);
        }
        self.cipher(u32::from_be_bytes(*id))?
            .decrypt(
                &XNonce::from(*nonce),
                Payload {
                    msg: rest,
                    aad: context,
                },
            )
            .map(Zeroizing::new)
            .map_err(|_| SealError::Broken)
    }

    fn index(&self, bsn: &Bsn) -> Result<PersoonIndex, SealError> {
        let mut mac =
            <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(self.index.0.as_slice()).map_err(|_| SealError::Key)?;
        mac.update(b"medmij persoon\0");
        mac.update(bsn.expose().as_bytes());
        Ok(PersoonIndex(mac.finalize().into_bytes().into()))
    }

    fn fingerprint(&self, purpose: &str, value: &[u8]) -> Result<PersoonIndex, SealError> {
        let mut mac =
            <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(self.index.0.as_slice()).map_err(|_| SealError::Key)?;
        mac.update(b"medmij vingerafdruk\0");
        mac.update(&(purpose.len() as u64).to_be_bytes());
        mac.update(purpose.as_bytes());
        mac.update(value);
        Ok(PersoonIndex(mac.finalize().into_bytes().into()))
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
const NONCE: usize = 24;

#[cfg(test)]
mod tests {
    use medmij_types::OsEntropy;

    use super::*;

    #[test]
    fn a_changed_byte_is_noticed() {
        let ring = LocalKeyRing::ephemeral(&OsEntropy).unwrap();
        let sealed = ring.seal(b"x", b"c", &OsEntropy).unwrap();
        for i in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[i] ^= 1;
            assert!(ring.open(&changed, b"c").is_err(), "{i}");
            assert!(ring.open(&sealed[..i], b"c").is_err(), "{i}");
        }
    }

    #[test]
    fn the_index_is_stable_and_keyed() {
        let (a, b) = (Bsn::parse("999990019").unwrap(), Bsn::parse("999990019").unwrap());
        let ring = LocalKeyRing::ephemeral(&OsEntropy).unwrap();
        let other = LocalKeyRing::ephemeral(&OsEntropy).unwrap();
        assert!(ring.index(&a).unwrap() == ring.index(&b).unwrap());
        assert!(ring.index(&a).unwrap() != other.index(&a).unwrap());
        // uses are apart from each other, and from a BSN
        let of = |ring: &LocalKeyRing, purpose: &str, value: &str| ring.fingerprint(purpose, value.as_bytes()).unwrap();
        assert!(of(&ring, "a", "bc") == of(&ring, "a", "bc"));
        for other in [
            of(&ring, "ab", "c"),
            of(&ring, "b", "bc"),
            of(&other, "a", "bc"),
            ring.index(&a).unwrap(),
        ] {
            assert!(of(&ring, "a", "bc") != other);
        }
    }
}
