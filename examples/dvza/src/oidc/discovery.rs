// SPDX-License-Identifier: AGPL-3.0-or-later
//! OpenID Connect Discovery 1.0 — what the provider says about itself, judged before it is used.

use super::http::HttpError;
use jsonwebtoken::jwk::JwkSet;
use oauth2::{AuthUrl, TokenUrl};
use serde::Deserialize;
use std::time::Duration;

/// The provider, with its keys.
pub(super) struct Discovered {
    pub(super) authorization: AuthUrl,
    pub(super) token: TokenUrl,
    pub(super) keys: JwkSet,
    /// When it was fetched, by a monotonic clock.
    fetched: Duration,
}

/// The members of the document that are used.
#[derive(Deserialize)]
pub(super) struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    pub(super) jwks_uri: String,
}

impl Document {
    /// Judges the document of an issuer: it has to name that issuer, and addresses that may be used.
    pub(super) fn parse(json: &[u8], issuer: &str, plain_http: bool) -> Result<Self, HttpError> {
        let document: Self = serde_json::from_slice(json).map_err(|_| HttpError::Document("not one of discovery"))?;
        if document.issuer != issuer {
            return Err(HttpError::Document("of another issuer"));
        }
        let addresses = [
            &document.authorization_endpoint,
            &document.token_endpoint,
            &document.jwks_uri,
        ];
        let allowed = |address: &str| address.starts_with("https://") || (plain_http && address.starts_with("http://"));
        if !addresses.into_iter().all(|address| allowed(address)) {
            return Err(HttpError::Document("with an address that is not https"));
        }
        Ok(document)
    }

    pub(super) fn with_keys(self, keys: &[u8], fetched: Duration) -> Result<Discovered, HttpError> {
        let malformed = |_| HttpError::Document("with an address that is none");
        Ok(Discovered {
            authorization: AuthUrl::new(self.authorization_endpoint).map_err(malformed)?,
            token: TokenUrl::new(self.token_endpoint).map_err(malformed)?,
            keys: serde_json::from_slice(keys).map_err(|_| HttpError::Document("without usable keys"))?,
            fetched,
        })
    }
}

impl Discovered {
    pub(super) fn is_fresh(&self, now: Duration) -> bool {
        now.saturating_sub(self.fetched) < LIFETIME
    }

    pub(super) fn may_ask_again(&self, now: Duration) -> bool {
        now.saturating_sub(self.fetched) >= PAUSE
    }
}

const LIFETIME: Duration = Duration::from_secs(3600);
const PAUSE: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn discovery_names_its_issuer_and_no_address_without_tls() {
        let document = |issuer: &str, token: &str| {
            format!(
                r#"{{"issuer":"{issuer}","authorization_endpoint":"https://a/auth","token_endpoint":"{token}",
                "jwks_uri":"https://a/jwks","more":1}}"#
            )
        };
        for (issuer, token, plain, accepted) in [
            ("https://a", "https://a/token", false, true),
            ("https://a/", "https://a/token", false, false),
            ("https://b", "https://a/token", false, false),
            ("https://a", "http://a/token", false, false),
            ("https://a", "http://a/token", true, true),
            ("https://a", "ftp://a/token", true, false),
        ] {
            let judged = Document::parse(document(issuer, token).as_bytes(), "https://a", plain);
            assert_eq!(judged.is_ok(), accepted, "{issuer} {token} {plain}");
        }
    }
}
