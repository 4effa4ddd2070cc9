// SPDX-License-Identifier: AGPL-3.0-or-later
//! The maps, and what is done with them under one lock.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

use medmij_oauth::{ClientId, seal::PersoonIndex, storage::SecretHash};
use medmij_types::{GegevensdienstId, Hostname};

use super::audit::AuditLog;
use crate::store::{Acting, AuditEntry, FlowId, Grant, GrantId, NewAccess, NewRefresh, RefreshState};

#[derive(Debug, Default)]
pub(super) struct Inner {
    pub(super) shift: Duration,
    pub(super) sequence: u64,
    pub(super) flows: HashMap<FlowId, FlowRow>,
    /// The flows without authentication, oldest first.
    pub(super) anonymous: BTreeMap<u64, FlowId>,
    /// In a box each: a map keeps room for rows that are not there.
    pub(super) grants: HashMap<GrantId, Box<GrantRow>>,
    pub(super) codes: HashMap<SecretHash, GrantId>,
    /// The grants of each Persoon, oldest first.
    pub(super) persons: HashMap<PersoonIndex, Vec<GrantId>>,
    pub(super) access: HashMap<SecretHash, AccessRow>,
    /// Whether an operator confirmed the name of a client.
    pub(super) bindings: BTreeMap<(ClientId, Hostname), bool>,
    /// The Persons who ended, until when nothing of them is written, and whether they are erased.
    pub(super) ended: HashMap<PersoonIndex, (Duration, bool)>,
    /// How far the store got in each file of the journal of ends.
    pub(super) journal: BTreeMap<String, u64>,
    pub(super) expiry: BTreeSet<(Duration, Expiring)>,
    pub(super) audit: AuditLog,
}

/// A row that may go at some moment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Expiring {
    Flow(FlowId),
    Grant(GrantId),
    Access(SecretHash),
    Ended(PersoonIndex),
}

#[derive(Debug)]
pub(super) struct FlowRow {
    pub(super) authenticated: bool,
    pub(super) version: u32,
    pub(super) session: SecretHash,
    pub(super) body: Vec<u8>,
    pub(super) expires: Duration,
    /// Goes up with every flow.
    pub(super) sequence: u64,
}

#[derive(Debug)]
pub(super) struct GrantRow {
    pub(super) grant: Grant,
    pub(super) code: SecretHash,
    pub(super) binding: SecretHash,
    pub(super) code_expires: Duration,
    pub(super) redeemed: bool,
    /// The names of the certificate with which the code was taken.
    pub(super) names: Vec<Hostname>,
    /// Few have one.
    pub(super) refresh: Option<Box<RefreshRow>>,
    /// When its code, or its refresh token, expires.
    pub(super) live_until: Duration,
    pub(super) purge_at: Duration,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct RefreshRow {
    pub(super) state: RefreshState,
    /// When the token before was used.
    pub(super) used: Duration,
    /// Since when exchanges are counted, and how many there were.
    pub(super) window: (Duration, u32),
}

#[derive(Debug)]
pub(super) struct AccessRow {
    pub(super) grant: GrantId,
    pub(super) names: Vec<Hostname>,
    pub(super) gegevensdiensten: Vec<GegevensdienstId>,
    pub(super) expires: Duration,
}

impl Inner {
    /// Grants and access tokens.
    pub(super) fn rows(&self) -> usize {
        self.grants.len() + self.access.len()
    }

    pub(super) fn purge(&mut self, now: Duration, batch: usize) -> usize {
        let mut gone = 0;
        while gone < batch && self.expiry.first().is_some_and(|(at, _)| *at <= now) {
            match self.expiry.pop_first() {
                Some((_, Expiring::Flow(id))) => self.drop_flow(&id),
                Some((_, Expiring::Grant(id))) => drop(self.drop_grant(&id, now)),
                Some((_, Expiring::Access(token))) => drop(self.access.remove(&token)),
                Some((_, Expiring::Ended(persoon))) => self.end_hold(&persoon),
                None => {}
            }
            gone += 1;
        }
        gone
    }

    /// A flow that has this version and is not expired.
    pub(super) fn current_flow(&mut self, id: &FlowId, version: u32, now: Duration) -> Option<&mut FlowRow> {
        let row = self.flows.get_mut(id)?;
        (row.version == version && row.expires > now).then_some(row)
    }

    pub(super) fn drop_flow(&mut self, id: &FlowId) {
        let Some(row) = self.flows.remove(id) else { return };
        self.anonymous.remove(&row.sequence);
        self.expiry.remove(&(row.expires, Expiring::Flow(id.clone())));
    }

    pub(super) fn add_grant(&mut self, row: GrantRow) {
        let id = row.grant.id.clone();
        self.codes.insert(row.code, id.clone());
        self.persons
            .entry(row.grant.persoon)
            .or_insert_with(|| Vec::with_capacity(1))
            .push(id.clone());
        self.expiry.insert((row.purge_at, Expiring::Grant(id.clone())));
        self.grants.insert(id, Box::new(row));
    }

    /// A grant goes with its code and refresh tokens; access tokens without a grant admit nothing.
    pub(super) fn drop_grant(&mut self, id: &GrantId, now: Duration) -> Option<Grant> {
        let row = self.grants.remove(id)?;
        self.codes.remove(&row.code);
        self.expiry.remove(&(row.purge_at, Expiring::Grant(id.clone())));
        self.part(&row.grant.persoon, id);
        self.audit.end_grant(id, now);
        Some(row.grant)
    }

    /// A grant is not of this Persoon any more.
    pub(super) fn part(&mut self, persoon: &PersoonIndex, id: &GrantId) {
        if let Some(grants) = self.persons.get_mut(persoon) {
            grants.retain(|each| each != id);
            if grants.is_empty() {
                self.persons.remove(persoon);
            }
        }
    }

    /// Ends a grant, with the audit entry of it; one that has ended already is left alone.
    pub(super) fn end_by_dvza(&mut self, id: &GrantId, by: &Acting, now: Duration) {
        if let Some(grant) = self.drop_grant(id, now) {
            self.write_audit(&AuditEntry::ended(&grant, by.clone()), now);
        }
    }

    pub(super) fn add_access(&mut self, grant: &GrantId, new: &NewAccess, names: &[Hostname], now: Duration) {
        let expires = now.saturating_add(new.lifetime);
        let row = AccessRow {
            grant: grant.clone(),
            names: names.to_vec(),
            gegevensdiensten: new.gegevensdiensten.clone(),
            expires,
        };
        self.access.insert(new.token, row);
        self.expiry.insert((expires, Expiring::Access(new.token)));
        self.keep(grant, expires);
    }

    pub(super) fn add_refresh(&mut self, grant: &GrantId, new: &NewRefresh, row: RefreshRow, now: Duration) {
        let expires = now.saturating_add(new.lifetime);
        if let Some(found) = self.grants.get_mut(grant) {
            found.refresh = Some(Box::new(row));
            found.live_until = expires;
        }
        self.keep(grant, expires);
    }

    /// Keeps a grant until this moment at least.
    fn keep(&mut self, id: &GrantId, until: Duration) {
        let Some(row) = self.grants.get_mut(id) else { return };
        if row.purge_at < until {
            self.expiry.remove(&(row.purge_at, Expiring::Grant(id.clone())));
            row.purge_at = until;
            self.expiry.insert((until, Expiring::Grant(id.clone())));
        }
    }
}
