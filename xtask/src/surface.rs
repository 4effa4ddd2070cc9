// SPDX-License-Identifier: AGPL-3.0-or-later
//! The public types of each crate, as rustdoc lists them, and how many of them are errors.
//!
//! `surface.txt` has the highest number allowed of each, a crate a line. Numbers in it may only fall: a crate that has
//! more fails, and `cargo xtask surface --lower` writes down what became less.

use crate::{manifests, run, run::Failed};
use serde_json::Value;
use std::{fmt::Write as _, fs, path::Path};

const LIST: &str = "xtask/surface.txt";
/// What the whole project may have at most, in the end.
const GOAL: Counted = Counted { types: 300, errors: 45 };
/// The pages of rustdoc that are types.
const KINDS: &[&str] = &["struct.", "enum.", "trait.", "type.", "union."];

/// Numbers of one crate, or of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counted {
    types: usize,
    errors: usize,
}

/// Makes the documentation and compares.
pub(crate) fn check(lower: bool) -> Result<(), Failed> {
    let packages = manifests::published();
    let mut arguments = vec!["doc", "--quiet", "--no-deps", "--all-features"];
    for package in &packages {
        arguments.extend(["-p", package]);
    }
    run::cargo(&arguments)?;
    let documents = target()?.join("doc");
    let errors = read(&documents.join("trait.impl/core/error/trait.Error.js"))?;
    let list = read(Path::new(LIST))?;
    let mut lines = String::new();
    let (mut total, mut faults) = (Counted::default(), 0_usize);
    for package in &packages {
        let library = package.replace('-', "_");
        let all = documents.join(&library).join("all.html");
        // a command has no library
        if !all.is_file() {
            continue;
        }
        let counted = Counted {
            types: types(&read(&all)?),
            errors: implementors(&errors, &library),
        };
        // a crate that is not in the list yet may have nothing, or what it has now
        let absent = if lower { counted } else { Counted::default() };
        let allowed = allowed(&list, package).unwrap_or(absent);
        if counted.types > allowed.types || counted.errors > allowed.errors {
            faults = faults.saturating_add(1);
            eprintln!(
                "{package}: {} public types, of which {} are errors; {LIST} allows {} and {}",
                counted.types, counted.errors, allowed.types, allowed.errors
            );
        } else if counted != allowed && !lower {
            println!("{package}: fewer than {LIST} allows: run `cargo xtask surface --lower`");
        }
        total.types = total.types.saturating_add(counted.types);
        total.errors = total.errors.saturating_add(counted.errors);
        let (types, errors) = (counted.types.min(allowed.types), counted.errors.min(allowed.errors));
        _ = writeln!(lines, "{package} {types} {errors}");
    }
    println!(
        "public types {} (goal {}), of which errors {} (goal {})",
        total.types, GOAL.types, total.errors, GOAL.errors
    );
    if lower {
        let head: String = list
            .lines()
            .filter(|line| line.starts_with('#'))
            .map(|line| format!("{line}\n"))
            .collect();
        fs::write(LIST, format!("{head}{lines}")).map_err(|error| Failed(format!("{LIST}: {error}")))?;
    }
    if faults == 0 {
        Ok(())
    } else {
        Err(Failed(format!("{faults} crates show more than before")))
    }
}

fn read(path: &Path) -> Result<String, Failed> {
    fs::read_to_string(path).map_err(|error| Failed(format!("{}: {error}", path.display())))
}

/// Where cargo builds.
fn target() -> Result<std::path::PathBuf, Failed> {
    let metadata = run::metadata()?;
    let target = metadata.get("target_directory").and_then(Value::as_str);
    Ok(target
        .ok_or_else(|| Failed("cargo metadata names no target directory".to_owned()))?
        .into())
}

/// The types in rustdoc's list of all items.
fn types(all: &str) -> usize {
    all.split("<a href=\"")
        .skip(1)
        .filter_map(|link| link.split('"').next())
        .filter_map(|link| link.rsplit('/').next())
        .filter(|page| KINDS.iter().any(|kind| page.starts_with(kind)))
        .count()
}

/// The types of one library in rustdoc's list of those that implement `Error`.
fn implementors(script: &str, library: &str) -> usize {
    let Some((_, rest)) = script.split_once(&format!("[\"{library}\",[")) else {
        return 0;
    };
    // the next library begins after this one's list
    let list = rest.split("]],[\"").next().unwrap_or_default();
    list.matches(" for <a class=").count()
}

fn allowed(list: &str, package: &str) -> Option<Counted> {
    list.lines().find_map(|line| {
        let mut words = line.split(' ');
        if words.next() != Some(package) {
            return None;
        }
        let types = words.next()?.parse().ok()?;
        let errors = words.next()?.parse().ok()?;
        Some(Counted { types, errors })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_counted_by_their_pages_and_errors_by_their_library() {
        let all = r#"<a href="../index.html">x</a><a href="json/struct.A.html">A</a><a href="enum.B.html">B</a><a href="fn.f.html">f</a><a href="trait.T.html">T</a>"#;
        assert_eq!(types(all), 3);
        let script = r#"fromEntries([["medmij_a",[["impl E for <a class=\"enum\">X</a>"],["impl E for <a class=\"struct\">Y</a>"]]],["medmij_ab",[["impl E for <a class=\"enum\">Z</a>"]]]])"#;
        assert_eq!(
            (implementors(script, "medmij_a"), implementors(script, "medmij_ab")),
            (2, 1)
        );
        assert_eq!(implementors(script, "medmij_b"), 0);
    }

    #[test]
    fn a_crate_is_found_by_its_whole_name() {
        let list = "# words\nmedmij-store 7 1\nmedmij 3 2\n";
        assert_eq!(allowed(list, "medmij"), Some(Counted { types: 3, errors: 2 }));
        assert_eq!(allowed(list, "medmij-st"), None);
    }
}
