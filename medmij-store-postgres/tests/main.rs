// SPDX-License-Identifier: AGPL-3.0-or-later
//! The tests of the crate from outside, in one program, so that one is linked: `--test integration NAME::`.

mod audit;
mod clock;
mod contract;
mod database;
mod pooler;
mod race;
mod refresh_cuts;
mod registration;
mod restart;
mod restore;
mod retention;
mod secrets;
mod tls;
mod vault;

#[path = "common/database.rs"]
mod private_server;
#[path = "../../medmij-store-sqlite/tests/common/retention.rs"]
mod retention_page;
#[path = "../../medmij-store-sqlite/tests/common/terms.rs"]
mod terms;
