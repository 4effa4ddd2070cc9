// SPDX-License-Identifier: AGPL-3.0-or-later
//! R5, R6 — one code, many redeemers; one refresh token, many callers.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use super::fixtures::{Token, granted, langdurig, redeem, rotate};
use medmij_dvza::store::{DangerShiftClock, RedeemedCode, Rotated};

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
                    RedeemedCode::Fresh(_) => {
                        fresh.fetch_add(1, Ordering::SeqCst);
                    }
                    // the second offer ends the grant, and those after it find nothing
                    RedeemedCode::Replayed | RedeemedCode::Unknown => {}
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

/// R6: one refresh token at several stores of the same rows at once. One wins; the others lose and end nothing; the
/// winner's token goes on working, at whichever store.
pub async fn refresh_race<S: DangerShiftClock>(stores: &[Arc<S>], tokens: usize, callers: usize) {
    for _ in 0..tokens {
        let token = langdurig(&*stores[0]).await;
        let barrier = Arc::new(tokio::sync::Barrier::new(callers));
        let mut tasks = Vec::with_capacity(callers);
        for store in stores.iter().cycle().take(callers) {
            let (store, barrier, token) = (Arc::clone(store), Arc::clone(&barrier), token.clone());
            tasks.push(tokio::spawn(async move {
                let next = rotate(&token);
                barrier.wait().await;
                (store.rotate_refresh(&next).await.expect("rotate"), next)
            }));
        }
        let mut winner = None;
        for task in tasks {
            match task.await.expect("task") {
                (Rotated::Fresh(_), next) => assert!(winner.replace(next).is_none(), "two winners"),
                (Rotated::Race, next) => {
                    let none = stores[0].access(&next.access.token).await.expect("access");
                    assert!(none.is_none(), "a token without a win");
                }
                (other, _) => panic!("{other:?}"),
            }
        }
        let next = winner.expect("one winner");
        for store in stores {
            assert!(store.access(&next.access.token).await.expect("access").is_some());
        }
        let last = stores.last().expect("a store");
        let on = last.rotate_refresh(&rotate(&Token::of(&next))).await.expect("rotate");
        assert!(matches!(on, Rotated::Fresh(_)), "{on:?}");
    }
}
