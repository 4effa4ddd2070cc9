// SPDX-License-Identifier: AGPL-3.0-or-later
//! How long a source file may be: a file that grows past the limit has more than one subject.

use crate::sources;
use std::{fs, path::Path};

/// Lines that a file below `src` may have.
const MOST: usize = 400;

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
    (lines > MOST).then(|| format!("{path}: {lines} lines, {MOST} allowed: cut it by subject"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_400_lines_at_most() {
        assert_eq!(fault("medmij-a/src/b.rs", 400), None);
        assert!(fault("medmij-a/src/b.rs", 401).is_some());
    }
}
