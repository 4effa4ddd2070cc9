// SPDX-License-Identifier: AGPL-3.0-or-later
//! Under what a stored list is filed: source, api and list. The number of one says nothing about the number of another.

use std::fmt;

use medmij_types::Hostname;

use crate::ListKind;

/// Source, api and list.
///
/// ```
/// use medmij_list::{ListKind, supply::{StorageKey, SourceName}};
///
/// let key = StorageKey::new(SourceName::parse("stelselnode.medmij.nl")?, 2, ListKind::Whitelist);
/// assert_eq!(key.to_string(), "Whitelist of stelselnode.medmij.nl, api 2");
/// # Ok::<(), medmij_list::supply::SourceNameError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "files", derive(serde::Serialize, serde::Deserialize))]
pub struct StorageKey {
    source: SourceName,
    api: u16,
    list: ListKind,
}

impl StorageKey {
    /// The key of a list from a source at a major version of the interface.
    #[must_use]
    pub const fn new(source: SourceName, api: u16, list: ListKind) -> Self {
        Self { source, api, list }
    }

    /// Where the list comes from.
    #[must_use]
    pub const fn source(&self) -> &SourceName {
        &self.source
    }

    /// The major version that is asked for with `?api=`.
    #[must_use]
    pub const fn api(&self) -> u16 {
        self.api
    }

    /// The list.
    #[must_use]
    pub const fn list(&self) -> ListKind {
        self.list
    }
}

impl fmt::Display for StorageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}, api {}", self.list, self.source, self.api)
    }
}

/// A name for a source that is fit for a folder: the host name of a Stelselnode, or what an operator calls a folder of
/// files. Lower-case letters, digits, `.`, `-` and `_`; it begins with a letter or a digit.
///
/// ```
/// use medmij_list::supply::SourceName;
///
/// assert!(SourceName::parse("stelselnode.medmij.nl").is_ok());
/// assert!(SourceName::parse("../elders").is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceName(Box<str>);

impl SourceName {
    /// Reads a name.
    ///
    /// # Errors
    ///
    /// [`SourceNameError`], where it is no such name.
    pub fn parse(text: &str) -> Result<Self, SourceNameError> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'_');
        let starts = text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
        if starts && text.len() <= 200 && text.bytes().all(allowed) {
            Ok(Self(text.into()))
        } else {
            Err(SourceNameError)
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&Hostname> for SourceName {
    fn from(host: &Hostname) -> Self {
        Self(host.as_str().into())
    }
}

impl fmt::Display for SourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text is no [`SourceName`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the name of a source has 1 to 200 of the characters a-z, 0-9, '.', '-' and '_', and begins with a letter or a digit"
)]
pub struct SourceNameError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_fit_for_a_folder() {
        for good in ["stelselnode.medmij.nl", "proef-1", "a_b", &"x".repeat(200)] {
            assert_eq!(SourceName::parse(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            ".",
            "..",
            "../a",
            "a/b",
            "a\\b",
            "A.nl",
            "a b",
            "a\0",
            "-a",
            "ä.nl",
            &"x".repeat(201),
        ] {
            assert_eq!(SourceName::parse(bad), Err(SourceNameError), "{bad:?}");
        }
    }
}
