// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.200, core.tknint.208 — the refresh tokens of a DVP: sealed, one refresh at a time, the next one kept before
//! the access token is used.
//!
//! A refresh token is worth half a year of somebody's health data, and it changes with every use. So the vault records that
//! a refresh is under way before it is sent, and the next token is kept before anything else happens. When the process
//! dies in between, the lease runs out and the same token is sent again: the DVZA then replaces the successor that nobody
//! used.

#[cfg(any(test, feature = "store-contract"))]
pub mod contract;
mod memory;

use std::{fmt, future::Future, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, Response};
use medmij_types::{Entropy, EntropyError};

pub use self::memory::MemoryVault;
use super::{Dvp, ExchangeError, Renewal, Tokens};
use crate::{
    seal::{KeyRing, SealError},
    wire::{ErrorCode, TokenResponseError},
};

/// Where a DVP keeps its sealed refresh tokens. Whoever writes one runs `vault_contract!` (feature `store-contract`) on it.
pub trait TokenVault: Send + Sync + 'static {
    /// Keeps the token of a new consent; what was there under the key is replaced.
    fn keep(&self, key: &VaultKey, sealed: Vec<u8>) -> impl Future<Output = Result<(), VaultError>> + Send;

    /// Starts a refresh and records it, for the time of the lease. Of several callers one gets [`Begun::Refresh`].
    fn begin(&self, key: &VaultKey, lease: Duration) -> impl Future<Output = Result<Begun, VaultError>> + Send;

    /// Ends a refresh with the next token, if it is still the attempt that runs.
    fn finish(
        &self,
        key: &VaultKey,
        attempt: u64,
        sealed: Vec<u8>,
    ) -> impl Future<Output = Result<Finished, VaultError>> + Send;

    /// Ends a refresh that brought nothing; the token stays and may be tried again.
    fn release(&self, key: &VaultKey, attempt: u64) -> impl Future<Output = Result<(), VaultError>> + Send;

    /// Forgets a token: the consent is over.
    fn forget(&self, key: &VaultKey) -> impl Future<Output = Result<(), VaultError>> + Send;
}

/// The name under which a DVP keeps a token: its own id of the Persoon, the Aanbieder and the authorization server. It is
/// no secret and holds no BSN.
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
pub enum Begun {
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

/// The end of a refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finished {
    /// Kept.
    Done,
    /// The attempt took longer than its lease and another one runs, or the token was forgotten: nothing is kept.
    Stale,
}

/// What a vault cannot do.
#[derive(Debug, thiserror::Error)]
#[error("vault cannot be reached")]
pub struct VaultError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl VaultError {
    /// A failure.
    #[must_use]
    pub fn new(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(source.into())
    }
}

/// A vault with its keys: what a DVP works with.
pub struct Kluis<V: TokenVault> {
    vault: V,
    keys: Arc<dyn KeyRing>,
    entropy: Arc<dyn Entropy + Send + Sync>,
    lease: Duration,
}

impl<V: TokenVault> Kluis<V> {
    /// A vault with its keys; a refresh that takes longer than a minute counts as lost.
    #[must_use]
    pub fn new(vault: V, keys: Arc<dyn KeyRing>, entropy: Arc<dyn Entropy + Send + Sync>) -> Self {
        Self {
            vault,
            keys,
            entropy,
            lease: Duration::from_secs(60),
        }
    }

    /// The vault itself.
    #[must_use]
    pub fn vault(&self) -> &V {
        &self.vault
    }

    /// Keeps the token of a new consent.
    ///
    /// # Errors
    ///
    /// See [`RefreshError`].
    pub async fn keep(&self, key: &VaultKey, renewal: &Renewal) -> Result<(), RefreshError> {
        Ok(self.vault.keep(key, self.seal(key, renewal)?).await?)
    }

    /// Fetches new tokens: records the attempt, sends the request with `send`, keeps the next refresh token, and only then
    /// hands out the access token. A refusal by the DVZA ends the consent here too.
    ///
    /// # Errors
    ///
    /// See [`RefreshError`]. After [`RefreshError::Send`] the same token may be tried again.
    pub async fn refresh<F, E>(
        &self,
        dvp: &Dvp,
        key: &VaultKey,
        send: impl FnOnce(Request<Bytes>) -> F + Send,
    ) -> Result<Tokens, RefreshError>
    where
        F: Future<Output = Result<Response<Bytes>, E>> + Send,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (sealed, attempt) = match self.vault.begin(key, self.lease).await? {
            Begun::Refresh { sealed, attempt } => (sealed, attempt),
            Begun::UnderWay => return Err(RefreshError::UnderWay),
            Begun::Unknown => return Err(RefreshError::Unknown),
        };
        let renewal = self.open(key, &sealed)?;
        let (request, exchange) = dvp.refresh_request(renewal)?;
        let response = match send(request).await {
            Ok(response) => response,
            Err(error) => {
                self.vault.release(key, attempt).await?;
                return Err(RefreshError::Send(error.into()));
            }
        };
        match dvp.tokens(exchange, &response) {
            Ok(tokens) => {
                // core.tknint.208 and the rotation rule: kept before it is used
                let Some(next) = &tokens.renewal else {
                    self.vault.forget(key).await?;
                    return Ok(tokens);
                };
                match self.vault.finish(key, attempt, self.seal(key, next)?).await? {
                    Finished::Done => Ok(tokens),
                    Finished::Stale => Err(RefreshError::Stale),
                }
            }
            Err(error) => {
                if is_final(&error) {
                    self.vault.forget(key).await?;
                } else {
                    self.vault.release(key, attempt).await?;
                }
                Err(error.into())
            }
        }
    }

    fn seal(&self, key: &VaultKey, renewal: &Renewal) -> Result<Vec<u8>, RefreshError> {
        let json = renewal.expose_json();
        Ok(self
            .keys
            .seal(json.as_bytes(), key.as_str().as_bytes(), &*self.entropy)?)
    }

    fn open(&self, key: &VaultKey, sealed: &[u8]) -> Result<Renewal, RefreshError> {
        let plain = self.keys.open(sealed, key.as_str().as_bytes())?;
        std::str::from_utf8(&plain)
            .ok()
            .and_then(Renewal::from_json)
            .ok_or(RefreshError::Kept)
    }
}

impl<V: TokenVault> fmt::Debug for Kluis<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kluis")
            .field("lease", &self.lease)
            .finish_non_exhaustive()
    }
}

/// Why a refresh brought no tokens.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RefreshError {
    /// Another refresh of the same token runs.
    #[error("refresh is under way")]
    UnderWay,
    /// There is no token under this key.
    #[error("no refresh token is kept")]
    Unknown,
    /// The attempt took longer than its lease; the tokens of the later attempt count.
    #[error("refresh took too long and another one took its place")]
    Stale,
    /// The request could not be sent, or no answer came.
    #[error("refresh request failed")]
    Send(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The DVZA refused, or its answer is not one.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// The vault failed.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// Sealing failed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// No entropy.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// What was kept cannot be read.
    #[error("kept refresh token cannot be read")]
    Kept,
}

/// `invalid_grant` says that the token will never work again.
fn is_final(error: &ExchangeError) -> bool {
    matches!(error, ExchangeError::Response(TokenResponseError::Refused(refused)) if refused.error == ErrorCode::InvalidGrant)
}
