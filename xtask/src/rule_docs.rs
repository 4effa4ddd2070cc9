// SPDX-License-Identifier: AGPL-3.0-or-later
//! A doc comment that carries the code of a rule also says in words what it is about.

use crate::sources;
use std::path::Path;

/// Words that the first paragraph has beside codes and references.
const LEAST: usize = 5;

/// A line for each doc comment that has too few.
pub(crate) fn check() -> Vec<String> {
    let mut faults = Vec::new();
    for path in sources::files(Path::new("."), &["rs"]) {
        let in_tests = path.iter().any(|part| part == "tests") || path.ends_with("tests.rs");
        if in_tests || path.starts_with("./xtask") || !path.iter().any(|part| part == "src") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        for (number, paragraph) in paragraphs(&text) {
            if is_bare(&paragraph) {
                let path = path.display();
                faults.push(format!("{path}:{number}: a code and no sentence: {paragraph}"));
            }
        }
    }
    faults
}

/// The first paragraph of each doc comment, with the number of its first line.
fn paragraphs(text: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let (mut kind, mut open) = ("", false);
    for (number, line) in (1_usize..).zip(text.lines()) {
        let line = line.trim_start();
        let Some((marker, doc)) = ["///", "//!"]
            .into_iter()
            .find_map(|marker| Some((marker, line.strip_prefix(marker)?.trim())))
        else {
            (kind, open) = ("", false);
            continue;
        };
        if kind != marker {
            (kind, open) = (marker, true);
            found.push((number, String::new()));
        }
        open = open && !doc.is_empty();
        if let (true, Some((_, paragraph))) = (open, found.last_mut()) {
            if !paragraph.is_empty() {
                paragraph.push(' ');
            }
            paragraph.push_str(doc);
        }
    }
    found
}

/// Whether there is a code, and next to nothing beside codes.
fn is_bare(paragraph: &str) -> bool {
    let words = |paragraph: &str| -> Vec<String> {
        let trim = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
        paragraph.split_whitespace().map(trim).collect()
    };
    let words = words(paragraph);
    let said = words.iter().filter(|word| {
        word.starts_with(char::is_alphabetic)
            && !is_code(word)
            && !["RFC", "section", "and", "to"].contains(&word.as_str())
    });
    words.iter().any(|word| is_code(word)) && said.count() < LEAST
}

/// A code of the framework, such as core.tknint.204.
fn is_code(word: &str) -> bool {
    let mut parts = word.split('.');
    matches!(parts.next(), Some("core" | "ext")) && parts.next().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_alone_is_no_sentence() {
        let cases = [
            ("core.tknint.204", true),
            (
                "`core.tknint.203`, core.tknint.204 and RFC 6749 section 3.2: codes.",
                true,
            ),
            ("core.tknint.204 — a code is retired at its first offer.", false),
            ("A code is retired at its first offer (core.tknint.204).", false),
            ("A code.", false),
            ("The core of it.", false),
        ];
        for (paragraph, expected) in cases {
            assert_eq!(is_bare(paragraph), expected, "{paragraph}");
        }
    }

    #[test]
    fn the_first_paragraph_of_a_comment_counts_and_each_kind_of_comment_is_one() {
        let text = "//! One\n//! two.\n//!\n//! Three.\n/// Four.\nfn a() {}\n    /// Five.\n    fn b() {}\n";
        let found = [(1, "One two."), (5, "Four."), (7, "Five.")].map(|(n, text)| (n, text.to_owned()));
        assert_eq!(paragraphs(text), found);
    }
}
