// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.207, RFC 6749 sections 4.1.2.1 and 5.2 — the error answer of either endpoint.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use medmij_types::json::Value;
use serde::Serialize;

use super::json;
use crate::error_code::{ErrorCode, printable};

/// The error that an authorization or token endpoint answers with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("request was refused: {error}")]
#[non_exhaustive]
pub struct ErrorResponse {
    /// The code.
    pub error: ErrorCode,
    /// The description, printable ASCII, at most 256 characters. Not meant for the Persoon.
    pub description: Option<String>,
}

impl ErrorResponse {
    /// An error; the description is made printable.
    #[must_use]
    pub fn new(error: ErrorCode, description: Option<&str>) -> Self {
        Self {
            error,
            description: description.map(|text| printable(text, 256)),
        }
    }

    /// Reads the body of an error answer of the token endpoint; `None` where it is none.
    #[must_use]
    pub fn parse(body: &[u8]) -> Option<Self> {
        Self::of(json::read(body).ok()?.root())
    }

    /// The error that an object holds.
    pub(super) fn of(object: Value<'_>) -> Option<Self> {
        let error = ErrorCode::from_wire(&object.member("error")?.as_str()?);
        let description = object.member("error_description").and_then(|value| value.as_str());
        Some(Self::new(error, description.as_deref()))
    }

    /// The answer of the token endpoint: JSON, never stored (RFC 6749 section 5.1). With 401 it has the challenge that RFC 9110 section 15.5.2 asks;
    /// without one, clients in Java take the answer for a broken connection. It names no scheme that a client could retry
    /// with: the certificate is the credential.
    #[must_use]
    pub fn to_http(&self, status: u16) -> Response<Bytes> {
        #[derive(Serialize)]
        struct Body<'a> {
            error: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            error_description: Option<&'a str>,
        }
        let body = Body {
            error: self.error.as_str(),
            error_description: self.description.as_deref(),
        };
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        let mut response = json_response(status, &body);
        if status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("MutualTLS realm=\"MedMij\", error=\"invalid_client\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// A JSON answer with the headers of RFC 6749 section 5.1.
pub(super) fn json_response(status: StatusCode, body: &impl Serialize) -> Response<Bytes> {
    // these bodies are maps of texts and numbers: writing them cannot fail
    let mut response = Response::new(Bytes::from(serde_json::to_vec(body).unwrap_or_default()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    response
}
