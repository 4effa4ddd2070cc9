// SPDX-License-Identifier: AGPL-3.0-or-later
//! How many names a newcomer has to know: what the program of a guide takes from the crates of this project.

use std::collections::BTreeSet;

/// A guide, how many names its program may take, and from how many crates.
const GUIDES: &[(&str, usize, usize)] = &[("docs/build-a-dvp.md", 22, 3), ("docs/build-a-dvza.md", 28, 4)];

/// A line for each guide that asks more.
pub(crate) fn check() -> Vec<String> {
    GUIDES
        .iter()
        .filter_map(|(guide, names, crates)| {
            let (found, from) = count(&std::fs::read_to_string(guide).unwrap_or_default());
            let fits = (1..=*names).contains(&found) && from <= *crates;
            (!fits).then(|| format!("{guide}: {found} names from {from} crates, {names} from {crates} allowed"))
        })
        .collect()
}

/// The names after `use medmij_…` and in paths that begin so, and the crates that they come from.
fn count(guide: &str) -> (usize, usize) {
    let program = guide.split("```rust,no_run").nth(1).unwrap_or_default();
    let program = program.split("```").next().unwrap_or_default();
    let (mut names, mut crates) = (BTreeSet::new(), BTreeSet::new());
    for path in program.split("medmij_").skip(1) {
        let path = path.split([';', '(']).next().unwrap_or_default();
        crates.extend(path.split("::").next());
        // a segment that is followed by `::` is a module, the others are names
        let words = path.split_inclusive(|c: char| !c.is_alphanumeric() && c != '_');
        let words = words.map(|word| word.trim_end_matches(char::is_whitespace));
        for word in words {
            let name = word.trim_end_matches(|c: char| !c.is_alphanumeric() && c != '_');
            let is_module = word.ends_with(':');
            if is_module && name.starts_with(char::is_uppercase) {
                // a type whose function is called
                names.insert(name);
                break;
            }
            if !name.is_empty() && !is_module {
                names.insert(name);
            }
        }
    }
    (names.len(), crates.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_crates_of_the_program_are_counted_once() {
        let guide = "use medmij_x::Y;\n```rust,no_run\nuse std::sync::Arc;\nuse medmij_a::{B, c::{D, e}};\nuse medmij_f::B;\n\
                     let g = medmij_a::h::G::new();\n```\n";
        assert_eq!(count(guide), (4, 2));
    }
}
