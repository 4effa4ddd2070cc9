// SPDX-License-Identifier: AGPL-3.0-or-later
//! The operations of a store over the maps in memory: each under the lock, and so one transaction.

use std::{collections::BTreeMap, time::Duration};

use medmij_oauth::{
    ClientId,
    seal::{PersoonIndex, key_of},
    storage::{Advanced, JournalMarks, SecretHash, StoreClockState, StoreError},
};
use medmij_types::{Aanbiedernaam, Hostname};

use super::MemoryStore;
use crate::store::{
    Acting, Advance, AuditEntry, AuditHead, AuditQuery, AuditRecord, AuditTerm, Binding, BurntCode, DangerShiftClock,
    EndedPersoon, FlowId, Grant, GrantId, Granted, KeyUse, Learned, LiveGrant, MAX_LEARNED, NewFlow, NewGrant,
    PersoonEnd, Redeem, RedeemedCode, Resealed, RotateRefresh, Rotated, SignedCheckpoint, Store, StoredAccess,
    StoredFlow,
};

impl Store for MemoryStore {
    async fn open_flow(&self, flow: NewFlow) -> Result<(), StoreError> {
        let (mut inner, now) = self.open();
        inner.open_flow(flow, self.limits.flows, now)
    }

    async fn flow(&self, id: &FlowId) -> Result<Option<StoredFlow>, StoreError> {
        let (inner, now) = self.open();
        Ok(inner.flow(id, now))
    }

    async fn advance_flow(&self, advance: Advance) -> Result<Advanced, StoreError> {
        let (mut inner, now) = self.open();
        Ok(inner.advance_flow(advance, now))
    }

    async fn close_flow(&self, id: &FlowId, version: u32, audit: Option<AuditEntry>) -> Result<Advanced, StoreError> {
        let (mut inner, now) = self.open();
        Ok(inner.close_flow(id, version, audit, now))
    }

    async fn grant(&self, new: NewGrant) -> Result<Granted, StoreError> {
        let (mut inner, now) = self.open();
        inner.grant(new, self.limits.rows, now)
    }

    async fn grant_of_code(&self, code: &SecretHash) -> Result<Option<Grant>, StoreError> {
        let (inner, _) = self.open();
        let row = inner.codes.get(code).and_then(|id| inner.grants.get(id));
        Ok(row.filter(|row| !row.redeemed).map(|row| row.grant.clone()))
    }

    async fn take_code(&self, code: &SecretHash, redeem: &Redeem) -> Result<RedeemedCode, StoreError> {
        let (mut inner, now) = self.open();
        inner.take_code(code, redeem, self.limits.rows, now)
    }

    async fn burn_code(&self, code: &SecretHash) -> Result<BurntCode, StoreError> {
        Ok(self.open().0.burn_code(code))
    }

    async fn access(&self, token: &SecretHash) -> Result<Option<StoredAccess>, StoreError> {
        let (inner, now) = self.open();
        Ok(inner.access(token, now))
    }

    async fn live_grant(&self, grant: &GrantId) -> Result<Option<LiveGrant>, StoreError> {
        let (inner, _) = self.open();
        let row = inner.grants.get(grant);
        Ok(row.map(|row| LiveGrant::new(row.grant.clone(), row.refresh.as_ref().map(|refresh| refresh.state))))
    }

    async fn rotate_refresh(&self, rotate: &RotateRefresh) -> Result<Rotated, StoreError> {
        let (mut inner, now) = self.open();
        inner.rotate(rotate, self.limits.rows, now)
    }

    async fn grants_of(&self, persoon: &[PersoonIndex]) -> Result<Vec<Grant>, StoreError> {
        let (inner, now) = self.open();
        let of = persoon.iter().filter_map(|index| inner.persons.get(index)).flatten();
        let live = of
            .filter_map(|id| inner.grants.get(id))
            .filter(|row| row.grant.langdurig && row.live_until > now);
        Ok(live.map(|row| row.grant.clone()).collect())
    }

    async fn withdraw(
        &self,
        persoon: &[PersoonIndex],
        aanbieder: Option<&Aanbiedernaam>,
        client_id: &ClientId,
        audit: AuditEntry,
    ) -> Result<u64, StoreError> {
        let (mut inner, now) = self.open();
        let of = persoon.iter().filter_map(|index| inner.persons.get(index)).flatten();
        let of: Vec<GrantId> = of.cloned().collect();
        let mut ended = 0;
        for id in of {
            let matches = inner.grants.get(&id).is_some_and(|row| {
                row.grant.client_id == *client_id && row.grant.aanbieder.as_ref() == aanbieder && row.purge_at > now
            });
            if matches && inner.drop_grant(&id, now).is_some() {
                ended += 1;
            }
        }
        if ended > 0 {
            inner.write_audit(&audit, now);
        }
        Ok(ended)
    }

    async fn revoke_grant(&self, grant: &GrantId, by: &Acting) -> Result<(), StoreError> {
        let (mut inner, now) = self.open();
        inner.end_by_dvza(grant, by, now);
        Ok(())
    }

    async fn end_persoon(&self, end: &PersoonEnd) -> Result<EndedPersoon, StoreError> {
        let (mut inner, now) = self.open();
        Ok(inner.end_persoon(end, now))
    }

    async fn audit(&self, entries: Vec<AuditEntry>) -> Result<(), StoreError> {
        let (mut inner, now) = self.open();
        entries.iter().for_each(|entry| inner.write_audit(entry, now));
        Ok(())
    }

    async fn audit_entries(&self, query: &AuditQuery, batch: usize) -> Result<Vec<AuditRecord>, StoreError> {
        Ok(self.lock().audit_entries(query, batch))
    }

    async fn audit_chain(&self, chain: u32, after: u64, batch: usize) -> Result<Vec<AuditRecord>, StoreError> {
        Ok(self.lock().audit_chain(chain, after, batch))
    }

    async fn audit_heads(&self) -> Result<Vec<AuditHead>, StoreError> {
        Ok(self.lock().audit_heads())
    }

    async fn add_checkpoint(&self, checkpoint: &SignedCheckpoint) -> Result<bool, StoreError> {
        Ok(self.lock().add_checkpoint(checkpoint))
    }

    async fn checkpoints(&self, after: u64, batch: usize) -> Result<Vec<SignedCheckpoint>, StoreError> {
        Ok(self.lock().checkpoints(after, batch))
    }

    async fn last_checkpoint(&self) -> Result<Option<SignedCheckpoint>, StoreError> {
        Ok(self.lock().last_checkpoint())
    }

    async fn audit_to_destroy(&self, term: AuditTerm) -> Result<Vec<AuditHead>, StoreError> {
        let (inner, now) = self.open();
        inner.audit_to_destroy(term, now)
    }

    async fn destroy_audit(&self, term: AuditTerm, checkpoint: &SignedCheckpoint) -> Result<Option<u64>, StoreError> {
        let (mut inner, now) = self.open();
        inner.destroy_audit(term, checkpoint, now)
    }

    async fn replace_persoon(&self, persoon: &[PersoonIndex], with: Option<&PersoonIndex>) -> Result<u64, StoreError> {
        Ok(self.lock().replace_persoon(persoon, with))
    }

    async fn bindings_of(&self, names: &[Hostname]) -> Result<Vec<Binding>, StoreError> {
        let mut bindings = self.bindings().await?;
        bindings.retain(|binding| names.contains(&binding.name));
        Ok(bindings)
    }

    async fn bindings(&self) -> Result<Vec<Binding>, StoreError> {
        let (inner, _) = self.open();
        let all = inner.bindings.iter();
        Ok(all
            .map(|((client, name), confirmed)| Binding::new(client.clone(), name.clone(), *confirmed, None))
            .collect())
    }

    async fn learn_binding(&self, client_id: &ClientId, name: &Hostname) -> Result<Learned, StoreError> {
        let (mut inner, _) = self.open();
        let key = (client_id.clone(), name.clone());
        if inner.bindings.contains_key(&key) {
            return Ok(Learned::Known);
        }
        let learned = inner.bindings.iter();
        let learned = learned.filter(|((client, _), confirmed)| client == client_id && !**confirmed);
        if learned.count() >= MAX_LEARNED {
            return Ok(Learned::Full);
        }
        inner.bindings.insert(key, false);
        Ok(Learned::New)
    }

    async fn confirm_binding(&self, client_id: &ClientId, name: &Hostname) -> Result<(), StoreError> {
        let (mut inner, _) = self.open();
        inner.bindings.insert((client_id.clone(), name.clone()), true);
        Ok(())
    }

    async fn forget_binding(&self, client_id: &ClientId, name: &Hostname) -> Result<bool, StoreError> {
        let (mut inner, _) = self.open();
        Ok(inner.bindings.remove(&(client_id.clone(), name.clone())).is_some())
    }

    async fn key_use(&self) -> Result<KeyUse, StoreError> {
        let (inner, _) = self.open();
        let mut used = KeyUse::new();
        let bodies = inner.grants.values().map(|row| &row.grant.body);
        for key in bodies
            .chain(inner.flows.values().map(|row| &row.body))
            .filter_map(|body| key_of(body))
        {
            *used.sealing.entry(key).or_default() += 1;
        }
        let persons = inner.grants.values().map(|row| row.grant.persoon);
        for index in persons.chain(inner.audit.entries().filter_map(|entry| entry.persoon)) {
            *used.index.entry(index.version()).or_default() += 1;
        }
        Ok(used)
    }

    async fn grants_to_reseal(
        &self,
        (sealing, index): (u32, u32),
        after: Option<&GrantId>,
        batch: usize,
    ) -> Result<Vec<Grant>, StoreError> {
        let (inner, _) = self.open();
        let grants = inner.grants.values().map(|row| &row.grant);
        let mut found: Vec<&Grant> = grants
            .filter(|grant| after.is_none_or(|after| grant.id > *after))
            .filter(|grant| key_of(&grant.body) != Some(sealing) || grant.persoon.version() != index)
            .collect();
        found.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(found.into_iter().take(batch).cloned().collect())
    }

    async fn reseal(&self, grant: &GrantId, before: &[u8], new: &Resealed) -> Result<bool, StoreError> {
        let (mut inner, _) = self.open();
        let same = inner.grants.get(grant).is_some_and(|row| row.grant.body == before);
        if same {
            inner.reseal(grant, Some(new));
        }
        Ok(same)
    }

    async fn purge(&self, batch: usize) -> Result<usize, StoreError> {
        let (mut inner, now) = self.open();
        Ok(inner.purge(now, batch))
    }

    /// There is one clock, and it is monotonic.
    async fn clock(&self) -> Result<StoreClockState, StoreError> {
        Ok(StoreClockState::default())
    }
}

impl JournalMarks for MemoryStore {
    async fn journal_marks(&self) -> Result<BTreeMap<String, u64>, StoreError> {
        Ok(self.lock().journal.clone())
    }

    async fn mark_journal(&self, file: &str, number: u64) -> Result<(), StoreError> {
        let mut inner = self.lock();
        let mark = inner.journal.entry(file.to_owned()).or_default();
        *mark = number.max(*mark);
        Ok(())
    }
}

impl DangerShiftClock for MemoryStore {
    async fn danger_shift_clock(&self, by: Duration) -> Result<(), StoreError> {
        let mut inner = self.lock();
        inner.shift = inner.shift.saturating_add(by);
        Ok(())
    }

    async fn danger_audit(&self) -> Result<Vec<AuditEntry>, StoreError> {
        Ok(self.lock().audit.entries().cloned().collect())
    }
}
