// SPDX-License-Identifier: AGPL-3.0-or-later
//! Langdurige toestemming — rotation, reuse, lost answers, withdrawal.

use std::{sync::Arc, time::Duration};

use medmij_dvza::store::{AuditKind, DangerShiftClock, Rotated, TakenCode};
use medmij_oauth::seal::PersoonIndex;
use medmij_types::Aanbiedernaam;

use super::fixtures::{HALF_YEAR, audit, client, granted, langdurig, naam, persoon, redeem, rotate};

/// G04, G05, G06: each refresh gives a new token with again half a year.
pub async fn refresh_rotates_g04_g05_g06<S: DangerShiftClock>(store: Arc<S>) {
    let mut token = langdurig(&*store).await;
    for _ in 0..3 {
        store
            .danger_shift_clock(HALF_YEAR - Duration::from_secs(2))
            .await
            .expect("shift");
        let next = rotate();
        assert!(matches!(
            store.rotate_refresh(&token, &next).await.expect("rotate"),
            Rotated::Fresh(_)
        ));
        assert!(store.access(&next.access).await.expect("access").is_some());
        token = next.next;
    }
    store.danger_shift_clock(HALF_YEAR).await.expect("shift");
    let late = store.rotate_refresh(&token, &rotate()).await.expect("rotate");
    assert!(matches!(late, Rotated::Expired | Rotated::Unknown), "{late:?}");
}

/// G08, A15: a token whose successor was used ends the family.
pub async fn refresh_reuse_ends_the_family_g08_a15<S: DangerShiftClock>(store: Arc<S>) {
    let first = langdurig(&*store).await;
    let (second, third) = (rotate(), rotate());
    assert!(matches!(
        store.rotate_refresh(&first, &second).await.expect("rotate"),
        Rotated::Fresh(_)
    ));
    assert!(matches!(
        store.rotate_refresh(&second.next, &third).await.expect("rotate"),
        Rotated::Fresh(_)
    ));
    assert_eq!(
        store.rotate_refresh(&first, &rotate()).await.expect("rotate"),
        Rotated::Reused
    );
    assert_eq!(
        store.rotate_refresh(&third.next, &rotate()).await.expect("rotate"),
        Rotated::Unknown
    );
    assert!(store.access(&third.access).await.expect("access").is_none());
}

/// A lost answer: the successor that nobody used is replaced, and does not work any more.
pub async fn refresh_lost_answer_is_survivable<S: DangerShiftClock>(store: Arc<S>) {
    let first = langdurig(&*store).await;
    let (lost, kept) = (rotate(), rotate());
    assert!(matches!(
        store.rotate_refresh(&first, &lost).await.expect("rotate"),
        Rotated::Fresh(_)
    ));
    store.danger_shift_clock(Duration::from_secs(6)).await.expect("shift");
    assert!(matches!(
        store.rotate_refresh(&first, &kept).await.expect("rotate"),
        Rotated::Replaced(_)
    ));
    assert!(matches!(
        store.rotate_refresh(&kept.next, &rotate()).await.expect("rotate"),
        Rotated::Fresh(_)
    ));
    // the answer that was lost turns up after all: somebody else had it
    assert_eq!(
        store.rotate_refresh(&lost.next, &rotate()).await.expect("rotate"),
        Rotated::Reused
    );
}

/// R6: of racing refreshes with one token exactly one succeeds, and the family lives.
pub async fn refresh_race_has_one_winner_r6<S: DangerShiftClock>(store: Arc<S>) {
    for _ in 0..20 {
        let token = langdurig(&*store).await;
        let mut tasks = Vec::new();
        for _ in 0..8 {
            let store = Arc::clone(&store);
            tasks.push(tokio::spawn(async move {
                let next = rotate();
                (store.rotate_refresh(&token, &next).await.expect("rotate"), next.next)
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
            store.rotate_refresh(&next, &rotate()).await.expect("rotate"),
            Rotated::Fresh(_)
        ));
    }
}

/// G11: the token of another client.
pub async fn refresh_of_another_client_g11<S: DangerShiftClock>(store: Arc<S>) {
    let token = langdurig(&*store).await;
    let mut other = rotate();
    other.client_id = client("ander.example.nl");
    assert_eq!(
        store.rotate_refresh(&token, &other).await.expect("rotate"),
        Rotated::Mismatch
    );
    assert!(matches!(
        store.rotate_refresh(&token, &rotate()).await.expect("rotate"),
        Rotated::Fresh(_)
    ));
}

/// F01: without langdurige toestemming no refresh token is written.
pub async fn no_refresh_without_langdurige_toestemming_f01<S: DangerShiftClock>(store: Arc<S>) {
    let (code, binding) = granted(&*store, false).await;
    let tokens = redeem(binding);
    assert!(
        matches!(store.take_code(&code, &tokens).await.expect("take"), TakenCode::Fresh(grant) if !grant.langdurig)
    );
    let refresh = tokens.refresh.expect("refresh").0;
    assert_eq!(
        store.rotate_refresh(&refresh, &rotate()).await.expect("rotate"),
        Rotated::Unknown
    );
    assert!(store.grants_of(&persoon()).await.expect("grants").is_empty());
}

/// G09, G13: withdrawal ends every token of Persoon × Aanbieder × DVP, and of nobody else.
pub async fn withdrawal_ends_everything_g09_g13<S: DangerShiftClock>(store: Arc<S>) {
    let (code, binding) = granted(&*store, true).await;
    let tokens = redeem(binding);
    assert!(matches!(
        store.take_code(&code, &tokens).await.expect("take"),
        TakenCode::Fresh(_)
    ));
    let index = persoon();
    assert_eq!(store.grants_of(&index).await.expect("grants").len(), 1);
    let (aanbieder, dvp) = (naam(), client("pgo.example.nl"));
    let withdraw = |who, what: Option<Aanbiedernaam>, by| {
        let store = Arc::clone(&store);
        async move {
            store
                .withdraw(&who, what.as_ref(), &by, audit(AuditKind::Ingetrokken))
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
    assert!(store.access(&tokens.access).await.expect("access").is_some());
    assert_eq!(withdraw(index, Some(aanbieder), dvp).await, 1);
    assert!(store.access(&tokens.access).await.expect("access").is_none());
    let refresh = tokens.refresh.expect("refresh").0;
    assert_eq!(
        store.rotate_refresh(&refresh, &rotate()).await.expect("rotate"),
        Rotated::Unknown
    );
    assert!(store.grants_of(&index).await.expect("grants").is_empty());
    assert!(
        store
            .danger_audit()
            .await
            .expect("audit")
            .iter()
            .any(|entry| entry.kind == AuditKind::Ingetrokken)
    );
}
