// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.101 — `docs/retention.md` names every column there is in the database, and nothing is there past its term.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::collections::BTreeMap;

use medmij_store_contract::restore;
use medmij_store_postgres::{PostgresStore, PostgresVault};
use tokio_postgres::NoTls;

use crate::private_server as database;
use crate::retention_page as retention;
use crate::terms;

async fn connect(connection: &str) -> tokio_postgres::Client {
    let (client, connecting) = tokio_postgres::connect(connection, NoTls).await.unwrap();
    tokio::spawn(connecting);
    client
}

async fn rows(connection: &str, schema: &str, tables: &[String]) -> BTreeMap<String, i64> {
    let client = connect(connection).await;
    let mut found = BTreeMap::new();
    for table in tables {
        let sql = format!("SELECT count(*) FROM {schema}.{table}");
        found.insert(table.clone(), client.query_one(&sql, &[]).await.unwrap().get(0));
    }
    found
}

async fn columns(connection: &str, schema: &str) -> BTreeMap<String, Vec<String>> {
    let client = connect(connection).await;
    let sql = "SELECT table_name::text, column_name::text FROM information_schema.columns WHERE table_schema = $1";
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in client.query(sql, &[&schema]).await.unwrap() {
        found.entry(row.get(0)).or_default().push(row.get(1));
    }
    found
}

#[tokio::test]
async fn every_column_is_in_the_table_of_retention() {
    let Some((_, connection)) = database::database().await else {
        return;
    };
    retention::compare("The store of a DVZA", "postgres", columns(&connection, "medmij").await);
    let Some((_, connection)) = database::vault().await else {
        return;
    };
    retention::compare(
        "The vault of a DVP",
        "postgres",
        columns(&connection, "medmij_dvp").await,
    );
}

/// Every table with fields of a Persoon is filled, the longest term passes, the jobs run, and nothing is left.
#[tokio::test]
async fn core_logging_101_nothing_is_there_past_its_term() {
    let Some((options, connection)) = database::database().await else {
        return;
    };
    let store = PostgresStore::open(&options).await.unwrap();
    terms::fill_store(&store).await;
    let mut tables = retention::of_persons("The store of a DVZA", "postgres");
    // a notification goes with its Abonnement
    tables.retain(|table| table != "outbox");
    let filled = rows(&connection, "medmij", &tables).await;
    assert!(filled.values().all(|rows| *rows > 0), "{filled:?}");
    terms::let_terms_of_a_store_pass(&store).await;
    let left = rows(&connection, "medmij", &tables).await;
    assert!(left.values().all(|rows| *rows == 0), "{left:?}");
}

/// The same for a vault, with its journal: refresh tokens, Abonnementen, orders and runs, dossiers and items.
#[tokio::test]
async fn core_logging_101_nothing_is_in_a_vault_or_its_journal_past_its_term() {
    let Some((options, connection)) = database::vault().await else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal");
    let vault = restore::journaled(PostgresVault::open(&options).await.unwrap(), &journal);
    terms::fill_vault(&vault).await;
    let tables = retention::of_persons("The vault of a DVP", "postgres");
    let filled = rows(&connection, "medmij_dvp", &tables).await;
    assert!(
        !filled.is_empty() && filled.values().all(|rows| *rows > 0),
        "{filled:?}"
    );
    terms::let_terms_of_a_vault_pass(&vault).await;
    let left = rows(&connection, "medmij_dvp", &tables).await;
    assert!(left.values().all(|rows| *rows == 0), "{left:?}");
    drop(vault);
    terms::the_journal_passes(&journal);
}
