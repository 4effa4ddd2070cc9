// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.101 — `docs/retention.md` says what is kept of a Persoon and how long: it names every column there is, and
//! nothing is there past its term.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::{collections::BTreeMap, path::Path};

use medmij_store_contract::restore;
use medmij_store_sqlite::{SqliteOptions, SqliteStore, SqliteVault};
use rusqlite::Connection;

use crate::folder;
use crate::retention_page as retention;
use crate::terms;

fn columns(path: &Path) -> BTreeMap<String, Vec<String>> {
    let connection = Connection::open(path).unwrap();
    let sql = "SELECT m.name, p.name FROM sqlite_schema m JOIN pragma_table_info(m.name) p
               WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'";
    let mut statement = connection.prepare(sql).unwrap();
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    for row in rows {
        let (table, column): (String, String) = row.unwrap();
        found.entry(table).or_default().push(column);
    }
    found
}

#[test]
fn every_column_is_in_the_table_of_retention() {
    let folder = folder::folder("retention");
    let store = folder.join("store.db");
    drop(SqliteStore::open(SqliteOptions::new(&store)).unwrap());
    retention::compare("The store of a DVZA", "sqlite", columns(&store));
    let vault = folder.join("vault.db");
    drop(SqliteVault::open(SqliteOptions::new(&vault)).unwrap());
    retention::compare("The vault of a DVP", "sqlite", columns(&vault));
}

/// Every table with fields of a Persoon is filled, the longest term passes, the jobs run, and nothing is left.
#[tokio::test]
async fn core_logging_101_nothing_is_there_past_its_term() {
    let path = folder::folder("retention").join("store.db");
    let store = SqliteStore::open(SqliteOptions::new(&path)).unwrap();
    terms::fill_store(&store).await;
    let mut tables = retention::of_persons("The store of a DVZA", "sqlite");
    // a notification goes with its Abonnement
    tables.retain(|table| table != "outbox");
    for table in &tables {
        assert!(rows(&path, table) > 0, "{table} is not filled");
    }
    terms::let_terms_of_a_store_pass(&store).await;
    for table in &tables {
        assert_eq!(rows(&path, table), 0, "{table} holds what is past its term");
    }
}

/// The same for a vault, with its journal: refresh tokens, Abonnementen, orders and runs, dossiers and items.
#[tokio::test]
async fn core_logging_101_nothing_is_in_a_vault_or_its_journal_past_its_term() {
    let folder = folder::folder("retention");
    let (path, journal) = (folder.join("vault.db"), folder.join("journal"));
    let vault = restore::journaled(SqliteVault::open(SqliteOptions::new(&path)).unwrap(), &journal);
    terms::fill_vault(&vault).await;
    let tables = retention::of_persons("The vault of a DVP", "sqlite");
    for table in &tables {
        assert!(rows(&path, table) > 0, "{table} is not filled");
    }
    terms::let_terms_of_a_vault_pass(&vault).await;
    for table in &tables {
        assert_eq!(rows(&path, table), 0, "{table} holds what is past its term");
    }
    drop(vault);
    terms::the_journal_passes(&journal);
}

fn rows(path: &Path, table: &str) -> i64 {
    let connection = Connection::open(path).unwrap();
    let sql = format!("SELECT count(*) FROM {table}");
    connection.query_row(&sql, [], |row| row.get(0)).unwrap()
}
