// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.dossier.108 — after a death, or to erase a Persoon, all that it has ends at once, whatever happens at the same moment.

use std::{sync::Arc, time::Duration};

use medmij_abonneren::{Abonnementen, Created, SharedOutbox, Waiting};
use medmij_dvza::store::{
    Acting, AuditEntry, AuditKind, AuditObject, BurntCode, DangerShiftClock, Granted, PersoonEnd, RedeemedCode,
    RotateRefresh, Rotated,
};
use medmij_oauth::{
    seal::PersoonIndex,
    storage::{Advanced, SecretHash},
};
use medmij_types::{Clock as _, SystemClock};

use super::fixtures::{Token, client, name, new_grant_of, open, redeem, rotate};
use crate::abonneren::{row, today};

fn persoon(n: u8) -> PersoonIndex {
    PersoonIndex::from_bytes([n; 32])
}

fn death(persoon: &[PersoonIndex]) -> PersoonEnd {
    PersoonEnd::after_death(persoon.to_vec(), Acting::operator("ann"))
}

/// A langdurige toestemming whose code is redeemed: its refresh token and its access token.
async fn collected<S: DangerShiftClock>(store: &S, of: PersoonIndex) -> (Token, SecretHash) {
    let new = new_grant_of(of, open(store).await, true);
    let (grant, code, tokens) = (new.grant.id.clone(), new.code, redeem(new.binding));
    assert_eq!(store.grant(new).await.expect("grant"), Granted::Done);
    let taken = store.take_code(&code, &tokens).await.expect("take");
    assert!(matches!(taken, RedeemedCode::Fresh(_)), "{taken:?}");
    let token = Token {
        grant,
        hash: tokens.refresh.expect("refresh").token,
        generation: 1,
    };
    (token, tokens.access.token)
}

async fn is_admitted<S: DangerShiftClock>(store: &S, token: &SecretHash) -> bool {
    store.access(token).await.expect("access").is_some()
}

/// Codes, access tokens and refresh tokens, by every version of the index key; nobody else's.
pub async fn core_dossier_108_everything_of_a_persoon_ends_with_one_entry<S: DangerShiftClock>(store: Arc<S>) {
    let both = [persoon(1), persoon(2)];
    let (token, access) = collected(&*store, both[0]).await;
    let (old_token, old_access) = collected(&*store, both[1]).await;
    let unspent = new_grant_of(both[0], open(&*store).await, false);
    let (code, offer) = (unspent.code, redeem(unspent.binding));
    assert_eq!(store.grant(unspent).await.expect("grant"), Granted::Done);
    let (other, other_access) = collected(&*store, persoon(3)).await;
    let before = store.danger_audit().await.expect("audit").len();

    let ended = store.end_persoon(&death(&both)).await.expect("end");
    assert_eq!(ended.grants, vec![(client("pgo.example.nl"), Some(name())); 3]);
    assert_eq!((ended.abonnementen, ended.entries), (0, 0));
    for access in [access, old_access] {
        assert!(!is_admitted(&*store, &access).await);
    }
    for token in [token, old_token] {
        assert_eq!(
            store.rotate_refresh(&rotate(&token)).await.expect("rotate"),
            Rotated::Unknown
        );
    }
    assert_eq!(
        store.take_code(&code, &offer).await.expect("take"),
        RedeemedCode::Unknown
    );
    assert_eq!(store.burn_code(&code).await.expect("burn"), BurntCode::Unknown);
    assert!(store.grants_of(&both).await.expect("grants").is_empty());
    // of somebody else: as it was
    assert!(is_admitted(&*store, &other_access).await);
    let on = store.rotate_refresh(&rotate(&other)).await.expect("rotate");
    assert!(matches!(on, Rotated::Fresh(_)), "{on:?}");

    // one entry, which says whose it was
    let entries = store.danger_audit().await.expect("audit");
    let [entry] = &entries[before..] else {
        panic!("{entries:?}")
    };
    assert_eq!((entry.kind, entry.object), (AuditKind::Ended, AuditObject::Persoon));
    assert_eq!((entry.persoon, &entry.by), (Some(both[0]), &Acting::operator("ann")));
    // once more: nothing is left, and that somebody did it is on record
    let again = store.end_persoon(&death(&both)).await.expect("end");
    assert!(again.grants.is_empty());
    assert_eq!(store.danger_audit().await.expect("audit").len(), entries.len() + 1);
}

/// Whoever sits before the question gives no consent any more; a while later a living Persoon can.
pub async fn core_dossier_108_a_flow_under_way_ends_in_no_grant<S: DangerShiftClock>(store: Arc<S>) {
    let flow = open(&*store).await;
    store.end_persoon(&death(&[persoon(1), persoon(2)])).await.expect("end");
    let before = store.danger_audit().await.expect("audit").len();
    for of in [persoon(1), persoon(2)] {
        let refused = store.grant(new_grant_of(of, flow.clone(), true)).await;
        assert_eq!(refused.expect("grant"), Granted::Stale);
    }
    assert_eq!(
        store.danger_audit().await.expect("audit").len(),
        before,
        "no consent on record"
    );
    // nobody else waits
    let other = new_grant_of(persoon(3), flow, true);
    assert_eq!(store.grant(other).await.expect("grant"), Granted::Done);
    store.danger_shift_clock(PersoonEnd::HOLD).await.expect("shift");
    let later = new_grant_of(persoon(1), open(&*store).await, true);
    assert_eq!(store.grant(later).await.expect("grant"), Granted::Done);
}

/// A code is redeemed, a refresh token exchanged and a consent given at the moment of the end: nothing of it works after.
pub async fn core_dossier_108_nothing_that_races_with_the_end_is_left<S: DangerShiftClock>(store: Arc<S>) {
    for n in 1..=25 {
        let of = persoon(n);
        let (token, access) = collected(&*store, of).await;
        let unspent = new_grant_of(of, open(&*store).await, true);
        let (code, offer) = (unspent.code, redeem(unspent.binding));
        assert_eq!(store.grant(unspent).await.expect("grant"), Granted::Done);
        let new = new_grant_of(of, open(&*store).await, true);
        let (new_code, new_offer) = (new.code, redeem(new.binding));
        let (next, end) = (rotate(&token), death(&[of]));
        let barrier = Arc::new(tokio::sync::Barrier::new(4));
        macro_rules! at_once {
            ($store:ident, $of:expr, $call:expr) => {{
                let ($store, barrier, of) = (Arc::clone(&store), Arc::clone(&barrier), $of);
                tokio::spawn(async move {
                    barrier.wait().await;
                    $call(&*$store, of).await
                })
            }};
        }
        let taking = at_once!(store, offer.clone(), async |store: &S, offer| {
            store.take_code(&code, &offer).await.expect("take")
        });
        let rotating = at_once!(store, next.clone(), async |store: &S, next: RotateRefresh| {
            store.rotate_refresh(&next).await.expect("rotate")
        });
        let granting = at_once!(store, new, async |store: &S, new| store
            .grant(new)
            .await
            .expect("grant"));
        let ending = at_once!(store, end, async |store: &S, end: PersoonEnd| {
            store.end_persoon(&end).await.expect("end")
        });
        let (taken, rotated, granted, ended) = tokio::join!(taking, rotating, granting, ending);
        let (taken, rotated, granted) = (taken.expect("task"), rotated.expect("task"), granted.expect("task"));
        let ended = ended.expect("task").grants.len();
        let about = format!("{taken:?} {rotated:?} {granted:?} {ended}");
        assert_eq!(ended, if granted == Granted::Done { 3 } else { 2 }, "{about}");
        for token in [access, offer.access.token, next.access.token] {
            assert!(!is_admitted(&*store, &token).await, "{about}");
        }
        for code in [code, new_code] {
            let after = store.take_code(&code, &new_offer).await.expect("take");
            assert_eq!(after, RedeemedCode::Unknown, "{about}");
        }
        for token in [token, Token::of(&next)] {
            let after = store.rotate_refresh(&rotate(&token)).await.expect("rotate");
            assert_eq!(after, Rotated::Unknown, "{about}");
        }
        assert!(store.grants_of(&[of]).await.expect("grants").is_empty(), "{about}");
    }
}

/// Erasure: the entries stay, and say no more whose they are; what is written late follows.
pub async fn an_erased_persoon_is_not_in_the_audit_log<S: DangerShiftClock>(store: Arc<S>) {
    let both = [persoon(1), persoon(2)];
    for of in both {
        let _ = collected(&*store, of).await;
    }
    let _ = collected(&*store, persoon(3)).await;
    let erasure = PersoonEnd::erasure(both.to_vec(), Acting::operator("ann"));
    let ended = store.end_persoon(&erasure).await.expect("end");
    assert_eq!((ended.grants.len(), ended.entries), (2, 2));
    let persons = async || {
        let entries = store.danger_audit().await.expect("audit");
        entries
            .iter()
            .map(|entry| (entry.kind, entry.persoon))
            .collect::<Vec<_>>()
    };
    let consented = AuditKind::Consented;
    let mut expected = vec![
        (consented, None),
        (consented, None),
        (consented, Some(persoon(3))),
        (AuditKind::Erased, None),
    ];
    assert_eq!(persons().await, expected);
    // an access that was gathered before, and is written now
    let mut late = AuditEntry::of(AuditKind::Accessed, AuditObject::HealthData, Acting::system());
    late.persoon = Some(both[1]);
    store.audit(vec![late]).await.expect("audit");
    store.danger_shift_clock(PersoonEnd::HOLD).await.expect("shift");
    while store.purge(100).await.expect("purge") > 0 {}
    expected.push((AuditKind::Accessed, None));
    assert_eq!(persons().await, expected);
}

/// Abonnementen, and notifications that wait, end in the same transaction; one that is asked for at the same moment too.
pub async fn core_dossier_108_abonnementen_end_with_their_persoon<S>(store: Arc<S>)
where
    S: DangerShiftClock + Abonnementen + SharedOutbox,
{
    let (one, other) = (row(1, 30), row(3, 30));
    for row in [&one, &row(2, 30), &other] {
        assert_eq!(
            store.create(row.clone(), 9, today()).await.expect("create"),
            Created::Done
        );
    }
    let now = SystemClock::default().now();
    let waiting =
        |row: &medmij_abonneren::AbonnementRow| Waiting::new(row.abonnement.id.clone(), row.client_id.clone(), now);
    let both = vec![waiting(&one), waiting(&other)];
    let taken = store.take_in("feed", None, "1", both).await.expect("take in");
    assert_eq!(taken, Advanced::Done);
    let ended = store.end_persoon(&death(&[persoon(1), persoon(2)])).await.expect("end");
    assert_eq!(ended.abonnementen, 2);
    for (of, left) in [(1, 0), (2, 0), (3, 1)] {
        assert_eq!(store.of_persoon(&persoon(of), today()).await.expect("of").len(), left);
    }
    let leased = store.lease(now, now + Duration::from_secs(60), 9).await.expect("lease");
    let waits: Vec<_> = leased.iter().map(|leased| &leased.waiting.abonnement).collect();
    assert_eq!(waits, [&other.abonnement.id]);
    // a request that the guard let in before
    assert_eq!(
        store.create(row(1, 30), 9, today()).await.expect("create"),
        Created::Full
    );

    for n in 10..35 {
        let barrier = Arc::new(tokio::sync::Barrier::new(2));
        let (creating, waits) = (Arc::clone(&store), Arc::clone(&barrier));
        let created = tokio::spawn(async move {
            waits.wait().await;
            creating.create(row(n, 30), 9, today()).await.expect("create")
        });
        barrier.wait().await;
        store.end_persoon(&death(&[persoon(n)])).await.expect("end");
        let created = created.await.expect("task");
        let left = store.of_persoon(&persoon(n), today()).await.expect("of").len();
        assert_eq!(left, 0, "{created:?}");
    }
    store.danger_shift_clock(PersoonEnd::HOLD).await.expect("shift");
    assert_eq!(
        store.create(row(1, 30), 9, today()).await.expect("create"),
        Created::Done
    );
}
