// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.lijsten.301, core.logging.102 — the folder of the lists with what is kept there, and the spool of the log

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use medmij_list::{
    Freshness, RefreshPolicy,
    supply::{FileStorage, ListStorage as _},
};
use medmij_log::ReadLine;

use super::config::Config;
use super::finding::Finding;

pub(super) fn judge(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    let place = &config.node.folder;
    findings.extend(folder(
        place,
        "folder",
        "make the folder, with the user of the Node as owner",
    ));
    findings.extend(room(place));
    findings.extend(lists(place));
    let spooled = config.log.as_ref().map(|log| &log.spool);
    if let Some(path) = config.doctor.spool.as_ref().or(spooled) {
        findings.extend(folder(
            path,
            "spool",
            "make the folder of the log spool, with the user of the application as owner",
        ));
        findings.extend(room(path));
        findings.extend(spool(path));
    }
    findings
}

pub(super) fn folder(path: &Path, code: &'static str, remedy: &'static str) -> Option<Finding> {
    let written = || {
        let probe = path.join(".doctor");
        // an earlier one, or a link, which is not written into
        match std::fs::remove_file(&probe) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = std::fs::File::create_new(&probe)?;
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
    let message = format!("{room} MiB are free in {}", path.display());
    let remedy = "make room: lists are written aside before they take over, and log lines wait for their delivery";
    // none at all: the file system does not count them
    if file_system.f_files > 0 && file_system.f_favail < 1_000 {
        let message = format!("{} more files can be made in {}", file_system.f_favail, path.display());
        return Some(Finding::error(
            "disk",
            message,
            "remove files that nobody needs: the file system has no room for new ones",
        ));
    }
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

/// How old the lists are that an application stored here.
fn lists(folder: &Path) -> Vec<Finding> {
    // opening it would make what is not there
    if !folder.is_dir() {
        return Vec::new();
    }
    let stored = FileStorage::open(folder).and_then(|storage| {
        let keys = storage.keys()?.into_iter();
        keys.map(|key| Ok((key.clone(), storage.load(&key)?)))
            .collect::<Result<Vec<_>, _>>()
    });
    let stored = match stored {
        Ok(stored) => stored,
        Err(error) => {
            return vec![Finding::error(
                "lists",
                format_args!("the lists in {} cannot be read: {error}", folder.display()),
                "see what is there with `medmij cache inspect`",
            )];
        }
    };
    let now = SystemTime::now();
    let old = stored.into_iter().filter_map(|(key, stored)| {
        let confirmed = stored.copy?.confirmed_at;
        let age = now.duration_since(confirmed).unwrap_or_default();
        let message = format!("{key} was confirmed {} minutes ago", age.as_secs() / 60);
        let remedy = "see that the application runs and reaches the Stelselnode: a list is fetched every ten minutes";
        match RefreshPolicy::for_list(key.list()).freshness(age) {
            Freshness::Expired => Some(Finding::error("list-age", message, remedy)),
            Freshness::Alarm => Some(Finding::warning("list-age", message, remedy)),
            _ => None,
        }
    });
    old.collect()
}

/// What waits in a spool, and what was refused. It is looked at from outside: one process has it open.
fn spool(folder: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    let (mut bytes, mut oldest) = (0_u64, None::<SystemTime>);
    for path in files(folder, &["open", "batch"]) {
        bytes = bytes.saturating_add(path.metadata().map_or(0, |metadata| metadata.len()));
        oldest = oldest.into_iter().chain(first_line(&path)).min();
    }
    let waits = oldest.map(|at| SystemTime::now().duration_since(at).unwrap_or_default());
    if let Some(waits) = waits.filter(|waits| *waits > HOUR) {
        let message = format!(
            "log lines wait for their delivery, {} KiB of them, the oldest for {} hours",
            bytes / 1024,
            waits.as_secs() / HOUR.as_secs()
        );
        let remedy = "see that the application runs and that the address of the central component takes its batches";
        findings.push(match waits {
            waits if waits > 24 * HOUR => Finding::error("spool-backlog", message, remedy),
            _ => Finding::warning("spool-backlog", message, remedy),
        });
    }
    let rejected = files(&folder.join("rejected"), &["batch"]).len();
    if rejected > 0 {
        findings.push(Finding::error(
            "spool-rejected",
            format_args!("{rejected} batches of the chain log were refused by the other side"),
            "see why with `medmij log rejected`, and put what was mended back",
        ));
    }
    findings
}

fn files(folder: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let named = |path: &PathBuf| {
        path.extension()
            .is_some_and(|end| extensions.iter().any(|one| end == *one))
    };
    entries.map(|entry| entry.path()).filter(named).collect()
}

/// The moment of the first line of a file.
fn first_line(path: &Path) -> Option<SystemTime> {
    let mut line = String::new();
    let file = std::fs::File::open(path).ok()?;
    BufReader::new(file.take(64 * 1024)).read_line(&mut line).ok()?;
    Some(ReadLine::parse(&line).ok()?.at()?.into())
}

const HOUR: Duration = Duration::from_secs(3600);
