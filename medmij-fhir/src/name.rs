// SPDX-License-Identifier: AGPL-3.0-or-later
//! Names of resource types and logical ids (FHIR data types `code` of a type and `id`).

use std::fmt;
use std::str::FromStr;

use crate::value_error::FhirValueError;

/// The name of a resource type: a capital followed by letters, 64 at most.
///
/// ```
/// use medmij_fhir::ResourceType;
///
/// assert_eq!(ResourceType::parse("Observation").unwrap().as_str(), "Observation");
/// assert!(ResourceType::parse("observation").is_err());
/// assert!(ResourceType::parse("Patient/1").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceType(Box<str>);

/// The logical id of a resource: 1 to 64 of `A-Z a-z 0-9 - .`.
///
/// ```
/// use medmij_fhir::ResourceId;
///
/// assert!(ResourceId::parse("bloeddruk-2026.1").is_ok());
/// assert!(ResourceId::parse("a/b").is_err());
/// assert!(ResourceId::parse("..").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceId(Box<str>);

impl ResourceType {
    /// Reads a name.
    ///
    /// # Errors
    /// [`FhirValueError::ResourceType`].
    pub fn parse(text: &str) -> Result<Self, FhirValueError> {
        let mut bytes = text.bytes();
        let good = bytes.next().is_some_and(|b| b.is_ascii_uppercase())
            && bytes.all(|b| b.is_ascii_alphabetic())
            && text.len() <= 64;
        if good {
            Ok(Self(text.into()))
        } else {
            Err(FhirValueError::ResourceType)
        }
    }
}

impl ResourceId {
    /// Reads an id. `.` and `..` are refused although FHIR allows them: in a URL they are no names.
    ///
    /// # Errors
    /// [`FhirValueError::ResourceId`].
    pub fn parse(text: &str) -> Result<Self, FhirValueError> {
        let good = (1..=64).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
            && text != "."
            && text != "..";
        if good {
            Ok(Self(text.into()))
        } else {
            Err(FhirValueError::ResourceId)
        }
    }
}

macro_rules! text_value {
    ($name:ident) => {
        impl $name {
            /// The exact text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = FhirValueError;

            fn from_str(text: &str) -> Result<Self, FhirValueError> {
                Self::parse(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = FhirValueError;

            fn try_from(text: String) -> Result<Self, FhirValueError> {
                Self::parse(&text)
            }
        }
    };
}

text_value!(ResourceType);
text_value!(ResourceId);
