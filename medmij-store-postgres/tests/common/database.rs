// SPDX-License-Identifier: AGPL-3.0-or-later
//! A database of its own for each test, on one private server per test file.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use medmij_store_postgres::{PostgresOptions, PostgresStore, PostgresVault};
use medmij_test::postgres::TestPostgres;

/// How to connect to a new database with the schema in it, or nothing where there is no PostgreSQL.
#[allow(dead_code, reason = "not every test file has a store")]
pub(crate) async fn database() -> Option<(PostgresOptions, String)> {
    let server = TestPostgres::shared()?;
    let connection = server.create_database().unwrap();
    let options = PostgresOptions::parse(&connection).unwrap().pool_size(8);
    PostgresStore::migrate(&options).await.unwrap();
    Some((options, connection))
}

/// The same, with the schema of a vault.
#[allow(dead_code, reason = "not every test file has a vault")]
pub(crate) async fn vault() -> Option<(PostgresOptions, String)> {
    let server = TestPostgres::shared()?;
    let connection = server.create_database().unwrap();
    let options = PostgresOptions::parse(&connection).unwrap().pool_size(8);
    PostgresVault::migrate(&options).await.unwrap();
    Some((options, connection))
}
