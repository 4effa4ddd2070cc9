// SPDX-License-Identifier: AGPL-3.0-or-later
//! FHIR JSON of another party.
#![no_main]

#[path = "../../medmij-fhir/tests/untrusted/entries.rs"]
#[allow(dead_code, reason = "one entry of several")]
mod entries;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| entries::json(bytes));
