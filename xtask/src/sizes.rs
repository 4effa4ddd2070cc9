// SPDX-License-Identifier: AGPL-3.0-or-later
//! How long a source file may be: a file that grows past the limit has more than one subject.

use crate::sources;
use std::{fs, path::Path};

/// Lines that a file below `src` may have.
const MOST: usize = 400;

/// Files that are longer still, and how long they may be. An entry may only fall, or go.
const LONGER: &[(&str, usize)] = &[
    ("medmij-fhir/src/collection/tests.rs", 432),
    ("medmij-fhir/src/server/tests.rs", 511),
    ("medmij-fhir/src/share/tests.rs", 442),
    ("medmij-fhir/src/xml/tests/corners.rs", 471),
    ("medmij-oauth/src/policy/stelsel/file.rs", 403),
    ("medmij-store-postgres/src/store.rs", 478),
    ("medmij-store-sqlite/src/store.rs", 405),
];

/// The files of every `src` folder that are longer than they may be.
pub(crate) fn check() -> Vec<String> {
    let root = Path::new(".");
    let below_src = |path: &Path| path.iter().any(|part| part == "src");
    sources::files(root, &["rs"])
        .into_iter()
        .filter(|path| below_src(path))
        .filter_map(|path| {
            let path = path.strip_prefix(root).unwrap_or(&path);
            fault(&path.to_string_lossy(), fs::read_to_string(path).ok()?.lines().count())
        })
        .collect()
}

fn fault(path: &str, lines: usize) -> Option<String> {
    let exception = LONGER.iter().find(|(of, _)| *of == path);
    let most = exception.map_or(MOST, |(_, most)| *most);
    (lines > most).then(|| format!("{path}: {lines} lines, {most} allowed: cut it by subject"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_may_have_400_lines_and_an_exception_no_more_than_it_has() {
        assert_eq!(fault("medmij-a/src/b.rs", 400), None);
        assert!(fault("medmij-a/src/b.rs", 401).is_some());
        for (path, most) in LONGER {
            assert!(*most > MOST, "{path}");
            assert_eq!(fault(path, *most), None);
            assert!(fault(path, most + 1).is_some());
        }
    }
}
