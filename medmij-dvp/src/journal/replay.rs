// SPDX-License-Identifier: AGPL-3.0-or-later
//! What ended at a DVP, as entries of the journal, and how it ends again.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use medmij_oauth::{
    journal::{JournalEntry, JournalError},
    storage::StoreError,
};

use crate::{
    collecting::{Order, OrderStore},
    dossier::{CollectionId, DossierStore, ItemId},
    person::PersonId,
    vault::{TokenVault, VaultKey},
};

const TOKEN: &str = "token";
const ORDER: &str = "order";
const ORDERS: &str = "orders";
const ITEM: &str = "item";
const COLLECTION: &str = "collection";
const FROZEN: &str = "frozen";
const DOSSIER: &str = "dossier";

/// A refresh token, by the keyed hash under which a [`RefreshTokens`](crate::vault::RefreshTokens) keeps it.
pub(super) fn token(key: &VaultKey) -> JournalEntry {
    JournalEntry::new(TOKEN, [key.as_str()])
}

pub(super) fn order(order: &Order) -> JournalEntry {
    let fields = [
        number(order.person),
        order.dva.to_string(),
        order.aanbieder.as_str().to_owned(),
        order.gegevensdienst.as_str().to_owned(),
    ];
    JournalEntry::new(ORDER, fields)
}

pub(super) fn orders(person: PersonId) -> JournalEntry {
    JournalEntry::new(ORDERS, [number(person)])
}

pub(super) fn item(person: PersonId, item: ItemId) -> JournalEntry {
    JournalEntry::new(ITEM, [number(person), item.number().to_string()])
}

pub(super) fn collection(person: PersonId, collection: CollectionId) -> JournalEntry {
    JournalEntry::new(COLLECTION, [number(person), collection.number().to_string()])
}

pub(super) fn frozen(person: PersonId, at: SystemTime) -> JournalEntry {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    JournalEntry::new(FROZEN, [number(person), since.to_string()])
}

pub(super) fn dossier(person: PersonId) -> JournalEntry {
    JournalEntry::new(DOSSIER, [number(person)])
}

/// Ends it again. What has ended already stays so.
pub(super) async fn again<V>(vault: &V, entry: &JournalEntry) -> Result<(), StoreError>
where
    V: TokenVault + OrderStore + DossierStore,
{
    let unknown = || StoreError::from(JournalError::Kind(entry.kind.clone()));
    let person = |text: &str| text.parse().map(PersonId::new).map_err(|_| unknown());
    let id = |text: &str| text.parse::<u128>().map_err(|_| unknown());
    match (entry.kind.as_str(), &*entry.fields) {
        (TOKEN, [key]) => vault.forget(&VaultKey::from_text(key)).await.map_err(failed),
        (ORDER, [of, dva, aanbieder, gegevensdienst]) => {
            let order = Order::new(
                person(of)?,
                dva.parse().map_err(|_| unknown())?,
                aanbieder.parse().map_err(|_| unknown())?,
                gegevensdienst.parse().map_err(|_| unknown())?,
            );
            vault.cancel_order(&order).await.map(drop).map_err(failed)
        }
        (ORDERS, [of]) => vault.cancel_orders(person(of)?).await.map(drop).map_err(failed),
        (ITEM, [of, item]) => {
            let gone = vault.delete_item(person(of)?, ItemId::new(id(item)?)).await;
            gone.map(drop).map_err(failed)
        }
        (COLLECTION, [of, collection]) => {
            let gone = vault
                .delete_collection(person(of)?, CollectionId::new(id(collection)?))
                .await;
            gone.map(drop).map_err(failed)
        }
        (FROZEN, [of, since]) => {
            let since = UNIX_EPOCH.checked_add(Duration::from_secs(since.parse().map_err(|_| unknown())?));
            let frozen = vault.freeze_dossier(person(of)?, since.ok_or_else(unknown)?).await;
            frozen.map(drop).map_err(failed)
        }
        (DOSSIER, [of]) => vault.erase_dossier(person(of)?).await.map(drop).map_err(failed),
        _ => Err(unknown()),
    }
}

fn number(person: PersonId) -> String {
    person.number().to_string()
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Unavailable(Box::new(error))
}
