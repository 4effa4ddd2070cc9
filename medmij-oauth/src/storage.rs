// SPDX-License-Identifier: AGPL-3.0-or-later
//! What every store has in common, of either role: the hash under which a secret is kept, the answer of a change that only
//! one caller makes, and why a store does not answer.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// SHA-256 of a code, a token or a session secret: all that a store knows of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// The hash of a secret.
    #[must_use]
    pub fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).into())
    }

    /// The hash of bytes.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The hash of several parts, each with its length, so that no two lists of parts share one.
    #[must_use]
    pub fn of_parts(parts: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        Self(hash.finalize().into())
    }

    /// From its bytes.
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

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(***)")
    }
}

/// The answer to a change that names the version, or the value, that the caller saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a change happens or it does not")]
pub enum Advanced {
    /// Done, by this caller.
    Done,
    /// Another caller was first: it has another version, is closed, expired or was never there.
    Stale,
}

/// What a store cannot do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store cannot be reached now, or its answer did not arrive: whether it happened is not known. A
    /// server answers 503 with `Retry-After`.
    #[error("store cannot be reached")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// There is no room: it did not happen.
    #[error("store is full")]
    Full,
    /// A row is not what was written.
    #[error("store holds a broken row: {0}")]
    Broken(&'static str),
}
