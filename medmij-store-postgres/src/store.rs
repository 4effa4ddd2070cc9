// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.203, core.tknint.204, core.autorisatie.208 — the operations of a store over PostgreSQL: one statement each.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

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
    Migrated, OpenError, PostgresOptions, audit, bindings,
    error::Failure,
    floor::Floor,
    flows, keys, persoon,
    pool::{Connections, Params},
    row::{self, bounded, column, micros},
    schema::{self, Schema},
    settings::check_sessions,
    sql, tokens,
};

/// The store in a PostgreSQL database. Replicas open the same one.
pub struct PostgresStore {
    pub(crate) connections: Connections,
    floor: Floor,
    max_flows: u32,
    uncounted: AtomicU32,
}

impl PostgresStore {
    /// Brings the schema of the database up to date, each step in one transaction. Of several processes one does it, the
    /// others wait. The role needs the right to create a schema.
    ///
    /// # Errors
    ///
    /// [`OpenError`], where the database cannot be reached or a step fails; then none of that step stayed.
    pub async fn migrate(options: &PostgresOptions) -> Result<Migrated, OpenError> {
        schema::migrate(options, &SCHEMA).await
    }

    /// Connects, and checks that the schema is not too old and that the server keeps what it commits. Call it in the runtime
    /// (with time enabled) in which the store is used.
    ///
    /// # Errors
    ///
    /// See [`OpenError`].
    pub async fn open(options: &PostgresOptions) -> Result<Self, OpenError> {
        let connections = Connections::new(options)?;
        check_sessions(options).await?;
        schema::check(&connections, &SCHEMA, options.danger_not_durable).await?;
        let floor = Floor::new(SCHEMA.name, Arc::clone(&options.clock));
        floor.advance(&connections).await.map_err(OpenError::from)?;
        Ok(Self {
            connections,
            floor,
            max_flows: options.max_flows,
            uncounted: AtomicU32::new(options.max_flows),
        })
    }

    /// Gives a role of the database what a serving program needs, and another what an operator of the audit log needs. The
    /// first can neither change nor delete an audit entry; the second sees no flow, grant or token, and destroys entries only
    /// by [`Store::destroy_audit`]. Call it as the owner of the schema, after each [`migrate`](Self::migrate); the roles have
    /// to be there.
    ///
    /// # Errors
    ///
    /// [`OpenError`], where the database cannot be reached, a role is not there, or this one cannot give rights.
    pub async fn grant_roles(
        options: &PostgresOptions,
        application: &str,
        operator: Option<&str>,
    ) -> Result<(), OpenError> {
        let connections = Connections::new(options)?;
        connections.rows(sql::GRANT_APPLICATION, &[&application]).await?;
        if let Some(operator) = operator {
            connections.rows(sql::GRANT_OPERATOR, &[&operator]).await?;
        }
        Ok(())
    }

    /// An operator says that the clock of the server is right: the floor becomes that clock, and purging goes on. Do this
    /// after a long time in which nothing ran, or after the clock was wrong when the schema was made.
    ///
    /// # Errors
    ///
    /// [`StoreError`], as every operation.
    pub async fn accept_clock(&self) -> Result<(), StoreError> {
        self.connections.rows(sql::ACCEPT_CLOCK, &[]).await?;
        Ok(())
    }

    /// Makes room for one more flow, where it is time to look (O13). Counting costs about as much as there are flows, so it
    /// is done once for as many new ones as a 64th of the limit, and by one caller: the others go on.
    async fn make_room(&self) -> Result<(), StoreError> {
        let every = (self.max_flows / 64).max(1);
        let before = self
            .uncounted
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |opened| {
                let opened = opened.saturating_add(1);
                Some(if opened >= every { 0 } else { opened })
            });
        if before.is_ok_and(|opened| opened.saturating_add(1) < every) {
            return Ok(());
        }
        let limit = i64::from(self.max_flows);
        let room = self.connections.row(sql::MAKE_ROOM, &[&limit]).await;
        let room = room.and_then(|row| column::<i32>(&row, "room"));
        if !matches!(room, Ok(0)) {
            // the next one looks again
            self.uncounted.store(every, Ordering::Relaxed);
        }
        match room? {
            0 | 1 => Ok(()),
            _ => Err(StoreError::Full),
        }
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore").finish_non_exhaustive()
    }
}

impl Store for PostgresStore {
    async fn open_flow(&self, flow: NewFlow) -> Result<(), StoreError> {
        self.make_room().await?;
        flows::open(&self.connections, &flow).await
    }

    async fn flow(&self, id: &FlowId) -> Result<Option<StoredFlow>, StoreError> {
        flows::read(&self.connections, id).await
    }

    async fn advance_flow(&self, advance: Advance) -> Result<Advanced, StoreError> {
        flows::advance(&self.connections, &advance).await
    }

    async fn close_flow(&self, id: &FlowId, version: u32, entry: Option<AuditEntry>) -> Result<Advanced, StoreError> {
        flows::close(&self.connections, id, version, entry.as_ref()).await
    }

    async fn grant(&self, new: NewGrant) -> Result<Granted, StoreError> {
        self.floor.keep(&self.connections).await?;
        let grant = &new.grant;
        let persoon: &[u8] = grant.persoon.as_bytes();
        let aanbieder = grant.aanbieder.as_ref().map(Aanbiedernaam::as_str);
        let (code, binding): (&[u8], &[u8]) = (new.code.as_bytes(), new.binding.as_bytes());
        let params: Params<'_> = &[
            &new.flow.0.as_str(),
            &i64::from(new.flow.1),
            &grant.id.as_str(),
            &persoon,
            &aanbieder,
            &grant.client_id.as_str(),
            &grant.langdurig,
            &grant.body,
            &code,
            &binding,
            &micros(new.lifetime),
            &audit::json(&new.audit),
        ];
        match self.connections.row(sql::ADD_GRANT, params).await {
            Ok(row) if column(&row, "done")? => Ok(Granted::Done),
            Ok(_) => Ok(Granted::Stale),
            Err(failure) if failure.is_collision() => Ok(Granted::Collision),
            Err(failure) => Err(failure.into()),
        }
    }

    async fn grant_of_code(&self, code: &SecretHash) -> Result<Option<Grant>, StoreError> {
        tokens::grant_of_code(&self.connections, code).await
    }

    async fn take_code(&self, code: &SecretHash, redeem: &Redeem) -> Result<RedeemedCode, StoreError> {
        self.floor.keep(&self.connections).await?;
        tokens::take_code(&self.connections, code, redeem).await
    }

    async fn burn_code(&self, code: &SecretHash) -> Result<BurntCode, StoreError> {
        tokens::burn_code(&self.connections, code).await
    }

    async fn access(&self, token: &SecretHash) -> Result<Option<StoredAccess>, StoreError> {
        tokens::access(&self.connections, token).await
    }

    async fn live_grant(&self, grant: &GrantId) -> Result<Option<LiveGrant>, StoreError> {
        let rows = self.connections.rows(sql::LIVE_GRANT, &[&grant.as_str()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        Ok(Some(LiveGrant::new(row::grant(row)?, row::refresh(row)?)))
    }

    async fn rotate_refresh(&self, rotate: &RotateRefresh) -> Result<Rotated, StoreError> {
        self.floor.keep(&self.connections).await?;
        tokens::rotate(&self.connections, rotate).await
    }

    async fn grants_of(&self, persoon: &[PersoonIndex]) -> Result<Vec<Grant>, StoreError> {
        let rows = self.connections.rows(sql::GRANTS_OF, &[&row::persons(persoon)]).await?;
        Ok(rows.iter().map(row::grant).collect::<Result<_, Failure>>()?)
    }

    async fn withdraw(
        &self,
        persoon: &[PersoonIndex],
        aanbieder: Option<&Aanbiedernaam>,
        client_id: &ClientId,
        entry: AuditEntry,
    ) -> Result<u64, StoreError> {
        let params: Params<'_> = &[
            &row::persons(persoon),
            &aanbieder.map(Aanbiedernaam::as_str),
            &client_id.as_str(),
            &audit::json(&entry),
        ];
        let row = self.connections.row(sql::WITHDRAW, params).await?;
        Ok(u64::try_from(column::<i64>(&row, "ended")?).unwrap_or(0))
    }

    async fn revoke_grant(&self, grant: &GrantId, by: &Acting) -> Result<(), StoreError> {
        let params: Params<'_> = &[&grant.as_str(), &audit::by(by)];
        self.connections.rows(sql::REVOKE_GRANT, params).await?;
        Ok(())
    }

    async fn end_persoon(&self, end: &PersoonEnd) -> Result<EndedPersoon, StoreError> {
        persoon::end(&self.connections, end).await
    }

    async fn audit(&self, entries: Vec<AuditEntry>) -> Result<(), StoreError> {
        audit::write(&self.connections, &entries).await
    }

    async fn audit_entries(&self, query: &AuditQuery, batch: usize) -> Result<Vec<AuditRecord>, StoreError> {
        audit::entries(&self.connections, query, bounded(batch)).await
    }

    async fn audit_chain(&self, chain: u32, after: u64, batch: usize) -> Result<Vec<AuditRecord>, StoreError> {
        audit::chain(&self.connections, chain, after, bounded(batch)).await
    }

    async fn audit_heads(&self) -> Result<Vec<AuditHead>, StoreError> {
        audit::heads(&self.connections).await
    }

    async fn add_checkpoint(&self, checkpoint: &SignedCheckpoint) -> Result<bool, StoreError> {
        audit::add_checkpoint(&self.connections, checkpoint).await
    }

    async fn checkpoints(&self, after: u64, batch: usize) -> Result<Vec<SignedCheckpoint>, StoreError> {
        audit::checkpoints(&self.connections, after, bounded(batch)).await
    }

    async fn last_checkpoint(&self) -> Result<Option<SignedCheckpoint>, StoreError> {
        audit::last_checkpoint(&self.connections).await
    }

    async fn audit_to_destroy(&self, term: AuditTerm) -> Result<Vec<AuditHead>, StoreError> {
        self.floor.advance(&self.connections).await?;
        audit::planned(&self.connections, term).await
    }

    async fn destroy_audit(&self, term: AuditTerm, checkpoint: &SignedCheckpoint) -> Result<Option<u64>, StoreError> {
        if self.floor.advance(&self.connections).await?.jumped() {
            return Ok(None);
        }
        audit::destroy(&self.connections, term, checkpoint).await
    }

    async fn replace_persoon(&self, persoon: &[PersoonIndex], with: Option<&PersoonIndex>) -> Result<u64, StoreError> {
        audit::replace_persoon(&self.connections, persoon, with).await
    }

    async fn bindings_of(&self, names: &[Hostname]) -> Result<Vec<Binding>, StoreError> {
        bindings::of(&self.connections, Some(names)).await
    }

    async fn bindings(&self) -> Result<Vec<Binding>, StoreError> {
        bindings::of(&self.connections, None).await
    }

    async fn learn_binding(&self, client_id: &ClientId, name: &Hostname) -> Result<Learned, StoreError> {
        bindings::learn(&self.connections, client_id, name).await
    }

    async fn confirm_binding(&self, client_id: &ClientId, name: &Hostname) -> Result<(), StoreError> {
        bindings::confirm(&self.connections, client_id, name).await
    }

    async fn forget_binding(&self, client_id: &ClientId, name: &Hostname) -> Result<bool, StoreError> {
        bindings::forget(&self.connections, client_id, name).await
    }

    async fn key_use(&self) -> Result<KeyUse, StoreError> {
        keys::used(&self.connections).await
    }

    async fn grants_to_reseal(
        &self,
        current: (u32, u32),
        after: Option<&GrantId>,
        batch: usize,
    ) -> Result<Vec<Grant>, StoreError> {
        keys::to_reseal(&self.connections, current, after, bounded(batch)).await
    }

    async fn reseal(&self, grant: &GrantId, before: &[u8], new: &Resealed) -> Result<bool, StoreError> {
        keys::reseal(&self.connections, grant, before, new).await
    }

    async fn purge(&self, batch: usize) -> Result<usize, StoreError> {
        if self.floor.advance(&self.connections).await?.jumped() {
            return Ok(0);
        }
        let row = self.connections.row(sql::PURGE, &[&bounded(batch)]).await?;
        Ok(usize::try_from(column::<i64>(&row, "gone")?).unwrap_or(0))
    }

    async fn clock(&self) -> Result<StoreClockState, StoreError> {
        Ok(self.floor.advance(&self.connections).await?)
    }
}

impl DangerShiftClock for PostgresStore {
    async fn danger_shift_clock(&self, by: Duration) -> Result<(), StoreError> {
        self.connections.rows(sql::DANGER_SHIFT, &[&micros(by)]).await?;
        Ok(())
    }

    async fn danger_audit(&self) -> Result<Vec<AuditEntry>, StoreError> {
        let all = audit::entries(&self.connections, &AuditQuery::default(), i64::MAX).await?;
        Ok(all.into_iter().map(|record| record.entry).collect())
    }
}

const SCHEMA: Schema = Schema {
    name: "medmij",
    migrations: &[
        include_str!("../migrations/0001_store.sql"),
        include_str!("../migrations/0002_abonnementen.sql"),
        include_str!("../migrations/0003_grants.sql"),
        include_str!("../migrations/0004_outbox.sql"),
        include_str!("../migrations/0005_registration.sql"),
        include_str!("../migrations/0006_audit.sql"),
        include_str!("../migrations/0007_ends.sql"),
        include_str!("../migrations/0008_audit_text.sql"),
    ],
};
