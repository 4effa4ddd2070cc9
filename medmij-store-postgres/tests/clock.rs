// SPDX-License-Identifier: AGPL-3.0-or-later
//! O16, R9, R10 — the clock of the database decides, and it does not go back.
//!
//! The store reads `clock_timestamp() + ahead`. A server clock that was an hour early and is set right is the same as an
//! `ahead` of an hour that is taken away: that is how these tests set it back.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::{sync::Arc, time::Duration};

use medmij_dvza::store::{AuditTerm, DangerShiftClock as _, RedeemedCode, SignedCheckpoint, Store as _};
use medmij_store_contract::store::{granted, new_flow, redeem};
use medmij_store_postgres::PostgresStore;
use medmij_test::ManualClock;
use tokio_postgres::{Client, NoTls};

use crate::private_server as database;

/// Two replicas, and a hand on the clock of the server.
async fn setup() -> Option<(PostgresStore, PostgresStore, Client)> {
    let (options, connection) = database::database().await?;
    let stores = (
        PostgresStore::open(&options).await.unwrap(),
        PostgresStore::open(&options).await.unwrap(),
    );
    let (client, connecting) = tokio_postgres::connect(&connection, NoTls).await.unwrap();
    tokio::spawn(connecting);
    Some((stores.0, stores.1, client))
}

async fn set(client: &Client, by: &str) {
    let sql = format!("UPDATE medmij.clock SET ahead = ahead + interval '{by}'");
    assert_eq!(client.execute(&sql, &[]).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o16_r10_a_server_clock_that_is_set_back_lengthens_nothing() {
    for back in ["1 hour", "1 year", "5 minutes"] {
        let Some((store, replica, client)) = setup().await else {
            return;
        };
        // the clock is early, and things are issued by it
        set(&client, back).await;
        let (code, binding) = granted(&store, true).await;
        let late = granted(&store, false).await;
        let tokens = redeem(binding);
        let taken = store.take_code(&code, &tokens).await.unwrap();
        assert!(matches!(taken, RedeemedCode::Fresh(_)), "{taken:?}");
        // then it is set right
        set(&client, &format!("-{back}")).await;
        for store in [&store, &replica] {
            assert!(store.access(&tokens.access.token).await.unwrap().is_some(), "{back}");
        }
        // something is written, so that everybody knows
        replica.open_flow(new_flow()).await.unwrap();
        store.danger_shift_clock(Duration::from_secs(890)).await.unwrap();
        for store in [&store, &replica] {
            assert!(store.access(&tokens.access.token).await.unwrap().is_some(), "{back}");
        }
        // 2 s: how far apart the time is written down
        store.danger_shift_clock(Duration::from_secs(12)).await.unwrap();
        for store in [&store, &replica] {
            assert!(
                store.access(&tokens.access.token).await.unwrap().is_none(),
                "{back}: lives longer"
            );
        }
        let taken = replica.take_code(&late.0, &redeem(late.1)).await.unwrap();
        assert_eq!(taken, RedeemedCode::Expired, "{back}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o16_r10_a_server_clock_that_jumps_erases_nothing() {
    let Some((options, connection)) = database::database().await else {
        return;
    };
    let clock = Arc::new(ManualClock::starting_now());
    let store = PostgresStore::open(&options.clone().clock(clock.clone()))
        .await
        .unwrap();
    let (client, connecting) = tokio_postgres::connect(&connection, NoTls).await.unwrap();
    tokio::spawn(connecting);
    let (code, binding) = granted(&store, true).await;
    let taken = store.take_code(&code, &redeem(binding)).await.unwrap();
    let RedeemedCode::Fresh(grant) = taken else {
        panic!("{taken:?}")
    };
    // the server is found twenty years early: the floor that it gave before is twenty years behind
    let floor = |by: &'static str| {
        let sql = format!("UPDATE medmij.clock SET floor = floor - interval '{by}', epoch = epoch + 1");
        let client = &client;
        async move { assert_eq!(client.execute(&sql, &[]).await.unwrap(), 1) }
    };
    floor("20 years").await;
    for _ in 0..3 {
        clock.advance(Duration::from_secs(3_600));
        assert!(store.clock().await.unwrap().jumped());
        assert_eq!(store.purge(1_000).await.unwrap(), 0);
        let checkpoint = SignedCheckpoint::new(1, "", "", vec![]);
        let nothing = store.destroy_audit(AuditTerm::default(), &checkpoint).await;
        assert_eq!(nothing.unwrap(), None);
    }
    assert!(store.live_grant(&grant.id).await.unwrap().is_some());
    store.accept_clock().await.unwrap();
    assert!(!store.clock().await.unwrap().jumped());
    // time that passes for the replicas lapses the consent; the clock of the server stands still meanwhile
    clock.advance(Duration::from_secs(183 * 86_400));
    assert!(store.clock().await.unwrap().jumped(), "the two do not agree");
    assert!(store.grants_of(&[grant.persoon]).await.unwrap().is_empty());
}

#[tokio::test]
async fn r10_a_server_clock_that_is_set_forward_ends_things_early() {
    let Some((store, replica, client)) = setup().await else {
        return;
    };
    let (code, binding) = granted(&store, false).await;
    set(&client, "1 hour").await;
    let taken = replica.take_code(&code, &redeem(binding)).await.unwrap();
    assert_eq!(taken, RedeemedCode::Expired);
}

#[tokio::test]
async fn o16_the_time_of_the_store_goes_back_two_seconds_at_most_however_the_clock_is_set() {
    let Some((store, _, client)) = setup().await else {
        return;
    };
    let now = || async {
        let sql = "SELECT (extract(epoch FROM medmij.now()) * 1000000)::bigint";
        client.query_one(sql, &[]).await.unwrap().get::<_, i64>(0)
    };
    let mut last = now().await;
    for by in ["1 day", "-2 days", "3 hours", "-1 second", "-10 years", "1 minute"] {
        set(&client, by).await;
        for write in [false, true, false, true, true] {
            if write {
                store.open_flow(new_flow()).await.unwrap();
            }
            let read = now().await;
            assert!(read >= last - 2_000_000, "{by}: {read} after {last}");
            last = last.max(read);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o13_many_open_flows_at_once_and_one_of_them_counts() {
    let Some((options, _)) = database::database().await else {
        return;
    };
    let store = Arc::new(PostgresStore::open(&options.max_flows(640)).await.unwrap());
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                for _ in 0..20 {
                    store.open_flow(new_flow()).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    // 1,280 were opened; the limit, and what came between two counts
    store.danger_shift_clock(Duration::from_secs(900)).await.unwrap();
    let (mut left, mut gone) = (0, 1);
    while gone > 0 {
        gone = store.purge(1_000).await.unwrap();
        left += gone;
    }
    assert!((1..=640 + 2 * 64).contains(&left), "{left} flows");
}
