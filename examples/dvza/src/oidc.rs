// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.authint.204 — a login by OpenID Connect, as a DigiD broker offers it: code flow with PKCE, nonce and state, the assurance
//! level demanded and the returned one checked.
//!
//! | file | what |
//! | --- | --- |
//! | `oidc/config.rs` | what the operator says of the provider |
//! | `oidc/discovery.rs` | what the provider says about itself |
//! | `oidc/id_token.rs` | judging an ID token: no IO, the time is an argument |
//! | `oidc/http.rs` | requests to the provider |
//!
//! This is no DigiD client: DigiD itself speaks SAML, and a broker is in between.

mod config;
mod discovery;
mod http;
mod id_token;
#[cfg(test)]
mod tests;

pub use self::{config::OidcConfig, http::HttpError, id_token::Refused};

use self::{
    discovery::Discovered,
    http::Http,
    id_token::{Expected, Verified},
};
use medmij_dvza::{
    Authentication, LoginCallback, LoginOutcome, LoginRequest, LoginStart, Persoon, SupplierError, SupplierFailure,
};
use medmij_oauth::form::Form;
use medmij_types::{Clock, SystemClock};
use oauth2::{
    AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken, EndpointNotSet, EndpointSet, ExtraTokenFields,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, StandardRevocableToken, StandardTokenResponse,
    basic::{BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType},
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tokio::sync::Mutex;

/// A login at an OpenID provider.
pub(crate) struct Oidc {
    config: OidcConfig,
    secret: ClientSecret,
    http: Http,
    clock: Arc<dyn Clock>,
    /// What the provider says about itself; fetched at the first login.
    discovered: Mutex<Option<Arc<Discovered>>>,
}

/// What is remembered between the two legs, sealed by the server.
#[derive(Serialize, Deserialize)]
struct Remembered {
    nonce: String,
    verifier: String,
    callback: String,
}

impl Oidc {
    /// A login as the operator configured it.
    ///
    /// # Errors
    ///
    /// [`OidcError`], where the secret or the roots cannot be read, or the issuer is no https address.
    pub(crate) fn open(config: OidcConfig) -> Result<Self, OidcError> {
        Self::build(config, false)
    }

    /// As [`open`](Self::open), also for a provider on loopback without TLS.
    #[cfg(test)]
    pub(crate) fn danger_plain_http(config: OidcConfig) -> Result<Self, OidcError> {
        Self::build(config, true)
    }

    fn build(config: OidcConfig, plain_http: bool) -> Result<Self, OidcError> {
        let secret = ClientSecret::new(config.read_secret()?);
        let http = Http::new(&config, plain_http)?;
        Ok(Self {
            config,
            secret,
            http,
            clock: Arc::new(SystemClock::default()),
            discovered: Mutex::new(None),
        })
    }

    async fn discovered(&self) -> Result<Arc<Discovered>, HttpError> {
        let mut known = self.discovered.lock().await;
        let now = self.clock.monotonic();
        if let Some(discovered) = known.as_ref().filter(|discovered| discovered.is_fresh(now)) {
            return Ok(Arc::clone(discovered));
        }
        let fetched = Arc::new(self.http.discover(&self.config, now).await?);
        *known = Some(Arc::clone(&fetched));
        Ok(fetched)
    }

    /// The provider with its keys fetched anew, for a key that is not known; not more often than every minute, whatever is sent.
    async fn with_new_keys(&self) -> Result<Arc<Discovered>, HttpError> {
        let mut known = self.discovered.lock().await;
        let now = self.clock.monotonic();
        if let Some(discovered) = known.as_ref().filter(|discovered| !discovered.may_ask_again(now)) {
            return Ok(Arc::clone(discovered));
        }
        let fetched = Arc::new(self.http.discover(&self.config, now).await?);
        *known = Some(Arc::clone(&fetched));
        Ok(fetched)
    }

    fn client(&self, discovered: &Discovered, callback: &str) -> Result<OidcClient, OidcError> {
        let address = |_| OidcError::Address("callback");
        Ok(Client::new(ClientId::new(self.config.client_id.clone()))
            .set_client_secret(self.secret.clone())
            .set_auth_uri(discovered.authorization.clone())
            .set_token_uri(discovered.token.clone())
            .set_redirect_uri(RedirectUrl::new(callback.to_owned()).map_err(address)?))
    }

    async fn identify(&self, remembered: Remembered, code: String) -> Result<Verified, OidcError> {
        let discovered = self.discovered().await?;
        let client = self.client(&discovered, &remembered.callback)?;
        let http = self.http.clone();
        let send = move |request| {
            let http = http.clone();
            async move { http.send(request).await }
        };
        let answer = client
            .exchange_code(AuthorizationCode::new(code))
            .set_pkce_verifier(PkceCodeVerifier::new(remembered.verifier))
            .request_async(&send)
            .await
            // its text holds the answer: only that it failed goes on
            .map_err(|_| OidcError::Exchange)?;
        let token = &answer.extra_fields().id_token;
        let expected = Expected {
            issuer: &self.config.issuer,
            client_id: &self.config.client_id,
            nonce: &remembered.nonce,
            levels: &self.config.levels,
            bsn_claim: &self.config.bsn_claim,
        };
        let verified = match id_token::verify(token, &discovered.keys, &expected, self.clock.now()) {
            Err(Refused::UnknownKey) => {
                let renewed = self.with_new_keys().await?;
                id_token::verify(token, &renewed.keys, &expected, self.clock.now())
            }
            other => other,
        };
        Ok(verified?)
    }
}

impl Authentication for Oidc {
    async fn begin(&self, login: &LoginRequest) -> Result<LoginStart, SupplierError> {
        if login.vertegenwoordiging.is_some() {
            // how a broker is asked for representation is not standardised
            return Err(SupplierError::of_kind(PART, SupplierFailure::Refused));
        }
        let discovered = self.discovered().await.map_err(failed)?;
        let client = self.client(&discovered, &login.callback).map_err(failed)?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let nonce = CsrfToken::new_random().secret().clone();
        let levels = self.config.levels.join(" ");
        let claims = serde_json::json!({
            "id_token": { "acr": { "essential": true, "values": self.config.levels } }
        });
        let flow = login.flow.as_str().to_owned();
        let mut request = client
            .authorize_url(|| CsrfToken::new(flow))
            .set_pkce_challenge(challenge)
            .add_extra_param("nonce", nonce.clone())
            .add_extra_param("acr_values", levels)
            .add_extra_param("claims", claims.to_string());
        for scope in &self.config.scopes {
            request = request.add_scope(Scope::new(scope.clone()));
        }
        let (location, _) = request.url();
        let remembered = Remembered {
            nonce,
            verifier: verifier.secret().clone(),
            callback: login.callback.clone(),
        };
        let remembered = serde_json::to_vec(&remembered).map_err(failed)?;
        Ok(LoginStart::new(location).remembering(remembered))
    }

    async fn finish(&self, callback: &LoginCallback<'_>) -> Result<LoginOutcome, SupplierError> {
        let answer = if callback.form.is_empty() {
            callback.query
        } else {
            callback.form
        };
        let Ok(answer) = Form::parse_up_to(answer.as_bytes(), answer.len()) else {
            return Ok(LoginOutcome::Failed);
        };
        let value = |name| answer.one(name).ok().flatten();
        // RFC 9207: an answer of another provider is none of ours
        if value("iss").is_some_and(|issuer| issuer != self.config.issuer) {
            return Ok(LoginOutcome::Failed);
        }
        match (value("error"), value("code")) {
            (Some("access_denied"), _) => Ok(LoginOutcome::Cancelled),
            // the provider could not reach the level that was demanded
            (Some("unmet_authentication_requirements"), _) => Ok(LoginOutcome::Cancelled),
            (None, Some(code)) => {
                let remembered = serde_json::from_slice(callback.remember).map_err(failed)?;
                match self.identify(remembered, code.to_owned()).await {
                    Ok(verified) => Ok(LoginOutcome::LoggedIn(
                        Persoon::new(verified.bsn).with_assurance_level(verified.level),
                    )),
                    Err(OidcError::Refused(Refused::Level)) => Ok(LoginOutcome::Cancelled),
                    Err(OidcError::Refused(refused)) => {
                        tracing::warn!(rule = "core.authint.204", reason = %refused, "ID token refused");
                        Ok(LoginOutcome::Failed)
                    }
                    Err(error) => Err(failed(error)),
                }
            }
            _ => Ok(LoginOutcome::Failed),
        }
    }
}

type OidcClient = Client<
    BasicErrorResponse,
    StandardTokenResponse<IdTokenField, BasicTokenType>,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// What OpenID Connect adds to the token response.
#[derive(Serialize, Deserialize)]
struct IdTokenField {
    id_token: String,
}

impl std::fmt::Debug for IdTokenField {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IdTokenField")
    }
}

impl ExtraTokenFields for IdTokenField {}

const PART: &str = "openid provider";

fn failed(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> SupplierError {
    SupplierError::new(PART, cause)
}

/// Why a login by OpenID Connect cannot be offered or finished.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OidcError {
    /// A file of its configuration cannot be read.
    #[error("{what} of the openid provider cannot be read from {path}: {source}", path = path.display())]
    File {
        /// What is in it.
        what: &'static str,
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// An address is none, or is not `https`.
    #[error("{0} of the openid provider is no https address")]
    Address(&'static str),
    /// TLS to the provider cannot be set up.
    #[error("tls to the openid provider: {0}")]
    Tls(String),
    /// A request to the provider failed.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The code was not exchanged.
    #[error("openid provider gives no token for the code")]
    Exchange,
    /// The ID token is not one for this login.
    #[error(transparent)]
    Refused(#[from] Refused),
}
