// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.201 — why an exchange gave no tokens.

use medmij_log::ErrorInfo;
use medmij_oauth::wire::TokenResponseError;

/// Why an exchange gave no tokens.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExchangeError {
    /// The server refused, or its answer is not one.
    #[error(transparent)]
    Response(#[from] TokenResponseError),
    /// Its scope names another Aanbieder.
    #[error("token response is for another aanbieder")]
    Aanbieder,
    /// Nothing is left of its scope.
    #[error("token response grants nothing that was asked")]
    Nothing,
    /// ext.abo.tknint.200: Abonneren needs a scope with the granted duration, not longer than was asked.
    #[error("token response has no valid duration for the abonnement")]
    Days,
}

impl ExchangeError {
    /// What the log says of it: words of ours only.
    pub(super) fn for_log(&self) -> ErrorInfo {
        match self {
            Self::Response(TokenResponseError::Refused(refused)) => {
                ErrorInfo::new(refused.error.known(), "token request was refused")
            }
            Self::Response(TokenResponseError::Status(_)) => {
                ErrorInfo::new("other", "token endpoint answered with an error that is none of oauth")
            }
            Self::Response(_) => ErrorInfo::new("other", "token response cannot be read"),
            Self::Aanbieder | Self::Nothing | Self::Days => {
                ErrorInfo::new("other", "token response is for something else than was asked")
            }
        }
    }
}
