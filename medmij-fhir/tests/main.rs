// SPDX-License-Identifier: AGPL-3.0-or-later
//! The tests of the crate from outside, in one program, so that one is linked: `--test integration NAME::`.

mod bsn_forms;
mod dvza_answers;
mod dvza_data;
mod expected_requests;
#[cfg(feature = "net")]
mod hostile_backchannel;
mod oracle_fhir_resources;
mod pairs;
mod search_table;
mod server_adapters;
mod server_expected;
mod server_patch;
mod server_proxy;
mod server_questions;
mod server_write;
mod share;
mod show;
mod untrusted;
