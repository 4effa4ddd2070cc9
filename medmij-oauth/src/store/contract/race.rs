// SPDX-License-Identifier: AGPL-3.0-or-later
//! R5 — one code, many redeemers.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use super::fixtures::{granted, redeem};
use crate::store::{DangerShiftClock, TakenCode};

/// R5: 250 codes × 2 and 25 codes × 16 at once; exactly one success each, none lost. Larger numbers are for load tests.
pub async fn racing_redeemers_r5<S: DangerShiftClock>(store: Arc<S>) {
    race(&store, 250, 2).await;
    race(&store, 25, 16).await;
}

/// One code, many redeemers: exactly one success for each of `codes` codes.
pub async fn race<S: DangerShiftClock>(store: &Arc<S>, codes: usize, redeemers: usize) {
    for _ in 0..codes {
        let (code, binding) = granted(&**store, false).await;
        let fresh = Arc::new(AtomicUsize::new(0));
        let barrier = Arc::new(tokio::sync::Barrier::new(redeemers));
        let mut tasks = Vec::with_capacity(redeemers);
        for _ in 0..redeemers {
            let (store, fresh, barrier) = (Arc::clone(store), Arc::clone(&fresh), Arc::clone(&barrier));
            tasks.push(tokio::spawn(async move {
                barrier.wait().await;
                match store.take_code(&code, &redeem(binding)).await.expect("take") {
                    TakenCode::Fresh(_) => {
                        fresh.fetch_add(1, Ordering::SeqCst);
                    }
                    TakenCode::Replayed => {}
                    other => panic!("{other:?}"),
                }
            }));
        }
        for task in tasks {
            task.await.expect("task");
        }
        assert_eq!(fresh.load(Ordering::SeqCst), 1);
    }
}
