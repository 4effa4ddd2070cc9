// SPDX-License-Identifier: AGPL-3.0-or-later
//! Through PgBouncer: with sessions kept it works, settings and all; with sessions given away it is refused (R8).

use medmij_dvza::store::Store;
use medmij_store_contract::store::new_flow;
use medmij_store_postgres::{OpenError, PostgresOptions, PostgresStore, PostgresVault};
use medmij_test::postgres::TestPostgres;

use crate::private_server as database;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r8_a_pooler_that_keeps_sessions_is_used_and_the_settings_are_there() {
    let Some((direct, connection)) = database::database().await else {
        return;
    };
    drop(direct);
    let server = TestPostgres::shared().unwrap();
    // the second is what people write to make clients with startup options connect: then they are dropped
    for more in ["", "ignore_startup_parameters = options,extra_float_digits"] {
        let Some(pooler) = server.pooler_or_skip("session", more) else {
            return;
        };
        let through = PostgresOptions::parse(&pooler.connection(&connection))
            .unwrap()
            .pool_size(4);
        PostgresStore::migrate(&through).await.unwrap();
        PostgresVault::migrate(&through).await.unwrap();
        PostgresVault::open(&through).await.unwrap();
        let store = PostgresStore::open(&through).await.unwrap();
        store.open_flow(new_flow()).await.unwrap();

        // somebody else holds every row: the server gives up by itself, which it does by its settings only
        let (other, connecting) = tokio_postgres::connect(&connection, tokio_postgres::NoTls)
            .await
            .unwrap();
        tokio::spawn(connecting);
        other.batch_execute("BEGIN; LOCK TABLE medmij.flows").await.unwrap();
        assert!(store.open_flow(new_flow()).await.is_err(), "{more}");
        other.batch_execute("ROLLBACK").await.unwrap();
        let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' \
                       AND datname = current_database()";
        let waiting: i64 = other.query_one(waiting, &[]).await.unwrap().get(0);
        assert_eq!(waiting, 0, "{more}");
        store.open_flow(new_flow()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r8_a_pooler_that_gives_sessions_away_is_refused_with_the_reason() {
    let Some((_, connection)) = database::database().await else {
        return;
    };
    let server = TestPostgres::shared().unwrap();
    for mode in ["transaction", "statement"] {
        let Some(pooler) = server.pooler_or_skip(mode, "") else {
            return;
        };
        let through = PostgresOptions::parse(&pooler.connection(&connection)).unwrap();
        let refused = PostgresStore::open(&through).await;
        let Err(OpenError::Pooler { reason }) = &refused else {
            panic!("{mode}: {refused:?}");
        };
        assert!(reason.contains("pool_mode = session"), "{mode}: {reason}");
    }
}
