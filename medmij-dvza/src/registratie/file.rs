// SPDX-License-Identifier: AGPL-3.0-or-later
//! The registration in a file that is read again when it changes, and the folder in which end times outlive the process
//! (core.gegevensdiensten.104).

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use medmij_oauth::storage::SecretHash;

use super::{Changes, Registratie, RegistratieError, RegistratieKeep, RowFault, Rows};

/// A registration that stands in a file of JSON (the form is that of [`Rows::parse`]): whoever changes the file changes
/// whom the DVZA serves, without a restart.
///
/// ```no_run
/// use medmij_dvza::registratie::{Registratie, RegistratieFile, RegistratieFolder};
/// use medmij_types::SystemClock;
/// use std::sync::Arc;
///
/// let keep = RegistratieFolder::open("bewaard")?;
/// let registratie = Registratie::open(Arc::new(keep), Arc::new(SystemClock::default()))?;
/// let file = RegistratieFile::new("registratie.json");
/// file.reload(&registratie)?; // and again every few seconds
/// # Ok::<(), medmij_dvza::registratie::RegistratieError>(())
/// ```
#[derive(Debug)]
pub struct RegistratieFile {
    path: PathBuf,
    seen: Mutex<Option<SecretHash>>,
}

impl RegistratieFile {
    /// The registration of a file.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            seen: Mutex::new(None),
        }
    }

    /// Reads the file and follows it, if it is another than at the last call; `None` where it is the same. Blocks: call it
    /// from a thread that may, every five seconds for instance.
    ///
    /// # Errors
    ///
    /// [`RegistratieError::Read`] where the file cannot be read, [`RegistratieError::Form`] where it is no registration at all,
    /// [`RegistratieError::Keep`] where end times cannot be stored. Nothing has changed then, and the next call tries again.
    pub fn reload(&self, registratie: &Registratie) -> Result<Option<(Changes, Vec<RowFault>)>, RegistratieError> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = fs::read(&self.path).map_err(|source| RegistratieError::Read {
            path: self.path.clone(),
            source,
        })?;
        let hash = SecretHash::of_bytes(&bytes);
        if *seen == Some(hash) {
            return Ok(None);
        }
        let rows = Rows::parse(&bytes)?;
        let faults = rows.faults.clone();
        let changes = registratie.follow_rows(rows)?;
        *seen = Some(hash);
        Ok(Some((changes, faults)))
    }
}

/// End times in a folder: written aside, made durable, put in place.
#[derive(Debug)]
pub struct RegistratieFolder {
    folder: PathBuf,
}

impl RegistratieFolder {
    /// Opens the folder, which is made where it is not there.
    ///
    /// # Errors
    ///
    /// [`RegistratieError::Keep`] where it cannot be made.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, RegistratieError> {
        let folder = folder.into();
        fs::create_dir_all(&folder).map_err(RegistratieError::Keep)?;
        Ok(Self { folder })
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl RegistratieKeep for RegistratieFolder {
    fn load(&self) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.folder.join(FILE)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn store(&self, bytes: &[u8]) -> io::Result<()> {
        let aside = self.folder.join(ASIDE);
        let mut file = File::create(&aside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&aside, self.folder.join(FILE))?;
        // a rename is durable when its folder is
        #[cfg(unix)]
        File::open(&self.folder)?.sync_all()?;
        Ok(())
    }
}

const FILE: &str = "registratie.json";
const ASIDE: &str = "registratie.json.new";
