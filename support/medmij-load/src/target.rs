// SPDX-License-Identifier: AGPL-3.0-or-later
//! The stores that can be driven, by one text: `memory`, `sqlite:PATH` or `postgres:CONNECTION`.

use std::{fmt, path::PathBuf, str::FromStr, sync::Arc};

use medmij_dvza::store::{MemoryLimits, MemoryRows, MemoryStore, Store};
use medmij_store_postgres::{PostgresOptions, PostgresStore};
use medmij_store_sqlite::{SqliteOptions, SqliteStore};

use crate::work::Failure;

/// Which store.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    Memory,
    Sqlite(PathBuf),
    Postgres(String),
}

/// Something that is done with a store, whichever it is.
pub(crate) trait Work {
    type Output;

    async fn on<S: Counted>(self, store: Arc<S>) -> Result<Self::Output, Failure>;
}

/// A store that may tell how many rows it holds.
pub(crate) trait Counted: Store {
    fn counted(&self) -> Option<MemoryRows> {
        None
    }
}

impl Counted for MemoryStore {
    fn counted(&self) -> Option<MemoryRows> {
        Some(self.rows())
    }
}

impl Counted for SqliteStore {}

impl Counted for PostgresStore {}

impl Target {
    /// Opens the store and does the work on it.
    pub(crate) async fn open<W: Work>(&self, work: W) -> Result<W::Output, Failure> {
        match self {
            Self::Memory => {
                let mut limits = MemoryLimits::default();
                limits.flows = 1_000_000;
                limits.rows = 100_000_000;
                limits.audit = 10_000;
                work.on(Arc::new(MemoryStore::new(limits))).await
            }
            Self::Sqlite(path) => {
                let options = SqliteOptions::new(path).max_flows(1_000_000);
                work.on(Arc::new(SqliteStore::open(options)?)).await
            }
            Self::Postgres(connection) => {
                let options = PostgresOptions::parse(connection)?.max_flows(1_000_000);
                PostgresStore::migrate(&options).await?;
                work.on(Arc::new(PostgresStore::open(&options).await?)).await
            }
        }
    }

    /// Whether other processes can open the same.
    pub(crate) fn is_shared(&self) -> bool {
        !matches!(self, Self::Memory)
    }
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            None if text == "memory" => Ok(Self::Memory),
            Some(("sqlite", path)) => Ok(Self::Sqlite(path.into())),
            Some(("postgres", connection)) => Ok(Self::Postgres(connection.to_owned())),
            _ => Err("neither memory, sqlite:PATH nor postgres:CONNECTION".to_owned()),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory"),
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(connection) => write!(f, "postgres:{connection}"),
        }
    }
}
