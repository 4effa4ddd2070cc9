// SPDX-License-Identifier: AGPL-3.0-or-later
//! Why a distribution point gave nothing usable

use crate::ConfigError;

/// A distribution point that gave nothing usable.
#[derive(Debug, thiserror::Error)]
#[error("crl of {address}: {why}")]
pub struct CrlError {
    address: String,
    #[source]
    why: Why,
}

impl CrlError {
    pub(super) fn new(address: &str, why: Why) -> Self {
        Self {
            address: address.to_owned(),
            why,
        }
    }

    /// The address as it was configured.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// An authority of the name in the CRL is known, and did not sign it: somebody on the network forges.
    pub fn is_forged(&self) -> bool {
        matches!(self.why, Why::Forged)
    }
}

#[derive(Debug, thiserror::Error)]
pub(super) enum Why {
    #[error("address is no http url")]
    Address,
    #[error("tls cannot be set up")]
    Tls(#[source] ConfigError),
    #[error("no answer")]
    Http(#[source] reqwest::Error),
    #[error("answer was {0}, only 200 counts")]
    Status(http::StatusCode),
    #[error("answer is too large")]
    TooLarge,
    #[error("{0}")]
    Crl(String),
    #[error("answer is not signed by the authority that it names")]
    Forged,
    #[error("answer is older than the crl that was fetched before")]
    Older,
    #[error("answer is of another issuer than the crl that was fetched before")]
    OtherIssuer,
    #[error("answer is dated in the future")]
    Future,
    #[error("cannot be kept on disk")]
    ListStorage(#[source] std::io::Error),
}
