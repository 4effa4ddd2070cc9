// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.203, core.tknint.204, core.autorisatie.208 — the operations of a store over one SQLite file.

use std::{fmt, path::Path, sync::Arc, time::Duration};

use medmij_dvza::store::{
    Acting, Advance, AuditEntry, AuditHead, AuditQuery, AuditRecord, AuditTerm, Binding, BurntCode, DangerShiftClock,
    EndedPersoon, FlowId, Grant, GrantId, Granted, KeyUse, Learned, LiveGrant, NewFlow, NewGrant, PersoonEnd, Redeem,
    RedeemedCode, Resealed, RotateRefresh, Rotated, SignedCheckpoint, Store, StoredAccess, StoredFlow,
};
use medmij_oauth::{
    ClientId,
    seal::PersoonIndex,
    storage::{Advanced, SecretHash, StoreClockState, StoreError},
};
use medmij_types::{Aanbiedernaam, Hostname};

use crate::{
    OpenError, SqliteOptions, audit, bindings,
    clock::{StoreClock, micros},
    error::Failure,
    file::{self, Schema},
    flows::{self, Room},
    grants, keys, persoon, purge,
    reader::{Readers, View},
    row::bounded,
    tokens, upkeep,
    writer::{Tx, Writer, apart},
};

/// The store in one SQLite file. Put it in an [`Arc`] to share it. When it is dropped, it finishes what waits and closes the
/// file.
pub struct SqliteStore {
    // closed before the writer, which tidies up as the last connection
    readers: Readers,
    writer: Writer,
    room: Arc<Room>,
    options: SqliteOptions,
}

impl SqliteStore {
    /// Opens the file, makes it where it is not there, and brings its schema up to date. This blocks for a moment; it starts
    /// threads of its own and needs no runtime.
    ///
    /// # Errors
    ///
    /// Where the file cannot be used; see [`OpenError`].
    ///
    /// ```
    /// use medmij_store_sqlite::{OpenError, SqliteOptions, SqliteStore};
    ///
    /// let folder = tempfile::tempdir()?;
    /// let store = SqliteStore::open(SqliteOptions::new(folder.path().join("store.db")))?;
    ///
    /// // a file of another program is left alone
    /// let other = folder.path().join("letter.txt");
    /// std::fs::write(&other, "Geachte heer, mevrouw, dit is geen database.".repeat(99))?;
    /// let refused = SqliteStore::open(SqliteOptions::new(other));
    /// assert!(matches!(refused, Err(OpenError::NotAStore { .. })));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(options: SqliteOptions) -> Result<Self, OpenError> {
        let clock = StoreClock::new(Arc::clone(&options.clock));
        let writing = file::open_writer(&options, &SCHEMA)?;
        let reading = (0..options.readers)
            .map(|_| file::open_reader(&options))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            readers: Readers::start(reading, &clock, options.queue)?,
            writer: Writer::start(writing, clock, options.queue)?,
            room: Arc::new(Room::new(options.max_flows)),
            options,
        })
    }

    /// Writes a complete copy of this moment to a new file, while the store goes on. The copy holds no log of its own and can
    /// be opened as a store.
    ///
    /// # Errors
    ///
    /// [`OpenError::Exists`] or [`OpenError::Copy`], where the file is there already or cannot be written.
    pub async fn backup(&self, to: &Path) -> Result<(), OpenError> {
        upkeep::copy(&self.options, to).await
    }

    /// An operator says that the wall clock is right: the floor becomes the wall clock, and purging goes on. Do this after a
    /// long time in which nothing ran, or after the wall clock was wrong when the store was made.
    ///
    /// # Errors
    ///
    /// [`StoreError`], as every operation.
    pub async fn accept_clock(&self) -> Result<(), StoreError> {
        self.write(purge::accept_clock).await
    }

    pub(crate) async fn write<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&Tx<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        Ok(self.writer.write(operation).await?)
    }

    pub(crate) async fn read<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&View<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        Ok(self.readers.read(operation).await?)
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").finish_non_exhaustive()
    }
}

impl Store for SqliteStore {
    async fn open_flow(&self, flow: NewFlow) -> Result<(), StoreError> {
        let room = Arc::clone(&self.room);
        self.write(move |tx| flows::open(tx, &flow, &room)).await
    }

    async fn flow(&self, id: &FlowId) -> Result<Option<StoredFlow>, StoreError> {
        let id = id.clone();
        Ok(self.readers.read(move |view| flows::read(view, &id)).await?)
    }

    async fn advance_flow(&self, advance: Advance) -> Result<Advanced, StoreError> {
        self.write(move |tx| flows::advance(tx, &advance)).await
    }

    async fn close_flow(&self, id: &FlowId, version: u32, audit: Option<AuditEntry>) -> Result<Advanced, StoreError> {
        let id = id.clone();
        self.write(move |tx| {
            let ended = flows::end(tx, &id, version)?;
            if let (Advanced::Done, Some(entry)) = (ended, &audit) {
                audit::write(tx, entry)?;
            }
            Ok(ended)
        })
        .await
    }

    async fn grant(&self, grant: NewGrant) -> Result<Granted, StoreError> {
        self.write(move |tx| grants::add(tx, &grant)).await
    }

    async fn grant_of_code(&self, code: &SecretHash) -> Result<Option<Grant>, StoreError> {
        let code = *code;
        self.read(move |view| tokens::grant_of_code(view, &code)).await
    }

    async fn take_code(&self, code: &SecretHash, redeem: &Redeem) -> Result<RedeemedCode, StoreError> {
        let (code, redeem) = (*code, redeem.clone());
        self.write(move |tx| tokens::take_code(tx, &code, &redeem)).await
    }

    async fn burn_code(&self, code: &SecretHash) -> Result<BurntCode, StoreError> {
        let code = *code;
        self.write(move |tx| tokens::burn_code(tx, &code)).await
    }

    async fn access(&self, token: &SecretHash) -> Result<Option<StoredAccess>, StoreError> {
        let token = *token;
        self.read(move |view| tokens::access(view, &token)).await
    }

    async fn live_grant(&self, grant: &GrantId) -> Result<Option<LiveGrant>, StoreError> {
        let grant = grant.clone();
        self.read(move |view| grants::live(view, &grant)).await
    }

    async fn rotate_refresh(&self, rotate: &RotateRefresh) -> Result<Rotated, StoreError> {
        let rotate = rotate.clone();
        self.write(move |tx| tokens::rotate(tx, &rotate)).await
    }

    async fn grants_of(&self, persoon: &[PersoonIndex]) -> Result<Vec<Grant>, StoreError> {
        let persoon = persoon.to_vec();
        Ok(self
            .readers
            .read(move |view| grants::of_persoon(view, &persoon))
            .await?)
    }

    async fn withdraw(
        &self,
        persoon: &[PersoonIndex],
        aanbieder: Option<&Aanbiedernaam>,
        client_id: &ClientId,
        audit: AuditEntry,
    ) -> Result<u64, StoreError> {
        let (persoon, aanbieder, client_id) = (persoon.to_vec(), aanbieder.cloned(), client_id.clone());
        self.write(move |tx| grants::withdraw(tx, &persoon, aanbieder.as_ref(), &client_id, &audit))
            .await
    }

    async fn revoke_grant(&self, grant: &GrantId, by: &Acting) -> Result<(), StoreError> {
        let (grant, by) = (grant.clone(), by.clone());
        self.write(move |tx| grants::revoke(tx, &grant, &by)).await
    }

    async fn end_persoon(&self, end: &PersoonEnd) -> Result<EndedPersoon, StoreError> {
        let end = end.clone();
        self.write(move |tx| persoon::end(tx, &end)).await
    }

    async fn audit(&self, entries: Vec<AuditEntry>) -> Result<(), StoreError> {
        self.write(move |tx| entries.iter().try_for_each(|entry| audit::write(tx, entry)))
            .await
    }

    async fn audit_entries(&self, query: &AuditQuery, batch: usize) -> Result<Vec<AuditRecord>, StoreError> {
        let query = query.clone();
        self.read(move |view| audit::entries(view, &query, bounded(batch)))
            .await
    }

    async fn audit_chain(&self, chain: u32, after: u64, batch: usize) -> Result<Vec<AuditRecord>, StoreError> {
        self.read(move |view| audit::chain(view, chain, after, bounded(batch)))
            .await
    }

    async fn audit_heads(&self) -> Result<Vec<AuditHead>, StoreError> {
        self.read(|view| audit::heads(view.connection)).await
    }

    async fn add_checkpoint(&self, checkpoint: &SignedCheckpoint) -> Result<bool, StoreError> {
        let checkpoint = checkpoint.clone();
        self.write(move |tx| audit::add_checkpoint(tx, &checkpoint)).await
    }

    async fn checkpoints(&self, after: u64, batch: usize) -> Result<Vec<SignedCheckpoint>, StoreError> {
        self.read(move |view| audit::checkpoints(view.connection, after, bounded(batch)))
            .await
    }

    async fn last_checkpoint(&self) -> Result<Option<SignedCheckpoint>, StoreError> {
        self.read(|view| audit::last_checkpoint(view.connection)).await
    }

    async fn audit_to_destroy(&self, term: AuditTerm) -> Result<Vec<AuditHead>, StoreError> {
        self.read(move |view| audit::planned(view.connection, term, view.reading()?.floor))
            .await
    }

    async fn destroy_audit(&self, term: AuditTerm, checkpoint: &SignedCheckpoint) -> Result<Option<u64>, StoreError> {
        let checkpoint = checkpoint.clone();
        self.write(move |tx| audit::destroy(tx, term, &checkpoint)).await
    }

    async fn replace_persoon(&self, persoon: &[PersoonIndex], with: Option<&PersoonIndex>) -> Result<u64, StoreError> {
        let (persoon, with) = (persoon.to_vec(), with.copied());
        self.write(move |tx| audit::replace_persoon(tx, &persoon, with.as_ref()))
            .await
    }

    async fn bindings_of(&self, names: &[Hostname]) -> Result<Vec<Binding>, StoreError> {
        let names = names.to_vec();
        self.read(move |view| bindings::of(view, &names)).await
    }

    async fn bindings(&self) -> Result<Vec<Binding>, StoreError> {
        self.read(bindings::all).await
    }

    async fn learn_binding(&self, client_id: &ClientId, name: &Hostname) -> Result<Learned, StoreError> {
        let (client_id, name) = (client_id.clone(), name.clone());
        self.write(move |tx| bindings::learn(tx, &client_id, &name)).await
    }

    async fn confirm_binding(&self, client_id: &ClientId, name: &Hostname) -> Result<(), StoreError> {
        let (client_id, name) = (client_id.clone(), name.clone());
        self.write(move |tx| bindings::confirm(tx, &client_id, &name)).await
    }

    async fn forget_binding(&self, client_id: &ClientId, name: &Hostname) -> Result<bool, StoreError> {
        let (client_id, name) = (client_id.clone(), name.clone());
        self.write(move |tx| bindings::forget(tx, &client_id, &name)).await
    }

    async fn key_use(&self) -> Result<KeyUse, StoreError> {
        self.read(keys::used).await
    }

    async fn grants_to_reseal(
        &self,
        current: (u32, u32),
        after: Option<&GrantId>,
        batch: usize,
    ) -> Result<Vec<Grant>, StoreError> {
        let after = after.cloned();
        self.read(move |view| keys::to_reseal(view, current, after.as_ref(), bounded(batch)))
            .await
    }

    async fn reseal(&self, grant: &GrantId, before: &[u8], new: &Resealed) -> Result<bool, StoreError> {
        let (grant, before, new) = (grant.clone(), before.to_vec(), new.clone());
        self.write(move |tx| keys::reseal(tx, &grant, &before, &new)).await
    }

    async fn purge(&self, batch: usize) -> Result<usize, StoreError> {
        self.write(move |tx| purge::purge(tx, bounded(batch))).await
    }

    async fn clock(&self) -> Result<StoreClockState, StoreError> {
        self.read(|view| Ok(apart(view.reading()?))).await
    }
}

impl DangerShiftClock for SqliteStore {
    async fn danger_shift_clock(&self, by: Duration) -> Result<(), StoreError> {
        self.write(move |tx| upkeep::shift(tx, micros(by))).await
    }

    async fn danger_audit(&self) -> Result<Vec<AuditEntry>, StoreError> {
        let all = AuditQuery::default();
        let entries = self.read(move |view| audit::entries(view, &all, i64::MAX)).await?;
        Ok(entries.into_iter().map(|record| record.entry).collect())
    }
}

/// "MMJS", so that no other database is taken for a store.
const SCHEMA: Schema = Schema {
    application_id: 0x4D4D_4A53,
    migrations: &[
        include_str!("../migrations/0001_store.sql"),
        include_str!("../migrations/0002_abonnementen.sql"),
        include_str!("../migrations/0003_grants.sql"),
        include_str!("../migrations/0004_outbox.sql"),
        include_str!("../migrations/0005_registration.sql"),
        include_str!("../migrations/0006_audit.sql"),
        include_str!("../migrations/0007_ends.sql"),
    ],
    after: Some((6, audit::take_in_old)),
};

#[cfg(test)]
mod tests;
