// SPDX-License-Identifier: AGPL-3.0-or-later
//! A BSN at rest is sealed (AEAD) and found by a keyed hash; so is everything that stands beside it.
//!
//! core.logging.103 and the rules on the BSN ask that no dump of a store, a journal or a log holds one. The store gets
//! bytes of [`KeyRing::seal`] and a [`PersoonIndex`], and can read neither.

use std::{collections::BTreeMap, fmt};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
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
/// // and a new version of the index key: what stands under the old one is still found
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
    /// [`KeyFileError`], which holds no key.
    pub fn from_text(text: &str) -> Result<Self, KeyFileError> {
        let (mut keys, mut indexes) = (BTreeMap::new(), BTreeMap::new());
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (kind, id, key) = key_line(line).ok_or(KeyFileError::Line(number))?;
            let into = if kind == "seal" { &mut keys } else { &mut indexes };
            if into.insert(id, key).is_some() {
                return Err(KeyFileError::Twice(number));
            }
        }
        let current = keys.last_key_value().map(|(id, _)| *id);
        match (current, indexes.is_empty()) {
            (Some(current), false) => Ok(Self { current, keys, indexes }),
            _ => Err(KeyFileError::Lacking),
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

fn key_line(line: &str) -> Option<(&str, u32, SealingKey)> {
    let mut words = line.split_ascii_whitespace();
    let (kind, id, key) = (words.next()?, words.next()?.parse().ok()?, words.next()?);
    if words.next().is_some() || !matches!(kind, "seal" | "index") {
        return None;
    }
    let mut bytes = Zeroizing::new([0; 32]);
    let read = URL_SAFE_NO_PAD.decode_slice(key, bytes.as_mut_slice()).ok()?;
    (read == 32).then_some((kind, id, SealingKey(bytes)))
}

/// Why a key file cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// A line is not `seal ID KEY` or `index VERSION KEY` with 32 bytes of base64url.
    #[error("line {0} of the key file is no key: \"seal ID KEY\" or \"index VERSION KEY\", 32 bytes in base64url")]
    Line(usize),
    /// A key occurs twice.
    #[error("line {0} of the key file has an id that stands there already")]
    Twice(usize),
    /// There is no key that seals, or none for the index.
    #[error("key file has no key that seals, or none for the index")]
    Lacking,
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
    fn what_is_sealed_says_by_which_key_and_an_index_by_which_version() {
        let key = |n| SealingKey::from_bytes([n; 32]);
        let ring = LocalKeyRing::new(70_000, key(1), key(2))
            .with_index(3, key(3))
            .with_index(2, key(4));
        let sealed = ring.seal(b"x", b"c", &OsEntropy).unwrap();
        assert_eq!(
            (key_of(&sealed), key_of(&[]), key_of(b"\x02abcdef")),
            (Some(70_000), None, None)
        );
        assert_eq!(ring.keys(), RingKeys::new(70_000, 3, vec![70_000], vec![1, 2, 3]));
        let bsn = Bsn::parse("999990019").unwrap();
        let versions = |ring: &LocalKeyRing| -> Vec<u32> {
            let all = ring.indexes(&bsn).unwrap();
            all.iter().map(PersoonIndex::version).collect()
        };
        assert_eq!(versions(&ring), [3, 2, 1]);
        assert_eq!(ring.index(&bsn).unwrap(), ring.indexes(&bsn).unwrap()[0]);
        // the current one cannot be taken away
        assert_eq!(versions(&ring.without_index(3).without_index(1)), [3, 2]);
    }

    #[test]
    fn a_format_of_later_is_no_broken_value() {
        let ring = LocalKeyRing::ephemeral(&OsEntropy).unwrap();
        let mut sealed = ring.seal(b"x", b"c", &OsEntropy).unwrap();
        sealed[0] = 2;
        assert_eq!(ring.open(&sealed, b"c").unwrap_err(), SealError::Version { format: 2 });
    }

    #[test]
    fn a_key_file_is_read_or_names_its_line() {
        let key = URL_SAFE_NO_PAD.encode([5; 32]);
        let good = format!("# keys\n\nseal 1 {key}\n seal 9 {key}\nindex 2 {key}\n");
        let ring = LocalKeyRing::from_text(&good).unwrap();
        assert_eq!(ring.keys(), RingKeys::new(9, 2, vec![1, 9], vec![2]));
        let short = URL_SAFE_NO_PAD.encode([5; 31]);
        for (bad, error) in [
            (String::new(), KeyFileError::Lacking),
            (format!("seal 1 {key}"), KeyFileError::Lacking),
            (format!("index 1 {key}"), KeyFileError::Lacking),
            (format!("seal 1 {short}"), KeyFileError::Line(1)),
            (format!("\nseal x {key}"), KeyFileError::Line(2)),
            (format!("open 1 {key}"), KeyFileError::Line(1)),
            (format!("seal 1 {key} x"), KeyFileError::Line(1)),
            (format!("seal 1 {key}\nseal 1 {key}"), KeyFileError::Twice(2)),
        ] {
            assert_eq!(LocalKeyRing::from_text(&bad).unwrap_err(), error, "{bad}");
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
