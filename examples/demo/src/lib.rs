// SPDX-License-Identifier: AGPL-3.0-or-later
//! A whole MedMij network on one machine, and one Verzamelen run through it.
//!
//! | file | what |
//! | --- | --- |
//! | `network.rs` | names, certificates, ports, configuration files |
//! | `ports.rs` | which ports |
//! | `pki.rs` | the shape of their certificates |
//! | `lists.rs` | the four lists |
//! | `roles.rs` | starting the roles, in this process or each in its own |
//! | `place.rs` | a place that is left free for a program of somebody's own |
//! | `persoon.rs` | what the Persoon does in the browser |
//! | `delen.rs` | sharing a measurement |
//! | `browser.rs` | the browser |
//! | `steps.rs` | telling the steps |
//! | `walkthrough.rs` | one flow, message by message, as a page |
#![forbid(unsafe_code)]

pub mod browser;
pub mod delen;
pub mod dossier_copy;
pub mod lists;
pub mod network;
pub mod persoon;
pub mod pki;
pub mod place;
pub mod ports;
pub mod roles;
pub mod steps;
pub mod walkthrough;

/// The examples of the README, as tests.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;

/// The guides, as tests; those that run stand in `docs/try-your-own.md`. They build whole programs from the crates alone.
#[cfg(doctest)]
mod guides {
    #[doc = include_str!("../../../docs/build-a-dvp.md")]
    struct BuildADvp;
    #[doc = include_str!("../../../docs/build-a-dvza.md")]
    struct BuildADvza;
}
