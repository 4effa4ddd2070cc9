// SPDX-License-Identifier: AGPL-3.0-or-later
//! Binary: a document as bytes with the media type that its sender declared (threat F4).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;

use crate::json::{self, JsonError};
use crate::resource::Resource;
use crate::version::FhirVersion;

/// A document. The type is what the sender says, never guessed from the content.
///
/// `Debug` shows type and length only.
///
/// ```
/// use medmij_fhir::{Binary, FhirVersion, Limits, Resource};
///
/// let stu3 = br#"{"resourceType":"Binary","contentType":"application/pdf","content":"JVBERi0="}"#;
/// let stu3 = Resource::parse(stu3, &Limits::default()).unwrap();
/// let binary = Binary::read(&stu3, FhirVersion::Stu3)?;
/// assert_eq!((binary.content_type(), &binary.content()[..]), ("application/pdf", &b"%PDF-"[..]));
///
/// // R4 calls the same element `data`
/// assert!(Binary::read(&stu3, FhirVersion::R4).is_err());
/// # Ok::<(), medmij_fhir::BinaryError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Binary {
    content_type: String,
    content: Bytes,
}

/// Why a resource is not a Binary that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum BinaryError {
    /// Another resource type, or elements of another kind.
    #[error("not a Binary: {0}")]
    Shape(JsonError),
    /// No `contentType`.
    #[error("binary has no contentType")]
    NoContentType,
    /// Neither `content` (STU3) nor `data` (R4), whichever this version has.
    #[error("binary has no content element of its FHIR version")]
    NoContent,
    /// Not base64 (RFC 4648 section 4; white space is allowed).
    #[error("content of the binary is not base64")]
    Base64,
}

impl Binary {
    /// Bytes with a declared media type.
    #[must_use]
    pub fn new(content_type: impl Into<String>, content: Bytes) -> Self {
        Self {
            content_type: content_type.into(),
            content,
        }
    }

    /// Reads a Binary resource: `content` in STU3, `data` in R4.
    ///
    /// # Errors
    /// [`BinaryError`].
    pub fn read(resource: &Resource, version: FhirVersion) -> Result<Self, BinaryError> {
        #[derive(Deserialize)]
        struct Wire {
            #[serde(rename = "contentType")]
            content_type: Option<String>,
            content: Option<String>,
            data: Option<String>,
        }
        if resource.resource_type().as_str() != "Binary" {
            return Err(BinaryError::Shape(json::shape(0)));
        }
        let wire: Wire = resource.view().map_err(BinaryError::Shape)?;
        let encoded = match version {
            FhirVersion::Stu3 => wire.content,
            FhirVersion::R4 => wire.data,
        };
        let mut encoded = encoded.ok_or(BinaryError::NoContent)?.into_bytes();
        encoded.retain(|byte| !byte.is_ascii_whitespace());
        let content = STANDARD.decode(encoded).map_err(|_| BinaryError::Base64)?;
        Ok(Self::new(
            wire.content_type.ok_or(BinaryError::NoContentType)?,
            content.into(),
        ))
    }

    /// The declared media type.
    #[must_use]
    pub fn content_type(&self) -> &str {
        &self.content_type
    }

    /// The bytes of the document.
    #[must_use]
    pub fn content(&self) -> &Bytes {
        &self.content
    }
}

impl fmt::Debug for Binary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Binary({:?}, {} bytes)", self.content_type, self.content.len())
    }
}

#[cfg(test)]
mod tests {
    use super::{Binary, BinaryError};
    use crate::limits::Limits;
    use crate::resource::Resource;
    use crate::version::FhirVersion;

    fn read(text: &str, version: FhirVersion) -> Result<Binary, BinaryError> {
        Binary::read(&Resource::parse(text.as_bytes(), &Limits::default()).unwrap(), version)
    }

    #[test]
    fn stu3_content_and_r4_data() {
        let stu3 = r#"{"resourceType":"Binary","contentType":"text/plain","content":"aGFs\nbG8="}"#;
        let r4 = r#"{"resourceType":"Binary","contentType":"text/plain","data":"aGFsbG8="}"#;
        assert_eq!(
            read(stu3, FhirVersion::Stu3).unwrap(),
            Binary::new("text/plain", "hallo".into())
        );
        assert_eq!(
            read(r4, FhirVersion::R4).unwrap(),
            Binary::new("text/plain", "hallo".into())
        );
        assert_eq!(read(r4, FhirVersion::Stu3), Err(BinaryError::NoContent));
    }

    #[test]
    fn other_addresses_and_types_are_refused() {
        let bad = r#"{"resourceType":"Binary","contentType":"text/plain","content":"a*=="}"#;
        assert_eq!(read(bad, FhirVersion::Stu3), Err(BinaryError::Base64));
        let untyped = r#"{"resourceType":"Binary","content":"aGFsbG8="}"#;
        assert_eq!(read(untyped, FhirVersion::Stu3), Err(BinaryError::NoContentType));
        assert!(matches!(
            read(r#"{"resourceType":"Flag"}"#, FhirVersion::Stu3),
            Err(BinaryError::Shape(_))
        ));
    }
}
