// SPDX-License-Identifier: AGPL-3.0-or-later
//! Langdurige toestemming — rotation, reuse, lost answers, withdrawal.

use std::{sync::Arc, time::Duration};

use medmij_dvza::store::{AuditKind, DangerShiftClock, RedeemedCode, RefreshRate, Resealed, Rotated};
use medmij_oauth::seal::PersoonIndex;
use medmij_types::Aanbiedernaam;

use super::fixtures::{
    HALF_YEAR, Token, audit, client, fresh_hash, granted, langdurig, name, persoon, redeem, rotate, rotate_at,
};

/// G04, G05, G06: each refresh gives a new token with again half a year.
pub async fn refresh_rotates_g04_g05_g06<S: DangerShiftClock>(store: Arc<S>) {
    let mut token = langdurig(&*store).await;
    for _ in 0..3 {
        store
            .danger_shift_clock(HALF_YEAR - Duration::from_secs(2))
            .await
            .expect("shift");
        let next = rotate(&token);
        assert!(matches!(
            store.rotate_refresh(&next).await.expect("rotate"),
            Rotated::Fresh(_)
        ));
        assert!(store.access(&next.access.token).await.expect("access").is_some());
        token = Token::of(&next);
    }
    store.danger_shift_clock(HALF_YEAR).await.expect("shift");
    let late = store.rotate_refresh(&rotate(&token)).await.expect("rotate");
    assert!(matches!(late, Rotated::Expired | Rotated::Unknown), "{late:?}");
}

/// G08, A15: a token whose successor was used ends the family.
pub async fn refresh_reuse_ends_the_family_g08_suite_15<S: DangerShiftClock>(store: Arc<S>) {
    let first = langdurig(&*store).await;
    let second = rotate(&first);
    assert!(matches!(
        store.rotate_refresh(&second).await.expect("rotate"),
        Rotated::Fresh(_)
    ));
    let third = rotate(&Token::of(&second));
    assert!(matches!(
        store.rotate_refresh(&third).await.expect("rotate"),
        Rotated::Fresh(_)
    ));
    assert_eq!(
        store.rotate_refresh(&rotate_at(&first, 3)).await.expect("rotate"),
        Rotated::Reused
    );
    assert_eq!(
        store.rotate_refresh(&rotate(&Token::of(&third))).await.expect("rotate"),
        Rotated::Unknown
    );
    assert!(store.access(&third.access.token).await.expect("access").is_none());
}

/// However often a grant was refreshed since, and whatever was purged.
pub async fn refresh_any_older_token_ends_the_family<S: DangerShiftClock>(store: Arc<S>) {
    for offered in [1_u32, 5, 9] {
        let mut tokens = vec![langdurig(&*store).await];
        for _ in 0..10 {
            let last = tokens.last().expect("one").clone();
            let next = rotate(&last);
            let rotated = store.rotate_refresh(&next).await.expect("rotate");
            assert!(matches!(rotated, Rotated::Fresh(_)), "{rotated:?}");
            tokens.push(Token::of(&next));
            store.danger_shift_clock(HALF_YEAR / 2).await.expect("shift");
            while store.purge(1_000).await.expect("purge") > 0 {}
        }
        let old = &tokens[offered as usize - 1];
        let reused = store.rotate_refresh(&rotate_at(old, 11)).await.expect("rotate");
        assert_eq!(reused, Rotated::Reused, "generation {offered}");
        let last = tokens.last().expect("one");
        let gone = store.rotate_refresh(&rotate(last)).await.expect("rotate");
        assert_eq!(gone, Rotated::Unknown);
    }
}

/// A genuine token that the store does not know yet: it was put back from a copy. Nobody did anything wrong.
pub async fn refresh_of_a_later_generation_ends_nothing<S: DangerShiftClock>(store: Arc<S>) {
    let token = langdurig(&*store).await;
    for generation in [1, 2, 3] {
        let later = Token {
            grant: token.grant.clone(),
            hash: fresh_hash(),
            generation,
        };
        let rotated = store.rotate_refresh(&rotate_at(&later, 1)).await.expect("rotate");
        assert_eq!(rotated, Rotated::Unknown);
    }
    let rotated = store.rotate_refresh(&rotate(&token)).await.expect("rotate");
    assert!(matches!(rotated, Rotated::Fresh(_)), "{rotated:?}");
}

/// A lost answer: the successor that nobody used is replaced, and does not work any more.
pub async fn refresh_lost_answer_is_survivable<S: DangerShiftClock>(store: Arc<S>) {
    let first = langdurig(&*store).await;
    let lost = rotate(&first);
    assert!(matches!(
        store.rotate_refresh(&lost).await.expect("rotate"),
        Rotated::Fresh(_)
    ));
    store.danger_shift_clock(Duration::from_secs(6)).await.expect("shift");
    let kept = rotate_at(&first, 2);
    assert!(matches!(
        store.rotate_refresh(&kept).await.expect("rotate"),
        Rotated::Replaced(_)
    ));
    // whoever still thinks that the current one is of the second generation was too late
    store.danger_shift_clock(Duration::from_secs(6)).await.expect("shift");
    let late = store.rotate_refresh(&rotate_at(&first, 2)).await.expect("rotate");
    assert_eq!(late, Rotated::Race);
    assert!(matches!(
        store.rotate_refresh(&rotate(&Token::of(&kept))).await.expect("rotate"),
        Rotated::Fresh(_)
    ));
    // the answer that was lost turns up after all: somebody else had it
    let reused = store.rotate_refresh(&rotate_at(&Token::of(&lost), 4)).await;
    assert_eq!(reused.expect("rotate"), Rotated::Reused);
}

/// R6: of racing refreshes with one token exactly one succeeds, and the family lives.
pub async fn refresh_race_has_one_winner_r6<S: DangerShiftClock>(store: Arc<S>) {
    for _ in 0..20 {
        let token = langdurig(&*store).await;
        let mut tasks = Vec::new();
        for _ in 0..8 {
            let (store, token) = (Arc::clone(&store), token.clone());
            tasks.push(tokio::spawn(async move {
                let next = rotate(&token);
                (store.rotate_refresh(&next).await.expect("rotate"), Token::of(&next))
            }));
        }
        let mut winner = None;
        for task in tasks {
            match task.await.expect("task") {
                (Rotated::Fresh(_), next) => assert!(winner.replace(next).is_none(), "two winners"),
                (Rotated::Race, _) => {}
                (other, _) => panic!("{other:?}"),
            }
        }
        let next = winner.expect("one winner");
        assert!(matches!(
            store.rotate_refresh(&rotate(&next)).await.expect("rotate"),
            Rotated::Fresh(_)
        ));
    }
}

/// G11: the token of another client.
pub async fn refresh_of_another_client_g11<S: DangerShiftClock>(store: Arc<S>) {
    let token = langdurig(&*store).await;
    let mut other = rotate(&token);
    other.client_id = client("ander.example.nl");
    assert_eq!(store.rotate_refresh(&other).await.expect("rotate"), Rotated::Mismatch);
    assert!(matches!(
        store.rotate_refresh(&rotate(&token)).await.expect("rotate"),
        Rotated::Fresh(_)
    ));
}

/// F01: without langdurige toestemming no refresh token is written.
pub async fn no_refresh_without_langdurige_toestemming_f01<S: DangerShiftClock>(store: Arc<S>) {
    let (code, binding) = granted(&*store, false).await;
    let tokens = redeem(binding);
    let taken = store.take_code(&code, &tokens).await.expect("take");
    let RedeemedCode::Fresh(grant) = taken else {
        panic!("{taken:?}")
    };
    assert!(!grant.langdurig);
    let live = store.live_grant(&grant.id).await.expect("grant").expect("live");
    assert_eq!((live.grant, live.refresh), ((*grant).clone(), None));
    let token = Token {
        grant: grant.id,
        hash: tokens.refresh.expect("refresh").token,
        generation: 1,
    };
    let rotated = store.rotate_refresh(&rotate(&token)).await.expect("rotate");
    assert_eq!(rotated, Rotated::Unknown);
    assert!(store.grants_of(&[persoon()]).await.expect("grants").is_empty());
}

/// The tokens of one grant are exchanged so many times within a time, and of another as often as that.
pub async fn refresh_is_bounded_for_each_grant<S: DangerShiftClock>(store: Arc<S>) {
    let rate = RefreshRate::new(3, Duration::from_secs(900));
    let (mut token, other) = (langdurig(&*store).await, langdurig(&*store).await);
    for round in 0..2 {
        for _ in 0..3 {
            let mut next = rotate(&token);
            next.rate = rate;
            let rotated = store.rotate_refresh(&next).await.expect("rotate");
            assert!(matches!(rotated, Rotated::Fresh(_)), "{round}: {rotated:?}");
            token = Token::of(&next);
        }
        let mut next = rotate(&token);
        next.rate = rate;
        let refused = store.rotate_refresh(&next).await.expect("rotate");
        assert_eq!(refused, Rotated::TooOften);
        assert!(store.access(&next.access.token).await.expect("access").is_none());
        store.danger_shift_clock(Duration::from_secs(900)).await.expect("shift");
    }
    let mut next = rotate(&other);
    next.rate = rate;
    let rotated = store.rotate_refresh(&next).await.expect("rotate");
    assert!(matches!(rotated, Rotated::Fresh(_)), "{rotated:?}");
}

/// A refresh can bring the sealed part of a grant under other keys; the Persoon is found by the new index and not by the old.
pub async fn refresh_reseals_the_grant<S: DangerShiftClock>(store: Arc<S>) {
    let token = langdurig(&*store).await;
    let mut next = rotate(&token);
    let index = PersoonIndex::from_bytes([9; 32]);
    next.reseal = Some(Resealed::new(index, b"sealed anew".to_vec()));
    let rotated = store.rotate_refresh(&next).await.expect("rotate");
    let Rotated::Fresh(grant) = rotated else {
        panic!("{rotated:?}")
    };
    assert_eq!((grant.persoon, grant.body.as_slice()), (index, &b"sealed anew"[..]));
    assert!(store.grants_of(&[persoon()]).await.expect("grants").is_empty());
    assert_eq!(store.grants_of(&[index]).await.expect("grants"), [*grant]);
}

/// G09, G13: withdrawal ends every token of Persoon × Aanbieder × DVP, and of nobody else.
pub async fn withdrawal_ends_everything_g09_g13<S: DangerShiftClock>(store: Arc<S>) {
    let (code, binding) = granted(&*store, true).await;
    let tokens = redeem(binding);
    let taken = store.take_code(&code, &tokens).await.expect("take");
    let RedeemedCode::Fresh(grant) = taken else {
        panic!("{taken:?}")
    };
    let index = persoon();
    assert_eq!(store.grants_of(&[index]).await.expect("grants").len(), 1);
    let (aanbieder, dvp) = (name(), client("pgo.example.nl"));
    let withdraw = |who, what: Option<Aanbiedernaam>, by| {
        let store = Arc::clone(&store);
        async move {
            store
                .withdraw(&[who], what.as_ref(), &by, audit(AuditKind::Withdrawn))
                .await
                .expect("withdraw")
        }
    };
    assert_eq!(
        withdraw(PersoonIndex::from_bytes([8; 32]), Some(aanbieder.clone()), dvp.clone()).await,
        0
    );
    assert_eq!(
        withdraw(index, Some(Aanbiedernaam::parse("ander").expect("naam")), dvp.clone()).await,
        0
    );
    assert_eq!(
        withdraw(index, Some(aanbieder.clone()), client("ander.example.nl")).await,
        0
    );
    assert!(store.access(&tokens.access.token).await.expect("access").is_some());
    assert_eq!(withdraw(index, Some(aanbieder), dvp).await, 1);
    assert!(store.access(&tokens.access.token).await.expect("access").is_none());
    let token = Token {
        grant: grant.id,
        hash: tokens.refresh.expect("refresh").token,
        generation: 1,
    };
    let rotated = store.rotate_refresh(&rotate(&token)).await.expect("rotate");
    assert_eq!(rotated, Rotated::Unknown);
    assert!(store.grants_of(&[index]).await.expect("grants").is_empty());
    assert!(
        store
            .danger_audit()
            .await
            .expect("audit")
            .iter()
            .any(|entry| entry.kind == AuditKind::Withdrawn)
    );
}
