// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.203, core.tknint.204, core.autorisatie.204, core.autorisatie.208 — codes are spent once, access tokens expire.

use std::{sync::Arc, time::Duration};

use medmij_dvza::store::{AuditKind, BurntCode, DangerShiftClock, Granted, RedeemedCode, Rotated};
use medmij_types::GegevensdienstId;

use super::fixtures::{
    Token, audit, client, fresh_hash, granted, host, langdurig, name, new_grant, open, persoon, redeem, rotate,
};

/// E07, case 60: the second offer fails.
pub async fn core_tknint_204_a_code_is_fresh_once_e07_peers_60<S: DangerShiftClock>(store: Arc<S>) {
    let (code, binding) = granted(&*store, false).await;
    let first = store.take_code(&code, &redeem(binding)).await.expect("take");
    assert!(
        matches!(first, RedeemedCode::Fresh(grant) if grant.client_id == client("pgo.example.nl") && grant.body == b"sealed")
    );
    assert_eq!(
        store.take_code(&code, &redeem(binding)).await.expect("take"),
        RedeemedCode::Replayed
    );
    assert_eq!(
        store.take_code(&fresh_hash(), &redeem(binding)).await.expect("take"),
        RedeemedCode::Unknown
    );
}

/// E08, A3: an offer with another client or redirect_uri burns the code.
pub async fn core_tknint_204_a_mismatch_burns_the_code_e08_suite_3<S: DangerShiftClock>(store: Arc<S>) {
    let (code, binding) = granted(&*store, false).await;
    let wrong = redeem(fresh_hash());
    assert_eq!(
        store.take_code(&code, &wrong).await.expect("take"),
        RedeemedCode::Mismatch
    );
    assert!(store.access(&wrong.access.token).await.expect("access").is_none());
    assert_eq!(
        store.take_code(&code, &redeem(binding)).await.expect("take"),
        RedeemedCode::Replayed
    );
}

/// A1: a replay, at once or later, ends the tokens of the first use.
pub async fn core_tknint_203_replay_ends_the_tokens_suite_1<S: DangerShiftClock>(store: Arc<S>) {
    for after in [0, 1, 30] {
        let (code, binding) = granted(&*store, true).await;
        let tokens = redeem(binding);
        let taken = store.take_code(&code, &tokens).await.expect("take");
        let RedeemedCode::Fresh(grant) = taken else {
            panic!("{taken:?}")
        };
        let access = store.access(&tokens.access.token).await.expect("access").expect("live");
        assert_eq!(access.names, [host("pgo.example.nl")]);
        store
            .danger_shift_clock(Duration::from_secs(after))
            .await
            .expect("shift");
        assert_eq!(
            store.take_code(&code, &redeem(binding)).await.expect("take"),
            RedeemedCode::Replayed
        );
        assert!(store.access(&tokens.access.token).await.expect("access").is_none());
        let token = Token {
            grant: grant.id,
            hash: tokens.refresh.expect("refresh").token,
            generation: 1,
        };
        let rotated = store.rotate_refresh(&rotate(&token)).await.expect("rotate");
        assert_eq!(rotated, Rotated::Unknown);
    }
}

/// D02, D03, A2: 899 s works, 900 s does not.
pub async fn core_autorisatie_204_205_a_code_lives_900_s_d02_d03_suite_2<S: DangerShiftClock>(store: Arc<S>) {
    // one second of slack: a real clock goes on while this runs
    for (after, works) in [(898, true), (900, false), (901, false)] {
        let (code, binding) = granted(&*store, false).await;
        store
            .danger_shift_clock(Duration::from_secs(after))
            .await
            .expect("shift");
        let taken = store.take_code(&code, &redeem(binding)).await.expect("take");
        assert_eq!(matches!(taken, RedeemedCode::Fresh(_)), works, "{after} s: {taken:?}");
        assert_eq!(taken == RedeemedCode::Expired, !works, "{after} s");
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
        RedeemedCode::Fresh(_)
    ));
}

/// F13: a token that exists is not issued again, and the code stays.
pub async fn core_autorisatie_208_no_token_twice_f13<S: DangerShiftClock>(store: Arc<S>) {
    let (first, binding) = granted(&*store, true).await;
    let tokens = redeem(binding);
    assert!(matches!(
        store.take_code(&first, &tokens).await.expect("take"),
        RedeemedCode::Fresh(_)
    ));
    let (second, binding) = granted(&*store, true).await;
    let mut same_access = redeem(binding);
    same_access.access = tokens.access;
    assert_eq!(
        store.take_code(&second, &same_access).await.expect("take"),
        RedeemedCode::Collision
    );
    assert!(matches!(
        store.take_code(&second, &redeem(binding)).await.expect("take"),
        RedeemedCode::Fresh(_)
    ));
    let token = langdurig(&*store).await;
    let mut again = rotate(&token);
    again.access = same_access.access;
    let rotated = store.rotate_refresh(&again).await.expect("rotate");
    assert_eq!(rotated, Rotated::Collision);
    let rotated = store.rotate_refresh(&rotate(&token)).await.expect("rotate");
    assert!(matches!(rotated, Rotated::Fresh(_)), "{rotated:?}");
}

/// H12: an access token is over after 900 s.
pub async fn core_autorisatie_204_access_lives_900_s_h12<S: DangerShiftClock>(store: Arc<S>) {
    let (code, binding) = granted(&*store, false).await;
    let tokens = redeem(binding);
    assert!(matches!(
        store.take_code(&code, &tokens).await.expect("take"),
        RedeemedCode::Fresh(_)
    ));
    store.danger_shift_clock(Duration::from_secs(898)).await.expect("shift");
    assert!(store.access(&tokens.access.token).await.expect("access").is_some());
    store.danger_shift_clock(Duration::from_secs(2)).await.expect("shift");
    assert!(store.access(&tokens.access.token).await.expect("access").is_none());
}

/// A code in a request that could not be read is burnt.
pub async fn burnt_code_is_gone<S: DangerShiftClock>(store: Arc<S>) {
    let (code, binding) = granted(&*store, false).await;
    for burnt in [BurntCode::Burnt, BurntCode::Spent] {
        assert_eq!(store.burn_code(&code).await.expect("burn"), burnt);
    }
    assert_eq!(
        store.take_code(&code, &redeem(binding)).await.expect("take"),
        RedeemedCode::Replayed
    );
    let none = store.burn_code(&fresh_hash()).await.expect("burn");
    assert_eq!(none, BurntCode::Unknown, "burning what is not there does nothing");
}

/// A withdrawal between consent and exchange wins.
pub async fn a_withdrawn_grant_has_no_working_code<S: DangerShiftClock>(store: Arc<S>) {
    let (code, binding) = granted(&*store, true).await;
    let (index, aanbieder, dvp) = (persoon(), name(), client("pgo.example.nl"));
    assert!(
        store
            .withdraw(&[index], Some(&aanbieder), &dvp, audit(AuditKind::Withdrawn))
            .await
            .expect("withdraw")
            >= 1
    );
    assert_eq!(
        store.take_code(&code, &redeem(binding)).await.expect("take"),
        RedeemedCode::Unknown
    );
}

/// A1: a code that is offered again counts as long as the grant lives, however often it was refreshed, and however long ago
/// the code expired.
pub async fn core_tknint_203_replay_counts_as_long_as_the_grant_lives<S: DangerShiftClock>(store: Arc<S>) {
    for after in [1_795, 1_805, 30 * 86_400] {
        let (code, binding) = granted(&*store, true).await;
        let tokens = redeem(binding);
        let taken = store.take_code(&code, &tokens).await.expect("take");
        let RedeemedCode::Fresh(grant) = taken else {
            panic!("{taken:?}")
        };
        let mut token = Token {
            grant: grant.id,
            hash: tokens.refresh.expect("refresh").token,
            generation: 1,
        };
        for _ in 0..2 {
            let by = Duration::from_secs(after);
            store.danger_shift_clock(by).await.expect("shift");
            while store.purge(1_000).await.expect("purge") > 0 {}
            let next = rotate(&token);
            let rotated = store.rotate_refresh(&next).await.expect("rotate");
            assert!(matches!(rotated, Rotated::Fresh(_)), "{rotated:?}");
            token = Token::of(&next);
        }
        let replay = store.take_code(&code, &redeem(binding)).await.expect("take");
        assert_eq!(replay, RedeemedCode::Replayed, "after 2 x {after} s");
        let rotated = store.rotate_refresh(&rotate(&token)).await.expect("rotate");
        assert_eq!(rotated, Rotated::Unknown);
    }
}

/// A code in the hands of somebody else: another client, or a certificate that is not of the grant, ends nothing.
pub async fn core_tknint_203_only_the_client_and_certificate_of_the_grant_end_it<S: DangerShiftClock>(store: Arc<S>) {
    let (code, binding) = granted(&*store, true).await;
    let mut tokens = redeem(binding);
    tokens.names = vec![host("back.example.nl")];
    tokens.own = false;
    let taken = store.take_code(&code, &tokens).await.expect("take");
    assert!(matches!(taken, RedeemedCode::Fresh(_)), "{taken:?}");
    let mut of_another = redeem(binding);
    of_another.client_id = client("ander.example.nl");
    let mut with_another = redeem(binding);
    with_another.names = vec![host("ander.example.nl")];
    with_another.own = false;
    for offer in [of_another, with_another] {
        let spent = store.take_code(&code, &offer).await.expect("take");
        assert_eq!(spent, RedeemedCode::Spent);
        let access = store.access(&tokens.access.token).await.expect("access");
        assert!(access.is_some(), "nothing ended");
    }
    // the certificate of the grant, known to belong to the client or not
    let mut same = redeem(binding);
    same.names = vec![host("ander.example.nl"), host("back.example.nl")];
    same.own = false;
    let replayed = store.take_code(&code, &same).await.expect("take");
    assert_eq!(replayed, RedeemedCode::Replayed);
    assert!(store.access(&tokens.access.token).await.expect("access").is_none());
}

/// core.tknint.204: a code that was in a request which gives no token is burnt where it was unused, and ends nothing where
/// it was used.
pub async fn core_tknint_204_a_burnt_code_ends_nothing<S: DangerShiftClock>(store: Arc<S>) {
    let (code, binding) = granted(&*store, true).await;
    let tokens = redeem(binding);
    assert!(matches!(
        store.take_code(&code, &tokens).await.expect("take"),
        RedeemedCode::Fresh(_)
    ));
    assert_eq!(store.burn_code(&code).await.expect("burn"), BurntCode::Spent);
    assert!(store.access(&tokens.access.token).await.expect("access").is_some());
}

/// The grant can be read before the code is taken, so that a grant that cannot be opened costs no code.
pub async fn the_grant_of_a_code_is_read_until_it_is_spent<S: DangerShiftClock>(store: Arc<S>) {
    let (code, binding) = granted(&*store, false).await;
    for _ in 0..2 {
        let grant = store.grant_of_code(&code).await.expect("grant").expect("unspent");
        assert_eq!((grant.persoon, grant.body.as_slice()), (persoon(), &b"sealed"[..]));
    }
    assert!(matches!(
        store.take_code(&code, &redeem(binding)).await.expect("take"),
        RedeemedCode::Fresh(_)
    ));
    for code in [code, fresh_hash()] {
        assert_eq!(store.grant_of_code(&code).await.expect("grant"), None);
    }
}

/// What a token admits is with the token: a narrower one narrows neither the consent nor the next token.
pub async fn an_access_token_admits_what_stands_with_it<S: DangerShiftClock>(store: Arc<S>) {
    let ids = |ids: &[&str]| -> Vec<GegevensdienstId> {
        let all = ids.iter().map(|id| GegevensdienstId::parse(id).expect("id"));
        all.collect()
    };
    let (code, binding) = granted(&*store, true).await;
    let mut tokens = redeem(binding);
    tokens.access.gegevensdiensten = ids(&["42", "48"]);
    let taken = store.take_code(&code, &tokens).await.expect("take");
    let RedeemedCode::Fresh(grant) = taken else {
        panic!("{taken:?}")
    };
    let mut token = Token {
        grant: grant.id,
        hash: tokens.refresh.expect("refresh").token,
        generation: 1,
    };
    for admitted in [ids(&["42"]), ids(&["42", "48"]), ids(&["48"])] {
        let mut next = rotate(&token);
        next.access.gegevensdiensten.clone_from(&admitted);
        let rotated = store.rotate_refresh(&next).await.expect("rotate");
        assert!(matches!(rotated, Rotated::Fresh(_)), "{rotated:?}");
        token = Token::of(&next);
        let access = store.access(&next.access.token).await.expect("access").expect("live");
        assert_eq!(
            (access.gegevensdiensten, access.grant.body),
            (admitted, b"sealed".to_vec())
        );
        // and the first one still admits what it did
        let first = store.access(&tokens.access.token).await.expect("access").expect("live");
        assert_eq!(first.gegevensdiensten, ids(&["42", "48"]));
    }
}
