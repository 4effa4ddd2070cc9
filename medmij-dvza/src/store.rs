// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.203, core.tknint.204, core.autorisatie.208 — what a DVZA keeps, as operations with guarantees.
//!
//! A store never sees a code, a token or a BSN: keys are [`SecretHash`]es, contents are sealed by a
//! [`KeyRing`](medmij_oauth::seal::KeyRing), a Persoon is a [`PersoonIndex`]. It gets durations and reads its own clock, so that
//! replicas of the server agree on what has expired.
//!
//! Whoever writes a store runs `store_contract!` on it (feature `store-contract`).

#[cfg(feature = "files")]
mod journaled;
mod memory;
mod rows;

use std::{future::Future, time::Duration};

#[cfg(feature = "files")]
pub use self::journaled::JournaledStore;
pub(crate) use self::rows::micros;
pub use self::{
    memory::{MemoryLimits, MemoryRows, MemoryStore},
    rows::{
        Acting, Actor, Advance, AuditEntry, AuditHead, AuditKind, AuditObject, AuditOutcome, AuditQuery, AuditRecord,
        AuditTerm, Binding, BurntCode, Checkpoint, EndedPersoon, EntryHash, FlowId, Grant, GrantId, Granted,
        KeptEntries, KeyUse, Learned, LiveGrant, MAX_LEARNED, NewAccess, NewFlow, NewGrant, NewRefresh, PersoonEnd,
        Redeem, RedeemedCode, RefreshRate, RefreshState, Resealed, RotateRefresh, Rotated, SignedCheckpoint,
        StoredAccess, StoredFlow,
    },
};
use medmij_oauth::{
    ClientId,
    seal::PersoonIndex,
    storage::{Advanced, SecretHash, StoreClockState, StoreError},
};
use medmij_types::{Aanbiedernaam, Hostname};

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
/// | `take_code` | no token leaves. A second offer answers [`RedeemedCode::Replayed`] and ends the grant, so the DVP starts again (core.tknint.203) |
/// | `rotate_refresh` | the DVP sends the same token again, as after any lost answer: [`Rotated::Replaced`] if it happened, [`Rotated::Fresh`] if not |
/// | `burn_code`, `withdraw`, `revoke_grant`, `reseal`, `learn_binding`, `confirm_binding`, `forget_binding`, `purge` | do it again: the second time finds nothing left to do, and writes nothing |
/// | `end_persoon` | do it again: it ends what is left, and writes its entry again |
/// | `audit` | the entries may occur twice |
/// | `add_checkpoint`, `destroy_audit` | read the checkpoints: one with that number and text is there if it happened |
/// | `replace_persoon` | do it again |
///
/// # Audit entries
///
/// Consent, refusal and withdrawal are written in the transaction of the change that they tell of: with the grant, with the
/// step of the flow, with the end of what was withdrawn. A grant that ends because a code or token was offered again, or by
/// [`revoke_grant`](Self::revoke_grant), leaves an entry [`AuditKind::Ended`] in the same way. Nothing ends twice, so no
/// entry occurs twice.
///
/// Entries are in chains ([`AuditRecord`]), as many as a store needs so that writers do not wait for each other. An entry that
/// is written is never changed; but for the Persoon beside the chain, which can be erased and come under another index key.
/// Only [`destroy_audit`](Self::destroy_audit) takes entries away, and only those that a signed [`Checkpoint`] covers.
///
/// # What a grant leaves
///
/// A grant has one row, which holds its code and its two refresh tokens; a grant that ends loses that row, and with it the
/// sealed Persoon, at once. Access tokens have a row each until they expire; [`RefreshRate`] bounds how many a grant has.
///
/// # Time
///
/// Codes, access tokens and flows expire by a clock that never goes back. Whether a grant lapses, and what may be purged, is
/// judged by a *floor*: a time that moves with the monotonic clocks of the processes and not with the wall clock, so that
/// one wrong reading ends no consent. See [`clock`](Self::clock).
pub trait Store: Send + Sync + 'static {
    /// Keeps a new flow for `lifetime`. An id that is there is an error, and what is there stays. A full store makes room by forgetting the oldest flow of a Persoon who is not
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

    /// The grant of a code that is not spent, so that the caller can open it before the code is taken.
    fn grant_of_code(&self, code: &SecretHash) -> impl Future<Output = Result<Option<Grant>, StoreError>> + Send;

    /// Takes a code. The first offer burns it, whatever comes of it (core.tknint.204); of all callers with one code at
    /// most one ever gets [`RedeemedCode::Fresh`], and it gets it with its tokens written in the same transaction. A later
    /// offer ends everything that was issued from the code as long as the grant lives, where it comes from the client of
    /// the grant with a certificate of the grant (core.tknint.203); anybody else's ends nothing.
    fn take_code(
        &self,
        code: &SecretHash,
        redeem: &Redeem,
    ) -> impl Future<Output = Result<RedeemedCode, StoreError>> + Send;

    /// Burns a code that was in a request which gives no token (core.tknint.204). It ends nothing.
    fn burn_code(&self, code: &SecretHash) -> impl Future<Output = Result<BurntCode, StoreError>> + Send;

    /// A live access token of a live grant.
    fn access(&self, token: &SecretHash) -> impl Future<Output = Result<Option<StoredAccess>, StoreError>> + Send;

    /// A grant that has not ended, with its refresh tokens.
    fn live_grant(&self, grant: &GrantId) -> impl Future<Output = Result<Option<LiveGrant>, StoreError>> + Send;

    /// Exchanges a refresh token for the next one. The current one becomes the one before; the one before once more
    /// replaces a current one that was never used (a lost answer); any older one ends the whole grant.
    fn rotate_refresh(&self, rotate: &RotateRefresh) -> impl Future<Output = Result<Rotated, StoreError>> + Send;

    /// The live langdurige grants of a Persoon, oldest first: under any of these, which are one Persoon by several versions
    /// of the index key.
    fn grants_of(&self, persoon: &[PersoonIndex]) -> impl Future<Output = Result<Vec<Grant>, StoreError>> + Send;

    /// Ends every grant of a Persoon at an Aanbieder for a DVP, with every code and token of it. Where one ended, the audit
    /// entry is written with it; where none did, nothing was withdrawn and nothing is written. Returns how many ended.
    fn withdraw(
        &self,
        persoon: &[PersoonIndex],
        aanbieder: Option<&Aanbiedernaam>,
        client_id: &ClientId,
        audit: AuditEntry,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Ends one grant with everything that was issued from it, and writes [`AuditKind::Ended`] with it.
    fn revoke_grant(&self, grant: &GrantId, by: &Acting) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Ends all that a Persoon has (core.dossier.108): every grant with its code and tokens; in a store that keeps them, every
    /// Abonnement with the notifications that wait; and with [`PersoonEnd::erase`] the Persoon in the audit log. One entry
    /// is written with it, also where nothing was there.
    ///
    /// What is under way does not come through: for [`PersoonEnd::HOLD`] a flow of the Persoon ends in no grant
    /// ([`Granted::Stale`]) and no Abonnement is written. What was written to the audit log meanwhile loses the Persoon when
    /// that time is over, by [`purge`](Self::purge).
    fn end_persoon(&self, end: &PersoonEnd) -> impl Future<Output = Result<EndedPersoon, StoreError>> + Send;

    /// Writes audit entries by themselves, in this order: all of them, or none.
    fn audit(&self, entries: Vec<AuditEntry>) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// At most `batch` audit entries, in the order of the query.
    fn audit_entries(
        &self,
        query: &AuditQuery,
        batch: usize,
    ) -> impl Future<Output = Result<Vec<AuditRecord>, StoreError>> + Send;

    /// At most `batch` entries of a chain, after this place.
    fn audit_chain(
        &self,
        chain: u32,
        after: u64,
        batch: usize,
    ) -> impl Future<Output = Result<Vec<AuditRecord>, StoreError>> + Send;

    /// The chains, by number.
    fn audit_heads(&self) -> impl Future<Output = Result<Vec<AuditHead>, StoreError>> + Send;

    /// Keeps a checkpoint, where its number is one more than the last one; whether it was.
    fn add_checkpoint(&self, checkpoint: &SignedCheckpoint) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// At most `batch` checkpoints after this number.
    fn checkpoints(
        &self,
        after: u64,
        batch: usize,
    ) -> impl Future<Output = Result<Vec<SignedCheckpoint>, StoreError>> + Send;

    /// The last checkpoint.
    fn last_checkpoint(&self) -> impl Future<Output = Result<Option<SignedCheckpoint>, StoreError>> + Send;

    /// The chains as they would be after destruction: cut at the last entry that is older than the term, by the floor, and
    /// is in the last checkpoint. What is kept before the cut: consents of which the grant lives, or ended within the
    /// term.
    fn audit_to_destroy(&self, term: AuditTerm) -> impl Future<Output = Result<Vec<AuditHead>, StoreError>> + Send;

    /// Destroys what [`audit_to_destroy`](Self::audit_to_destroy) says, and keeps the checkpoint that says so, in one
    /// transaction; where the chains would be cut in another way than the checkpoint says, or it has not the next number,
    /// nothing happens. How many entries went, or `None` where nothing happened.
    fn destroy_audit(
        &self,
        term: AuditTerm,
        checkpoint: &SignedCheckpoint,
    ) -> impl Future<Output = Result<Option<u64>, StoreError>> + Send;

    /// Brings a Persoon in the audit log under another index, or erases it there where there is none; in how many entries.
    fn replace_persoon(
        &self,
        persoon: &[PersoonIndex],
        with: Option<&PersoonIndex>,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// The names of certificates that were seen with a client, or confirmed, among these.
    fn bindings_of(&self, names: &[Hostname]) -> impl Future<Output = Result<Vec<Binding>, StoreError>> + Send;

    /// Every name of a certificate that was seen with a client, or confirmed, by client and name.
    fn bindings(&self) -> impl Future<Output = Result<Vec<Binding>, StoreError>> + Send;

    /// Records a name of a certificate with a client, unconfirmed. At most [`MAX_LEARNED`] for a client.
    fn learn_binding(
        &self,
        client_id: &ClientId,
        name: &Hostname,
    ) -> impl Future<Output = Result<Learned, StoreError>> + Send;

    /// An operator says that a name belongs to a client, whether it was seen or not.
    fn confirm_binding(
        &self,
        client_id: &ClientId,
        name: &Hostname,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Forgets a name of a client; whether it was there.
    fn forget_binding(
        &self,
        client_id: &ClientId,
        name: &Hostname,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// How many rows need each key. It looks at every row: for a start, or a command.
    fn key_use(&self) -> impl Future<Output = Result<KeyUse, StoreError>> + Send;

    /// At most `batch` grants, by id and after this one, that are not sealed by the key or not found by the version of the
    /// index key that are `current`.
    fn grants_to_reseal(
        &self,
        current: (u32, u32),
        after: Option<&GrantId>,
        batch: usize,
    ) -> impl Future<Output = Result<Vec<Grant>, StoreError>> + Send;

    /// Brings a grant under other keys, where its body is still the one that the caller saw; whether it was.
    fn reseal(
        &self,
        grant: &GrantId,
        before: &[u8],
        new: &Resealed,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Removes at most `batch` expired rows; returns how many went. Call it now and then. Where the clock jumped (see
    /// [`clock`](Self::clock)) nothing goes.
    fn purge(&self, batch: usize) -> impl Future<Output = Result<usize, StoreError>> + Send;

    /// How the floor and the wall clock of the store stand to each other.
    fn clock(&self) -> impl Future<Output = Result<StoreClockState, StoreError>> + Send;
}

/// For tests only: moves the clock of a store.
pub trait DangerShiftClock: Store {
    /// Moves the clock forward, for this store and everything that shares its rows.
    fn danger_shift_clock(&self, by: Duration) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The audit entries, oldest first.
    fn danger_audit(&self) -> impl Future<Output = Result<Vec<AuditEntry>, StoreError>> + Send;
}

/// For whoever wraps a store: calls a macro with every operation, as `name(argument: Type, …) -> Answer;`. The types of this
/// module have to be in scope.
#[doc(hidden)]
#[macro_export]
macro_rules! store_operations {
    ($wrap:ident) => {
        $wrap! {
            open_flow(flow: NewFlow) -> ();
            flow(id: &FlowId) -> Option<StoredFlow>;
            advance_flow(advance: Advance) -> Advanced;
            close_flow(id: &FlowId, version: u32, audit: Option<AuditEntry>) -> Advanced;
            grant(grant: NewGrant) -> Granted;
            grant_of_code(code: &SecretHash) -> Option<Grant>;
            take_code(code: &SecretHash, redeem: &Redeem) -> RedeemedCode;
            burn_code(code: &SecretHash) -> BurntCode;
            access(token: &SecretHash) -> Option<StoredAccess>;
            live_grant(grant: &GrantId) -> Option<LiveGrant>;
            rotate_refresh(rotate: &RotateRefresh) -> Rotated;
            grants_of(persoon: &[PersoonIndex]) -> Vec<Grant>;
            withdraw(persoon: &[PersoonIndex], aanbieder: Option<&Aanbiedernaam>, client_id: &ClientId, audit: AuditEntry) -> u64;
            revoke_grant(grant: &GrantId, by: &Acting) -> ();
            end_persoon(end: &PersoonEnd) -> EndedPersoon;
            audit(entries: Vec<AuditEntry>) -> ();
            audit_entries(query: &AuditQuery, batch: usize) -> Vec<AuditRecord>;
            audit_chain(chain: u32, after: u64, batch: usize) -> Vec<AuditRecord>;
            audit_heads() -> Vec<AuditHead>;
            add_checkpoint(checkpoint: &SignedCheckpoint) -> bool;
            checkpoints(after: u64, batch: usize) -> Vec<SignedCheckpoint>;
            last_checkpoint() -> Option<SignedCheckpoint>;
            audit_to_destroy(term: AuditTerm) -> Vec<AuditHead>;
            destroy_audit(term: AuditTerm, checkpoint: &SignedCheckpoint) -> Option<u64>;
            replace_persoon(persoon: &[PersoonIndex], with: Option<&PersoonIndex>) -> u64;
            bindings_of(names: &[Hostname]) -> Vec<Binding>;
            bindings() -> Vec<Binding>;
            learn_binding(client_id: &ClientId, name: &Hostname) -> Learned;
            confirm_binding(client_id: &ClientId, name: &Hostname) -> ();
            forget_binding(client_id: &ClientId, name: &Hostname) -> bool;
            key_use() -> KeyUse;
            grants_to_reseal(current: (u32, u32), after: Option<&GrantId>, batch: usize) -> Vec<Grant>;
            reseal(grant: &GrantId, before: &[u8], new: &Resealed) -> bool;
            purge(batch: usize) -> usize;
            clock() -> StoreClockState;
        }
    };
}

macro_rules! shared {
    ($($name:ident($($arg:ident: $kind:ty),*) -> $answer:ty;)*) => {
        impl<S: Store> Store for std::sync::Arc<S> {$(
            fn $name(&self $(, $arg: $kind)*) -> impl Future<Output = Result<$answer, StoreError>> + Send {
                (**self).$name($($arg),*)
            }
        )*}
    };
}

store_operations!(shared);
