// SPDX-License-Identifier: AGPL-3.0-or-later
//! `docs/requirements.md` against the code: every requirement code in it is found in a source file and in a test, and
//! every code in a source file is in it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // also in the helpers

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// What is in the last column of a requirement that no test can show.
const NO_TEST: &str = "no test:";

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            sources(&path, found);
        } else if name.ends_with(".rs") {
            found.push(path);
        }
    }
}

/// The codes in a text, written as `core.tknint.204` or, in names of tests, as `core_tknint_204`.
fn codes(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for word in text.split(|c: char| !c.is_ascii_alphanumeric() && c != '.' && c != '_') {
        let parts: Vec<&str> = word.split(['.', '_']).collect();
        for (i, part) in parts.iter().enumerate() {
            let topics = match *part {
                "core" => 1,
                "ext" => 2,
                _ => continue,
            };
            // several numbers may follow one topic: core_tknint_203_204
            let number = |at: usize| {
                parts
                    .get(at)
                    .filter(|part| part.len() == 3 && part.bytes().all(|b| b.is_ascii_digit()))
            };
            let (from, to) = (i, i + topics);
            let mut at = to + 1;
            while let Some(number) = number(at) {
                found.insert(format!("{}.{number}", parts[from..=to].join(".")));
                at += 1;
            }
        }
    }
    found
}

#[test]
fn every_requirement_code_is_in_the_table_in_the_code_and_in_a_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut paths = Vec::new();
    sources(&root, &mut paths);
    let (mut in_code, mut in_tests) = (BTreeSet::new(), BTreeSet::new());
    for path in paths
        .iter()
        .filter(|path| !path.ends_with("demo/tests/requirements.rs"))
    {
        let text = std::fs::read_to_string(path).unwrap();
        let is_test = path
            .components()
            .any(|part| part.as_os_str() == "tests" || part.as_os_str() == "medmij-store-contract")
            || path.ends_with("tests.rs");
        let (code, tests) = match text.split_once("#[cfg(test)]") {
            _ if is_test => ("", text.as_str()),
            Some((code, tests)) => (code, tests),
            None => (text.as_str(), ""),
        };
        in_code.extend(codes(code));
        in_tests.extend(codes(tests));
    }

    let table = std::fs::read_to_string(root.join("docs/requirements.md")).unwrap();
    let mut trouble = Vec::new();
    let mut listed = BTreeSet::new();
    for row in table
        .lines()
        .filter(|line| line.starts_with("| core.") || line.starts_with("| ext."))
    {
        for code in codes(row.split('|').nth(1).unwrap()) {
            if !in_code.contains(&code) {
                trouble.push(format!("{code} is in no source file"));
            }
            if row.contains(NO_TEST) == in_tests.contains(&code) {
                trouble.push(format!("{code}: a test or a reason for none, and not both"));
            }
            listed.insert(code);
        }
    }
    trouble.extend(
        in_code
            .difference(&listed)
            .map(|code| format!("{code} is not in the table")),
    );
    assert!(listed.len() > 50, "{} codes", listed.len());
    assert!(trouble.is_empty(), "{}", trouble.join("\n"));
}

#[test]
fn every_test_that_the_security_page_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = std::fs::read_to_string(root.join("docs/security.md")).unwrap();
    let mut trouble = Vec::new();
    let mut named = 0;
    for row in page.lines().filter(|line| line.starts_with("| ")) {
        let tests = row.trim_end_matches([' ', '|']).rsplit(" | ").next().unwrap();
        let mut file = String::new();
        for name in tests.split('`').skip(1).step_by(2) {
            if name.ends_with(".rs") {
                file = std::fs::read_to_string(root.join(name)).unwrap_or_else(|error| {
                    trouble.push(format!("{name}: {error}"));
                    String::new()
                });
            } else if name.contains('_')
                && name
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
            {
                named += 1;
                // of one store, of any store, or in a list of them
                let forms = [format!("fn {name}("), format!("fn {name}<"), format!("{name},")];
                if !forms.iter().any(|form| file.contains(form)) {
                    trouble.push(format!("{}: no test {name}", row.chars().take(8).collect::<String>()));
                }
            }
        }
    }
    assert!(named > 150, "{named} tests");
    assert!(trouble.is_empty(), "{}", trouble.join("\n"));
}
