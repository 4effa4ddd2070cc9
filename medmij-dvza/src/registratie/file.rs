// SPDX-License-Identifier: AGPL-3.0-or-later
//! The registration in a file that is read again when it changes, and the folder in which end times outlive the process
//! (core.gegevensdiensten.104).

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use medmij_oauth::own_files;
use sha2::{Digest as _, Sha256};

use super::{Reading, RegistratieError, RegistratieStorage, RegistrationSource, Rows};

/// A registration that is in a file of JSON (the form is that of [`Rows::parse`]): whoever changes the file changes
/// whom the DVZA serves, without a restart. Write it aside and rename it into place: a file that is read half written is
/// malformed, and the one before stays in use.
///
/// ```no_run
/// use medmij_dvza::registratie::{Follower, Registratie, RegistratieFile, RegistratieFolder};
/// use medmij_types::SystemClock;
/// use std::sync::Arc;
///
/// # async fn doc() -> Result<(), medmij_dvza::registratie::RegistratieError> {
/// let keep = RegistratieFolder::open("bewaard")?;
/// let registratie = Arc::new(Registratie::open(Arc::new(keep), Arc::new(SystemClock::default()))?);
/// let follower = Follower::new(Arc::clone(&registratie), RegistratieFile::new("registratie.json"));
/// follower.poll().await?; // and again every few seconds: `run` (feature `reload`) does
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct RegistratieFile {
    path: PathBuf,
}

impl RegistratieFile {
    /// The registration of a file.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }
}

impl RegistrationSource for RegistratieFile {
    /// Blocks while the file is read.
    async fn read(&self, seen: Option<&str>) -> Result<Option<Reading>, RegistratieError> {
        let bytes = fs::read(&self.path).map_err(|source| RegistratieError::Read {
            path: self.path.clone(),
            source,
        })?;
        let version = URL_SAFE_NO_PAD.encode(Sha256::digest(&bytes));
        if seen == Some(&version) {
            return Ok(None);
        }
        Ok(Some(Reading::new(version, Rows::parse(&bytes)?)))
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
    /// [`RegistratieError::ListStorage`] where it cannot be made.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, RegistratieError> {
        let folder = folder.into();
        own_files::folder(&folder).map_err(RegistratieError::ListStorage)?;
        Ok(Self { folder })
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl RegistratieStorage for RegistratieFolder {
    fn load(&self) -> io::Result<Option<Vec<u8>>> {
        let path = self.folder.join(FILE);
        match own_files::guard(&path).and_then(|()| fs::read(path)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn store(&self, bytes: &[u8]) -> io::Result<()> {
        let aside = self.folder.join(ASIDE);
        let mut file = own_files::fresh(&aside)?;
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
