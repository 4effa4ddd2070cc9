// SPDX-License-Identifier: AGPL-3.0-or-later
//! Checkpoints in a folder: a file each, written aside, synced and named when all of it is on the disk.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{AuditError, CheckpointArchive};
use crate::store::SignedCheckpoint;

/// A folder outside the database, best on another machine's disk, where the database's administrators cannot write. A file is
/// never replaced.
#[derive(Clone, Debug)]
pub struct CheckpointFolder {
    path: PathBuf,
}

impl CheckpointFolder {
    /// A folder; it is made where it is not there, for its owner only.
    ///
    /// # Errors
    ///
    /// [`AuditError::Archive`] where it cannot be made.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, AuditError> {
        let path = path.into();
        let mut make = fs::DirBuilder::new();
        make.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut make, 0o700);
        make.create(&path).map_err(failed("making the folder"))?;
        Ok(Self { path })
    }

    fn file(&self, number: u64) -> PathBuf {
        self.path.join(format!("{number:010}.{ENDING}"))
    }

    fn load(&self, number: u64) -> Result<Option<SignedCheckpoint>, AuditError> {
        let text = match fs::read_to_string(self.file(number)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(failed("reading a checkpoint"))?,
        };
        parse(number, &text)
            .map(Some)
            .ok_or_else(|| failed("reading a checkpoint")(io::ErrorKind::InvalidData.into()))
    }

    fn write(&self, checkpoint: &SignedCheckpoint) -> Result<(), AuditError> {
        let number = checkpoint.number;
        if let Some(there) = self.load(number)? {
            return if there == *checkpoint {
                Ok(())
            } else {
                Err(AuditError::Other(number))
            };
        }
        let (path, part) = (self.file(number), self.path.join(format!("{number:010}.part")));
        let signature = URL_SAFE_NO_PAD.encode(&checkpoint.signature);
        let text = format!("{}signature {} {signature}\n", checkpoint.text, checkpoint.key);
        let write = || {
            // what another put there is not written into
            match fs::remove_file(&part) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let mut file = fs::File::create_new(&part)?;
            io::Write::write_all(&mut file, text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&part, &path)?;
            sync(&self.path)
        };
        write().map_err(failed("writing a checkpoint"))
    }

    fn highest(&self) -> Result<u64, AuditError> {
        let listed = || -> io::Result<u64> {
            let mut highest = 0;
            for entry in fs::read_dir(&self.path)? {
                let name = entry?.file_name();
                let number = name
                    .to_str()
                    .and_then(|name| name.strip_suffix(ENDING)?.strip_suffix('.'));
                highest = highest.max(number.and_then(|number| number.parse().ok()).unwrap_or(0));
            }
            Ok(highest)
        };
        listed().map_err(failed("listing the folder"))
    }
}

impl CheckpointArchive for CheckpointFolder {
    async fn last(&self) -> Result<u64, AuditError> {
        self.highest()
    }

    async fn keep(&self, checkpoint: &SignedCheckpoint) -> Result<(), AuditError> {
        self.write(checkpoint)
    }

    async fn read(&self, number: u64) -> Result<Option<SignedCheckpoint>, AuditError> {
        self.load(number)
    }
}

fn parse(number: u64, text: &str) -> Option<SignedCheckpoint> {
    let lines = text.strip_suffix('\n')?;
    let at = lines.rfind('\n')? + 1;
    let (text, last) = lines.split_at_checked(at)?;
    let (key, signature) = last.strip_prefix("signature ")?.split_once(' ')?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    Some(SignedCheckpoint::new(number, text, key, signature))
}

fn failed(what: &'static str) -> impl Fn(io::Error) -> AuditError {
    move |source| AuditError::Archive {
        what,
        source: Box::new(source),
    }
}

#[cfg(unix)]
fn sync(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

/// Elsewhere a folder is no file that can be synced.
#[cfg(not(unix))]
fn sync(_: &Path) -> io::Result<()> {
    Ok(())
}

const ENDING: &str = "checkpoint";

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_checkpoint_is_not_written_through_the_link_of_another() {
        let place = tempfile::tempdir().unwrap();
        let folder = CheckpointFolder::open(place.path().join("outside")).unwrap();
        let elsewhere = place.path().join("elsewhere");
        fs::write(&elsewhere, "van een ander").unwrap();
        symlink(&elsewhere, place.path().join("outside/0000000001.part")).unwrap();
        let checkpoint = SignedCheckpoint::new(1, "een\n", "sleutel", vec![1, 2, 3]);
        folder.write(&checkpoint).unwrap();
        assert_eq!(folder.load(1).unwrap(), Some(checkpoint));
        assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "van een ander");
    }
}
