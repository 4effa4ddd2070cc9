// SPDX-License-Identifier: AGPL-3.0-or-later
//! MedMij OAuth: the protocol of the authorization and token interfaces of the Afsprakenstelsel, without a role.
//!
//! A DVP (OAuth Client) takes `medmij-dvp`, a DVA (older: DVZA; Authorization Server) `medmij-dvza`, both sides of
//! subscriptions `medmij-abonneren`. They speak the messages of [`wire`] under the rules of [`policy`].
//!
//! | module | what |
//! | --- | --- |
//! | [`RedirectUri`], [`Scope`], [`ClientId`] | the values, strict, per release |
//! | [`form`] | queries and form bodies |
//! | [`wire`] | every message once, parse and build, without IO |
//! | [`policy`] | what differs between releases and what is not known, as data with a mark |
//! | [`seal`] | a BSN at rest: sealed, found by a keyed hash |
//! | [`storage`] | what the stores of both roles have in common |
//! | [`own_files`] | files of the owner alone, for what is kept in them |
//! | `journal` | what ended, outside the database (feature `journal`) |
//!
//! ```
//! use medmij_oauth::{ClientId, Function, RedirectUri, Scope};
//! use medmij_types::Release;
//!
//! let client = ClientId::parse("pgo.example.nl")?;
//! assert!(RedirectUri::parse("https://pgo.example.nl/cb")?.belongs_to(&client));
//! assert!(!RedirectUri::parse("https://pgo.example.nl.evil.nl/cb")?.belongs_to(&client));
//! assert!(Scope::parse(Release::V2_2, Function::Verzamelen, "eenofanderezorgaanbieder").is_ok());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//!
//! * `stelsel`: the policy from a file.
//! * `journal`: what ended is in files outside the database, so that a copy that is put back revives nothing.
//!
//! # Limits
//!
//! Values that could not be read in the framework are defaults of ours: [`policy::Stelsel::open`] lists them. No PKCE, no
//! PAR: not in the core of MedMij.
#![forbid(unsafe_code)]

mod client_id;
mod error;
mod error_code;
pub mod form;
mod function;
#[cfg(feature = "journal")]
pub mod journal;
pub mod own_files;
pub mod policy;
mod redirect_uri;
mod scope;
pub mod seal;
pub mod storage;
mod vertegenwoordiging;
pub mod wire;

pub use crate::{
    client_id::ClientId, error::OauthError, function::Function, redirect_uri::RedirectUri, scope::Scope,
    vertegenwoordiging::Vertegenwoordiging,
};
