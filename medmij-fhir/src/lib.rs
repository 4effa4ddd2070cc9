// SPDX-License-Identifier: AGPL-3.0-or-later
//! FHIR STU3 and R4 over the MedMij back channel: gegevensdiensten as queries.
//!
//! A DVP collects with a [`Collection`]: it says which requests can be sent and takes the answers; the caller
//! sends, or the collection is [driven](Collection::drive) over a [`Channel`] (feature `net`: the back channel of
//! `medmij-net`). A DVZA answers with a [`server::Responder`] over the
//! resources of one Persoon. Nothing here does IO; randomness is an argument.
//!
//! ```
//! use medmij_fhir::server::{ResourceSet, Responder};
//! use medmij_fhir::{Collection, Gegevensdienst, ResourceEndpoint, ResourceEndpoints, Verdict};
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
//! let endpoints = ResourceEndpoints::new(Systeemrolcode::parse("MM-3.0-BZB-FHIR")?, endpoint);
//! let token = AccessToken::from_wire("een-token")?;
//! let mut collection = Collection::of(bgz, endpoints, token, CorrelationId::random(&OsEntropy)?)?;
//! let now = std::time::SystemTime::UNIX_EPOCH; // of the clock
//! while let Some(ask) = collection.next(now, &OsEntropy)? {
//!     let response = responder.answer(&ask.request, &set); // between them: mutual TLS
//!     collection.receive(ask.ticket, response, now)?;
//! }
//! match collection.finish().verdict() {
//!     Verdict::Whole(whole) => assert_eq!(whole.resources().count(), 1),
//!     Verdict::Partial(part) => panic!("not complete: {:?}", part.gaps()),
//! }
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
//! | core.rscint.202: 60 s for an answer; several requests at once | [`Collection::drive`], [`HostLimit`] |
//! | documents of any length | [`Collection::drive_into`] |
//! | nothing partial passes for the whole | [`Verdict`], [`Gap`] |
//! | Delen: what is sent, and what became of each entry | [`ShareDraft`], [`Sharing`], [`QuestionnaireTask`] |
//! | what each gegevensdienst asks | [`Catalogue`], [`Gegevensdienst`], [`Choices`] |
//! | a resource, and a Bundle, is its bytes | [`Resource`], [`Bundle`] |
//! | FHIR XML | [`xml`] |
//! | a narrative that can be shown | [`xml::sanitize`] |
//! | what the qualification asserts of every answer | [`check`] |
//! | which zibs are filled | [`coverage`] |
//! | core.dossier.104: what a Persoon reads of it | `show` (feature `show`) |
//! | what a DVA answers | [`server::Responder`] over a [`server::Bronsysteem`] |
//!
//! # Types of your own
//!
//! A [`Resource`] is its bytes, after redaction. [`Resource::view`] reads it as any type that serde reads: a struct with
//! the three elements that you show, or a type of a full model. A model with a reader of its own reads
//! [`Resource::as_bytes`], and what it writes comes back by [`Resource::parse`]; `support/r4-oracle/examples/full_model.rs`
//! does so with `fhirbolt::model::r4`. Keep the bytes beside the types: what a model does not know is lost in it.
//!
//! ```
//! use medmij_fhir::{Limits, Resource};
//!
//! #[derive(serde::Deserialize)]
//! struct Alert {
//!     status: String,
//! }
//!
//! let flag = br#"{"resourceType":"Flag","id":"mrsa","status":"active","period":{"start":"2026"}}"#;
//! let flag = Resource::parse(flag, &Limits::default())?;
//! assert_eq!(flag.view::<Alert>()?.status, "active");
//! # Ok::<(), medmij_fhir::JsonError>(())
//! ```
//!
//! # Features
//!
//! * `show`: views of resources in plain Dutch, for the Persoon.
//! * `folder`, `sqlite`, `postgres`: bronsystemen over a folder of files, a SQLite file, a PostgreSQL database. A FHIR
//!   server behind needs none: [`server::FhirBronsysteem`].
//!
//! # Limits
//!
//! * Image availability is in the catalogue only.
//! * Long results of a search are kept in the memory of one process. Replicas share a [`server::PageSeal`]; without it
//!   they send the requests of one access token to the same process, or a page answers 410 and the search is repeated.
//! * [`Collection::drive`] reads documents whole, up to [`Limits::body`]; [`Collection::drive_into`] streams them to a
//!   sink, up to [`Limits::document`].
//! * A BSN in free text is cut out where the answer says that it is one; else it is reported and kept, since one
//!   nine-digit number in eleven looks like one.
//! * Who sends himself keeps the deadline of 60 s for an answer, and one for the whole.
#![forbid(unsafe_code)]

mod access;
mod answer;
mod binary;
mod bsn;
mod bundle;
mod catalogue;
pub mod check;
mod collection;
pub mod coverage;
mod document;
mod endpoint;
mod error;
mod format;
mod gegevensdienst;
mod json;
mod limits;
mod media;
mod name;
mod outcome;
mod patch;
mod query;
mod reference;
mod resource;
pub mod server;
mod share;
#[cfg(feature = "show")]
pub mod show;
mod table;
mod text;
mod value_error;
mod version;
pub mod xml;

pub use crate::{
    access::{Access, MEDMIJ_REQUEST_ID, X_CORRELATION_ID},
    binary::Binary,
    bsn::{BSN_SYSTEM, BsnPath, BsnReport, Redacted, redact_bsn},
    bundle::{
        Bundle, BundleEntry, BundleFault, BundleLink, BundleRule, BundleType, EntryRequest, EntryResponse, SearchMode,
    },
    catalogue::{Catalogue, CatalogueError},
    collection::{
        Ask, Channel, Collected, Collection, DocumentReport, DocumentSink, Documents, Drive, Driven, Gap, GapReason,
        HostLimit, Outcome, Partial, Progress, QueryReport, Received, ReferenceReport, References, Report, SendError,
        SendFault, StreamingChannel, Ticket, Verdict, Whole,
    },
    document::StreamedDocument,
    endpoint::{LinkError, LinkRule, ResourceEndpoint, ResourceEndpoints, Target},
    error::FhirError,
    format::Format,
    gegevensdienst::{
        BundleKind, FollowUp, Gegevensdienst, Mark, QueryMethod, ServiceFunction, ServiceQuery, Share, ZibList,
    },
    json::{JsonError, JsonRule},
    limits::Limits,
    name::{ResourceId, ResourceType},
    outcome::{Issue, IssueCode, OperationOutcome, Severity},
    patch::{JsonPatch, PatchError},
    query::{Choices, Query, QueryError, SearchDate, Token},
    reference::Reference,
    resource::Resource,
    share::{
        EntryResult, EntryUrl, QuestionnaireTask, ShareDraft, ShareError, Shared, Sharing, TaskStatus, TaskUpdate,
    },
    value_error::FhirValueError,
    version::FhirVersion,
};
