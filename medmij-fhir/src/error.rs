// SPDX-License-Identifier: AGPL-3.0-or-later
//! What can go wrong on the client side.

use http::StatusCode;

use crate::endpoint::LinkError;
use crate::json::JsonError;
use crate::query::QueryError;
use crate::xml::XmlError;

/// An error of a request or an answer. It holds no token, no health data and no body.
///
/// ```
/// use medmij_fhir::FhirError;
///
/// assert!(FhirError::Unauthorized.ends_collection());
/// assert_eq!(FhirError::TooManyPages(1000).to_string(), "more than 1000 pages");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FhirError {
    /// The body is not what it should be.
    #[error("answer is refused: {0}")]
    Json(#[from] JsonError),
    /// The body is not the FHIR XML that it should be, or what is sent cannot be written as FHIR XML.
    #[error("FHIR XML is refused: {0}")]
    Xml(#[from] XmlError),
    /// A Binary has no `contentType`.
    #[error("binary has no contentType")]
    NoContentType,
    /// A Binary has neither `content` (STU3) nor `data` (R4), whichever its version has.
    #[error("binary has no content element of its FHIR version")]
    NoContent,
    /// The content of a Binary is not base64 (RFC 4648 section 4; white space is allowed).
    #[error("content of the binary is not base64")]
    Base64,
    /// A link leads outside the ResourceEndpoint, or in a circle (F1, F2).
    #[error(transparent)]
    Link(#[from] LinkError),
    /// A query cannot be asked.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// 401: the token is not, or no longer, accepted. The collection ends.
    #[error("server does not accept the access token (401)")]
    Unauthorized,
    /// A redirect: never followed on the back channel.
    #[error("server redirects ({0}), which is not followed on the back channel")]
    Redirect(StatusCode),
    /// F4: the body is neither FHIR JSON nor FHIR XML.
    #[error("answer is not FHIR JSON or XML but {0:?}")]
    ContentType(String),
    /// The answer is in another FHIR version than was asked.
    #[error("answer is in FHIR version {0:?}, which was not asked")]
    Version(String),
    /// F3: the body has a content coding; none was asked for.
    #[error("answer has a content coding, which was not asked for")]
    ContentCoding,
    /// A successful answer holds something else than a searchset Bundle.
    #[error("answer is not a searchset Bundle but {0}")]
    NotASearchset(String),
    /// The answer to the read of a document is something else.
    #[error("answer is not a document but {0}")]
    NotABinary(String),
    /// F2: more pages than the limit. The collection ends.
    #[error("more than {0} pages")]
    TooManyPages(usize),
    /// F2: more entries than the limit. The collection ends.
    #[error("more than {0} entries")]
    TooManyEntries(usize),
    /// F2: more documents than the limit; the others are not read.
    #[error("more than {0} documents")]
    TooManyDocuments(usize),
    /// F2: more references than the limit; the others are not read.
    #[error("more than {0} references")]
    TooManyReferences(usize),
    /// F3: a document is longer than the limit of bytes.
    #[error("document is longer than {0} bytes")]
    DocumentTooLarge(u64),
    /// A document could not be kept by its sink.
    #[error("document could not be kept: {0}")]
    NotKept(std::io::ErrorKind),
    /// The answer to the read of a resource is something else.
    #[error("answer is not a resource but {0}")]
    NotAResource(String),
    /// 206: a part of an answer, which was not asked for.
    #[error("answer is a part (206), which was not asked for")]
    PartialContent,
    /// The body is longer or shorter than its `Content-Length`.
    #[error("answer is not as long as its content-length")]
    Length,
    /// The gegevensdienst has a query for a systeemrol without a ResourceEndpoint.
    #[error("no ResourceEndpoint for systeemrol {0}")]
    NoEndpoint(String),
    /// An answer came although nothing was asked.
    #[error("answer without a request")]
    NothingAsked,
    /// The transport failed; the text is the caller's.
    #[error("no answer: {0}")]
    NoAnswer(String),
    /// The token holds characters that cannot occur in a header.
    #[error("access token cannot occur in a header")]
    TokenForm,
    /// No randomness for a MedMij-Request-ID.
    #[error("no randomness for a MedMij-Request-ID")]
    Entropy,
}

impl FhirError {
    /// Whether a collection asks nothing more after this error.
    #[must_use]
    pub fn ends_collection(&self) -> bool {
        matches!(
            self,
            Self::Unauthorized | Self::TooManyPages(_) | Self::TooManyEntries(_)
        )
    }
}
