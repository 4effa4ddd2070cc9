// SPDX-License-Identifier: AGPL-3.0-or-later
//! The words of the project: English of the field, and Dutch for the nouns of the framework only.
//!
//! `words.txt` has a word or phrase a line, and what to say instead behind `=>`. A phrase matches whole words, in any
//! case, in comments, documents and identifiers split at `_`. `(but …, …)` names longer phrases that are English.

use crate::sources;
use std::path::Path;

const LIST: &str = include_str!("../words.txt");

/// A line for each place where a word of the list stands.
pub(crate) fn check() -> Vec<String> {
    let words = words(LIST);
    let mut faults = Vec::new();
    for path in sources::files(Path::new("."), &["rs", "md", "toml", "html"]) {
        if exempt(&path) {
            continue;
        }
        let Ok(text) = std::fs::read_to_string(&path) else {
            continue;
        };
        for (number, line) in text.lines().enumerate() {
            let line = line.to_lowercase();
            for word in words.iter().filter(|word| word.is_in(&line)) {
                let number = number.saturating_add(1);
                let Word { phrase, instead, .. } = word;
                faults.push(format!("{}:{number}: `{phrase}`: say {instead}", path.display()));
            }
        }
    }
    faults
}

/// The list itself, and the page that explains the Dutch nouns.
fn exempt(path: &Path) -> bool {
    path.starts_with("./xtask") || path.ends_with("docs/glossary.md")
}

/// A line of the list.
struct Word<'a> {
    phrase: &'a str,
    /// Longer phrases in which it is English.
    but: Vec<&'a str>,
    instead: &'a str,
}

impl Word<'_> {
    /// Whether the line, in lower case, has the phrase outside what is allowed.
    fn is_in(&self, line: &str) -> bool {
        if !contains(line, self.phrase) {
            return false;
        }
        let rest = self
            .but
            .iter()
            .fold(line.to_owned(), |rest, but| rest.replace(but, "…"));
        contains(&rest, self.phrase)
    }
}

fn words(list: &str) -> Vec<Word<'_>> {
    list.lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
        .filter_map(|line| line.split_once("=>"))
        .map(|(phrase, instead)| {
            let phrase = phrase.trim();
            let (phrase, but) = phrase.split_once(" (but ").unwrap_or((phrase, ""));
            let but = but.trim_end_matches(')').split(", ").filter(|but| !but.is_empty());
            Word {
                phrase,
                but: but.collect(),
                instead: instead.trim(),
            }
        })
        .collect()
}

/// Whether the phrase stands in the line, in lower case, between two word boundaries.
fn contains(line: &str, phrase: &str) -> bool {
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
    fn a_phrase_matches_whole_words_in_any_case_but_where_it_is_english() {
        let cases = [
            ("The list of before stays", "of before", true),
            ("a proof of beforehand", "of before", false),
            ("It May Not run", "may not", true),
            ("maybe nothing", "may not", false),
            ("let te_druk = 1;", "te_druk", true),
            ("it stands in the list", "stands in (but stands in the way)", true),
            ("what stands in the way", "stands in (but stands in the way)", false),
            ("Told apart, and told", "told (but told apart, untold)", true),
        ];
        for (line, phrase, expected) in cases {
            let list = format!("{phrase} => else");
            assert_eq!(words(&list)[0].is_in(&line.to_lowercase()), expected, "{line}");
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
                .all(|word| !word.phrase.is_empty() && !word.instead.is_empty())
        );
    }
}
