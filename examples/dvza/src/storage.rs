// SPDX-License-Identifier: AGPL-3.0-or-later
//! What it keeps through restarts: grants, codes and tokens in one SQLite file or a PostgreSQL database, apart from it the keys
//! that seal them and the journal of what ended.

use crate::{StartError, either::Either};
use medmij_dvza::{Dvza, Server, store::JournaledStore};
use medmij_oauth::{
    journal::Journal,
    seal::{LocalKeyRing, SealingKey},
};
use medmij_store_postgres::{PostgresOptions, PostgresStore};
use medmij_store_sqlite::{SqliteOptions, SqliteStore};
use medmij_types::{Entropy, OsEntropy};
use serde::{Deserialize, Serialize};
use std::{
    fs::{File, OpenOptions},
    io::{ErrorKind, Read, Write},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

/// How often it looks for rows that lapsed.
const PURGE: Duration = Duration::from_secs(5);
/// How many rows go at once.
const BATCH: usize = 1000;
/// How often it looks for files of the journal that are past their term.
const PRUNE: Duration = Duration::from_secs(3600);
/// How long the journal is kept: longer than any copy of the store.
const JOURNAL: Duration = Duration::from_secs(35 * 86_400);

/// Where it keeps what Personen granted, and what has to be outside that. Without a path it lies in the folder of the Node:
/// then it is lost with the same disk.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct StorageConfig {
    /// A PostgreSQL database in place of a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_url: Option<String>,
    /// The folder of the journal of ends: one for all replicas, on another disk than the store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub journal: Option<PathBuf>,
    /// The folder of the checkpoints of the audit log, where administrators of the database cannot write.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoints: Option<PathBuf>,
    /// The key that signs checkpoints (`medmij audit new-key`); without, one is made at the first start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signing_key: Option<PathBuf>,
}

impl std::fmt::Debug for StorageConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // a database URL can hold a password
        f.debug_struct("StorageConfig")
            .field("journal", &self.journal)
            .field("checkpoints", &self.checkpoints)
            .finish_non_exhaustive()
    }
}

/// The file of the store, where it is one, and that of its keys.
pub(crate) fn files(folder: &Path, config: &StorageConfig) -> Vec<PathBuf> {
    let store = config.database_url.is_none().then_some(STORE);
    store.into_iter().chain([KEYS]).map(|name| folder.join(name)).collect()
}

const STORE: &str = "toestemmingen.db";
const KEYS: &str = "opslag.sleutels";

/// The store with its journal.
pub(crate) type Storage = JournaledStore<Either>;

/// Opens the store of this folder, or the database; it is made at the first start.
pub(crate) async fn store(folder: &Path, config: &StorageConfig) -> Result<Arc<Storage>, StartError> {
    let store = match &config.database_url {
        None => Either::Sqlite(
            SqliteStore::open(SqliteOptions::new(folder.join(STORE)))
                .map_err(|error| StartError::Store(error.into()))?,
        ),
        Some(url) => {
            let open = async {
                let options = PostgresOptions::parse(url)?;
                PostgresStore::migrate(&options).await?;
                PostgresStore::open(&options).await
            };
            Either::Postgres(open.await.map_err(|error| StartError::Store(error.into()))?)
        }
    };
    let journal = config.journal.clone().unwrap_or_else(|| folder.join("journaal"));
    let journal = Journal::open(journal, "dvza").map_err(|error| StartError::Store(error.into()))?;
    Ok(Arc::new(JournaledStore::new(store, journal)))
}

/// The keys of this folder; they are made at the first start. A real DVZA holds them in an HSM or a key service, where a copy
/// of the disk does not hold them too.
pub(crate) fn keys(folder: &Path) -> Result<LocalKeyRing, StartError> {
    let path = folder.join(KEYS);
    let mut keys = [[0; 32]; 2];
    match File::open(&path) {
        Ok(mut file) => {
            for key in &mut keys {
                file.read_exact(key).map_err(StartError::Keys)?;
            }
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let mut file = new_file(&path).map_err(StartError::Keys)?;
            for key in &mut keys {
                OsEntropy.fill(key)?;
                file.write_all(key).map_err(StartError::Keys)?;
            }
            file.sync_all().map_err(StartError::Keys)?;
        }
        Err(error) => return Err(StartError::Keys(error)),
    }
    let [seal, index] = keys;
    Ok(LocalKeyRing::new(
        1,
        SealingKey::from_bytes(seal),
        SealingKey::from_bytes(index),
    ))
}

/// A file that only its owner reads; one that is there is an error.
pub(crate) fn new_file(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Removes what lapsed, until it is aborted. Where the clock jumped nothing goes, and the server raises an event.
pub(crate) async fn purge<D: Dvza>(server: Server<D>, store: Arc<Storage>) {
    let mut pruned: Option<Instant> = None;
    loop {
        match server.purge(BATCH).await {
            // there may be more
            Ok(removed) if removed >= BATCH => continue,
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "what lapsed cannot be removed now"),
        }
        if pruned.is_none_or(|at| at.elapsed() > PRUNE) {
            pruned = Some(Instant::now());
            if let Err(error) = store.journal().prune(JOURNAL) {
                tracing::warn!(%error, "files of the journal that are past their term cannot be removed now");
            }
        }
        tokio::time::sleep(PURGE).await;
    }
}
