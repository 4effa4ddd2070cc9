// SPDX-License-Identifier: AGPL-3.0-or-later
//! FHIR STU3 and R4 over the MedMij back channel: gegevensdiensten as queries.
//!
//! A DVP collects with a [`Collection`]: it says which request comes next and takes the answer, and the
//! caller sends, over whatever back channel it has. A DVZA answers with a [`server::Responder`] over the
//! resources of one Persoon. Nothing here does IO; randomness is an argument.
//!
//! ```
//! use medmij_fhir::server::{ResourceSet, Responder};
//! use medmij_fhir::{Access, Collection, Gegevensdienst, Limits, ResourceEndpoint, ResourceEndpoints};
//! use medmij_types::{AccessToken, BackchannelUri, CorrelationId, GegevensdienstId, OsEntropy, Systeemrolcode};
//!
//! let bgz = Gegevensdienst::lookup(&GegevensdienstId::parse("48")?).ok_or("unknown")?;
//! let endpoint = ResourceEndpoint::new(BackchannelUri::parse("https://dvza.example.nl/fhir/48")?)?;
//!
//! // the DVZA, with one resource
//! let responder = Responder::new(endpoint.clone(), bgz);
//! let mut set = ResourceSet::new();
//! set.insert_json(br#"{"resourceType":"Flag","id":"mrsa","status":"active"}"#)?;
//!
//! // the DVP
//! let access = Access::new(
//!     ResourceEndpoints::new(Systeemrolcode::parse("MM-3.0-BZB-FHIR")?, endpoint),
//!     AccessToken::from_wire("een-token")?,
//!     CorrelationId::random(&OsEntropy)?,
//!     bgz.version(),
//! );
//! let mut collection = Collection::new(bgz, access, Limits::default())?;
//! while let Some(request) = collection.next(&OsEntropy)? {
//!     let response = responder.answer(&request, &set); // between them: mutual TLS
//!     collection.receive(response)?;
//! }
//! let report = collection.finish();
//! assert!(report.is_complete());
//! assert_eq!(report.resources().count(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where to find what
//!
//! | rule | where |
//! | --- | --- |
//! | core.rscint.200, core.rscint.201: headers of a request | [`Access`] |
//! | core.rscint.203: nothing that names the Persoon, no BSN | [`Query`], [`redact_bsn`], [`server::ResourceSet`] |
//! | links stay inside the ResourceEndpoints | [`ResourceEndpoint::admit`] |
//! | pages end, answers are bounded | [`Collection`], [`Limits`] |
//! | what each gegevensdienst asks | [`Catalogue`], [`Gegevensdienst`], [`Choices`] |
//! | a resource, and a Bundle, is its bytes | [`Resource`], [`Bundle`] |
//! | FHIR XML | [`xml`] |
//! | what the qualification asserts of every answer | [`check`] |
//! | which zibs are filled | [`coverage`] |
//! | what a DVA answers | [`server::Responder`] over a [`server::Bronsysteem`] |
//!
//! # Features
//!
//! * `folder`, `sqlite`, `postgres`: bronsystemen over a folder of files, a SQLite file, a PostgreSQL database. A FHIR
//!   server behind needs none: [`server::FhirBron`].
//!
//! # Limits
//!
//! * Delen at the side of the DVP is absent; of the catalogue, what takes one step and no dates is collected.
//! * Long results of a search are kept in the memory of one process: replicas send the requests of one access token
//!   to the same one, or a page answers 410 and the search is repeated.
//! * Documents are read whole, up to [`Limits::body`]; they are not streamed.
//! * A BSN in free text is cut out where the answer says that it is one; else it is reported and kept, since one
//!   nine-digit number in eleven looks like one.
//! * Of the references, only the attachments of a DocumentReference are followed.
//! * The caller keeps the deadlines: 60 s for an answer (core.rscint.202), and one for the whole.
#![forbid(unsafe_code)]

mod access;
mod binary;
mod bsn;
mod bundle;
mod catalogue;
pub mod check;
mod collection;
pub mod coverage;
mod endpoint;
mod error;
mod format;
mod gegevensdienst;
mod json;
mod limits;
mod media;
mod name;
mod outcome;
mod query;
mod reference;
mod resource;
pub mod server;
mod table;
mod version;
pub mod xml;

pub use crate::{
    access::{Access, MEDMIJ_REQUEST_ID, X_CORRELATION_ID},
    binary::{Binary, BinaryError},
    bsn::{BSN_SYSTEM, BsnPath, BsnReport, Redacted, redact_bsn},
    bundle::{
        Bundle, BundleDraft, BundleEntry, BundleFault, BundleLink, BundleRule, BundleType, EntryDraft, EntryRequest,
        EntryResponse, SearchMode,
    },
    catalogue::{Catalogue, CatalogueError},
    collection::{Collected, Collection, DocumentReport, Outcome, QueryReport, Received, Report},
    endpoint::{LinkError, LinkRule, ResourceEndpoint, ResourceEndpoints, Target},
    error::FhirError,
    format::Format,
    gegevensdienst::{
        BundleKind, FollowUp, Functie, Gegevensdienst, Mark, QueryMethod, ServiceQuery, Share, TargetError, ZibList,
    },
    json::{JsonError, JsonRule},
    limits::Limits,
    name::{NameError, ResourceId, ResourceType},
    outcome::{Issue, IssueCode, OperationOutcome, Severity},
    query::{Choices, Query, QueryError, SearchDate, SearchDateError, Token},
    reference::{Reference, ReferenceError},
    resource::Resource,
    version::FhirVersion,
};
