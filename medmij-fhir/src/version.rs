// SPDX-License-Identifier: AGPL-3.0-or-later
//! The FHIR version of a gegevensdienst and the media type that asks for it.
//!
//! A gegevensdienst speaks one version, never two. The version travels as the `fhirVersion`
//! parameter of the media type, in `Accept` and in `Content-Type` (case H11).

use std::fmt;

use crate::format::Format;

/// A FHIR release that MedMij uses.
///
/// ```
/// use medmij_fhir::FhirVersion;
///
/// assert_eq!(FhirVersion::Stu3.mime(), "application/fhir+json; fhirVersion=3.0");
/// assert_eq!(FhirVersion::from_parameter("4.0"), Some(FhirVersion::R4));
/// assert_eq!(FhirVersion::from_parameter("5.0"), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum FhirVersion {
    /// FHIR 3.0.1 and 3.0.2.
    Stu3,
    /// FHIR 4.0.1.
    R4,
}

impl FhirVersion {
    /// The media type with its `fhirVersion` parameter, as sent in `Accept` and `Content-Type`.
    #[must_use]
    pub const fn mime(self) -> &'static str {
        match self {
            Self::Stu3 => "application/fhir+json; fhirVersion=3.0",
            Self::R4 => "application/fhir+json; fhirVersion=4.0",
        }
    }

    /// The same in this form.
    ///
    /// ```
    /// use medmij_fhir::{FhirVersion, Format};
    ///
    /// assert_eq!(FhirVersion::R4.mime_of(Format::Xml), "application/fhir+xml; fhirVersion=4.0");
    /// ```
    #[must_use]
    pub const fn mime_of(self, format: Format) -> &'static str {
        match (self, format) {
            (_, Format::Json) => self.mime(),
            (Self::Stu3, Format::Xml) => "application/fhir+xml; fhirVersion=3.0",
            (Self::R4, Format::Xml) => "application/fhir+xml; fhirVersion=4.0",
        }
    }

    /// The value of the `fhirVersion` parameter: `3.0` or `4.0`.
    #[must_use]
    pub const fn parameter(self) -> &'static str {
        match self {
            Self::Stu3 => "3.0",
            Self::R4 => "4.0",
        }
    }

    /// Reads the value of a `fhirVersion` parameter; a patch number (`3.0.2`) is allowed.
    #[must_use]
    pub fn from_parameter(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let version = match (parts.next(), parts.next()) {
            (Some("3"), Some("0")) => Self::Stu3,
            (Some("4"), Some("0")) => Self::R4,
            _ => return None,
        };
        match (parts.next(), parts.next()) {
            (None, _) => Some(version),
            (Some(patch), None) if is_number(patch) => Some(version),
            _ => None,
        }
    }
}

impl fmt::Display for FhirVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stu3 => "FHIR STU3",
            Self::R4 => "FHIR R4",
        })
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::FhirVersion;

    #[test]
    fn version_parameters_of_a_media_type_are_read() {
        let cases = [
            ("3.0", Some(FhirVersion::Stu3)),
            ("3.0.2", Some(FhirVersion::Stu3)),
            ("4.0", Some(FhirVersion::R4)),
            ("4.0.1", Some(FhirVersion::R4)),
            ("4.3", None),
            ("3", None),
            ("3.0.", None),
            ("3.0.x", None),
            ("3.0.1.1", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(FhirVersion::from_parameter(text), expected, "{text}");
        }
    }
}
