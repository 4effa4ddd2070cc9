// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.102 — the upload call: one batch as one HTTPS request.
//!
//! The upload operation of the central component and its authentication could not be read, so both are values here:
//! `POST` of a JSON array to the address of the logs, with the authentication of your contract. Sending is the business
//! of a transport with mutual TLS; this module builds the request and judges the answer.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{Request, Response, StatusCode, Uri, header};
use medmij_types::{AccessToken, ValueError};
use zeroize::Zeroizing;

use crate::{SinkError, Verdict};

/// Address and authentication of the upload call.
#[derive(Debug)]
pub struct Upload {
    endpoint: Uri,
    authentication: Authentication,
}

/// How the deelnemer shows who it is, beside mutual TLS.
#[non_exhaustive]
pub enum Authentication {
    /// Mutual TLS only.
    ClientCertificate,
    /// HTTP Basic (RFC 7617).
    Basic {
        /// The name.
        user: String,
        /// The password.
        password: Zeroizing<String>,
    },
    /// A bearer token (RFC 6750).
    Bearer(AccessToken),
}

impl std::fmt::Debug for Authentication {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::ClientCertificate => "ClientCertificate",
            Self::Basic { .. } => "Basic(..)",
            Self::Bearer(_) => "Bearer(..)",
        })
    }
}

impl Authentication {
    /// A bearer token.
    ///
    /// # Errors
    /// [`ValueError`] where the text cannot be a token.
    pub fn bearer(token: impl Into<String>) -> Result<Self, ValueError> {
        AccessToken::from_wire(token).map(Self::Bearer)
    }
}

/// The upload call cannot be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UploadError {
    /// The address is not absolute, or not https.
    #[error("the address of the logs is not an absolute https address")]
    NotHttps,
    /// Name or password hold characters that no header takes.
    #[error("name or password of the log component hold characters that no header takes")]
    Credentials,
}

impl Upload {
    /// The upload call to an https address.
    ///
    /// # Errors
    /// [`UploadError::NotHttps`].
    pub fn new(endpoint: Uri, authentication: Authentication) -> Result<Self, UploadError> {
        if endpoint.scheme_str() != Some("https") || endpoint.host().is_none() {
            return Err(UploadError::NotHttps);
        }
        Ok(Self {
            endpoint,
            authentication,
        })
    }

    /// The request that carries a batch.
    ///
    /// # Errors
    /// [`UploadError::Credentials`].
    pub fn request(&self, body: Vec<u8>) -> Result<Request<Vec<u8>>, UploadError> {
        let mut request = Request::post(&self.endpoint)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json");
        let value = match &self.authentication {
            Authentication::ClientCertificate => None,
            Authentication::Basic { user, password } => {
                let pair = Zeroizing::new(format!("{user}:{}", password.as_str()));
                Some(Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes()))))
            }
            Authentication::Bearer(token) => Some(Zeroizing::new(format!("Bearer {}", token.expose()))),
        };
        if let Some(value) = value {
            let mut value = http::HeaderValue::from_str(&value).map_err(|_| UploadError::Credentials)?;
            value.set_sensitive(true);
            request = request.header(header::AUTHORIZATION, value);
        }
        request.body(body).map_err(|_| UploadError::Credentials)
    }

    /// What an answer says of the batch. Success takes it; 400, 413 and 422 refuse it for good; everything else, wrong
    /// credentials too, leaves it waiting.
    ///
    /// # Errors
    /// [`SinkError`] where the batch is to be tried again, with the pause that `Retry-After` asks in seconds.
    pub fn judge<B>(response: &Response<B>) -> Result<Verdict, SinkError> {
        let status = response.status();
        if status.is_success() {
            return Ok(Verdict::Accepted);
        }
        if matches!(status.as_u16(), 400 | 413 | 422) {
            return Ok(Verdict::Rejected);
        }
        let retry_after = response
            .headers()
            .get(header::RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.trim().parse().ok())
            .map(Duration::from_secs);
        let reason = match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => "the log component refused the credentials",
            StatusCode::NOT_FOUND => "the log component has no such address",
            StatusCode::TOO_MANY_REQUESTS => "the log component asked to wait",
            _ => "the log component did not take it",
        };
        Err(SinkError { reason, retry_after })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOGS: &str = "https://acc-api.medmij.nl/eagleeye/v1/logs";

    #[test]
    fn the_request_carries_the_batch_and_the_authentication_of_the_contract() {
        let basic = Authentication::Basic {
            user: "pgo".to_owned(),
            password: Zeroizing::new("geheim".to_owned()),
        };
        let cases = [
            (Authentication::ClientCertificate, None),
            (basic, Some("Basic cGdvOmdlaGVpbQ==")),
            (Authentication::bearer("abc.def").unwrap(), Some("Bearer abc.def")),
        ];
        for (authentication, expected) in cases {
            assert!(!format!("{authentication:?}").contains("geheim"));
            let request = Upload::new(LOGS.parse().unwrap(), authentication)
                .unwrap()
                .request(b"[]".to_vec())
                .unwrap();
            assert_eq!(
                (request.method().as_str(), request.uri().to_string().as_str()),
                ("POST", LOGS)
            );
            let header = request.headers().get(header::AUTHORIZATION);
            assert_eq!(header.map(|value| value.to_str().unwrap()), expected);
            assert!(header.is_none_or(http::HeaderValue::is_sensitive));
        }
    }

    #[test]
    fn only_absolute_https_addresses_are_taken() {
        for address in ["http://api.medmij.nl/logs", "/logs", "api.medmij.nl:443"] {
            let made = Upload::new(address.parse().unwrap(), Authentication::ClientCertificate);
            assert_eq!(made.unwrap_err(), UploadError::NotHttps, "{address}");
        }
    }

    #[test]
    fn answers_take_refuse_or_leave_waiting() {
        let judge = |status: u16| Upload::judge(&Response::builder().status(status).body(()).unwrap());
        for status in [200, 201, 202, 204] {
            assert_eq!(judge(status), Ok(Verdict::Accepted), "{status}");
        }
        for status in [400, 413, 422] {
            assert_eq!(judge(status), Ok(Verdict::Rejected), "{status}");
        }
        for status in [301, 401, 403, 404, 408, 429, 500, 503] {
            assert!(judge(status).is_err(), "{status}");
        }
        let busy = Response::builder()
            .status(503)
            .header("Retry-After", "120")
            .body(())
            .unwrap();
        assert_eq!(
            Upload::judge(&busy).unwrap_err().retry_after,
            Some(Duration::from_secs(120))
        );
    }
}
