// SPDX-License-Identifier: AGPL-3.0-or-later
//! The tests of the crate from outside, in one program, so that one is linked: `--test integration NAME::`.

mod audit;
mod contract;
mod file;
mod race;
mod registration;
mod restore;
mod retention;
mod secrets;
mod vault;

#[path = "common/folder.rs"]
mod folder;
#[path = "common/retention.rs"]
mod retention_page;
#[path = "common/terms.rs"]
mod terms;
