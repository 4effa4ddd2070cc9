// SPDX-License-Identifier: AGPL-3.0-or-later
//! What PostgreSQL and the pool say, in words of the store.

use std::time::Duration;

use deadpool_postgres::{HookError, PoolError};
use medmij_oauth::storage::StoreError;
use tokio_postgres::error::SqlState;

/// Why a database cannot be used as a store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The connection string cannot be read.
    #[error("connection string of PostgreSQL cannot be read")]
    Config(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The connection would go over a network without TLS.
    #[error("PostgreSQL host {host} is neither a socket file nor this machine, and no TLS is configured")]
    PlainNetwork {
        /// The host.
        host: String,
    },
    /// The roots or the client certificate cannot be used.
    #[error("TLS to PostgreSQL cannot be configured: {0}")]
    Tls(String),
    /// The database cannot be reached, or refuses.
    #[error("PostgreSQL cannot be reached")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The schema is older than this program; run [`migrate`](crate::PostgresStore::migrate).
    #[error("schema of the database has version {found}, this program needs {needed}: migrate first")]
    Older {
        /// The version in the database; 0 where there is none.
        found: u32,
        /// The version that this program needs.
        needed: u32,
    },
    /// A step of the migration failed; none of it stayed.
    #[error("migration to version {version} failed")]
    Migration {
        /// The version that was not reached.
        version: u32,
        /// What PostgreSQL says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A pooler in between does not keep what a session is told, or gives its sessions away.
    #[error("a pooler in front of PostgreSQL cannot be used: {reason}")]
    Pooler {
        /// What is wrong.
        reason: String,
    },
    /// The server does not make commits durable.
    #[error("PostgreSQL runs with {setting} = off: what it commits can be lost")]
    NotDurable {
        /// The setting.
        setting: &'static str,
    },
}

impl From<Failure> for OpenError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Pool(PoolError::PostCreateHook(HookError::Message(reason))) => Self::Pooler {
                reason: reason.into_owned(),
            },
            other => Self::Unavailable(Box::new(StoreError::from(other))),
        }
    }
}

/// Why one operation failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("PostgreSQL refused")]
    Postgres(#[from] tokio_postgres::Error),
    #[error("no connection to PostgreSQL")]
    Pool(#[from] PoolError),
    #[error("PostgreSQL did not answer within {} ms", .0.as_millis())]
    Deadline(Duration),
    #[error("broken row: {0}")]
    Broken(&'static str),
}

impl Failure {
    /// Whether a code, token or id exists already.
    pub(crate) fn is_collision(&self) -> bool {
        self.state() == Some(&SqlState::UNIQUE_VIOLATION)
    }

    /// Whether the connection should not be used again: a plan made before a migration, or the connection is lost.
    pub(crate) fn spoils_connection(&self) -> bool {
        !matches!(self, Self::Broken(_))
            && self
                .state()
                .is_none_or(|state| *state == SqlState::FEATURE_NOT_SUPPORTED)
    }

    pub(crate) fn state(&self) -> Option<&SqlState> {
        match self {
            Self::Postgres(error) | Self::Pool(PoolError::Backend(error)) => error.code(),
            _ => None,
        }
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure.state() {
            Some(state) if *state == SqlState::DISK_FULL => return Self::Full,
            Some(state) if *state == SqlState::DATA_CORRUPTED || *state == SqlState::INDEX_CORRUPTED => {
                return Self::Broken("the database is damaged");
            }
            _ => {}
        }
        match failure {
            Failure::Broken(what) => Self::Broken(what),
            other => Self::Unavailable(Box::new(other)),
        }
    }
}
