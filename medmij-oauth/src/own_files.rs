// SPDX-License-Identifier: AGPL-3.0-or-later
//! Files of the owner alone: what others put at a path is not used, and what they may read or write is taken from them.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io,
    path::Path,
};

/// Refuses a symbolic link at a path. Nothing there is nothing wrong.
///
/// # Errors
///
/// [`io::Error`], which says so.
pub fn no_link(path: &Path) -> io::Result<()> {
    found(path).map(|_| ())
}

/// Looks at a file that is ours before it is used: a symbolic link is an error, permissions of others are taken away. Where
/// that is not possible, what others cannot write can still be used. Nothing there is nothing wrong.
///
/// # Errors
///
/// [`io::Error`], which says so.
pub fn guard(path: &Path) -> io::Result<()> {
    found(path)?.map_or(Ok(()), |found| tighten(path, &found, 0o077))
}

/// A folder: made for its owner alone where it is not there. One that others can write is taken from them, where it is not one
/// that is meant to be shared (`/tmp`); a symbolic link is an error.
///
/// # Errors
///
/// [`io::Error`] where it is none, or cannot be made or used.
pub fn folder(path: &Path) -> io::Result<()> {
    if let Some(found) = found(path)? {
        tighten(path, &found, 0o022)?;
    }
    let mut make = DirBuilder::new();
    make.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut make, 0o700);
    make.create(path)
}

fn found(path: &Path) -> io::Result<Option<fs::Metadata>> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_symlink() => Err(io::Error::other("it is a symbolic link")),
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// A new file in place of what was there: an earlier one that was not finished, or a link of another, which is not followed.
///
/// # Errors
///
/// [`io::Error`] where it cannot be made.
pub fn fresh(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut open = OpenOptions::new();
    open.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o600);
    open.open(path)
}

/// Takes all permissions of others away where they have one of these.
#[cfg(unix)]
fn tighten(path: &Path, found: &fs::Metadata, any: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    const STICKY: u32 = 0o1000;
    let mode = found.permissions().mode();
    if mode & any == 0 || (found.is_dir() && mode & STICKY != 0) {
        return Ok(());
    }
    match fs::set_permissions(path, fs::Permissions::from_mode(mode & 0o700)) {
        Err(error) if mode & 0o022 != 0 => Err(io::Error::new(
            error.kind(),
            "others can write it, and their permission cannot be taken away",
        )),
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
fn tighten(_: &Path, _: &fs::Metadata, _: u32) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::{io::Write as _, os::unix::fs::PermissionsExt as _};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn permissions_of_others_are_taken_away_and_links_are_refused() {
        let place = tempfile::tempdir().unwrap();
        let (file, link, made) = (
            place.path().join("file"),
            place.path().join("link"),
            place.path().join("a/b"),
        );
        guard(&file).unwrap();
        fs::write(&file, "x").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o664)).unwrap();
        guard(&file).unwrap();
        assert_eq!(mode(&file), 0o600);
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert_eq!(guard(&link).unwrap_err().to_string(), "it is a symbolic link");
        assert!(folder(&link).is_err() && folder(&file).is_err());
        folder(&made).unwrap();
        assert_eq!(mode(&made), 0o700);
        // who may read a folder may be meant to; who may write it is not
        for (before, after) in [(0o755, 0o755), (0o775, 0o700), (0o777, 0o700), (0o1777, 0o777)] {
            fs::set_permissions(&made, fs::Permissions::from_mode(before)).unwrap();
            folder(&made).unwrap();
            assert_eq!(mode(&made), after, "{before:o}");
        }
    }

    #[test]
    fn a_new_file_takes_the_place_of_a_link_and_its_target_stays() {
        let place = tempfile::tempdir().unwrap();
        let (target, aside) = (place.path().join("target"), place.path().join("aside"));
        fs::write(&target, "van een ander").unwrap();
        std::os::unix::fs::symlink(&target, &aside).unwrap();
        fresh(&aside).unwrap().write_all(b"van ons").unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "van een ander");
        assert_eq!(
            (fs::read_to_string(&aside).unwrap().as_str(), mode(&aside)),
            ("van ons", 0o600)
        );
        fresh(&aside).unwrap();
        assert_eq!(
            fs::read_to_string(&aside).unwrap(),
            "",
            "an earlier one that was not finished is gone"
        );
    }
}
