// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.203, core.tknint.204, core.autorisatie.208 — what a DVZA keeps, as operations with guarantees.
//!
//! A store never sees a code, a token or a BSN: keys are [`SecretHash`]es, contents are sealed by a
//! [`KeyRing`](medmij_oauth::seal::KeyRing), a Persoon is a [`PersoonIndex`]. It gets durations and reads its own clock, so that
//! replicas of the server agree on what has expired.
//!
//! Whoever writes a store runs `store_contract!` on it (feature `store-contract`).

mod memory;
mod rows;

use std::{future::Future, time::Duration};

pub use self::{
    memory::{MemoryLimits, MemoryRows, MemoryStore},
    rows::{
        Access, Advance, AuditEntry, AuditKind, FlowId, Grant, GrantId, Granted, NewFlow, NewGrant, Redeem,
        RotateRefresh, Rotated, StoredFlow, TakenCode,
    },
};
use medmij_oauth::{
    ClientId,
    seal::PersoonIndex,
    storage::{Advanced, SecretHash, StoreError},
};
use medmij_types::Aanbiedernaam;

/// The store of a DVZA. Every operation is one transaction: all of it happens or nothing of it.
///
/// # What an answer tells
///
/// * `Ok`: it happened as the answer says, and in a durable store it outlives the process from now on.
/// * [`StoreError::Full`]: it did not happen.
/// * [`StoreError::Unavailable`], [`StoreError::Broken`], or a caller that stopped waiting: it happened or it did not. The
///   answer can be lost after the commit, so nothing may be concluded, and nothing handed out that hangs on it.
///
/// What a caller does who does not know:
///
/// | operation | what then |
/// | --- | --- |
/// | reading | ask again |
/// | `open_flow` | start another flow; one that was left behind expires |
/// | `advance_flow`, `close_flow` | the same call again answers [`Advanced::Stale`] if it happened: read the flow and go on from what it says |
/// | `grant` | keep the code back; the Persoon starts again. A code that nobody holds expires, its audit entry stays |
/// | `take_code` | no token leaves. A second offer answers [`TakenCode::Replayed`] and ends the grant, so the DVP starts again (core.tknint.203) |
/// | `rotate_refresh` | the DVP sends the same token again, as after any lost answer: [`Rotated::Replaced`] if it happened, [`Rotated::Fresh`] if not |
/// | `burn_code`, `withdraw`, `revoke_grant`, `purge` | do it again: the second time finds nothing left to do, and writes nothing |
/// | `audit` | an entry may stand twice |
///
/// # Audit entries
///
/// Consent, refusal and withdrawal are written in the transaction of the change that they tell of: with the grant, with the
/// step of the flow, with the end of what was withdrawn. A grant that ends because a code or token was offered again, or by
/// [`revoke_grant`](Self::revoke_grant), leaves an entry [`AuditKind::Beeindigd`] in the same way. Nothing ends twice, so no
/// entry stands twice.
pub trait Store: Send + Sync + 'static {
    /// Keeps a new flow for `lifetime`. A full store makes room by forgetting the oldest flow of a Persoon who is not
    /// authenticated yet.
    fn open_flow(&self, flow: NewFlow) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// A flow that is open and not expired.
    fn flow(&self, id: &FlowId) -> impl Future<Output = Result<Option<StoredFlow>, StoreError>> + Send;

    /// Replaces a flow, if it still has the version that the caller saw, and writes the audit entry of the change with it.
    /// Of several callers with one version exactly one gets [`Advanced::Done`].
    fn advance_flow(&self, advance: Advance) -> impl Future<Output = Result<Advanced, StoreError>> + Send;

    /// Ends a flow, if it still has the version that the caller saw, and writes the audit entry with it. Exactly one
    /// caller gets [`Advanced::Done`].
    fn close_flow(
        &self,
        id: &FlowId,
        version: u32,
        audit: Option<AuditEntry>,
    ) -> impl Future<Output = Result<Advanced, StoreError>> + Send;

    /// Ends a flow with a grant: audit entry, grant and code are written together with the end of the flow, or nothing
    /// is. The code is unique in the store.
    fn grant(&self, grant: NewGrant) -> impl Future<Output = Result<Granted, StoreError>> + Send;

    /// Takes a code. The first offer burns it, whatever comes of it (core.tknint.204); of all callers with one code at
    /// most one ever gets [`TakenCode::Fresh`], and it gets it with its token rows written in the same transaction. A
    /// later offer ends everything that was issued from the code.
    fn take_code(
        &self,
        code: &SecretHash,
        redeem: &Redeem,
    ) -> impl Future<Output = Result<TakenCode, StoreError>> + Send;

    /// Burns a code that stood in a request which cannot be read (core.tknint.204).
    fn burn_code(&self, code: &SecretHash) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// A live access token of a live grant.
    fn access(&self, token: &SecretHash) -> impl Future<Output = Result<Option<Access>, StoreError>> + Send;

    /// Exchanges a refresh token for the next one. The old one is used; a second use replaces a successor that was never
    /// used (a lost answer), and ends the whole grant where the successor was used.
    fn rotate_refresh(
        &self,
        token: &SecretHash,
        rotate: &RotateRefresh,
    ) -> impl Future<Output = Result<Rotated, StoreError>> + Send;

    /// The live langdurige grants of a Persoon, oldest first.
    fn grants_of(&self, persoon: &PersoonIndex) -> impl Future<Output = Result<Vec<Grant>, StoreError>> + Send;

    /// Ends every grant of a Persoon at an Aanbieder for a DVP, with every code and token of it. Where one ended, the audit
    /// entry is written with it; where none did, nothing was withdrawn and nothing is written. Returns how many ended.
    fn withdraw(
        &self,
        persoon: &PersoonIndex,
        aanbieder: Option<&Aanbiedernaam>,
        client_id: &ClientId,
        audit: AuditEntry,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Ends one grant with everything that was issued from it, and writes [`AuditKind::Beeindigd`] with it.
    fn revoke_grant(&self, grant: &GrantId) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Writes an audit entry by itself.
    fn audit(&self, entry: AuditEntry) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Removes at most `batch` expired rows; returns how many went. Call it now and then.
    fn purge(&self, batch: usize) -> impl Future<Output = Result<usize, StoreError>> + Send;
}

/// For tests only: moves the clock of a store.
pub trait DangerShiftClock: Store {
    /// Moves the clock forward, for this store and everything that shares its rows.
    fn danger_shift_clock(&self, by: Duration) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The audit entries, oldest first.
    fn danger_audit(&self) -> impl Future<Output = Result<Vec<AuditEntry>, StoreError>> + Send;
}

impl<S: Store> Store for std::sync::Arc<S> {
    fn open_flow(&self, flow: NewFlow) -> impl Future<Output = Result<(), StoreError>> + Send {
        (**self).open_flow(flow)
    }

    fn flow(&self, id: &FlowId) -> impl Future<Output = Result<Option<StoredFlow>, StoreError>> + Send {
        (**self).flow(id)
    }

    fn advance_flow(&self, advance: Advance) -> impl Future<Output = Result<Advanced, StoreError>> + Send {
        (**self).advance_flow(advance)
    }

    fn close_flow(
        &self,
        id: &FlowId,
        version: u32,
        audit: Option<AuditEntry>,
    ) -> impl Future<Output = Result<Advanced, StoreError>> + Send {
        (**self).close_flow(id, version, audit)
    }

    fn grant(&self, grant: NewGrant) -> impl Future<Output = Result<Granted, StoreError>> + Send {
        (**self).grant(grant)
    }

    fn take_code(
        &self,
        code: &SecretHash,
        redeem: &Redeem,
    ) -> impl Future<Output = Result<TakenCode, StoreError>> + Send {
        (**self).take_code(code, redeem)
    }

    fn burn_code(&self, code: &SecretHash) -> impl Future<Output = Result<(), StoreError>> + Send {
        (**self).burn_code(code)
    }

    fn access(&self, token: &SecretHash) -> impl Future<Output = Result<Option<Access>, StoreError>> + Send {
        (**self).access(token)
    }

    fn rotate_refresh(
        &self,
        token: &SecretHash,
        rotate: &RotateRefresh,
    ) -> impl Future<Output = Result<Rotated, StoreError>> + Send {
        (**self).rotate_refresh(token, rotate)
    }

    fn grants_of(&self, persoon: &PersoonIndex) -> impl Future<Output = Result<Vec<Grant>, StoreError>> + Send {
        (**self).grants_of(persoon)
    }

    fn withdraw(
        &self,
        persoon: &PersoonIndex,
        aanbieder: Option<&Aanbiedernaam>,
        client_id: &ClientId,
        audit: AuditEntry,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send {
        (**self).withdraw(persoon, aanbieder, client_id, audit)
    }

    fn revoke_grant(&self, grant: &GrantId) -> impl Future<Output = Result<(), StoreError>> + Send {
        (**self).revoke_grant(grant)
    }

    fn audit(&self, entry: AuditEntry) -> impl Future<Output = Result<(), StoreError>> + Send {
        (**self).audit(entry)
    }

    fn purge(&self, batch: usize) -> impl Future<Output = Result<usize, StoreError>> + Send {
        (**self).purge(batch)
    }
}
