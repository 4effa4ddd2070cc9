// SPDX-License-Identifier: AGPL-3.0-or-later
//! The rows in memory. There may be a million of them, so they are small: times in microseconds, names shared, other rows by
//! their slot.

use std::{sync::Arc, time::Duration};

use medmij_oauth::{ClientId, seal::PersoonIndex, storage::SecretHash};
use medmij_types::{Aanbiedernaam, Hostname};

use super::table::{Row, Slot};
use crate::store::{AuditEntry, AuditKind, FlowId, Grant, GrantId, StoredFlow};

#[derive(Debug)]
pub(super) struct FlowRow {
    pub(super) id: FlowId,
    pub(super) authenticated: bool,
    pub(super) version: u32,
    pub(super) session: SecretHash,
    pub(super) body: Box<[u8]>,
    pub(super) expires: Moment,
    /// Goes up with every flow.
    pub(super) sequence: u64,
}

#[derive(Debug)]
pub(super) struct GrantRow {
    pub(super) id: GrantId,
    pub(super) langdurig: bool,
    pub(super) ended: bool,
    pub(super) persoon: PersoonIndex,
    /// Codes and tokens that point here.
    pub(super) rows: u32,
    /// The ring of the grants of this Persoon.
    pub(super) before: Slot,
    pub(super) next: Slot,
    pub(super) aanbieder: Option<Arc<Aanbiedernaam>>,
    pub(super) client_id: Arc<ClientId>,
    pub(super) body: Box<[u8]>,
    /// When its last code or refresh token expires.
    pub(super) live_until: Moment,
}

#[derive(Debug)]
pub(super) struct CodeRow {
    pub(super) code: SecretHash,
    pub(super) binding: SecretHash,
    pub(super) grant: Slot,
    pub(super) taken: bool,
    pub(super) expires: Moment,
}

#[derive(Debug)]
pub(super) struct AccessRow {
    pub(super) token: SecretHash,
    pub(super) grant: Slot,
    pub(super) expires: Moment,
    pub(super) names: Arc<Vec<Hostname>>,
}

#[derive(Debug)]
pub(super) struct RefreshRow {
    pub(super) token: SecretHash,
    pub(super) grant: Slot,
    pub(super) replaced: bool,
    pub(super) expires: Moment,
    pub(super) used: Option<Moment>,
    pub(super) successor: Option<Box<SecretHash>>,
}

#[derive(Debug)]
pub(super) struct AuditRow {
    pub(super) kind: AuditKind,
    pub(super) persoon: PersoonIndex,
    pub(super) grant: Option<GrantId>,
    pub(super) aanbieder: Option<Arc<Aanbiedernaam>>,
    pub(super) client_id: Arc<ClientId>,
    pub(super) scope: Arc<String>,
    pub(super) texts: Arc<String>,
}

/// A moment by the clock of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment(u64);

impl Moment {
    pub(super) fn since_start(self) -> Duration {
        Duration::from_micros(self.0)
    }
}

impl From<Duration> for Moment {
    fn from(since_start: Duration) -> Self {
        Self(u64::try_from(since_start.as_micros()).unwrap_or(u64::MAX))
    }
}

impl FlowRow {
    pub(super) fn to_stored(&self) -> StoredFlow {
        StoredFlow::new(self.version, self.session, self.body.to_vec())
    }
}

impl GrantRow {
    pub(super) fn to_grant(&self) -> Grant {
        Grant::new(
            self.id.clone(),
            self.persoon,
            self.aanbieder.as_deref().cloned(),
            ClientId::clone(&self.client_id),
            self.langdurig,
            self.body.to_vec(),
        )
    }
}

impl AuditRow {
    pub(super) fn to_entry(&self) -> AuditEntry {
        let entry = AuditEntry::new(
            self.kind,
            self.persoon,
            self.aanbieder.as_deref().cloned(),
            ClientId::clone(&self.client_id),
            self.scope.as_str(),
            self.texts.as_str(),
        );
        match &self.grant {
            Some(grant) => entry.of_grant(grant.clone()),
            None => entry,
        }
    }
}

impl Row for FlowRow {
    type Key = FlowId;

    fn key(&self) -> &FlowId {
        &self.id
    }
}

impl Row for GrantRow {
    type Key = GrantId;

    fn key(&self) -> &GrantId {
        &self.id
    }
}

impl Row for CodeRow {
    type Key = SecretHash;

    fn key(&self) -> &SecretHash {
        &self.code
    }
}

impl Row for AccessRow {
    type Key = SecretHash;

    fn key(&self) -> &SecretHash {
        &self.token
    }
}

impl Row for RefreshRow {
    type Key = SecretHash;

    fn key(&self) -> &SecretHash {
        &self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stay_small() {
        let sizes = [
            size_of::<Option<FlowRow>>(),
            size_of::<Option<GrantRow>>(),
            size_of::<Option<CodeRow>>(),
            size_of::<Option<AccessRow>>(),
            size_of::<Option<RefreshRow>>(),
            size_of::<AuditRow>(),
        ];
        assert_eq!(sizes, [96, 112, 80, 56, 72, 88]);
    }
}
