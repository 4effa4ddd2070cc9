// SPDX-License-Identifier: AGPL-3.0-or-later
//! The file operations that [`FileStorage`](super::FileStorage) needs, so that a test can let each of them fail (R4).

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, SeekFrom},
    path::Path,
    thread,
    time::{Duration, Instant},
};

/// File operations. [`OsFiles`] has those of the system.
pub trait FileLayer: Send + Sync {
    /// Makes a file, or empties it, and opens it for writing.
    ///
    /// # Errors
    ///
    /// The [`io::Error`] of the operating system.
    fn create(&self, path: &Path) -> io::Result<Box<dyn LayerFile>>;

    /// Lets a file take the place of another, at once.
    ///
    /// # Errors
    ///
    /// The [`io::Error`] of the operating system.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Makes sure that the names in the folder survive a loss of power.
    ///
    /// # Errors
    ///
    /// The [`io::Error`] of the operating system.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;

    /// Adds a line to the end of a file, and makes sure that it survives a loss of power. If the file does not end with
    /// a line feed, because a crash left a line unfinished, one is added before.
    ///
    /// # Errors
    ///
    /// The [`io::Error`] of the operating system.
    fn append(&self, path: &Path, line: &[u8]) -> io::Result<()>;

    /// Reads a whole file.
    ///
    /// # Errors
    ///
    /// The [`io::Error`] of the operating system.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// Removes a file.
    ///
    /// # Errors
    ///
    /// The [`io::Error`] of the operating system.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// The names in a folder that are UTF-8.
    ///
    /// # Errors
    ///
    /// The [`io::Error`] of the operating system.
    fn names(&self, folder: &Path) -> io::Result<Vec<String>>;

    /// Makes a folder and those above it, where they are not there.
    ///
    /// # Errors
    ///
    /// The [`io::Error`] of the operating system.
    fn create_folder(&self, folder: &Path) -> io::Result<()>;

    /// Refuses a folder that is a symbolic link, and takes the permissions of others away from it. A folder that is not
    /// there is fine. The default does nothing.
    ///
    /// # Errors
    ///
    /// The [`io::Error`] of the operating system.
    fn guard_folder(&self, folder: &Path) -> io::Result<()> {
        let _ = folder;
        Ok(())
    }

    /// Waits for an exclusive lock, within bounds; it ends when the value is dropped, or the process ends.
    ///
    /// # Errors
    ///
    /// The [`io::Error`] of the operating system; [`io::ErrorKind::TimedOut`] where another process keeps the lock.
    fn lock(&self, path: &Path) -> io::Result<Box<dyn Send>>;
}

/// A file that is being written.
pub trait LayerFile: Send {
    /// Writes all of it.
    ///
    /// # Errors
    ///
    /// The [`io::Error`] of the operating system.
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Makes sure that what was written survives a loss of power.
    ///
    /// # Errors
    ///
    /// The [`io::Error`] of the operating system.
    fn sync(&mut self) -> io::Result<()>;
}

/// The files of the system.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct OsFiles {
    /// How long another process may hold the lock before an operation fails. Default 10 seconds; an operation itself
    /// takes milliseconds.
    pub lock_wait: Duration,
}

impl Default for OsFiles {
    fn default() -> Self {
        Self {
            lock_wait: Duration::from_secs(10),
        }
    }
}

impl FileLayer for OsFiles {
    fn create(&self, path: &Path) -> io::Result<Box<dyn LayerFile>> {
        let mut options = own();
        Ok(Box::new(open(options.write(true).create(true).truncate(true), path)?))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        // Elsewhere than on Unix a folder cannot be opened; renaming is durable there, or nothing can be done.
        #[cfg(unix)]
        File::open(folder)?.sync_all()?;
        #[cfg(not(unix))]
        let _ = folder;
        Ok(())
    }

    fn append(&self, path: &Path, line: &[u8]) -> io::Result<()> {
        let mut file = open(own().create(true).read(true).append(true), path)?;
        let mut whole = Vec::with_capacity(line.len() + 1);
        if file.seek(SeekFrom::End(0))? > 0 {
            file.seek(SeekFrom::End(-1))?;
            let mut last = [0];
            file.read_exact(&mut last)?;
            if last != *b"\n" {
                whole.push(b'\n');
            }
        }
        whole.extend_from_slice(line);
        io::Write::write_all(&mut file, &whole)?;
        file.sync_all()
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        open(own().read(true), path)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn names(&self, folder: &Path) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(folder)? {
            names.extend(entry?.file_name().into_string().ok());
        }
        Ok(names)
    }

    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.recursive(true).create(folder)
    }

    fn guard_folder(&self, folder: &Path) -> io::Result<()> {
        match fs::symlink_metadata(folder) {
            Ok(metadata) if metadata.is_symlink() => Err(io::Error::other("it is a symbolic link")),
            Ok(metadata) => tighten(&metadata, |permissions| fs::set_permissions(folder, permissions)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Send>> {
        let file = open(own().create(true).append(true), path)?;
        let begin = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Box::new(file)),
                Err(TryLockError::WouldBlock) if begin.elapsed() < self.lock_wait => {
                    thread::sleep(Duration::from_millis(5));
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(io::Error::new(
                        io::ErrorKind::TimedOut,
                        "another process keeps the lock",
                    ));
                }
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }
}

/// Files that are made belong to their owner alone, and a symbolic link is not followed.
#[cfg_attr(not(unix), allow(unused_mut))]
fn own() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600).custom_flags(libc::O_NOFOLLOW | libc::O_CLOEXEC);
    }
    options
}

fn open(options: &OpenOptions, path: &Path) -> io::Result<File> {
    let file = options.open(path).map_err(|error| match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_symlink() => io::Error::other("it is a symbolic link"),
        _ => error,
    })?;
    tighten(&file.metadata()?, |permissions| file.set_permissions(permissions))?;
    Ok(file)
}

/// Takes the permissions of others away. Where that is not possible, what others cannot write can still be used.
#[cfg(unix)]
fn tighten(of: &fs::Metadata, set: impl FnOnce(fs::Permissions) -> io::Result<()>) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = of.permissions().mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    match set(fs::Permissions::from_mode(mode & 0o700)) {
        Err(error) if mode & 0o022 != 0 => Err(io::Error::new(
            error.kind(),
            "others can write it, and their permission cannot be taken away",
        )),
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
fn tighten(_: &fs::Metadata, _: impl FnOnce(fs::Permissions) -> io::Result<()>) -> io::Result<()> {
    Ok(())
}

impl LayerFile for File {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        io::Write::write_all(self, bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l12_a_lock_that_another_does_not_let_go_is_an_error_and_no_wait_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let files = OsFiles {
            lock_wait: Duration::ZERO,
        };
        let held = files.lock(&path).unwrap();
        assert_eq!(files.lock(&path).err().unwrap().kind(), io::ErrorKind::TimedOut);
        drop(held);
        assert!(files.lock(&path).is_ok());
    }
}
