// SPDX-License-Identifier: AGPL-3.0-or-later
//! R5, R6: many redeemers of one code, through one store and through two on one database.
//!
//! `MEDMIJ_RACE=full` runs the large numbers: 10,000 codes × 2 and 1,000 × 16.

use std::sync::Arc;

use medmij_dvza::store::{RedeemedCode, Store};
use medmij_store_contract::store::{granted, race, redeem, refresh_race};
use medmij_store_postgres::PostgresStore;

use crate::private_server as database;

fn numbers() -> [(usize, usize); 2] {
    match std::env::var("MEDMIJ_RACE").as_deref() {
        Ok("full") => [(10_000, 2), (1_000, 16)],
        _ => [(1_000, 2), (100, 16)],
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn core_tknint_204_one_store_many_redeemers_r5() {
    let Some((options, _)) = database::database().await else {
        return;
    };
    let store = Arc::new(PostgresStore::open(&options).await.unwrap());
    for (codes, redeemers) in numbers() {
        race(&store, codes, redeemers).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn core_tknint_204_two_replicas_many_redeemers_r5() {
    let Some((options, _)) = database::database().await else {
        return;
    };
    let stores = [
        Arc::new(PostgresStore::open(&options).await.unwrap()),
        Arc::new(PostgresStore::open(&options).await.unwrap()),
    ];
    for (codes, redeemers) in numbers() {
        for _ in 0..codes / 4 {
            let (code, binding) = granted(&*stores[0], true).await;
            let barrier = Arc::new(tokio::sync::Barrier::new(redeemers));
            let tasks: Vec<_> = stores
                .iter()
                .cycle()
                .take(redeemers)
                .map(|store| {
                    let (store, barrier) = (Arc::clone(store), Arc::clone(&barrier));
                    tokio::spawn(async move {
                        barrier.wait().await;
                        store.take_code(&code, &redeem(binding)).await.unwrap()
                    })
                })
                .collect();
            let mut fresh = 0;
            for task in tasks {
                match task.await.unwrap() {
                    RedeemedCode::Fresh(_) => fresh += 1,
                    // the second offer ends the grant, and those after it find nothing
                    RedeemedCode::Replayed | RedeemedCode::Unknown => {}
                    other => panic!("{other:?}"),
                }
            }
            assert_eq!(fresh, 1);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn core_tknint_208_two_replicas_one_refresh_r6() {
    let Some((options, _)) = database::database().await else {
        return;
    };
    let stores = [
        Arc::new(PostgresStore::open(&options).await.unwrap()),
        Arc::new(PostgresStore::open(&options).await.unwrap()),
    ];
    for (tokens, callers) in numbers() {
        refresh_race(&stores, tokens / 4, callers).await;
    }
}
