// SPDX-License-Identifier: AGPL-3.0-or-later
//! The contract of a store, on SQLite.

use medmij_oauth_sqlite::{SqliteOptions, SqliteStore};

#[path = "common/folder.rs"]
mod folder;

medmij_oauth::store_contract!(
    SqliteStore::open(SqliteOptions::new(folder::folder("contract").join("store.db"))).unwrap()
);

/// The cases of the server, over this store.
mod server {
    use super::{SqliteOptions, SqliteStore, folder};

    medmij_oauth::server_contract!(
        SqliteStore::open(SqliteOptions::new(folder::folder("contract").join("store.db"))).unwrap()
    );
}
