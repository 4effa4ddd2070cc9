// SPDX-License-Identifier: AGPL-3.0-or-later
//! The rows in memory, and what is done with them under one lock.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    time::Duration,
};

use medmij_types::Hostname;

use crate::{
    seal::PersoonIndex,
    store::{AuditEntry, FlowId, Grant, GrantId, SecretHash, StoredFlow, TakenCode},
};

#[derive(Debug, Default)]
pub(super) struct Inner {
    pub(super) shift: Duration,
    pub(super) sequence: u64,
    pub(super) flows: HashMap<FlowId, FlowRow>,
    pub(super) anonymous: BTreeSet<(u64, FlowId)>,
    pub(super) grants: HashMap<GrantId, GrantRow>,
    pub(super) by_persoon: HashMap<PersoonIndex, Vec<GrantId>>,
    pub(super) codes: HashMap<SecretHash, CodeRow>,
    pub(super) access: HashMap<SecretHash, AccessRow>,
    pub(super) refresh: HashMap<SecretHash, RefreshRow>,
    pub(super) expiry: BTreeMap<(Duration, u64), Expiring>,
    pub(super) audit: VecDeque<AuditEntry>,
}

#[derive(Debug)]
pub(super) struct FlowRow {
    pub(super) stored: StoredFlow,
    pub(super) expires: Duration,
    pub(super) sequence: u64,
    pub(super) authenticated: bool,
}

#[derive(Debug)]
pub(super) struct GrantRow {
    pub(super) grant: Grant,
    pub(super) ended: bool,
    /// Codes and tokens that point here.
    pub(super) rows: usize,
    /// When its last code or refresh token expires.
    pub(super) live_until: Duration,
}

#[derive(Debug)]
pub(super) struct CodeRow {
    pub(super) grant: GrantId,
    pub(super) binding: SecretHash,
    pub(super) expires: Duration,
    pub(super) taken: bool,
}

#[derive(Debug)]
pub(super) struct AccessRow {
    pub(super) grant: GrantId,
    pub(super) names: Vec<Hostname>,
    pub(super) expires: Duration,
}

#[derive(Debug)]
pub(super) struct RefreshRow {
    pub(super) grant: GrantId,
    pub(super) expires: Duration,
    pub(super) used: Option<Duration>,
    pub(super) successor: Option<SecretHash>,
    pub(super) replaced: bool,
}

#[derive(Debug)]
pub(super) enum Expiring {
    Flow(FlowId),
    Code(SecretHash),
    Access(SecretHash),
    Refresh(SecretHash),
}

impl Inner {
    pub(super) fn rows(&self) -> usize {
        self.codes.len() + self.access.len() + self.refresh.len()
    }

    /// Remembers when a row expires; the number tells it from others of the same moment.
    pub(super) fn expire(&mut self, at: Duration, what: Expiring) -> u64 {
        self.sequence += 1;
        self.expiry.insert((at, self.sequence), what);
        self.sequence
    }

    pub(super) fn purge(&mut self, now: Duration, batch: usize) -> usize {
        let mut gone = 0;
        while gone < batch {
            let Some(entry) = self.expiry.first_entry() else { break };
            if entry.key().0 > now {
                break;
            }
            let grant = match entry.remove() {
                Expiring::Flow(id) => {
                    self.drop_flow(&id);
                    None
                }
                Expiring::Code(code) => self.codes.remove(&code).map(|row| row.grant),
                Expiring::Access(token) => self.access.remove(&token).map(|row| row.grant),
                Expiring::Refresh(token) => self.refresh.remove(&token).map(|row| row.grant),
            };
            if let Some(grant) = grant {
                self.release(&grant);
            }
            gone += 1;
        }
        gone
    }

    pub(super) fn drop_flow(&mut self, id: &FlowId) -> Option<FlowRow> {
        let row = self.flows.remove(id)?;
        self.anonymous.remove(&(row.sequence, id.clone()));
        self.expiry.remove(&(row.expires, row.sequence));
        Some(row)
    }

    /// One row of the grant went; the last one takes the grant along.
    pub(super) fn release(&mut self, id: &GrantId) {
        let Some(row) = self.grants.get_mut(id) else { return };
        row.rows = row.rows.saturating_sub(1);
        if row.rows > 0 {
            return;
        }
        let persoon = row.grant.persoon;
        self.grants.remove(id);
        if let Some(ids) = self.by_persoon.get_mut(&persoon) {
            ids.retain(|each| each != id);
            if ids.is_empty() {
                self.by_persoon.remove(&persoon);
            }
        }
    }

    pub(super) fn end_grant(&mut self, id: &GrantId) {
        if let Some(row) = self.grants.get_mut(id) {
            row.ended = true;
        }
    }

    pub(super) fn live_grant(&self, id: &GrantId) -> Option<&Grant> {
        self.grants.get(id).filter(|row| !row.ended).map(|row| &row.grant)
    }

    pub(super) fn current_flow(&self, id: &FlowId, version: u32, now: Duration) -> bool {
        self.flows
            .get(id)
            .is_some_and(|row| row.stored.version == version && row.expires > now)
    }

    pub(super) fn add_access(&mut self, token: SecretHash, grant: &GrantId, names: &[Hostname], expires: Duration) {
        self.access.insert(
            token,
            AccessRow {
                grant: grant.clone(),
                names: names.to_vec(),
                expires,
            },
        );
        self.expire(expires, Expiring::Access(token));
        self.hold(grant);
    }

    pub(super) fn add_refresh(&mut self, token: SecretHash, grant: &GrantId, expires: Duration) {
        let row = RefreshRow {
            grant: grant.clone(),
            expires,
            used: None,
            successor: None,
            replaced: false,
        };
        self.refresh.insert(token, row);
        self.expire(expires, Expiring::Refresh(token));
        self.hold(grant);
        if let Some(row) = self.grants.get_mut(grant) {
            row.live_until = row.live_until.max(expires);
        }
    }

    pub(super) fn hold(&mut self, grant: &GrantId) {
        if let Some(row) = self.grants.get_mut(grant) {
            row.rows += 1;
        }
    }

    pub(super) fn write_audit(&mut self, entry: AuditEntry, limit: usize) {
        while self.audit.len() >= limit.max(1) {
            self.audit.pop_front();
        }
        self.audit.push_back(entry);
    }

    /// Burns the code; `Err` is the answer where it was not fresh.
    pub(super) fn burn(&mut self, code: &SecretHash, now: Duration) -> Result<(GrantId, SecretHash), TakenCode> {
        let row = self.codes.get_mut(code).ok_or(TakenCode::Unknown)?;
        let (grant, binding) = (row.grant.clone(), row.binding);
        if row.taken {
            self.end_grant(&grant);
            return Err(TakenCode::Replayed);
        }
        row.taken = true;
        if row.expires <= now {
            return Err(TakenCode::Expired);
        }
        Ok((grant, binding))
    }
}
