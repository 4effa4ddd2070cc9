// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.authint.205 — flows: one browser, one answer.

use std::sync::Arc;

use super::fixtures::{QUARTER, audit, new_grant, open, redeem, session};
use medmij_dvza::store::{Advance, AuditKind, DangerShiftClock, Granted, NewFlow, RedeemedCode};
use medmij_oauth::storage::Advanced;

/// Of two callers with one version one wins.
pub async fn flow_is_advanced_by_one_caller<S: DangerShiftClock>(store: Arc<S>) {
    let id = open(&*store).await;
    let advance = |version| Advance::new(id.clone(), version, session(9), b"next".to_vec(), true);
    assert_eq!(store.advance_flow(advance(1)).await.expect("advance"), Advanced::Done);
    assert_eq!(store.advance_flow(advance(1)).await.expect("advance"), Advanced::Stale);
    let flow = store.flow(&id).await.expect("flow").expect("there");
    assert_eq!(
        (flow.version, flow.session, flow.body.as_slice()),
        (2, session(9), &b"next"[..])
    );
    assert_eq!(store.close_flow(&id, 1, None).await.expect("close"), Advanced::Stale);
    assert_eq!(
        store
            .close_flow(&id, 2, Some(audit(AuditKind::Refused)))
            .await
            .expect("close"),
        Advanced::Done
    );
    assert_eq!(store.close_flow(&id, 2, None).await.expect("close"), Advanced::Stale);
    assert!(store.flow(&id).await.expect("flow").is_none());
    assert!(
        store
            .danger_audit()
            .await
            .expect("audit")
            .iter()
            .any(|entry| entry.kind == AuditKind::Refused)
    );
}

/// An id is given once: who opens it again gets an error, and what is there stays.
pub async fn flow_id_is_given_once<S: DangerShiftClock>(store: Arc<S>) {
    let id = open(&*store).await;
    let there = store.flow(&id).await.expect("flow").expect("there");
    let again = NewFlow::new(id.clone(), session(8), b"other".to_vec(), QUARTER);
    assert!(store.open_flow(again).await.is_err());
    assert_eq!(store.flow(&id).await.expect("flow").expect("there"), there);
}

/// C22: after its lifetime a flow cannot grant anything.
pub async fn flow_expires_c22<S: DangerShiftClock>(store: Arc<S>) {
    let id = open(&*store).await;
    store.danger_shift_clock(QUARTER).await.expect("shift");
    assert!(store.flow(&id).await.expect("flow").is_none());
    assert_eq!(
        store.grant(new_grant(id.clone(), false)).await.expect("grant"),
        Granted::Stale
    );
    let advance = Advance::new(id, 1, session(1), vec![], true);
    assert_eq!(store.advance_flow(advance).await.expect("advance"), Advanced::Stale);
}

/// Case 56: consent answered twice gives one code; the audit entry commits with the grant.
pub async fn consent_twice_grants_once_peers_56<S: DangerShiftClock>(store: Arc<S>) {
    let id = open(&*store).await;
    let (first, second) = (new_grant(id.clone(), false), new_grant(id.clone(), false));
    let (code, binding, written) = (second.code, second.binding, first.grant.id.clone());
    let not_written = second.grant.id.clone();
    assert_eq!(store.grant(first).await.expect("grant"), Granted::Done);
    assert_eq!(store.grant(second).await.expect("grant"), Granted::Stale);
    assert_eq!(
        store.take_code(&code, &redeem(binding)).await.expect("take"),
        RedeemedCode::Unknown
    );
    let entries = store.danger_audit().await.expect("audit");
    assert!(entries.iter().any(|entry| entry.grant.as_ref() == Some(&written)));
    assert!(entries.iter().all(|entry| entry.grant.as_ref() != Some(&not_written)));
}
