// SPDX-License-Identifier: AGPL-3.0-or-later
//! The contract of a [`TokenVault`], as tests that every vault passes.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "these are tests, in a module that other crates can run"
)]

use std::{sync::Arc, time::Duration};

use super::{Begun, Finished, TokenVault, VaultKey};

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
        );
    };
    (@tests $make:expr; $($name:ident,)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $name() {
            $crate::client::vault::contract::$name(::std::sync::Arc::new($make)).await;
        }
    )*};
}

const LONG: Duration = Duration::from_secs(3_600);

fn key() -> VaultKey {
    VaultKey::from_text("persoon-1")
}

async fn begin<V: TokenVault>(vault: &V, lease: Duration) -> (Vec<u8>, u64) {
    match vault.begin(&key(), lease).await.expect("begin") {
        Begun::Refresh { sealed, attempt } => (sealed, attempt),
        other => panic!("{other:?}"),
    }
}

/// What is kept comes out; what is forgotten does not.
pub async fn a_token_is_kept_and_forgotten<V: TokenVault>(vault: Arc<V>) {
    assert_eq!(vault.begin(&key(), LONG).await.expect("begin"), Begun::Unknown);
    vault.keep(&key(), b"een".to_vec()).await.expect("keep");
    let (sealed, attempt) = begin(&*vault, LONG).await;
    assert_eq!(sealed, b"een");
    vault.forget(&key()).await.expect("forget");
    assert_eq!(
        vault.finish(&key(), attempt, b"twee".to_vec()).await.expect("finish"),
        Finished::Stale
    );
    assert_eq!(vault.begin(&key(), LONG).await.expect("begin"), Begun::Unknown);
}

/// While a refresh runs there is no second one.
pub async fn one_refresh_at_a_time<V: TokenVault>(vault: Arc<V>) {
    vault.keep(&key(), b"een".to_vec()).await.expect("keep");
    let (_, attempt) = begin(&*vault, LONG).await;
    assert_eq!(vault.begin(&key(), LONG).await.expect("begin"), Begun::UnderWay);
    vault.release(&key(), attempt).await.expect("release");
    assert_eq!(begin(&*vault, LONG).await.0, b"een");
}

/// When the lease is over the same token comes out again, and the late answer of the first attempt is not kept.
pub async fn a_lost_refresh_is_tried_again<V: TokenVault>(vault: Arc<V>) {
    vault.keep(&key(), b"een".to_vec()).await.expect("keep");
    let (_, lost) = begin(&*vault, Duration::ZERO).await;
    let (sealed, second) = begin(&*vault, LONG).await;
    assert_eq!(sealed, b"een");
    assert_eq!(
        vault.finish(&key(), lost, b"laat".to_vec()).await.expect("finish"),
        Finished::Stale
    );
    assert_eq!(
        vault.finish(&key(), second, b"twee".to_vec()).await.expect("finish"),
        Finished::Done
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
            Finished::Done
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
        winners += usize::from(matches!(task.await.expect("task"), Begun::Refresh { .. }));
    }
    assert_eq!(winners, 1);
}
