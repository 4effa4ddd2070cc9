// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.201, RFC 6749 section 5.1 — the answer with the access token.

use bytes::Bytes;
use http::{Response, StatusCode};
use medmij_types::{AccessToken, RefreshToken};
use serde::Serialize;

use super::{
    TokenError, is_media_type,
    json::{Json, JsonError},
    token_error::json_response,
};

/// A successful answer of the token endpoint. Its `token_type` is `Bearer` (core.autorisatie.202).
///
/// ```
/// use bytes::Bytes;
/// use http::Response;
/// use medmij_oauth::wire::{TokenResponse, TokenResponseError};
///
/// let answer = |body: &'static str| {
///     let json = Response::builder().header("content-type", "application/json");
///     json.body(Bytes::from_static(body.as_bytes()))
/// };
/// let tokens = TokenResponse::parse(&answer(r#"{"access_token":"abc","token_type":"bearer","scope":"48 49"}"#)?)?;
/// assert_eq!((tokens.access_token.expose(), tokens.scope.as_deref()), ("abc", Some("48 49")));
///
/// let other = TokenResponse::parse(&answer(r#"{"access_token":"abc","token_type":"mac"}"#)?);
/// assert_eq!(other.err(), Some(TokenResponseError::TokenType));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TokenResponse {
    /// The access token, opaque.
    pub access_token: AccessToken,
    /// The lifetime in seconds, as the other side says it.
    pub expires_in: Option<u64>,
    /// The scope, as the other side says it.
    pub scope: Option<String>,
    /// The refresh token, with langdurige toestemming.
    pub refresh_token: Option<RefreshToken>,
}

impl TokenResponse {
    /// An answer.
    #[must_use]
    pub fn new(access_token: AccessToken, expires_in: Option<u64>) -> Self {
        Self {
            access_token,
            expires_in,
            scope: None,
            refresh_token: None,
        }
    }

    /// The answer as it is sent, never stored.
    #[must_use]
    pub fn to_http(&self) -> Response<Bytes> {
        #[derive(Serialize)]
        struct Body<'a> {
            access_token: &'a str,
            token_type: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            expires_in: Option<u64>,
            #[serde(skip_serializing_if = "Option::is_none")]
            scope: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            refresh_token: Option<&'a str>,
        }
        let body = Body {
            access_token: self.access_token.expose(),
            token_type: "Bearer",
            expires_in: self.expires_in,
            scope: self.scope.as_deref(),
            refresh_token: self.refresh_token.as_ref().map(RefreshToken::expose),
        };
        json_response(StatusCode::OK, &body)
    }

    /// Reads an answer of at most 64 KiB, without duplicate keys.
    ///
    /// # Errors
    ///
    /// [`TokenResponseError::Refused`] where the server says why it refuses, else what is wrong with the answer. No error
    /// holds a part of the body.
    pub fn parse(response: &Response<Bytes>) -> Result<Self, TokenResponseError> {
        use TokenResponseError as E;
        if response.status() != StatusCode::OK {
            let status = response.status().as_u16();
            return Err(TokenError::parse(response.body()).map_or(E::Status(status), E::Refused));
        }
        if !is_media_type(response.headers(), "application/json") {
            return Err(E::ContentType);
        }
        let mut members = Json::parse(response.body())
            .map_err(E::Json)?
            .into_object()
            .ok_or(E::Member("object"))?;
        let mut text = |name: &'static str| match members.remove(name) {
            None | Some(Json::Null) => Ok(None),
            Some(Json::String(text)) if !text.is_empty() => Ok(Some(text)),
            Some(_) => Err(E::Member(name)),
        };
        let token_type = text("token_type")?.ok_or(E::Missing("token_type"))?;
        if !token_type.eq_ignore_ascii_case("bearer") {
            return Err(E::TokenType);
        }
        let access_token = text("access_token")?.ok_or(E::Missing("access_token"))?;
        let access_token = AccessToken::from_wire(access_token).map_err(|_| E::Member("access_token"))?;
        let refresh_token = text("refresh_token")?
            .map(RefreshToken::from_wire)
            .transpose()
            .map_err(|_| E::Member("refresh_token"))?;
        let scope = text("scope")?;
        let expires_in = match members.remove("expires_in") {
            None | Some(Json::Null) => None,
            Some(Json::Unsigned(seconds)) if seconds > 0 => Some(seconds),
            Some(_) => return Err(E::Member("expires_in")),
        };
        Ok(Self {
            access_token,
            expires_in,
            scope,
            refresh_token,
        })
    }
}

/// Why there is no token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenResponseError {
    /// The server refused.
    #[error(transparent)]
    Refused(TokenError),
    /// Another status than 200, without an OAuth error.
    #[error("token endpoint answered with status {0}")]
    Status(u16),
    /// Not `application/json`.
    #[error("token response is not application/json")]
    ContentType,
    /// Not readable.
    #[error("token response: {0}")]
    Json(JsonError),
    /// A member is missing.
    #[error("token response has no {0}")]
    Missing(&'static str),
    /// A member has another type or a value that it cannot have.
    #[error("token response has a wrong {0}")]
    Member(&'static str),
    /// Another token type (core.autorisatie.202).
    #[error("token response has another token_type than Bearer")]
    TokenType,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::ErrorCode;

    fn ok(body: &str) -> Response<Bytes> {
        Response::builder()
            .header("content-type", "application/json; charset=utf-8")
            .body(Bytes::from(body.to_owned()))
            .unwrap()
    }

    #[test]
    fn core_tknint_201_round_trip_f01_f02() {
        let mut sent = TokenResponse::new(AccessToken::from_wire("abc").unwrap(), Some(900));
        sent.scope = Some("48 49".into());
        sent.refresh_token = Some(RefreshToken::from_wire("r").unwrap());
        let http = sent.to_http();
        assert_eq!(http.headers().get("cache-control").unwrap(), "no-store");
        let read = TokenResponse::parse(&http).unwrap();
        assert_eq!(read.access_token, sent.access_token);
        assert_eq!(
            (read.expires_in, read.scope, read.refresh_token),
            (sent.expires_in, sent.scope, sent.refresh_token)
        );
    }

    #[test]
    fn core_autorisatie_202_f10_f11_f14_a13_a14_peers_45_token_responses() {
        use TokenResponseError as E;
        for (body, expected) in [
            (r#"{"access_token":"a","token_type":"bearer"}"#, None),
            (r#"{"access_token":"a","token_type":"BEARER","expires_in":null}"#, None),
            (r#"{"access_token":"a","token_type":"mac"}"#, Some(E::TokenType)),
            (r#"{"access_token":"a"}"#, Some(E::Missing("token_type"))),
            (r#"{"token_type":"Bearer"}"#, Some(E::Missing("access_token"))),
            (
                r#"{"access_token":"","token_type":"Bearer"}"#,
                Some(E::Member("access_token")),
            ),
            (
                r#"{"access_token":"a b","token_type":"Bearer"}"#,
                Some(E::Member("access_token")),
            ),
            (
                r#"{"access_token":1,"token_type":"Bearer"}"#,
                Some(E::Member("access_token")),
            ),
            (
                r#"{"access_token":"a","token_type":"Bearer","expires_in":"900"}"#,
                Some(E::Member("expires_in")),
            ),
            (
                r#"{"access_token":"a","token_type":"Bearer","expires_in":0}"#,
                Some(E::Member("expires_in")),
            ),
            (
                r#"{"access_token":"a","token_type":"Bearer","expires_in":-1}"#,
                Some(E::Member("expires_in")),
            ),
            (r#"[]"#, Some(E::Member("object"))),
        ] {
            assert_eq!(TokenResponse::parse(&ok(body)).err(), expected, "{body}");
        }
        assert!(matches!(
            TokenResponse::parse(&ok(r#"{"access_token":"a","access_token":"b","token_type":"Bearer"}"#)),
            Err(E::Json(_))
        ));
        let html = Response::builder()
            .header("content-type", "text/html")
            .body(Bytes::new())
            .unwrap();
        assert_eq!(TokenResponse::parse(&html).unwrap_err(), E::ContentType);
    }

    #[test]
    fn e22_error_answers_are_surfaced() {
        let sent = TokenError::new(ErrorCode::InvalidGrant, None);
        let http = sent.to_http(400);
        assert_eq!(
            TokenResponse::parse(&http).unwrap_err(),
            TokenResponseError::Refused(sent)
        );
        let plain = Response::builder()
            .status(502)
            .body(Bytes::from_static(b"<html>"))
            .unwrap();
        assert_eq!(
            TokenResponse::parse(&plain).unwrap_err(),
            TokenResponseError::Status(502)
        );
    }
}
