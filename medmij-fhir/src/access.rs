// SPDX-License-Identifier: AGPL-3.0-or-later
//! The right to ask: an access token, tied to the ResourceEndpoints it is for, and the headers of a
//! resource request.
//!
//! * core.rscint.200 — the token travels as `Authorization: Bearer` and in no other way.
//! * core.rscint.201 — every request has a fresh `MedMij-Request-ID`; all requests of a flow have the
//!   `X-Correlation-ID` of its authorization request, or of the token request after a refresh.

use std::time::SystemTime;

use bytes::Bytes;
use http::Method;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use medmij_types::{AccessToken, CorrelationId, Entropy, MedMijRequestId};

use crate::endpoint::{LinkError, LinkRule, ResourceEndpoint, ResourceEndpoints, Target};
use crate::error::FhirError;
use crate::format::Format;
use crate::limits::Limits;
use crate::version::FhirVersion;
use crate::xml;

/// `MedMij-Request-ID`: every request has one of its own (core.rscint.201).
pub const MEDMIJ_REQUEST_ID: HeaderName = HeaderName::from_static("medmij-request-id");
/// `X-Correlation-ID`: all requests of a flow have the same one (core.rscint.201).
pub const X_CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");

const PREFER: HeaderName = HeaderName::from_static("prefer");

/// An access token with the ResourceEndpoints that may see it (threat F7).
///
/// ```
/// use medmij_fhir::{Access, FhirVersion, Query, ResourceEndpoint, ResourceEndpoints, ResourceType};
/// use medmij_types::{AccessToken, BackchannelUri, CorrelationId, OsEntropy, Systeemrolcode};
///
/// let endpoint = ResourceEndpoint::new(BackchannelUri::parse("https://dvza.example.nl/fhir/48")?)?;
/// let access = Access::new(
///     ResourceEndpoints::new(Systeemrolcode::parse("MM-3.0-BZB-FHIR")?, endpoint.clone()),
///     AccessToken::from_wire("geheim")?,
///     CorrelationId::parse("6f1c3b62-7d1c-4e0e-9a7a-1f5f2d3c4b5a")?,
///     FhirVersion::Stu3,
/// );
/// let target = endpoint.target(&Query::search(ResourceType::parse("Condition")?));
/// let request = access.get(&target, &OsEntropy)?;
/// assert_eq!(request.uri(), "https://dvza.example.nl/fhir/48/Condition");
/// assert_eq!(request.headers()["accept"], "application/fhir+json; fhirVersion=3.0");
/// assert_eq!(request.headers()["x-correlation-id"], "6f1c3b62-7d1c-4e0e-9a7a-1f5f2d3c4b5a");
/// assert!(!format!("{request:?} {access:?}").contains("geheim"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Access {
    endpoints: ResourceEndpoints,
    token: AccessToken,
    correlation_id: CorrelationId,
    version: FhirVersion,
    format: Format,
    expires_at: Option<SystemTime>,
}

impl Access {
    /// Ties a token to the endpoints it was issued for.
    #[must_use]
    pub fn new(
        endpoints: ResourceEndpoints,
        token: AccessToken,
        correlation_id: CorrelationId,
        version: FhirVersion,
    ) -> Self {
        Self {
            endpoints,
            token,
            correlation_id,
            version,
            format: Format::Json,
            expires_at: None,
        }
    }

    /// Says when the token ends (`expires_in`, at most 900 s): nothing is asked with it after that.
    #[must_use]
    pub fn with_expiry(mut self, expires_at: SystemTime) -> Self {
        self.expires_at = Some(expires_at);
        self
    }

    /// Asks for answers in this form, and writes in it. Default JSON. Whatever is asked, both are read; and where a server
    /// does not have the form (406), a [`Collection`](crate::Collection) asks for the other from then on.
    #[must_use]
    pub fn with_format(mut self, format: Format) -> Self {
        self.format = format;
        self
    }

    /// The endpoints that may see the token.
    #[must_use]
    pub fn endpoints(&self) -> &ResourceEndpoints {
        &self.endpoints
    }

    /// The FHIR version that is asked for.
    #[must_use]
    pub fn version(&self) -> FhirVersion {
        self.version
    }

    /// The form that is asked for.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    pub(crate) fn set_format(&mut self, format: Format) {
        self.format = format;
    }

    /// The endpoint of a systeemrol; the first one, for a service whose systeemrollen are not known (`""`).
    pub(crate) fn endpoint(&self, systeemrol: &str) -> Option<&ResourceEndpoint> {
        if systeemrol.is_empty() {
            self.endpoints.iter().next().map(|(_, endpoint)| endpoint)
        } else {
            self.endpoints.find(systeemrol)
        }
    }

    /// Whether the token has ended.
    pub(crate) fn has_ended(&self, now: SystemTime) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }

    /// Takes another token for the same endpoints.
    pub(crate) fn renew(&mut self, token: AccessToken, expires_at: Option<SystemTime>, correlation_id: CorrelationId) {
        self.token = token;
        self.expires_at = expires_at;
        self.correlation_id = correlation_id;
    }

    /// Builds a request with a fresh `MedMij-Request-ID`.
    ///
    /// # Errors
    /// [`FhirError::Link`] for a target of endpoints that are not of this token (F7);
    /// [`FhirError::Entropy`] when there is no randomness; [`FhirError::TokenForm`] when the token
    /// cannot occur in a header.
    pub fn get(&self, target: &Target, entropy: &dyn Entropy) -> Result<http::Request<Bytes>, FhirError> {
        self.get_as(target, self.format, entropy)
    }

    /// The same, asking for this form.
    pub(crate) fn get_as(
        &self,
        target: &Target,
        format: Format,
        entropy: &dyn Entropy,
    ) -> Result<http::Request<Bytes>, FhirError> {
        let mut request = self.request(Method::GET, target, None, Bytes::new(), entropy)?;
        let accept = HeaderValue::from_static(self.version.mime_of(format));
        request.headers_mut().insert(ACCEPT, accept);
        Ok(request)
    }

    /// Builds a write, of FHIR JSON and in the form that is asked for, sent once. `Prefer` where the gegevensdienst has it.
    pub(crate) fn write(
        &self,
        method: Method,
        target: &Target,
        prefer: Option<&str>,
        body: Bytes,
        entropy: &dyn Entropy,
    ) -> Result<http::Request<Bytes>, FhirError> {
        let (body, content_type) = match self.format {
            Format::Json => (body, "application/fhir+json"),
            Format::Xml => {
                let written = xml::from_json(&body, self.version, &Limits::default())?;
                (written.text.into(), "application/fhir+xml")
            }
        };
        let mut request = self.request(method, target, prefer, body, entropy)?;
        let content_type = HeaderValue::from_static(content_type);
        request.headers_mut().insert(CONTENT_TYPE, content_type);
        Ok(request)
    }

    /// Builds a write of a body that is not FHIR: a patch.
    pub(crate) fn write_as(
        &self,
        method: Method,
        target: &Target,
        content_type: &'static str,
        body: Bytes,
        entropy: &dyn Entropy,
    ) -> Result<http::Request<Bytes>, FhirError> {
        let mut request = self.request(method, target, None, body, entropy)?;
        let content_type = HeaderValue::from_static(content_type);
        request.headers_mut().insert(CONTENT_TYPE, content_type);
        Ok(request)
    }

    fn request(
        &self,
        method: Method,
        target: &Target,
        prefer: Option<&str>,
        body: Bytes,
        entropy: &dyn Entropy,
    ) -> Result<http::Request<Bytes>, FhirError> {
        let inside = self
            .endpoints
            .iter()
            .any(|(_, endpoint)| endpoint.admit(target.as_str()).is_ok());
        if !inside {
            return Err(LinkError::new(target.as_str(), LinkRule::Origin).into());
        }
        let mut bearer =
            HeaderValue::from_str(&format!("Bearer {}", self.token.expose())).map_err(|_| FhirError::TokenForm)?;
        bearer.set_sensitive(true);
        let request_id = MedMijRequestId::random(entropy).map_err(|_| FhirError::Entropy)?;
        let mut request = http::Request::builder()
            .method(method)
            .uri(target.as_str())
            .header(AUTHORIZATION, bearer)
            .header(ACCEPT, HeaderValue::from_static(self.version.mime_of(self.format)))
            .header(MEDMIJ_REQUEST_ID, request_id.as_str())
            .header(X_CORRELATION_ID, self.correlation_id.as_str());
        if let Some(prefer) = prefer {
            request = request.header(PREFER, prefer);
        }
        request
            .body(body)
            .map_err(|_| LinkError::new(target.as_str(), LinkRule::Malformed).into())
    }

    /// Admits a link that came from the endpoint of `systeemrol`.
    pub(crate) fn admit(&self, from: &ResourceEndpoint, link: &str) -> Result<Target, LinkError> {
        self.endpoints.admit(from, link)
    }
}

#[cfg(test)]
mod tests {
    use medmij_types::{AccessToken, BackchannelUri, CorrelationId, OsEntropy, Systeemrolcode};

    use super::Access;
    use crate::endpoint::{ResourceEndpoint, ResourceEndpoints};
    use crate::error::FhirError;
    use crate::name::ResourceType;
    use crate::query::Query;
    use crate::version::FhirVersion;

    fn endpoint(text: &str) -> ResourceEndpoint {
        ResourceEndpoint::new(BackchannelUri::parse(text).unwrap()).unwrap()
    }

    fn access() -> Access {
        Access::new(
            ResourceEndpoints::new(
                Systeemrolcode::parse("MM-3.0-BZB-FHIR").unwrap(),
                endpoint("https://a.example.nl/48"),
            ),
            AccessToken::from_wire("geheim-token").unwrap(),
            CorrelationId::parse("6f1c3b62-7d1c-4e0e-9a7a-1f5f2d3c4b5a").unwrap(),
            FhirVersion::R4,
        )
    }

    fn target(access: &Access) -> crate::endpoint::Target {
        access.endpoint("MM-3.0-BZB-FHIR").unwrap().target(&query())
    }

    fn query() -> Query {
        Query::search(ResourceType::parse("Flag").unwrap())
    }

    #[test]
    fn core_rscint_200_h01_bearer_in_the_header_and_nowhere_else() {
        let access = access();
        let request = access.get(&target(&access), &OsEntropy).unwrap();
        assert_eq!(request.headers()["authorization"], "Bearer geheim-token");
        assert!(request.headers()["authorization"].is_sensitive());
        assert_eq!(request.uri(), "https://a.example.nl/48/Flag");
        assert!(request.body().is_empty());
        assert!(!format!("{request:?}{access:?}").contains("geheim"));
    }

    #[test]
    fn core_rscint_201_h02_h04_two_request_ids_one_correlation_id() {
        let access = access();
        let target = target(&access);
        let one = access.get(&target, &OsEntropy).unwrap();
        let two = access.get(&target, &OsEntropy).unwrap();
        assert_ne!(one.headers()["medmij-request-id"], two.headers()["medmij-request-id"]);
        for request in [one, two] {
            assert_eq!(
                request.headers()["x-correlation-id"],
                "6f1c3b62-7d1c-4e0e-9a7a-1f5f2d3c4b5a"
            );
            assert_eq!(request.headers()["accept"], "application/fhir+json; fhirVersion=4.0");
        }
    }

    #[test]
    fn f7_the_token_goes_to_its_own_endpoints_only() {
        let elsewhere = endpoint("https://b.example.nl/48").target(&query());
        assert!(matches!(access().get(&elsewhere, &OsEntropy), Err(FhirError::Link(_))));
    }
}
