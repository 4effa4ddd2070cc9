// SPDX-License-Identifier: AGPL-3.0-or-later
//! The two forms in which a resource travels.

/// JSON or XML.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// `application/fhir+json`
    Json,
    /// `application/fhir+xml`
    Xml,
}

impl Format {
    /// The other of the two.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Json => Self::Xml,
            Self::Xml => Self::Json,
        }
    }

    /// Which of the two a document is, by its first character.
    ///
    /// ```
    /// use medmij_fhir::Format;
    ///
    /// assert_eq!(Format::of(b" <Patient xmlns='http://hl7.org/fhir'/>"), Format::Xml);
    /// assert_eq!(Format::of(b"{}"), Format::Json);
    /// ```
    #[must_use]
    pub fn of(document: &[u8]) -> Self {
        let text = document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document);
        match text.trim_ascii_start().first() {
            Some(b'<') => Self::Xml,
            _ => Self::Json,
        }
    }
}
