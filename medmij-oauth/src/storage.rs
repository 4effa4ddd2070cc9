// SPDX-License-Identifier: AGPL-3.0-or-later
//! What every store has in common, of either role: the hash under which a secret is kept, the answer of a change that only
//! one caller makes, and why a store does not answer.

use std::{collections::BTreeMap, fmt, future::Future, time::Duration};

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

/// The clocks of a store (core.logging.203, case O16).
///
/// The floor is the time by which grants lapse and rows are purged. While a process runs it moves as fast as the monotonic
/// clock of that process, at most twice as fast where it is behind the wall clock, and never by a jump of the wall clock.
/// Time in which no process ran is caught up in the same way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreClockState {
    /// How far the wall clock and the floor are apart, whichever is ahead.
    pub apart: Duration,
}

impl StoreClockState {
    /// Up to this much, the floor lags and everything goes on. Beyond it nothing is purged until the wall clock is set
    /// right, the floor has caught up, or an operator accepts the wall clock.
    pub const BOUND: Duration = Duration::from_secs(24 * 60 * 60);

    /// Clocks that are so far apart.
    #[must_use]
    pub fn new(apart: Duration) -> Self {
        Self { apart }
    }

    /// Whether the wall clock jumped, or nothing ran for more than a day.
    #[must_use]
    pub fn jumped(&self) -> bool {
        self.apart > Self::BOUND
    }
}

/// A store that keeps, in its own tables, how far it got in the journal of what ended, which is outside it
/// (`journal::Journal`, feature `journal`). A copy of the store has the places of its moment.
pub trait JournalMarks: Send + Sync {
    /// The highest number of each file.
    fn journal_marks(&self) -> impl Future<Output = Result<BTreeMap<String, u64>, StoreError>> + Send;

    /// Everything in this file up to this number is in the store. A lower number than before changes nothing.
    fn mark_journal(&self, file: &str, number: u64) -> impl Future<Output = Result<(), StoreError>> + Send;
}

impl<M: JournalMarks> JournalMarks for std::sync::Arc<M> {
    fn journal_marks(&self) -> impl Future<Output = Result<BTreeMap<String, u64>, StoreError>> + Send {
        (**self).journal_marks()
    }

    fn mark_journal(&self, file: &str, number: u64) -> impl Future<Output = Result<(), StoreError>> + Send {
        (**self).mark_journal(file, number)
    }
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

impl StoreError {
    /// [`Unavailable`](Self::Unavailable), with its cause.
    #[must_use]
    pub fn unavailable(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unavailable(source.into())
    }
}
