// SPDX-License-Identifier: AGPL-3.0-or-later
//! A section `# Errors` names the error: a variant, or the type whose variants say it.

use crate::sources;
use std::path::Path;

/// A line for each section that names neither.
pub(crate) fn check() -> Vec<String> {
    let mut faults = Vec::new();
    for path in sources::files(Path::new("."), &["rs"]) {
        if path.starts_with("./xtask") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        for (number, section) in sections(&text) {
            if !names_an_error(&section) {
                faults.push(format!(
                    "{}:{number}: `# Errors` names no variant and no type: {section}",
                    path.display()
                ));
            }
        }
    }
    faults
}

/// The sections `# Errors` of doc comments, with the number of their heading, each on one line.
fn sections(text: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut open = false;
    for (number, line) in (1_usize..).zip(text.lines()) {
        let Some(doc) = line
            .trim_start()
            .strip_prefix("///")
            .or_else(|| line.trim_start().strip_prefix("//!"))
        else {
            open = false;
            continue;
        };
        let doc = doc.trim();
        if doc.starts_with("# ") {
            open = doc == "# Errors";
            if open {
                found.push((number, String::new()));
            }
        } else if let (true, Some((_, section))) = (open, found.last_mut()) {
            if !section.is_empty() && !doc.is_empty() {
                section.push(' ');
            }
            section.push_str(doc);
        }
    }
    found
}

/// Whether a code span holds a name that begins with a capital, as types and variants do.
fn names_an_error(section: &str) -> bool {
    section.split('`').skip(1).step_by(2).any(|code| {
        code.rsplit("::")
            .next()
            .is_some_and(|name| name.starts_with(char::is_uppercase))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_names_a_variant_or_a_type() {
        let cases = [
            ("[`Refusal::Stale`] where it is old.", true),
            ("[`io::Error`] of the operating system.", true),
            ("See [`StoreError`].", true),
            ("As [`parse`](Self::parse).", false),
            ("Where the `entropy` fails.", false),
        ];
        for (section, expected) in cases {
            assert_eq!(names_an_error(section), expected, "{section}");
        }
    }

    #[test]
    fn a_section_ends_with_the_next_heading_or_with_the_comment() {
        let text = "/// # Errors\n///\n/// One\n/// two.\n/// # Panics\n/// Never.\nfn a() {}\n/// # Errors\n/// Three.\nfn b() {}\n";
        assert_eq!(sections(text), [(1, "One two.".to_owned()), (8, "Three.".to_owned())]);
    }
}
