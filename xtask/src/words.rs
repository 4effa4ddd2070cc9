// SPDX-License-Identifier: AGPL-3.0-or-later
//! The words of the project: English of the field, and Dutch for the nouns of the framework only.
//!
//! `words.txt` has a word or phrase a line, and what to say instead behind `=>`. A phrase matches whole words, in any
//! case, in comments, documents and identifiers split at `_`.

use crate::sources;
use std::path::Path;

const LIST: &str = include_str!("../words.txt");

/// A line for each place where a word of the list stands.
pub(crate) fn check() -> Vec<String> {
    let words = words(LIST);
    let mut faults = Vec::new();
    for path in sources::files(Path::new("."), &["rs", "md", "toml"]) {
        if exempt(&path) {
            continue;
        }
        let Ok(text) = std::fs::read_to_string(&path) else {
            continue;
        };
        for (number, line) in text.lines().enumerate() {
            for (word, instead) in &words {
                if contains(line, word) {
                    let number = number.saturating_add(1);
                    faults.push(format!("{}:{number}: `{word}`: say {instead}", path.display()));
                }
            }
        }
    }
    faults
}

/// The list itself, and the page that explains the Dutch nouns.
fn exempt(path: &Path) -> bool {
    path.starts_with("./xtask") || path.ends_with("docs/glossary.md")
}

fn words(list: &str) -> Vec<(&str, &str)> {
    list.lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
        .filter_map(|line| line.split_once("=>"))
        .map(|(word, instead)| (word.trim(), instead.trim()))
        .collect()
}

/// Whether the phrase stands in the line between two word boundaries.
fn contains(line: &str, phrase: &str) -> bool {
    let line = line.to_lowercase();
    let boundary = |c: Option<char>| !c.is_some_and(char::is_alphanumeric);
    line.match_indices(phrase).any(|(at, found)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let after = line
            .get(at.saturating_add(found.len())..)
            .and_then(|text| text.chars().next());
        boundary(before) && boundary(after)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phrase_matches_whole_words_in_any_case() {
        let cases = [
            ("The list of before stays", "of before", true),
            ("a proof of beforehand", "of before", false),
            ("It May Not run", "may not", true),
            ("maybe nothing", "may not", false),
            ("let te_druk = 1;", "te_druk", true),
        ];
        for (line, phrase, expected) in cases {
            assert_eq!(contains(line, phrase), expected, "{line}");
        }
    }

    #[test]
    fn every_line_of_the_list_says_what_to_say_instead() {
        let lines = LIST
            .lines()
            .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
            .count();
        assert_eq!(words(LIST).len(), lines);
        assert!(
            words(LIST)
                .iter()
                .all(|(word, instead)| !word.is_empty() && !instead.is_empty())
        );
    }
}
