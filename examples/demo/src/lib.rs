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
//! | `persoon.rs` | what the Persoon does in the browser |
//! | `delen.rs` | sharing a measurement |
//! | `browser.rs` | the browser |
//! | `steps.rs` | telling the steps |
#![forbid(unsafe_code)]

pub mod browser;
pub mod delen;
pub mod dossier_copy;
pub mod lists;
pub mod network;
pub mod persoon;
pub mod pki;
pub mod ports;
pub mod roles;
pub mod steps;

/// The examples of the README, as tests.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;

/// The guides, as tests. They build whole programs from the crates alone.
#[cfg(doctest)]
mod guides {
    #[doc = include_str!("../../../docs/build-a-dvp.md")]
    struct BuildADvp;
    #[doc = include_str!("../../../docs/build-a-dvza.md")]
    struct BuildADvza;
}
