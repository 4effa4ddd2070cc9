// SPDX-License-Identifier: AGPL-3.0-or-later
//! A private PostgreSQL for tests: made in a temporary folder, reached through a socket file only, stopped and removed at the
//! end, also where the test is killed.
//!
//! ```
//! use medmij_test::postgres::TestPostgres;
//!
//! let Some(postgres) = TestPostgres::start_or_skip() else { return Ok(()) };
//! let connection = postgres.create_database()?;
//! assert!(connection.starts_with("host="));
//! # Ok::<(), medmij_test::postgres::PostgresError>(())
//! ```
//!
//! The programs are looked for in the folder that `MEDMIJ_POSTGRES_BIN` names, then in `/usr/lib/postgresql/*/bin`, newest
//! first. PostgreSQL refuses to run as root; the server then runs as the user `postgres`. Where no PostgreSQL is found,
//! [`TestPostgres::start_or_skip`] says so and answers nothing, and fails where `CI` is set.

mod pooler;
mod programs;
mod server;

use std::{io, path::PathBuf, sync::OnceLock};

pub use self::{
    pooler::TestPooler,
    server::{Stop, TestPostgres},
};

/// Why there is no PostgreSQL to test with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PostgresError {
    /// No folder holds the programs.
    #[error("no PostgreSQL found: set MEDMIJ_POSTGRES_BIN to the folder that holds initdb and postgres")]
    Absent,
    /// Running as root, and there is no user `postgres` in /etc/passwd.
    #[error("PostgreSQL does not run as root, and there is no user postgres")]
    NoUser,
    /// A program cannot be started.
    #[error("{program} cannot be run")]
    Io {
        /// The program or folder.
        program: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// A program failed.
    #[error("{program} failed: {output}")]
    Failed {
        /// The program.
        program: PathBuf,
        /// What it said.
        output: String,
    },
}

impl TestPostgres {
    /// Starts a server, or says `SKIPPED: ...` on standard error and answers nothing where no PostgreSQL is found.
    ///
    /// # Panics
    ///
    /// Where a server is found and does not start, and where none is found while `CI` is set: a check must not be lost
    /// unseen.
    #[must_use]
    #[allow(clippy::panic, reason = "this is the voice of a test")]
    pub fn start_or_skip() -> Option<Self> {
        match Self::start() {
            Ok(server) => Some(server),
            Err(absent @ (PostgresError::Absent | PostgresError::NoUser)) => {
                crate::skip(&absent.to_string());
                None
            }
            Err(error) => panic!("{error}: {:?}", std::error::Error::source(&error)),
        }
    }

    /// The server that all tests of this program share, each with a database of its own; or nothing, as
    /// [`start_or_skip`](Self::start_or_skip). It ends with the program.
    ///
    /// # Panics
    ///
    /// As [`start_or_skip`](Self::start_or_skip).
    pub fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<TestPostgres>> = OnceLock::new();
        SHARED.get_or_init(Self::start_or_skip).as_ref()
    }
}
