// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.208 — a vault with its keys: refreshing so that no step in between loses a consent.

use std::{fmt, future::Future, sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{Request, Response};
use medmij_oauth::{
    seal::{KeyRing, SealError},
    wire::{ErrorCode, TokenResponseError},
};
use medmij_types::{Entropy, EntropyError};

use super::{Advanced, RefreshStart, StoreError, TokenVault, VaultKey};
use crate::{
    client::{Dvp, ExchangeError, Renewal, Tokens},
    person::ActiveAccount,
};

/// A vault with its keys: what a DVP works with.
pub struct RefreshTokens<V: TokenVault> {
    vault: V,
    keys: Arc<dyn KeyRing>,
    entropy: Arc<dyn Entropy + Send + Sync>,
    lease: Duration,
}

impl<V: TokenVault> RefreshTokens<V> {
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
        let rows = self.rows(key)?;
        let (row, older) = rows.split_first().ok_or(SealError::Key)?;
        self.vault.keep(row, self.seal(key, renewal)?).await?;
        for row in older {
            self.vault.forget(row).await?;
        }
        Ok(())
    }

    /// Forgets a token: the Persoon withdrew the consent, or left.
    ///
    /// # Errors
    ///
    /// See [`RefreshError`].
    pub async fn forget(&self, key: &VaultKey) -> Result<(), RefreshError> {
        for row in &self.rows(key)? {
            self.vault.forget(row).await?;
        }
        Ok(())
    }

    /// Fetches new tokens, for an account that is active (core.account.103): records the attempt, sends the request with `send`, keeps the next refresh token, and only then
    /// judges the rest of the answer and hands out the access token. A refusal by the DVZA ends the consent here too.
    /// `initiated_by` is what the chain log says of the request.
    ///
    /// # Errors
    ///
    /// See [`RefreshError`]. After [`RefreshError::Send`] the same token may be tried again.
    pub async fn refresh<F, E>(
        &self,
        account: ActiveAccount,
        dvp: &Dvp,
        key: &VaultKey,
        initiated_by: medmij_log::InitiatedBy,
        send: impl FnOnce(Request<Bytes>) -> F + Send,
    ) -> Result<Tokens, RefreshError>
    where
        F: Future<Output = Result<Response<Bytes>, E>> + Send,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (row, started) = self.begin(key).await?;
        let (sealed, attempt) = match started {
            RefreshStart::Refresh { sealed, attempt } => (sealed, attempt),
            RefreshStart::UnderWay => return Err(RefreshError::UnderWay),
            RefreshStart::Unknown => return Err(RefreshError::Unknown),
        };
        let prepared = self
            .open(key, &sealed)
            .and_then(|renewal| Ok(dvp.refresh_request(account, renewal, initiated_by)?));
        let (request, exchange) = match prepared {
            Ok(prepared) => prepared,
            // nothing was sent
            Err(error) => {
                self.vault.release(&row, attempt).await?;
                return Err(error);
            }
        };
        let response = match send(request).await {
            Ok(response) => response,
            Err(error) => {
                dvp.unanswered(&exchange);
                self.vault.release(&row, attempt).await?;
                return Err(RefreshError::Send(error.into()));
            }
        };
        // the DVZA rotated the token before it wrote the rest of the answer, so the next one is kept before the rest is judged
        if let Some(next) = exchange.rotated(&response) {
            return match self.vault.finish(&row, attempt, self.seal(key, &next)?).await? {
                Advanced::Done => Ok(dvp.tokens(exchange, &response)?),
                Advanced::Stale => Err(RefreshError::Stale),
            };
        }
        let judged = dvp.tokens(exchange, &response);
        match &judged {
            Err(error) if is_final(error) => {
                self.vault.lapse(&row, attempt).await?;
            }
            // RFC 6749 section 6: no new one means that the old one stays
            _ => self.vault.release(&row, attempt).await?,
        }
        Ok(judged?)
    }

    /// Begins a refresh of the row of a key, under whichever version of the index key it was kept.
    async fn begin(&self, key: &VaultKey) -> Result<(VaultKey, RefreshStart), RefreshError> {
        for row in self.rows(key)? {
            match self.vault.begin(&row, self.lease).await? {
                RefreshStart::Unknown => {}
                started => return Ok((row, started)),
            }
        }
        Err(RefreshError::Unknown)
    }

    /// What a vault gets to see of a key: by each version of the index key, the current one first.
    fn rows(&self, key: &VaultKey) -> Result<Vec<VaultKey>, RefreshError> {
        let indexes = self.keys.fingerprints("vault", key.as_str().as_bytes())?;
        let names = indexes.iter().map(|index| URL_SAFE_NO_PAD.encode(index.as_bytes()));
        Ok(names.map(|name| VaultKey::from_text(&name)).collect())
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
            .ok_or(RefreshError::NoToken)
    }
}

impl<V: TokenVault> fmt::Debug for RefreshTokens<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshTokens")
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
    /// The vault failed. If that was after the answer came, the same token is sent again when the lease is over.
    #[error(transparent)]
    Vault(#[from] StoreError),
    /// Sealing failed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// No entropy.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// What was kept cannot be read.
    #[error("kept refresh token cannot be read")]
    NoToken,
}

/// `invalid_grant` says that the token will never work again.
fn is_final(error: &ExchangeError) -> bool {
    matches!(error, ExchangeError::Response(TokenResponseError::Refused(refused)) if refused.error == ErrorCode::InvalidGrant)
}
