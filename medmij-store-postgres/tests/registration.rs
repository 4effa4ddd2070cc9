// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.gegevensdiensten.104 — the registration in a table, changed by another program and followed by two replicas.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use medmij_store_contract::registration::replicas_follow_the_registration;
use medmij_store_postgres::PostgresStore;
use tokio_postgres::NoTls;

use crate::private_server as database;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn core_gegevensdiensten_104_replicas_follow_the_table_within_ten_seconds() {
    let Some((options, connection)) = database::database().await else {
        return;
    };
    let replicas = [
        PostgresStore::open(&options).await.unwrap(),
        PostgresStore::open(&options).await.unwrap(),
    ];
    let (other, connecting) = tokio_postgres::connect(&connection, NoTls).await.unwrap();
    tokio::spawn(connecting);
    replicas_follow_the_registration(replicas, "medmij.registration", async |sql| {
        other.batch_execute(&sql).await.unwrap();
    })
    .await;
}
