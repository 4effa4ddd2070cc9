// SPDX-License-Identifier: AGPL-3.0-or-later
//! What it keeps through restarts: grants, codes and tokens in one SQLite file, and apart from it the keys that seal them.

use crate::StartError;
use medmij_dvza::{Dvza, Server};
use medmij_oauth::seal::{LocalKeyRing, SealingKey};
use medmij_store_sqlite::{SqliteOptions, SqliteStore};
use medmij_types::{Entropy, OsEntropy};
use std::{
    fs::{File, OpenOptions},
    io::{ErrorKind, Read, Write},
    path::Path,
    sync::Arc,
    time::Duration,
};

/// How often it looks for rows that lapsed.
const PURGE: Duration = Duration::from_secs(5);
/// How many rows go at once.
const BATCH: usize = 1000;

/// Opens the store in this folder; it is made at the first start.
pub(crate) fn store(folder: &Path) -> Result<Arc<SqliteStore>, StartError> {
    Ok(Arc::new(SqliteStore::open(SqliteOptions::new(
        folder.join("toestemmingen.db"),
    ))?))
}

/// The keys of this folder; they are made at the first start. A real DVZA holds them in an HSM or a key service, where a copy
/// of the disk does not hold them too.
pub(crate) fn keys(folder: &Path) -> Result<LocalKeyRing, StartError> {
    let path = folder.join("opslag.sleutels");
    let mut keys = [[0; 32]; 2];
    match File::open(&path) {
        Ok(mut file) => {
            for key in &mut keys {
                file.read_exact(key).map_err(StartError::Keys)?;
            }
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let mut options = OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut file = options.open(&path).map_err(StartError::Keys)?;
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

/// Removes what lapsed, until it is aborted. Where the clock jumped nothing goes, and the server raises an event.
pub(crate) async fn purge<D: Dvza>(server: Server<D>) {
    loop {
        match server.purge(BATCH).await {
            // there may be more
            Ok(removed) if removed >= BATCH => continue,
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "what lapsed cannot be removed now"),
        }
        tokio::time::sleep(PURGE).await;
    }
}
