// SPDX-License-Identifier: AGPL-3.0-or-later
//! What an answer holds, judged by its content and not by its status alone (threats F3 and F4).

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use medmij_types::is_content_coding;
use medmij_types::json::Document;

use crate::binary::Binary;
use crate::bsn::{self, BsnReport};
use crate::bundle::Bundle;
use crate::error::FhirError;
use crate::format::Format;
use crate::json::{JsonError, JsonRule};
use crate::limits::Limits;
use crate::media::MediaRange;
use crate::outcome::{OperationOutcome, printable};
use crate::resource::Resource;
use crate::text::Whole;
use crate::version::FhirVersion;
use crate::xml::{self, Oddity};

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Want {
    Fhir,
    Document,
}

pub(crate) struct Answer {
    pub(crate) content: Content,
    pub(crate) redacted: BsnReport,
    /// What FHIR XML held that FHIR does not have.
    pub(crate) oddities: Vec<Oddity>,
}

pub(crate) enum Content {
    Bundle(Bundle),
    Document(Binary),
    Outcome(OperationOutcome),
    Resource(Resource),
    /// A body that is not FHIR, with a status that is no success.
    Nothing,
}

impl Content {
    /// The kind, for an error; never the content.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Bundle(_) => "Bundle".to_owned(),
            Self::Document(_) => "Binary".to_owned(),
            Self::Outcome(_) => "OperationOutcome".to_owned(),
            Self::Resource(resource) => resource.resource_type().to_string(),
            Self::Nothing => "nothing".to_owned(),
        }
    }
}

/// Reads an answer; every BSN is cut out before anything is made of it.
pub(crate) fn read(
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
    if parts.status == StatusCode::PARTIAL_CONTENT {
        return Err(FhirError::PartialContent);
    }
    if parts.status.is_success() {
        check_length(&parts.headers, &body)?;
        return read_body(&parts.headers, body, version, limits, want);
    }
    // a refusal need not be FHIR
    let answer = read_body(&parts.headers, body, version, limits, Want::Fhir);
    Ok(answer.unwrap_or(Answer {
        content: Content::Nothing,
        redacted: BsnReport::default(),
        oddities: Vec::new(),
    }))
}

/// Whether a media type is FHIR here, and in which form. What is only called XML may be the document itself.
pub(crate) fn form_of(media: &MediaRange, want: Want) -> Option<Format> {
    if media.is_fhir_json() {
        Some(Format::Json)
    } else if media.is_fhir_xml() || (want == Want::Fhir && media.is_plain_xml()) {
        Some(Format::Xml)
    } else {
        None
    }
}

/// A page of HTML is a login or a fault that somebody put in between, and never the document (F4).
pub(crate) fn check_no_page(media: &MediaRange) -> Result<(), FhirError> {
    if matches!(media.essence.as_str(), "text/html" | "application/xhtml+xml") {
        return Err(FhirError::ContentType(media.essence.clone()));
    }
    Ok(())
}

/// The version that a media type names must be the one that was asked.
pub(crate) fn check_version(media: &MediaRange, version: FhirVersion) -> Result<(), FhirError> {
    if media.fits(version) {
        return Ok(());
    }
    let named = media.fhir_version.as_deref().unwrap_or_default();
    Err(FhirError::Version(printable(named, 16)))
}

/// None was asked for, so any is an error of the other side.
pub(crate) fn check_coding(headers: &HeaderMap) -> Result<(), FhirError> {
    let values = headers.get_all(CONTENT_ENCODING).iter();
    let mut codings = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    if codings.any(|coding| std::str::from_utf8(coding).map_or(true, is_content_coding)) {
        return Err(FhirError::ContentCoding);
    }
    Ok(())
}

/// A transport that does not compare the two must not make half a body a whole one.
fn check_length(headers: &HeaderMap, body: &Bytes) -> Result<(), FhirError> {
    for declared in headers.get_all(CONTENT_LENGTH) {
        let length = declared
            .to_str()
            .ok()
            .and_then(|text| text.trim().parse::<usize>().ok());
        if length != Some(body.len()) {
            return Err(FhirError::Length);
        }
    }
    Ok(())
}

fn read_body(
    headers: &HeaderMap,
    body: Bytes,
    version: FhirVersion,
    limits: &Limits,
    want: Want,
) -> Result<Answer, FhirError> {
    check_coding(headers)?;
    if body.len() > limits.body {
        return Err(JsonError::new(JsonRule::TooLarge, limits.body).into());
    }
    let declared = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let media = MediaRange::parse(declared);
    if let Some(media) = &media
        && let Some(form) = form_of(media, want)
    {
        check_version(media, version)?;
        return match form {
            Format::Json => read_fhir(&body, version, limits),
            Format::Xml => read_xml(&body, version, limits),
        };
    }
    match media {
        // a document may come as itself: handed on with its declared type, never looked into
        Some(media) if want == Want::Document => {
            check_no_page(&media)?;
            Ok(Answer {
                content: Content::Document(Binary::new(printable(declared, 128), body)),
                redacted: BsnReport::default(),
                oddities: Vec::new(),
            })
        }
        _ => Err(FhirError::ContentType(printable(declared, 64))),
    }
}

/// FHIR XML becomes the JSON form, and is then read like any other answer.
pub(crate) fn read_xml(body: &[u8], version: FhirVersion, limits: &Limits) -> Result<Answer, FhirError> {
    let converted = xml::to_json(body, version, limits)?;
    let read = |document: &Document<'_>, whole| content(document, whole, version);
    let (content, redacted) = bsn::read_own_redacted(converted.text, limits, read)?;
    Ok(Answer {
        content,
        redacted,
        oddities: converted.oddities,
    })
}

/// A document without a BSN is read where it lies; one with a BSN from a cleaned copy.
pub(crate) fn read_fhir(body: &[u8], version: FhirVersion, limits: &Limits) -> Result<Answer, FhirError> {
    let (content, redacted) = bsn::read_redacted(body, limits, |document, whole| content(document, whole, version))?;
    Ok(Answer {
        content,
        redacted,
        oddities: Vec::new(),
    })
}

fn content(document: &Document<'_>, whole: Whole, version: FhirVersion) -> Result<Content, FhirError> {
    let kind = document.root().member("resourceType").and_then(|kind| kind.as_str());
    if kind.as_deref() == Some("Bundle") {
        return Ok(Content::Bundle(Bundle::read(document, whole)?));
    }
    let resource = Resource::read(document, whole)?;
    Ok(match resource.resource_type().as_str() {
        "OperationOutcome" => Content::Outcome(OperationOutcome::read(&resource)?),
        "Binary" => Content::Document(Binary::read(&resource, version)?),
        _ => Content::Resource(resource),
    })
}
