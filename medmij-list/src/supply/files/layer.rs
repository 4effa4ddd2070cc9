// SPDX-License-Identifier: AGPL-3.0-or-later
//! The file operations that [`FileKeep`](super::FileKeep) needs, so that a test can let each of them fail (R4).

use std::{
    fs::{self, File, OpenOptions, TryLockError},
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
    /// As the system says.
    fn create(&self, path: &Path) -> io::Result<Box<dyn LayerFile>>;

    /// Lets a file take the place of another, at once.
    ///
    /// # Errors
    ///
    /// As the system says.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Makes sure that the names in the folder survive a loss of power.
    ///
    /// # Errors
    ///
    /// As the system says.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;

    /// Adds a line to the end of a file, and makes sure that it survives a loss of power. If the file does not end with
    /// a line feed, because a crash left a line unfinished, one is added before.
    ///
    /// # Errors
    ///
    /// As the system says.
    fn append(&self, path: &Path, line: &[u8]) -> io::Result<()>;

    /// Reads a whole file.
    ///
    /// # Errors
    ///
    /// As the system says.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// Removes a file.
    ///
    /// # Errors
    ///
    /// As the system says.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// The names in a folder that are UTF-8.
    ///
    /// # Errors
    ///
    /// As the system says.
    fn names(&self, folder: &Path) -> io::Result<Vec<String>>;

    /// Makes a folder and those above it, where they are not there.
    ///
    /// # Errors
    ///
    /// As the system says.
    fn create_folder(&self, folder: &Path) -> io::Result<()>;

    /// Waits for an exclusive lock, and not for ever; it ends when the value is dropped, or the process ends.
    ///
    /// # Errors
    ///
    /// As the system says; [`io::ErrorKind::TimedOut`] where another process does not let go.
    fn lock(&self, path: &Path) -> io::Result<Box<dyn Send>>;
}

/// A file that is being written.
pub trait LayerFile: Send {
    /// Writes all of it.
    ///
    /// # Errors
    ///
    /// As the system says.
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Makes sure that what was written survives a loss of power.
    ///
    /// # Errors
    ///
    /// As the system says.
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
        Ok(Box::new(File::create(path)?))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        // Elsewhere than on Unix a folder cannot be opened; renaming is durable there, or nothing can be done.
        if cfg!(unix) {
            File::open(folder)?.sync_all()
        } else {
            Ok(())
        }
    }

    fn append(&self, path: &Path, line: &[u8]) -> io::Result<()> {
        let mut file = OpenOptions::new().create(true).read(true).append(true).open(path)?;
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
        fs::read(path)
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
        fs::create_dir_all(folder)
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Send>> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
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
                        "another process does not let go of the lock",
                    ));
                }
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }
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
