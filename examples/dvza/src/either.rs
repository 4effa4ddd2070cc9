// SPDX-License-Identifier: AGPL-3.0-or-later
//! A store in SQLite or in PostgreSQL, whichever the configuration says.

use medmij_dvza::store::{
    Acting, Advance, AuditEntry, AuditHead, AuditQuery, AuditRecord, AuditTerm, Binding, BurntCode, EndedPersoon,
    FlowId, Grant, GrantId, Granted, KeyUse, Learned, LiveGrant, NewFlow, NewGrant, PersoonEnd, Redeem, RedeemedCode,
    Resealed, RotateRefresh, Rotated, SignedCheckpoint, Store, StoredAccess, StoredFlow,
};
use medmij_oauth::{
    ClientId,
    seal::PersoonIndex,
    storage::{Advanced, JournalMarks, SecretHash, StoreClockState, StoreError},
};
use medmij_store_postgres::PostgresStore;
use medmij_store_sqlite::SqliteStore;
use medmij_types::{Aanbiedernaam, Hostname};
use std::collections::BTreeMap;

/// SQLite, or PostgreSQL.
#[derive(Debug)]
pub(crate) enum Either {
    Sqlite(SqliteStore),
    Postgres(PostgresStore),
}

macro_rules! either {
    ($($name:ident($($arg:ident: $kind:ty),*) -> $answer:ty;)*) => {
        impl Store for Either {$(
            async fn $name(&self $(, $arg: $kind)*) -> Result<$answer, StoreError> {
                match self {
                    Self::Sqlite(store) => store.$name($($arg),*).await,
                    Self::Postgres(store) => store.$name($($arg),*).await,
                }
            }
        )*}
    };
}

medmij_dvza::store_operations!(either);

impl JournalMarks for Either {
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
