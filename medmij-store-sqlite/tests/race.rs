// SPDX-License-Identifier: AGPL-3.0-or-later
//! R5, R6: many redeemers of one code, through one store and through two on one file.
//!
//! `MEDMIJ_RACE=full` runs the large numbers: 10,000 codes × 2 and 1,000 × 16.

use std::{path::Path, sync::Arc};

use medmij_dvza::store::{RedeemedCode, Store};
use medmij_store_contract::store::{granted, race, redeem, refresh_race};
use medmij_store_sqlite::{SqliteOptions, SqliteStore};

use crate::folder;

fn numbers() -> [(usize, usize); 2] {
    match std::env::var("MEDMIJ_RACE").as_deref() {
        Ok("full") => [(10_000, 2), (1_000, 16)],
        _ => [(1_000, 2), (100, 16)],
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn core_tknint_204_one_store_many_redeemers_r5() {
    let store = Arc::new(open(&folder::folder("race").join("store.db")));
    for (codes, redeemers) in numbers() {
        race(&store, codes, redeemers).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn core_tknint_204_two_stores_on_one_file_many_redeemers_r5() {
    let path = folder::folder("race").join("store.db");
    let stores = [Arc::new(open(&path)), Arc::new(open(&path))];
    for (codes, redeemers) in numbers() {
        for _ in 0..codes / 4 {
            let (code, binding) = granted(&*stores[0], false).await;
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
async fn core_tknint_208_two_stores_on_one_file_one_refresh_r6() {
    let path = folder::folder("race").join("store.db");
    let stores = [Arc::new(open(&path)), Arc::new(open(&path))];
    for (tokens, callers) in numbers() {
        refresh_race(&stores, tokens / 4, callers).await;
    }
}

#[allow(clippy::unwrap_used, reason = "a test may fail")]
fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(SqliteOptions::new(path)).unwrap()
}
