// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.203, core.tknint.204, core.autorisatie.208 — the operations of a store over the tables in memory.

use std::time::Duration;

use medmij_oauth::{
    ClientId,
    seal::PersoonIndex,
    storage::{Advanced, SecretHash, StoreError},
};
use medmij_types::Aanbiedernaam;

use super::{
    MemoryStore,
    expiry::Kind,
    inner::Inner,
    rows::{AuditRow, CodeRow, FlowRow, GrantRow},
};
use crate::store::{
    Access, Advance, AuditEntry, DangerShiftClock, FlowId, Grant, GrantId, Granted, NewFlow, NewGrant, Redeem,
    RotateRefresh, Rotated, Store, StoredFlow, TakenCode,
};

impl Store for MemoryStore {
    async fn open_flow(&self, flow: NewFlow) -> Result<(), StoreError> {
        let (mut inner, now) = self.open();
        if inner.flows.len() >= self.limits.flows {
            let Some((_, oldest)) = inner.anonymous.pop_first() else {
                return Err(StoreError::Full);
            };
            inner.drop_flow(oldest);
        }
        let expires = now + flow.lifetime;
        inner.sequence += 1;
        let sequence = inner.sequence;
        let row = FlowRow {
            id: flow.id,
            authenticated: false,
            version: 1,
            session: flow.session,
            body: flow.body.into_boxed_slice(),
            expires: expires.into(),
            sequence,
        };
        let slot = inner.flows.insert(row).ok_or(StoreError::Full)?;
        inner.anonymous.insert((sequence, slot));
        inner.expiry.add(expires, Kind::Flow, slot);
        Ok(())
    }

    async fn flow(&self, id: &FlowId) -> Result<Option<StoredFlow>, StoreError> {
        let (inner, now) = self.open();
        let row = inner.flows.by_key(id).filter(|row| row.expires > now.into());
        Ok(row.map(FlowRow::to_stored))
    }

    async fn advance_flow(&self, advance: Advance) -> Result<Advanced, StoreError> {
        let (mut guard, now) = self.open();
        let inner = &mut *guard;
        let Some(slot) = inner.current_flow(&advance.id, advance.version, now) else {
            return Ok(Advanced::Stale);
        };
        if let Some(row) = inner.flows.at_mut(slot) {
            row.version = advance.version.saturating_add(1);
            row.session = advance.session;
            row.body = advance.body.into_boxed_slice();
            if advance.authenticated && !row.authenticated {
                row.authenticated = true;
                inner.anonymous.remove(&(row.sequence, slot));
            }
        }
        if let Some(entry) = advance.audit {
            inner.write_audit(entry);
        }
        Ok(Advanced::Done)
    }

    async fn close_flow(&self, id: &FlowId, version: u32, audit: Option<AuditEntry>) -> Result<Advanced, StoreError> {
        let (mut inner, now) = self.open();
        let Some(slot) = inner.current_flow(id, version, now) else {
            return Ok(Advanced::Stale);
        };
        inner.drop_flow(slot);
        if let Some(entry) = audit {
            inner.write_audit(entry);
        }
        Ok(Advanced::Done)
    }

    async fn grant(&self, new: NewGrant) -> Result<Granted, StoreError> {
        let (mut inner, now) = self.open();
        if inner.codes.has(&new.code) || inner.grants.has(&new.grant.id) {
            return Ok(Granted::Collision);
        }
        if inner.rows() >= self.limits.rows {
            return Err(StoreError::Full);
        }
        let Some(flow) = inner.current_flow(&new.flow.0, new.flow.1, now) else {
            return Ok(Granted::Stale);
        };
        let expires = now + new.lifetime;
        let grant = inner.add_grant(new.grant, expires).ok_or(StoreError::Full)?;
        let code = CodeRow {
            code: new.code,
            binding: new.binding,
            grant,
            taken: false,
            expires: expires.into(),
        };
        // kept for twice its lifetime, so that a replay still finds the token that came of it
        inner.add_code(code, expires + new.lifetime);
        inner.drop_flow(flow);
        inner.write_audit(new.audit);
        Ok(Granted::Done)
    }

    async fn take_code(&self, code: &SecretHash, redeem: &Redeem) -> Result<TakenCode, StoreError> {
        let (mut inner, now) = self.open();
        let refresh_exists = redeem.refresh.is_some_and(|(token, _)| inner.refresh.has(&token));
        if inner.access.has(&redeem.access) || refresh_exists {
            return Ok(TakenCode::Collision);
        }
        let (slot, binding) = match inner.burn(code, now.into()) {
            Ok(fresh) => fresh,
            Err(answer) => return Ok(answer),
        };
        if binding != redeem.binding {
            return Ok(TakenCode::Mismatch);
        }
        let Some(grant) = inner.live_grant(slot).map(GrantRow::to_grant) else {
            return Ok(TakenCode::Unknown);
        };
        inner.add_access(redeem.access, slot, &redeem.names, now + redeem.access_lifetime);
        if let (true, Some((token, lifetime))) = (grant.langdurig, redeem.refresh) {
            inner.add_refresh(token, slot, now + lifetime);
        }
        Ok(TakenCode::Fresh(Box::new(grant)))
    }

    async fn burn_code(&self, code: &SecretHash) -> Result<(), StoreError> {
        let (mut inner, now) = self.open();
        let _ = inner.burn(code, now.into());
        Ok(())
    }

    async fn access(&self, token: &SecretHash) -> Result<Option<Access>, StoreError> {
        let (inner, now) = self.open();
        let row = inner.access.by_key(token).filter(|row| row.expires > now.into());
        Ok(row.and_then(|row| {
            let grant = inner.live_grant(row.grant)?.to_grant();
            Some(Access::new(grant, Vec::clone(&row.names)))
        }))
    }

    async fn rotate_refresh(&self, token: &SecretHash, rotate: &RotateRefresh) -> Result<Rotated, StoreError> {
        let (mut inner, now) = self.open();
        if inner.refresh.has(&rotate.next) || inner.access.has(&rotate.access) {
            return Ok(Rotated::Collision);
        }
        let Some((slot, row)) = inner
            .refresh
            .find(token)
            .and_then(|slot| Some((slot, inner.refresh.at(slot)?)))
        else {
            return Ok(Rotated::Unknown);
        };
        let Some(grant) = inner.live_grant(row.grant) else {
            return Ok(Rotated::Unknown);
        };
        if *grant.client_id != rotate.client_id {
            return Ok(Rotated::Mismatch);
        }
        if row.expires <= now.into() {
            return Ok(Rotated::Expired);
        }
        let (id, used, grant) = (row.grant, row.used, grant.to_grant());
        if row.replaced || (used.is_some() && inner.successor_used(row)) {
            inner.end_by_dvza(id);
            return Ok(Rotated::Reused);
        }
        if used.is_some_and(|at| now < at.since_start() + rotate.race) {
            return Ok(Rotated::Race);
        }
        let lost = row.successor.as_deref().and_then(|next| inner.refresh.find(next));
        if let Some(lost) = lost.and_then(|slot| inner.refresh.at_mut(slot)) {
            lost.replaced = true;
        }
        if let Some(row) = inner.refresh.at_mut(slot) {
            row.used = Some(now.into());
            row.successor = Some(Box::new(rotate.next));
        }
        inner.add_refresh(rotate.next, id, now + rotate.lifetime);
        inner.add_access(rotate.access, id, &rotate.names, now + rotate.access_lifetime);
        let grant = Box::new(grant);
        Ok(if used.is_some() {
            Rotated::Replaced(grant)
        } else {
            Rotated::Fresh(grant)
        })
    }

    async fn grants_of(&self, persoon: &PersoonIndex) -> Result<Vec<Grant>, StoreError> {
        let (inner, now) = self.open();
        Ok(inner
            .persons
            .of(persoon, &inner.grants)
            .into_iter()
            .filter_map(|slot| inner.live_grant(slot))
            .filter(|row| row.langdurig && row.live_until > now.into())
            .map(GrantRow::to_grant)
            .collect())
    }

    async fn withdraw(
        &self,
        persoon: &PersoonIndex,
        aanbieder: Option<&Aanbiedernaam>,
        client_id: &ClientId,
        audit: AuditEntry,
    ) -> Result<u64, StoreError> {
        let (mut inner, _) = self.open();
        let mut ended = 0;
        for slot in inner.persons.of(persoon, &inner.grants) {
            let matches = inner
                .live_grant(slot)
                .is_some_and(|row| *row.client_id == *client_id && row.aanbieder.as_deref() == aanbieder);
            if matches {
                inner.end_grant(slot);
                ended += 1;
            }
        }
        if ended > 0 {
            inner.write_audit(audit);
        }
        Ok(ended)
    }

    async fn revoke_grant(&self, grant: &GrantId) -> Result<(), StoreError> {
        let (mut inner, _) = self.open();
        if let Some(slot) = inner.grants.find(grant) {
            inner.end_by_dvza(slot);
        }
        Ok(())
    }

    async fn audit(&self, entry: AuditEntry) -> Result<(), StoreError> {
        self.open().0.write_audit(entry);
        Ok(())
    }

    async fn purge(&self, batch: usize) -> Result<usize, StoreError> {
        let (mut inner, now) = self.open();
        Ok(Inner::purge(&mut inner, now, batch))
    }
}

impl DangerShiftClock for MemoryStore {
    async fn danger_shift_clock(&self, by: Duration) -> Result<(), StoreError> {
        self.lock().shift += by;
        Ok(())
    }

    async fn danger_audit(&self) -> Result<Vec<AuditEntry>, StoreError> {
        Ok(self.lock().audit.iter().map(AuditRow::to_entry).collect())
    }
}
