// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.authint.200, core.tknint.200 – core.tknint.203 — the OAuth Client: what a DVP does.
//!
//! A flow goes from value to value, and each step takes the value before it, so that none can be done twice:
//!
//! ([`CollectionPlan`] →) [`FlowRequest`] → [`Dvp::start`] → URL for the browser + [`PendingFlow`] → [`Dvp::finish`] → [`ReceivedCode`] →
//! [`Dvp::token_request`] → request for the back channel + [`Exchange`] → [`Dvp::tokens`] → [`Tokens`].
//!
//! Nothing here does IO: the application sends the request over its back channel and keeps the pending flows, in
//! [`PendingFlows`] or in a store of its own.
//!
//! ```
//! use std::time::SystemTime;
//! use medmij_oauth::{ClientId, RedirectUri};
//! use medmij_dvp::person::{Account, AccountPolicy};
//! use medmij_dvp::{FlowRequest, Callback, Dvp, PendingFlows, group_by_endpoints};
//! use medmij_types::{Aanbiedernaam, BackchannelUri, FrontchannelUri, GegevensdienstId, Release};
//!
//! let dvp = Dvp::new(ClientId::parse("pgo.example.nl")?);
//! // the account of the Persoon, from the application's own store
//! let now = SystemTime::now();
//! let account = Account::opened(now).active(now, AccountPolicy::default())?;
//! let flows = PendingFlows::default();
//!
//! // from the pinned Zorgaanbiederslijst: gegevensdienst, authorization endpoint, token endpoint
//! let groups = group_by_endpoints([(
//!     GegevensdienstId::parse("48")?,
//!     FrontchannelUri::parse("https://dva.example.nl/authorize")?,
//!     BackchannelUri::parse("https://dva.example.nl/token")?,
//! )]);
//! let name = Aanbiedernaam::parse("eenofanderezorgaanbieder@medmij")?;
//! let redirect = RedirectUri::parse("https://pgo.example.nl/cb")?;
//! let flow_request = FlowRequest::verzamelen(Release::DEFAULT, name, &groups[0], redirect)?;
//!
//! // the secret of the browser session binds the answer to this browser
//! let started = dvp.start(account, flow_request, "secret of the session cookie")?;
//! flows.insert(started.flow);
//! assert!(started.location.starts_with("https://dva.example.nl/authorize?response_type=code&"));
//!
//! // ... the browser comes back with an error
//! let state = started.location.split("state=").nth(1).unwrap().split('&').next().unwrap();
//! let query = format!("error=access_denied&state={state}");
//! let callback = Callback::new("secret of the session cookie", "/cb", &query);
//! let error = dvp.finish(&flows, &callback).unwrap_err();
//! assert_eq!(error.user_message(), medmij_dvp::UserMessage::NotGranted);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Beside the flows stand the rules that a DVP keeps towards the Persoon: [`person`] (account, notices, representation),
//! [`dossier`] (source and context of what is kept, deletion) and [`collecting`] (automatic collecting).
//!
//! # Features
//!
//! None is on by default.
//!
//! * `lists`: the module [`lists`], the endpoints of an Aanbieder out of one pinned Zorgaanbiederslijst.
//! * `net`: `Dvp::exchange` and `Dvp::refresh` over the back channel of `medmij-net`.
//! * `oauth2`: the module `oauth2`, the crate of that name over the same back channel.
#![forbid(unsafe_code)]

mod client;
pub mod collecting;
pub mod dossier;
#[cfg(feature = "journal")]
pub mod journal;
#[cfg(feature = "lists")]
pub mod lists;
#[cfg(feature = "oauth2")]
pub mod oauth2;
pub mod person;
mod person_id;
mod text_error;
pub mod vault;

pub use crate::client::{
    Callback, CallbackError, CollectionPlan, Dvp, Exchange, ExchangeError, FlowGroup, FlowRequest, FlowRequestError,
    GrantedScope, PendingFlow, PendingFlows, PlannedLogin, ReceivedCode, Renewal, ResourceLog, SentResource, Started,
    Tokens, UserMessage, group_by_endpoints,
};
#[cfg(feature = "net")]
pub use crate::client::{LoggedChannel, SendError};
