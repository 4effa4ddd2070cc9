// SPDX-License-Identifier: AGPL-3.0-or-later
//! RFC 8032 — checkpoints signed by Ed25519. A key is named by its public half.

use std::{collections::BTreeSet, fmt};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use medmij_types::{Entropy, EntropyError};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use zeroize::Zeroizing;

use super::{AuditError, CheckpointSigner, CheckpointVerifier};

/// The key that signs checkpoints. Keep it where the administrators of the database are not.
pub struct AuditKey {
    seed: Zeroizing<[u8; 32]>,
    pair: Ed25519KeyPair,
}

impl AuditKey {
    /// A new key.
    ///
    /// # Errors
    ///
    /// [`EntropyError`].
    pub fn random(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        let mut seed = Zeroizing::new([0; 32]);
        entropy.fill(seed.as_mut_slice())?;
        // any 32 bytes are a seed
        Self::of(seed).map_err(|_| EntropyError)
    }

    /// Reads a key as [`to_text`](Self::to_text) writes it: 32 bytes in base64url on one line.
    ///
    /// # Errors
    ///
    /// [`AuditError::Key`].
    pub fn from_text(text: &str) -> Result<Self, AuditError> {
        let mut seed = Zeroizing::new([0; 32]);
        match URL_SAFE_NO_PAD.decode_slice(text.trim(), seed.as_mut_slice()) {
            Ok(32) => Self::of(seed),
            _ => Err(AuditError::Key),
        }
    }

    /// The key as a line of text, for a file that only its owner reads.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(URL_SAFE_NO_PAD.encode(self.seed.as_slice()))
    }

    /// Its public half.
    #[must_use]
    pub fn public(&self) -> AuditPublicKeys {
        AuditPublicKeys(BTreeSet::from([self.key()]))
    }

    fn of(seed: Zeroizing<[u8; 32]>) -> Result<Self, AuditError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.as_slice()).map_err(|_| AuditError::Key)?;
        Ok(Self { seed, pair })
    }
}

impl fmt::Debug for AuditKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditKey")
            .field("public", &self.key())
            .finish_non_exhaustive()
    }
}

impl CheckpointSigner for AuditKey {
    fn key(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.pair.public_key())
    }

    fn sign(&self, text: &[u8]) -> Result<Vec<u8>, AuditError> {
        Ok(self.pair.sign(text).as_ref().to_vec())
    }
}

/// Public keys that are trusted: the current one, and those that signed before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditPublicKeys(BTreeSet<String>);

impl AuditPublicKeys {
    /// Reads public keys: one a line, 32 bytes in base64url. Empty lines, and lines that begin with `#`, are left out.
    ///
    /// # Errors
    ///
    /// [`AuditError::Key`].
    pub fn from_text(text: &str) -> Result<Self, AuditError> {
        let lines = text.lines().map(str::trim);
        lines
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .map(|line| match URL_SAFE_NO_PAD.decode(line) {
                Ok(key) if key.len() == 32 => Ok(line.to_owned()),
                _ => Err(AuditError::Key),
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl fmt::Display for AuditPublicKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|key| writeln!(f, "{key}"))
    }
}

impl CheckpointVerifier for AuditPublicKeys {
    fn is_genuine(&self, key: &str, text: &[u8], signature: &[u8]) -> bool {
        let known = self.0.contains(key).then(|| URL_SAFE_NO_PAD.decode(key).ok()).flatten();
        known.is_some_and(|key| UnparsedPublicKey::new(&ED25519, key).verify(text, signature).is_ok())
    }
}
