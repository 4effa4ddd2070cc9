// SPDX-License-Identifier: AGPL-3.0-or-later
//! The store of a DVZA and the vault of a DVP: there, durable, writable, by a clock that is right, under keys that are there

use std::path::Path;

use medmij_dvza::store::Store;
use medmij_oauth::{
    journal::can_be_written,
    seal::{KeyRing as _, LocalKeyRing},
    storage::JournalMarks,
};
use medmij_store_postgres::{PostgresOptions, PostgresStore, PostgresVault};
use medmij_store_sqlite::{SqliteOptions, SqliteStore, SqliteVault};

use super::config::Config;
use super::finding::{Finding, Severity, chain};
use super::journal;
use crate::input::Input;

type FileError = medmij_store_sqlite::OpenError;
type DatabaseError = medmij_store_postgres::OpenError;

pub(super) async fn judge(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    let (keys, ends) = (config.doctor.keys.as_deref(), config.journals());
    let of_dvza = ends.as_deref().map(|folder| (folder, "dvza"));
    let (files, databases) = config.stores();
    for path in &files {
        match there(path).and_then(|()| SqliteStore::open(SqliteOptions::new(path)).map_err(|error| file(path, &error)))
        {
            Ok(store) => {
                findings.extend(opened(&store, keys).await);
                findings.extend(marked(&store, of_dvza).await);
            }
            Err(finding) => findings.push(finding),
        }
    }
    for connection in databases {
        match postgres(connection, async |options| PostgresStore::open(options).await).await {
            Ok(store) => {
                findings.extend(opened(&store, keys).await);
                findings.extend(marked(&store, of_dvza).await);
            }
            Err(error) => findings.push(refused(&error)),
        }
    }
    let of_dvp = ends.as_deref().map(|folder| (folder, "dvp"));
    let (files, databases) = config.vaults();
    for path in &files {
        match there(path).and_then(|()| SqliteVault::open(SqliteOptions::new(path)).map_err(|error| file(path, &error)))
        {
            Ok(vault) => findings.extend(marked(&vault, of_dvp).await),
            Err(finding) => findings.push(finding),
        }
    }
    for connection in databases {
        match postgres(connection, async |options| PostgresVault::open(options).await).await {
            Ok(vault) => findings.extend(marked(&vault, of_dvp).await),
            Err(error) => findings.push(refused(&error)),
        }
    }
    findings
}

/// What is asked of every store: that it can be written, and fits its journal.
async fn marked<M: JournalMarks>(store: &M, ends: Option<(&Path, &str)>) -> Vec<Finding> {
    if let Err(error) = can_be_written(store).await {
        return vec![Finding::error(
            "store-write",
            format_args!("the store can be read and not written: {}", chain(&error)),
            "see whether it is a standby or set to read only (`default_transaction_read_only`), whether its user may write, and whether its disk has room",
        )];
    }
    match ends {
        Some((folder, role)) => journal::judge(store, folder, role).await,
        None => Vec::new(),
    }
}

/// A file that is not there is not made.
fn there(path: &Path) -> Result<(), Finding> {
    let absent = |error: &dyn std::fmt::Display| {
        Finding::error(
            "store",
            format_args!("the store {} cannot be used: {error}", path.display()),
            "put it back from its last copy and reconcile it (`medmij store reconcile`), or mend the path",
        )
    };
    match std::fs::metadata(path) {
        Err(error) => Err(absent(&error)),
        Ok(file) if !file.is_file() || file.len() == 0 => Err(absent(&"it is empty, or no file")),
        Ok(_) => Ok(()),
    }
}

fn file(path: &Path, error: &FileError) -> Finding {
    let remedy = match error {
        FileError::Newer { .. } => {
            "a later version wrote it: run that version, of the application and of this command. An old copy would lose what came since"
        }
        FileError::NotAStore { .. } => {
            "mend the path, or put the store back from its last copy: this is a file of another program"
        }
        FileError::NoWal { .. } => {
            "put it on a disk of this machine: a file system of a network is none for a database"
        }
        FileError::Io { .. } => "give the file and its folder to the user of the application",
        _ => {
            "see whether file and folder may be written and the disk has room; a damaged file is put back from its last copy, and `medmij store reconcile` after that"
        }
    };
    let message = format_args!("the store {} cannot be used: {}", path.display(), chain(error)).to_string();
    Finding::error("store", message, remedy)
}

async fn postgres<T>(
    connection: &str,
    open: impl AsyncFnOnce(&PostgresOptions) -> Result<T, DatabaseError>,
) -> Result<T, DatabaseError> {
    let options = PostgresOptions::parse(connection)?.pool_size(1);
    open(&options).await
}

/// The connection string may hold a password, so it is not shown.
fn refused(error: &DatabaseError) -> Finding {
    let (code, remedy) = match error {
        DatabaseError::NotDurable { .. } => (
            "database-not-durable",
            "set fsync and synchronous_commit on, for the server and for this database and user",
        ),
        DatabaseError::Older { .. } => ("database-schema", "migrate before the application starts"),
        DatabaseError::Unavailable(_) => (
            "database",
            "see that PostgreSQL runs, that the address and the user are right, and that it has connections left",
        ),
        DatabaseError::Pooler { .. } => (
            "database",
            "pool sessions, not transactions, or connect to PostgreSQL without the pooler",
        ),
        DatabaseError::PlainNetwork { .. } | DatabaseError::Tls(_) => (
            "database",
            "configure TLS with the roots of the server, or connect over its socket on this machine",
        ),
        _ => ("database", "mend the connection string of the database"),
    };
    Finding::error(code, format_args!("the store in PostgreSQL: {}", chain(error)), remedy)
}

async fn opened<S: Store>(store: &S, keys: Option<&Path>) -> Vec<Finding> {
    let mut findings = Vec::new();
    match store.clock().await {
        Ok(clock) => findings.extend(clock.jumped().then(|| {
            Finding::error(
                "store-clock",
                format_args!(
                    "the clock of the store jumped by {} s: nothing is purged",
                    clock.apart.as_secs()
                ),
                "set the clock of the machine right, or accept it with `medmij clock accept`",
            )
        })),
        Err(error) => findings.push(silent(&error)),
    }
    if let Some(path) = keys {
        findings.extend(ring(store, path).await);
    }
    findings
}

fn silent(error: &dyn std::error::Error) -> Finding {
    Finding::error(
        "store",
        format_args!("the store does not answer: {}", chain(error)),
        "see that the database runs and has connections left, or that the file is whole (`medmij clock show` reads it)",
    )
}

/// The keys in the file against those that rows need.
async fn ring<S: Store>(store: &S, path: &Path) -> Vec<Finding> {
    let text = Input::small(path).and_then(|input| input.text().map(str::to_owned));
    let text = text.map_err(|error| error.to_string());
    let ring = match text.and_then(|text| LocalKeyRing::from_text(&text).map_err(|error| error.to_string())) {
        Ok(ring) => ring.keys(),
        Err(error) => {
            return vec![Finding::error(
                "keys",
                format_args!("the key file {} cannot be used: {error}", path.display()),
                "put the key file back as it was: without it no row can be opened. A line has a number of its own and a key",
            )];
        }
    };
    let used = match store.key_use().await {
        Ok(used) => used,
        Err(error) => return vec![silent(&error)],
    };
    let mut findings = Vec::new();
    let lacking = used.lacking(&ring);
    let kinds = [
        ("sealing key", &used.sealing, &lacking.sealing, ring.sealing),
        ("index key version", &used.index, &lacking.index, ring.index),
    ];
    for (what, used, lacking, current) in kinds {
        for (id, rows) in used.iter().filter(|(id, _)| **id != current) {
            findings.push(if lacking.contains_key(id) {
                Finding::error(
                    "keys-lacking",
                    format_args!("{what} {id} is not in the key file, and {rows} rows need it: the application does not start"),
                    "put the key back, run `medmij keys reseal`, and remove it only when `medmij keys use` names it no more",
                )
            } else {
                Finding::of(
                    Severity::Note,
                    "keys-old",
                    format_args!("{what} {id} is old, and {rows} rows still need it"),
                    "run `medmij keys reseal` before you remove it from the key file",
                )
            });
        }
    }
    findings
}
