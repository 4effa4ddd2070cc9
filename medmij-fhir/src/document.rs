// SPDX-License-Identifier: AGPL-3.0-or-later
//! A document that is read as it comes: Binary as FHIR JSON, as FHIR XML, or the document itself (threats F3 and F4).
//!
//! Of a FHIR Binary the base64 is decoded on the way, and is never in memory as a whole; everything else in it is kept,
//! within 1 MiB, and read at the end by the readers of every other answer: so a duplicate member, a `Binary` of another
//! type or a BSN beside the document are found as they always are. A document is whole only when
//! [`DocumentReader::finish`] says so.

mod base64;
mod json;
mod xml;

use http::HeaderMap;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};

use crate::answer::{self, Answer, Content, Want};
use crate::bsn::BsnReport;
use crate::error::FhirError;
use crate::format::Format;
use crate::json::{JsonError, JsonRule};
use crate::limits::Limits;
use crate::media::MediaRange;
use crate::outcome::printable;
use crate::version::FhirVersion;

/// A document that went to its sink as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamedDocument {
    /// The media type that its sender declared; never guessed from the content.
    pub content_type: String,
    /// Its length in bytes.
    pub length: u64,
}

/// Reads one document.
pub(crate) struct DocumentReader {
    form: Form,
    version: FhirVersion,
    limits: Limits,
    declared: Option<u64>,
    received: u64,
    written: u64,
}

enum Form {
    Itself { content_type: String },
    Json(json::Splitter),
    Xml(xml::Splitter),
}

/// What a whole body turned out to be.
pub(crate) enum Read {
    Document(StreamedDocument, BsnReport),
    /// Another resource: what the server says instead.
    Other(Answer),
}

impl DocumentReader {
    /// Judges the head of a successful answer.
    pub(crate) fn new(headers: &HeaderMap, version: FhirVersion, limits: &Limits) -> Result<Self, FhirError> {
        answer::check_coding(headers)?;
        let mut lengths = headers.get_all(CONTENT_LENGTH).iter().map(|length| {
            let length = length.to_str().ok().and_then(|text| text.trim().parse::<u64>().ok());
            length.ok_or(FhirError::Length)
        });
        let declared = lengths.next().transpose()?;
        for other in lengths {
            if Some(other?) != declared {
                return Err(FhirError::Length);
            }
        }
        if declared.is_some_and(|length| length > limits.document) {
            return Err(FhirError::DocumentTooLarge(limits.document));
        }
        let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default();
        let media =
            MediaRange::parse(content_type).ok_or_else(|| FhirError::ContentType(printable(content_type, 64)))?;
        answer::check_no_page(&media)?;
        let content = match version {
            FhirVersion::Stu3 => "content",
            FhirVersion::R4 => "data",
        };
        let form = match answer::form_of(&media, Want::Document) {
            None => Form::Itself {
                content_type: printable(content_type, 128),
            },
            Some(form) => {
                answer::check_version(&media, version)?;
                match form {
                    Format::Json => Form::Json(json::Splitter::new(content)),
                    Format::Xml => Form::Xml(xml::Splitter::new(content)),
                }
            }
        };
        Ok(Self {
            form,
            version,
            limits: *limits,
            declared,
            received: 0,
            written: 0,
        })
    }

    /// Takes the next bytes of the body; what they say of the document is appended to `out`.
    pub(crate) fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), FhirError> {
        self.received += bytes.len() as u64;
        if self.received > self.limits.document {
            return Err(FhirError::DocumentTooLarge(self.limits.document));
        }
        if self.declared.is_some_and(|declared| self.received > declared) {
            return Err(FhirError::Length);
        }
        let before = out.len();
        match &mut self.form {
            Form::Itself { .. } => out.extend_from_slice(bytes),
            Form::Json(splitter) => splitter.push(bytes, out)?,
            Form::Xml(splitter) => splitter.push(bytes, out)?,
        }
        self.written += (out.len() - before) as u64;
        Ok(())
    }

    /// The body has ended: whether it was whole, and what it was.
    pub(crate) fn finish(self, out: &mut Vec<u8>) -> Result<Read, FhirError> {
        if self.declared.is_some_and(|declared| self.received != declared) {
            return Err(FhirError::Length);
        }
        let before = out.len();
        let (answer, streamed) = match self.form {
            Form::Itself { content_type } => {
                let document = StreamedDocument {
                    content_type,
                    length: self.written,
                };
                return Ok(Read::Document(document, BsnReport::default()));
            }
            Form::Json(splitter) => {
                let (rest, streamed) = splitter.finish(out)?;
                (answer::read_fhir(&rest, self.version, &self.limits)?, streamed)
            }
            Form::Xml(splitter) => {
                let (rest, streamed) = splitter.finish(out)?;
                (answer::read_xml(&rest, self.version, &self.limits)?, streamed)
            }
        };
        let Content::Document(binary) = &answer.content else {
            // its content, if it had any, went to the sink, which is dropped
            return Ok(Read::Other(answer));
        };
        if !streamed {
            // the name of the element was written in a way that was not found on the way
            out.extend_from_slice(binary.content());
        }
        let document = StreamedDocument {
            content_type: binary.content_type().to_owned(),
            length: self.written + (out.len() - before) as u64,
        };
        Ok(Read::Document(document, answer.redacted))
    }
}

/// What is around a document is small.
const MOST_AROUND: usize = 1 << 20;

/// Keeps what is around a document.
fn keep(around: &mut Vec<u8>, bytes: &[u8]) -> Result<(), FhirError> {
    if around.len() + bytes.len() > MOST_AROUND {
        return Err(JsonError::new(JsonRule::TooLarge, MOST_AROUND).into());
    }
    around.extend_from_slice(bytes);
    Ok(())
}

#[cfg(test)]
mod tests;
