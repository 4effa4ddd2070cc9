// SPDX-License-Identifier: AGPL-3.0-or-later
//! Why a request is refused, with the status and the issue code that go on the wire.

use http::StatusCode;

use super::bronsysteem::BronsysteemError;
use crate::name::ResourceType;
use crate::outcome::IssueCode;

/// Why a request is refused; [`status`](Self::status) and [`code`](Self::code) go on the wire.
///
/// ```
/// use medmij_fhir::IssueCode;
/// use medmij_fhir::server::Refusal;
///
/// let error = Refusal::FhirVersion; // case H11
/// assert_eq!((error.status().as_u16(), error.code()), (400, IssueCode::NotSupported));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The method is not one of this path.
    #[error("method is not supported here")]
    Method(&'static str),
    /// The path cannot be read: a name with characters that no type, id or operation has.
    #[error("path is malformed")]
    MalformedPath,
    /// The path is not that of a type, a resource or an operation.
    #[error("path is not supported")]
    Path,
    /// The resource type is not part of this gegevensdienst.
    #[error("resource type {0} is not supported")]
    ResourceType(ResourceType),
    /// An operation that this type does not have.
    #[error("operation is not supported on this resource type")]
    Operation,
    /// The parameter is not supported.
    #[error("search parameter {0} is not supported")]
    Parameter(String),
    /// The parameter is supported, this modifier of it is not; no policy leaves it out.
    #[error("modifier of search parameter {0} is not supported")]
    Modifier(String),
    /// The value of a parameter cannot be read, or is not supported.
    #[error("value of search parameter {0} is malformed or not supported")]
    Value(String),
    /// The include is not supported.
    #[error("_include is not supported for this element")]
    Include,
    /// core.rscint.203: a parameter names the Persoon, or holds a BSN.
    #[error("request names the Persoon, which only the access token does (core.rscint.203)")]
    NamesThePersoon,
    /// core.rscint.200, H09: the access token is in the query.
    #[error("access token belongs in the Authorization header (core.rscint.200)")]
    TokenInQuery,
    /// The page does not exist, its 900 s are over, or it is that of another access token.
    #[error("page does not exist or has expired: repeat the search")]
    Page,
    /// No resource with this id.
    #[error("resource is not known")]
    NotFound,
    /// The resource was deleted.
    #[error("resource is gone")]
    Gone,
    /// H11: another FHIR version is asked.
    #[error("fhirVersion is not supported")]
    FhirVersion,
    /// An answer in a form that this server does not write.
    #[error("media type is not supported: application/fhir+json and application/fhir+xml are")]
    NotAcceptable,
    /// A body in a form that this server does not read.
    #[error("content type is not supported: application/fhir+json and application/fhir+xml are")]
    ContentType,
    /// A patch in another form than JSON Patch.
    #[error("content type is not supported: a patch is application/json-patch+json")]
    PatchType,
    /// More bytes than the limit.
    #[error("body is too large")]
    TooLarge,
    /// The body is not what it should be; the text names the rule and the place, never the content.
    #[error("{0}")]
    Body(String),
    /// The body is sound, and breaks a rule of the gegevensdienst.
    #[error("{0}")]
    Rule(String),
    /// `If-Match`: another version of the resource is there, or none.
    #[error("resource is not of the version of If-Match")]
    Version,
    /// The Ontvankelijkheidstoets: this Aanbieder does not take data of this Persoon.
    #[error("nothing can be received for this access token")]
    NotReceived,
    /// More matches than are kept for paging.
    #[error("search has too many matches: narrow it")]
    TooCostly,
    /// A source did not answer as it should.
    #[error(transparent)]
    Bronsysteem(#[from] BronsysteemError),
    /// The answer could not be written, or there was no randomness.
    #[error("answer could not be made")]
    Internal,
}

impl Refusal {
    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Path | Self::ResourceType(_) | Self::Operation | Self::NotFound => StatusCode::NOT_FOUND,
            Self::Gone | Self::Page => StatusCode::GONE,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::ContentType | Self::PatchType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Rule(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Version => StatusCode::PRECONDITION_FAILED,
            Self::NotReceived | Self::TooCostly => StatusCode::FORBIDDEN,
            Self::Bronsysteem(error) => error.status(),
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// The code of the issue in the OperationOutcome.
    #[must_use]
    pub fn code(&self) -> IssueCode {
        match self {
            Self::NotFound | Self::Gone => IssueCode::NotFound,
            Self::Page => IssueCode::Expired,
            Self::Value(_) | Self::NamesThePersoon | Self::TokenInQuery | Self::MalformedPath | Self::Body(_) => {
                IssueCode::Invalid
            }
            Self::Version => IssueCode::Conflict,
            Self::TooLarge => IssueCode::TooLong,
            Self::Rule(_) | Self::NotReceived => IssueCode::BusinessRule,
            Self::TooCostly => IssueCode::TooCostly,
            Self::Bronsysteem(error) => error.code(),
            Self::Internal => IssueCode::Exception,
            _ => IssueCode::NotSupported,
        }
    }
}
