// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.200, core.tknint.203 — the exchange over a back channel: the request of [`wire`](medmij_oauth::wire), sent once, and its
//! answer judged.

use bytes::Bytes;
use http::Response;
use medmij_log::InitiatedBy;
use medmij_net::{BackChannel, NetError};
use medmij_types::EntropyError;

use super::{Dvp, Exchange, ExchangeError, ReceivedCode, Renewal, Tokens};
use crate::person::ActiveAccount;

impl Dvp {
    /// Exchanges a code over the back channel. It is sent once: when this fails, the Persoon has to authorize again.
    ///
    /// # Errors
    ///
    /// [`SendError::Net`] where no whole answer came, [`SendError::Exchange`] where the DVZA refused or answered something else,
    /// [`SendError::Entropy`] where no request id could be drawn.
    pub async fn exchange(&self, received: ReceivedCode, channel: &BackChannel) -> Result<Tokens, SendError> {
        let (request, exchange) = self.token_request(received)?;
        self.judge(exchange, channel.send(request).await)
    }

    /// Exchanges a refresh token over the back channel. A vault does this with more care: see
    /// [`RefreshTokens::refresh`](crate::vault::RefreshTokens::refresh). `initiated_by` is what the chain log says of it.
    ///
    /// # Errors
    ///
    /// [`SendError`], as [`exchange`](Self::exchange).
    pub async fn refresh(
        &self,
        account: ActiveAccount,
        renewal: Renewal,
        initiated_by: InitiatedBy,
        channel: &BackChannel,
    ) -> Result<Tokens, SendError> {
        let (request, exchange) = self.refresh_request(account, renewal, initiated_by)?;
        self.judge(exchange, channel.send(request).await)
    }

    fn judge(&self, exchange: Exchange, answer: Result<Response<Bytes>, NetError>) -> Result<Tokens, SendError> {
        let response = &answer.map_err(|error| {
            self.unanswered(&exchange);
            SendError::Net(error)
        })?;
        // a rotated token outlives a refusal of the rest
        let renewal = exchange.rotated(response).map(Box::new);
        self.tokens(exchange, response)
            .map_err(|error| SendError::Exchange { error, renewal })
    }
}

/// Why an exchange over the back channel gave no tokens.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The request was not sent, or no whole answer came.
    #[error(transparent)]
    Net(NetError),
    /// The DVZA refused, or its answer is not one.
    #[error("{error}")]
    Exchange {
        /// Why.
        #[source]
        error: ExchangeError,
        /// The next refresh token, where the answer holds one all the same: the DVZA has rotated, so keep it.
        renewal: Option<Box<Renewal>>,
    },
    /// No entropy.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}
