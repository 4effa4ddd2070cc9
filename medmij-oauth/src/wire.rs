// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.authint, core.tknint — every message of the authorization and token interfaces once, with parse and build.
//!
//! The client and the server use the same definitions, so that each side is tested against the other. Nothing here does
//! IO, knows the time or makes a random value.

mod authorization_request;
mod authorization_response;
mod error_response;
pub mod json;
mod request_headers;
mod token_request;
mod token_response;

pub use self::{
    authorization_request::{AuthorizationRequest, Geboortedatum, split_date},
    authorization_response::AuthorizationResponse,
    error_response::ErrorResponse,
    request_headers::{CORRELATION_ID, MEDMIJ_REQUEST_ID, RequestIds, is_media_type},
    token_request::{CodeRequest, RefreshRequest, TokenRequest, TokenRequestError},
    token_response::{TokenRemark, TokenResponse, TokenResponseError},
};
pub use crate::error_code::{ErrorCode, printable};
