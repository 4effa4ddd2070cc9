// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.200 — names of certificates, learned, confirmed and forgotten.

use std::sync::Arc;

use super::fixtures::{client, host};
use medmij_dvza::store::{Binding, DangerShiftClock, Learned, MAX_LEARNED};
use medmij_oauth::ClientId;

/// A name is learned once for each client; an operator confirms it, unseen too, and forgets it.
pub async fn bindings_are_learned_confirmed_and_forgotten<S: DangerShiftClock>(store: Arc<S>) {
    let (pgo, other) = (client("pgo.example.nl"), client("ander.example.nl"));
    let (back, unseen) = (host("back.example.nl"), host("unseen.example.nl"));
    let of = |bindings: Vec<Binding>| -> Vec<(ClientId, String, bool)> {
        let all = bindings.into_iter();
        all.map(|each| (each.client_id, each.name.as_str().to_owned(), each.confirmed))
            .collect()
    };
    assert!(store.bindings().await.expect("bindings").is_empty());
    for learned in [Learned::New, Learned::Known] {
        assert_eq!(store.learn_binding(&pgo, &back).await.expect("learn"), learned);
    }
    assert_eq!(store.learn_binding(&other, &back).await.expect("learn"), Learned::New);
    for _ in 0..2 {
        store.confirm_binding(&pgo, &back).await.expect("confirm");
        store.confirm_binding(&pgo, &unseen).await.expect("confirm");
    }
    // what is confirmed is not learned anew
    assert_eq!(store.learn_binding(&pgo, &back).await.expect("learn"), Learned::Known);
    let name = |host: &medmij_types::Hostname| host.as_str().to_owned();
    let expected = vec![
        (other.clone(), name(&back), false),
        (pgo.clone(), name(&back), true),
        (pgo.clone(), name(&unseen), true),
    ];
    assert_eq!(of(store.bindings().await.expect("bindings")), expected);
    let mut some = of(store
        .bindings_of(&[back.clone(), host("no.example.nl")])
        .await
        .expect("bindings"));
    some.sort();
    assert_eq!(some, expected[..2]);
    assert!(store.bindings_of(&[]).await.expect("bindings").is_empty());
    for there in [true, false] {
        assert_eq!(store.forget_binding(&pgo, &back).await.expect("forget"), there);
    }
    assert_eq!(of(store.bindings().await.expect("bindings")).len(), 2);
}

/// One client cannot fill the store with names; names that are confirmed do not count.
pub async fn bindings_that_are_learned_are_bounded<S: DangerShiftClock>(store: Arc<S>) {
    let (pgo, other) = (client("pgo.example.nl"), client("ander.example.nl"));
    store
        .confirm_binding(&pgo, &host("own.example.nl"))
        .await
        .expect("confirm");
    for n in 0..MAX_LEARNED {
        let name = host(&format!("node-{n}.example.nl"));
        assert_eq!(store.learn_binding(&pgo, &name).await.expect("learn"), Learned::New);
    }
    let more = host("more.example.nl");
    assert_eq!(store.learn_binding(&pgo, &more).await.expect("learn"), Learned::Full);
    assert_eq!(store.learn_binding(&other, &more).await.expect("learn"), Learned::New);
    assert_eq!(store.bindings().await.expect("bindings").len(), MAX_LEARNED + 2);
}
