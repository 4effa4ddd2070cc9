// SPDX-License-Identifier: AGPL-3.0-or-later
//! What every crate that is published brings: a licence, a README with the smallest program and its features, keywords
//! of its own, and documentation with all features.

use crate::sources;
use std::path::Path;

/// The members of the workspace that are published, by name; they stand at the root, in a folder of their name.
pub(crate) fn published() -> Vec<String> {
    let members = read(Path::new("Cargo.toml"))
        .and_then(|manifest| manifest.get("workspace")?.get("members")?.as_array().cloned())
        .unwrap_or_default();
    members
        .iter()
        .filter_map(|member| member.as_str())
        .filter(|member| !member.contains('/') && publishes(member))
        .map(str::to_owned)
        .collect()
}

/// A line for each thing that a crate lacks.
pub(crate) fn check() -> Vec<String> {
    let mut faults = Vec::new();
    let packages = published();
    if packages.is_empty() {
        faults.push("Cargo.toml: no member is published".to_owned());
    }
    for package in packages {
        let folder = sources::folder_of(&package);
        let Some(manifest) = read(&Path::new(&folder).join("Cargo.toml")) else {
            faults.push(format!("{folder}/Cargo.toml: not readable"));
            continue;
        };
        let table = manifest.get("package");
        let mut lack = |what: &str| faults.push(format!("{folder}: {what}"));
        if !Path::new(&folder).join("LICENSE").exists() {
            lack("no LICENSE");
        }
        for key in ["description", "keywords", "readme"] {
            let own = table
                .and_then(|table| table.get(key))
                .is_some_and(|value| !value.is_table());
            if !own {
                lack(&format!("no `{key}` of its own in Cargo.toml"));
            }
        }
        let all_features = table
            .and_then(|table| {
                table
                    .get("metadata")?
                    .get("docs")?
                    .get("rs")?
                    .get("all-features")?
                    .as_bool()
            })
            .unwrap_or(false);
        if !all_features {
            lack("no [package.metadata.docs.rs] all-features = true");
        }
        let readme = std::fs::read_to_string(Path::new(&folder).join("README.md")).unwrap_or_default();
        if !readme.contains("```") {
            lack("README.md shows no program");
        }
        for feature in features(&manifest) {
            if !readme.contains(&format!("`{feature}`")) {
                lack(&format!("README.md does not tell the feature `{feature}`"));
            }
        }
    }
    faults
}

fn features(manifest: &toml::Table) -> Vec<String> {
    manifest
        .get("features")
        .and_then(toml::Value::as_table)
        .map(|table| table.keys().filter(|name| *name != "default").cloned().collect())
        .unwrap_or_default()
}

fn publishes(member: &str) -> bool {
    read(&Path::new(member).join("Cargo.toml"))
        .and_then(|manifest| Some(manifest.get("package")?.get("publish")?.as_bool() != Some(false)))
        .unwrap_or(member != "xtask")
}

fn read(path: &Path) -> Option<toml::Table> {
    std::fs::read_to_string(path).ok()?.parse().ok()
}
