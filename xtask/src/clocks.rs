// SPDX-License-Identifier: AGPL-3.0-or-later
//! Clock and randomness are arguments: only the two files that implement them ask the system.

use crate::{manifests, sources};
use std::path::Path;

const CALLS: &[&str] = &["SystemTime::now", "Instant::now", "getrandom::"];

/// Where the system is asked on purpose, and why no argument will do.
const ALLOWED: &[(&str, &str)] = &[
    ("medmij-types/src/clock.rs", "the system's clock"),
    ("medmij-types/src/entropy.rs", "the system's randomness"),
];

/// A line for each call outside the allowed files.
pub(crate) fn check() -> Vec<String> {
    let mut faults = Vec::new();
    for package in manifests::published() {
        let folder = Path::new(&sources::folder_of(&package)).join("src");
        for path in sources::files(&folder, &["rs"]) {
            let name = path.to_string_lossy();
            if ALLOWED.iter().any(|(allowed, _)| name.ends_with(allowed)) || name.ends_with("tests.rs") {
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
