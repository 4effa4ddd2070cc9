// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.dossier.100 – core.dossier.106, core.dossier.108 — the contract of a [`DossierStore`], through [`Dossiers`] over it.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "these are tests, in a module that other crates can run"
)]

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use medmij_dvp::{
    dossier::{
        CollectionId, Context, DeletionScope, Dossier, DossierError, DossierStore, Dossiers, ItemId, Origin,
        SealedItem, StoredEntry,
    },
    person::PersonId,
};
use medmij_oauth::seal::{LocalKeyRing, SealError};
use medmij_types::OsEntropy;

/// Instantiates the contract for a store of dossiers: an expression that makes an empty one (it may `.await`).
#[macro_export]
macro_rules! dossiers_contract {
    ($make:expr) => {
        $crate::dossiers_contract!(@tests $make;
            core_dossier_102_what_is_kept_comes_out_with_its_origin,
            core_dossier_105_106_what_was_announced_goes_and_nothing_else,
            core_dossier_105_with_the_account_goes_its_key,
            core_dossier_108_a_frozen_dossier_is_closed_and_erased_after_the_term,
            no_two_personen_share_a_key_or_an_item,
            callers_at_once_open_one_dossier_with_one_key,
            nothing_is_kept_in_a_dossier_that_is_erased_at_the_same_moment,
        );
    };
    (@tests $make:expr; $($name:ident,)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $name() {
            $crate::dossiers::$name(::std::sync::Arc::new($make)).await;
        }
    )*};
}

const ONE: PersonId = PersonId::new(1);
const TWO: PersonId = PersonId::new(u128::MAX);

fn dossiers<S: DossierStore>(store: &Arc<S>) -> Dossiers<Arc<S>> {
    let keys = LocalKeyRing::of_bytes(1, [1; 32], [2; 32]);
    Dossiers::new(Arc::clone(store), Arc::new(keys), Arc::new(OsEntropy))
}

fn collected(text: &str) -> StoredEntry {
    StoredEntry::collected(
        text.as_bytes().to_vec(),
        "huisarts@medmij".parse().expect("a name"),
        Context::new("48".parse().expect("an id"), "Basisgegevens".parse().expect("a name")),
        UNIX_EPOCH + Duration::from_secs(1_800_000_000),
        ["Patient.identifier[0]"],
    )
}

async fn open<S: DossierStore>(dossiers: &Dossiers<Arc<S>>, person: PersonId) -> Dossier<'_, Arc<S>> {
    dossiers.open(person).await.expect("open")
}

async fn texts<S: DossierStore>(dossier: &Dossier<'_, S>) -> Vec<String> {
    let items = dossier.items().await.expect("items").into_iter();
    items
        .map(|item| String::from_utf8(item.entry.bytes().to_vec()).expect("text"))
        .collect()
}

async fn delete<S: DossierStore>(dossier: &Dossier<'_, S>, scope: DeletionScope) -> (usize, usize) {
    let deletion = dossier.announce(scope).await.expect("announce");
    let announced = deletion.items();
    let gone = dossier.delete(deletion.confirmed()).await.expect("delete");
    (announced, gone)
}

/// Bytes and origin come out as they went in, in their order, also after an edit; the store sees neither.
pub async fn core_dossier_102_what_is_kept_comes_out_with_its_origin<S: DossierStore>(store: Arc<S>) {
    let dossiers = dossiers(&store);
    let dossier = open(&dossiers, ONE).await;
    let first = dossier
        .keep(&[collected("een"), collected("twee")])
        .await
        .expect("keep");
    let second = dossier.keep(&[StoredEntry::own(b"drie".to_vec())]).await.expect("keep");
    dossier.keep(&[]).await.expect("nothing is kept");
    let items = dossier.items().await.expect("items");
    let of: Vec<CollectionId> = items.iter().map(|item| item.collection).collect();
    assert_eq!(of, [first, first, second]);
    assert_eq!(items[0].entry, collected("een"));
    assert_eq!(items[2].entry.origin(), Origin::Own);
    let edited = items[0].entry.clone().edit(b"anders".to_vec());
    dossier.edit(items[0].id, &edited).await.expect("edit");
    let nowhere = dossier.edit(ItemId::new(7), &edited).await;
    assert!(matches!(nowhere, Err(DossierError::Gone)), "{nowhere:?}");
    assert_eq!(texts(&dossier).await, ["anders", "twee", "drie"]);
    let items = dossier.items().await.expect("items");
    let Origin::Changed(from) = items[0].entry.origin() else {
        panic!("{:?}", items[0].entry.origin())
    };
    assert_eq!(from.source().as_str(), "huisarts@medmij");
    for sealed in store.items(ONE).await.expect("items") {
        for plain in ["anders", "twee", "drie", "huisarts", "Basisgegevens"] {
            assert!(!sealed.sealed.windows(plain.len()).any(|at| at == plain.as_bytes()));
        }
    }
}

/// An item, a collection, the account: as many go as the Persoon was told.
pub async fn core_dossier_105_106_what_was_announced_goes_and_nothing_else<S: DossierStore>(store: Arc<S>) {
    let dossiers = dossiers(&store);
    let (dossier, other) = (open(&dossiers, ONE).await, open(&dossiers, TWO).await);
    let first = dossier
        .keep(&[collected("een"), collected("twee")])
        .await
        .expect("keep");
    dossier
        .keep(&[collected("drie"), collected("vier")])
        .await
        .expect("keep");
    other.keep(&[collected("anders")]).await.expect("keep");
    let items = dossier.items().await.expect("items");
    assert_eq!(delete(&dossier, DeletionScope::Item(items[3].id)).await, (1, 1));
    assert_eq!(delete(&dossier, DeletionScope::Item(items[3].id)).await, (0, 0));
    // what is of another Persoon is not there
    assert_eq!(delete(&other, DeletionScope::Item(items[0].id)).await, (0, 0));
    assert_eq!(delete(&other, DeletionScope::Collection(first)).await, (0, 0));
    assert_eq!(delete(&dossier, DeletionScope::Collection(first)).await, (2, 2));
    assert_eq!(texts(&dossier).await, ["drie"]);
    assert_eq!(delete(&dossier, DeletionScope::Account).await, (1, 1));
    assert_eq!(texts(&other).await, ["anders"]);
}

/// After the account nothing is left that its items could be opened with, also not by who had it open.
pub async fn core_dossier_105_with_the_account_goes_its_key<S: DossierStore>(store: Arc<S>) {
    let dossiers = dossiers(&store);
    let dossier = open(&dossiers, ONE).await;
    dossier.keep(&[collected("een")]).await.expect("keep");
    let (row, backup) = (
        store.dossier(ONE).await.expect("dossier").expect("a row"),
        store.items(ONE).await.expect("items"),
    );
    assert_eq!(delete(&dossier, DeletionScope::Account).await, (1, 1));
    assert_eq!(store.dossier(ONE).await.expect("dossier"), None);
    let late = dossier.keep(&[collected("twee")]).await;
    assert!(matches!(late, Err(DossierError::Gone)), "{late:?}");
    // a backup of the items alone: a new dossier has a key of its own
    let dossier = open(&dossiers, ONE).await;
    assert_ne!(
        store.dossier(ONE).await.expect("dossier").expect("a row").sealed_key,
        row.sealed_key
    );
    assert!(store.keep_items(ONE, backup).await.expect("keep"));
    let read = dossier.items().await;
    assert!(matches!(read, Err(DossierError::Seal(SealError::Broken))), "{read:?}");
}

/// After a death nothing is added, changed or read, and after the term nothing is there.
pub async fn core_dossier_108_a_frozen_dossier_is_closed_and_erased_after_the_term<S: DossierStore>(store: Arc<S>) {
    let dossiers = dossiers(&store);
    let (day, term) = (Duration::from_secs(86_400), Duration::from_secs(100 * 86_400));
    let died = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let dossier = open(&dossiers, ONE).await;
    dossier.keep(&[collected("een")]).await.expect("keep");
    open(&dossiers, TWO)
        .await
        .keep(&[collected("anders")])
        .await
        .expect("keep");
    let item = dossier.items().await.expect("items")[0].id;
    let freeze = async |now: SystemTime| dossiers.freeze(ONE, now).await.expect("freeze");
    assert!(freeze(died).await);
    assert!(freeze(died + day).await, "it is frozen once");
    assert!(!dossiers.freeze(PersonId::new(9), died).await.expect("freeze"));
    let reopened = dossiers.open(ONE).await;
    assert!(matches!(reopened, Err(DossierError::Frozen)));
    let late = dossier.keep(&[collected("twee")]).await;
    assert!(matches!(late, Err(DossierError::Gone)), "{late:?}");
    let changed = dossier.edit(item, &collected("twee")).await;
    assert!(matches!(changed, Err(DossierError::Gone)), "{changed:?}");
    let erase = async |now: SystemTime| dossiers.erase_frozen(now, term, 10).await.expect("erase");
    assert_eq!(erase(died + term).await, 0);
    assert_eq!(erase(died + term + Duration::from_secs(1)).await, 1);
    assert_eq!(erase(died + term + day).await, 0);
    assert!(store.items(ONE).await.expect("items").is_empty());
    assert_eq!(texts(&open(&dossiers, TWO).await).await, ["anders"]);
}

/// Keys and items of two Personen are apart: an item that is moved over is not opened.
pub async fn no_two_personen_share_a_key_or_an_item<S: DossierStore>(store: Arc<S>) {
    let dossiers = dossiers(&store);
    let (one, two) = (open(&dossiers, ONE).await, open(&dossiers, TWO).await);
    one.keep(&[collected("een")]).await.expect("keep");
    assert!(texts(&two).await.is_empty());
    let moved = store.items(ONE).await.expect("items");
    assert!(store.keep_items(TWO, moved).await.expect("keep"));
    let read = two.items().await;
    assert!(matches!(read, Err(DossierError::Seal(SealError::Broken))), "{read:?}");
    // nor with the key of the other beside it
    let row = store.dossier(ONE).await.expect("dossier").expect("a row");
    store.erase_dossier(TWO).await.expect("erase");
    store.begin_dossier(TWO, row.sealed_key).await.expect("begin");
    let opened = dossiers.open(TWO).await;
    assert!(matches!(opened, Err(DossierError::Seal(SealError::Broken))));
}

/// Of several first callers the key of one counts, for all of them.
pub async fn callers_at_once_open_one_dossier_with_one_key<S: DossierStore + 'static>(store: Arc<S>) {
    let tasks: Vec<_> = (0..8)
        .map(|n| {
            let dossiers = dossiers(&store);
            tokio::spawn(async move {
                let entry = collected(&n.to_string());
                open(&dossiers, ONE).await.keep(&[entry]).await.expect("keep");
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("task");
    }
    let dossiers = dossiers(&store);
    let mut found = texts(&open(&dossiers, ONE).await).await;
    found.sort();
    assert_eq!(found, ["0", "1", "2", "3", "4", "5", "6", "7"]);
}

/// Keeping while the dossier is erased: what was kept went with it, or was refused.
pub async fn nothing_is_kept_in_a_dossier_that_is_erased_at_the_same_moment<S: DossierStore + 'static>(store: Arc<S>) {
    for round in 0..10_u128 {
        let person = PersonId::new(100 + round);
        store.begin_dossier(person, b"key".to_vec()).await.expect("begin");
        let keep: Vec<_> = (0..4_u128)
            .map(|n| {
                let store = Arc::clone(&store);
                let item = SealedItem::new(ItemId::new(n), CollectionId::new(1), b"item".to_vec());
                tokio::spawn(async move { store.keep_items(person, vec![item]).await.expect("keep") })
            })
            .collect();
        let erased = store.erase_dossier(person).await.expect("erase");
        let mut entry = 0;
        for task in keep {
            entry += usize::from(task.await.expect("task"));
        }
        assert_eq!(erased, entry);
        assert!(store.items(person).await.expect("items").is_empty());
    }
}
