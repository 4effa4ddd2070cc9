// SPDX-License-Identifier: AGPL-3.0-or-later
//! A key ring in the memory of the process, and its file.

use super::{FORMAT, KeyRing, PersoonIndex, RingKeys, SealError};
use crate::OauthError;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::{
    XChaCha20Poly1305, XNonce,
    aead::{Aead as _, KeyInit as _, Payload},
};
use hmac::{Hmac, Mac as _};
use medmij_types::{Bsn, Entropy, EntropyError};
use sha2::Sha256;
use std::{collections::BTreeMap, fmt};
use zeroize::Zeroizing;

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
///
/// // and a new version of the index key: what is under the old one is still found
/// let bsn = Bsn::parse("999990019").expect("a test number");
/// let before = ring.index(&bsn)?;
/// let ring = ring.with_index(2, SealingKey::from_bytes([8; 32]));
/// assert_eq!((ring.indexes(&bsn)?.len(), ring.indexes(&bsn)?[1] == before), (2, true));
/// # Ok::<(), medmij_oauth::seal::SealError>(())
/// ```
pub struct LocalKeyRing {
    current: u32,
    keys: BTreeMap<u32, SealingKey>,
    /// By version; the highest is the current one.
    indexes: BTreeMap<u32, SealingKey>,
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
    /// [`EntropyError`], where the entropy fails.
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
    /// A ring with the key that seals, its id, and version 1 of the key of the index.
    #[must_use]
    pub fn new(id: u32, key: SealingKey, index: SealingKey) -> Self {
        Self {
            current: id,
            keys: BTreeMap::from([(id, key)]),
            indexes: BTreeMap::from([(1, index)]),
        }
    }

    /// A ring with keys as they are stored, 32 random bytes each: see [`new`](Self::new).
    #[must_use]
    pub fn of_bytes(id: u32, key: [u8; 32], index: [u8; 32]) -> Self {
        Self::new(id, SealingKey::from_bytes(key), SealingKey::from_bytes(index))
    }

    /// A ring with new keys, for tests and demonstrations: what it seals is lost when the process ends.
    ///
    /// # Errors
    ///
    /// [`EntropyError`], where the entropy fails.
    pub fn ephemeral(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        Ok(Self::new(1, SealingKey::random(entropy)?, SealingKey::random(entropy)?))
    }

    /// Reads a key file: a line for each key, `seal ID KEY` or `index VERSION KEY`, where a key is 32 bytes in base64url. The
    /// highest id seals, the highest version of the index key makes indexes. Empty lines, and lines that begin with `#`, are
    /// left out.
    ///
    /// # Errors
    ///
    /// [`OauthError`], which holds no key.
    pub fn from_text(text: &str) -> Result<Self, OauthError> {
        let (mut keys, mut indexes) = (BTreeMap::new(), BTreeMap::new());
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (kind, id, key) = key_line(line).ok_or(OauthError::KeyFileLine(number))?;
            let into = if kind == "seal" { &mut keys } else { &mut indexes };
            if into.insert(id, key).is_some() {
                return Err(OauthError::KeyFileTwice(number));
            }
        }
        let current = keys.last_key_value().map(|(id, _)| *id);
        match (current, indexes.is_empty()) {
            (Some(current), false) => Ok(Self { current, keys, indexes }),
            _ => Err(OauthError::KeyFileLacking),
        }
    }

    /// Adds a key that opens and no longer seals.
    #[must_use]
    pub fn with_old(mut self, id: u32, key: SealingKey) -> Self {
        self.keys.entry(id).or_insert(key);
        self
    }

    /// Adds a version of the index key; the highest version makes what comes, the others find what is there.
    #[must_use]
    pub fn with_index(mut self, version: u32, key: SealingKey) -> Self {
        self.indexes.entry(version).or_insert(key);
        self
    }

    /// Without a version of the index key that nothing needs any more. The current one stays.
    #[must_use]
    pub fn without_index(mut self, version: u32) -> Self {
        if self
            .indexes
            .last_key_value()
            .is_some_and(|(current, _)| *current != version)
        {
            self.indexes.remove(&version);
        }
        self
    }

    /// One hash for each version of the index key, the current one first.
    fn hashes(&self, feed: impl Fn(&mut Hmac<Sha256>)) -> Result<Vec<PersoonIndex>, SealError> {
        let of = |(version, key): (&u32, &SealingKey)| {
            let mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key.0.as_slice());
            let mut mac = mac.map_err(|_| SealError::Key)?;
            feed(&mut mac);
            let hash: [u8; 32] = mac.finalize().into_bytes().into();
            let mut index = [0; 32];
            let (head, tail) = index.split_at_mut(4);
            head.copy_from_slice(&version.to_be_bytes());
            // 224 bits are as good as 256 here
            tail.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
            Ok(PersoonIndex(index))
        };
        self.indexes.iter().rev().map(of).collect()
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
            .field("indexes", &self.indexes.keys())
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
            return Err(SealError::Version { format });
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

    fn indexes(&self, bsn: &Bsn) -> Result<Vec<PersoonIndex>, SealError> {
        self.hashes(|mac| {
            mac.update(b"medmij persoon\0");
            mac.update(bsn.expose().as_bytes());
        })
    }

    fn fingerprints(&self, purpose: &str, value: &[u8]) -> Result<Vec<PersoonIndex>, SealError> {
        self.hashes(|mac| {
            mac.update(b"medmij vingerafdruk\0");
            mac.update(&(purpose.len() as u64).to_be_bytes());
            mac.update(purpose.as_bytes());
            mac.update(value);
        })
    }

    fn keys(&self) -> RingKeys {
        let index = self.indexes.last_key_value().map_or(0, |(version, _)| *version);
        RingKeys::new(
            self.current,
            index,
            self.keys.keys().copied().collect(),
            self.indexes.keys().copied().collect(),
        )
    }
}

pub(super) fn key_line(line: &str) -> Option<(&str, u32, SealingKey)> {
    let mut words = line.split_ascii_whitespace();
    let (kind, id, key) = (words.next()?, words.next()?.parse().ok()?, words.next()?);
    if words.next().is_some() || !matches!(kind, "seal" | "index") {
        return None;
    }
    let mut bytes = Zeroizing::new([0; 32]);
    let read = URL_SAFE_NO_PAD.decode_slice(key, bytes.as_mut_slice()).ok()?;
    (read == 32).then_some((kind, id, SealingKey(bytes)))
}

pub(super) const NONCE: usize = 24;
