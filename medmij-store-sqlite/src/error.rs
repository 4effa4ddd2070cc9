// SPDX-License-Identifier: AGPL-3.0-or-later
//! What SQLite says, in words of the store.

use std::{path::PathBuf, sync::Arc};

use medmij_oauth::storage::StoreError;
use rusqlite::ErrorCode;

/// Why a file cannot be opened as a store, or a copy of it be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The file cannot be made, opened or read.
    #[error("store {path} cannot be opened")]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The file cannot be made.
    #[error("store {path} cannot be made")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The file is a database, but not a store.
    #[error("{path} is a database of another program")]
    NotAStore {
        /// The file.
        path: PathBuf,
    },
    /// The file was written by a later version of this crate.
    #[error("store {path} has schema version {found}, this program knows up to {known}")]
    Newer {
        /// The file.
        path: PathBuf,
        /// The version in the file.
        found: u32,
        /// The last version that this program knows.
        known: u32,
    },
    /// The file system does not let SQLite keep a write-ahead log (a network file system, or memory).
    #[error("store {path} cannot keep a write-ahead log, only {mode:?}")]
    NoWal {
        /// The file.
        path: PathBuf,
        /// The journal that SQLite chose instead.
        mode: String,
    },
    /// No thread can be started.
    #[error("a thread of the store cannot be started")]
    Thread(#[source] std::io::Error),
    /// A copy would replace a file.
    #[error("{0} is there already")]
    Exists(PathBuf),
    /// A copy cannot be written.
    #[error("copy {path} cannot be written")]
    Copy {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The store that is copied cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why one operation failed. It can be told to every operation of a batch, so it is shared.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    Sqlite(Arc<rusqlite::Error>),
    Broken(&'static str),
    Full,
    Overloaded,
    Stopped,
    /// Another operation of the same transaction took it down.
    Abandoned,
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        match error {
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::IntegralValueOutOfRange(..) => Self::Broken("column of another type"),
            other => Self::Sqlite(Arc::new(other)),
        }
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Full => Self::Full,
            Failure::Broken(what) => Self::Broken(what),
            Failure::Overloaded => Self::Unavailable("too many operations wait".into()),
            Failure::Stopped => Self::Unavailable("the store is closed".into()),
            Failure::Abandoned => Self::Unavailable("the transaction was rolled back".into()),
            Failure::Sqlite(error) => match error.sqlite_error_code() {
                Some(ErrorCode::DiskFull) => Self::Full,
                Some(ErrorCode::DatabaseCorrupt) => Self::Broken("the file is damaged"),
                Some(ErrorCode::NotADatabase) => Self::Broken("the file is no database"),
                _ => Self::Unavailable(Box::new(error)),
            },
        }
    }
}

pub(crate) fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}
