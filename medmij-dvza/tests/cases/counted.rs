// SPDX-License-Identifier: AGPL-3.0-or-later
//! A store that counts what is asked of it.

use std::{future::Future, ops::Deref, sync::Mutex, time::Duration};

use medmij_dvza::store::{
    Access, Advance, AuditEntry, DangerShiftClock, FlowId, Grant, GrantId, Granted, MemoryStore, NewFlow, NewGrant,
    Redeem, RotateRefresh, Rotated, Store, StoredFlow, TakenCode,
};
use medmij_oauth::{
    ClientId,
    seal::PersoonIndex,
    storage::{Advanced, SecretHash, StoreError},
};
use medmij_types::Aanbiedernaam;

/// The store in memory, with a list of the operations since the last [`take`](Self::take).
#[derive(Debug, Default)]
pub(crate) struct Counted {
    store: MemoryStore,
    asked: Mutex<Vec<&'static str>>,
}

impl Counted {
    /// The operations since the last time.
    pub(crate) fn take(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    fn count(&self, operation: &'static str) -> &MemoryStore {
        self.asked.lock().unwrap().push(operation);
        &self.store
    }
}

impl Deref for Counted {
    type Target = MemoryStore;

    fn deref(&self) -> &MemoryStore {
        &self.store
    }
}

type Answer<T> = Result<T, StoreError>;

impl Store for Counted {
    fn open_flow(&self, flow: NewFlow) -> impl Future<Output = Answer<()>> + Send {
        self.count("open_flow").open_flow(flow)
    }

    fn flow(&self, id: &FlowId) -> impl Future<Output = Answer<Option<StoredFlow>>> + Send {
        self.count("flow").flow(id)
    }

    fn advance_flow(&self, advance: Advance) -> impl Future<Output = Answer<Advanced>> + Send {
        self.count("advance_flow").advance_flow(advance)
    }

    fn close_flow(
        &self,
        id: &FlowId,
        version: u32,
        audit: Option<AuditEntry>,
    ) -> impl Future<Output = Answer<Advanced>> + Send {
        self.count("close_flow").close_flow(id, version, audit)
    }

    fn grant(&self, grant: NewGrant) -> impl Future<Output = Answer<Granted>> + Send {
        self.count("grant").grant(grant)
    }

    fn take_code(&self, code: &SecretHash, redeem: &Redeem) -> impl Future<Output = Answer<TakenCode>> + Send {
        self.count("take_code").take_code(code, redeem)
    }

    fn burn_code(&self, code: &SecretHash) -> impl Future<Output = Answer<()>> + Send {
        self.count("burn_code").burn_code(code)
    }

    fn access(&self, token: &SecretHash) -> impl Future<Output = Answer<Option<Access>>> + Send {
        self.count("access").access(token)
    }

    fn rotate_refresh(
        &self,
        token: &SecretHash,
        rotate: &RotateRefresh,
    ) -> impl Future<Output = Answer<Rotated>> + Send {
        self.count("rotate_refresh").rotate_refresh(token, rotate)
    }

    fn grants_of(&self, persoon: &PersoonIndex) -> impl Future<Output = Answer<Vec<Grant>>> + Send {
        self.count("grants_of").grants_of(persoon)
    }

    fn withdraw(
        &self,
        persoon: &PersoonIndex,
        aanbieder: Option<&Aanbiedernaam>,
        client_id: &ClientId,
        audit: AuditEntry,
    ) -> impl Future<Output = Answer<u64>> + Send {
        self.count("withdraw").withdraw(persoon, aanbieder, client_id, audit)
    }

    fn revoke_grant(&self, grant: &GrantId) -> impl Future<Output = Answer<()>> + Send {
        self.count("revoke_grant").revoke_grant(grant)
    }

    fn audit(&self, entry: AuditEntry) -> impl Future<Output = Answer<()>> + Send {
        self.count("audit").audit(entry)
    }

    fn purge(&self, batch: usize) -> impl Future<Output = Answer<usize>> + Send {
        self.count("purge").purge(batch)
    }
}

impl DangerShiftClock for Counted {
    fn danger_shift_clock(&self, by: Duration) -> impl Future<Output = Answer<()>> + Send {
        self.store.danger_shift_clock(by)
    }

    fn danger_audit(&self) -> impl Future<Output = Answer<Vec<AuditEntry>>> + Send {
        self.store.danger_audit()
    }
}
