// SPDX-License-Identifier: AGPL-3.0-or-later
//! The engine that reads, judges, writes and keeps MedMij lists.
//!
//! A supplier takes `medmij-zal`, `medmij-ocl`, `medmij-whitelist` or `medmij-gnl`; this crate is what they share:
//!
//! * reading: [`Snapshot::read`] accepts a document if and only if the schema of its release does, in one pass, or says
//!   with a [`ListError`] which [`Rule`] was broken where;
//! * releases as data: [`Dialect`], and by what a list was judged: [`SchemaBasis`];
//! * keeping a list fresh: [`ListCache`], [`RefreshPolicy`], [`Source`];
//! * keeping it through restarts, and refreshing it: [`supply`].
//!
//! ```
//! use medmij_list::RefreshPolicy;
//! use std::time::Duration;
//!
//! // a list is fetched often enough that 900 seconds are never passed, and not used after nine hours without its source
//! let policy = RefreshPolicy::default();
//! assert!(policy.interval <= Duration::from_secs(900));
//! assert!(policy.hard_limit >= Duration::from_secs(8 * 3600));
//! ```
//!
//! Nothing here does IO without the features `files` and `tokio`, which are off by default.
#![forbid(unsafe_code)]

mod cache;
mod dialect;
mod document;
mod error;
mod header;
mod index;
mod kind;
mod limits;
mod list;
mod locate;
mod note;
mod options;
mod pattern;
mod place;
mod policy;
mod read;
mod remark;
mod rule;
mod schema;
mod snapshot;
mod source;
pub mod supply;
mod value;
mod write;
mod xml;

pub use crate::{
    cache::{Accepted, ListCache, Rejected},
    dialect::{BuiltInDialects, Dialect, DialectError, SchemaBasis},
    document::Document,
    error::ListError,
    header::Header,
    index::KeyIndex,
    kind::ListKind,
    limits::ReadLimits,
    list::{Collector, List},
    options::ReadOptions,
    place::Place,
    policy::{Freshness, RefreshPolicy},
    read::all_errors,
    remark::Remark,
    rule::Rule,
    schema::SchemaError,
    snapshot::Snapshot,
    source::{Source, SourceError},
    value::ValueRange,
    write::ListWriter,
    xml::check_well_formed,
};
