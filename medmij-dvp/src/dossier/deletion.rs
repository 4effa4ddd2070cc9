// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.dossier.105, core.dossier.106 — deletion, and what the Persoon reads before it.

use std::fmt;

/// What is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeletionScope {
    /// One item.
    Item,
    /// What was collected in one go.
    Collection,
    /// The whole account.
    Account,
}

/// A deletion that the Persoon was told about. The application performs it only with one, so that nobody deletes
/// without having read what goes.
///
/// ```
/// use medmij_dvp::dossier::{Deletion, DeletionScope};
///
/// let deletion = Deletion::announce(DeletionScope::Collection, 12);
/// assert!(deletion.to_string().starts_with("U verwijdert 12 gegevens die u samen hebt opgehaald."));
/// let confirmed = deletion.confirmed();
/// assert_eq!(confirmed.items(), 12);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deletion {
    scope: DeletionScope,
    items: usize,
}

/// A deletion that the Persoon confirmed after reading what goes.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfirmedDeletion(Deletion);

impl Deletion {
    /// What is to be deleted: its scope, and how many items that are.
    #[must_use]
    pub const fn announce(scope: DeletionScope, items: usize) -> Self {
        Self { scope, items }
    }

    /// The Persoon read the text and confirmed.
    #[must_use]
    pub const fn confirmed(self) -> ConfirmedDeletion {
        ConfirmedDeletion(self)
    }
}

impl ConfirmedDeletion {
    /// What is deleted.
    #[must_use]
    pub const fn scope(&self) -> DeletionScope {
        self.0.scope
    }

    /// How many items that are.
    #[must_use]
    pub const fn items(&self) -> usize {
        self.0.items
    }
}

impl fmt::Display for Deletion {
    /// The text in plain Dutch (B1): exactly what goes, only here, and that it might not be available any more later.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.scope, self.items) {
            (DeletionScope::Item, _) => f.write_str("U verwijdert dit ene gegeven."),
            (DeletionScope::Collection, 1) => f.write_str("U verwijdert 1 gegeven dat u hebt opgehaald."),
            (DeletionScope::Collection, items) => {
                write!(f, "U verwijdert {items} gegevens die u samen hebt opgehaald.")
            }
            (DeletionScope::Account, items) => {
                write!(f, "U verwijdert uw account en alle {items} gegevens daarin.")
            }
        }?;
        f.write_str(
            " We verwijderen ze alleen hier. Bij uw zorgaanbieder blijven ze staan. Wilt u ze later opnieuw ophalen? Dat lukt misschien niet meer.",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn core_dossier_105_106_the_text_says_what_goes_where_and_that_it_might_not_come_back() {
        for scope in [DeletionScope::Item, DeletionScope::Collection, DeletionScope::Account] {
            for items in [1, 7] {
                let text = Deletion::announce(scope, items).to_string();
                for part in [
                    "verwijdert",
                    "alleen hier",
                    "Bij uw zorgaanbieder blijven",
                    "misschien niet meer",
                ] {
                    assert!(text.contains(part), "{text}");
                }
                let longest = text
                    .split_inclusive(['.', '?'])
                    .map(|s| s.split_whitespace().count())
                    .max();
                assert!(longest <= Some(12), "{text}");
            }
        }
        assert!(
            Deletion::announce(DeletionScope::Account, 7)
                .to_string()
                .contains("alle 7 gegevens")
        );
    }
}
