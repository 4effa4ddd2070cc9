// SPDX-License-Identifier: AGPL-3.0-or-later
//! FHIR STU3 and R4 over the MedMij back channel: gegevensdiensten as queries.
#![forbid(unsafe_code)]

mod access;
mod binary;
mod bsn;
mod bundle;
mod collection;
mod endpoint;
mod error;
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
mod version;

pub use crate::{
    access::{Access, MEDMIJ_REQUEST_ID, X_CORRELATION_ID},
    binary::{Binary, BinaryError},
    bsn::{BSN_SYSTEM, BsnPath, redact_bsn},
    bundle::{Bundle, BundleEntry, BundleLink, BundleType, SearchMode},
    collection::{Collected, Collection, DocumentReport, Outcome, QueryReport, Received, Report},
    endpoint::{LinkError, LinkRule, ResourceEndpoint, ResourceEndpoints, Target},
    error::FhirError,
    gegevensdienst::{Functie, Gegevensdienst, NamedQuery},
    json::{JsonError, JsonRule},
    limits::Limits,
    name::{NameError, ResourceId, ResourceType},
    outcome::{Issue, IssueCode, OperationOutcome, Severity},
    query::{Query, QueryError, Token},
    reference::{Reference, ReferenceError},
    resource::Resource,
    version::FhirVersion,
};
