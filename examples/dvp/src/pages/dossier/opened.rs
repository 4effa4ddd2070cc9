// SPDX-License-Identifier: AGPL-3.0-or-later
//! A dossier in memory, for one request: its items, their names for people, and the views of them.

use crate::collecting::Providers;
use medmij_dvp::dossier::{CollectionId, Item, ItemId, Origin};
use medmij_fhir::show::{Day, DossierView, Entry, StoredResource};
use medmij_types::{CalendarDate, Clock as _, SystemClock};
use std::collections::BTreeSet;

/// How what the Persoon added is called among the sources.
pub(super) const OWN: &str = "Van jezelf";

pub(super) struct Opened {
    pub(super) items: Vec<Item>,
    pub(super) view: DossierView,
    /// The name of the source of each item.
    sources: Vec<String>,
}

impl Opened {
    pub(super) fn of(providers: &Providers, items: Vec<Item>) -> Self {
        let name = |item: &Item| match item.entry.origin() {
            Origin::Unchanged(from) | Origin::Changed(from) => providers.of(from.source()).name,
            _ => OWN.to_owned(),
        };
        let sources: Vec<String> = items.iter().map(name).collect();
        let stored: Vec<StoredResource<'_>> = items
            .iter()
            .zip(&sources)
            .map(|(item, source)| StoredResource::new(item.entry.bytes(), source))
            .collect();
        let today = CalendarDate::in_amsterdam(SystemClock::default().now());
        let view = DossierView::of(&stored, today);
        Self { items, view, sources }
    }

    /// The sources, each once, by name.
    pub(super) fn sources(&self) -> BTreeSet<&str> {
        self.sources.iter().map(String::as_str).collect()
    }

    /// The item that an address names, and the entry that it is in.
    pub(super) fn find(&self, address: &str) -> Option<(&Item, &Entry)> {
        let id = id_of(address)?;
        let index = self.items.iter().position(|item| item.id == ItemId::new(id))?;
        Some((self.items.get(index)?, self.view.entry_of(index)?))
    }

    /// How an address names the main item of an entry.
    pub(super) fn address(&self, entry: &Entry) -> String {
        self.address_of(entry.resources().first().copied())
    }

    pub(super) fn address_of(&self, index: Option<usize>) -> String {
        let item = index.and_then(|index| self.items.get(index));
        item.map_or_else(String::new, |item| address_of(item.id.number()))
    }

    /// The item that an entry is about.
    pub(super) fn main_item(&self, entry: &Entry) -> Option<&Item> {
        self.items.get(*entry.resources().first()?)
    }

    /// core.dossier.104 — where an entry came from, and whether it is as it came.
    pub(super) fn provenance(&self, entry: &Entry) -> String {
        let Some(item) = self.main_item(entry) else {
            return OWN.to_owned();
        };
        let own = entry.source();
        match item.entry.origin() {
            Origin::Unchanged(from) => {
                let day = Day::at(from.collected_at());
                format!("{own}, via MedMij, ongewijzigd sinds {}", day.text())
            }
            Origin::Changed(from) => {
                format!(
                    "{own}, via MedMij, veranderd sinds {}",
                    Day::at(from.collected_at()).text()
                )
            }
            Origin::Own => OWN.to_owned(),
            _ => "Door jou geplaatst. Herkomst niet bewezen".to_owned(),
        }
    }
}

/// The sixteen bytes of an id as an address has them.
pub(super) fn address_of(number: u128) -> String {
    format!("{number:032x}")
}

/// And back.
pub(super) fn id_of(address: &str) -> Option<u128> {
    let is_plain = address.len() == 32 && address.bytes().all(|b| b.is_ascii_hexdigit());
    is_plain.then(|| u128::from_str_radix(address, 16).ok()).flatten()
}

/// The collection that an address names.
pub(super) fn collection_of(address: &str) -> Option<CollectionId> {
    id_of(address).map(CollectionId::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use medmij_dvp::dossier::{Context, Dossiers, MemoryDossiers, StoredEntry};
    use medmij_dvp::person::PersonId;
    use medmij_oauth::seal::LocalKeyRing;
    use medmij_types::OsEntropy;
    use std::{sync::Arc, time::UNIX_EPOCH};

    fn flag(id: &str) -> StoredEntry {
        let bytes = format!(r#"{{"resourceType":"Flag","id":"{id}","code":{{"text":"Let op"}}}}"#);
        let context = Context::new("48".parse().unwrap(), "Basisgegevens Zorg".parse().unwrap());
        StoredEntry::collected(
            bytes.into_bytes(),
            "dewilg@medmij".parse().unwrap(),
            context,
            UNIX_EPOCH,
            [],
        )
    }

    async fn opened(dossiers: &Dossiers<MemoryDossiers>, person: PersonId) -> Opened {
        let items = dossiers.open(person).await.unwrap().items().await.unwrap();
        Opened::of(&Providers::default(), items)
    }

    #[tokio::test]
    async fn core_dossier_100_no_address_of_one_dossier_opens_anything_in_another() {
        let keys = Arc::new(LocalKeyRing::ephemeral(&OsEntropy).unwrap());
        let dossiers = Dossiers::new(MemoryDossiers::new(), keys, Arc::new(OsEntropy));
        let persons = [(); 2].map(|()| PersonId::random(&OsEntropy).unwrap());
        for person in persons {
            // the same resource in both: only who asks tells them apart
            let entries = [flag("a"), flag("b"), StoredEntry::own(b"{}".to_vec())];
            dossiers.open(person).await.unwrap().keep(&entries).await.unwrap();
        }
        let [one, other] = [opened(&dossiers, persons[0]).await, opened(&dossiers, persons[1]).await];
        let mut tried = 0;
        for item in &one.items {
            let (address, collection) = (address_of(item.id.number()), address_of(item.collection.number()));
            assert!(one.find(&address).is_some());
            assert!(other.find(&address).is_none());
            let collection = collection_of(&collection).unwrap();
            assert!(other.items.iter().all(|item| item.collection != collection));
            tried += 1;
        }
        assert_eq!(tried, 3);
        for address in ["", "0", "../1", &"g".repeat(32), &"0".repeat(33)] {
            assert!(one.find(address).is_none(), "{address}");
        }
    }

    #[tokio::test]
    async fn core_dossier_104_each_entry_says_where_it_came_from_and_whether_it_changed() {
        let changed = flag("b").edit(br#"{"resourceType":"Flag","id":"b"}"#.to_vec());
        let keys = Arc::new(LocalKeyRing::ephemeral(&OsEntropy).unwrap());
        let dossiers = Dossiers::new(MemoryDossiers::new(), keys, Arc::new(OsEntropy));
        let person = PersonId::random(&OsEntropy).unwrap();
        let entries = [
            flag("a"),
            changed,
            StoredEntry::own(br#"{"resourceType":"Flag"}"#.to_vec()),
        ];
        dossiers.open(person).await.unwrap().keep(&entries).await.unwrap();
        let opened = opened(&dossiers, person).await;
        let mut said: Vec<String> = opened
            .view
            .entries()
            .iter()
            .map(|entry| opened.provenance(entry))
            .collect();
        said.sort();
        assert_eq!(
            said,
            [
                "Dewilg, via MedMij, ongewijzigd sinds 1 januari 1970",
                "Dewilg, via MedMij, veranderd sinds 1 januari 1970",
                "Van jezelf",
            ]
        );
    }
}
