// SPDX-License-Identifier: AGPL-3.0-or-later
//! The folder of the lists, the store and the spool of the log

use std::{io::Write as _, path::Path};

use medmij_dvza::store::Store as _;
use medmij_store_sqlite::{SqliteOptions, SqliteStore};

use super::config::Config;
use super::finding::Finding;

pub(super) async fn judge(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    let kept = &config.node.folder;
    findings.extend(folder(
        kept,
        "folder",
        "make the folder, with the user of the Node as owner",
    ));
    findings.extend(room(kept));
    if let Some(path) = &config.doctor.store {
        findings.extend(store(path).await);
    }
    let spooled = config.log.as_ref().map(|log| &log.spool);
    if let Some(path) = config.doctor.spool.as_ref().or(spooled) {
        findings.extend(folder(
            path,
            "spool",
            "make the folder of the log spool, with the user of the application as owner",
        ));
    }
    findings
}

fn folder(path: &Path, code: &'static str, remedy: &'static str) -> Option<Finding> {
    let written = || {
        let probe = path.join(".doctor");
        let mut file = std::fs::File::create(&probe)?;
        file.write_all(&[0; 4096])?;
        file.sync_all()?;
        std::fs::remove_file(probe)
    };
    let error = written().err()?;
    Some(Finding::error(
        code,
        format_args!("nothing can be written to {}: {error}", path.display()),
        remedy,
    ))
}

#[cfg(unix)]
fn room(path: &Path) -> Option<Finding> {
    let file_system = rustix::fs::statvfs(path).ok()?;
    let room = file_system.f_bavail.saturating_mul(file_system.f_frsize) >> 20;
    let message = format!("{room} MiB are free where the lists are stored");
    let remedy = "make room: lists are written aside before they take over";
    match room {
        0..64 => Some(Finding::error("disk", message, remedy)),
        64..1024 => Some(Finding::warning("disk", message, remedy)),
        _ => None,
    }
}

#[cfg(not(unix))]
fn room(_: &Path) -> Option<Finding> {
    None
}

async fn store(path: &Path) -> Option<Finding> {
    let gone = |error: &dyn std::fmt::Display| {
        Finding::error(
            "store",
            format_args!("the store {} cannot be used: {error}", path.display()),
            "put it back from its last copy, and run `medmij clock show` after that",
        )
    };
    // a file that is not there is not made
    if let Err(error) = std::fs::metadata(path) {
        return Some(gone(&error));
    }
    let store = match SqliteStore::open(SqliteOptions::new(path)) {
        Ok(store) => store,
        Err(error) => return Some(gone(&error)),
    };
    match store.clock().await {
        Ok(clock) => clock.jumped().then(|| {
            Finding::error(
                "store-clock",
                format_args!(
                    "the clock of the store jumped by {} s: nothing is purged",
                    clock.apart.as_secs()
                ),
                "set the clock of the machine right, or accept it with `medmij clock accept`",
            )
        }),
        Err(error) => Some(gone(&error)),
    }
}
