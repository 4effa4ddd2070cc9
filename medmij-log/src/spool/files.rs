// SPDX-License-Identifier: AGPL-3.0-or-later
//! The files of a spool: their names, and moving them so that a crash loses nothing.

use std::{
    fs,
    io::{self, BufRead as _, Read as _},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use super::SpoolError;
use crate::ReadLine;

/// Options of a file that only its owner reads.
fn options() -> fs::OpenOptions {
    let mut options = fs::OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options
}

/// Opens or makes a file that only its owner reads: permissions of others are taken away, a symbolic link is not followed.
pub(super) fn own(path: &Path) -> io::Result<fs::File> {
    if fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink()) {
        return Err(io::Error::other("it is a symbolic link"));
    }
    let file = options().create(true).truncate(false).open(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        if file.metadata()?.permissions().mode() & 0o077 != 0 {
            file.set_permissions(fs::Permissions::from_mode(0o600))?;
        }
    }
    Ok(file)
}

pub(super) fn length(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

/// Lines and bytes of a file.
pub(super) fn counted(path: &Path) -> Result<(u64, u64), SpoolError> {
    let Ok(file) = fs::File::open(path) else {
        return Ok((0, 0));
    };
    let (mut lines, mut bytes) = (0_u64, 0_u64);
    let mut reader = io::BufReader::new(file);
    loop {
        let part = reader.fill_buf().map_err(at(path, "read"))?;
        let read = part.len();
        if read == 0 {
            return Ok((lines, bytes));
        }
        lines = lines.saturating_add(length(part.iter().filter(|byte| **byte == b'\n').count()));
        bytes = bytes.saturating_add(length(read));
        reader.consume(read);
    }
}

pub(super) fn older(now: SystemTime, then: Option<SystemTime>, limit: Duration) -> bool {
    then.and_then(|then| now.duration_since(then).ok())
        .is_some_and(|age| age > limit)
}

/// The moment of the first line of a file, which is its oldest: lines are appended as they happen.
pub(super) fn oldest_line(path: &Path) -> Option<SystemTime> {
    let file = fs::File::open(path).ok()?;
    let mut line = String::new();
    // a line is far shorter
    io::BufReader::new(file.take(65_536)).read_line(&mut line).ok()?;
    Some(ReadLine::parse(&line).ok()?.at()?.into())
}

pub(super) fn name(folder: &Path, number: u64, extension: &str) -> PathBuf {
    folder.join(format!("{number:016}.{extension}"))
}

pub(super) fn number_of(path: &Path) -> Option<u64> {
    path.file_name()?.to_str()?.split('.').next()?.parse().ok()
}

/// The files of a folder whose name begins with a number: number, what follows it, path; the lowest number first.
pub(super) fn numbered(folder: &Path) -> Result<Vec<(u64, String, PathBuf)>, SpoolError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(at(folder, "list"))? {
        let path = entry.map_err(at(folder, "list"))?.path();
        let Some(number) = number_of(&path) else { continue };
        let text = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        if let Some((_, rest)) = text.split_once('.') {
            found.push((number, rest.to_owned(), path));
        }
    }
    found.sort();
    Ok(found)
}

pub(super) fn close(folder: &Path, number: u64, path: &Path) -> Result<(), SpoolError> {
    rename(path, &name(folder, number, "batch"))
}

pub(super) fn rename(from: &Path, to: &Path) -> Result<(), SpoolError> {
    fs::rename(from, to).map_err(at(from, "rename"))?;
    to.parent().map_or(Ok(()), sync_folder)
}

/// A rename is durable when its folder is; other systems than unix have no such call and need none.
pub(super) fn sync_folder(folder: &Path) -> Result<(), SpoolError> {
    #[cfg(unix)]
    fs::File::open(folder)
        .and_then(|file| file.sync_all())
        .map_err(at(folder, "sync"))?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

/// Log lines are for the deelnemer alone.
pub(super) fn private_folder(folder: &Path) -> Result<(), SpoolError> {
    fs::create_dir_all(folder).map_err(at(folder, "create"))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).map_err(at(folder, "set permissions"))?;
    }
    Ok(())
}

pub(super) fn lock(folder: &Path) -> Result<fs::File, SpoolError> {
    let path = folder.join("lock");
    let file = own(&path).map_err(at(&path, "open"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(SpoolError::InUse(folder.to_owned())),
        Err(fs::TryLockError::Error(source)) => Err(SpoolError::Io {
            path,
            what: "lock",
            source,
        }),
    }
}

pub(super) fn at(path: &Path, what: &'static str) -> impl FnOnce(io::Error) -> SpoolError {
    let path = path.to_owned();
    move |source| SpoolError::Io { path, what, source }
}
