// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.200, core.tknint.208 — the refresh tokens of a DVP: sealed, one refresh at a time, the next one kept before
//! the access token is used.
//!
//! A refresh token is worth half a year of somebody's health data, and it changes with every use. So the vault records that
//! a refresh is under way before it is sent, and the next token is kept before anything else happens. When the process
//! dies in between, the lease runs out and the same token is sent again: the DVZA then replaces the successor that nobody
//! used.
//!
//! A DVP works with a [`RefreshTokens`], over a [`TokenVault`]: [`MemoryVault`] for tests, `SqliteVault` of `medmij-store-sqlite`,
//! `PostgresVault` of `medmij-store-postgres`.
//!
//! ```
//! use std::sync::Arc;
//! use medmij_dvp::vault::{RefreshTokens, MemoryVault};
//! use medmij_oauth::seal::LocalKeyRing;
//! use medmij_types::OsEntropy;
//!
//! // keys that outlive the process, in production
//! let keys = Arc::new(LocalKeyRing::ephemeral(&OsEntropy)?);
//! let refresh_tokens = RefreshTokens::new(MemoryVault::new(), keys, Arc::new(OsEntropy));
//! # let _ = refresh_tokens;
//! # Ok::<(), medmij_types::EntropyError>(())
//! ```

mod memory;
mod refresh_tokens;

use std::{future::Future, time::Duration};

pub use medmij_oauth::storage::{Advanced, StoreError};

pub use self::{
    memory::MemoryVault,
    refresh_tokens::{RefreshError, RefreshTokens},
};
use crate::client::Renewal;

/// Where a DVP keeps its sealed refresh tokens. Whoever writes one runs `vault_contract!` (feature `store-contract`) on it.
///
/// Every operation is one transaction. Where it answers, it happened, and in a durable vault it outlives the process; where
/// it fails or the caller stops waiting, it happened or it did not, and doing it again does no harm.
pub trait TokenVault: Send + Sync + 'static {
    /// Keeps the token of a new consent; what was there under the key is replaced, and a refresh of it that runs can keep
    /// nothing any more.
    fn keep(&self, key: &VaultKey, sealed: Vec<u8>) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Starts a refresh and records it, for the time of the lease. Of several callers one gets [`RefreshStart::Refresh`]. No two
    /// attempts of a vault have the same number, whatever was forgotten in between.
    fn begin(&self, key: &VaultKey, lease: Duration) -> impl Future<Output = Result<RefreshStart, StoreError>> + Send;

    /// Ends a refresh with the next token, if it is still the attempt that runs. [`Advanced::Stale`] where it took longer than its
    /// lease and another one runs, or the token was replaced or forgotten: nothing happened.
    fn finish(
        &self,
        key: &VaultKey,
        attempt: u64,
        sealed: Vec<u8>,
    ) -> impl Future<Output = Result<Advanced, StoreError>> + Send;

    /// Ends a refresh that brought nothing; the token stays and may be tried again.
    fn release(&self, key: &VaultKey, attempt: u64) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Ends a refresh by which the token turned out to be over: forgets it, if it is still the attempt that runs. The late
    /// answer to an older attempt takes nothing away.
    fn lapse(&self, key: &VaultKey, attempt: u64) -> impl Future<Output = Result<Advanced, StoreError>> + Send;

    /// Forgets a token: the consent is over.
    fn forget(&self, key: &VaultKey) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Forgets at most `batch` tokens that were kept so long ago: after half a year a token has lapsed. Returns how many
    /// went. Call it now and then.
    fn purge(&self, older_than: Duration, batch: usize) -> impl Future<Output = Result<usize, StoreError>> + Send;
}

/// For tests only: moves the clock of a vault.
pub trait DangerShiftVault: TokenVault {
    /// Moves the clock forward, for this vault and everything that shares its rows.
    fn danger_shift_clock(&self, by: Duration) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// The name under which a DVP keeps a token: its own id of the Persoon, the Aanbieder and the authorization server. It is
/// no secret and holds no BSN. A [`RefreshTokens`] gives a vault a keyed hash of it, so that nobody reads in a dump who goes to which
/// Aanbieder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VaultKey(Box<str>);

impl VaultKey {
    /// A key of a Persoon of the application for what a renewal is about.
    #[must_use]
    pub fn of(persoon: &str, renewal: &Renewal) -> Self {
        Self(
            format!(
                "{persoon}\u{1f}{}\u{1f}{}",
                renewal.aanbieder,
                renewal.token_endpoint.as_str()
            )
            .into(),
        )
    }

    /// A key that the application makes by itself.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        Self(text.into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The start of a refresh.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefreshStart {
    /// Go on, with this token.
    Refresh {
        /// The sealed token.
        sealed: Vec<u8>,
        /// Which attempt this is.
        attempt: u64,
    },
    /// Another caller is at it.
    UnderWay,
    /// There is no token.
    Unknown,
}

impl<V: TokenVault> TokenVault for std::sync::Arc<V> {
    fn keep(&self, key: &VaultKey, sealed: Vec<u8>) -> impl Future<Output = Result<(), StoreError>> + Send {
        (**self).keep(key, sealed)
    }

    fn begin(&self, key: &VaultKey, lease: Duration) -> impl Future<Output = Result<RefreshStart, StoreError>> + Send {
        (**self).begin(key, lease)
    }

    fn finish(
        &self,
        key: &VaultKey,
        attempt: u64,
        sealed: Vec<u8>,
    ) -> impl Future<Output = Result<Advanced, StoreError>> + Send {
        (**self).finish(key, attempt, sealed)
    }

    fn release(&self, key: &VaultKey, attempt: u64) -> impl Future<Output = Result<(), StoreError>> + Send {
        (**self).release(key, attempt)
    }

    fn lapse(&self, key: &VaultKey, attempt: u64) -> impl Future<Output = Result<Advanced, StoreError>> + Send {
        (**self).lapse(key, attempt)
    }

    fn forget(&self, key: &VaultKey) -> impl Future<Output = Result<(), StoreError>> + Send {
        (**self).forget(key)
    }

    fn purge(&self, older_than: Duration, batch: usize) -> impl Future<Output = Result<usize, StoreError>> + Send {
        (**self).purge(older_than, batch)
    }
}
