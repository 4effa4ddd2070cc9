// SPDX-License-Identifier: AGPL-3.0-or-later
//! The text of `Reference.reference` and of other places that point at a resource (FHIR section 2.3.0).

use std::fmt;

use crate::name::{ResourceId, ResourceType};
use crate::value_error::FhirValueError;

/// Where a reference points.
///
/// ```
/// use medmij_fhir::Reference;
///
/// let reference = Reference::parse("Medication/paracetamol-500").unwrap();
/// let Reference::Relative { resource_type, id } = &reference else { panic!() };
/// assert_eq!((resource_type.as_str(), id.as_str()), ("Medication", "paracetamol-500"));
/// assert!(Reference::parse("Patient?identifier=1").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reference {
    /// `#id`: a resource contained in the same resource.
    Contained(ResourceId),
    /// `Type/id`, relative to the service that sent it; a version (`/_history/1`) is dropped.
    Relative {
        /// Type of the target.
        resource_type: ResourceType,
        /// Logical id of the target.
        id: ResourceId,
    },
    /// An absolute `https` or `http` URL. It is followed only inside a ResourceEndpoint.
    Absolute(String),
    /// `urn:uuid:` or `urn:oid:`: another entry of the same Bundle.
    Urn(String),
}

impl Reference {
    /// Reads the text of a reference. Conditional references (`Type?query`) are refused.
    ///
    /// # Errors
    /// [`FhirValueError::Reference`].
    pub fn parse(text: &str) -> Result<Self, FhirValueError> {
        if let Some(fragment) = text.strip_prefix('#') {
            return ResourceId::parse(fragment)
                .map(Self::Contained)
                .map_err(|_| FhirValueError::Reference);
        }
        if text.starts_with("urn:uuid:") || text.starts_with("urn:oid:") {
            return Ok(Self::Urn(text.to_owned()));
        }
        if text.starts_with("https://") || text.starts_with("http://") {
            let url = url::Url::parse(text).map_err(|_| FhirValueError::Reference)?;
            return if url.query().is_some() {
                Err(FhirValueError::Reference)
            } else {
                Ok(Self::Absolute(text.to_owned()))
            };
        }
        let mut parts = text.split('/');
        let (Some(resource_type), Some(id)) = (parts.next(), parts.next()) else {
            return Err(FhirValueError::Reference);
        };
        match (parts.next(), parts.next(), parts.next()) {
            (None, ..) => {}
            (Some("_history"), Some(version), None) if ResourceId::parse(version).is_ok() => {}
            _ => return Err(FhirValueError::Reference),
        }
        Ok(Self::Relative {
            resource_type: ResourceType::parse(resource_type).map_err(|_| FhirValueError::Reference)?,
            id: ResourceId::parse(id).map_err(|_| FhirValueError::Reference)?,
        })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Contained(id) => write!(f, "#{id}"),
            Self::Relative { resource_type, id } => write!(f, "{resource_type}/{id}"),
            Self::Absolute(text) | Self::Urn(text) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Reference;

    #[test]
    fn each_form_of_a_reference_is_read() {
        for (text, shown) in [
            ("#med1", "#med1"),
            ("Patient/p1", "Patient/p1"),
            ("Patient/p1/_history/3", "Patient/p1"),
            (
                "https://dvza.example.nl/fhir/Patient/p1",
                "https://dvza.example.nl/fhir/Patient/p1",
            ),
            (
                "urn:uuid:0f9f0f7e-9c62-4f0c-8a52-1b6f0f0b1b11",
                "urn:uuid:0f9f0f7e-9c62-4f0c-8a52-1b6f0f0b1b11",
            ),
        ] {
            assert_eq!(Reference::parse(text).unwrap().to_string(), shown);
        }
        for text in [
            "",
            "#",
            "Patient",
            "patient/1",
            "Patient/",
            "Patient/1/2",
            "Patient/../1",
            "//x/y",
            "https://",
            "urn:x:1",
            "Patient/1?x=1",
            "https://x.nl/Patient?identifier=1",
        ] {
            assert!(Reference::parse(text).is_err(), "{text}");
        }
    }
}
