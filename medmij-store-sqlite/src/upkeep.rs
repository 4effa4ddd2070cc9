// SPDX-License-Identifier: AGPL-3.0-or-later
//! Purging in bounded batches, and copies of the file.

use std::{
    fs, io,
    path::{Path, PathBuf},
    thread,
};

use medmij_dvza::store::AuditEntry;
use rusqlite::params;
use tokio::sync::oneshot;

use crate::{SqliteOptions, error::Failure, file, reader::View, row, writer::Tx};

/// Why a copy cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// The copy would replace a file.
    #[error("{0} is there already")]
    Exists(PathBuf),
    /// The copy cannot be written.
    #[error("copy {path} cannot be written")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// No thread can be started.
    #[error("a thread of the store cannot be started")]
    Thread(#[source] io::Error),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] medmij_oauth::storage::StoreError),
}

/// Removes at most `batch` rows: flows and access tokens that expired, grants that lapsed.
pub(crate) fn purge(tx: &Tx<'_>, batch: i64) -> Result<usize, Failure> {
    let mut gone = 0;
    if tx.jumped {
        return Ok(gone);
    }
    for (sql, by) in [
        (
            "DELETE FROM flows WHERE seq IN (SELECT seq FROM flows WHERE expires <= ?1 ORDER BY expires LIMIT ?2)",
            tx.now,
        ),
        (
            "DELETE FROM access WHERE seq IN (SELECT seq FROM access WHERE expires <= ?1 ORDER BY expires LIMIT ?2)",
            tx.now,
        ),
        (
            "DELETE FROM grants WHERE seq IN (SELECT seq FROM grants WHERE purge_at <= ?1 ORDER BY purge_at LIMIT ?2)",
            tx.floor,
        ),
    ] {
        let left = batch - i64::try_from(gone).unwrap_or(i64::MAX);
        if left > 0 {
            gone += tx.execute(sql, [by, left])?;
        }
    }
    Ok(gone)
}

pub(crate) fn purge_audit(tx: &Tx<'_>, older_than: i64, batch: i64) -> Result<usize, Failure> {
    if tx.jumped {
        return Ok(0);
    }
    tx.execute(
        "DELETE FROM audit WHERE seq IN (SELECT seq FROM audit WHERE kept_from < ?1 ORDER BY kept_from LIMIT ?2)",
        [tx.floor - older_than, batch],
    )
}

/// The floor becomes the wall clock.
pub(crate) fn accept_clock(tx: &Tx<'_>) -> Result<(), Failure> {
    tx.execute("UPDATE clock SET floor = ?1 + shift, epoch = epoch + 1", [tx.wall])?;
    Ok(())
}

pub(crate) fn audit(view: &View<'_>) -> Result<Vec<AuditEntry>, Failure> {
    let sql = "SELECT kind, persoon, aanbieder, client_id, scope, grant_id, texts FROM audit ORDER BY seq";
    let mut statement = view.connection.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.push(row::audit(row)?);
    }
    Ok(entries)
}

pub(crate) fn shift(tx: &Tx<'_>, by: i64) -> Result<(), Failure> {
    tx.execute(
        "UPDATE clock SET ahead = ahead + ?1, floor = floor + ?1, shift = shift + ?1",
        params![by],
    )?;
    Ok(())
}

/// As [`backup`], in a thread of its own.
pub(crate) async fn copy(options: &SqliteOptions, to: &Path) -> Result<(), BackupError> {
    let (options, to) = (options.clone(), to.to_owned());
    let (send, copied) = oneshot::channel();
    thread::Builder::new()
        .name("medmij-store-copy".into())
        .spawn(move || drop(send.send(backup(&options, &to))))
        .map_err(BackupError::Thread)?;
    copied.await.map_err(|_| BackupError::Store(Failure::Stopped.into()))?
}

/// Writes a copy beside its name, and gives it its name when all of it is on the disk.
fn backup(options: &SqliteOptions, to: &Path) -> Result<(), BackupError> {
    let io = |source: io::Error| BackupError::Io {
        path: to.to_owned(),
        source,
    };
    if to.try_exists().map_err(io)? {
        return Err(BackupError::Exists(to.to_owned()));
    }
    let mut part = to.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    match fs::remove_file(&part) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io(error)),
        _ => {}
    }
    let mut open = fs::OpenOptions::new();
    open.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o600);
    // SQLite writes into a file that is there, if it is empty
    open.open(&part).map_err(io)?;
    let name = part.to_str().ok_or_else(|| io(io::Error::other("path is not UTF-8")))?;
    file::connect(options)
        .and_then(|connection| connection.execute("VACUUM INTO ?1", [name]))
        .map_err(|error| BackupError::Store(Failure::from(error).into()))?;
    fs::File::open(&part).and_then(|file| file.sync_all()).map_err(io)?;
    fs::rename(&part, to).map_err(io)?;
    let folder = match to.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(io)
}
