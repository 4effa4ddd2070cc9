// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.dossier.108 — all that a Persoon has ends, in memory.

use std::time::Duration;

use medmij_oauth::seal::PersoonIndex;

use super::inner::{Expiring, Inner};
use crate::store::{EndedPersoon, GrantId, PersoonEnd};

impl Inner {
    pub(super) fn end_persoon(&mut self, end: &PersoonEnd, now: Duration) -> EndedPersoon {
        let until = now.saturating_add(PersoonEnd::HOLD);
        let mut grants = Vec::new();
        for persoon in &end.persoon {
            let before = self.ended.get(persoon).copied();
            let erase = end.erase || before.is_some_and(|(_, erased)| erased);
            if let Some((until, _)) = before {
                self.expiry.remove(&(until, Expiring::Ended(*persoon)));
            }
            self.ended.insert(*persoon, (until, erase));
            self.expiry.insert((until, Expiring::Ended(*persoon)));
            let ids: Vec<GrantId> = self.persons.get(persoon).cloned().unwrap_or_default();
            grants.extend(ids.iter().filter_map(|id| self.drop_grant(id, now)));
        }
        self.access
            .retain(|_, row| !grants.iter().any(|grant| grant.id == row.grant));
        let entries = if end.erase {
            self.replace_persoon(&end.persoon, None)
        } else {
            0
        };
        self.write_audit(&end.entry(), now);
        let grants = grants.into_iter().map(|grant| (grant.client_id, grant.aanbieder));
        EndedPersoon::new(grants.collect(), 0, entries)
    }

    /// Whether nothing of this Persoon is written now.
    pub(super) fn is_held(&self, persoon: &PersoonIndex, now: Duration) -> bool {
        self.ended.get(persoon).is_some_and(|(until, _)| *until > now)
    }

    /// What was written to the audit log of an erased Persoon while it was held loses the Persoon.
    pub(super) fn end_hold(&mut self, persoon: &PersoonIndex) {
        if let Some((_, true)) = self.ended.remove(persoon) {
            self.replace_persoon(&[*persoon], None);
        }
    }
}
