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
//! | [`wire`] | every message once, parse and build, without IO |
//! | [`policy`] | what differs between releases and what is not known, as data |
//! | [`store`] | what a DVZA keeps: operations with guarantees, a store in memory, a contract test |
//! | [`abonneren`] | subscriptions and notifications, both sides |
//! | [`seal`] | a BSN at rest: sealed, found by a keyed hash |
#![forbid(unsafe_code)]

pub mod abonneren;
pub mod client;
mod client_id;
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
pub mod store;
pub mod wire;

pub use crate::{
    client_id::ClientId,
    functie::Functie,
    redirect_uri::{RedirectUri, RedirectUriError},
    scope::{Scope, ScopeError, Vertegenwoordiging},
};

/// The guides, compiled as tests.
#[cfg(all(doctest, feature = "axum", feature = "lists", feature = "net"))]
mod guides {
    #[doc = include_str!("../docs/build-a-dvp.md")]
    struct BuildADvp;
    #[doc = include_str!("../docs/build-a-dvza.md")]
    struct BuildADvza;
}
