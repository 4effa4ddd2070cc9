// SPDX-License-Identifier: AGPL-3.0-or-later
//! "Did you mean …?": the names that are nearest to one that is not there.

use strsim::osa_distance;

/// At most five names, the nearest first. A name counts when a third of it at most is different, or when one is the
/// beginning of the other.
pub(crate) fn nearest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted: String = wanted.to_lowercase().chars().take(LONGEST).collect();
    let count = wanted.chars().count();
    let most = (count / 3).max(1);
    let mut found: Vec<(usize, &str)> = Vec::new();
    for name in names {
        let short = name.strip_suffix("@medmij").unwrap_or(name);
        let letters = short.chars().take(LONGEST + 1).count();
        let distance = if count >= 3 && short.starts_with(&wanted) {
            1
        } else if letters.abs_diff(count) > most || letters > LONGEST {
            continue;
        } else {
            osa_distance(&wanted, short)
        };
        if distance <= most {
            found.push((distance, name));
        }
        if found.len() > 1000 {
            shorten(&mut found);
        }
    }
    shorten(&mut found);
    found.into_iter().map(|(_, name)| name).collect()
}

fn shorten(found: &mut Vec<(usize, &str)>) {
    found.sort_unstable();
    found.truncate(5);
}

/// Names are not longer than this, whatever somebody types.
const LONGEST: usize = 253;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_come_first() {
        let names = [
            "umcharderwijk@medmij",
            "umcgroningen@medmij",
            "radiologencentraalflevoland@medmij",
        ];
        assert_eq!(nearest("umchardewijk", names.into_iter()), ["umcharderwijk@medmij"]);
        assert_eq!(
            nearest("UMC", names.into_iter()),
            ["umcgroningen@medmij", "umcharderwijk@medmij"]
        );
        assert_eq!(nearest("ziekenhuis", names.into_iter()), [""; 0]);
        // two letters that changed places count as one difference
        assert_eq!(nearest("mucgroningen", names.into_iter()), ["umcgroningen@medmij"]);
        assert_eq!(nearest(&"a".repeat(100_000), names.into_iter()), [""; 0]);
    }
}
