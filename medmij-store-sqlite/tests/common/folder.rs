// SPDX-License-Identifier: AGPL-3.0-or-later
//! Folders for files of a test, below the target folder; those of an earlier run are removed.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

/// A new folder. `suite` is the name of the test file, so that two of them do not meet.
pub(crate) fn folder(suite: &str) -> PathBuf {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let root = ROOT.get_or_init(|| {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("sqlite-{suite}"));
        if root.exists() {
            fs::remove_dir_all(&root).unwrap();
        }
        root
    });
    let folder = root.join(NEXT.fetch_add(1, Ordering::Relaxed).to_string());
    fs::create_dir_all(&folder).unwrap();
    folder
}
