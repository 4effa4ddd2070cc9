// SPDX-License-Identifier: AGPL-3.0-or-later
//! Where the store is, as a word on the command line.

use std::{error::Error, path::PathBuf};

use medmij_dvp::collecting::OrderStore;
use medmij_store_postgres::{PostgresOptions, PostgresVault};
use medmij_store_sqlite::{SqliteOptions, SqliteVault};

/// A file, or a database.
pub(crate) enum Place {
    Sqlite(PathBuf),
    Postgres(String),
}

/// What is done with a store, whichever it is.
pub(crate) trait Work {
    type Output;

    async fn run<S: OrderStore + 'static>(self, store: S) -> Result<Self::Output, Box<dyn Error>>;
}

impl Place {
    pub(crate) fn parse(word: &str) -> Result<Self, Box<dyn Error>> {
        match word.split_once(':') {
            Some(("sqlite", path)) => Ok(Self::Sqlite(path.into())),
            Some(("postgres", connection)) => Ok(Self::Postgres(connection.to_owned())),
            _ => Err("a place is sqlite:… or postgres:…".into()),
        }
    }

    pub(crate) fn word(&self) -> String {
        match self {
            Self::Sqlite(path) => format!("sqlite:{}", path.display()),
            Self::Postgres(connection) => format!("postgres:{connection}"),
        }
    }

    /// Opens the store, makes it where it is not there, and works with it.
    pub(crate) fn work<W: Work>(&self, work: W) -> Result<W::Output, Box<dyn Error>> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()?;
        runtime.block_on(async {
            match self {
                Self::Sqlite(path) => work.run(SqliteVault::open(SqliteOptions::new(path))?).await,
                Self::Postgres(connection) => {
                    let options = PostgresOptions::parse(connection)?.pool_size(4);
                    PostgresVault::migrate(&options).await?;
                    work.run(PostgresVault::open(&options).await?).await
                }
            }
        })
    }
}
