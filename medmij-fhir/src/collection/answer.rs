// SPDX-License-Identifier: AGPL-3.0-or-later
//! What an answer holds, judged by its content and not by its status alone (threats F3 and F4).

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use crate::binary::Binary;
use crate::bsn::{BsnPath, redact_bsn};
use crate::bundle::Bundle;
use crate::error::FhirError;
use crate::json::{self, JsonError, JsonRule};
use crate::limits::Limits;
use crate::media::MediaRange;
use crate::outcome::{OperationOutcome, printable};
use crate::resource::Resource;
use crate::version::FhirVersion;

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Want {
    Bundle,
    Document,
}

pub(super) struct Answer {
    pub(super) content: Content,
    pub(super) redacted: Vec<BsnPath>,
}

pub(super) enum Content {
    Bundle(Bundle),
    Document(Binary),
    Outcome(OperationOutcome),
    Other(Resource),
    /// A body that is not FHIR, with a status that is no success.
    Nothing,
}

impl Content {
    /// The kind, for an error; never the content.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Bundle(_) => "Bundle".to_owned(),
            Self::Document(_) => "Binary".to_owned(),
            Self::Outcome(_) => "OperationOutcome".to_owned(),
            Self::Other(resource) => resource.resource_type().to_string(),
            Self::Nothing => "nothing".to_owned(),
        }
    }
}

/// Reads an answer; every BSN is cut out before anything is made of it.
pub(super) fn read(
    response: http::Response<Bytes>,
    version: FhirVersion,
    limits: &Limits,
    want: Want,
) -> Result<Answer, FhirError> {
    let (parts, body) = response.into_parts();
    if parts.status == StatusCode::UNAUTHORIZED {
        return Err(FhirError::Unauthorized);
    }
    if parts.status.is_redirection() {
        return Err(FhirError::Redirect(parts.status));
    }
    if parts.status.is_success() {
        return read_body(&parts.headers, body, version, limits, want);
    }
    // a refusal need not be FHIR
    let answer = read_body(&parts.headers, body, version, limits, Want::Bundle);
    Ok(answer.unwrap_or(Answer {
        content: Content::Nothing,
        redacted: Vec::new(),
    }))
}

fn read_body(
    headers: &HeaderMap,
    body: Bytes,
    version: FhirVersion,
    limits: &Limits,
    want: Want,
) -> Result<Answer, FhirError> {
    if headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"))
    {
        return Err(FhirError::ContentCoding);
    }
    if body.len() > limits.body {
        return Err(JsonError::new(JsonRule::TooLarge, limits.body).into());
    }
    let declared = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    match MediaRange::parse(declared) {
        Some(media) if media.is_fhir_json() => {
            if !media.fits(version) {
                return Err(FhirError::Version(printable(
                    media.fhir_version.as_deref().unwrap_or_default(),
                    16,
                )));
            }
            read_fhir(&body, version, limits)
        }
        // a document may come as itself: handed on with its declared type, never looked into
        Some(_) if want == Want::Document => Ok(Answer {
            content: Content::Document(Binary::new(printable(declared, 128), body)),
            redacted: Vec::new(),
        }),
        _ => Err(FhirError::ContentType(printable(declared, 64))),
    }
}

/// A document without a BSN is read where it lies; one with a BSN from a cleaned copy.
fn read_fhir(body: &[u8], version: FhirVersion, limits: &Limits) -> Result<Answer, FhirError> {
    #[derive(Deserialize)]
    struct Head {
        #[serde(rename = "resourceType")]
        resource_type: String,
    }
    let clean = redact_bsn(body, limits)?;
    let (text, redacted) = (clean.text, clean.report.masked);
    let head: Head = json::read(&text)?;
    if head.resource_type == "Bundle" {
        return Ok(Answer {
            content: Content::Bundle(Bundle::parse(text.as_bytes(), limits)?),
            redacted,
        });
    }
    let resource = Resource::parse(text.as_bytes(), limits)?;
    let content = match head.resource_type.as_str() {
        "OperationOutcome" => Content::Outcome(OperationOutcome::read(&resource)?),
        "Binary" => Content::Document(Binary::read(&resource, version)?),
        _ => Content::Other(resource),
    };
    Ok(Answer { content, redacted })
}
