// SPDX-License-Identifier: AGPL-3.0-or-later
//! Advisories, unmaintained crates anywhere in the tree too.
//!
//! `cargo deny` excepts advisories by their number only. A crate that is excepted by name, before there is a notice,
//! stands in [`EXCEPTED`] with its reason.

use std::process::Command;

use serde_json::Value;

use crate::run::Failed;

/// Crates whose notice of being unmaintained fails nothing, and why.
const EXCEPTED: &[(&str, &str)] = &[(
    "chrono",
    "its author announced to hand it over; it is arithmetic on calendar days here, behind types of our own, and jiff takes its place when a notice comes",
)];

/// What one line of `cargo deny` says.
#[derive(Debug, PartialEq, Eq)]
enum Finding {
    /// Fails the check.
    Fault(String),
    /// A notice about a crate that is excepted.
    Excepted(String),
    /// The database is on another network than the registry.
    NoDatabase,
}

/// Checks the advisories. The one gate beside `api` that is skipped, visibly, where it cannot run.
pub(crate) fn check() -> Result<(), Failed> {
    let output = Command::new("cargo")
        .args([
            "deny",
            "--all-features",
            "--format",
            "json",
            "--log-level",
            "warn",
            "check",
            "advisories",
        ])
        .output()
        .map_err(|error| Failed(format!("cargo deny: {error}")))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let findings: Vec<Finding> = said.lines().filter_map(judge).collect();
    if findings.contains(&Finding::NoDatabase) {
        println!("SKIPPED: advisories, the database cannot be reached");
        return Ok(());
    }
    let mut faults = 0_usize;
    for finding in &findings {
        match finding {
            Finding::Fault(text) => {
                faults = faults.saturating_add(1);
                eprintln!("{text}");
            }
            Finding::Excepted(text) => println!("excepted: {text}"),
            Finding::NoDatabase => {}
        }
    }
    // an error of the tool itself is no pass
    if faults > 0 || (!output.status.success() && findings.is_empty()) {
        if findings.is_empty() {
            eprintln!("{said}");
        }
        return Err(Failed("advisories".to_owned()));
    }
    Ok(())
}

fn judge(line: &str) -> Option<Finding> {
    const DATABASE: [&str; 3] = [
        "failed to fetch advisory",
        "failed to load advisory",
        "failed to open advisory",
    ];
    if DATABASE.iter().any(|text| line.contains(text)) {
        return Some(Finding::NoDatabase);
    }
    let value: Value = serde_json::from_str(line).ok()?;
    let fields = value.get("fields")?;
    if fields.get("severity")?.as_str()? != "error" {
        return None;
    }
    let message = fields.get("message").and_then(Value::as_str).unwrap_or_default();
    let code = fields.get("code").and_then(Value::as_str).unwrap_or_default();
    let name = fields
        .pointer("/graphs/0/Krate/name")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let text = format!("{name}: {code}: {message}");
    match EXCEPTED
        .iter()
        .find(|(excepted, _)| code == "unmaintained" && *excepted == name)
    {
        Some((_, reason)) => Some(Finding::Excepted(format!("{text} ({reason})"))),
        None => Some(Finding::Fault(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(code: &str, name: &str) -> String {
        format!(
            r#"{{"type":"diagnostic","fields":{{"code":"{code}","severity":"error","message":"m","graphs":[{{"Krate":{{"name":"{name}","version":"1.0.0"}}}}]}}}}"#
        )
    }

    #[test]
    fn a_notice_about_an_excepted_crate_fails_nothing_and_every_other_does() {
        assert!(matches!(
            judge(&line("unmaintained", "chrono")),
            Some(Finding::Excepted(_))
        ));
        assert!(matches!(
            judge(&line("vulnerability", "chrono")),
            Some(Finding::Fault(_))
        ));
        assert!(matches!(judge(&line("unmaintained", "paste")), Some(Finding::Fault(_))));
        let warning = line("unmaintained", "paste").replace("\"error\"", "\"warning\"");
        assert_eq!(judge(&warning), None);
        assert_eq!(
            judge("[ERROR] failed to fetch advisory database"),
            Some(Finding::NoDatabase)
        );
        assert_eq!(judge("something else"), None);
    }
}
