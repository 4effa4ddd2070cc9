// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.101 — `docs/retention.md` names every column there is in the database.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::collections::BTreeMap;

use tokio_postgres::NoTls;

use crate::private_server as database;
use crate::retention_page as retention;

async fn columns(connection: &str, schema: &str) -> BTreeMap<String, Vec<String>> {
    let (client, connecting) = tokio_postgres::connect(connection, NoTls).await.unwrap();
    tokio::spawn(connecting);
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
