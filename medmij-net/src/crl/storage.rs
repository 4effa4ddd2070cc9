// SPDX-License-Identifier: AGPL-3.0-or-later
//! CRLs on disk: written aside and renamed, so that there is a whole one or none

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use sha2::{Digest, Sha256};
use url::Url;

/// What is kept of `url`, and when it was fetched.
pub(super) fn load(folder: &Path, url: &Url) -> Option<(Vec<u8>, SystemTime)> {
    let path = path_of(folder, url);
    // a link that another put there is not followed
    let file = fs::symlink_metadata(&path).ok().filter(fs::Metadata::is_file)?;
    Some((fs::read(&path).ok()?, file.modified().ok()?))
}

/// Keeps `der`; the time of the file says when it was fetched.
pub(super) fn store(folder: &Path, url: &Url, der: &[u8]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let path = path_of(folder, url);
    let aside = path.with_extension("new");
    // what was there is taken away, a link too, and not written into
    match fs::remove_file(&aside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = File::create_new(&aside)?;
    file.write_all(der)?;
    file.sync_all()?;
    fs::rename(&aside, &path)?;
    // elsewhere than on Unix a folder cannot be opened
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    Ok(())
}

fn path_of(folder: &Path, url: &Url) -> PathBuf {
    let digest = Sha256::digest(url.as_str().as_bytes());
    let name: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    folder.join(format!("{name}.crl"))
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn w8_no_link_that_another_put_into_the_folder_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let url = Url::parse("http://crl.example.nl/a.crl").unwrap();
        let (path, elsewhere) = (path_of(folder.path(), &url), folder.path().join("elsewhere"));
        fs::write(&elsewhere, "van een ander").unwrap();
        symlink(&elsewhere, &path).unwrap();
        assert!(load(folder.path(), &url).is_none());
        symlink(&elsewhere, path.with_extension("new")).unwrap();
        store(folder.path(), &url, b"der").unwrap();
        assert_eq!(load(folder.path(), &url).unwrap().0, b"der");
        assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "van een ander");
    }
}
