// SPDX-License-Identifier: AGPL-3.0-or-later
//! A store in memory: bounded, for one process. It is lost when the process ends.

mod inner;

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use medmij_types::Aanbiedernaam;

use self::inner::{CodeRow, Expiring, FlowRow, GrantRow, Inner};

use super::{
    Access, Advance, Advanced, AuditEntry, DangerShiftClock, FlowId, Grant, GrantId, Granted, NewFlow, NewGrant,
    Redeem, RotateRefresh, Rotated, SecretHash, Store, StoreError, StoredFlow, TakenCode,
};
use crate::{ClientId, seal::PersoonIndex};

/// The store in memory. One lock, no IO: every operation is one transaction.
///
/// ```
/// use medmij_oauth::store::{MemoryLimits, MemoryStore};
///
/// let store = MemoryStore::new(MemoryLimits::default());
/// assert_eq!(store.len(), 0);
/// ```
#[derive(Debug)]
pub struct MemoryStore {
    limits: MemoryLimits,
    start: Instant,
    inner: Mutex<Inner>,
}

/// How much a [`MemoryStore`] keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemoryLimits {
    /// Open flows; beyond it the oldest without authentication goes.
    pub flows: usize,
    /// Codes and tokens together; beyond it nothing is granted any more.
    pub rows: usize,
    /// Audit entries; beyond it the oldest goes. A real audit log belongs in a durable store.
    pub audit: usize,
}

impl Default for MemoryLimits {
    fn default() -> Self {
        Self {
            flows: 10_000,
            rows: 1_000_000,
            audit: 100_000,
        }
    }
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new(limits: MemoryLimits) -> Self {
        Self {
            limits,
            start: Instant::now(),
            inner: Mutex::default(),
        }
    }

    /// The rows that are kept: flows, codes and tokens.
    #[must_use]
    pub fn len(&self) -> usize {
        let inner = self.lock();
        inner.flows.len() + inner.rows()
    }

    /// Whether nothing is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The store, its clock read, with a few expired rows less.
    fn open(&self) -> (MutexGuard<'_, Inner>, Duration) {
        let mut inner = self.lock();
        let now = self.start.elapsed() + inner.shift;
        inner.purge(now, 8);
        (inner, now)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new(MemoryLimits::default())
    }
}

impl Store for MemoryStore {
    async fn open_flow(&self, flow: NewFlow) -> Result<(), StoreError> {
        let (mut inner, now) = self.open();
        if inner.flows.len() >= self.limits.flows {
            let Some((_, oldest)) = inner.anonymous.pop_first() else {
                return Err(StoreError::Full);
            };
            inner.drop_flow(&oldest);
        }
        let expires = now + flow.lifetime;
        let sequence = inner.expire(expires, Expiring::Flow(flow.id.clone()));
        let stored = StoredFlow::new(1, flow.session, flow.body);
        inner.anonymous.insert((sequence, flow.id.clone()));
        inner.flows.insert(
            flow.id,
            FlowRow {
                stored,
                expires,
                sequence,
                authenticated: false,
            },
        );
        Ok(())
    }

    async fn flow(&self, id: &FlowId) -> Result<Option<StoredFlow>, StoreError> {
        let (inner, now) = self.open();
        Ok(inner
            .flows
            .get(id)
            .filter(|row| row.expires > now)
            .map(|row| row.stored.clone()))
    }

    async fn advance_flow(&self, advance: Advance) -> Result<Advanced, StoreError> {
        let (mut inner, now) = self.open();
        if !inner.current_flow(&advance.id, advance.version, now) {
            return Ok(Advanced::Stale);
        }
        let mut sequence = None;
        if let Some(row) = inner.flows.get_mut(&advance.id) {
            row.stored = StoredFlow::new(advance.version.saturating_add(1), advance.session, advance.body);
            if advance.authenticated && !row.authenticated {
                row.authenticated = true;
                sequence = Some(row.sequence);
            }
        }
        if let Some(sequence) = sequence {
            inner.anonymous.remove(&(sequence, advance.id));
        }
        Ok(Advanced::Done)
    }

    async fn close_flow(&self, id: &FlowId, version: u32, audit: Option<AuditEntry>) -> Result<Advanced, StoreError> {
        let (mut inner, now) = self.open();
        if !inner.current_flow(id, version, now) {
            return Ok(Advanced::Stale);
        }
        inner.drop_flow(id);
        if let Some(entry) = audit {
            inner.write_audit(entry, self.limits.audit);
        }
        Ok(Advanced::Done)
    }

    async fn grant(&self, new: NewGrant) -> Result<Granted, StoreError> {
        let (mut inner, now) = self.open();
        if inner.codes.contains_key(&new.code) || inner.grants.contains_key(&new.grant.id) {
            return Ok(Granted::Collision);
        }
        if inner.rows() >= self.limits.rows {
            return Err(StoreError::Full);
        }
        if !inner.current_flow(&new.flow.0, new.flow.1, now) {
            return Ok(Granted::Stale);
        }
        inner.drop_flow(&new.flow.0);
        inner.write_audit(new.audit, self.limits.audit);
        let (id, persoon) = (new.grant.id.clone(), new.grant.persoon);
        inner.by_persoon.entry(persoon).or_default().push(id.clone());
        let expires = now + new.lifetime;
        inner.grants.insert(
            id.clone(),
            GrantRow {
                grant: new.grant,
                ended: false,
                rows: 1,
                live_until: expires,
            },
        );
        inner.codes.insert(
            new.code,
            CodeRow {
                grant: id,
                binding: new.binding,
                expires,
                taken: false,
            },
        );
        // kept for twice its lifetime, so that a replay still finds the token that came of it
        inner.expire(expires + new.lifetime, Expiring::Code(new.code));
        Ok(Granted::Done)
    }

    async fn take_code(&self, code: &SecretHash, redeem: &Redeem) -> Result<TakenCode, StoreError> {
        let (mut inner, now) = self.open();
        let refresh_exists = redeem
            .refresh
            .is_some_and(|(token, _)| inner.refresh.contains_key(&token));
        if inner.access.contains_key(&redeem.access) || refresh_exists {
            return Ok(TakenCode::Collision);
        }
        let (id, binding) = match inner.burn(code, now) {
            Ok(fresh) => fresh,
            Err(answer) => return Ok(answer),
        };
        if binding != redeem.binding {
            return Ok(TakenCode::Mismatch);
        }
        let Some(grant) = inner.live_grant(&id).cloned() else {
            return Ok(TakenCode::Unknown);
        };
        inner.add_access(redeem.access, &id, &redeem.names, now + redeem.access_lifetime);
        if let (true, Some((token, lifetime))) = (grant.langdurig, redeem.refresh) {
            inner.add_refresh(token, &id, now + lifetime);
        }
        Ok(TakenCode::Fresh(Box::new(grant)))
    }

    async fn burn_code(&self, code: &SecretHash) -> Result<(), StoreError> {
        let (mut inner, now) = self.open();
        let _ = inner.burn(code, now);
        Ok(())
    }

    async fn access(&self, token: &SecretHash) -> Result<Option<Access>, StoreError> {
        let (inner, now) = self.open();
        Ok(inner.access.get(token).filter(|row| row.expires > now).and_then(|row| {
            inner
                .live_grant(&row.grant)
                .map(|grant| Access::new(grant.clone(), row.names.clone()))
        }))
    }

    async fn rotate_refresh(&self, token: &SecretHash, rotate: &RotateRefresh) -> Result<Rotated, StoreError> {
        let (mut inner, now) = self.open();
        if inner.refresh.contains_key(&rotate.next) || inner.access.contains_key(&rotate.access) {
            return Ok(Rotated::Collision);
        }
        let Some(row) = inner.refresh.get(token) else {
            return Ok(Rotated::Unknown);
        };
        let (id, expires, used, successor, replaced) =
            (row.grant.clone(), row.expires, row.used, row.successor, row.replaced);
        let Some(grant) = inner.live_grant(&id).cloned() else {
            return Ok(Rotated::Unknown);
        };
        if grant.client_id != rotate.client_id {
            return Ok(Rotated::Mismatch);
        }
        if expires <= now {
            return Ok(Rotated::Expired);
        }
        let successor_used = successor
            .and_then(|next| inner.refresh.get(&next))
            .is_none_or(|next| next.used.is_some());
        if replaced || (used.is_some() && successor_used) {
            inner.end_grant(&id);
            return Ok(Rotated::Reused);
        }
        if used.is_some_and(|at| now < at + rotate.race) {
            return Ok(Rotated::Race);
        }
        if let Some(lost) = successor.and_then(|next| inner.refresh.get_mut(&next)) {
            lost.replaced = true;
        }
        if let Some(row) = inner.refresh.get_mut(token) {
            row.used = Some(now);
            row.successor = Some(rotate.next);
        }
        inner.add_refresh(rotate.next, &id, now + rotate.lifetime);
        inner.add_access(rotate.access, &id, &rotate.names, now + rotate.access_lifetime);
        let grant = Box::new(grant);
        Ok(if used.is_some() {
            Rotated::Replaced(grant)
        } else {
            Rotated::Fresh(grant)
        })
    }

    async fn grants_of(&self, persoon: &PersoonIndex) -> Result<Vec<Grant>, StoreError> {
        let (inner, now) = self.open();
        let ids = inner.by_persoon.get(persoon).map(Vec::as_slice).unwrap_or_default();
        Ok(ids
            .iter()
            .filter(|id| inner.grants.get(*id).is_some_and(|row| row.live_until > now))
            .filter_map(|id| inner.live_grant(id))
            .filter(|grant| grant.langdurig)
            .cloned()
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
        let ids = inner.by_persoon.get(persoon).cloned().unwrap_or_default();
        let mut ended = 0;
        for id in ids {
            let matches = inner
                .live_grant(&id)
                .is_some_and(|grant| grant.client_id == *client_id && grant.aanbieder.as_ref() == aanbieder);
            if matches {
                inner.end_grant(&id);
                ended += 1;
            }
        }
        inner.write_audit(audit, self.limits.audit);
        Ok(ended)
    }

    async fn revoke_grant(&self, grant: &GrantId) -> Result<(), StoreError> {
        self.open().0.end_grant(grant);
        Ok(())
    }

    async fn audit(&self, entry: AuditEntry) -> Result<(), StoreError> {
        self.open().0.write_audit(entry, self.limits.audit);
        Ok(())
    }

    async fn purge(&self, batch: usize) -> Result<usize, StoreError> {
        let (mut inner, now) = self.open();
        Ok(inner.purge(now, batch))
    }
}

impl DangerShiftClock for MemoryStore {
    async fn danger_shift_clock(&self, by: Duration) -> Result<(), StoreError> {
        self.lock().shift += by;
        Ok(())
    }

    async fn danger_audit(&self) -> Result<Vec<AuditEntry>, StoreError> {
        Ok(self.lock().audit.iter().cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::store_contract!(MemoryStore::default());
    crate::server_contract!(MemoryStore::default());

    #[tokio::test]
    async fn o13_the_number_of_flows_is_bounded_and_anonymous_ones_go_first() {
        use crate::store::contract::{new_flow, session};

        let store = MemoryStore::new(MemoryLimits {
            flows: 3,
            ..MemoryLimits::default()
        });
        let kept = new_flow();
        let id = kept.id.clone();
        store.open_flow(kept).await.unwrap();
        let advance = Advance::new(id.clone(), 1, session(2), vec![], true);
        assert_eq!(store.advance_flow(advance).await.unwrap(), Advanced::Done);
        for _ in 0..10_000 {
            store.open_flow(new_flow()).await.unwrap();
        }
        assert_eq!(store.len(), 3);
        {
            let inner = store.lock();
            assert_eq!(
                (inner.expiry.len(), inner.anonymous.len()),
                (3, 2),
                "nothing is left of those that went"
            );
        }
        assert!(store.flow(&id).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn expired_rows_leave_nothing_behind() {
        use crate::store::contract::{granted, redeem};

        let store = MemoryStore::default();
        for _ in 0..50 {
            let (code, binding) = granted(&store, true).await;
            assert!(matches!(
                store.take_code(&code, &redeem(binding)).await.unwrap(),
                TakenCode::Fresh(_)
            ));
        }
        store
            .danger_shift_clock(Duration::from_secs(400 * 86_400))
            .await
            .unwrap();
        while store.purge(64).await.unwrap() > 0 {}
        let inner = store.lock();
        assert_eq!(
            (
                inner.grants.len(),
                inner.by_persoon.len(),
                inner.expiry.len(),
                inner.rows()
            ),
            (0, 0, 0, 0)
        );
    }
}
