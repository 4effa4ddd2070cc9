// SPDX-License-Identifier: AGPL-3.0-or-later
//! Where the dossiers lie: a file, or a database that replicas share.

use medmij_dvp::{
    collecting::{CollectingPolicy, Lease, Order, OrderStore, Run, RunKey, RunOutcome, SlotKey},
    dossier::{CollectionId, DossierRow, DossierStore, ItemId, SealedItem, StoreError},
    person::PersonId,
    vault::{Advanced, RefreshStart, TokenVault, VaultKey},
};
use medmij_oauth::storage::JournalMarks;
use medmij_store_postgres::{PostgresOptions, PostgresVault};
use medmij_store_sqlite::{SqliteOptions, SqliteVault};
use std::{
    collections::BTreeMap,
    path::Path,
    time::{Duration, SystemTime},
};

use crate::dossier::DossierOpenError;

/// SQLite, or PostgreSQL.
pub(crate) enum Store {
    Sqlite(SqliteVault),
    Postgres(PostgresVault),
}

impl Store {
    /// The database, where there is one; else the file.
    pub(crate) async fn open(path: &Path, database_url: Option<&str>) -> Result<Self, DossierOpenError> {
        let Some(url) = database_url else {
            let vault = SqliteVault::open(SqliteOptions::new(path));
            return vault
                .map(Self::Sqlite)
                .map_err(|error| DossierOpenError::Store(error.into()));
        };
        let open = async {
            let options = PostgresOptions::parse(url)?;
            PostgresVault::migrate(&options).await?;
            PostgresVault::open(&options).await
        };
        open.await
            .map(Self::Postgres)
            .map_err(|error| DossierOpenError::Store(error.into()))
    }
}

impl JournalMarks for Store {
    async fn journal_marks(&self) -> Result<BTreeMap<String, u64>, StoreError> {
        match self {
            Self::Sqlite(store) => store.journal_marks().await,
            Self::Postgres(store) => store.journal_marks().await,
        }
    }

    async fn mark_journal(&self, file: &str, number: u64) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(store) => store.mark_journal(file, number).await,
            Self::Postgres(store) => store.mark_journal(file, number).await,
        }
    }
}

macro_rules! either {
    ($of:ident; $($name:ident($($arg:ident: $kind:ty),*) -> $answer:ty;)*) => {
        impl $of for Store {$(
            async fn $name(&self $(, $arg: $kind)*) -> Result<$answer, StoreError> {
                match self {
                    Self::Sqlite(store) => store.$name($($arg),*).await,
                    Self::Postgres(store) => store.$name($($arg),*).await,
                }
            }
        )*}
    };
}

either! { DossierStore;
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

either! { TokenVault;
    keep(key: &VaultKey, sealed: Vec<u8>) -> ();
    begin(key: &VaultKey, lease: Duration) -> RefreshStart;
    finish(key: &VaultKey, attempt: u64, sealed: Vec<u8>) -> Advanced;
    release(key: &VaultKey, attempt: u64) -> ();
    lapse(key: &VaultKey, attempt: u64) -> Advanced;
    forget(key: &VaultKey) -> ();
    purge(older_than: Duration, batch: usize) -> usize;
}

either! { OrderStore;
    add_order(order: Order, now: SystemTime, rules: (&CollectingPolicy, &SlotKey)) -> ();
    cancel_order(order: &Order) -> bool;
    cancel_orders(person: PersonId) -> usize;
    orders(person: PersonId) -> Vec<Order>;
    lease_runs(now: SystemTime, until: SystemTime, most: usize) -> Vec<Lease>;
    start_run(lease: &Lease, now: SystemTime, policy: &CollectingPolicy) -> Option<Run>;
    finish_run(lease: &Lease, outcome: RunOutcome, now: SystemTime) -> ();
    skip_run(lease: &Lease, now: SystemTime, policy: &CollectingPolicy) -> ();
    silent_runs(since: SystemTime, most: usize) -> Vec<RunKey>;
    purge_runs(now: SystemTime, most: usize) -> usize;
}
