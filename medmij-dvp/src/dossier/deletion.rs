// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.dossier.105, core.dossier.106 — deletion, and what the Persoon reads before it.

use std::collections::BTreeMap;

use super::{CollectionId, ItemId};
use crate::text_error::TextError;

/// What is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeletionScope {
    /// One item.
    Item(ItemId),
    /// What was collected in one go.
    Collection(CollectionId),
    /// The whole account: every item, and the key under which they were sealed.
    Account,
}

/// A deletion of which the Persoon has to read what goes. The text is of a pack; only [`Deletion::confirmed`] makes what
/// [`Dossier::delete`](super::Dossier::delete) takes, so that nobody deletes without having read it.
///
/// ```
/// use medmij_dvp::dossier::{Deletion, DeletionScope, DeletionTexts};
///
/// let deletion = Deletion::announce(DeletionScope::Account, 12);
/// let text = deletion.text(&DeletionTexts::example());
/// assert!(text.starts_with("Je verwijdert je account en alle 12 gegevens daarin."));
/// assert_eq!(deletion.confirmed().items(), 12);
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

    /// How many items go.
    #[must_use]
    pub const fn items(&self) -> usize {
        self.items
    }

    /// The text for the Persoon.
    #[must_use]
    pub fn text(&self, texts: &DeletionTexts) -> String {
        let first = match (self.scope, self.items) {
            (DeletionScope::Item(_), _) => Sentence::Item,
            (DeletionScope::Collection(_), 1) => Sentence::CollectionOfOne,
            (DeletionScope::Collection(_), _) => Sentence::Collection,
            (DeletionScope::Account, 0) => Sentence::EmptyAccount,
            (DeletionScope::Account, 1) => Sentence::AccountOfOne,
            (DeletionScope::Account, _) => Sentence::Account,
        };
        let first = texts.of(first).replace(ITEMS, &self.items.to_string());
        format!("{first} {}", texts.of(Sentence::Consequences))
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

/// One sentence of the text before a deletion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Sentence {
    /// One item goes.
    Item,
    /// A collection of one item goes.
    CollectionOfOne,
    /// A collection of `{items}` items goes.
    Collection,
    /// An account without items goes.
    EmptyAccount,
    /// An account with one item goes.
    AccountOfOne,
    /// An account with `{items}` items goes.
    Account,
    /// After each of these: only here, never at the source, and that it might not be available there any more later.
    Consequences,
}

impl Sentence {
    const ALL: [(Self, &'static str); 7] = [
        (Self::Item, "Je verwijdert dit ene gegeven."),
        (Self::CollectionOfOne, "Je verwijdert 1 gegeven dat je hebt opgehaald."),
        (
            Self::Collection,
            "Je verwijdert {items} gegevens die je samen hebt opgehaald.",
        ),
        (
            Self::EmptyAccount,
            "Je verwijdert je account. Er staan geen gegevens in.",
        ),
        (
            Self::AccountOfOne,
            "Je verwijdert je account en het ene gegeven daarin.",
        ),
        (
            Self::Account,
            "Je verwijdert je account en alle {items} gegevens daarin.",
        ),
        (
            Self::Consequences,
            "We verwijderen alleen wat hier staat. Bij je zorgaanbieder blijft alles staan. Wil je het later opnieuw ophalen? \
             Dat lukt misschien niet meer.",
        ),
    ];

    /// Whether the number of items is in it.
    const fn counts(self) -> bool {
        matches!(self, Self::Collection | Self::Account)
    }
}

/// The texts before a deletion, as one pack; [`example`](Self::example) is ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletionTexts(BTreeMap<Sentence, Box<str>>);

impl DeletionTexts {
    /// Our example texts, in plain Dutch (B1).
    #[must_use]
    pub fn example() -> Self {
        Self(Sentence::ALL.map(|(sentence, text)| (sentence, text.into())).into())
    }

    /// Another text for a sentence.
    ///
    /// # Errors
    /// [`TextError`], by variant for each rule.
    pub fn with(mut self, sentence: Sentence, text: &str) -> Result<Self, TextError> {
        if text.trim().is_empty() || text.chars().count() > 500 {
            return Err(TextError::Length);
        }
        if text.chars().any(char::is_control) {
            return Err(TextError::Control);
        }
        if text.matches(ITEMS).count() != usize::from(sentence.counts()) {
            return Err(TextError::Items);
        }
        self.0.insert(sentence, text.into());
        Ok(self)
    }

    fn of(&self, sentence: Sentence) -> &str {
        self.0.get(&sentence).map_or("", |text| text)
    }
}

const ITEMS: &str = "{items}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn core_dossier_105_106_the_text_says_what_goes_where_and_that_it_might_not_come_back() {
        let texts = DeletionTexts::example();
        let scopes = [
            DeletionScope::Item(ItemId::new(1)),
            DeletionScope::Collection(CollectionId::new(1)),
            DeletionScope::Account,
        ];
        for scope in scopes {
            for items in [0, 1, 7] {
                let text = Deletion::announce(scope, items).text(&texts);
                for part in [
                    "verwijdert",
                    "alleen wat hier staat",
                    "zorgaanbieder blijft",
                    "misschien niet meer",
                ] {
                    assert!(text.contains(part), "{text}");
                }
                let sentences = text.split_inclusive(['.', '?']);
                let longest = sentences.map(|sentence| sentence.split_whitespace().count()).max();
                assert!(longest <= Some(12), "{text}");
                assert!(!text.contains('{'), "{text}");
            }
        }
        let text = |scope, items| Deletion::announce(scope, items).text(&texts);
        assert!(text(DeletionScope::Account, 7).contains("alle 7 gegevens"));
        assert!(text(DeletionScope::Account, 1).contains("het ene gegeven"));
    }

    #[test]
    fn core_dossier_106_a_text_of_a_pack_keeps_the_number_of_items() {
        let cases = [
            (Sentence::Account, "Alles gaat weg.", Err(TextError::Items)),
            (Sentence::Account, "{items} van {items}", Err(TextError::Items)),
            (Sentence::Item, "{items} gegevens", Err(TextError::Items)),
            (Sentence::Item, " ", Err(TextError::Length)),
            (Sentence::Item, "a\u{7}", Err(TextError::Control)),
            (Sentence::Account, "Uw account en {items} gegevens gaan weg.", Ok(())),
        ];
        for (sentence, text, expected) in cases {
            let found = DeletionTexts::example().with(sentence, text);
            assert_eq!(found.as_ref().map(|_| ()).map_err(|error| *error), expected, "{text}");
            if let Ok(texts) = found {
                let text = Deletion::announce(DeletionScope::Account, 3).text(&texts);
                assert!(text.starts_with("Uw account en 3 gegevens gaan weg. We verwijderen alleen"));
            }
        }
    }
}
