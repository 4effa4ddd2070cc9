// SPDX-License-Identifier: AGPL-3.0-or-later
//! The README of each library crate, made from what the crate says itself: its description, the first example of its
//! documentation (which is a test), the crates that this example takes, and the comments at its features. So none of it
//! goes out of date unnoticed.

use crate::{manifests, sources};
use std::path::Path;

/// Crates whose README is written by hand.
const BY_HAND: &[&str] = &["medmij-cli"];

/// Writes every README anew.
pub(crate) fn write() -> Result<(), crate::run::Failed> {
    for (path, text) in all() {
        std::fs::write(&path, text).map_err(|error| crate::run::Failed(format!("{path}: {error}")))?;
    }
    Ok(())
}

/// A line for each README that is not what the crate says.
pub(crate) fn check() -> Vec<String> {
    all()
        .into_iter()
        .filter(|(path, text)| std::fs::read_to_string(path).ok().as_ref() != Some(text))
        .map(|(path, _)| format!("{path}: is out of date; run cargo xtask readme"))
        .collect()
}

fn all() -> Vec<(String, String)> {
    manifests::published()
        .into_iter()
        .filter(|package| !BY_HAND.contains(&package.as_str()))
        .map(|package| {
            let folder = sources::folder_of(&package);
            (format!("{folder}/README.md"), readme(&package, Path::new(&folder)))
        })
        .collect()
}

fn readme(package: &str, folder: &Path) -> String {
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap_or_default();
    let (manifest, library) = (read("Cargo.toml"), read("src/lib.rs"));
    let description = manifest
        .lines()
        .find_map(|line| line.strip_prefix("description = \"")?.strip_suffix('"'))
        .unwrap_or_default();
    let mut out = format!("# {package}\n\n{description}.\n\n");
    if let Some(example) = first_example(&library) {
        let workspace = std::fs::read_to_string("Cargo.toml").unwrap_or_default();
        out.push_str("```toml\n[dependencies]\n");
        out.push_str(&dependencies(package, &example, &workspace));
        out.push_str("```\n\n```rust\n");
        out.push_str(&example);
        out.push_str("```\n\n");
    }
    let features = features(&manifest);
    if features.is_empty() {
        out.push_str("It has no features.\n\n");
    } else {
        out.push_str("| feature | what it adds |\n| --- | --- |\n");
        for (name, comment) in features {
            out.push_str(&format!("| `{name}` | {comment} |\n"));
        }
        out.push('\n');
    }
    out.push_str(
        "Part of the [MedMij bouwstenen](../README.md), which say what MedMij is and how the crates fit together. Licence: [AGPL-3.0-or-later](LICENSE).\n",
    );
    out
}

/// The first example of the documentation of a crate, without its hidden lines.
fn first_example(library: &str) -> Option<String> {
    let mut lines = library.lines().map_while(|line| {
        let comment = line.starts_with("//");
        comment.then(|| {
            line.strip_prefix("//! ")
                .or_else(|| line.strip_prefix("//!"))
                .unwrap_or_default()
        })
    });
    lines.find(|line| line.starts_with("```"))?;
    let body: Vec<&str> = lines.take_while(|line| !line.starts_with("```")).collect();
    let shown = body
        .into_iter()
        .filter(|line| *line != "#" && !line.starts_with("# "))
        .collect::<Vec<_>>()
        .join("\n");
    Some(format!("{}\n", shown.trim_end()))
}

/// A line for a crate and for each that its example takes something from, as the manifest of the workspace has them.
fn dependencies(package: &str, example: &str, workspace: &str) -> String {
    let is_taken = |name: &str| {
        let path = format!("{}::", name.replace('-', "_"));
        example.match_indices(&path).any(|(at, _)| {
            let before = example.get(..at).and_then(|text| text.chars().next_back());
            before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != ':')
        })
    };
    let mut out = String::new();
    let listed = workspace.lines().skip_while(|line| *line != "[workspace.dependencies]");
    for (name, value) in listed.filter_map(|line| line.split_once(" = ")) {
        if name == package || is_taken(name) {
            let line = if value.contains("path = ") {
                format!("{name} = {{ path = \"…/{name}\" }}\n")
            } else {
                format!("{name} = {value}\n")
            };
            out.push_str(&line);
        }
    }
    out
}

/// The features of a manifest with the comments above them.
fn features(manifest: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut comment: Vec<&str> = Vec::new();
    let lines = manifest.lines().skip_while(|line| *line != "[features]").skip(1);
    for line in lines.take_while(|line| !line.starts_with('[')) {
        if let Some(text) = line.strip_prefix('#') {
            comment.push(text.trim());
        } else if let Some((name, _)) = line.split_once(" = ") {
            if name != "default" {
                found.push((name.trim_matches('"').to_owned(), comment.join(" ")));
            }
            comment.clear();
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_example_is_shown_without_its_hidden_lines() {
        let library = "// licence\n//! Words.\n//!\n//! ```\n//! use a;\n//! # hidden();\n//! #\n//!\n//! shown();\n//! # Ok(())\n//! ```\n//! more\n";
        assert_eq!(first_example(library).as_deref(), Some("use a;\n\nshown();\n"));
        assert_eq!(first_example("//! none\n"), None);
    }

    #[test]
    fn the_crates_that_an_example_takes_are_its_dependencies() {
        let workspace = "[package]\nb = \"0\"\n[workspace.dependencies]\nmy-a = { path = \"x/my-a\", version = \"0.1.0\" }\n\
                         b = \"1.2\"\nc = \"3\"\nself-only = { path = \"self-only\" }\n";
        let expected = "my-a = { path = \"…/my-a\" }\nb = \"1.2\"\nself-only = { path = \"…/self-only\" }\n";
        let example = "use my_a::X;\nlet y = b::y();\nstd::c::z(); abc::z();\n";
        assert_eq!(dependencies("self-only", example, workspace), expected);
    }

    #[test]
    fn a_feature_has_the_comment_above_it() {
        let manifest =
            "[features]\ndefault = []\n# Adds a,\n# and more.\na = [\n    \"b\",\n]\nb = []\n[dependencies]\nc = 1\n";
        let expected = [
            ("a".to_owned(), "Adds a, and more.".to_owned()),
            ("b".to_owned(), String::new()),
        ];
        assert_eq!(features(manifest), expected);
    }
}
