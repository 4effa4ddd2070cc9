// SPDX-License-Identifier: AGPL-3.0-or-later
//! Binary: a document as bytes with the media type that its sender declared (threat F4).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;

use crate::error::FhirError;
use crate::json;
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
/// # Ok::<(), medmij_fhir::FhirError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Binary {
    content_type: String,
    content: Bytes,
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
    /// [`FhirError::Json`], [`FhirError::NoContentType`], [`FhirError::NoContent`] and [`FhirError::Base64`].
    pub fn read(resource: &Resource, version: FhirVersion) -> Result<Self, FhirError> {
        #[derive(Deserialize)]
        struct Wire {
            #[serde(rename = "contentType")]
            content_type: Option<String>,
            content: Option<String>,
            data: Option<String>,
        }
        if resource.resource_type().as_str() != "Binary" {
            return Err(FhirError::Json(json::shape(0)));
        }
        let wire: Wire = resource.view().map_err(FhirError::Json)?;
        let encoded = match version {
            FhirVersion::Stu3 => wire.content,
            FhirVersion::R4 => wire.data,
        };
        let mut encoded = encoded.ok_or(FhirError::NoContent)?.into_bytes();
        encoded.retain(|byte| !byte.is_ascii_whitespace());
        let content = STANDARD.decode(encoded).map_err(|_| FhirError::Base64)?;
        Ok(Self::new(
            wire.content_type.ok_or(FhirError::NoContentType)?,
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
    use super::{Binary, FhirError};
    use crate::limits::Limits;
    use crate::resource::Resource;
    use crate::version::FhirVersion;

    fn read(text: &str, version: FhirVersion) -> Result<Binary, FhirError> {
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
        assert_eq!(read(r4, FhirVersion::Stu3), Err(FhirError::NoContent));
    }

    #[test]
    fn other_addresses_and_types_are_refused() {
        let bad = r#"{"resourceType":"Binary","contentType":"text/plain","content":"a*=="}"#;
        assert_eq!(read(bad, FhirVersion::Stu3), Err(FhirError::Base64));
        let untyped = r#"{"resourceType":"Binary","content":"aGFsbG8="}"#;
        assert_eq!(read(untyped, FhirVersion::Stu3), Err(FhirError::NoContentType));
        assert!(matches!(
            read(r#"{"resourceType":"Flag"}"#, FhirVersion::Stu3),
            Err(FhirError::Json(_))
        ));
    }
}
