// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.dossier.100, core.dossier.105, core.dossier.108 — dossiers over a store: one key for each Persoon, wrapped by the key
//! ring, so that no two Personen share one and erasing a dossier destroys its key.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use medmij_oauth::seal::{KeyRing, LocalKeyRing, SealError};
use medmij_types::{Entropy, EntropyError};
use zeroize::Zeroizing;

use super::{
    CollectionId, ConfirmedDeletion, Deletion, DeletionScope, DossierRow, DossierStore, ItemId, SealedItem, StoreError,
    StoredEntry,
};
use crate::person_id::PersonId;

/// The dossiers of a DVP.
///
/// ```
/// use std::sync::Arc;
/// use medmij_dvp::dossier::{Dossiers, StoredEntry, MemoryDossiers};
/// use medmij_dvp::person::PersonId;
/// use medmij_oauth::seal::LocalKeyRing;
/// use medmij_types::OsEntropy;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // keys that outlive the process, in production
/// let keys = Arc::new(LocalKeyRing::ephemeral(&OsEntropy)?);
/// let dossiers = Dossiers::new(MemoryDossiers::new(), keys, Arc::new(OsEntropy));
/// let dossier = dossiers.open(PersonId::random(&OsEntropy)?).await?;
/// dossier.keep(&[StoredEntry::own(b"{}".to_vec())]).await?;
/// assert_eq!(dossier.items().await?.len(), 1);
/// # Ok(())
/// # }
/// ```
pub struct Dossiers<S: DossierStore> {
    store: S,
    keys: Arc<dyn KeyRing>,
    entropy: Arc<dyn Entropy + Send + Sync>,
}

impl<S: DossierStore> Dossiers<S> {
    /// Dossiers in a store, whose keys are wrapped by a ring that is kept elsewhere.
    #[must_use]
    pub fn new(store: S, keys: Arc<dyn KeyRing>, entropy: Arc<dyn Entropy + Send + Sync>) -> Self {
        Self { store, keys, entropy }
    }

    /// The store itself.
    #[must_use]
    pub const fn store(&self) -> &S {
        &self.store
    }

    /// The dossier of a Persoon; one that is not there is begun, with a key of its own.
    ///
    /// # Errors
    /// [`DossierError::Frozen`] after a death, [`DossierError::Seal`] where the ring lacks the key that wrapped the
    /// dossier's, and [`DossierError::Store`].
    pub async fn open(&self, person: PersonId) -> Result<Dossier<'_, S>, DossierError> {
        let row = match self.store.dossier(person).await? {
            Some(row) => row,
            None => {
                let mut key = Zeroizing::new([0; 32]);
                self.entropy.fill(key.as_mut_slice())?;
                let sealed = self.keys.seal(key.as_slice(), &key_context(person), &*self.entropy)?;
                // of two callers at once the key of one counts, for both
                self.store.begin_dossier(person, sealed).await?
            }
        };
        self.opened(person, &row)
    }

    fn opened(&self, person: PersonId, row: &DossierRow) -> Result<Dossier<'_, S>, DossierError> {
        if row.frozen.is_some() {
            return Err(DossierError::Frozen);
        }
        let key = self.keys.open(&row.sealed_key, &key_context(person))?;
        let key = Zeroizing::new(<[u8; 32]>::try_from(key.as_slice()).map_err(|_| SealError::Broken)?);
        Ok(Dossier {
            dossiers: self,
            person,
            // nothing is looked up by a hash under this ring
            key: LocalKeyRing::of_bytes(1, *key, *key),
        })
    }

    /// The Persoon has died (core.dossier.108): nothing is added, read or changed any more. Whether there was a dossier.
    ///
    /// # Errors
    /// [`DossierError::Store`].
    pub async fn freeze(&self, person: PersonId, now: SystemTime) -> Result<bool, DossierError> {
        Ok(self.store.freeze_dossier(person, now).await?)
    }

    /// Erases at most so many dossiers that have been frozen for the term of the policy, with their keys; how many went.
    /// Run it once a day.
    ///
    /// # Errors
    /// [`DossierError::Store`]; what was erased before it stays erased.
    pub async fn erase_frozen(&self, now: SystemTime, term: Duration, most: usize) -> Result<usize, DossierError> {
        let Some(before) = now.checked_sub(term) else {
            return Ok(0);
        };
        let due = self.store.frozen_dossiers(before, most).await?;
        for person in &due {
            self.store.erase_dossier(*person).await?;
        }
        Ok(due.len())
    }
}

impl<S: DossierStore> fmt::Debug for Dossiers<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dossiers").finish_non_exhaustive()
    }
}

/// The dossier of one Persoon, opened with its key.
pub struct Dossier<'a, S: DossierStore> {
    dossiers: &'a Dossiers<S>,
    person: PersonId,
    key: LocalKeyRing,
}

/// A resource in a dossier.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Item {
    /// Which.
    pub id: ItemId,
    /// With what it was collected.
    pub collection: CollectionId,
    /// Its bytes and where they came from.
    pub entry: StoredEntry,
}

impl<S: DossierStore> Dossier<'_, S> {
    /// Keeps resources that came in one go, all or none of them.
    ///
    /// # Errors
    /// [`DossierError`]; [`DossierError::Gone`] where the dossier was erased or frozen meanwhile.
    pub async fn keep(&self, resources: &[StoredEntry]) -> Result<CollectionId, DossierError> {
        let collection = CollectionId::random(&*self.dossiers.entropy)?;
        let seal = |entry: &StoredEntry| {
            let id = ItemId::random(&*self.dossiers.entropy)?;
            Ok::<_, DossierError>(SealedItem::new(id, collection, self.seal(id, entry)?))
        };
        let items = resources.iter().map(seal).collect::<Result<_, _>>()?;
        match self.dossiers.store.keep_items(self.person, items).await? {
            true => Ok(collection),
            false => Err(DossierError::Gone),
        }
    }

    /// Everything in it, in the order in which it came.
    ///
    /// # Errors
    /// [`DossierError::Seal`] where an item was moved here from another dossier or changed outside, [`DossierError::Store`].
    pub async fn items(&self) -> Result<Vec<Item>, DossierError> {
        let sealed = self.dossiers.store.items(self.person).await?;
        let open = |item: SealedItem| {
            let plain = self.key.open(&item.sealed, &self.context(item.id))?;
            let entry = StoredEntry::from_stored(&plain).map_err(|_| SealError::Broken)?;
            Ok(Item {
                id: item.id,
                collection: item.collection,
                entry,
            })
        };
        sealed.into_iter().map(open).collect()
    }

    /// Keeps what became of an item by [`StoredEntry::edit`]; its origin goes with it.
    ///
    /// # Errors
    /// [`DossierError::Gone`] where the item or the dossier is not there any more.
    pub async fn edit(&self, item: ItemId, entry: &StoredEntry) -> Result<(), DossierError> {
        let sealed = self.seal(item, entry)?;
        match self.dossiers.store.replace_item(self.person, item, sealed).await? {
            true => Ok(()),
            false => Err(DossierError::Gone),
        }
    }

    /// What would go, for the Persoon to read (core.dossier.106).
    ///
    /// # Errors
    /// [`DossierError::Store`].
    pub async fn announce(&self, scope: DeletionScope) -> Result<Deletion, DossierError> {
        let items = self.dossiers.store.items(self.person).await?;
        let count = items.iter().filter(|item| match scope {
            DeletionScope::Item(id) => item.id == id,
            DeletionScope::Collection(id) => item.collection == id,
            DeletionScope::Account => true,
        });
        Ok(Deletion::announce(scope, count.count()))
    }

    /// Deletes what the Persoon confirmed; how many items went. With the account goes the key: no backup of the items can be
    /// read any more, unless it holds the key too.
    ///
    /// # Errors
    /// [`DossierError::Store`].
    pub async fn delete(&self, deletion: ConfirmedDeletion) -> Result<usize, DossierError> {
        let store = &self.dossiers.store;
        Ok(match deletion.scope() {
            DeletionScope::Item(id) => store.delete_item(self.person, id).await?,
            DeletionScope::Collection(id) => store.delete_collection(self.person, id).await?,
            DeletionScope::Account => store.erase_dossier(self.person).await?,
        })
    }

    fn seal(&self, id: ItemId, entry: &StoredEntry) -> Result<Vec<u8>, SealError> {
        let plain = Zeroizing::new(entry.to_stored());
        self.key.seal(&plain, &self.context(id), &*self.dossiers.entropy)
    }

    fn context(&self, id: ItemId) -> Vec<u8> {
        let mut context = b"medmij dossier item".to_vec();
        context.extend_from_slice(&self.person.number().to_be_bytes());
        context.extend_from_slice(&id.number().to_be_bytes());
        context
    }
}

impl<S: DossierStore> fmt::Debug for Dossier<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dossier").finish_non_exhaustive()
    }
}

/// Why a dossier cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DossierError {
    /// The Persoon has died: nothing is read, kept or deleted any more (core.dossier.108).
    #[error("dossier is frozen (core.dossier.108)")]
    Frozen,
    /// The item or the dossier is not there any more.
    #[error("dossier or item is not there any more")]
    Gone,
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is kept cannot be opened.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// No entropy.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

fn key_context(person: PersonId) -> Vec<u8> {
    let mut context = b"medmij dossier key".to_vec();
    context.extend_from_slice(&person.number().to_be_bytes());
    context
}
