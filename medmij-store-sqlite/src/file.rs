// SPDX-License-Identifier: AGPL-3.0-or-later
//! Connections to the file, and the version of its schema.

use std::{
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use medmij_oauth::{own_files, storage::StoreError};
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::{
    OpenError, SqliteOptions,
    error::{Failure, is_busy},
};

/// What a file holds.
pub(crate) struct Schema {
    /// So that no other database is taken for one of these.
    pub(crate) application_id: u32,
    /// Each step brings the schema one version further; a step that was released is never changed.
    pub(crate) migrations: &'static [&'static str],
    /// What a step needs that SQL cannot do, after it and in its transaction.
    pub(crate) after: Option<(u32, Step)>,
}

/// What the program does in a step of the schema.
pub(crate) type Step = fn(&Connection) -> Result<(), Failure>;

/// The connection of the writer: it makes the file where it is not there, and brings its schema up to date.
pub(crate) fn open_writer(options: &SqliteOptions, schema: &Schema) -> Result<Connection, OpenError> {
    each_part(&options.path, own_files::no_link)?;
    make_file(&options.path)?;
    let in_path = |source: rusqlite::Error| sqlite(&options.path, source);
    let mut connection = connect(options).map_err(in_path)?;
    let mode = patiently(options.busy, || {
        connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0))
    })
    .map_err(in_path)?;
    if mode != "wal" {
        return Err(OpenError::NoWal {
            path: options.path.clone(),
            mode,
        });
    }
    connection
        .execute_batch(
            "PRAGMA synchronous = FULL;
             PRAGMA secure_delete = ON;
             PRAGMA wal_autocheckpoint = 4000;
             PRAGMA journal_size_limit = 67108864;
             PRAGMA cache_size = -16384;
             PRAGMA temp_store = MEMORY;",
        )
        .map_err(in_path)?;
    migrate(&mut connection, options, schema)?;
    // now that it is known to be ours: one that was there with other permissions, too
    each_part(&options.path, own_files::guard)?;
    Ok(connection)
}

/// A connection of a reader.
pub(crate) fn open_reader(options: &SqliteOptions) -> Result<Connection, OpenError> {
    let in_path = |source: rusqlite::Error| sqlite(&options.path, source);
    let connection = connect(options).map_err(in_path)?;
    connection
        .execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -8192;")
        .map_err(in_path)?;
    Ok(connection)
}

/// A connection to a file that is there; it waits for others as long as it was told.
pub(crate) fn connect(options: &SqliteOptions) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(&options.path, flags)?;
    connection.set_prepared_statement_cache_capacity(64);
    let (limit, mut since) = (options.busy, Instant::now());
    connection.busy_handler(Some(move |tries| {
        if tries == 0 {
            since = Instant::now();
        }
        let again = since.elapsed() < limit;
        if again {
            thread::sleep(POLL);
        }
        again
    }))?;
    Ok(connection)
}

/// Changing the journal does not ask the busy handler.
fn patiently<T>(
    limit: Duration,
    mut attempt: impl FnMut() -> Result<T, rusqlite::Error>,
) -> Result<T, rusqlite::Error> {
    let since = Instant::now();
    loop {
        match attempt() {
            Err(error) if is_busy(&error) && since.elapsed() < limit => thread::sleep(POLL),
            done => return done,
        }
    }
}

/// What a store is made of: the file, and what SQLite puts beside it.
fn each_part(path: &Path, look: fn(&Path) -> std::io::Result<()>) -> Result<(), OpenError> {
    ["", "-wal", "-shm"].iter().try_for_each(|part| {
        let mut name = path.as_os_str().to_owned();
        name.push(part);
        let path = PathBuf::from(name);
        look(&path).map_err(|source| OpenError::Io { path, source })
    })
}

/// Health data: nobody but the owner reads the file. SQLite gives its log the same mode.
fn make_file(path: &Path) -> Result<(), OpenError> {
    let mut open = std::fs::OpenOptions::new();
    open.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o600);
    match open.open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(OpenError::Io {
            path: path.to_owned(),
            source: error,
        }),
        _ => Ok(()),
    }
}

/// Every step that the file lacks, in one transaction; of several processes one does it.
fn migrate(connection: &mut Connection, options: &SqliteOptions, schema: &Schema) -> Result<(), OpenError> {
    let (path, application_id) = (&options.path, schema.application_id);
    let in_path = |source: rusqlite::Error| sqlite(path, source);
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(in_path)?;
    let number = |pragma: &str| {
        transaction
            .query_row(pragma, [], |row| row.get::<_, u32>(0))
            .map_err(in_path)
    };
    let (application, found) = (number("PRAGMA application_id")?, number("PRAGMA user_version")?);
    let tables = number("SELECT count(*) FROM sqlite_schema")?;
    if application != application_id && (application != 0 || found != 0 || tables != 0) {
        return Err(OpenError::NotAStore { path: path.clone() });
    }
    let known = u32::try_from(schema.migrations.len()).unwrap_or(u32::MAX);
    if found > known {
        return Err(OpenError::Newer {
            path: path.clone(),
            found,
            known,
        });
    }
    for (version, sql) in (1..).zip(schema.migrations).skip(found as usize) {
        transaction.execute_batch(sql).map_err(in_path)?;
        if let Some((_, more)) = schema.after.filter(|(step, _)| *step == version) {
            more(&transaction).map_err(|failure| OpenError::Sqlite {
                path: path.clone(),
                source: Box::new(StoreError::from(failure)),
            })?;
        }
        transaction
            .execute_batch(&format!(
                "PRAGMA application_id = {application_id}; PRAGMA user_version = {version};"
            ))
            .map_err(in_path)?;
        tracing::info!(version, "schema of the store brought up to date");
    }
    transaction.commit().map_err(in_path)
}

fn sqlite(path: &Path, source: rusqlite::Error) -> OpenError {
    if source.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase) {
        return OpenError::NotAStore { path: path.to_owned() };
    }
    OpenError::Sqlite {
        path: path.to_owned(),
        source: Box::new(source),
    }
}

/// Short, so that two busy processes get their turns.
const POLL: Duration = Duration::from_micros(500);
