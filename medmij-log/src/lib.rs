// SPDX-License-Identifier: AGPL-3.0-or-later
//! Events of the Logging interface (core.logging.202 – core.logging.204), as types, and the [`Observer`] that gets them.
//!
//! The OAuth and FHIR crates raise an [`Event`] at the moment it happens; what becomes of it (a line in a file, a batch
//! for the central component) is the business of the observer. The core does no IO.
//!
//! An event holds ids, host names, a status and an OAuth error code, and by core.logging.103 nothing else: there is no
//! field that could take a BSN, a token, a code or a `state`, and URIs are stored without their query.
//!
//! ```
//! use medmij_log::{Event, EventType, MemoryObserver, Observer};
//!
//! let log = MemoryObserver::new();
//! log.observe(Event::new(EventType::ShowLandingPage));
//! assert_eq!(log.types(), [EventType::ShowLandingPage]);
//! assert_eq!(EventType::ShowLandingPage.as_str(), "show_landing_page");
//! ```
#![forbid(unsafe_code)]

mod chain;
mod check;
#[cfg(feature = "spool")]
mod delivery;
mod event;
mod event_type;
mod line;
mod metrics;
mod observer;
mod redact;
#[cfg(feature = "reports")]
pub mod report;
#[cfg(feature = "spool")]
mod spool;
#[cfg(feature = "spool")]
mod spooler;
#[cfg(feature = "upload")]
mod upload;

#[cfg(feature = "upload")]
pub use crate::upload::{Authentication, Upload, UploadError};
pub use crate::{
    chain::{Chain, ChainEvent, svg},
    check::{Fault, Finding, check, check_line, check_lines},
    event::{ErrorInfo, Event, InitiatedBy, RequestInfo, ResponseInfo},
    event_type::EventType,
    line::{LineError, LineFormat, ReadLine, ResponseIdName},
    metrics::Metrics,
    observer::{MemoryObserver, NoObserver, Observer},
    redact::{ALLOWED_QUERY, REPLACED, RedactMore, RulesOnly, holds_bsn, redact_text, redact_uri},
};
#[cfg(feature = "spool")]
pub use crate::{
    delivery::{Delivered, FolderSink, MAX_INTERVAL, Schedule, Sink, SinkError, SpoolAccess, Verdict, deliver},
    spool::{Batch, MAX_BATCH, MAX_RETENTION, MIN_RETENTION, Spool, SpoolError},
    spooler::{SpoolCounts, Spooler},
};
