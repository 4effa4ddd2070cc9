// SPDX-License-Identifier: AGPL-3.0-or-later
//! How many access entries a process took in, in a file of its own: what is written to a file outlives the process, however it
//! ends. A lock on the file says that the process still runs.

use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use medmij_oauth::own_files;

/// The file of this process.
#[derive(Debug)]
pub(super) struct Tally {
    file: File,
    path: PathBuf,
}

impl Tally {
    /// Makes the file, for its owner only; it is there under its name once it is locked.
    pub(super) fn open(folder: &Path, process: &str) -> io::Result<Self> {
        own_files::folder(folder)?;
        let (path, part) = (
            folder.join(format!("{process}.{ENDING}")),
            folder.join(format!("{process}.part")),
        );
        let tally = Self {
            file: own_files::fresh(&part)?,
            path,
        };
        tally.file.try_lock()?;
        tally.set(0)?;
        tally.file.sync_all()?;
        fs::rename(&part, &tally.path)?;
        Ok(tally)
    }

    /// Writes how many there are, over what was there: one call, and no wait for the disk.
    pub(super) fn set(&self, taken: u64) -> io::Result<()> {
        let line = format!("{taken:020}\n");
        #[cfg(unix)]
        return std::os::unix::fs::FileExt::write_all_at(&self.file, line.as_bytes(), 0);
        #[cfg(not(unix))]
        {
            use std::io::{Seek as _, Write as _};
            let mut file = &self.file;
            file.rewind()?;
            file.write_all(line.as_bytes())
        }
    }

    /// The process ended in order.
    pub(super) fn remove(self) -> io::Result<()> {
        fs::remove_file(self.path)
    }

    /// The files of processes that do not run any more, each locked, so that nobody else counts it.
    pub(super) fn left(folder: &Path) -> io::Result<Vec<Left>> {
        let mut found = Vec::new();
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
            entries => entries?,
        };
        for entry in entries {
            let path = entry?.path();
            let process = path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned);
            let (Some(process), true) = (process, path.extension().is_some_and(|ending| ending == ENDING)) else {
                continue;
            };
            let mut file = match File::open(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                file => file?,
            };
            // one that runs keeps its lock; one that is gone from the folder was counted by another
            if file.try_lock().is_err() || !path.exists() {
                continue;
            }
            let mut line = String::new();
            let read = (&mut file).take(64).read_to_string(&mut line);
            let taken = read.ok().and_then(|_| line.trim_end().parse().ok());
            found.push(Left {
                process,
                taken,
                path,
                _locked: file,
            });
        }
        Ok(found)
    }
}

/// What a process left that was cut off.
#[derive(Debug)]
pub(super) struct Left {
    /// Which process.
    pub(super) process: String,
    /// How many entries it took in; `None` where the file does not say.
    pub(super) taken: Option<u64>,
    path: PathBuf,
    _locked: File,
}

impl Left {
    /// It is in the log now.
    pub(super) fn remove(self) -> io::Result<()> {
        fs::remove_file(self.path)
    }
}

const ENDING: &str = "count";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_left_once_its_process_is_gone_and_counted_by_one() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("tally");
        assert!(Tally::left(&folder).unwrap().is_empty());
        let (one, two) = (
            Tally::open(&folder, "een").unwrap(),
            Tally::open(&folder, "twee").unwrap(),
        );
        one.set(17).unwrap();
        assert!(Tally::left(&folder).unwrap().is_empty(), "both run");
        drop(one);
        let left = Tally::left(&folder).unwrap();
        assert_eq!((left[0].process.as_str(), left[0].taken), ("een", Some(17)));
        assert!(Tally::left(&folder).unwrap().is_empty(), "another counts it");
        left.into_iter().for_each(|left| left.remove().unwrap());
        two.remove().unwrap();
        fs::write(folder.join("drie.count"), "niets").unwrap();
        assert_eq!(Tally::left(&folder).unwrap()[0].taken, None);
    }

    #[cfg(unix)]
    #[test]
    fn the_file_is_for_its_owner_only_and_no_link_is_followed() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let tally = Tally::open(&folder.path().join("tally"), "een").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&tally.path), mode(tally.path.parent().unwrap())), (0o600, 0o700));
        std::os::unix::fs::symlink(folder.path().join("elders"), folder.path().join("tally/twee.part")).unwrap();
        Tally::open(&folder.path().join("tally"), "twee").unwrap();
        assert!(!folder.path().join("elders").exists());
    }
}
