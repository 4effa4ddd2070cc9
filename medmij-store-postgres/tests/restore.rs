// SPDX-License-Identifier: AGPL-3.0-or-later
//! A dump, or a copy by template, is put back: nothing that ended since is served, before it is reconciled with its journal and
//! after.
//!
//! `MEDMIJ_ENDS=1000` ends more than the two hundred of a normal run.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use medmij_store_contract::{
    restore,
    store::{a_journal_that_was_replaced_is_noticed, end_all, issue, journaled, nothing_that_ended_is_revived},
};
use medmij_store_postgres::{PostgresOptions, PostgresStore, PostgresVault};
use medmij_test::postgres::TestPostgres;

async fn open(connection: &str) -> PostgresStore {
    let options = PostgresOptions::parse(connection).unwrap().pool_size(8);
    PostgresStore::migrate(&options).await.unwrap();
    PostgresStore::open(&options).await.unwrap()
}

fn many() -> usize {
    let asked = std::env::var("MEDMIJ_ENDS").ok();
    asked.and_then(|many| many.parse().ok()).unwrap_or(200)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn core_autorisatie_208_a_dump_that_is_put_back_revives_nothing() {
    let Some(server) = TestPostgres::shared() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (live, empty) = (server.create_database().unwrap(), server.create_database().unwrap());
    let store = journaled(open(&live).await, folder.path());
    let issued = issue(&store, many()).await;
    let dump = server.dump(&live).unwrap();
    end_all(&store, &issued).await;
    drop(store);
    server.restore(&empty, &dump).unwrap();
    nothing_that_ended_is_revived(open(&empty).await, folder.path(), &issued).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn core_autorisatie_208_a_database_made_anew_from_a_copy_revives_nothing() {
    let Some(server) = TestPostgres::shared() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (admin, live) = (server.create_database().unwrap(), server.create_database().unwrap());
    let name = live.rsplit('=').next().unwrap().to_owned();
    let copy = format!("{name}_copy");
    let store = journaled(open(&live).await, folder.path());
    let issued = issue(&store, 40).await;
    // a template takes no connections
    drop(store);
    let gone = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
    server.sql(&admin, &gone).unwrap();
    server
        .sql(&admin, &format!("CREATE DATABASE {copy} TEMPLATE {name}"))
        .unwrap();
    let store = journaled(open(&live).await, folder.path());
    end_all(&store, &issued).await;
    drop(store);
    server
        .sql(&admin, &format!("DROP DATABASE {name} WITH (FORCE)"))
        .unwrap();
    server
        .sql(&admin, &format!("ALTER DATABASE {copy} RENAME TO {name}"))
        .unwrap();
    nothing_that_ended_is_revived(open(&live).await, folder.path(), &issued).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn core_dossier_105_a_dump_of_a_vault_that_is_put_back_holds_nothing_that_was_deleted() {
    let Some(server) = TestPostgres::shared() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (live, empty) = (server.create_database().unwrap(), server.create_database().unwrap());
    let open = async |connection: &str| {
        let options = PostgresOptions::parse(connection).unwrap();
        PostgresVault::migrate(&options).await.unwrap();
        PostgresVault::open(&options).await.unwrap()
    };
    let vault = restore::journaled(open(&live).await, folder.path());
    restore::fill(vault.vault()).await;
    let dump = server.dump(&live).unwrap();
    restore::end(&vault).await;
    drop(vault);
    server.restore(&empty, &dump).unwrap();
    restore::nothing_that_ended_comes_back(open(&empty).await, folder.path()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_journal_that_was_replaced_is_noticed_by_a_store_and_by_a_vault() {
    let Some(server) = TestPostgres::shared() else { return };
    let [of_store, of_vault] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let store = open(&server.create_database().unwrap()).await;
    a_journal_that_was_replaced_is_noticed(store, of_store.path()).await;
    let options = PostgresOptions::parse(&server.create_database().unwrap()).unwrap();
    PostgresVault::migrate(&options).await.unwrap();
    let vault = PostgresVault::open(&options).await.unwrap();
    restore::a_journal_that_was_replaced_is_noticed(vault, of_vault.path()).await;
}
