// SPDX-License-Identifier: AGPL-3.0-or-later
//! The store of a DVZA: there, durable, by a clock that is right, under keys that are there

use std::path::Path;

use medmij_dvza::store::Store;
use medmij_oauth::seal::{KeyRing as _, LocalKeyRing};
use medmij_store_postgres::{OpenError, PostgresOptions, PostgresStore};
use medmij_store_sqlite::{SqliteOptions, SqliteStore};

use super::config::Config;
use super::finding::{Finding, Severity, chain};
use crate::input::Input;

pub(super) async fn judge(config: &Config) -> Vec<Finding> {
    let places = &config.doctor;
    let mut findings = Vec::new();
    if let Some(path) = &places.keys {
        findings.extend(super::credentials::permissions(path, "the key file of the store"));
    }
    if let Some(path) = &places.store {
        match sqlite(path) {
            Ok(store) => findings.extend(opened(&store, places.keys.as_deref()).await),
            Err(error) => findings.push(gone(&path.display().to_string(), &error)),
        }
    }
    if let Some(connection) = &places.database {
        match postgres(connection).await {
            Ok(store) => findings.extend(opened(&store, places.keys.as_deref()).await),
            Err(error) => findings.push(refused(&error)),
        }
    }
    findings
}

/// A file that is not there is not made.
fn sqlite(path: &Path) -> Result<SqliteStore, String> {
    let file = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if !file.is_file() || file.len() == 0 {
        return Err("it is empty, or no file".to_owned());
    }
    SqliteStore::open(SqliteOptions::new(path)).map_err(|error| error.to_string())
}

async fn postgres(connection: &str) -> Result<PostgresStore, OpenError> {
    let options = PostgresOptions::parse(connection)?.pool_size(1);
    PostgresStore::open(&options).await
}

fn gone(name: &str, error: &dyn std::fmt::Display) -> Finding {
    Finding::error(
        "store",
        format_args!("the store {name} cannot be used: {error}"),
        "put it back from its last copy, and run `medmij clock show` after that",
    )
}

/// The connection string may hold a password, so it is not shown.
fn refused(error: &OpenError) -> Finding {
    let (code, remedy) = match error {
        OpenError::NotDurable { .. } => (
            "database-not-durable",
            "set fsync and synchronous_commit on, for the server and for this database and user",
        ),
        OpenError::Older { .. } => ("database-schema", "migrate before the application starts"),
        OpenError::Unavailable(_) => (
            "database",
            "see that PostgreSQL runs, that the address and the user are right, and that it has connections left",
        ),
        _ => ("database", "mend the connection string in `doctor.database`"),
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
        Err(error) => findings.push(gone("of `doctor`", &error)),
    }
    if let Some(path) = keys {
        findings.extend(ring(store, path).await);
    }
    findings
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
                "put the key file back: without it no row can be opened",
            )];
        }
    };
    let used = match store.key_use().await {
        Ok(used) => used,
        Err(error) => return vec![gone("of `doctor`", &error)],
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
