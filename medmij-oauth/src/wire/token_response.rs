// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.201, RFC 6749 section 5.1 — the answer with the access token.

use std::{borrow::Cow, fmt};

use bytes::Bytes;
use http::{Response, StatusCode};
use medmij_types::{
    AccessToken, RefreshToken,
    json::{JsonError, Kind, Value},
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{ErrorResponse, error_response::json_response, is_media_type, json};

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
    /// What is not as the rule has it and was read all the same.
    pub remarks: Vec<TokenRemark>,
}

/// Something in a token response that is not as RFC 6749 has it and is understood all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenRemark {
    /// A byte order mark is before the JSON (RFC 8259 section 8.1 lets a reader skip it).
    ByteOrderMark,
    /// `expires_in` is a text of digits.
    ExpiresInText,
    /// `expires_in` is written with a fraction or an exponent, and is a whole number of seconds.
    ExpiresInFraction,
    /// `refresh_token` is empty: as if it were absent.
    EmptyRefreshToken,
}

impl fmt::Display for TokenRemark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ByteOrderMark => "byte order mark before the json",
            Self::ExpiresInText => "expires_in is a text",
            Self::ExpiresInFraction => "expires_in is not written as a whole number",
            Self::EmptyRefreshToken => "refresh_token is empty",
        })
    }
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
            remarks: Vec::new(),
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

    /// Reads an answer of at most 64 KiB, without duplicate keys. An `error` is an error whatever the status says; what is
    /// understood although it is not as the rule has it is a [`TokenRemark`].
    ///
    /// # Errors
    ///
    /// [`TokenResponseError::Refused`] where the server says why it refuses, else what is wrong with the answer. No error
    /// holds a part of the body.
    pub fn parse(response: &Response<Bytes>) -> Result<Self, TokenResponseError> {
        use TokenResponseError as E;
        if response.status() != StatusCode::OK {
            let status = response.status().as_u16();
            return Err(ErrorResponse::parse(response.body()).map_or(E::Status(status), E::Refused));
        }
        if !is_media_type(response.headers(), "application/json") {
            return Err(E::ContentType);
        }
        let document = json::read(response.body()).map_err(E::Json)?;
        let object = document.root();
        if object.kind() != Kind::Object {
            return Err(E::Member("object"));
        }
        if present(object, "error").is_some() {
            return Err(ErrorResponse::of(object).map_or(E::Member("error"), E::Refused));
        }
        let mut remarks = Vec::new();
        if json::has_mark(&document) {
            remarks.push(TokenRemark::ByteOrderMark);
        }
        let text = |name: &'static str| match present(object, name) {
            None => Ok(None),
            Some(value) => value.as_str().map(Some).ok_or(E::Member(name)),
        };
        let token_type = text("token_type")?.ok_or(E::Missing("token_type"))?;
        if !token_type.eq_ignore_ascii_case("bearer") {
            return Err(E::TokenType);
        }
        let access_token = text("access_token")?.ok_or(E::Missing("access_token"))?;
        let access_token = AccessToken::from_wire(access_token).map_err(|_| E::Member("access_token"))?;
        let refresh_token = match text("refresh_token")? {
            Some(token) if token.is_empty() => {
                remarks.push(TokenRemark::EmptyRefreshToken);
                Ok(None)
            }
            token => token.map(RefreshToken::from_wire).transpose(),
        };
        Ok(Self {
            access_token,
            expires_in: read_expires_in(object, &mut remarks)?,
            scope: text("scope")?.map(Cow::into_owned),
            refresh_token: refresh_token.map_err(|_| E::Member("refresh_token"))?,
            remarks,
        })
    }

    /// The refresh token of a successful answer, whatever else is wrong with it. A server that sends one has rotated it, and
    /// the one before is of no use any more: keep it before the answer is judged.
    #[must_use]
    pub fn rotated(response: &Response<Bytes>) -> Option<RefreshToken> {
        #[derive(Deserialize)]
        struct Rotated {
            refresh_token: Zeroizing<String>,
        }
        let body = response.body();
        if !response.status().is_success() || body.len() > json::MAX_LEN {
            return None;
        }
        let body = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body);
        let read: Rotated = serde_json::from_slice(body).ok()?;
        RefreshToken::from_wire(read.refresh_token.as_str()).ok()
    }
}

/// A member that is there and not null.
fn present<'d>(object: Value<'d>, name: &str) -> Option<Value<'d>> {
    object.member(name).filter(|value| !value.is_null())
}

/// A whole number of seconds above 0, as a number or as a text of digits.
fn read_expires_in(object: Value<'_>, remarks: &mut Vec<TokenRemark>) -> Result<Option<u64>, TokenResponseError> {
    let Some(value) = present(object, "expires_in") else {
        return Ok(None);
    };
    let seconds = if let Some(text) = value.as_str() {
        remarks.push(TokenRemark::ExpiresInText);
        text.parse().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()))
    } else if let Some(seconds) = value.as_u64() {
        Some(seconds)
    } else {
        remarks.push(TokenRemark::ExpiresInFraction);
        value.as_number().and_then(whole_number)
    };
    match seconds {
        Some(seconds) if seconds > 0 => Ok(Some(seconds)),
        _ => Err(TokenResponseError::Member("expires_in")),
    }
}

/// The value of `900.0` or `9e2`; `None` for any other fraction.
fn whole_number(text: &str) -> Option<u64> {
    let number: f64 = text.parse().ok()?;
    // as far as every whole number has a value of its own
    let whole = number.fract() == 0.0 && (0.0..=9e15).contains(&number);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is whole and within the range"
    )]
    whole.then_some(number as u64)
}

/// Why there is no token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenResponseError {
    /// The server refused.
    #[error("token request was refused: {}", .0.error)]
    Refused(ErrorResponse),
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
    /// A token type that is not Bearer, the only one there is (core.autorisatie.202).
    #[error("token response has another token_type than Bearer")]
    TokenType,
}

#[cfg(test)]
mod tests;
