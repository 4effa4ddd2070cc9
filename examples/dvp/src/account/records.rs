// SPDX-License-Identifier: AGPL-3.0-or-later
//! Where accounts lie: one table of sealed rows, in SQLite or PostgreSQL. The store sees kinds, keyed hashes, moments of
//! expiry and sealed bytes, and can read none of them.

mod postgres;
mod sqlite;

use medmij_dvp::person::PersonId;
use std::path::Path;

/// What a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The data key of a Persoon, wrapped by the key ring.
    Key = 1,
    /// Who has this e-mail address.
    Name = 2,
    /// An account.
    Account = 3,
    /// A session.
    Session = 4,
    /// Something that happened in an account.
    Event = 5,
    /// Attempts.
    Attempts = 6,
    /// A langdurige toestemming.
    Consent = 20,
    /// What the Persoon is to be told outside the app.
    Notice = 21,
    /// What a Persoon is collecting.
    Job = 22,
    /// A login that a Persoon is at.
    Flow = 23,
    /// What was asked where.
    Asked = 24,
    /// A code that was sent by e-mail.
    MailCode = 25,
    /// A message at news, that is on or was.
    Message = 30,
    /// A child whom a parent represents.
    Child = 31,
}

/// A row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) kind: Kind,
    /// Within the kind: a number, or a keyed hash.
    pub(crate) id: Vec<u8>,
    /// Whose it is, where it is somebody's.
    pub(crate) person: Option<PersonId>,
    /// Goes up by one at each change.
    pub(crate) version: i64,
    /// After this second it is gone.
    pub(crate) expires: i64,
    pub(crate) sealed: Vec<u8>,
}

/// A row that does not expire.
pub(crate) const NEVER: i64 = i64::MAX;

/// The table.
pub(crate) enum Records {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Postgres),
}

/// The table does not answer.
#[derive(Debug, thiserror::Error)]
#[error("store of the accounts does not answer")]
pub struct RecordsError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl RecordsError {
    fn new(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(source.into())
    }
}

macro_rules! either {
    ($($(#[$doc:meta])* $name:ident($($arg:ident: $kind:ty),*) -> $answer:ty;)*) => {
        impl Records {$(
            $(#[$doc])*
            pub(crate) async fn $name(&self $(, $arg: $kind)*) -> Result<$answer, RecordsError> {
                match self {
                    Self::Sqlite(store) => store.$name($($arg),*).await,
                    Self::Postgres(store) => store.$name($($arg),*).await,
                }
            }
        )*}
    };
}

impl Records {
    /// The database, where there is one; else the file.
    pub(crate) async fn open(path: &Path, database_url: Option<&str>) -> Result<Self, RecordsError> {
        Ok(match database_url {
            Some(url) => Self::Postgres(postgres::Postgres::open(url).await?),
            None => Self::Sqlite(sqlite::Sqlite::open(path)?),
        })
    }
}

either! {
    /// A row, where it is there.
    find(kind: Kind, id: &[u8]) -> Option<Row>;
    /// Adds a row where there is none; whether it was added.
    add(row: Row) -> bool;
    /// Other content for the row of this version, under the next version; whether it was there.
    replace(row: Row) -> bool;
    /// Removes a row; whether it was there.
    remove(kind: Kind, id: &[u8]) -> bool;
    /// All rows of a kind of one Persoon.
    of_person(kind: Kind, person: PersonId) -> Vec<Row>;
    /// At most so many rows of a kind whose ids come after one, in order.
    after(kind: Kind, id: &[u8], most: i64) -> Vec<Row>;
    /// Removes everything of a Persoon.
    remove_person(person: PersonId) -> ();
    /// Removes what has expired.
    purge(second: i64) -> ();
}

const FIND: &str = "SELECT id, person, version, expires, sealed FROM pgo_records WHERE kind = $1 AND id = $2";
const ADD: &str = "INSERT INTO pgo_records (kind, id, person, version, expires, sealed) \
                   VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (kind, id) DO NOTHING";
const REPLACE: &str = "UPDATE pgo_records SET version = version + 1, sealed = $1, expires = $2 \
                       WHERE kind = $3 AND id = $4 AND version = $5";
const REMOVE: &str = "DELETE FROM pgo_records WHERE kind = $1 AND id = $2";
const OF_PERSON: &str = "SELECT id, person, version, expires, sealed FROM pgo_records WHERE kind = $1 AND person = $2";
const AFTER: &str = "SELECT id, person, version, expires, sealed FROM pgo_records WHERE kind = $1 AND id > $2 \
                     ORDER BY id LIMIT $3";
const REMOVE_PERSON: &str = "DELETE FROM pgo_records WHERE person = $1";
const PURGE: &str = "DELETE FROM pgo_records WHERE expires <= $1";
