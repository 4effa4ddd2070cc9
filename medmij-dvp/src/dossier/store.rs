// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.dossier.100 – core.dossier.106, core.dossier.108 — where dossiers are kept, as operations with guarantees.

use std::{future::Future, time::SystemTime};

use medmij_oauth::storage::StoreError;

use medmij_types::{Entropy, EntropyError};

use crate::person_id::PersonId;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u128);

        impl $name {
            /// From its number, for a store.
            #[must_use]
            pub const fn new(number: u128) -> Self {
                Self(number)
            }

            /// A new one.
            ///
            /// # Errors
            /// [`EntropyError`] where there is no randomness.
            pub fn random(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
                let mut bytes = [0; 16];
                entropy.fill(&mut bytes)?;
                Ok(Self(u128::from_be_bytes(bytes)))
            }

            /// Its number, for a store.
            #[must_use]
            pub const fn number(self) -> u128 {
                self.0
            }
        }
    };
}

id! {
    /// A kept resource: a random number.
    ItemId
}

id! {
    /// What was collected in one go: a random number.
    CollectionId
}

/// A dossier as a store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DossierRow {
    /// The key of this dossier, sealed by the key ring of the DVP.
    pub sealed_key: Vec<u8>,
    /// Since when it is frozen, where it is.
    pub frozen: Option<SystemTime>,
}

impl DossierRow {
    /// For a store.
    #[must_use]
    pub const fn new(sealed_key: Vec<u8>, frozen: Option<SystemTime>) -> Self {
        Self { sealed_key, frozen }
    }
}

/// A kept resource as a store keeps it: sealed under the key of its dossier.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SealedItem {
    /// Which.
    pub id: ItemId,
    /// With what it was collected.
    pub collection: CollectionId,
    /// Its bytes and its origin, sealed.
    pub sealed: Vec<u8>,
}

impl SealedItem {
    /// For a store.
    #[must_use]
    pub const fn new(id: ItemId, collection: CollectionId, sealed: Vec<u8>) -> Self {
        Self { id, collection, sealed }
    }
}

/// Keeps sealed dossiers, each under the number of its Persoon and never beside that of another. A DVP uses it through
/// [`Dossiers`](super::Dossiers). Each operation is atomic; whoever writes one runs `dossiers_contract!` of
/// `medmij-store-contract` on it.
pub trait DossierStore: Send + Sync {
    /// Begins a dossier with this sealed key, where there is none; the dossier that is there.
    fn begin_dossier(
        &self,
        person: PersonId,
        sealed_key: Vec<u8>,
    ) -> impl Future<Output = Result<DossierRow, StoreError>> + Send;

    /// The dossier of a Persoon, where there is one.
    fn dossier(&self, person: PersonId) -> impl Future<Output = Result<Option<DossierRow>, StoreError>> + Send;

    /// Adds items, all or none; `false` where there is no dossier, or a frozen one: then nothing is kept.
    fn keep_items(
        &self,
        person: PersonId,
        items: Vec<SealedItem>,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Other bytes in place of those of an item of a dossier that is not frozen; whether it was there.
    fn replace_item(
        &self,
        person: PersonId,
        item: ItemId,
        sealed: Vec<u8>,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// The items of a dossier, in the order in which they came.
    fn items(&self, person: PersonId) -> impl Future<Output = Result<Vec<SealedItem>, StoreError>> + Send;

    /// Deletes an item; how many went.
    fn delete_item(&self, person: PersonId, item: ItemId) -> impl Future<Output = Result<usize, StoreError>> + Send;

    /// Deletes what was collected in one go; how many items went.
    fn delete_collection(
        &self,
        person: PersonId,
        collection: CollectionId,
    ) -> impl Future<Output = Result<usize, StoreError>> + Send;

    /// Freezes a dossier: nothing is added or changed any more. Whether it was there; one that is frozen keeps its moment.
    fn freeze_dossier(
        &self,
        person: PersonId,
        now: SystemTime,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Erases a dossier with its key, so that no copy of its items can be read any more; how many items went.
    fn erase_dossier(&self, person: PersonId) -> impl Future<Output = Result<usize, StoreError>> + Send;

    /// Dossiers that were frozen before a moment, at most so many, those that were frozen first.
    fn frozen_dossiers(
        &self,
        before: SystemTime,
        most: usize,
    ) -> impl Future<Output = Result<Vec<PersonId>, StoreError>> + Send;
}

macro_rules! shared {
    ($($name:ident($($arg:ident: $kind:ty),*) -> $answer:ty;)*) => {
        impl<S: DossierStore> DossierStore for std::sync::Arc<S> {$(
            fn $name(&self $(, $arg: $kind)*) -> impl Future<Output = Result<$answer, StoreError>> + Send {
                (**self).$name($($arg),*)
            }
        )*}
    };
}

shared! {
    begin_dossier(person: PersonId, sealed_key: Vec<u8>) -> DossierRow;
    dossier(person: PersonId) -> Option<DossierRow>;
    keep_items(person: PersonId, items: Vec<SealedItem>) -> bool;
    replace_item(person: PersonId, item: ItemId, sealed: Vec<u8>) -> bool;
    items(person: PersonId) -> Vec<SealedItem>;
    delete_item(person: PersonId, item: ItemId) -> usize;
    delete_collection(person: PersonId, collection: CollectionId) -> usize;
    freeze_dossier(person: PersonId, now: SystemTime) -> bool;
    erase_dossier(person: PersonId) -> usize;
    frozen_dossiers(before: SystemTime, most: usize) -> Vec<PersonId>;
}
