// SPDX-License-Identifier: AGPL-3.0-or-later
//! Thumbprints that an operator compared with what PKIoverheid publishes.

use std::collections::BTreeMap;

/// SHA-256 thumbprints in lower case, with a remark.
#[derive(Debug, Default)]
pub(crate) struct Thumbprints(BTreeMap<String, String>);

impl Thumbprints {
    pub(crate) fn contains(&self, thumbprint: &str) -> bool {
        self.0.contains_key(thumbprint)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &String)> {
        self.0.iter()
    }
}

/// Reads a file: a thumbprint a line, colons between its bytes or none, a remark behind it; `#` begins a comment. An
/// error is the number of the line.
pub(crate) fn parse(text: &str) -> Result<Thumbprints, usize> {
    let mut found = BTreeMap::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (first, remark) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let thumbprint = first.replace(':', "").to_ascii_lowercase();
        if thumbprint.len() != 64 || !thumbprint.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(index.saturating_add(1));
        }
        found.insert(thumbprint, remark.trim().to_owned());
    }
    Ok(Thumbprints(found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thumbprints_are_read_with_and_without_colons() {
        let plain = "ab".repeat(32);
        let colons = ["AB"; 32].join(":");
        let read = parse(&format!("# comment\n\n{colons}  the root\n")).unwrap();
        assert!(read.contains(&plain));
        assert_eq!(read.iter().next().unwrap().1, "the root");
        assert_eq!(parse(&format!("{plain}\nab")).unwrap_err(), 2);
    }
}
