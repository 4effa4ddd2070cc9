// SPDX-License-Identifier: AGPL-3.0-or-later
//! The answer as HTTP: masked (core.rscint.203), in the form that was asked, with the headers of an answer.

use bytes::Bytes;
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
};
use http::{Method, Response, StatusCode};

use super::bronsysteem::BronsysteemError;
use super::form::to_xml;
use super::negotiate::Format;
use super::refusal::Refusal;
use crate::bsn::redact_bsn;
use crate::format;
use crate::limits::Limits;
use crate::outcome::{Issue, OperationOutcome, Severity};
use crate::version::FhirVersion;

/// An answer before it has a form.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) body: Body,
    /// `Location` of what was created.
    pub(super) location: Option<String>,
}

#[derive(Debug)]
pub(super) enum Body {
    /// FHIR JSON.
    Resource(Vec<u8>),
    /// The document of a Binary, with its type.
    Document(String, Bytes),
}

impl Reply {
    pub(super) fn ok(json: Vec<u8>) -> Self {
        Self {
            status: StatusCode::OK,
            body: Body::Resource(json),
            location: None,
        }
    }
}

/// How many BSNs were masked in an answer: an extension of the response, for the log of a DVA.
///
/// A number above 0 says that a bronsysteem gives what must not leave it (core.rscint.203).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Masked {
    /// The number of places.
    pub places: usize,
}

/// Writes an answer.
pub(super) fn render(
    reply: Reply,
    format: Format,
    version: FhirVersion,
    method: &Method,
) -> Result<Response<Bytes>, Refusal> {
    let mut masked = 0;
    let (content_type, body) = match reply.body {
        Body::Document(content_type, body) => {
            let content_type = HeaderValue::from_str(&content_type);
            let unknown = HeaderValue::from_static("application/octet-stream");
            (content_type.unwrap_or(unknown), body)
        }
        Body::Resource(json) => {
            let redacted = redact_bsn(&json, &Limits::default()).map_err(|_| Refusal::Internal)?;
            masked = redacted.report.masked.len() + redacted.report.unlisted;
            let clean = (masked > 0).then(|| redacted.text.into_owned().into_bytes());
            let json = clean.unwrap_or(json);
            match format {
                Format::Xml => (
                    HeaderValue::from_static(version.mime_of(format::Format::Xml)),
                    to_xml(version, &json)?.into(),
                ),
                Format::Json | Format::Native => (HeaderValue::from_static(version.mime()), json.into()),
            }
        }
    };
    let mut response = plain(reply.status, content_type, body, method);
    response.extensions_mut().insert(Masked { places: masked });
    if let Some(location) = reply
        .location
        .and_then(|location| HeaderValue::from_str(&location).ok())
    {
        response.headers_mut().insert(http::header::LOCATION, location);
    }
    Ok(response)
}

/// Writes a refusal as an OperationOutcome.
pub(super) fn refuse(error: &Refusal, format: Format, version: FhirVersion, method: &Method) -> Response<Bytes> {
    let status = error.status();
    let issue = Issue::new(Severity::Error, error.code(), error.to_string());
    let json = OperationOutcome::new(issue).to_json();
    let xml = if format == Format::Xml {
        to_xml(version, &json).ok()
    } else {
        None
    };
    let (content_type, body) = match xml {
        Some(xml) => (version.mime_of(format::Format::Xml), xml),
        None => (version.mime(), json),
    };
    let mut response = plain(status, HeaderValue::from_static(content_type), body.into(), method);
    let headers = response.headers_mut();
    if status == StatusCode::BAD_REQUEST {
        // RFC 6750 section 3.1, case H10
        headers.insert(
            WWW_AUTHENTICATE,
            HeaderValue::from_static("Bearer error=\"invalid_request\""),
        );
    }
    if let Refusal::Method(allow) = error {
        headers.insert(ALLOW, HeaderValue::from_static(allow));
    }
    if let Refusal::Bronsysteem(BronsysteemError::Unavailable {
        retry_after: Some(after),
    }) = error
    {
        headers.insert(RETRY_AFTER, HeaderValue::from(after.as_secs().max(1)));
    }
    response
}

/// An OperationOutcome as a response, for what a DVZA refuses itself: an unknown token (401), a token
/// of another gegevensdienst (403), a source that does not answer.
///
/// ```
/// use medmij_fhir::{FhirVersion, Issue, IssueCode, OperationOutcome, Severity};
/// use medmij_fhir::server::outcome_response;
///
/// let issue = Issue::new(Severity::Error, IssueCode::Timeout, "bronsysteem antwoordt niet");
/// let response = outcome_response(FhirVersion::Stu3, http::StatusCode::BAD_GATEWAY, &OperationOutcome::new(issue));
/// assert_eq!(response.headers()["content-type"], "application/fhir+json; fhirVersion=3.0");
/// ```
#[must_use]
pub fn outcome_response(version: FhirVersion, status: StatusCode, outcome: &OperationOutcome) -> Response<Bytes> {
    let content_type = HeaderValue::from_static(version.mime());
    plain(status, content_type, outcome.to_json().into(), &Method::GET)
}

fn plain(status: StatusCode, content_type: HeaderValue, body: Bytes, method: &Method) -> Response<Bytes> {
    let length = HeaderValue::from(body.len());
    let head = method == Method::HEAD;
    let mut response = Response::new(if head { Bytes::new() } else { body });
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, content_type);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        HeaderName::from_static("x-content-type-options"),
        HeaderValue::from_static("nosniff"),
    );
    if head {
        headers.insert(CONTENT_LENGTH, length);
    }
    response
}
