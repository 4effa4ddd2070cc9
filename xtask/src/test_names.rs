// SPDX-License-Identifier: AGPL-3.0-or-later
//! The name of a test is a sentence: what holds, behind the rule and the cases that it is about.

use crate::{cases, sources};
use std::path::Path;

/// Words that a name has at least, behind rule and cases.
const FEWEST: usize = 3;

/// A line for each test whose name says less.
pub(crate) fn check() -> Vec<String> {
    let mut faults = Vec::new();
    for path in sources::files(Path::new("."), &["rs"]) {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        for name in cases::tests(&text, false) {
            if words(name) < FEWEST {
                faults.push(format!("{}: `{name}`: say what holds, in a sentence", path.display()));
            }
        }
    }
    faults
}

/// How many words a name has behind its rules (`core_tknint_204`) and cases (`e08`, `peers_48`).
fn words(name: &str) -> usize {
    name.split('_').skip_while(|part| is_of_a_rule(part)).count()
}

fn is_of_a_rule(part: &str) -> bool {
    let number = part.trim_start_matches(|c: char| c.is_ascii_lowercase());
    let is_id = part.len() <= number.len() + 1 && number.bytes().all(|b| b.is_ascii_digit());
    let is_page = part.len() > 3 && part.ends_with("int");
    is_page || (is_id && !number.is_empty()) || ["core", "ext", "abo", "peers", "suite", "to"].contains(&part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_and_cases_are_no_words_of_the_sentence() {
        let counts = [
            ("core_tknint_204_e08_to_e14_the_code_is_retired", 4),
            ("ext_abo_subint_200_201_i01_the_request", 2),
            ("peers_48_49_of_900_s", 3),
            ("h11_accept", 1),
            ("usage", 1),
            ("a_name_is_read", 4),
        ];
        for (name, expected) in counts {
            assert_eq!(words(name), expected, "{name}");
        }
    }
}
