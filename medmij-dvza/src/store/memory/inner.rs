// SPDX-License-Identifier: AGPL-3.0-or-later
//! The tables, and what is done with them under one lock.

use std::{
    collections::{BTreeSet, VecDeque},
    time::Duration,
};

use medmij_oauth::{ClientId, storage::SecretHash};
use medmij_types::{Aanbiedernaam, Hostname};

use super::{
    expiry::{Expiry, Kind},
    persons::Persons,
    rows::{AccessRow, AuditRow, CodeRow, FlowRow, GrantRow, Moment, RefreshRow},
    shared::Shared,
    table::{Slot, Table},
};
use crate::store::{AuditEntry, FlowId, Grant, TakenCode};

#[derive(Debug, Default)]
pub(super) struct Inner {
    pub(super) shift: Duration,
    pub(super) sequence: u64,
    pub(super) flows: Table<FlowRow>,
    /// The flows without authentication, oldest first.
    pub(super) anonymous: BTreeSet<(u64, Slot)>,
    pub(super) grants: Table<GrantRow>,
    pub(super) persons: Persons,
    pub(super) codes: Table<CodeRow>,
    pub(super) access: Table<AccessRow>,
    pub(super) refresh: Table<RefreshRow>,
    pub(super) expiry: Expiry,
    pub(super) audit: VecDeque<AuditRow>,
    pub(super) audit_limit: usize,
    pub(super) names: Names,
}

/// The names that rows share.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) aanbieders: Shared<Aanbiedernaam>,
    pub(super) clients: Shared<ClientId>,
    pub(super) hosts: Shared<Vec<Hostname>>,
    pub(super) texts: Shared<String>,
}

impl Inner {
    /// Codes and tokens.
    pub(super) fn rows(&self) -> usize {
        self.codes.len() + self.access.len() + self.refresh.len()
    }

    pub(super) fn purge(&mut self, now: Duration, batch: usize) -> usize {
        let mut gone = 0;
        while gone < batch {
            let Some((kind, slot)) = self.expiry.pop(now) else {
                break;
            };
            let grant = match kind {
                Kind::Flow => {
                    self.drop_flow(slot);
                    None
                }
                Kind::Code => self.codes.remove(slot).map(|row| row.grant),
                Kind::Access => self.access.remove(slot).map(|row| row.grant),
                Kind::Refresh => self.refresh.remove(slot).map(|row| row.grant),
            };
            if let Some(grant) = grant {
                self.release(grant);
            }
            gone += 1;
        }
        gone
    }

    /// A flow that has this version and is not expired.
    pub(super) fn current_flow(&self, id: &FlowId, version: u32, now: Duration) -> Option<Slot> {
        let slot = self.flows.find(id)?;
        let row = self.flows.at(slot)?;
        (row.version == version && row.expires > now.into()).then_some(slot)
    }

    pub(super) fn drop_flow(&mut self, slot: Slot) {
        let Some(row) = self.flows.remove(slot) else { return };
        self.anonymous.remove(&(row.sequence, slot));
        self.expiry.remove(row.expires.since_start(), Kind::Flow, slot);
    }

    /// One row of the grant went; the last one takes the grant along.
    fn release(&mut self, slot: Slot) {
        let Some(row) = self.grants.at_mut(slot) else { return };
        row.rows = row.rows.saturating_sub(1);
        if row.rows == 0 {
            self.persons.remove(slot, &mut self.grants);
            self.grants.remove(slot);
        }
    }

    pub(super) fn end_grant(&mut self, slot: Slot) {
        if let Some(row) = self.grants.at_mut(slot) {
            row.ended = true;
        }
    }

    /// Ends a grant, with the audit entry of it; one that has ended already is left alone.
    pub(super) fn end_by_dvza(&mut self, slot: Slot) {
        if let Some(grant) = self.live_grant(slot).map(GrantRow::to_grant) {
            self.end_grant(slot);
            self.write_audit(AuditEntry::ended(&grant));
        }
    }

    pub(super) fn live_grant(&self, slot: Slot) -> Option<&GrantRow> {
        self.grants.at(slot).filter(|row| !row.ended)
    }

    /// Adds a grant, with no rows yet; `None` where its id is there already.
    pub(super) fn add_grant(&mut self, grant: Grant, live_until: Duration) -> Option<Slot> {
        let row = GrantRow {
            id: grant.id,
            langdurig: grant.langdurig,
            ended: false,
            persoon: grant.persoon,
            rows: 0,
            before: 0,
            next: 0,
            aanbieder: grant.aanbieder.map(|naam| self.names.aanbieders.of(naam)),
            client_id: self.names.clients.of(grant.client_id),
            body: grant.body.into_boxed_slice(),
            live_until: live_until.into(),
        };
        let slot = self.grants.insert(row)?;
        self.persons.add(slot, &mut self.grants);
        Some(slot)
    }

    /// Adds a code. It is kept until `purge`, so that a replay still finds the token that came of it.
    pub(super) fn add_code(&mut self, row: CodeRow, purge: Duration) {
        let grant = row.grant;
        if let Some(slot) = self.codes.insert(row) {
            self.expiry.add(purge, Kind::Code, slot);
            self.hold(grant);
        }
    }

    pub(super) fn add_access(&mut self, token: SecretHash, grant: Slot, names: &[Hostname], expires: Duration) {
        let row = AccessRow {
            token,
            grant,
            expires: expires.into(),
            names: self.names.hosts.of(names.to_vec()),
        };
        if let Some(slot) = self.access.insert(row) {
            self.expiry.add(expires, Kind::Access, slot);
            self.hold(grant);
        }
    }

    pub(super) fn add_refresh(&mut self, token: SecretHash, grant: Slot, expires: Duration) {
        let row = RefreshRow {
            token,
            grant,
            replaced: false,
            expires: expires.into(),
            used: None,
            successor: None,
        };
        if let Some(slot) = self.refresh.insert(row) {
            self.expiry.add(expires, Kind::Refresh, slot);
            self.hold(grant);
        }
        if let Some(row) = self.grants.at_mut(grant) {
            row.live_until = row.live_until.max(expires.into());
        }
    }

    fn hold(&mut self, grant: Slot) {
        if let Some(row) = self.grants.at_mut(grant) {
            row.rows += 1;
        }
    }

    pub(super) fn write_audit(&mut self, entry: AuditEntry) {
        while self.audit.len() >= self.audit_limit.max(1) {
            self.audit.pop_front();
        }
        let row = AuditRow {
            kind: entry.kind,
            persoon: entry.persoon,
            grant: entry.grant,
            aanbieder: entry.aanbieder.map(|naam| self.names.aanbieders.of(naam)),
            client_id: self.names.clients.of(entry.client_id),
            scope: self.names.texts.of(entry.scope),
            texts: self.names.texts.of(entry.texts),
        };
        self.audit.push_back(row);
    }

    /// Burns the code; `Err` is the answer where it was not fresh.
    pub(super) fn burn(&mut self, code: &SecretHash, now: Moment) -> Result<(Slot, SecretHash), TakenCode> {
        let slot = self.codes.find(code).ok_or(TakenCode::Unknown)?;
        let row = self.codes.at_mut(slot).ok_or(TakenCode::Unknown)?;
        let (grant, binding) = (row.grant, row.binding);
        if row.taken {
            self.end_by_dvza(grant);
            return Err(TakenCode::Replayed);
        }
        row.taken = true;
        if row.expires <= now {
            return Err(TakenCode::Expired);
        }
        Ok((grant, binding))
    }

    /// Whether the refresh token that came after another was used, or is gone.
    pub(super) fn successor_used(&self, row: &RefreshRow) -> bool {
        row.successor
            .as_deref()
            .and_then(|next| self.refresh.by_key(next))
            .is_none_or(|next| next.used.is_some())
    }
}
