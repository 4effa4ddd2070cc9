// SPDX-License-Identifier: AGPL-3.0-or-later
//! Abonnementen in memory, of both sides: for tests and demonstrations, lost when the process ends.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{
    Abonnement, AbonnementId, AbonnementRegister, AbonnementRow, AbonnementSource, Abonnementen, CalendarDate, Created,
};
use medmij_oauth::{
    ClientId,
    seal::PersoonIndex,
    storage::{Advanced, StoreError},
};

/// The Abonnementen of a DVZA in memory.
#[derive(Debug, Default)]
pub struct MemoryAbonnementen {
    rows: Mutex<BTreeMap<AbonnementId, AbonnementRow>>,
}

impl MemoryAbonnementen {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<AbonnementId, AbonnementRow>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Abonnementen for MemoryAbonnementen {
    async fn create(&self, row: AbonnementRow, most: u32, today: CalendarDate) -> Result<Created, StoreError> {
        let mut rows = self.lock();
        if rows.contains_key(&row.abonnement.id) {
            return Ok(Created::Collision);
        }
        let live = rows.values().filter(|each| {
            each.persoon == row.persoon && each.client_id == row.client_id && each.abonnement.end > today
        });
        if live.count() >= most as usize {
            return Ok(Created::Full);
        }
        rows.insert(row.abonnement.id.clone(), row);
        Ok(Created::Done)
    }

    async fn find(&self, id: &AbonnementId, today: CalendarDate) -> Result<Option<AbonnementRow>, StoreError> {
        Ok(self.lock().get(id).filter(|row| row.abonnement.end > today).cloned())
    }

    async fn change(&self, id: &AbonnementId, seen: CalendarDate, end: CalendarDate) -> Result<Advanced, StoreError> {
        match self.lock().get_mut(id) {
            Some(row) if row.abonnement.end == seen => {
                row.abonnement = Abonnement::new(id.clone(), end);
                Ok(Advanced::Done)
            }
            _ => Ok(Advanced::Stale),
        }
    }

    async fn end(&self, id: &AbonnementId) -> Result<bool, StoreError> {
        Ok(self.lock().remove(id).is_some())
    }

    async fn of_persoon(&self, persoon: &PersoonIndex, today: CalendarDate) -> Result<Vec<AbonnementRow>, StoreError> {
        let rows = self.lock();
        let live = rows
            .values()
            .filter(|row| row.persoon == *persoon && row.abonnement.end > today);
        Ok(live.cloned().collect())
    }

    async fn count(&self, client_id: &ClientId, today: CalendarDate) -> Result<u64, StoreError> {
        let rows = self.lock();
        let live = rows
            .values()
            .filter(|row| row.client_id == *client_id && row.abonnement.end > today);
        Ok(live.count() as u64)
    }

    async fn over(
        &self,
        today: CalendarDate,
        after: Option<&AbonnementId>,
        most: usize,
    ) -> Result<Vec<AbonnementRow>, StoreError> {
        let rows = self.lock();
        let over = rows
            .iter()
            .filter(|(id, row)| row.abonnement.end <= today && after.is_none_or(|after| *id > after));
        Ok(over.map(|(_, row)| row.clone()).take(most).collect())
    }

    async fn purge_over(&self, today: CalendarDate, batch: usize) -> Result<usize, StoreError> {
        let mut rows = self.lock();
        let over = rows.iter().filter(|(_, row)| row.abonnement.end <= today);
        let over: Vec<_> = over.map(|(id, _)| id.clone()).take(batch).collect();
        for id in &over {
            rows.remove(id);
        }
        Ok(over.len())
    }
}

/// The Abonnementen of a DVP in memory.
#[derive(Debug, Default)]
pub struct MemoryRegister {
    rows: Mutex<BTreeMap<AbonnementId, AbonnementSource>>,
}

impl MemoryRegister {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<AbonnementId, AbonnementSource>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AbonnementRegister for MemoryRegister {
    async fn add(&self, id: &AbonnementId, source: AbonnementSource, most: u32) -> Result<Created, StoreError> {
        let mut rows = self.lock();
        if rows.contains_key(id) {
            return Ok(Created::Collision);
        }
        if rows.values().filter(|each| each.owner == source.owner).count() >= most as usize {
            return Ok(Created::Full);
        }
        rows.insert(id.clone(), source);
        Ok(Created::Done)
    }

    async fn source(&self, id: &AbonnementId) -> Result<Option<AbonnementSource>, StoreError> {
        Ok(self.lock().get(id).cloned())
    }

    async fn set_end(&self, id: &AbonnementId, end: CalendarDate) -> Result<(), StoreError> {
        if let Some(source) = self.lock().get_mut(id) {
            source.end = end;
        }
        Ok(())
    }

    async fn remove(&self, id: &AbonnementId) -> Result<(), StoreError> {
        self.lock().remove(id);
        Ok(())
    }

    async fn of(&self, owner: &PersoonIndex) -> Result<Vec<(AbonnementId, AbonnementSource)>, StoreError> {
        let rows = self.lock();
        let of = rows.iter().filter(|(_, source)| source.owner == *owner);
        Ok(of.map(|(id, source)| (id.clone(), source.clone())).collect())
    }

    async fn purge_before(&self, day: CalendarDate, batch: usize) -> Result<usize, StoreError> {
        let mut rows = self.lock();
        let over = rows.iter().filter(|(_, source)| source.end < day);
        let over: Vec<_> = over.map(|(id, _)| id.clone()).take(batch).collect();
        for id in &over {
            rows.remove(id);
        }
        Ok(over.len())
    }
}
