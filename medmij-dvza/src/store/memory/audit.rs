// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.100 — the audit log in memory: one chain.

use std::{collections::VecDeque, time::Duration};

use medmij_types::{Clock as _, Entropy as _, OsEntropy, SystemClock};

use crate::store::{
    AuditEntry, AuditHead, AuditKind, AuditRecord, GrantId, KeptEntries, SignedCheckpoint, rows::micros,
};

#[derive(Debug)]
pub(super) struct AuditLog {
    pub(super) rows: VecDeque<AuditRow>,
    pub(super) head: AuditHead,
    pub(super) checkpoints: Vec<SignedCheckpoint>,
    limit: usize,
    /// Entries that went because there was no room.
    gone: u64,
}

#[derive(Debug)]
pub(super) struct AuditRow {
    pub(super) record: AuditRecord,
    pub(super) written: Duration,
    /// A consent is kept from the end of its grant on.
    pub(super) kept_from: Duration,
}

impl Default for AuditLog {
    fn default() -> Self {
        Self {
            rows: VecDeque::new(),
            head: AuditHead::empty(1),
            checkpoints: Vec::new(),
            limit: usize::MAX,
            gone: 0,
        }
    }
}

impl AuditLog {
    pub(super) fn of(limit: usize) -> Self {
        Self {
            limit: limit.max(1),
            ..Self::default()
        }
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn gone(&self) -> u64 {
        self.gone
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = &AuditEntry> {
        self.rows.iter().map(|row| &row.record.entry)
    }

    pub(super) fn write(&mut self, entry: &AuditEntry, now: Duration) {
        while self.rows.len() >= self.limit {
            self.make_room();
        }
        let mut salt = [0; 16];
        // without a salt the commitment hides behind the keyed hash alone
        let _ = OsEntropy.fill(&mut salt);
        let position = self.head.position + 1;
        let wall = micros(SystemClock::default().now());
        let record = AuditRecord::chained(entry, (position, 1, position), &self.head.hash, wall, salt);
        (self.head.position, self.head.hash) = (position, record.hash);
        self.rows.push_back(AuditRow {
            record,
            written: now,
            kept_from: now,
        });
    }

    /// The oldest entry goes, and is counted.
    fn make_room(&mut self) {
        let Some(oldest) = self.rows.pop_front() else { return };
        if self.gone == 0 {
            tracing::warn!("the audit log in memory is full: its oldest entries go");
        }
        self.gone += 1;
        if oldest.record.position > self.head.cut {
            (self.head.cut, self.head.base) = (oldest.record.position, oldest.record.hash);
        } else {
            self.head.kept = self.kept(self.head.cut, |row| row.record.position <= self.head.cut);
        }
    }

    /// The consents of a grant are kept from now on, for their term.
    pub(super) fn end_grant(&mut self, grant: &GrantId, now: Duration) {
        let of = |row: &&mut AuditRow| row.record.entry.grant.as_ref() == Some(grant) && is_consent(&row.record);
        self.rows.iter_mut().filter(of).for_each(|row| row.kept_from = now);
    }

    pub(super) fn kept(&self, cut: u64, keep: impl Fn(&AuditRow) -> bool) -> KeptEntries {
        let kept: Vec<AuditRecord> = self
            .rows
            .iter()
            .filter(|row| row.record.position <= cut && keep(row))
            .map(|row| row.record.clone())
            .collect();
        KeptEntries::of(&kept)
    }
}

pub(super) fn is_consent(record: &AuditRecord) -> bool {
    record.entry.kind == AuditKind::Consented
}
