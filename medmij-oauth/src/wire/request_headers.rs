// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.authint.208, core.tknint.208, core.rscint.201 — the two ids, in a query or in headers.

use http::{HeaderMap, HeaderName, HeaderValue, header};
use medmij_types::{CorrelationId, Entropy, EntropyError, MedMijRequestId};

/// The header `MedMij-Request-ID`.
pub const MEDMIJ_REQUEST_ID: HeaderName = HeaderName::from_static("medmij-request-id");
/// The header `X-Correlation-ID`.
pub const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");

/// The pair of ids that travels with a request: one for the request, one for the flow.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct RequestIds {
    /// Unique for every request.
    pub request_id: MedMijRequestId,
    /// Unique for every flow.
    pub correlation_id: CorrelationId,
}

impl RequestIds {
    /// Both ids, given.
    #[must_use]
    pub fn new(request_id: MedMijRequestId, correlation_id: CorrelationId) -> Self {
        Self {
            request_id,
            correlation_id,
        }
    }

    /// Both ids new: an authorization request, or a refresh.
    ///
    /// # Errors
    ///
    /// [`EntropyError`], where the entropy fails.
    pub fn random(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        Ok(Self::new(
            MedMijRequestId::random(entropy)?,
            CorrelationId::random(entropy)?,
        ))
    }

    /// A new request in a flow that has its correlation id.
    ///
    /// # Errors
    ///
    /// [`EntropyError`], where the entropy fails.
    pub fn next(correlation_id: CorrelationId, entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        Ok(Self::new(MedMijRequestId::random(entropy)?, correlation_id))
    }

    /// Reads both headers; `None` where one is missing, twice or no UUID.
    #[must_use]
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let request_id = MedMijRequestId::parse(single(headers, &MEDMIJ_REQUEST_ID)?).ok()?;
        let correlation_id = CorrelationId::parse(single(headers, &CORRELATION_ID)?).ok()?;
        Some(Self {
            request_id,
            correlation_id,
        })
    }

    /// Writes both headers.
    pub fn write(&self, headers: &mut HeaderMap) {
        // a UUID is always a header value
        if let Ok(value) = HeaderValue::from_str(self.request_id.as_str()) {
            headers.insert(MEDMIJ_REQUEST_ID, value);
        }
        if let Ok(value) = HeaderValue::from_str(self.correlation_id.as_str()) {
            headers.insert(CORRELATION_ID, value);
        }
    }
}

/// Whether `Content-Type` names this media type; what its parameters hold does not matter.
#[must_use]
pub fn is_media_type(headers: &HeaderMap, media_type: &str) -> bool {
    let value = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    let kind = value.and_then(|bytes| bytes.split(|b| *b == b';').next());
    kind.is_some_and(|kind| kind.trim_ascii().eq_ignore_ascii_case(media_type.as_bytes()))
}

fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    if values.next().is_some() {
        return None;
    }
    first.to_str().ok()
}
