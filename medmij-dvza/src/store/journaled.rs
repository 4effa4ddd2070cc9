// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.autorisatie.208, core.dossier.108 — a store whose ends also are outside it, and which serves nothing while it is older
//! than they are.

mod replay;

use std::{future::Future, sync::Arc};

use medmij_oauth::{
    ClientId,
    journal::{Journal, JournalEntry},
    seal::PersoonIndex,
    storage::{Advanced, JournalMarks, SecretHash, StoreClockState, StoreError},
};
use medmij_types::{Aanbiedernaam, Hostname};

use super::{
    Acting, Advance, AuditEntry, AuditHead, AuditQuery, AuditRecord, AuditTerm, Binding, BurntCode, DangerShiftClock,
    EndedPersoon, FlowId, Grant, GrantId, Granted, KeyUse, Learned, LiveGrant, NewFlow, NewGrant, PersoonEnd, Redeem,
    RedeemedCode, Resealed, RotateRefresh, Rotated, SignedCheckpoint, Store, StoredAccess, StoredFlow,
};

/// A store with a [`Journal`] (feature `files`). What ends in the store, a withdrawal, a grant that is revoked or whose code or
/// refresh token was offered again, a death, an erasure, is on the disk there too before it is answered. While the journal has
/// an end that the store has not, an older copy was put back: every operation that serves somebody answers
/// [`StoreError::Unavailable`], so that guard and token endpoint answer 503, until [`reconcile`](Self::reconcile) ended it
/// again.
///
/// It looks once a second. Stop the programs before a copy is put back; they may start before it is reconciled.
///
/// ```
/// use medmij_dvza::store::{Acting, GrantId, JournaledStore, MemoryStore, Store};
/// use medmij_oauth::journal::Journal;
/// use medmij_types::OsEntropy;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path();
/// let store = JournaledStore::new(MemoryStore::default(), Journal::open(path, "dvza")?);
/// let grant = GrantId::random(&OsEntropy)?;
/// store.revoke_grant(&grant, &Acting::system()).await?;
///
/// // a store that knows nothing of it
/// let older = JournaledStore::new(MemoryStore::default(), Journal::open(path, "dvza")?);
/// assert!(older.live_grant(&grant).await.is_err());
/// assert_eq!(older.reconcile(&Acting::operator("ann")).await?, 1);
/// assert!(older.live_grant(&grant).await?.is_none());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct JournaledStore<S> {
    store: S,
    journal: Arc<Journal>,
}

impl<S: Store + JournalMarks> JournaledStore<S> {
    /// A store with its journal, of the role `dvza`.
    #[must_use]
    pub fn new(store: S, journal: impl Into<Arc<Journal>>) -> Self {
        Self {
            store,
            journal: journal.into(),
        }
    }

    /// The store itself, which looks at no journal.
    #[must_use]
    pub fn store(&self) -> &S {
        &self.store
    }

    /// The journal.
    #[must_use]
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Whether the store is older than its journal: for a probe of readiness.
    ///
    /// # Errors
    ///
    /// [`StoreError`], where the store or the journal cannot be read.
    pub async fn is_older(&self) -> Result<bool, StoreError> {
        Ok(!self.journal.is_behind(&self.store).await?.is_empty())
    }

    /// Ends in the store what the journal has and the store has not, oldest first, with audit entries of whoever does it; how
    /// many ends. It may be broken off and done again, and several processes may do it.
    ///
    /// # Errors
    ///
    /// [`StoreError`], where the store or the journal fails, or the journal has what this version does not know
    /// ([`JournalError::Kind`](medmij_oauth::journal::JournalError::Kind)): what came before that has ended.
    pub async fn reconcile(&self, by: &Acting) -> Result<usize, StoreError> {
        let missing = self.journal.is_behind(&self.store).await?;
        for entry in &missing {
            replay::again(&self.store, entry, by).await?;
            self.store.mark_journal(&entry.file, entry.number).await?;
        }
        self.journal.look_again();
        Ok(missing.len())
    }

    async fn ended(&self, entry: JournalEntry) -> Result<(), StoreError> {
        self.journal.record(&self.store, entry).await
    }

    async fn withdraw(
        &self,
        persoon: &[PersoonIndex],
        aanbieder: Option<&Aanbiedernaam>,
        client_id: &ClientId,
        audit: AuditEntry,
    ) -> Result<u64, StoreError> {
        let ended = self.store.withdraw(persoon, aanbieder, client_id, audit).await?;
        // also where nothing was there: it may have ended a moment ago without getting here
        self.ended(replay::withdrawn(persoon, aanbieder, client_id)).await?;
        Ok(ended)
    }

    async fn revoke_grant(&self, grant: &GrantId, by: &Acting) -> Result<(), StoreError> {
        self.store.revoke_grant(grant, by).await?;
        self.ended(replay::grant(grant)).await
    }

    async fn end_persoon(&self, end: &PersoonEnd) -> Result<EndedPersoon, StoreError> {
        let ended = self.store.end_persoon(end).await?;
        self.ended(replay::persoon(end)).await?;
        Ok(ended)
    }

    async fn take_code(&self, code: &SecretHash, redeem: &Redeem) -> Result<RedeemedCode, StoreError> {
        let redeemed = self.store.take_code(code, redeem).await?;
        if redeemed == RedeemedCode::Replayed {
            self.ended(replay::code(code, &redeem.client_id)).await?;
        }
        Ok(redeemed)
    }

    async fn rotate_refresh(&self, rotate: &RotateRefresh) -> Result<Rotated, StoreError> {
        let rotated = self.store.rotate_refresh(rotate).await?;
        if rotated == Rotated::Reused {
            self.ended(replay::grant(&rotate.grant)).await?;
        }
        Ok(rotated)
    }
}

/// What goes on while the store is older than its journal: nothing of it serves a DVP or a Persoon.
const ALWAYS: [&str; 12] = [
    "audit",
    "audit_entries",
    "audit_chain",
    "audit_heads",
    "add_checkpoint",
    "checkpoints",
    "last_checkpoint",
    "bindings",
    "key_use",
    "grants_to_reseal",
    "purge",
    "clock",
];

macro_rules! inner {
    (withdraw, $self:ident) => {
        $self
    };
    (revoke_grant, $self:ident) => {
        $self
    };
    (end_persoon, $self:ident) => {
        $self
    };
    (take_code, $self:ident) => {
        $self
    };
    (rotate_refresh, $self:ident) => {
        $self
    };
    ($name:ident, $self:ident) => {
        $self.store
    };
}

macro_rules! journaled {
    ($($name:ident($($arg:ident: $kind:ty),*) -> $answer:ty;)*) => {
        impl<S: Store + JournalMarks> Store for JournaledStore<S> {$(
            async fn $name(&self $(, $arg: $kind)*) -> Result<$answer, StoreError> {
                if !ALWAYS.contains(&stringify!($name)) {
                    self.journal.pass(&self.store).await?;
                }
                inner!($name, self).$name($($arg),*).await
            }
        )*}
    };
}

crate::store_operations!(journaled);

impl<S: DangerShiftClock + JournalMarks> DangerShiftClock for JournaledStore<S> {
    fn danger_shift_clock(&self, by: std::time::Duration) -> impl Future<Output = Result<(), StoreError>> + Send {
        self.store.danger_shift_clock(by)
    }

    fn danger_audit(&self) -> impl Future<Output = Result<Vec<AuditEntry>, StoreError>> + Send {
        self.store.danger_audit()
    }
}
