// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.authint.205 — flows in memory, each advanced by one caller.

use std::time::Duration;

use super::inner::{Expiring, FlowRow, Inner};
use medmij_oauth::storage::{Advanced, StoreError};

use crate::store::{Advance, AuditEntry, FlowId, NewFlow, StoredFlow};

impl Inner {
    pub(super) fn open_flow(&mut self, flow: NewFlow, limit: usize, now: Duration) -> Result<(), StoreError> {
        if self.flows.contains_key(&flow.id) {
            return Err(StoreError::Broken("flow id"));
        }
        if self.flows.len() >= limit {
            let Some((_, oldest)) = self.anonymous.pop_first() else {
                return Err(StoreError::Full);
            };
            self.drop_flow(&oldest);
        }
        let expires = now.saturating_add(flow.lifetime);
        self.sequence += 1;
        let row = FlowRow {
            authenticated: false,
            version: 1,
            session: flow.session,
            body: flow.body,
            expires,
            sequence: self.sequence,
        };
        self.anonymous.insert(self.sequence, flow.id.clone());
        self.expiry.insert((expires, Expiring::Flow(flow.id.clone())));
        self.flows.insert(flow.id, row);
        Ok(())
    }

    pub(super) fn flow(&self, id: &FlowId, now: Duration) -> Option<StoredFlow> {
        let row = self.flows.get(id).filter(|row| row.expires > now)?;
        Some(StoredFlow::new(row.version, row.session, row.body.clone()))
    }

    pub(super) fn advance_flow(&mut self, advance: Advance, now: Duration) -> Advanced {
        let Some(row) = self.current_flow(&advance.id, advance.version, now) else {
            return Advanced::Stale;
        };
        row.version = advance.version.saturating_add(1);
        row.session = advance.session;
        row.body = advance.body;
        row.authenticated |= advance.authenticated;
        if row.authenticated {
            let sequence = row.sequence;
            self.anonymous.remove(&sequence);
        }
        if let Some(entry) = advance.audit {
            self.write_audit(&entry, now);
        }
        Advanced::Done
    }

    pub(super) fn close_flow(
        &mut self,
        id: &FlowId,
        version: u32,
        audit: Option<AuditEntry>,
        now: Duration,
    ) -> Advanced {
        if self.current_flow(id, version, now).is_none() {
            return Advanced::Stale;
        }
        self.drop_flow(id);
        if let Some(entry) = audit {
            self.write_audit(&entry, now);
        }
        Advanced::Done
    }
}
