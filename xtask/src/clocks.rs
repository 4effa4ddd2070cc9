// SPDX-License-Identifier: AGPL-3.0-or-later
//! Clock and randomness are arguments: only the two files that implement them ask the system.

use crate::{manifests, sources};
use std::path::Path;

const CALLS: &[&str] = &["SystemTime::now", "Utc::now", "Instant::now", "getrandom::"];

/// Where the system is asked on purpose, and why no argument will do.
const ALLOWED: &[(&str, &str)] = &[
    ("medmij-types/src/clock.rs", "the system's clock"),
    ("medmij-types/src/entropy.rs", "the system's randomness"),
    ("medmij-cli/", "a program: what it is asked, it is asked now"),
    (
        "medmij-store-contract/",
        "tests of stores, which read clocks of their own",
    ),
    (
        "medmij-dvza/src/store/memory.rs",
        "a store reads its own clock, which a test shifts",
    ),
    (
        "medmij-dvp/src/vault/memory.rs",
        "a store reads its own clock, which a test shifts",
    ),
    ("medmij-store-sqlite/src/", "deadlines of waiting for the file"),
    (
        "medmij-store-postgres/src/pool.rs",
        "deadline of waiting for a connection",
    ),
    (
        "medmij-list/src/supply/files/layer.rs",
        "deadline of waiting for a lock",
    ),
    ("medmij-net/src/backchannel.rs", "deadline of one request"),
    ("medmij-net/src/listener/", "ages of connections and of their requests"),
];

/// A line for each call outside the allowed files.
pub(crate) fn check() -> Vec<String> {
    let mut faults = Vec::new();
    for package in manifests::published() {
        let folder = Path::new(&sources::folder_of(&package)).join("src");
        for path in sources::files(&folder, &["rs"]) {
            let name = path.to_string_lossy();
            if ALLOWED.iter().any(|(allowed, _)| name.starts_with(allowed)) || name.ends_with("tests.rs") {
                continue;
            }
            let Ok(text) = std::fs::read_to_string(&path) else {
                continue;
            };
            for (number, line) in sources::lines_outside_tests(&text) {
                let code = line.split("//").next().unwrap_or_default();
                if let Some(call) = CALLS.iter().find(|call| code.contains(**call)) {
                    faults.push(format!(
                        "{name}:{number}: `{call}`: take a Clock or an Entropy as argument"
                    ));
                }
            }
        }
    }
    faults
}
