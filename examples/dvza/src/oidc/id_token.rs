// SPDX-License-Identifier: AGPL-3.0-or-later
//! OpenID Connect Core 1.0 section 3.1.3.7 — judging an ID token: signature, issuer, audience, time, nonce, assurance level.

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, jwk::JwkSet};
use medmij_types::Bsn;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::time::{Duration, SystemTime};

/// What the token has to say.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
    pub(super) levels: &'a [String],
    pub(super) bsn_claim: &'a str,
}

/// Who logged in, and how.
pub(super) struct Verified {
    pub(super) bsn: Bsn,
    pub(super) level: String,
}

/// Why a token is refused. No value of it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// It is no JWS in the compact form, or says nothing that can be read.
    #[error("id token is malformed")]
    Malformed,
    /// An algorithm that is not taken: only RS256, PS256, ES256 and ES384 are.
    #[error("id token has an algorithm that is not taken")]
    Algorithm,
    /// Its key is not one of the provider.
    #[error("id token has a key that the provider does not publish")]
    UnknownKey,
    /// Its signature does not verify.
    #[error("signature of the id token does not verify")]
    Signature,
    /// It is of another issuer.
    #[error("id token is of another issuer")]
    Issuer,
    /// It is not for this client, or for others too without saying that this client asked.
    #[error("id token is for another client")]
    Audience,
    /// It has expired, or is of the future.
    #[error("id token has expired or is of the future")]
    Time,
    /// It is of another login.
    #[error("id token is of another login")]
    Nonce,
    /// Its assurance level is not enough.
    #[error("assurance level of the login is too low")]
    Level,
    /// It holds no BSN.
    #[error("id token holds no bsn")]
    Bsn,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    azp: Option<String>,
    exp: u64,
    iat: u64,
    nonce: Option<String>,
    acr: Option<String>,
    #[serde(flatten)]
    more: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// Judges a token that came from the token endpoint.
pub(super) fn verify(
    token: &str,
    keys: &JwkSet,
    expected: &Expected<'_>,
    now: SystemTime,
) -> Result<Verified, Refused> {
    let header = decode_header(token).map_err(|_| Refused::Malformed)?;
    if !ALGORITHMS.contains(&header.alg) {
        return Err(Refused::Algorithm);
    }
    let key = match (&header.kid, keys.keys.as_slice()) {
        (Some(kid), _) => keys.find(kid),
        // without a name there has to be one key only
        (None, [only]) => Some(only),
        (None, _) => None,
    };
    let key = DecodingKey::from_jwk(key.ok_or(Refused::UnknownKey)?).map_err(|_| Refused::UnknownKey)?;
    // the signature only: what it says is judged below, by the clock that is given
    let mut validation = Validation::new(header.alg);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    let claims = decode::<Value>(token, &key, &validation)
        .map_err(|_| Refused::Signature)?
        .claims;
    let claims: Claims = serde_json::from_value(claims).map_err(|_| Refused::Malformed)?;
    judge(claims, expected, now)
}

fn judge(claims: Claims, expected: &Expected<'_>, now: SystemTime) -> Result<Verified, Refused> {
    if claims.iss != expected.issuer {
        return Err(Refused::Issuer);
    }
    let for_us = match &claims.aud {
        Audience::One(client) => client == expected.client_id,
        Audience::Many(clients) => {
            let named = clients.iter().any(|client| client == expected.client_id);
            named && (clients.len() == 1 || claims.azp.is_some())
        }
    };
    if !for_us || claims.azp.as_ref().is_some_and(|azp| azp != expected.client_id) {
        return Err(Refused::Audience);
    }
    let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let (expires, issued) = (Duration::from_secs(claims.exp), Duration::from_secs(claims.iat));
    if now >= expires.saturating_add(SKEW) || issued > now.saturating_add(SKEW) {
        return Err(Refused::Time);
    }
    if claims.nonce.as_deref() != Some(expected.nonce) {
        return Err(Refused::Nonce);
    }
    let level = claims
        .acr
        .filter(|acr| expected.levels.contains(acr))
        .ok_or(Refused::Level)?;
    let bsn = claims.more.get(expected.bsn_claim).and_then(Value::as_str);
    let bsn = bsn.and_then(|bsn| Bsn::parse(bsn).ok()).ok_or(Refused::Bsn)?;
    Ok(Verified { bsn, level })
}

/// No HMAC, which anybody with the public key could make, and no `none`.
const ALGORITHMS: [Algorithm; 4] = [Algorithm::RS256, Algorithm::PS256, Algorithm::ES256, Algorithm::ES384];
const SKEW: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;
    use jsonwebtoken::{EncodingKey, Header, encode, jwk::Jwk};
    use rcgen::KeyPair;
    use serde_json::json;

    fn key(kid: &str) -> (EncodingKey, JwkSet) {
        let key = EncodingKey::from_ec_der(&KeyPair::generate().unwrap().serialize_der());
        let mut public = Jwk::from_encoding_key(&key, Algorithm::ES256).unwrap();
        public.common.key_id = Some(kid.to_owned());
        (key, JwkSet { keys: vec![public] })
    }

    fn header(kid: &str) -> Header {
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some(kid.to_owned());
        header
    }

    fn judge_it(token: &str, keys: &JwkSet) -> Result<Verified, Refused> {
        let expected = Expected {
            issuer: "https://broker.example",
            client_id: "dvza",
            nonce: "of this login",
            levels: &["substantial".to_owned(), "high".to_owned()],
            bsn_claim: "bsn",
        };
        verify(
            token,
            keys,
            &expected,
            SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000),
        )
    }

    fn claims() -> Value {
        json!({
            "iss": "https://broker.example", "aud": "dvza", "sub": "x", "exp": 1_000_300, "iat": 1_000_000,
            "nonce": "of this login", "acr": "substantial", "bsn": "999990019",
        })
    }

    #[test]
    fn core_authint_204_an_id_token_is_for_this_login_here_and_now_at_a_level_that_is_enough() {
        let (key, keys) = key("a");
        for (member, value, refused) in [
            ("sub", json!("x"), None),
            ("acr", json!("high"), None),
            ("aud", json!(["dvza"]), None),
            ("iss", json!("https://broker.example/"), Some(Refused::Issuer)),
            ("aud", json!("ander"), Some(Refused::Audience)),
            ("aud", json!(["dvza", "ander"]), Some(Refused::Audience)),
            ("azp", json!("ander"), Some(Refused::Audience)),
            ("exp", json!(999_970), Some(Refused::Time)),
            ("exp", json!(999_971), None),
            ("iat", json!(1_000_031), Some(Refused::Time)),
            ("nonce", json!("of another"), Some(Refused::Nonce)),
            ("nonce", Value::Null, Some(Refused::Nonce)),
            ("acr", json!("low"), Some(Refused::Level)),
            ("acr", Value::Null, Some(Refused::Level)),
            ("bsn", json!("123456789"), Some(Refused::Bsn)),
            ("bsn", json!(999_990_019), Some(Refused::Bsn)),
            ("exp", json!("soon"), Some(Refused::Malformed)),
        ] {
            let mut claims = claims();
            claims[member] = value.clone();
            let token = encode(&header("a"), &claims, &key).unwrap();
            assert_eq!(judge_it(&token, &keys).err(), refused, "{member}: {value}");
        }
    }

    #[test]
    fn core_authint_204_an_id_token_has_a_signature_of_a_key_of_the_provider() {
        let (key_a, keys) = key("a");
        let (key_b, _) = key("b");
        let token = |header: &Header, key: &EncodingKey| encode(header, &claims(), key).unwrap();
        let good = token(&header("a"), &key_a);
        assert!(judge_it(&good, &keys).is_ok());
        let unsigned = good.rsplit_once('.').unwrap().0;
        let none = format!("eyJhbGciOiJub25lIn0.{}.", unsigned.split_once('.').unwrap().1);
        let symmetric = token(
            &Header::new(Algorithm::HS256),
            &EncodingKey::from_secret(b"public key of the provider, at least 32 bytes").unwrap(),
        );
        for (token, refused) in [
            (token(&header("b"), &key_b), Refused::UnknownKey),
            (token(&header("a"), &key_b), Refused::Signature),
            (format!("{unsigned}."), Refused::Signature),
            (none, Refused::Malformed),
            (symmetric, Refused::Algorithm),
            ("x".to_owned(), Refused::Malformed),
        ] {
            assert_eq!(judge_it(&token, &keys).err(), Some(refused), "{token}");
        }
        // without a name there is one key only
        let unnamed = token(&Header::new(Algorithm::ES256), &key_a);
        assert!(judge_it(&unnamed, &keys).is_ok());
    }
}
