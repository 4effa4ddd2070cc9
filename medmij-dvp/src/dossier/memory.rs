// SPDX-License-Identifier: AGPL-3.0-or-later
//! Dossiers in memory: for tests and demonstrations, lost when the process ends.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

use super::{CollectionId, DossierRow, DossierStore, ItemId, SealedItem, StoreError};
use crate::person_id::PersonId;

/// Dossiers in memory.
#[derive(Debug, Default)]
pub struct MemoryDossiers(Mutex<BTreeMap<PersonId, (DossierRow, Vec<SealedItem>)>>);

impl MemoryDossiers {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn with<T>(&self, person: PersonId, work: impl FnOnce(&mut DossierRow, &mut Vec<SealedItem>) -> T) -> Option<T> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get_mut(&person).map(|(row, items)| work(row, items))
    }

    fn delete(&self, person: PersonId, goes: impl Fn(&SealedItem) -> bool) -> usize {
        let gone = self.with(person, |_, items| {
            let before = items.len();
            items.retain(|item| !goes(item));
            before - items.len()
        });
        gone.unwrap_or_default()
    }
}

impl DossierStore for MemoryDossiers {
    async fn begin_dossier(&self, person: PersonId, sealed_key: Vec<u8>) -> Result<DossierRow, StoreError> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || (DossierRow::new(sealed_key, None), Vec::new());
        Ok(all.entry(person).or_insert_with(new).0.clone())
    }

    async fn dossier(&self, person: PersonId) -> Result<Option<DossierRow>, StoreError> {
        Ok(self.with(person, |row, _| row.clone()))
    }

    async fn keep_items(&self, person: PersonId, new: Vec<SealedItem>) -> Result<bool, StoreError> {
        let items_of = self.with(person, |row, items| {
            let open = row.frozen.is_none();
            if open {
                items.extend(new);
            }
            open
        });
        Ok(items_of.unwrap_or_default())
    }

    async fn replace_item(&self, person: PersonId, id: ItemId, sealed: Vec<u8>) -> Result<bool, StoreError> {
        let replaced = self.with(person, |row, items| {
            let item = items.iter_mut().find(|item| item.id == id && row.frozen.is_none());
            item.map(|item| item.sealed = sealed).is_some()
        });
        Ok(replaced.unwrap_or_default())
    }

    async fn items(&self, person: PersonId) -> Result<Vec<SealedItem>, StoreError> {
        Ok(self.with(person, |_, items| items.clone()).unwrap_or_default())
    }

    async fn delete_item(&self, person: PersonId, id: ItemId) -> Result<usize, StoreError> {
        Ok(self.delete(person, |item| item.id == id))
    }

    async fn delete_collection(&self, person: PersonId, id: CollectionId) -> Result<usize, StoreError> {
        Ok(self.delete(person, |item| item.collection == id))
    }

    async fn freeze_dossier(&self, person: PersonId, now: SystemTime) -> Result<bool, StoreError> {
        Ok(self
            .with(person, |row, _| row.frozen = row.frozen.or(Some(now)))
            .is_some())
    }

    async fn erase_dossier(&self, person: PersonId) -> Result<usize, StoreError> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(all.remove(&person).map_or(0, |(_, items)| items.len()))
    }

    async fn frozen_dossiers(&self, before: SystemTime, most: usize) -> Result<Vec<PersonId>, StoreError> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let frozen = all.iter().filter_map(|(person, (row, _))| Some((row.frozen?, *person)));
        let mut frozen: Vec<_> = frozen.filter(|(since, _)| *since < before).collect();
        frozen.sort();
        Ok(frozen.into_iter().take(most).map(|(_, person)| person).collect())
    }
}
