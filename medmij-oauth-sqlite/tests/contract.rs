// SPDX-License-Identifier: AGPL-3.0-or-later
//! The contract of a store, on SQLite.

use medmij_oauth_sqlite::{SqliteOptions, SqliteStore};

#[path = "common/folder.rs"]
mod folder;

medmij_oauth::store_contract!(
    SqliteStore::open(SqliteOptions::new(folder::folder("contract").join("store.db"))).unwrap()
);
