// SPDX-License-Identifier: AGPL-3.0-or-later
//! "Did you mean …?": the names that are nearest to one that is not there.

/// At most five names, the nearest first. A name counts when a third of it at most is different, or when one is the
/// beginning of the other.
pub(crate) fn nearest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted: Vec<char> = wanted.to_lowercase().chars().take(LONGEST).collect();
    let most = (wanted.len() / 3).max(1);
    let mut found: Vec<(usize, &str)> = Vec::new();
    for name in names {
        let short = name.strip_suffix("@medmij").unwrap_or(name);
        let letters: Vec<char> = short.chars().take(LONGEST).collect();
        let begins = wanted.len() >= 3 && letters.starts_with(&wanted);
        let distance = if begins {
            1
        } else {
            distance(&wanted, &letters, most).unwrap_or(usize::MAX)
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

/// How many letters to add, drop, change or swap with their neighbour; `None` for more than `most`.
fn distance(a: &[char], b: &[char], most: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) > most {
        return None;
    }
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    let mut letter_before = None;
    for (row, letter) in (1..).zip(a) {
        let mut line = Vec::with_capacity(b.len() + 1);
        line.push(row);
        let mut other_before = None;
        for (column, other) in (1..).zip(b) {
            let cell = |line: &[usize], at: usize| line.get(at).copied().unwrap_or(usize::MAX - 1);
            let changed = cell(&last, column - 1) + usize::from(letter != other);
            let mut best = changed.min(cell(&last, column) + 1).min(cell(&line, column - 1) + 1);
            if letter_before == Some(other) && other_before == Some(letter) {
                best = best.min(cell(&before_last, column - 2) + 1);
            }
            line.push(best);
            other_before = Some(other);
        }
        if line.iter().all(|cell| *cell > most) {
            return None;
        }
        letter_before = Some(letter);
        before_last = std::mem::replace(&mut last, line);
    }
    last.last().copied().filter(|distance| *distance <= most)
}

/// Names are not longer than this, whatever somebody types.
const LONGEST: usize = 253;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        let between = |a: &str, b: &str| {
            let letters = |text: &str| text.chars().collect::<Vec<_>>();
            distance(&letters(a), &letters(b), 3)
        };
        for (a, b, is) in [
            ("umc", "umc", Some(0)),
            ("umc", "uumc", Some(1)),
            ("umc", "um", Some(1)),
            ("umc", "ucm", Some(1)),
            ("umc", "abc", Some(2)),
            ("umc", "radiologie", None),
            ("", "", Some(0)),
        ] {
            assert_eq!((between(a, b), between(b, a)), (is, is), "{a} {b}");
        }
    }

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
    }
}
