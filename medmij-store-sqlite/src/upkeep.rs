// SPDX-License-Identifier: AGPL-3.0-or-later
//! Copies of the file, and for tests a clock that is moved.

use std::{
    fs, io,
    path::{Path, PathBuf},
    thread,
};

use rusqlite::params;
use tokio::sync::oneshot;

use crate::{OpenError, SqliteOptions, error::Failure, file, writer::Tx};

pub(crate) fn shift(tx: &Tx<'_>, by: i64) -> Result<(), Failure> {
    tx.execute(
        "UPDATE clock SET ahead = ahead + ?1, floor = floor + ?1, shift = shift + ?1",
        params![by],
    )?;
    Ok(())
}

/// As [`backup`], in a thread of its own.
pub(crate) async fn copy(options: &SqliteOptions, to: &Path) -> Result<(), OpenError> {
    let (options, to) = (options.clone(), to.to_owned());
    let (send, copied) = oneshot::channel();
    thread::Builder::new()
        .name("medmij-store-copy".into())
        .spawn(move || drop(send.send(backup(&options, &to))))
        .map_err(OpenError::Thread)?;
    copied.await.map_err(|_| OpenError::Store(Failure::Stopped.into()))?
}

/// Writes a copy beside its name, and gives it its name when all of it is on the disk.
fn backup(options: &SqliteOptions, to: &Path) -> Result<(), OpenError> {
    let io = |source: io::Error| OpenError::Copy {
        path: to.to_owned(),
        source,
    };
    if to.try_exists().map_err(io)? {
        return Err(OpenError::Exists(to.to_owned()));
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
        .map_err(|error| OpenError::Store(Failure::from(error).into()))?;
    fs::File::open(&part).and_then(|file| file.sync_all()).map_err(io)?;
    fs::rename(&part, to).map_err(io)?;
    let folder = match to.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(io)
}
