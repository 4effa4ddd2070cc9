// SPDX-License-Identifier: AGPL-3.0-or-later
//! The database: its schema, what is refused, what is bounded.

use std::time::Duration;

use medmij_dvza::store::{Advance, DangerShiftClock as _, RedeemedCode, Store};
use medmij_oauth::storage::{Advanced, StoreError};
use medmij_store_contract::store::{granted, new_flow, redeem, session};
use medmij_store_postgres::{OpenError, PostgresOptions, PostgresStore};
use medmij_test::postgres::TestPostgres;
use tokio_postgres::NoTls;

use crate::private_server as database;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_migrate_one_database_at_once_and_one_does_it() {
    let Some(server) = TestPostgres::shared() else { return };
    let options = PostgresOptions::parse(&server.create_database().unwrap()).unwrap();
    let before = PostgresStore::open(&options).await;
    assert!(matches!(before, Err(OpenError::Older { found: 0, .. })), "{before:?}");
    let tasks: Vec<_> = (0..6)
        .map(|_| {
            let options = options.clone();
            tokio::spawn(async move { PostgresStore::migrate(&options).await })
        })
        .collect();
    // every file of the folder is one of the steps
    let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations")).unwrap();
    let files = folder.filter(|entry| entry.as_ref().is_ok_and(|entry| entry.path().extension().is_some()));
    let steps = u32::try_from(files.count()).unwrap();
    let mut from_nothing = 0;
    for task in tasks {
        let migrated = task.await.unwrap().unwrap();
        from_nothing += usize::from(migrated.from == 0);
        assert_eq!(migrated.to, steps);
    }
    assert_eq!(from_nothing, 1);
    PostgresStore::open(&options).await.unwrap();
}

#[tokio::test]
async fn a_server_that_loses_commits_is_refused() {
    let Some(server) = TestPostgres::shared() else { return };
    let connection = server.create_database().unwrap();
    let options = PostgresOptions::parse(&connection).unwrap();
    PostgresStore::migrate(&options).await.unwrap();
    let name = connection.rsplit('=').next().unwrap();
    let lossy = format!("ALTER DATABASE {name} SET synchronous_commit = off");
    server.sql(&connection, &lossy).unwrap();
    let refused = PostgresStore::open(&options).await;
    let setting = "synchronous_commit";
    assert!(
        matches!(&refused, Err(OpenError::NotDurable { setting: s }) if *s == setting),
        "{refused:?}"
    );
    PostgresStore::open(&options.danger_not_durable()).await.unwrap();
}

#[test]
fn a_network_without_tls_is_refused() {
    for (connection, near) in [
        ("host=/run/postgresql dbname=dvza", true),
        ("host=localhost", true),
        ("host=127.0.0.1", true),
        ("postgres://dvza@[::1]/dvza", true),
        ("host=db.example.nl", false),
        ("host=127.0.0.1,db.example.nl", false),
        ("host=localhost hostaddr=192.0.2.1", false),
    ] {
        let options = PostgresOptions::parse(connection).unwrap();
        let plain = matches!(options.checked(), Err(OpenError::PlainNetwork { .. }));
        assert_eq!(plain, !near, "{connection}");
        assert!(options.danger_plain_network().checked().is_ok());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r8_a_database_that_hangs_costs_the_deadline_and_no_connection() {
    let Some((options, connection)) = database::database().await else {
        return;
    };
    let options = options.pool_size(2).deadline(Duration::from_millis(300));
    let store = PostgresStore::open(&options).await.unwrap();
    let (code, binding) = granted(&store, false).await;

    // somebody else holds every row
    let (other, connecting) = tokio_postgres::connect(&connection, NoTls).await.unwrap();
    tokio::spawn(connecting);
    other.batch_execute("BEGIN; LOCK TABLE medmij.grants").await.unwrap();
    let tokens = redeem(binding);
    let started = std::time::Instant::now();
    // more than there are connections
    let late = tokio::join!(
        store.take_code(&code, &tokens),
        store.take_code(&code, &tokens),
        store.take_code(&code, &tokens),
        store.take_code(&code, &tokens),
    );
    for late in [late.0, late.1, late.2, late.3] {
        assert!(matches!(late, Err(StoreError::Unavailable(_))), "{late:?}");
    }
    // each is refused by its own deadline; none waits for the lock to be given back
    assert!(started.elapsed() < Duration::from_secs(60));
    other.batch_execute("ROLLBACK").await.unwrap();

    // nothing of it happened later, and the pool is whole
    let taken = store.take_code(&code, &tokens).await.unwrap();
    assert!(matches!(taken, RedeemedCode::Fresh(_)), "{taken:?}");
    let sessions = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'medmij-oauth'
                    AND datname = current_database()";
    let sessions: i64 = other.query_one(sessions, &[]).await.unwrap().get(0);
    assert!(sessions <= 2, "{sessions} sessions");
}

#[tokio::test]
async fn r8_a_caller_that_goes_away_leaves_no_connection_that_hangs() {
    let Some((options, connection)) = database::database().await else {
        return;
    };
    let store = PostgresStore::open(&options.pool_size(1)).await.unwrap();
    let (code, binding) = granted(&store, false).await;
    let (other, connecting) = tokio_postgres::connect(&connection, NoTls).await.unwrap();
    tokio::spawn(connecting);
    other.batch_execute("BEGIN; LOCK TABLE medmij.grants").await.unwrap();
    let tokens = redeem(binding);
    // the caller goes away when its statement waits for the lock, however long it takes to get there
    let waits = async {
        let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'medmij.grants'::regclass";
        while other.query_one(waiting, &[]).await.unwrap().get::<_, i64>(0) == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        taken = store.take_code(&code, &tokens) => panic!("the lock is held: {taken:?}"),
        () = waits => {}
    }
    // the only connection is not the one that waits
    assert!(store.bindings().await.unwrap().is_empty());
}

#[tokio::test]
async fn o13_the_number_of_flows_is_bounded_and_anonymous_ones_go_first() {
    let Some((options, _)) = database::database().await else {
        return;
    };
    let store = PostgresStore::open(&options.max_flows(3)).await.unwrap();
    let kept = new_flow();
    let id = kept.id.clone();
    store.open_flow(kept).await.unwrap();
    let advance = Advance::new(id.clone(), 1, session(2), vec![], true);
    assert_eq!(store.advance_flow(advance).await.unwrap(), Advanced::Done);
    for _ in 0..100 {
        store.open_flow(new_flow()).await.unwrap();
    }
    assert!(store.flow(&id).await.unwrap().is_some());
    for _ in 0..2 {
        let flow = new_flow();
        let advance = Advance::new(flow.id.clone(), 1, session(2), vec![], true);
        store.open_flow(flow).await.unwrap();
        assert_eq!(store.advance_flow(advance).await.unwrap(), Advanced::Done);
    }
    let full = store.open_flow(new_flow()).await;
    assert!(matches!(full, Err(StoreError::Full)), "{full:?}");
}

#[tokio::test]
async fn expired_rows_leave_nothing_behind_and_go_in_batches() {
    let Some((options, _)) = database::database().await else {
        return;
    };
    let store = PostgresStore::open(&options).await.unwrap();
    for _ in 0..20 {
        let (code, binding) = granted(&store, true).await;
        let taken = store.take_code(&code, &redeem(binding)).await.unwrap();
        assert!(matches!(taken, RedeemedCode::Fresh(_)));
    }
    assert_eq!(store.purge(64).await.unwrap(), 0);
    store
        .danger_shift_clock(Duration::from_secs(400 * 86_400))
        .await
        .unwrap();
    let mut gone = Vec::new();
    while gone.last() != Some(&0) {
        gone.push(store.purge(32).await.unwrap());
    }
    // a grant and an access token for each
    assert_eq!(gone, [32, 8, 0]);
    assert_eq!(store.danger_audit().await.unwrap().len(), 20);
}
