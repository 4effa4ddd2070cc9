// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.100, core.logging.101 — reading, proving and destroying the audit log in memory.

use std::{collections::VecDeque, time::Duration};

use medmij_oauth::{seal::PersoonIndex, storage::StoreError};

use super::{
    audit::{AuditRow, is_consent},
    inner::Inner,
};
use crate::store::{
    AuditEntry, AuditHead, AuditQuery, AuditRecord, AuditTerm, GrantId, SignedCheckpoint, rows::micros,
};

impl Inner {
    pub(super) fn write_audit(&mut self, entry: &AuditEntry, now: Duration) {
        self.audit.write(entry, now);
    }

    pub(super) fn audit_entries(&self, query: &AuditQuery, batch: usize) -> Vec<AuditRecord> {
        let (from, until) = (query.from.map(micros), query.until.map(micros));
        let wanted = |row: &&AuditRow| {
            let record = &row.record;
            let of_persoon = query
                .persoon
                .as_ref()
                .is_none_or(|persoon| record.entry.persoon.is_some_and(|each| persoon.contains(&each)));
            let after = query.after.is_none_or(|after| {
                if query.newest_first {
                    record.number < after
                } else {
                    record.number > after
                }
            });
            let in_time =
                from.is_none_or(|from| record.micros >= from) && until.is_none_or(|until| record.micros < until);
            of_persoon && after && in_time
        };
        let rows: Box<dyn Iterator<Item = &AuditRow>> = if query.newest_first {
            Box::new(self.audit.rows.iter().rev())
        } else {
            Box::new(self.audit.rows.iter())
        };
        let found = rows.filter(wanted).take(batch);
        found.map(|row| row.record.clone()).collect()
    }

    pub(super) fn audit_chain(&self, chain: u32, after: u64, batch: usize) -> Vec<AuditRecord> {
        let of = |row: &&AuditRow| row.record.chain == chain && row.record.position > after;
        let rows = self.audit.rows.iter().filter(of).take(batch);
        rows.map(|row| row.record.clone()).collect()
    }

    pub(super) fn audit_heads(&self) -> Vec<AuditHead> {
        match self.audit.head.position {
            0 => Vec::new(),
            _ => vec![self.audit.head.clone()],
        }
    }

    pub(super) fn add_checkpoint(&mut self, checkpoint: &SignedCheckpoint) -> bool {
        let checkpoints = &mut self.audit.checkpoints;
        let next = checkpoints.last().map_or(0, |last| last.number) + 1;
        if checkpoint.number != next {
            return false;
        }
        checkpoints.push(checkpoint.clone());
        true
    }

    pub(super) fn checkpoints(&self, after: u64, batch: usize) -> Vec<SignedCheckpoint> {
        let later = self.audit.checkpoints.iter().filter(|each| each.number > after);
        later.take(batch).cloned().collect()
    }

    pub(super) fn last_checkpoint(&self) -> Option<SignedCheckpoint> {
        self.audit.checkpoints.last().cloned()
    }

    pub(super) fn audit_to_destroy(&self, term: AuditTerm, now: Duration) -> Result<Vec<AuditHead>, StoreError> {
        let audit = &self.audit;
        let Some(last) = audit.checkpoints.last() else {
            return Ok(self.audit_heads());
        };
        let last = last.checkpoint().ok_or(StoreError::Broken("checkpoint"))?;
        let covered = last.head(1).map_or(0, |head| head.position);
        let Some(oldest) = now.checked_sub(term.duration()) else {
            return Ok(self.audit_heads());
        };
        let old = |row: &&AuditRow| row.written < oldest && row.record.position <= covered;
        let cut = audit.rows.iter().rev().find(old).map(|row| &row.record);
        let (cut, base) = match cut {
            Some(record) if record.position > audit.head.cut => (record.position, record.hash),
            _ => (audit.head.cut, audit.head.base),
        };
        let kept = audit.kept(cut, |row| self.keeps(row, oldest));
        Ok(vec![audit.head.clone().cut_at(cut, base, kept)])
    }

    pub(super) fn destroy_audit(
        &mut self,
        term: AuditTerm,
        checkpoint: &SignedCheckpoint,
        now: Duration,
    ) -> Result<Option<u64>, StoreError> {
        let planned = self.audit_to_destroy(term, now)?;
        let said = checkpoint.checkpoint().ok_or(StoreError::Broken("checkpoint"))?;
        let same = |head: &AuditHead| said.head(head.chain).is_some_and(|other| other.is_cut_as(head));
        if !planned.iter().all(same) || !self.add_checkpoint(checkpoint) {
            return Ok(None);
        }
        let (Some(head), Some(oldest)) = (planned.into_iter().next(), now.checked_sub(term.duration())) else {
            return Ok(Some(0));
        };
        let before = self.audit.rows.len();
        let rows = std::mem::take(&mut self.audit.rows);
        let stays = |row: &AuditRow| row.record.position > head.cut || self.keeps(row, oldest);
        let rows: VecDeque<AuditRow> = rows.into_iter().filter(stays).collect();
        let gone = before - rows.len();
        self.audit.rows = rows;
        self.audit.head = head;
        Ok(Some(gone as u64))
    }

    pub(super) fn replace_persoon(&mut self, persoon: &[PersoonIndex], with: Option<&PersoonIndex>) -> u64 {
        let mut changed = 0;
        for row in &mut self.audit.rows {
            let entry = &mut row.record.entry;
            if entry.persoon.is_some_and(|each| persoon.contains(&each)) {
                entry.persoon = with.copied();
                row.record.salt = None;
                changed += 1;
            }
        }
        changed
    }

    /// Whether a consent is kept whatever its age.
    fn keeps(&self, row: &AuditRow, oldest: Duration) -> bool {
        let lives = |grant: &GrantId| self.grants.contains_key(grant);
        let grant = row.record.entry.grant.as_ref();
        is_consent(&row.record) && (row.kept_from >= oldest || grant.is_some_and(lives))
    }
}
