// SPDX-License-Identifier: AGPL-3.0-or-later
//! The public types of each crate, and how many of them are errors.
//!
//! A scan of the sources: the lints `unreachable_pub` and `unnameable_types`, which CI turns into errors, see to it that
//! what is `pub` there can be reached by a user. A type that a macro of the crate makes counts at each call.
//! `surface.txt` has the highest number allowed of each, a crate a line. Numbers in it may only fall: a crate that has
//! more fails, and `cargo xtask surface --lower` writes down what became less.

use crate::{manifests, run::Failed, sources};
use std::{collections::BTreeSet, fmt::Write as _, fs, path::Path};

const LIST: &str = "xtask/surface.txt";
/// What the whole project may have at most, in the end.
const GOAL: Counted = Counted { types: 300, errors: 45 };
const KINDS: &[&str] = &["struct ", "enum ", "trait ", "type ", "union "];

/// Numbers of one crate, or of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counted {
    types: usize,
    errors: usize,
}

/// Counts, compares, and writes down what became less where that is asked.
pub(crate) fn check(lower: bool) -> Result<(), Failed> {
    let list = fs::read_to_string(LIST).map_err(|error| Failed(format!("{LIST}: {error}")))?;
    let mut lines = String::new();
    let (mut total, mut faults) = (Counted::default(), 0_usize);
    for package in manifests::published() {
        let folder = Path::new(&sources::folder_of(&package)).join("src");
        let texts: Vec<String> = sources::files(&folder, &["rs"])
            .into_iter()
            .filter(|path| !path.ends_with("tests.rs") && !path.iter().any(|part| part == "tests"))
            .filter_map(|path| fs::read_to_string(path).ok())
            .collect();
        let counted = count(&texts);
        let allowed = allowed(&list, &package).unwrap_or_default();
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

fn count(texts: &[String]) -> Counted {
    let mut types = BTreeSet::new();
    let mut made = 0_usize;
    for text in texts {
        types.extend(sources::lines_outside_tests(text).filter_map(|(_, line)| public_type(line)));
    }
    let macros: Vec<&str> = texts.iter().flat_map(|text| macros_of_types(text)).collect();
    let mut errors = BTreeSet::new();
    for text in texts {
        let lines: Vec<&str> = sources::lines_outside_tests(text).map(|(_, line)| line).collect();
        made = made.saturating_add(
            lines
                .iter()
                .filter(|line| macros.iter().any(|name| line.starts_with(&format!("{name}! {{"))))
                .count(),
        );
        let mut derives = false;
        for line in &lines {
            if line.trim_start().starts_with("#[derive(") {
                derives = line.contains("Error)") || line.contains("Error,");
            } else if let Some(name) = public_type(line) {
                if derives {
                    errors.insert(name);
                }
                derives = false;
            }
            if let Some((_, name)) = line.split_once("Error for ")
                && line.starts_with("impl")
            {
                errors.insert(word(name));
            }
        }
    }
    Counted {
        types: types.len().saturating_add(made),
        errors: errors.intersection(&types).count(),
    }
}

/// The name of the type that a line makes public.
fn public_type(line: &str) -> Option<&str> {
    let rest = line.trim_start().strip_prefix("pub ")?;
    let name = KINDS.iter().find_map(|kind| rest.strip_prefix(kind))?;
    name.starts_with(|c: char| c.is_ascii_uppercase()).then(|| word(name))
}

fn word(text: &str) -> &str {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
        .next()
        .unwrap_or_default()
}

/// The macros of a file that make a public type of the name they are given.
fn macros_of_types(text: &str) -> impl Iterator<Item = &str> {
    text.split("macro_rules! ")
        .skip(1)
        .filter(|body| {
            body.split("\n}\n")
                .next()
                .is_some_and(|body| body.contains("pub struct $"))
        })
        .map(word)
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
    fn public_types_are_counted_and_those_that_are_errors_apart() {
        let texts = [
            "macro_rules! text {\n    () => { pub struct $name; }\n}\n\ntext! {\n    A\n}\n",
            "#[derive(Debug, thiserror::Error)]\n#[non_exhaustive]\npub enum B {}\npub(crate) struct C;\n",
            "pub trait D {}\npub struct E;\nimpl std::error::Error for E {}\n#[cfg(test)]\npub struct F;\n",
        ]
        .map(str::to_owned);
        assert_eq!(count(&texts), Counted { types: 4, errors: 2 });
    }

    #[test]
    fn a_crate_is_found_by_its_whole_name() {
        let list = "# words\nmedmij-store 7 1\nmedmij 3 2\n";
        assert_eq!(allowed(list, "medmij"), Some(Counted { types: 3, errors: 2 }));
        assert_eq!(allowed(list, "medmij-st"), None);
    }
}
