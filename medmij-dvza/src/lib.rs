// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.authint.201 – core.authint.207, core.tknint.200 – core.tknint.207 — the Authorization Server: what a DVA (older:
//! DVZA) does.
//!
//! The steps are plain calls on [`Server`], without HTTP framework: [`authorize`](Server::authorize) →
//! [`page`](Server::page) and [`submit`](Server::submit) → [`login`](Server::login) → … → a redirect to the DVP, and
//! [`token`](Server::token) and [`guard`](Server::guard) in the back channel. The feature `axum` mounts them as a router, for a whole
//! DVZA in a few lines.
//!
//! What the supplier brings is one bundle, [`Dvza`]: store, client list, Aanbieders, login, Beschikbaarheidstoets.
//!
//! ```
//! use medmij_dvza::store::{MemoryLimits, MemoryStore, Store};
//!
//! // the store of a test or a demonstration; production has SQLite or PostgreSQL
//! fn assert_store<S: Store>(_: &S) {}
//! assert_store(&MemoryStore::new(MemoryLimits::default()));
//! ```
//!
//! | module | what |
//! | --- | --- |
//! | the root | the server, its settings, what a supplier brings, the screens as values, the guard |
//! | [`audit`] | the audit log: checkpoints, the proof that nothing was changed, destruction |
//! | [`registratie`] | whom a DVZA serves, from a file or a table, for 3600 seconds longer than its entry |
//! | [`store`] | what a DVZA keeps: operations with guarantees, a store in memory |
//! | `router` | the routers for axum and the screens as HTML (feature `axum`) |
//! | `lists` | look-ups over the lists (feature `lists`) |
//!
//! # Features
//!
//! None is on by default, and none changes what another does.
//!
//! * `abonneren`: a [`GrantedAccess`] as the token of the subscription interface of `medmij-abonneren`.
//! * `axum`: the module `router`, with the screens as HTML and the guard as a layer.
//! * `ed25519`: keys that sign the checkpoints of the audit log.
//! * `files`: the registration from a file and its end times in a folder, checkpoints of the audit log in a folder.
//! * `lists`: the module `lists`, look-ups over the OAuth Client List and the Gegevensdienstnamenlijst.
//! * `reload`: a registration that follows its file or table by itself, on tokio.
//! * `stelsel`: the policy and the screen texts from a file.
//!
//! # Limits
//!
//! Limits on requests ([`RequestLimits`]) are of one process, and only there where they are mounted. Where the login
//! comes back with a POST (SAML HTTP-POST), the Persoon presses one button more: the cookie of a flow does not travel with a
//! form from another site. No PKCE, no PAR: not in the core of MedMij.
#![forbid(unsafe_code)]

pub mod audit;
#[cfg(feature = "lists")]
pub mod lists;
pub mod registratie;
#[cfg(feature = "axum")]
pub mod router;
mod server;
pub mod store;

pub use crate::server::{
    Aanbieder, AanbiederLimits, AanbiederTexts, Aanbieders, AccessLogRow, AccessLogScreen, Arrived, Authentication,
    Client, Clients, Dvza, EndScreen, ExtraTexts, GrantedAccess, GuardError, JudgeOptions, JudgedRequest, KeysError,
    LandingScreen, LoginAnswer, LoginAnswerScreen, LoginCallback, LoginOutcome, LoginRequest, LoginStart, Next,
    OfferedService, OutageScreen, OverviewScreen, Page, Persoon, ProductionError, ProvenRedirect, ProvenRequest,
    RefusedRequest, RegisteredBronsysteem, Represented, RequestLimits, Resealing, Screen, ScreenNames, Server,
    ServerConfig, ServiceScreen, SessionSecret, SourceBirthDate, StepError, Submitted, SupplierError, SupplierFailure,
    TextPack, ToestemmingRow, ToestemmingScreen, Toets, ToetsOutcome, ToetsQuery, Uitzondering1a, UnprovenRequest,
    Visitor, WithdrawScreen, reseal_grants,
};
