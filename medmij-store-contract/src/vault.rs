// SPDX-License-Identifier: AGPL-3.0-or-later
//! The contract of a [`TokenVault`], as tests that every vault passes.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "these are tests, in a module that other crates can run"
)]

mod answers;
mod cuts;

use std::{sync::Arc, time::Duration};

pub use self::{answers::*, cuts::*};
use medmij_dvp::vault::{Advanced, DangerShiftVault, RefreshStart, TokenVault, VaultKey};

/// Instantiates the contract for a vault: an expression that makes an empty one (it may `.await`).
#[macro_export]
macro_rules! vault_contract {
    ($make:expr) => {
        $crate::vault_contract!(@tests $make;
            a_token_is_kept_and_forgotten,
            one_refresh_at_a_time,
            a_lost_refresh_is_tried_again,
            the_next_token_takes_the_place_of_the_old,
            racing_refreshes_have_one_winner,
            a_late_answer_takes_nothing_away,
            no_attempt_has_the_number_of_another,
            tokens_that_lapsed_are_purged_in_batches,
            core_tknint_208_a_cut_between_any_two_steps_loses_no_consent,
            core_tknint_208_refreshes_at_once_ask_once,
            core_tknint_208_answers_cut_at_a_random_byte_lose_no_consent,
            rfc_6749_6_only_invalid_grant_ends_what_is_kept,
        );
    };
    (@tests $make:expr; $($name:ident,)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $name() {
            $crate::vault::$name(::std::sync::Arc::new($make)).await;
        }
    )*};
}

const LONG: Duration = Duration::from_secs(3_600);

fn key() -> VaultKey {
    VaultKey::from_text("persoon-1")
}

async fn begin<V: TokenVault>(vault: &V, lease: Duration) -> (Vec<u8>, u64) {
    match vault.begin(&key(), lease).await.expect("begin") {
        RefreshStart::Refresh { sealed, attempt } => (sealed, attempt),
        other => panic!("{other:?}"),
    }
}

/// What is kept comes out; what is forgotten does not.
pub async fn a_token_is_kept_and_forgotten<V: TokenVault>(vault: Arc<V>) {
    assert_eq!(vault.begin(&key(), LONG).await.expect("begin"), RefreshStart::Unknown);
    vault.keep(&key(), b"een".to_vec()).await.expect("keep");
    let (sealed, attempt) = begin(&*vault, LONG).await;
    assert_eq!(sealed, b"een");
    vault.forget(&key()).await.expect("forget");
    assert_eq!(
        vault.finish(&key(), attempt, b"twee".to_vec()).await.expect("finish"),
        Advanced::Stale
    );
    assert_eq!(vault.begin(&key(), LONG).await.expect("begin"), RefreshStart::Unknown);
    vault
        .forget(&key())
        .await
        .expect("forgetting what is not there does nothing");
}

/// While a refresh runs there is no second one.
pub async fn one_refresh_at_a_time<V: TokenVault>(vault: Arc<V>) {
    vault.keep(&key(), b"een".to_vec()).await.expect("keep");
    let (_, attempt) = begin(&*vault, LONG).await;
    assert_eq!(vault.begin(&key(), LONG).await.expect("begin"), RefreshStart::UnderWay);
    vault.release(&key(), attempt).await.expect("release");
    assert_eq!(begin(&*vault, LONG).await.0, b"een");
}

/// When the lease is over the same token comes out again, and the late answer of the first attempt is not kept.
pub async fn a_lost_refresh_is_tried_again<V: DangerShiftVault>(vault: Arc<V>) {
    vault.keep(&key(), b"een".to_vec()).await.expect("keep");
    let (_, lost) = begin(&*vault, LONG).await;
    vault.danger_shift_clock(LONG).await.expect("shift");
    let (sealed, second) = begin(&*vault, LONG).await;
    assert_eq!(sealed, b"een");
    assert_eq!(
        vault.finish(&key(), lost, b"laat".to_vec()).await.expect("finish"),
        Advanced::Stale
    );
    assert_eq!(
        vault.finish(&key(), second, b"twee".to_vec()).await.expect("finish"),
        Advanced::Done
    );
    assert_eq!(begin(&*vault, LONG).await.0, b"twee");
}

/// After a refresh the next token is the one that comes out.
pub async fn the_next_token_takes_the_place_of_the_old<V: TokenVault>(vault: Arc<V>) {
    vault.keep(&key(), b"een".to_vec()).await.expect("keep");
    for next in [b"twee".to_vec(), b"drie".to_vec()] {
        let (_, attempt) = begin(&*vault, LONG).await;
        assert_eq!(
            vault.finish(&key(), attempt, next.clone()).await.expect("finish"),
            Advanced::Done
        );
        let (sealed, attempt) = begin(&*vault, LONG).await;
        assert_eq!(sealed, next);
        vault.release(&key(), attempt).await.expect("release");
    }
}

/// Of many callers one refreshes.
pub async fn racing_refreshes_have_one_winner<V: TokenVault>(vault: Arc<V>) {
    vault.keep(&key(), b"een".to_vec()).await.expect("keep");
    let mut tasks = Vec::new();
    for _ in 0..16 {
        let vault = Arc::clone(&vault);
        tasks.push(tokio::spawn(
            async move { vault.begin(&key(), LONG).await.expect("begin") },
        ));
    }
    let mut winners = 0;
    for task in tasks {
        winners += usize::from(matches!(task.await.expect("task"), RefreshStart::Refresh { .. }));
    }
    assert_eq!(winners, 1);
}

/// The refusal of an old attempt does not end the token of a newer one, and that of the attempt that runs does.
pub async fn a_late_answer_takes_nothing_away<V: DangerShiftVault>(vault: Arc<V>) {
    vault.keep(&key(), b"een".to_vec()).await.expect("keep");
    let (_, late) = begin(&*vault, LONG).await;
    vault.danger_shift_clock(LONG).await.expect("shift");
    let (_, second) = begin(&*vault, LONG).await;
    let lapsed = |attempt| {
        let vault = Arc::clone(&vault);
        async move { vault.lapse(&key(), attempt).await }
    };
    assert_eq!(lapsed(late).await.expect("lapse"), Advanced::Stale);
    vault.release(&key(), late).await.expect("release");
    assert_eq!(vault.begin(&key(), LONG).await.expect("begin"), RefreshStart::UnderWay);
    let finished = vault.finish(&key(), second, b"twee".to_vec()).await;
    assert_eq!(finished.expect("finish"), Advanced::Done);
    assert_eq!(lapsed(second).await.expect("lapse"), Advanced::Stale);
    let (sealed, third) = begin(&*vault, LONG).await;
    assert_eq!(sealed, b"twee");
    assert_eq!(lapsed(third).await.expect("lapse"), Advanced::Done);
    assert_eq!(vault.begin(&key(), LONG).await.expect("begin"), RefreshStart::Unknown);
}

/// A token that was forgotten or replaced and kept again is not touched by what ran before.
pub async fn no_attempt_has_the_number_of_another<V: TokenVault>(vault: Arc<V>) {
    let mut seen = Vec::new();
    for forget in [true, false, true] {
        vault.keep(&key(), b"oud".to_vec()).await.expect("keep");
        let (_, old) = begin(&*vault, LONG).await;
        if forget {
            vault.forget(&key()).await.expect("forget");
        }
        vault.keep(&key(), b"nieuw".to_vec()).await.expect("keep");
        let (sealed, new) = begin(&*vault, LONG).await;
        assert_eq!(sealed, b"nieuw");
        let stale = vault.finish(&key(), old, b"van vroeger".to_vec()).await;
        assert_eq!(stale.expect("finish"), Advanced::Stale);
        assert_eq!(vault.lapse(&key(), old).await.expect("lapse"), Advanced::Stale);
        for attempt in [old, new] {
            assert!(!seen.contains(&attempt), "{attempt} twice");
            seen.push(attempt);
        }
    }
}

/// Half a year after it was kept a token is worth nothing; purging takes a few at a time.
pub async fn tokens_that_lapsed_are_purged_in_batches<V: DangerShiftVault>(vault: Arc<V>) {
    let half_year = Duration::from_secs(182 * 86_400);
    for n in 0..5 {
        let key = VaultKey::from_text(&format!("oud-{n}"));
        vault.keep(&key, b"een".to_vec()).await.expect("keep");
    }
    vault.danger_shift_clock(half_year).await.expect("shift");
    vault.keep(&key(), b"jong".to_vec()).await.expect("keep");
    for gone in [2, 2, 1, 0] {
        assert_eq!(vault.purge(half_year, 2).await.expect("purge"), gone);
    }
    assert_eq!(begin(&*vault, LONG).await.0, b"jong");
}
