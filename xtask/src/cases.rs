// SPDX-License-Identifier: AGPL-3.0-or-later
//! Case ids in names of tests: each is defined, and each case of `docs/cases.md` has a test.
//!
//! A name carries ids as parts between underscores: `core_tknint_204_e08_…`, `b12_to_b17`, `peers_48_49`, `suite_5`, `o13_…`. They are
//! defined in `docs/cases.md`; the threats and faults (L, W, O, C, F, R) in `docs/security.md`; the invariants of lists (V)
//! with the lint of `medmij-cli`.

use crate::sources;
use std::{collections::BTreeMap, collections::BTreeSet, path::Path};

/// Where ids are defined.
const PAGES: &[&str] = &["docs/cases.md", "docs/security.md", "medmij-cli/src/lint.rs"];

/// Series of cases that are numbered behind their name.
const SERIES: &[&str] = &["peers", "suite"];

/// A line for each id without a definition, and for each case without a test.
pub(crate) fn check() -> Vec<String> {
    let read = |page: &str| std::fs::read_to_string(page).unwrap_or_default();
    let known: BTreeSet<String> = PAGES.iter().flat_map(|page| defined(&read(page))).collect();
    let mut used: BTreeMap<String, String> = BTreeMap::new();
    for path in sources::files(Path::new("."), &["rs"]) {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let lists = path.starts_with("./medmij-cli");
        let contract = path.starts_with("./medmij-store-contract");
        for name in tests(&text, contract) {
            for id in ids(name, lists) {
                used.entry(id)
                    .or_insert_with(|| format!("{}: `{name}`", path.display()));
            }
        }
    }
    let undefined = used
        .iter()
        .filter(|(id, _)| !known.contains(*id))
        .map(|(id, place)| format!("{place}: case {id} stands in none of {}", PAGES.join(", ")));
    let cases = defined(&read("docs/cases.md"));
    let untested = cases
        .iter()
        .filter(|id| !used.contains_key(*id))
        .map(|id| format!("docs/cases.md: no test has case {id} in its name"));
    undefined.chain(untested).collect()
}

/// The ids in the first column of the tables of a page.
fn defined(page: &str) -> Vec<String> {
    page.lines()
        .filter_map(|line| {
            line.trim_start_matches("//!")
                .trim()
                .strip_prefix('|')?
                .split('|')
                .next()
        })
        .map(str::trim)
        .filter(|cell| is_id(cell))
        .map(str::to_owned)
        .collect()
}

fn is_id(cell: &str) -> bool {
    let series = cell.split_once(' ').filter(|(series, _)| SERIES.contains(series));
    let number = series.map_or_else(
        || cell.trim_start_matches(|c: char| c.is_ascii_uppercase()),
        |(_, number)| number,
    );
    number.len() < cell.len() && !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
}

/// The names of the functions that are tests; of a contract all, since a store runs each of them.
pub(crate) fn tests(text: &str, contract: bool) -> Vec<&str> {
    let (mut found, mut marked) = (Vec::new(), false);
    for line in text.lines().map(str::trim) {
        if line.starts_with("#[") {
            marked |= line == "#[test]" || line.contains("::test");
        } else if let Some(name) = function(line) {
            // a macro has a parameter in place of the name
            if (marked || contract) && !name.is_empty() {
                found.push(name);
            }
            marked = false;
        } else if !line.starts_with("//") && !line.is_empty() && !line.ends_with(")]") && !line.ends_with(',') {
            marked = false;
        }
    }
    found
}

fn function(line: &str) -> Option<&str> {
    let rest = line
        .trim_start_matches("pub ")
        .trim_start_matches("async ")
        .strip_prefix("fn ")?;
    rest.split(|c: char| !c.is_alphanumeric() && c != '_').next()
}

/// The ids in a name, a range (`b12_to_b17`) spelled out.
fn ids(name: &str, lists: bool) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let (mut series, mut range) = (None, false);
    for part in name.split('_') {
        let id = match series {
            Some(series) if (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()) => {
                Some(format!("{series} {part}"))
            }
            _ => {
                series = SERIES.iter().find(|series| **series == part);
                id_of(part, lists)
            }
        };
        if let Some(id) = id {
            let last = found.last().cloned();
            if let (true, Some(from)) = (range, last) {
                found.extend(between(&from, &id));
            }
            found.push(id);
            range = false;
        } else {
            range = part == "to" && !found.is_empty();
        }
    }
    found
}

fn id_of(part: &str, lists: bool) -> Option<String> {
    let (letter, number) = part.split_at_checked(1)?;
    let digits = number.bytes().all(|b| b.is_ascii_digit()) && (1..=2).contains(&number.len());
    let family = match letter {
        "a" | "b" | "d" | "e" | "g" | "h" | "i" | "j" | "k" => number.len() == 2,
        "c" | "f" | "l" | "o" | "r" | "w" => true,
        "v" => lists,
        _ => false,
    };
    (digits && family).then(|| part.to_uppercase())
}

/// The ids between two of one letter, ends left out.
fn between(from: &str, to: &str) -> Vec<String> {
    let (Some((letter, first)), Some((other, last))) = (from.split_at_checked(1), to.split_at_checked(1)) else {
        return Vec::new();
    };
    let (Ok(first), Ok(last)) = (first.parse::<u8>(), last.parse::<u8>()) else {
        return Vec::new();
    };
    if letter != other {
        return Vec::new();
    }
    (first.saturating_add(1)..last)
        .map(|number| format!("{letter}{number:02}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_between_underscores_and_ranges_are_spelled_out() {
        let cases: [(&str, &[&str]); 6] = [
            ("core_tknint_204_e08_refused", &["E08"]),
            ("b12_to_b14_answers", &["B12", "B13", "B14"]),
            ("peers_48_49_of_900_s", &["peers 48", "peers 49"]),
            ("o13_suite_5_limits_a2", &["O13", "suite 5"]),
            ("core_alst_100_names", &[]),
            ("g1_ends_and_parse_v1", &[]),
        ];
        for (name, expected) in cases {
            assert_eq!(ids(name, false), expected, "{name}");
        }
        assert_eq!(ids("v2_v13_places", true), ["V2", "V13"]);
    }

    #[test]
    fn a_test_is_a_function_under_an_attribute_of_a_test() {
        let text = "#[tokio::test]\n#[ignore = \"x\"]\nasync fn e01_a() {}\nfn e02_b() {}\n#[test]\nfn e03_c() {}\n";
        assert_eq!(tests(text, false), ["e01_a", "e03_c"]);
        assert_eq!(tests(text, true), ["e01_a", "e02_b", "e03_c"]);
    }

    #[test]
    fn a_row_defines_the_id_in_its_first_column() {
        let page = "| id | what |\n| --- | --- |\n| A01 | x |\n| peers 41 | y |\n//! | V2 | z |\n| Bsn | - |\n";
        assert_eq!(defined(page), ["A01", "peers 41", "V2"]);
    }
}
