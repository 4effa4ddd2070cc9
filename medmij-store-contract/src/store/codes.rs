// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.203, core.tknint.204, core.autorisatie.204, core.autorisatie.208 — codes and access tokens.

use std::{sync::Arc, time::Duration};

use super::fixtures::{audit, client, fresh_hash, granted, host, naam, new_grant, open, persoon, redeem, rotate};
use medmij_dvza::store::{AuditKind, DangerShiftClock, Granted, Rotated, TakenCode};

/// E07, case 60: the second offer fails.
pub async fn core_tknint_204_a_code_is_fresh_once_e07_peers_60<S: DangerShiftClock>(store: Arc<S>) {
    let (code, binding) = granted(&*store, false).await;
    let first = store.take_code(&code, &redeem(binding)).await.expect("take");
    assert!(
        matches!(first, TakenCode::Fresh(grant) if grant.client_id == client("pgo.example.nl") && grant.body == b"sealed")
    );
    assert_eq!(
        store.take_code(&code, &redeem(binding)).await.expect("take"),
        TakenCode::Replayed
    );
    assert_eq!(
        store.take_code(&fresh_hash(), &redeem(binding)).await.expect("take"),
        TakenCode::Unknown
    );
}

/// E08, A3: an offer with another client or redirect_uri burns the code.
pub async fn core_tknint_204_a_mismatch_burns_the_code_e08_a3<S: DangerShiftClock>(store: Arc<S>) {
    let (code, binding) = granted(&*store, false).await;
    let wrong = redeem(fresh_hash());
    assert_eq!(store.take_code(&code, &wrong).await.expect("take"), TakenCode::Mismatch);
    assert!(store.access(&wrong.access).await.expect("access").is_none());
    assert_eq!(
        store.take_code(&code, &redeem(binding)).await.expect("take"),
        TakenCode::Replayed
    );
}

/// A1: a replay, at once or later, ends the tokens of the first use.
pub async fn core_tknint_203_replay_ends_the_tokens_a1<S: DangerShiftClock>(store: Arc<S>) {
    for after in [0, 1, 30] {
        let (code, binding) = granted(&*store, true).await;
        let tokens = redeem(binding);
        assert!(matches!(
            store.take_code(&code, &tokens).await.expect("take"),
            TakenCode::Fresh(_)
        ));
        let access = store.access(&tokens.access).await.expect("access").expect("live");
        assert_eq!(access.names, [host("pgo.example.nl")]);
        store
            .danger_shift_clock(Duration::from_secs(after))
            .await
            .expect("shift");
        assert_eq!(
            store.take_code(&code, &redeem(binding)).await.expect("take"),
            TakenCode::Replayed
        );
        assert!(store.access(&tokens.access).await.expect("access").is_none());
        let refresh = tokens.refresh.expect("refresh").0;
        assert_eq!(
            store.rotate_refresh(&refresh, &rotate()).await.expect("rotate"),
            Rotated::Unknown
        );
    }
}

/// D02, D03, A2: 899 s works, 900 s does not.
pub async fn core_autorisatie_204_205_a_code_lives_900_s_d02_d03_a2<S: DangerShiftClock>(store: Arc<S>) {
    // one second of slack: a real clock goes on while this runs
    for (after, works) in [(898, true), (900, false), (901, false)] {
        let (code, binding) = granted(&*store, false).await;
        store
            .danger_shift_clock(Duration::from_secs(after))
            .await
            .expect("shift");
        let taken = store.take_code(&code, &redeem(binding)).await.expect("take");
        assert_eq!(matches!(taken, TakenCode::Fresh(_)), works, "{after} s: {taken:?}");
        assert_eq!(taken == TakenCode::Expired, !works, "{after} s");
    }
}

/// D04: a code that exists is not issued again, and nothing else is written.
pub async fn core_autorisatie_208_no_code_twice_d04<S: DangerShiftClock>(store: Arc<S>) {
    let (code, binding) = granted(&*store, false).await;
    let flow = open(&*store).await;
    let mut again = new_grant(flow.clone(), false);
    again.code = code;
    assert_eq!(store.grant(again).await.expect("grant"), Granted::Collision);
    assert!(store.flow(&flow).await.expect("flow").is_some());
    assert!(matches!(
        store.take_code(&code, &redeem(binding)).await.expect("take"),
        TakenCode::Fresh(_)
    ));
}

/// F13: a token that exists is not issued again, and the code stays.
pub async fn core_autorisatie_208_no_token_twice_f13<S: DangerShiftClock>(store: Arc<S>) {
    let (first, binding) = granted(&*store, true).await;
    let tokens = redeem(binding);
    assert!(matches!(
        store.take_code(&first, &tokens).await.expect("take"),
        TakenCode::Fresh(_)
    ));
    let (second, binding) = granted(&*store, true).await;
    let mut same_access = redeem(binding);
    same_access.access = tokens.access;
    assert_eq!(
        store.take_code(&second, &same_access).await.expect("take"),
        TakenCode::Collision
    );
    let mut same_refresh = redeem(binding);
    same_refresh.refresh = tokens.refresh;
    assert_eq!(
        store.take_code(&second, &same_refresh).await.expect("take"),
        TakenCode::Collision
    );
    assert!(matches!(
        store.take_code(&second, &redeem(binding)).await.expect("take"),
        TakenCode::Fresh(_)
    ));
}

/// H12: an access token is over after 900 s.
pub async fn core_autorisatie_204_access_lives_900_s_h12<S: DangerShiftClock>(store: Arc<S>) {
    let (code, binding) = granted(&*store, false).await;
    let tokens = redeem(binding);
    assert!(matches!(
        store.take_code(&code, &tokens).await.expect("take"),
        TakenCode::Fresh(_)
    ));
    store.danger_shift_clock(Duration::from_secs(898)).await.expect("shift");
    assert!(store.access(&tokens.access).await.expect("access").is_some());
    store.danger_shift_clock(Duration::from_secs(2)).await.expect("shift");
    assert!(store.access(&tokens.access).await.expect("access").is_none());
}

/// A code in a request that could not be read is burnt.
pub async fn burnt_code_is_gone<S: DangerShiftClock>(store: Arc<S>) {
    let (code, binding) = granted(&*store, false).await;
    store.burn_code(&code).await.expect("burn");
    assert_eq!(
        store.take_code(&code, &redeem(binding)).await.expect("take"),
        TakenCode::Replayed
    );
    store
        .burn_code(&fresh_hash())
        .await
        .expect("burning what is not there does nothing");
}

/// A withdrawal between consent and exchange wins.
pub async fn a_withdrawn_grant_has_no_working_code<S: DangerShiftClock>(store: Arc<S>) {
    let (code, binding) = granted(&*store, true).await;
    let (index, aanbieder, dvp) = (persoon(), naam(), client("pgo.example.nl"));
    assert!(
        store
            .withdraw(&index, Some(&aanbieder), &dvp, audit(AuditKind::Ingetrokken))
            .await
            .expect("withdraw")
            >= 1
    );
    assert_eq!(
        store.take_code(&code, &redeem(binding)).await.expect("take"),
        TakenCode::Unknown
    );
}
