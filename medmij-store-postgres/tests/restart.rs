// SPDX-License-Identifier: AGPL-3.0-or-later
//! R7, O17: the database stops and starts under load. No token without a row, no code twice, and everything works again
//! without a restart of this process.
//!
//! `MEDMIJ_RESTARTS=60` runs more cycles than the four of a normal run.

#![allow(clippy::panic, reason = "a test may fail")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use medmij_dvza::store::{Granted, NewGrant, Redeem, RedeemedCode, Store};
use medmij_oauth::storage::{SecretHash, StoreError};
use medmij_store_contract::store::{new_flow, new_grant, redeem};
use medmij_store_postgres::{PostgresOptions, PostgresStore};
use medmij_test::postgres::{Stop, TestPostgres};

/// What the redeemers of one code saw.
struct Seen {
    alone: bool,
    fresh: Vec<Redeem>,
    doubtful: bool,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn core_tknint_204_postgres_stops_and_starts_under_load_r7() {
    let Some(server) = TestPostgres::start_or_skip() else {
        return;
    };
    let options = PostgresOptions::parse(&server.create_database().unwrap())
        .unwrap()
        .pool_size(8);
    PostgresStore::migrate(&options).await.unwrap();
    let store = Arc::new(PostgresStore::open(&options).await.unwrap());
    let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let workers: Vec<_> = (0..12)
        .map(|_| {
            let (store, stop, done) = (Arc::clone(&store), Arc::clone(&stop), Arc::clone(&done));
            tokio::spawn(async move {
                let mut seen = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    // every other code has two redeemers
                    seen.push(one_code(&store, seen.len() % 2 == 0).await);
                    done.fetch_add(1, Ordering::Relaxed);
                }
                seen
            })
        })
        .collect();

    let cycles = std::env::var("MEDMIJ_RESTARTS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(4);
    for cycle in 0..cycles {
        codes_go_on(&done, 100).await;
        server
            .stop(if cycle % 2 == 0 { Stop::Immediate } else { Stop::Fast })
            .unwrap();
        let started = Instant::now();
        let down = store.open_flow(new_flow()).await;
        assert!(matches!(down, Err(StoreError::Unavailable(_))), "{down:?}");
        // a refusal, not a hang; the wait for a connection is far shorter
        assert!(started.elapsed() < Duration::from_secs(60));
        server.resume().unwrap();
        let back = Instant::now();
        while store.open_flow(new_flow()).await.is_err() {
            assert!(back.elapsed() < Duration::from_secs(60), "still not back");
            tokio::task::yield_now().await;
        }
    }
    codes_go_on(&done, 100).await;
    stop.store(true, Ordering::Relaxed);

    let (mut codes, mut doubtful) = (0, 0);
    for worker in workers {
        for seen in worker.await.unwrap() {
            codes += 1;
            doubtful += usize::from(seen.doubtful);
            assert!(seen.fresh.len() <= 1, "a code was fresh twice");
            assert!(
                seen.fresh.len() == 1 || seen.doubtful,
                "a code was lost though no answer was"
            );
            for tokens in &seen.fresh {
                // a second offer ends what came of the first
                let live = store.access(&tokens.access.token).await.unwrap().is_some();
                assert!(live || !seen.alone, "a token without a row");
            }
        }
    }
    assert!(codes > cycles * 100);
    assert!(doubtful < codes / 2, "{doubtful} of {codes}");
}

/// Waits until so many more codes were taken: the load goes on.
async fn codes_go_on(done: &AtomicU64, more: u64) {
    let (from, since) = (done.load(Ordering::Relaxed), Instant::now());
    while done.load(Ordering::Relaxed) < from + more {
        assert!(since.elapsed() < Duration::from_secs(120), "nothing goes on");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// One flow, one code, one redeemer or two, each of whom tries again while the store cannot be reached.
async fn one_code(store: &PostgresStore, alone: bool) -> Seen {
    let (code, binding) = loop {
        if let Some(granted) = granted(store).await {
            break granted;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    let (a, b) = (redeem(binding), redeem(binding));
    let offers = if alone {
        vec![offer(store, &code, a).await]
    } else {
        let (first, second) = tokio::join!(offer(store, &code, a), offer(store, &code, b));
        vec![first, second]
    };
    Seen {
        alone,
        doubtful: offers.iter().any(|(_, doubtful)| *doubtful),
        fresh: offers.into_iter().filter_map(|(fresh, _)| fresh).collect(),
    }
}

/// The tokens, if the code was fresh, and whether an answer was lost.
async fn offer(store: &PostgresStore, code: &SecretHash, tokens: Redeem) -> (Option<Redeem>, bool) {
    let mut doubtful = false;
    loop {
        match store.take_code(code, &tokens).await {
            Ok(RedeemedCode::Fresh(_)) => return (Some(tokens), doubtful),
            Ok(_) => return (None, doubtful),
            Err(StoreError::Unavailable(_)) => doubtful = true,
            Err(other) => panic!("{other}"),
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A grant that was answered for, or nothing where the store could not be reached.
async fn granted(store: &PostgresStore) -> Option<(SecretHash, SecretHash)> {
    let flow = new_flow();
    let id = flow.id.clone();
    store.open_flow(flow).await.ok()?;
    let new: NewGrant = new_grant(id, false);
    let (code, binding) = (new.code, new.binding);
    match store.grant(new).await {
        Ok(Granted::Done) => Some((code, binding)),
        Ok(other) => panic!("{other:?}"),
        Err(_) => None,
    }
}
