// SPDX-License-Identifier: AGPL-3.0-or-later
//! The rows in a file of SQLite.

use super::{ADD, AFTER, FIND, Kind, OF_PERSON, PURGE, REMOVE, REMOVE_PERSON, REPLACE, RecordsError, Row};
use medmij_dvp::person::PersonId;
use rusqlite::{Connection, params};
use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

pub(crate) struct Sqlite(Arc<Mutex<Connection>>);

// what is deleted is overwritten; what was answered is on the disk
const SCHEMA: &str = "
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA secure_delete = ON;
CREATE TABLE IF NOT EXISTS pgo_records (
    kind INTEGER NOT NULL,
    id BLOB NOT NULL,
    person BLOB,
    version INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS pgo_records_person ON pgo_records (person, kind);
CREATE INDEX IF NOT EXISTS pgo_records_expires ON pgo_records (expires);
";

impl Sqlite {
    pub(super) fn open(path: &Path) -> Result<Self, RecordsError> {
        let mut open = std::fs::OpenOptions::new();
        open.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o600);
        open.open(path).map_err(RecordsError::new)?;
        let connection = Connection::open(path).map_err(RecordsError::new)?;
        connection
            .busy_timeout(Duration::from_secs(5))
            .map_err(RecordsError::new)?;
        connection.execute_batch(SCHEMA).map_err(RecordsError::new)?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    async fn on<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, RecordsError> {
        let connection = Arc::clone(&self.0);
        // a commit waits for the disk, which no other request has to
        let done = tokio::task::spawn_blocking(move || {
            let connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
            work(&connection)
        });
        done.await.map_err(RecordsError::new)?.map_err(RecordsError::new)
    }

    pub(super) async fn find(&self, kind: Kind, id: &[u8]) -> Result<Option<Row>, RecordsError> {
        let id = id.to_vec();
        self.on(move |connection| {
            let mut statement = connection.prepare_cached(FIND)?;
            let mut rows = statement.query(params![kind as i16, id])?;
            rows.next()?.map(|found| row(kind, found)).transpose()
        })
        .await
    }

    pub(super) async fn add(&self, row: Row) -> Result<bool, RecordsError> {
        self.on(move |connection| {
            let person = row.person.map(|person| person.number().to_be_bytes());
            let values = params![row.kind as i16, row.id, person, row.version, row.expires, row.sealed];
            Ok(connection.prepare_cached(ADD)?.execute(values)? > 0)
        })
        .await
    }

    pub(super) async fn replace(&self, row: Row) -> Result<bool, RecordsError> {
        self.on(move |connection| {
            let values = params![row.sealed, row.expires, row.kind as i16, row.id, row.version];
            Ok(connection.prepare_cached(REPLACE)?.execute(values)? > 0)
        })
        .await
    }

    pub(super) async fn remove(&self, kind: Kind, id: &[u8]) -> Result<bool, RecordsError> {
        let id = id.to_vec();
        self.on(move |connection| {
            let removed = connection.prepare_cached(REMOVE)?.execute(params![kind as i16, id])?;
            Ok(removed > 0)
        })
        .await
    }

    pub(super) async fn of_person(&self, kind: Kind, person: PersonId) -> Result<Vec<Row>, RecordsError> {
        self.on(move |connection| {
            let mut statement = connection.prepare_cached(OF_PERSON)?;
            let rows = statement.query_map(params![kind as i16, person.number().to_be_bytes()], |found| {
                row(kind, found)
            })?;
            rows.collect()
        })
        .await
    }

    pub(super) async fn after(&self, kind: Kind, id: &[u8], most: i64) -> Result<Vec<Row>, RecordsError> {
        let id = id.to_vec();
        self.on(move |connection| {
            let mut statement = connection.prepare_cached(AFTER)?;
            let rows = statement.query_map(params![kind as i16, id, most], |found| row(kind, found))?;
            rows.collect()
        })
        .await
    }

    pub(super) async fn remove_person(&self, person: PersonId) -> Result<(), RecordsError> {
        self.on(move |connection| {
            connection.execute(REMOVE_PERSON, params![person.number().to_be_bytes()])?;
            // a key that was destroyed does not stay in the write-ahead log
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        })
        .await
    }

    pub(super) async fn purge(&self, second: i64) -> Result<(), RecordsError> {
        self.on(move |connection| connection.execute(PURGE, params![second]).map(|_| ()))
            .await
    }
}

fn row(kind: Kind, found: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    let person: Option<[u8; 16]> = found.get(1)?;
    Ok(Row {
        kind,
        id: found.get(0)?,
        person: person.map(|number| PersonId::new(u128::from_be_bytes(number))),
        version: found.get(2)?,
        expires: found.get(3)?,
        sealed: found.get(4)?,
    })
}
