// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.203, core.tknint.208 — refresh answers cut at a random byte over two replicas, while PostgreSQL crashes and comes
//! back: no consent is lost, no token has two successors, and each true reuse ends the family.
//!
//! `MEDMIJ_CUTS=10000` runs the large number.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use medmij_store_contract::vault::cut_answers;
use medmij_store_postgres::{PostgresOptions, PostgresStore, PostgresVault};
use medmij_test::postgres::{Stop, TestPostgres};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn core_tknint_208_answers_cut_over_two_replicas_and_restarts_lose_no_consent() {
    let Some(server) = TestPostgres::start_or_skip() else {
        return;
    };
    let cuts = std::env::var("MEDMIJ_CUTS").map_or(80, |number| number.parse().unwrap());
    let options = PostgresOptions::parse(&server.create_database().unwrap())
        .unwrap()
        .pool_size(8);
    PostgresStore::migrate(&options).await.unwrap();
    PostgresVault::migrate(&options).await.unwrap();
    let mut replicas = Vec::new();
    for _ in 0..2 {
        replicas.push(Arc::new(PostgresStore::open(&options).await.unwrap()));
    }
    let vault = Arc::new(PostgresVault::open(&options).await.unwrap());
    let (progress, done) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let restarts = {
        let (progress, done) = (Arc::clone(&progress), Arc::clone(&done));
        // a crash each time that so many answers were cut
        let every = (cuts / 20).max(25);
        thread::spawn(move || {
            let mut restarts = 0_u64;
            while !done.load(Ordering::Relaxed) {
                let since = progress.load(Ordering::Relaxed);
                while progress.load(Ordering::Relaxed) < since + every && !done.load(Ordering::Relaxed) {
                    thread::yield_now();
                    thread::sleep(Duration::from_millis(5));
                }
                let how = if restarts.is_multiple_of(2) {
                    Stop::Immediate
                } else {
                    Stop::Fast
                };
                server.stop(how).unwrap();
                server.resume().unwrap();
                restarts += 1;
            }
            restarts
        })
    };
    let began = Instant::now();
    let stores = [Arc::clone(&replicas[0]), Arc::clone(&replicas[1])];
    let found = cut_answers(stores, vault, (cuts, 8), &progress).await;
    done.store(true, Ordering::Relaxed);
    let restarts = restarts.join().unwrap();
    println!(
        "{found:?}, {restarts} restarts of the database, {} s",
        began.elapsed().as_secs()
    );
    assert!(found.is_good(), "{found:?}");
    assert!(found.cut >= cuts && restarts > 1, "{found:?}, {restarts} restarts");
}
