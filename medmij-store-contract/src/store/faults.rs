// SPDX-License-Identifier: AGPL-3.0-or-later
//! O17 — a store that fails at one operation, before it happened or after: consent, refusal and withdrawal are on record if
//! and only if they happened, and nothing is handed out that is not.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use medmij_dvza::{
    Next,
    store::{
        Acting, Advance, AuditEntry, AuditHead, AuditKind, AuditQuery, AuditRecord, AuditTerm, Binding, BurntCode,
        DangerShiftClock, EndedPersoon, FlowId, Grant, GrantId, Granted, KeyUse, Learned, LiveGrant, NewFlow, NewGrant,
        PersoonEnd, Redeem, RedeemedCode, Resealed, RotateRefresh, Rotated, SignedCheckpoint, Store, StoredAccess,
        StoredFlow,
    },
};
use medmij_oauth::{
    ClientId,
    seal::PersoonIndex,
    storage::{Advanced, SecretHash, StoreClockState, StoreError},
};
use medmij_types::{Aanbiedernaam, Hostname};

use super::dvza::{at_consent, code, config, dvp, peer, server_with, start, start_beheren, submit};

/// A code leaves only with its consent on record, and a consent that was not written leaves the question open.
pub async fn server_consent_commits_with_its_audit_entry_o17<S: DangerShiftClock>(store: Arc<S>) {
    for fault in FAULTS {
        let faulty = Arc::new(Faulty::over(&store));
        let server = server_with(&faulty, config());
        let (visitor, csrf) = at_consent(&server, &start().1).await;
        let (form, before) = (
            format!("csrf={csrf}&answer=yes"),
            count(&*store, AuditKind::Consented).await,
        );
        faulty.fail("grant", fault);
        match submit(&server, &visitor, &form).await {
            Next::Page(page) => assert_eq!(page.status, 503),
            other => panic!("{other:?}"),
        }
        let written = count(&*store, AuditKind::Consented).await - before;
        assert_eq!(written, usize::from(fault == Fault::After));
        match (fault, submit(&server, &visitor, &form).await) {
            (Fault::Before, Next::Away(back)) => assert!(back.contains("code="), "{back}"),
            // it happened: that code is nobody's, and there is no second one
            (Fault::After, Next::Page(page)) => assert_eq!(page.status, 403),
            other => panic!("{other:?}"),
        }
        assert_eq!(count(&*store, AuditKind::Consented).await - before, 1);
    }
}

/// A refusal is on record exactly when its flow is over.
pub async fn server_refusal_commits_with_its_audit_entry_o17<S: DangerShiftClock>(store: Arc<S>) {
    for fault in FAULTS {
        let faulty = Arc::new(Faulty::over(&store));
        let server = server_with(&faulty, config());
        let (visitor, csrf) = at_consent(&server, &start().1).await;
        let (form, before) = (
            format!("csrf={csrf}&answer=no"),
            count(&*store, AuditKind::Refused).await,
        );
        // no way to write one by itself is used
        faulty.fail("audit", Fault::Before);
        faulty.fail("close_flow", fault);
        match submit(&server, &visitor, &form).await {
            Next::Page(page) => assert_eq!(page.status, 503),
            other => panic!("{other:?}"),
        }
        let written = count(&*store, AuditKind::Refused).await - before;
        assert_eq!(written, usize::from(fault == Fault::After));
        match (fault, submit(&server, &visitor, &form).await) {
            (Fault::Before, Next::Away(back)) => assert!(back.contains("error=access_denied"), "{back}"),
            (Fault::After, Next::Page(page)) => assert_eq!(page.status, 403),
            other => panic!("{other:?}"),
        }
        assert_eq!(count(&*store, AuditKind::Refused).await - before, 1);
    }
}

/// A withdrawal is on record exactly when the tokens are over, and pressing again adds nothing.
pub async fn server_withdrawal_commits_with_its_audit_entry_o17<S: DangerShiftClock>(store: Arc<S>) {
    for fault in FAULTS {
        let faulty = Arc::new(Faulty::over(&store));
        let server = server_with(&faulty, config());
        let (_, received) = code(&server, true).await;
        let (request, exchange) = dvp().token_request(received).expect("request");
        let response = server.token(&request, &peer("pgo.example.nl")).await;
        let tokens = dvp().tokens(exchange, &response).expect("tokens");
        let alive = || super::dvza::is_covered(&server, &tokens, "pgo.example.nl");

        let (mut visitor, mut csrf) = start_beheren(&server).await;
        let chosen = submit(&server, &visitor, &format!("csrf={csrf}&answer=stop&number=0")).await;
        if let Next::Flow(same) = chosen {
            visitor = same;
        }
        if let Some(token) = server.page(&visitor).await.csrf {
            csrf = token;
        }
        let (form, before) = (
            format!("csrf={csrf}&answer=yes"),
            count(&*store, AuditKind::Withdrawn).await,
        );
        faulty.fail("withdraw", fault);
        match submit(&server, &visitor, &form).await {
            Next::Page(page) => assert_eq!(page.status, 503),
            other => panic!("{other:?}"),
        }
        let happened = fault == Fault::After;
        assert_eq!(
            count(&*store, AuditKind::Withdrawn).await - before,
            usize::from(happened)
        );
        assert_eq!(alive().await, !happened);
        assert!(matches!(submit(&server, &visitor, &form).await, Next::Flow(_)));
        assert_eq!(count(&*store, AuditKind::Withdrawn).await - before, 1);
        assert!(!alive().await);
    }
}

async fn count<S: DangerShiftClock>(store: &S, kind: AuditKind) -> usize {
    let entries = store.danger_audit().await.expect("audit");
    entries.iter().filter(|entry| entry.kind == kind).count()
}

/// Whether the operation happened of which the answer did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Before,
    After,
}

const FAULTS: [Fault; 2] = [Fault::Before, Fault::After];

/// A store whose named operations fail once.
struct Faulty<S> {
    store: Arc<S>,
    faults: Mutex<Vec<(&'static str, Fault)>>,
}

impl<S: DangerShiftClock> Faulty<S> {
    fn over(store: &Arc<S>) -> Self {
        Self {
            store: Arc::clone(store),
            faults: Mutex::default(),
        }
    }

    fn fail(&self, operation: &'static str, fault: Fault) {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        faults.push((operation, fault));
    }

    async fn run<T>(
        &self,
        operation: &'static str,
        done: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let fault = {
            let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
            let at = faults.iter().position(|(name, _)| *name == operation);
            at.map(|at| faults.remove(at).1)
        };
        match fault {
            None => done.await,
            Some(Fault::Before) => Err(StoreError::Unavailable("cut".into())),
            Some(Fault::After) => {
                done.await?;
                Err(StoreError::Unavailable("cut".into()))
            }
        }
    }
}

macro_rules! faulty {
    ($($name:ident($($arg:ident: $kind:ty),*) -> $answer:ty;)*) => {
        impl<S: DangerShiftClock> Store for Faulty<S> {$(
            async fn $name(&self $(, $arg: $kind)*) -> Result<$answer, StoreError> {
                self.run(stringify!($name), self.store.$name($($arg),*)).await
            }
        )*}
    };
}

medmij_dvza::store_operations!(faulty);

impl<S: DangerShiftClock> DangerShiftClock for Faulty<S> {
    async fn danger_shift_clock(&self, by: Duration) -> Result<(), StoreError> {
        self.store.danger_shift_clock(by).await
    }

    async fn danger_audit(&self) -> Result<Vec<AuditEntry>, StoreError> {
        self.store.danger_audit().await
    }
}
