// SPDX-License-Identifier: AGPL-3.0-or-later
//! RFC 6750 — why a resource request is refused, and the answer that says so.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use medmij_oauth::wire::ErrorCode;

use crate::server::StepError;

/// Why a resource request is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GuardError {
    /// No token: 401 with a bare challenge (RFC 6750 section 3).
    #[error("request has no bearer token")]
    MissingToken,
    /// A token in a wrong place, or twice: 400.
    #[error("request has its token in the wrong place or more than once")]
    InvalidRequest,
    /// Unknown, expired, withdrawn, of a client that is not listed any more, or with another certificate: 401.
    #[error("access token is not valid")]
    InvalidToken,
    /// The token does not cover the gegevensdienst: 403.
    #[error("access token does not cover the gegevensdienst")]
    InsufficientScope,
    /// The registration does not offer this, or not any more (core.gegevensdiensten.104): 404.
    #[error("gegevensdienst of the aanbieder is not served here")]
    NotServed,
    /// The Aanbieder has as many requests in hand as it registered: 503.
    #[error("aanbieder has as many requests in hand as it takes")]
    Busy,
    /// Something here cannot be reached: 503.
    #[error("access token cannot be checked now")]
    Unavailable(#[source] Box<StepError>),
}

impl GuardError {
    /// What the chain log says of it.
    pub(super) fn for_log(&self) -> &'static str {
        match self {
            Self::MissingToken => "request has no bearer token",
            Self::InvalidRequest => "request has its token in the wrong place or more than once",
            Self::InvalidToken => "access token is not valid",
            Self::InsufficientScope => "access token does not cover what is asked",
            Self::Unavailable(_) => "access token cannot be checked now",
            Self::NotServed => "aanbieder does not serve this here now",
            Self::Busy => "as many requests of this aanbieder are answered as it allows",
        }
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::MissingToken | Self::InvalidToken => StatusCode::UNAUTHORIZED,
            Self::InvalidRequest => StatusCode::BAD_REQUEST,
            Self::InsufficientScope => StatusCode::FORBIDDEN,
            Self::NotServed => StatusCode::NOT_FOUND,
            Self::Busy | Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The OAuth error code; none where the request had no token, or there is nothing at its address.
    #[must_use]
    pub fn error(&self) -> Option<ErrorCode> {
        match self {
            Self::MissingToken | Self::NotServed => None,
            Self::InvalidRequest => Some(ErrorCode::InvalidRequest),
            Self::InvalidToken => Some(ErrorCode::InvalidToken),
            Self::InsufficientScope => Some(ErrorCode::InsufficientScope),
            Self::Busy | Self::Unavailable(_) => Some(ErrorCode::TemporarilyUnavailable),
        }
    }

    /// The value of `WWW-Authenticate`.
    #[must_use]
    pub fn challenge(&self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::MissingToken | Self::NotServed | Self::Busy | Self::Unavailable(_) => "Bearer",
            Self::InvalidRequest => "Bearer error=\"invalid_request\"",
            Self::InvalidToken => "Bearer error=\"invalid_token\"",
            Self::InsufficientScope => "Bearer error=\"insufficient_scope\"",
        })
    }

    /// The whole answer, without a body: a FHIR server adds its OperationOutcome.
    #[must_use]
    pub fn to_http(&self) -> Response<Bytes> {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        match self {
            Self::Busy | Self::Unavailable(_) => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
            }
            Self::NotServed => {}
            _ => {
                headers.insert(header::WWW_AUTHENTICATE, self.challenge());
            }
        }
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}
