// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.201, core.tknint.203, core.tknint.208, core.rscint.200, core.rscint.201 — tokens, on the client's side.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, header};
use medmij_types::{
    Aanbiedernaam, AccessToken, BackchannelUri, CorrelationId, Entropy, EntropyError, GegevensdienstId,
    MedMijRequestId, RefreshToken, Release,
};

use medmij_oauth::{
    Scope,
    policy::{EmptyScope, release_rules},
    wire::{MEDMIJ_REQUEST_ID, RequestIds, TokenResponse},
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{ExchangeError, GrantedScope};

/// A token request that was made: it judges the one answer to it. The code in the request is not sent again, whatever
/// happens (core.tknint.203).
#[derive(Debug)]
pub struct Exchange {
    pub(super) aanbieder: Aanbiedernaam,
    pub(super) scope: Scope,
    pub(super) gegevensdiensten: Vec<GegevensdienstId>,
    pub(super) token_endpoint: BackchannelUri,
    pub(super) ids: Option<RequestIds>,
    pub(super) sent: SystemTime,
    pub(super) grant_type: &'static str,
    pub(super) initiated_by: medmij_log::InitiatedBy,
    /// Of the end user, for the log.
    pub(super) session_id: CorrelationId,
    /// At a refresh: the token that was sent.
    pub(super) previous: Option<RefreshToken>,
    pub(super) empty_scope: EmptyScope,
}

impl Exchange {
    /// Where the request goes.
    #[must_use]
    pub fn token_endpoint(&self) -> &BackchannelUri {
        &self.token_endpoint
    }

    /// The ids that the request carries.
    #[must_use]
    pub fn ids(&self) -> Option<&RequestIds> {
        self.ids.as_ref()
    }

    /// The next refresh token of an answer, whatever the rest of the answer is: the DVZA has rotated before it wrote it. Keep
    /// it before [`Dvp::tokens`](super::Dvp::tokens) judges the answer; a [`RefreshTokens`](crate::vault::RefreshTokens) does.
    #[must_use]
    pub fn rotated(&self, response: &Response<Bytes>) -> Option<Renewal> {
        let refresh_token = TokenResponse::rotated(response)?;
        release_rules(self.scope.release())
            .langdurige_toestemming
            .then(|| self.renewal(refresh_token))
    }

    fn renewal(&self, refresh_token: RefreshToken) -> Renewal {
        Renewal {
            refresh_token,
            aanbieder: self.aanbieder.clone(),
            scope: self.scope.clone(),
            gegevensdiensten: self.gegevensdiensten.clone(),
            token_endpoint: self.token_endpoint.clone(),
        }
    }

    /// `authorization_code` or `refresh_token`.
    #[must_use]
    pub fn grant_type(&self) -> &'static str {
        self.grant_type
    }
}

/// What a DVP holds after a successful exchange.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Tokens {
    /// The access token, opaque.
    pub access_token: AccessToken,
    /// When it is over: at most 900 s after the request was sent, whatever the answer says.
    pub expires_at: SystemTime,
    /// What it is good for.
    pub granted: GrantedScope,
    /// The Aanbieder.
    pub aanbieder: Aanbiedernaam,
    /// With langdurige toestemming: what the next exchange needs. After a refresh that brought no new token it holds the one
    /// that was sent.
    pub renewal: Option<Renewal>,
    /// The `X-Correlation-ID` for the resource requests, in releases that have one.
    pub correlation_id: Option<CorrelationId>,
    /// Who started it all, for the log.
    pub(super) initiated_by: medmij_log::InitiatedBy,
    pub(super) session_id: CorrelationId,
    release: Release,
}

impl Tokens {
    pub(super) fn judge(exchange: Exchange, response: TokenResponse) -> Result<Self, ExchangeError> {
        let scope = response.scope.as_deref().map(str::trim);
        let scope = match (scope, exchange.empty_scope) {
            (Some(""), EmptyScope::Nothing) => return Err(ExchangeError::Nothing),
            (Some(""), EmptyScope::AsAsked) => None,
            (scope, _) => scope,
        };
        let granted = GrantedScope::judge(scope, &exchange.aanbieder, &exchange.scope, &exchange.gegevensdiensten)?;
        let lifetime = Duration::from_secs(response.expires_in.unwrap_or(MOST).min(MOST));
        let release = exchange.scope.release();
        let langdurig = release_rules(release).langdurige_toestemming;
        // RFC 6749 section 6: without a new refresh token the one that was sent stays
        let refresh_token = response.refresh_token.or_else(|| exchange.previous.clone());
        Ok(Self {
            access_token: response.access_token,
            expires_at: exchange.sent + lifetime,
            granted,
            aanbieder: exchange.aanbieder.clone(),
            renewal: refresh_token.filter(|_| langdurig).map(|token| exchange.renewal(token)),
            correlation_id: exchange.ids.map(|ids| ids.correlation_id),
            initiated_by: exchange.initiated_by,
            session_id: exchange.session_id,
            release,
        })
    }

    /// The headers of a resource request: the token, a new `MedMij-Request-ID`, and the `X-Correlation-ID` of the flow
    /// (H01 – H05). Each call makes a new request id.
    ///
    /// # Errors
    ///
    /// [`EntropyError`], where the entropy fails.
    pub fn resource_headers(&self, entropy: &dyn Entropy) -> Result<HeaderMap, EntropyError> {
        let mut headers = HeaderMap::new();
        let request_id = MedMijRequestId::random(entropy)?;
        match (
            &self.correlation_id,
            release_rules(self.release).correlation_id_in_resource_request,
        ) {
            (Some(id), true) => RequestIds::new(request_id, id.clone()).write(&mut headers),
            _ => {
                if let Ok(value) = HeaderValue::from_str(request_id.as_str()) {
                    headers.insert(MEDMIJ_REQUEST_ID, value);
                }
            }
        }
        // the alphabet of an AccessToken fits a header
        if let Ok(mut value) = HeaderValue::from_str(&format!("Bearer {}", self.access_token.expose())) {
            value.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, value);
        }
        Ok(headers)
    }
}

/// A refresh token with what belongs to it. Making the refresh request takes it: the answer brings the next one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Renewal {
    /// The refresh token, opaque.
    pub refresh_token: RefreshToken,
    /// The Aanbieder.
    pub aanbieder: Aanbiedernaam,
    /// What was asked at the authorization.
    pub scope: Scope,
    /// The gegevensdiensten that may be fetched; bring them up to date with the current list before use.
    pub gegevensdiensten: Vec<GegevensdienstId>,
    /// Where the refresh token goes, and nowhere else.
    pub token_endpoint: BackchannelUri,
}

impl Renewal {
    /// What a DVP kept of an earlier exchange.
    #[must_use]
    pub fn new(
        refresh_token: RefreshToken,
        aanbieder: Aanbiedernaam,
        scope: Scope,
        gegevensdiensten: Vec<GegevensdienstId>,
        token_endpoint: BackchannelUri,
    ) -> Self {
        Self {
            refresh_token,
            aanbieder,
            scope,
            gegevensdiensten,
            token_endpoint,
        }
    }
}

impl Renewal {
    /// The renewal as JSON, refresh token included. Seal it before it rests anywhere: see
    /// [`RefreshTokens`](crate::vault::RefreshTokens).
    #[must_use]
    pub fn expose_json(&self) -> Zeroizing<String> {
        let stored = Stored {
            version: VERSION,
            renewal: StoredRenewal(self.clone()),
        };
        // texts only: writing cannot fail
        Zeroizing::new(serde_json::to_string(&stored).unwrap_or_default())
    }

    /// Reads what [`expose_json`](Self::expose_json) wrote; every value is judged again. `None` as well for what another version
    /// of the program wrote in a form that this one does not know: the row stays as it is, and nothing is sent.
    #[must_use]
    pub fn from_json(json: &str) -> Option<Self> {
        let stored: Stored = serde_json::from_str(json).ok()?;
        (stored.version == VERSION).then_some(stored.renewal.0)
    }
}

#[derive(Serialize, Deserialize)]
struct Stored {
    #[serde(rename = "v")]
    version: u32,
    #[serde(flatten)]
    renewal: StoredRenewal,
}

#[derive(Serialize, Deserialize)]
struct StoredRenewal(#[serde(with = "RenewalFields")] Renewal);

/// The members of a [`Renewal`], which itself has no serde: it holds a secret.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Renewal")]
struct RenewalFields {
    #[serde(with = "refresh_token")]
    refresh_token: RefreshToken,
    aanbieder: Aanbiedernaam,
    scope: Scope,
    gegevensdiensten: Vec<GegevensdienstId>,
    token_endpoint: BackchannelUri,
}

mod refresh_token {
    use medmij_types::RefreshToken;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(token: &RefreshToken, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(token.expose())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<RefreshToken, D::Error> {
        RefreshToken::from_wire(String::deserialize(deserializer)?.as_str()).map_err(D::Error::custom)
    }
}

/// The version of a stored renewal: it goes up with every change that another program would misread.
const VERSION: u32 = 2;

/// core.autorisatie.204: an access token lasts 15 minutes, and a longer claim is cut.
const MOST: u64 = 900;
