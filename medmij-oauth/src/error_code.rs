// SPDX-License-Identifier: AGPL-3.0-or-later
//! RFC 6749 sections 4.1.2.1 and 5.2, RFC 6750 section 3.1 — error codes.

use std::{borrow::Cow, fmt};

use medmij_types::Printable;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// The `error` of an authorization, token or resource answer. A value that no RFC names is kept (case D10).
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $($(#[$doc])* $variant,)*
            /// A code that this version does not know, made printable and cut at 64 characters.
            Other(Cow<'static, str>),
        }

        impl ErrorCode {
            /// The code on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::Other(name) => name,
                }
            }

            /// The code for a log: that of a code which no RFC names is `other`, for its text is of the other side.
            #[must_use]
            pub fn known(&self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::Other(_) => "other",
                }
            }

            /// The code of a text; an unknown one is kept, made printable.
            #[must_use]
            pub fn from_wire(text: &str) -> Self {
                match text {
                    $($name => Self::$variant,)*
                    other => Self::Other(Cow::Owned(printable(other, 64))),
                }
            }
        }
    };
}

codes! {
    /// The request lacks a parameter, has one twice or is malformed.
    InvalidRequest = "invalid_request",
    /// The client must not do this.
    UnauthorizedClient = "unauthorized_client",
    /// The Persoon or the server refused.
    AccessDenied = "access_denied",
    /// Another `response_type` than `code`.
    UnsupportedResponseType = "unsupported_response_type",
    /// The scope is unknown, malformed or not served here.
    InvalidScope = "invalid_scope",
    /// An unexpected condition.
    ServerError = "server_error",
    /// Overload or maintenance.
    TemporarilyUnavailable = "temporarily_unavailable",
    /// Client authentication failed.
    InvalidClient = "invalid_client",
    /// The code or refresh token is wrong, spent, expired or of another client.
    InvalidGrant = "invalid_grant",
    /// Another `grant_type`.
    UnsupportedGrantType = "unsupported_grant_type",
    /// The access token is expired, revoked or unknown.
    InvalidToken = "invalid_token",
    /// The access token does not reach this resource.
    InsufficientScope = "insufficient_scope",
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Text of the other side in the alphabet of an error description, and cut: C5 of the threat model.
#[must_use]
pub fn printable(text: &str, max: usize) -> String {
    Printable::nqschar(text).max_chars(max).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d10_an_unknown_error_is_kept_and_made_printable() {
        assert_eq!(ErrorCode::from_wire("access_denied"), ErrorCode::AccessDenied);
        assert_eq!(ErrorCode::from_wire("iets_nieuws").as_str(), "iets_nieuws");
        assert_eq!(ErrorCode::from_wire("a\r\n\u{1b}[31mb").as_str(), "a???[31mb");
        assert_eq!(ErrorCode::from_wire(&"x".repeat(1000)).as_str().len(), 64);
    }
}
