// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.203 — audit entries commit with the change that they tell of, and occur once.

use std::sync::Arc;

use super::fixtures::{
    Token, audit, client, granted, host, langdurig, name, new_grant, open, persoon, redeem, rotate, rotate_at, session,
};
use medmij_dvza::store::{
    Acting, Actor, Advance, AuditEntry, AuditKind, DangerShiftClock, GrantId, Granted, RedeemedCode, Rotated,
};
use medmij_oauth::storage::Advanced;

async fn entries<S: DangerShiftClock>(store: &S, kind: AuditKind) -> Vec<AuditEntry> {
    let mut entries = store.danger_audit().await.expect("audit");
    entries.retain(|entry| entry.kind == kind);
    entries
}

/// The entry of a refusal is there when the step is, and not where another caller was first.
pub async fn audit_commits_with_the_step_of_a_flow<S: DangerShiftClock>(store: Arc<S>) {
    let id = open(&*store).await;
    let refuse = |version| {
        Advance::new(id.clone(), version, session(1), b"einde".to_vec(), true).with_audit(audit(AuditKind::Refused))
    };
    assert_eq!(store.advance_flow(refuse(7)).await.expect("advance"), Advanced::Stale);
    assert!(entries(&*store, AuditKind::Refused).await.is_empty());
    assert_eq!(store.advance_flow(refuse(1)).await.expect("advance"), Advanced::Done);
    assert_eq!(store.advance_flow(refuse(1)).await.expect("advance"), Advanced::Stale);
    assert_eq!(entries(&*store, AuditKind::Refused).await, [audit(AuditKind::Refused)]);
    // closing: the same
    let stale = store.close_flow(&id, 1, Some(audit(AuditKind::Refused))).await;
    assert_eq!(stale.expect("close"), Advanced::Stale);
    assert_eq!(entries(&*store, AuditKind::Refused).await.len(), 1);
    // and a grant on a flow that went on
    let grant = store.grant(new_grant(id, false)).await.expect("grant");
    assert_eq!(grant, Granted::Stale);
    assert!(entries(&*store, AuditKind::Consented).await.is_empty());
}

/// A replayed code, a reused refresh token and an operator each end a grant, with one entry of the store's own.
pub async fn audit_of_an_end_by_the_dvza_stands_once<S: DangerShiftClock>(store: Arc<S>) {
    let mut grants: Vec<GrantId> = Vec::new();

    let (code, binding) = granted(&*store, true).await;
    let taken = store.take_code(&code, &redeem(binding)).await.expect("take");
    let RedeemedCode::Fresh(grant) = taken else {
        panic!("{taken:?}")
    };
    grants.push(grant.id);
    for answer in [RedeemedCode::Replayed, RedeemedCode::Unknown, RedeemedCode::Unknown] {
        let again = store.take_code(&code, &redeem(binding)).await.expect("take");
        assert_eq!(again, answer);
    }

    let first = langdurig(&*store).await;
    grants.push(first.grant.clone());
    let second = rotate(&first);
    let rotated = store.rotate_refresh(&second).await.expect("rotate");
    assert!(matches!(rotated, Rotated::Fresh(_)), "{rotated:?}");
    let used = store
        .rotate_refresh(&rotate(&Token::of(&second)))
        .await
        .expect("rotate");
    assert!(matches!(used, Rotated::Fresh(_)), "{used:?}");
    for answer in [Rotated::Reused, Rotated::Unknown] {
        let again = store.rotate_refresh(&rotate_at(&first, 3)).await.expect("rotate");
        assert_eq!(again, answer);
    }

    let new = new_grant(open(&*store).await, true);
    grants.push(new.grant.id.clone());
    assert_eq!(store.grant(new).await.expect("grant"), Granted::Done);
    for _ in 0..2 {
        store
            .revoke_grant(&grants[2], &Acting::operator("ann"))
            .await
            .expect("revoke");
    }

    let ended = entries(&*store, AuditKind::Ended).await;
    let of: Vec<_> = ended.iter().filter_map(|entry| entry.grant.clone()).collect();
    assert_eq!(of, grants);
    // who ended them: the one who offered a code or token again, and an operator
    let by: Vec<_> = ended.iter().map(|entry| entry.by.actor.clone()).collect();
    let dvp = || Actor::Client(Some(host("pgo.example.nl")));
    assert_eq!(by, [dvp(), dvp(), Actor::Operator("ann".to_owned())]);
    for entry in ended {
        assert_eq!((entry.persoon, entry.aanbieder), (Some(persoon()), Some(name())));
        assert_eq!(
            (entry.client_id, entry.scope.as_str()),
            (Some(client("pgo.example.nl")), "*")
        );
    }
}

/// G13: pressed twice, or too late, nothing is withdrawn a second time and nothing says so.
pub async fn audit_of_a_withdrawal_needs_something_to_withdraw<S: DangerShiftClock>(store: Arc<S>) {
    let (who, name, dvp) = (persoon(), name(), client("pgo.example.nl"));
    let whom = [who];
    let withdraw = || store.withdraw(&whom, Some(&name), &dvp, audit(AuditKind::Withdrawn));
    assert_eq!(withdraw().await.expect("withdraw"), 0);
    assert!(entries(&*store, AuditKind::Withdrawn).await.is_empty());
    let _ = langdurig(&*store).await;
    let _ = langdurig(&*store).await;
    for ended in [2, 0] {
        assert_eq!(withdraw().await.expect("withdraw"), ended);
        assert_eq!(
            entries(&*store, AuditKind::Withdrawn).await,
            [audit(AuditKind::Withdrawn)]
        );
    }
}
