// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a crate must not pull in: core crates no network stack, a DVP no server, what ships no `rsa`.

use crate::{manifests, run};

/// Crates whose core is free of IO, without default features.
const CORE: &[&str] = &[
    "medmij-types",
    "medmij-list",
    "medmij-zal",
    "medmij-ocl",
    "medmij-whitelist",
    "medmij-gnl",
    "medmij-log",
    "medmij-oauth",
    "medmij-dvp",
    "medmij-dvza",
    "medmij-abonneren",
    "medmij-fhir",
];

const NETWORK: &[&str] = &["tokio", "reqwest", "rustls"];

/// Pairs of a crate and what it must not pull in with all features on.
const NEVER: &[(&str, &[&str])] = &[
    ("medmij-dvp", &["medmij-dvza", "axum", "askama"]),
    ("medmij-whitelist", &["medmij-oauth", "medmij-zal", "medmij-ocl"]),
];

/// A crate with one role: its feature, and what that role must not pull in.
const ROLES: &[(&str, &str, &[&str])] = &[
    ("medmij-store-sqlite", "dvp", &["medmij-dvza", "axum"]),
    ("medmij-store-sqlite", "dvza", &["medmij-dvp"]),
    ("medmij-store-postgres", "dvp", &["medmij-dvza", "axum"]),
    ("medmij-store-postgres", "dvza", &["medmij-dvp"]),
];

/// Crates that nothing that ships depends on.
const SUPPORT_ONLY: &[&str] = &["rsa"];

/// A line for each crate that is where it must not be.
pub(crate) fn check() -> Vec<String> {
    let published = manifests::published();
    let mut faults = Vec::new();
    for package in CORE {
        if published.iter().any(|known| known == package) {
            faults.extend(found(&["-p", package, "--no-default-features"], package, NETWORK));
        }
    }
    for (package, never) in NEVER {
        if published.iter().any(|known| known == package) {
            faults.extend(found(&["-p", package, "--all-features"], package, never));
        }
    }
    for (package, role, never) in ROLES {
        faults.extend(found(&["-p", package, "--features", role], package, never));
    }
    for package in &published {
        faults.extend(found(&["-p", package, "--all-features"], package, SUPPORT_ONLY));
    }
    faults
}

fn found(arguments: &[&str], package: &str, never: &[&str]) -> Vec<String> {
    match run::tree(arguments) {
        Err(run::Failed(reason)) => vec![format!("{package}: {reason}")],
        Ok(tree) => never
            .iter()
            .filter(|name| tree.lines().any(|line| line.split(' ').next() == Some(**name)))
            .map(|name| {
                format!(
                    "{package} must not depend on {name} (cargo tree {})",
                    arguments.join(" ")
                )
            })
            .collect(),
    }
}
