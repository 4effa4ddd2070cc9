// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.201, core.tknint.207 — what comes of a token request, and why there is none.

use medmij_oauth::{
    Function,
    policy::{TokenScope, TokenUitzondering, release_rules},
    wire::TokenResponse,
};
use medmij_types::{AccessToken, Entropy, EntropyError, MedMijRequestId, RefreshToken};

use crate::server::{StepError, flow::GrantBody};

/// core.tknint.201: from 2.0 on the token of Verzamelen names gegevensdiensten; elsewhere it is the scope of the request,
/// less what is not available, with the granted duration.
pub(super) fn token_scope(body: &GrantBody) -> String {
    let rules = release_rules(body.scope.release());
    if body.scope.function() == Function::Verzamelen && rules.token_scope == TokenScope::GegevensdienstIds {
        let ids: Vec<_> = body
            .gegevensdiensten
            .iter()
            .map(medmij_types::GegevensdienstId::as_str)
            .collect();
        return ids.join(" ");
    }
    body.scope.to_string()
}

pub(super) fn uuid_token(entropy: &dyn Entropy) -> Result<AccessToken, EntropyError> {
    let uuid = MedMijRequestId::random(entropy)?;
    match AccessToken::from_wire(uuid.as_str()) {
        Ok(token) => Ok(token),
        Err(_) => AccessToken::random(entropy),
    }
}

pub(super) struct Answer {
    pub(super) response: TokenResponse,
}

pub(super) struct Drawn {
    pub(super) access: AccessToken,
    /// Only for a langdurige toestemming.
    pub(super) refresh: Option<RefreshToken>,
}

pub(super) struct Refusal {
    pub(super) uitzondering: TokenUitzondering,
    pub(super) what: &'static str,
    pub(super) cause: Option<StepError>,
}

pub(super) fn refusal(uitzondering: TokenUitzondering, what: &'static str) -> Refusal {
    Refusal {
        uitzondering,
        what,
        cause: None,
    }
}

pub(super) fn unavailable(cause: impl Into<StepError>) -> Refusal {
    Refusal {
        uitzondering: TokenUitzondering::Unavailable,
        what: "something here cannot be reached",
        cause: Some(cause.into()),
    }
}
