// SPDX-License-Identifier: AGPL-3.0-or-later
//! A store that counts what is asked of it.

use std::{future::Future, ops::Deref, sync::Mutex, time::Duration};

use medmij_dvza::store::{
    Acting, Advance, AuditEntry, AuditHead, AuditQuery, AuditRecord, AuditTerm, Binding, BurntCode, DangerShiftClock,
    EndedPersoon, FlowId, Grant, GrantId, Granted, KeyUse, Learned, LiveGrant, MemoryStore, NewFlow, NewGrant,
    PersoonEnd, Redeem, RedeemedCode, Resealed, RotateRefresh, Rotated, SignedCheckpoint, Store, StoredAccess,
    StoredFlow,
};
use medmij_oauth::{
    ClientId,
    seal::PersoonIndex,
    storage::{Advanced, SecretHash, StoreClockState, StoreError},
};
use medmij_types::{Aanbiedernaam, Hostname};

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

macro_rules! counted {
    ($($name:ident($($arg:ident: $kind:ty),*) -> $answer:ty;)*) => {
        impl Store for Counted {$(
            fn $name(&self $(, $arg: $kind)*) -> impl Future<Output = Answer<$answer>> + Send {
                self.count(stringify!($name)).$name($($arg),*)
            }
        )*}
    };
}

medmij_dvza::store_operations!(counted);

impl DangerShiftClock for Counted {
    fn danger_shift_clock(&self, by: Duration) -> impl Future<Output = Answer<()>> + Send {
        self.store.danger_shift_clock(by)
    }

    fn danger_audit(&self) -> impl Future<Output = Answer<Vec<AuditEntry>>> + Send {
        self.store.danger_audit()
    }
}
