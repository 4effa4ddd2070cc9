// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.dossier.105, core.dossier.108 — a copy of a vault is put back: nothing that a Persoon withdrew, deleted or erased since
//! comes back, and nothing is served before the vault is reconciled with its journal.
#![expect(
    clippy::expect_used,
    reason = "these are tests, in a module that other crates can run"
)]

use std::{
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use medmij_dvp::{
    collecting::{CollectingPolicy, Order, OrderStore, SlotKey},
    dossier::{CollectionId, DossierStore, ItemId, SealedItem},
    journal::JournaledVault,
    person::PersonId,
    vault::{RefreshStart, TokenVault, VaultKey},
};
use medmij_oauth::{journal::Journal, storage::JournalMarks};

/// What a vault of a DVP is.
pub trait Vault: TokenVault + OrderStore + DossierStore + JournalMarks {}

impl<V: TokenVault + OrderStore + DossierStore + JournalMarks> Vault for V {}

/// The Persons of these cases: of the last nothing ends.
const PERSONS: std::ops::RangeInclusive<u128> = 1..=6;

fn key(person: u128) -> VaultKey {
    VaultKey::from_text(&format!("keyed hash {person}"))
}

fn order(person: u128, service: &str) -> Order {
    let person = PersonId::new(person);
    let (dva, name) = ("dva.example.nl".parse(), "een@medmij".parse());
    Order::new(
        person,
        dva.expect("host"),
        name.expect("name"),
        service.parse().expect("id"),
    )
}

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

/// A vault with its journal.
pub fn journaled<V: Vault>(vault: V, folder: &Path) -> JournaledVault<V> {
    JournaledVault::new(vault, Journal::open(folder, "dvp").expect("journal"))
}

/// Each Persoon has a refresh token, two orders, and a dossier of two collections with an item each.
pub async fn fill<V: Vault>(vault: &V) {
    let rules = (&CollectingPolicy::default(), &SlotKey::new([1; 32]));
    for n in PERSONS {
        let person = PersonId::new(n);
        vault.keep(&key(n), b"sealed".to_vec()).await.expect("keep");
        for service in ["48", "49"] {
            vault.add_order(order(n, service), now(), rules).await.expect("order");
        }
        vault.begin_dossier(person, b"key".to_vec()).await.expect("begin");
        let item = |id| SealedItem::new(ItemId::new(id), CollectionId::new(id), b"sealed".to_vec());
        let items = vec![item(1), item(2)];
        assert!(vault.keep_items(person, items).await.expect("keep"));
    }
}

/// Each Persoon but the last ends something else, or more.
pub async fn end<V: Vault>(vault: &JournaledVault<V>) {
    let person = PersonId::new;
    vault.forget(&key(1)).await.expect("forget");
    vault.cancel_order(&order(1, "48")).await.expect("cancel");
    vault.cancel_orders(person(2)).await.expect("cancel");
    vault.delete_item(person(2), ItemId::new(1)).await.expect("delete");
    vault
        .delete_collection(person(3), CollectionId::new(2))
        .await
        .expect("delete");
    vault.freeze_dossier(person(4), now()).await.expect("freeze");
    vault.cancel_orders(person(4)).await.expect("cancel");
    vault.forget(&key(5)).await.expect("forget");
    vault.cancel_orders(person(5)).await.expect("cancel");
    vault.erase_dossier(person(5)).await.expect("erase");
}

/// The folder of the journal is taken away and an empty one is in its place: nothing is served until it is back.
pub async fn a_journal_that_was_replaced_is_noticed<V: Vault>(vault: V, folder: &Path) {
    let (journal, kept) = (folder.join("journal"), folder.join("kept"));
    let vault = journaled(vault, &journal);
    fill(vault.vault()).await;
    end(&vault).await;
    let person = PersonId::new(6);
    assert!(vault.dossier(person).await.expect("dossier").is_some());
    std::fs::rename(&journal, &kept).expect("rename");
    std::fs::create_dir(&journal).expect("folder");
    vault.journal().look_again();
    let lacking = vault.journal().lacks(vault.vault()).await.expect("look");
    assert_eq!(lacking.values().sum::<u64>(), 10);
    assert!(vault.dossier(person).await.is_err() && vault.orders(person).await.is_err());
    assert_eq!(vault.reconcile().await.expect("reconcile"), 0);
    assert!(vault.dossier(person).await.is_err());
    std::fs::remove_dir(&journal).expect("remove");
    std::fs::rename(&kept, &journal).expect("rename");
    vault.journal().look_again();
    assert!(vault.dossier(person).await.expect("dossier").is_some());
}

/// The copy is put back, with the journal as it is now.
pub async fn nothing_that_ended_comes_back<V: Vault>(restored: V, folder: &Path) {
    for n in PERSONS {
        assert_eq!(shape(&restored, n).await, (2, true, 2, false), "the copy has it all");
    }
    let vault = journaled(restored, folder);
    assert!(vault.is_older().await.expect("look"));
    for n in PERSONS {
        let person = PersonId::new(n);
        assert!(vault.begin(&key(n), Duration::ZERO).await.is_err());
        assert!(vault.dossier(person).await.is_err() && vault.items(person).await.is_err());
        assert!(vault.orders(person).await.is_err());
    }
    assert!(vault.lease_runs(now(), now(), 9).await.is_err());
    assert_eq!(vault.reconcile().await.expect("reconcile"), 10);
    assert_eq!(vault.reconcile().await.expect("reconcile"), 0);
    for (n, expected) in [
        (1, (1, false, 2, false)),
        (2, (0, true, 1, false)),
        (3, (2, true, 1, false)),
        (4, (0, true, 2, true)),
        (5, (0, false, 0, false)),
        (6, (2, true, 2, false)),
    ] {
        assert_eq!(shape(&vault, n).await, expected, "{n}");
    }
    let frozen = vault.dossier(PersonId::new(4)).await.expect("dossier");
    assert_eq!(frozen.and_then(|row| row.frozen), Some(now()));
}

/// Orders, whether there is a refresh token, items, and whether the dossier is frozen.
async fn shape<V: TokenVault + OrderStore + DossierStore>(vault: &V, n: u128) -> (usize, bool, usize, bool) {
    let person = PersonId::new(n);
    let start = vault.begin(&key(n), Duration::ZERO).await.expect("begin");
    let dossier = vault.dossier(person).await.expect("dossier");
    (
        vault.orders(person).await.expect("orders").len(),
        start != RefreshStart::Unknown,
        vault.items(person).await.expect("items").len(),
        dossier.is_some_and(|row| row.frozen.is_some()),
    )
}
