// SPDX-License-Identifier: AGPL-3.0-or-later
//! The person of the cases.

/// The BSN that these cases log in with: search a dump of the store for it after they have run.
pub const CONTRACT_BSN: &str = "999990019";
