// SPDX-License-Identifier: AGPL-3.0-or-later
//! The contract of the command `medmij`: exit codes, what it prints, JSON fields.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests"
)]

mod all;
#[cfg(feature = "store")]
mod audit;
mod bench;
mod cache;
mod compare;
mod contract;
#[cfg(all(feature = "doctor", unix))]
mod doctor;
mod fhir;
mod fhir_files;
mod generated;
#[cfg(feature = "log")]
mod log;
mod lookup;
#[cfg(feature = "pki")]
mod pki;
#[cfg(feature = "policy")]
mod policy;
mod robust;
mod schema;
#[cfg(feature = "stelselnode")]
mod stelselnode;
#[cfg(feature = "store")]
mod store;
mod terminal;
mod validate;
mod warnings;
mod whitelist;
