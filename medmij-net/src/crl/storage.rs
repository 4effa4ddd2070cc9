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
    let fetched_at = fs::metadata(&path).and_then(|file| file.modified()).ok()?;
    Some((fs::read(&path).ok()?, fetched_at))
}

/// Keeps `der`; the time of the file says when it was fetched.
pub(super) fn store(folder: &Path, url: &Url, der: &[u8]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let path = path_of(folder, url);
    let aside = path.with_extension("new");
    let mut file = File::create(&aside)?;
    file.write_all(der)?;
    file.sync_all()?;
    fs::rename(&aside, &path)?;
    File::open(folder)?.sync_all()
}

fn path_of(folder: &Path, url: &Url) -> PathBuf {
    let digest = Sha256::digest(url.as_str().as_bytes());
    let name: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    folder.join(format!("{name}.crl"))
}
