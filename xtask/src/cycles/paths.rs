// SPDX-License-Identifier: AGPL-3.0-or-later
//! The paths in a source file that stay within its crate.

mod tokens;

use crate::sources;
use tokens::tokens;

/// A path as it stands in the file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Its segments; the first is `crate`, `self` or `super`, and a glob ends at its module.
    pub(super) segments: Vec<String>,
    /// The name behind `as`.
    pub(super) name: Option<String>,
    /// Whether it stands in a `pub use` of any visibility.
    pub(super) exported: bool,
}

/// The paths outside comments, texts and the inline test module.
pub(super) fn find(text: &str) -> Vec<Found> {
    let code: Vec<&str> = sources::lines_outside_tests(text).map(|(_, line)| line).collect();
    let tokens = tokens(&code.join("\n"));
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let next = at.saturating_add(1);
        let inside = is_root(token) && is(&tokens, next, "::");
        let visibility = before(&tokens, at, 1).is_some_and(|last| last == "in" || last == "::");
        if token == "use" {
            let exported = before(&tokens, at, 1).is_some_and(|last| last == "pub" || last == ")");
            at = tree(&tokens, next, &[], exported, &mut found).max(next);
        } else if inside && !visibility {
            at = tree(&tokens, at, &[], false, &mut found).max(next);
        } else {
            at = next;
        }
    }
    // a name without a root is a child of this module, or another crate
    for path in &mut found {
        if path.segments.first().is_some_and(|first| !is_root(first)) {
            path.segments.insert(0, "self".to_owned());
        }
    }
    found
}

fn is_root(word: &str) -> bool {
    matches!(word, "crate" | "self" | "super")
}

fn is(tokens: &[String], at: usize, sign: &str) -> bool {
    tokens.get(at).is_some_and(|token| token == sign)
}

fn before(tokens: &[String], at: usize, back: usize) -> Option<&str> {
    tokens.get(at.checked_sub(back)?).map(String::as_str)
}

/// Reads one path or tree of paths, and returns where the text goes on.
fn tree(tokens: &[String], mut at: usize, prefix: &[String], exported: bool, found: &mut Vec<Found>) -> usize {
    let mut segments = prefix.to_vec();
    let mut name = None;
    loop {
        match tokens.get(at).map(String::as_str) {
            Some("{") => return trees(tokens, at, &segments, exported, found),
            Some("*") => at = at.saturating_add(1),
            Some(word) if word.starts_with(|c: char| c.is_alphabetic() || c == '_') => {
                segments.push(word.to_owned());
                at = at.saturating_add(1);
            }
            _ => return at,
        }
        if is(tokens, at, "as") {
            name = tokens.get(at.saturating_add(1)).cloned();
            at = at.saturating_add(2);
        }
        if !is(tokens, at, "::") {
            break;
        }
        at = at.saturating_add(1);
    }
    found.push(Found {
        segments,
        name,
        exported,
    });
    at
}

/// Reads what stands between two braces.
fn trees(tokens: &[String], mut at: usize, prefix: &[String], exported: bool, found: &mut Vec<Found>) -> usize {
    at = at.saturating_add(1);
    while !is(tokens, at, "}") {
        let next = tree(tokens, at, prefix, exported, found);
        if next == at {
            return at;
        }
        at = if is(tokens, next, ",") {
            next.saturating_add(1)
        } else {
            next
        };
    }
    at.saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_are_taken_apart() {
        let text =
            "pub(crate) use self::{a::{self, B as C}, d::*}; use std::fmt;\n// use crate::no;\nlet x = crate::e::F {};";
        let found: Vec<_> = find(text)
            .into_iter()
            .map(|path| (path.segments.join("::"), path.name, path.exported))
            .collect();
        let expected = [
            ("self::a::self", None, true),
            ("self::a::B", Some("C"), true),
            ("self::d", None, true),
            ("self::std::fmt", None, false),
            ("crate::e::F", None, false),
        ]
        .map(|(path, name, exported)| (path.to_owned(), name.map(str::to_owned), exported));
        assert_eq!(found, expected);
    }
}
