// SPDX-License-Identifier: AGPL-3.0-or-later
//! What an application has beside its Node: secrets in files, whom it serves, where its log goes

use std::path::Path;

use medmij_dvza::registratie::Rows;

use super::config::Config;
use super::credentials::permissions;
use super::finding::{Finding, Severity, chain};
use super::places;
use crate::input::Input;

pub(super) fn judge(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, what) in config.secrets() {
        findings.extend(permissions(&path, what));
        findings.extend(elsewhere(&path, what));
    }
    findings.extend(password(config));
    findings.extend(keys(config));
    if let Some(path) = &config.registration {
        findings.extend(registration(path));
    }
    if let Some(folder) = config.storage.as_ref().and_then(|storage| storage.checkpoints.as_ref()) {
        let remedy = "make the folder of the checkpoints, with the user of the application as owner, where administrators of the database cannot write";
        findings.extend(places::folder(folder, "checkpoints", remedy));
    }
    findings.extend(delivery(config));
    findings
}

/// A file that is a way to another one: what counts is who may write there.
fn elsewhere(path: &Path, what: &str) -> Option<Finding> {
    let is_link = std::fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink());
    let target = is_link.then(|| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()))?;
    Some(Finding::of(
        Severity::Note,
        "key-link",
        format_args!("{what} is a symbolic link to {}", target.display()),
        "see that only the user of the application may write there; where a secret store mounts it that is so",
    ))
}

/// A connection string with a password, in a file that others read.
fn password(config: &Config) -> Option<Finding> {
    let (_, stores) = config.stores();
    let (_, vaults) = config.vaults();
    let holds = |text: &&str| {
        text.contains("password=")
            || text
                .split_once("://")
                .and_then(|(_, rest)| rest.split('/').next()?.split_once('@'))
                .is_some_and(|(user, _)| user.contains(':'))
    };
    stores.into_iter().chain(vaults).find(holds)?;
    let found = permissions(
        &config.path,
        "the configuration, which holds a password of the database,",
    )?;
    Some(Finding {
        code: "config-permissions",
        ..found
    })
}

/// Keys without which the store that is there cannot be opened.
fn keys(config: &Config) -> Vec<Finding> {
    let of_dvza = config.registration.as_ref().map(|_| {
        let folder = &config.node.folder;
        (folder.join("toestemmingen.db"), folder.join("opslag.sleutels"))
    });
    let of_dvp = config
        .dossier
        .as_ref()
        .map(|folder| (folder.join("dossier.db"), folder.join("keys.txt")));
    let gone = |(store, keys): (std::path::PathBuf, std::path::PathBuf)| {
        (store.exists() && !keys.exists()).then(|| {
            Finding::error(
                "keys",
                format_args!("{} is there and its key file {} is not", store.display(), keys.display()),
                "put the key file back before the application starts: it would make new keys, which open no row that is there",
            )
        })
    };
    let damaged = of_dvp.as_ref().and_then(|(_, keys)| {
        let text = std::fs::read_to_string(keys).ok()?;
        let error = medmij_oauth::seal::LocalKeyRing::from_text(&text).err()?;
        Some(Finding::error(
            "keys",
            format_args!("the key file {} cannot be used: {error}", keys.display()),
            "put the key file back as it was: without it no dossier can be opened. A line has a number of its own and a key",
        ))
    });
    of_dvza
        .into_iter()
        .chain(of_dvp)
        .filter_map(gone)
        .chain(damaged)
        .collect()
}

/// Whom a DVZA serves.
fn registration(path: &Path) -> Vec<Finding> {
    let wrong = |why: String| {
        vec![Finding::error(
            "registration",
            format_args!("the registration {} cannot be used: {why}", path.display()),
            "mend the file: an application that runs serves whom it served before, and one that never read it does not start",
        )]
    };
    let rows = match Input::small(path) {
        Ok(input) => Rows::parse(&input.bytes).map_err(|error| chain(&error)),
        Err(error) => Err(error.to_string()),
    };
    match rows {
        Err(why) => wrong(why),
        Ok(rows) if rows.aanbieders.is_empty() && rows.faults.is_empty() => wrong("it serves nobody".to_owned()),
        Ok(rows) => rows
            .faults
            .iter()
            .map(|fault| {
                Finding::error(
                    "registration-row",
                    format_args!(
                        "row {} of the registration is refused: {}: {}",
                        fault.row, fault.place, fault.rule
                    ),
                    "mend the row: this Aanbieder is served as it was before, or not at all",
                )
            })
            .collect(),
    }
}

/// A folder that takes the log has to be there; an address is asked by the application alone.
fn delivery(config: &Config) -> Vec<Finding> {
    let Some(log) = &config.log else { return Vec::new() };
    let mut findings = Vec::new();
    for (path, what) in [(&log.password_file, "password"), (&log.token_file, "token")] {
        if let Some(path) = path
            && let Err(error) = Input::small(path)
        {
            findings.push(Finding::error(
                "log-secret",
                format_args!("the {what} of the log cannot be read from {}: {error}", path.display()),
                "put the file in place, for the user of the application only: it does not start without",
            ));
        }
    }
    let folder = log
        .deliver_to
        .as_deref()
        .filter(|place| !place.contains("://"))
        .map(Path::new);
    // it is made at the first delivery
    if let Some(folder) = folder.filter(|folder| folder.exists()) {
        let remedy = "give the folder that takes the log to the user of the application";
        findings.extend(places::folder(folder, "log-delivery", remedy));
    }
    findings
}
