// SPDX-License-Identifier: AGPL-3.0-or-later
//! MedMij OAuth: the authorization and token interfaces of the Afsprakenstelsel, for both sides.
//!
//! A DVP (OAuth Client) uses [`client`], a DVA (older: DVZA; Authorization Server) uses [`server`] and, with the feature
//! `axum`, the module `router`. Both speak the messages
//! of [`wire`], under the rules of [`policy`].
//!
//! | module | what |
//! | --- | --- |
//! | [`RedirectUri`], [`Scope`], [`ClientId`] | the values, strict, per release |
//! | [`form`] | queries and form bodies |
//! | [`wire`] | every message once, parse and build, without IO |
//! | [`policy`] | what differs between releases and what is not known, as data with a mark |
//! | [`client`] | a flow of a DVP from value to value; [`client::vault`] for refresh tokens |
//! | [`server`] | the steps of a DVA, without HTTP framework; the guard of its resource server |
//! | [`store`] | what a DVA keeps: operations with guarantees, a store in memory, a contract test |
//! | [`abonneren`] | subscriptions and notifications, both sides |
//! | [`storage`] | what the stores of both roles have in common |
//! | [`seal`] | a BSN at rest: sealed, found by a keyed hash |
//!
//! ```
//! use medmij_oauth::{ClientId, Functie, RedirectUri, Scope};
//! use medmij_types::Release;
//!
//! let client = ClientId::parse("pgo.example.nl")?;
//! assert!(RedirectUri::parse("https://pgo.example.nl/cb")?.belongs_to(&client));
//! assert!(!RedirectUri::parse("https://pgo.example.nl.evil.nl/cb")?.belongs_to(&client));
//! assert!(Scope::parse(Release::V2_2, Functie::Verzamelen, "eenofanderezorgaanbieder").is_ok());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//!
//! None is on by default, and none changes what another does.
//!
//! * `axum`: the module `router`, with the screens as HTML and the guard as a layer.
//! * `lists`: the module `lists`, look-ups over the OAuth Client List, the Gegevensdienstnamenlijst and the
//!   Zorgaanbiederslijst.
//! * `net`: `Dvp::exchange` and `Dvp::refresh` over the back channel of `medmij-net`.
//! * `stelsel`: the policy and the screen texts from a file.
//! * `store-contract`: the tests that every store and vault passes.
//!
//! # Limits
//!
//! Values that could not be read in the framework are defaults of ours: [`policy::Stelsel::open`] lists them, and
//! [`abonneren::AboPolicy`] holds those of Abonneren. The request of Beheren toestemmingen is such a one as a whole. Limits
//! on requests ([`server::Limits`]) are of one process, and only there where they are mounted.
//! Where the login comes back with a POST (SAML HTTP-POST), the Persoon presses one button more: the cookie of a flow does not
//! travel with a form from another site. No PKCE, no PAR: not in the core of MedMij.
#![forbid(unsafe_code)]

pub mod abonneren;
pub mod client;
mod client_id;
mod error_code;
pub mod form;
mod functie;
#[cfg(feature = "lists")]
pub mod lists;
pub mod policy;
mod redirect_uri;
#[cfg(feature = "axum")]
pub mod router;
mod scope;
pub mod seal;
pub mod server;
pub mod storage;
pub mod store;
mod vertegenwoordiging;
pub mod wire;

pub use crate::{
    client_id::ClientId,
    functie::Functie,
    redirect_uri::{RedirectUri, RedirectUriError},
    scope::{Scope, ScopeError},
    vertegenwoordiging::Vertegenwoordiging,
};
