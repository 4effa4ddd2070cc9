// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.gegevensdiensten.104 — the registration in a table, changed by another program and followed by two processes.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use medmij_store_contract::registration::replicas_follow_the_registration;
use medmij_store_sqlite::{SqliteOptions, SqliteStore};

use crate::folder;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn core_gegevensdiensten_104_replicas_follow_the_table_within_ten_seconds() {
    let path = folder::folder("registration").join("store.db");
    let open = || SqliteStore::open(SqliteOptions::new(&path)).unwrap();
    let replicas = [open(), open()];
    let other = rusqlite::Connection::open(&path).unwrap();
    replicas_follow_the_registration(replicas, "registration", async |sql| other.execute_batch(&sql).unwrap()).await;
}
