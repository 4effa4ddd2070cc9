// SPDX-License-Identifier: AGPL-3.0-or-later
//! The contract of the command `medmij`: exit codes, what it prints, JSON fields.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests"
)]

mod bench;
mod cache;
mod compare;
mod generated;
mod lookup;
mod robust;
mod schema;
#[cfg(feature = "stelselnode")]
mod stelselnode;
mod validate;
mod whitelist;
