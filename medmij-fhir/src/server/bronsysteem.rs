// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is behind a FHIR server of a DVA: a bronsysteem of the Aanbieder.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use http::StatusCode;
use medmij_types::{Bsn, CorrelationId, GegevensdienstId};

use crate::name::{ResourceId, ResourceType};
use crate::outcome::IssueCode;
use crate::resource::Resource;

/// Whose data is asked, for what and in which flow: what the access token stands for.
///
/// `Debug` shows the gegevensdienst only.
///
/// ```
/// use medmij_fhir::server::Context;
/// use medmij_types::{Bsn, GegevensdienstId};
///
/// let context = Context::new(Bsn::parse("999990019")?, GegevensdienstId::parse("48")?);
/// assert!(!format!("{context:?}").contains("999990019"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct Context {
    persoon: Option<Bsn>,
    gegevensdienst: Option<GegevensdienstId>,
    correlation_id: Option<CorrelationId>,
}

impl Context {
    /// The Persoon and the gegevensdienst of a checked access token.
    #[must_use]
    pub fn new(persoon: Bsn, gegevensdienst: GegevensdienstId) -> Self {
        Self {
            persoon: Some(persoon),
            gegevensdienst: Some(gegevensdienst),
            correlation_id: None,
        }
    }

    /// Adds the `X-Correlation-ID` of the flow (core.rscint.201), for a source that logs it.
    #[must_use]
    pub fn with_correlation_id(mut self, id: CorrelationId) -> Self {
        self.correlation_id = Some(id);
        self
    }

    /// The Persoon; absent where a caller answers from resources that it has already chosen.
    #[must_use]
    pub fn persoon(&self) -> Option<&Bsn> {
        self.persoon.as_ref()
    }

    /// The gegevensdienst; absent likewise.
    #[must_use]
    pub fn gegevensdienst(&self) -> Option<&GegevensdienstId> {
        self.gegevensdienst.as_ref()
    }

    /// The id of the flow.
    #[must_use]
    pub fn correlation_id(&self) -> Option<&CorrelationId> {
        self.correlation_id.as_ref()
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("gegevensdienst", &self.gegevensdienst)
            .finish_non_exhaustive()
    }
}

/// What a search asks of a source.
///
/// A source may use the parameters to fetch less, and need not: the server filters what comes back.
/// So a source gives every match, perhaps more, never fewer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Wanted {
    /// The type that is searched.
    pub resource_type: ResourceType,
    /// The parameters that the server understood, decoded: filters and `_include`s, without paging and form.
    pub parameters: Vec<(String, String)>,
    /// Whether `$lastn` was asked.
    pub last_n: bool,
}

/// What reading one resource found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "a read has these three answers")]
pub enum Found {
    /// It is there.
    Resource(Resource),
    /// It was there, and was deleted.
    Gone,
    /// It is not known, or not of this Persoon.
    Unknown,
}

/// What a Persoon delivers (Delen).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivery {
    /// All entries or none (a transaction); otherwise each stands alone (a batch).
    pub atomic: bool,
    /// The entries in order. References between them have been made relative, every resource has its id.
    pub entries: Vec<DeliveryEntry>,
}

/// One entry of a [`Delivery`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeliveryEntry {
    /// A new resource, or a new version of one that is there.
    pub create: bool,
    /// The resource, with its id.
    pub resource: Resource,
}

/// What became of one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "a server makes a status of each")]
pub enum Stored {
    /// A new resource is there.
    Created,
    /// A new version is there.
    Updated,
    /// There is nothing to update under this id.
    Unknown,
    /// The source does not take it; the text goes to the sender and holds no personal data.
    Refused(String),
}

/// Why a source gave no answer. The text of [`Failed`](Self::Failed) is for the operator and stays out of the answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BronsysteemError {
    /// It cannot be reached now.
    #[error("source is not available")]
    Unavailable {
        /// When it can be tried again.
        retry_after: Option<Duration>,
    },
    /// It did not answer in time.
    #[error("source did not answer in time")]
    Timeout,
    /// It answered with something else than expected.
    #[error("source failed")]
    Failed(String),
    /// It does not do this.
    #[error("source does not support this")]
    NotSupported,
    /// It cannot tell whose data is asked.
    #[error("source needs the Persoon")]
    NoPersoon,
    /// It takes none of the delivery; the text goes to the sender and holds no personal data.
    #[error("{0}")]
    Refused(String),
}

impl BronsysteemError {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::Timeout => StatusCode::GATEWAY_TIMEOUT,
            Self::Failed(_) => StatusCode::BAD_GATEWAY,
            Self::NotSupported => StatusCode::NOT_FOUND,
            Self::NoPersoon => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }

    pub(super) fn code(&self) -> IssueCode {
        match self {
            Self::Unavailable { .. } => IssueCode::Transient,
            Self::Timeout => IssueCode::Timeout,
            Self::Failed(_) | Self::NoPersoon => IssueCode::Exception,
            Self::NotSupported => IssueCode::NotSupported,
            Self::Refused(_) => IssueCode::BusinessRule,
        }
    }
}

/// A source system of an Aanbieder.
///
/// The access token has been checked, and what comes back is filtered, paged, masked (core.rscint.203) and
/// written in the form that was asked. A source says what it has of one Persoon, and no more.
///
/// ```
/// use medmij_fhir::server::{Bronsysteem, BronsysteemError, Context, Found, Wanted};
/// use medmij_fhir::{Limits, Resource, ResourceId, ResourceType};
///
/// struct OneFlag;
///
/// impl Bronsysteem for OneFlag {
///     async fn find(&self, _: &Context, wanted: &Wanted) -> Result<Vec<Resource>, BronsysteemError> {
///         if wanted.resource_type.as_str() != "Flag" {
///             return Ok(Vec::new());
///         }
///         let flag = br#"{"resourceType":"Flag","id":"mrsa","status":"active"}"#;
///         let flag = Resource::parse(flag, &Limits::default()).map_err(|error| BronsysteemError::Failed(error.to_string()))?;
///         Ok(vec![flag])
///     }
///
///     async fn read(&self, _: &Context, _: &ResourceType, _: &ResourceId) -> Result<Found, BronsysteemError> {
///         Ok(Found::Unknown)
///     }
/// }
/// ```
pub trait Bronsysteem: Send + Sync {
    /// Every resource of the Persoon that may match, see [`Wanted`]; resources of other types may come along.
    fn find(
        &self,
        context: &Context,
        wanted: &Wanted,
    ) -> impl Future<Output = Result<Vec<Resource>, BronsysteemError>> + Send;

    /// One resource of the Persoon, or one that belongs to the Persoon's data (a Practitioner, an Organization).
    fn read(
        &self,
        context: &Context,
        resource_type: &ResourceType,
        id: &ResourceId,
    ) -> impl Future<Output = Result<Found, BronsysteemError>> + Send;

    /// The Ontvankelijkheidstoets: whether data of this Persoon is received for this gegevensdienst.
    fn receives(&self, context: &Context) -> impl Future<Output = Result<bool, BronsysteemError>> + Send {
        let _ = context;
        async { Ok(false) }
    }

    /// Stores what was delivered: one answer an entry, in order. Of an atomic delivery all or nothing is stored.
    fn store(
        &self,
        context: &Context,
        delivery: &Delivery,
    ) -> impl Future<Output = Result<Vec<Stored>, BronsysteemError>> + Send {
        let _ = (context, delivery);
        async { Err(BronsysteemError::NotSupported) }
    }
}
