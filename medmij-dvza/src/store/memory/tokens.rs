// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.203, core.tknint.204, core.tknint.208 — codes and tokens in memory, each spent by one caller.

use std::time::Duration;

use super::inner::{GrantRow, Inner, RefreshRow};
use medmij_oauth::storage::{SecretHash, StoreError};

use crate::store::{
    BurntCode, GrantId, Granted, NewGrant, Redeem, RedeemedCode, RefreshState, RotateRefresh, Rotated, StoredAccess,
};

impl Inner {
    pub(super) fn grant(&mut self, new: NewGrant, limit: usize, now: Duration) -> Result<Granted, StoreError> {
        if self.codes.contains_key(&new.code) || self.grants.contains_key(&new.grant.id) {
            return Ok(Granted::Collision);
        }
        if self.rows() >= limit {
            return Err(StoreError::Full);
        }
        if self.is_held(&new.grant.persoon, now) || self.current_flow(&new.flow.0, new.flow.1, now).is_none() {
            return Ok(Granted::Stale);
        }
        self.drop_flow(&new.flow.0);
        let expires = now.saturating_add(new.lifetime);
        self.add_grant(GrantRow {
            grant: new.grant,
            code: new.code,
            binding: new.binding,
            code_expires: expires,
            redeemed: false,
            names: Vec::new(),
            refresh: None,
            live_until: expires,
            // a while longer, so that a late offer is known to be late
            purge_at: expires.saturating_add(new.lifetime),
        });
        self.write_audit(&new.audit, now);
        Ok(Granted::Done)
    }

    pub(super) fn take_code(
        &mut self,
        code: &SecretHash,
        redeem: &Redeem,
        limit: usize,
        now: Duration,
    ) -> Result<RedeemedCode, StoreError> {
        if self.access.contains_key(&redeem.access.token) {
            return Ok(RedeemedCode::Collision);
        }
        let full = self.rows() >= limit;
        let Some(id) = self.codes.get(code).cloned() else {
            return Ok(RedeemedCode::Unknown);
        };
        let Some(row) = self.grants.get_mut(&id) else {
            return Ok(RedeemedCode::Unknown);
        };
        if row.redeemed {
            let certificate = redeem.own || redeem.names.iter().any(|name| row.names.contains(name));
            if row.grant.client_id != redeem.client_id || !certificate {
                return Ok(RedeemedCode::Spent);
            }
            self.end_by_dvza(&id, &redeem.by, now);
            return Ok(RedeemedCode::Replayed);
        }
        let matches = row.grant.client_id == redeem.client_id && row.binding == redeem.binding;
        let fresh = matches && row.code_expires > now;
        if fresh && full {
            return Err(StoreError::Full);
        }
        row.redeemed = true;
        if !fresh {
            return Ok(if matches {
                RedeemedCode::Expired
            } else {
                RedeemedCode::Mismatch
            });
        }
        row.names.clone_from(&redeem.names);
        let grant = row.grant.clone();
        self.add_access(&id, &redeem.access, &redeem.names, now);
        if let (true, Some(new)) = (grant.langdurig, &redeem.refresh) {
            let row = RefreshRow {
                state: RefreshState::new(new.generation, new.token, None),
                used: now,
                window: (now, 0),
            };
            self.add_refresh(&id, new, row, now);
        }
        Ok(RedeemedCode::Fresh(Box::new(grant)))
    }

    pub(super) fn burn_code(&mut self, code: &SecretHash) -> BurntCode {
        let row = self.codes.get(code).and_then(|id| self.grants.get_mut(id));
        match row {
            None => BurntCode::Unknown,
            Some(row) if row.redeemed => BurntCode::Spent,
            Some(row) => {
                row.redeemed = true;
                BurntCode::Burnt
            }
        }
    }

    pub(super) fn access(&self, token: &SecretHash, now: Duration) -> Option<StoredAccess> {
        let row = self.access.get(token).filter(|row| row.expires > now)?;
        let grant = self.grants.get(&row.grant)?.grant.clone();
        Some(StoredAccess::new(
            grant,
            row.names.clone(),
            row.gegevensdiensten.clone(),
        ))
    }

    pub(super) fn rotate(
        &mut self,
        rotate: &RotateRefresh,
        limit: usize,
        now: Duration,
    ) -> Result<Rotated, StoreError> {
        if self.access.contains_key(&rotate.access.token) {
            return Ok(Rotated::Collision);
        }
        let full = self.rows() >= limit;
        let Some(row) = self.grants.get_mut(&rotate.grant) else {
            return Ok(Rotated::Unknown);
        };
        let Some(refresh) = row.refresh.as_deref().copied() else {
            return Ok(Rotated::Unknown);
        };
        if row.grant.client_id != rotate.client_id {
            return Ok(Rotated::Mismatch);
        }
        if row.live_until <= now {
            return Ok(Rotated::Expired);
        }
        let lost = refresh.state.previous == Some(rotate.offered);
        if !lost && refresh.state.current != rotate.offered {
            if rotate.generation >= refresh.state.generation {
                return Ok(Rotated::Unknown);
            }
            self.end_by_dvza(&rotate.grant, &rotate.by, now);
            return Ok(Rotated::Reused);
        }
        let racing = lost && now < refresh.used.saturating_add(rotate.race);
        if racing || rotate.next.generation != refresh.state.generation.saturating_add(1) {
            return Ok(Rotated::Race);
        }
        let window = if now >= refresh.window.0.saturating_add(rotate.rate.within) {
            (now, 1)
        } else if refresh.window.1 < rotate.rate.most {
            (refresh.window.0, refresh.window.1 + 1)
        } else {
            return Ok(Rotated::TooOften);
        };
        if full {
            return Err(StoreError::Full);
        }
        let next = RefreshRow {
            state: RefreshState::new(rotate.next.generation, rotate.next.token, Some(rotate.offered)),
            used: now,
            window,
        };
        self.reseal(&rotate.grant, rotate.reseal.as_ref());
        self.add_refresh(&rotate.grant, &rotate.next, next, now);
        self.add_access(&rotate.grant, &rotate.access, &rotate.names, now);
        let Some(row) = self.grants.get(&rotate.grant) else {
            return Ok(Rotated::Unknown);
        };
        let grant = Box::new(row.grant.clone());
        Ok(if lost {
            Rotated::Replaced(grant)
        } else {
            Rotated::Fresh(grant)
        })
    }

    /// Replaces the sealed part of a grant.
    pub(super) fn reseal(&mut self, id: &GrantId, new: Option<&crate::store::Resealed>) {
        let (Some(new), Some(row)) = (new, self.grants.get_mut(id)) else {
            return;
        };
        row.grant.body.clone_from(&new.body);
        let before = std::mem::replace(&mut row.grant.persoon, new.persoon);
        if before != new.persoon {
            self.part(&before, id);
            self.persons.entry(new.persoon).or_default().push(id.clone());
        }
    }
}
