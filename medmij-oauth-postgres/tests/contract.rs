// SPDX-License-Identifier: AGPL-3.0-or-later
//! The contract of a store, on PostgreSQL.

use medmij_oauth_postgres::PostgresStore;

#[path = "common/database.rs"]
mod database;

medmij_oauth::store_contract!(match database::database().await {
    Some((options, _)) => PostgresStore::open(&options).await.unwrap(),
    None => return,
});

/// The cases of the server, over this store.
mod server {
    use super::{PostgresStore, database};

    medmij_oauth::server_contract!(match database::database().await {
        Some((options, _)) => PostgresStore::open(&options).await.unwrap(),
        None => return,
    });
}
