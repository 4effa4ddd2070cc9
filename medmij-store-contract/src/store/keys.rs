// SPDX-License-Identifier: AGPL-3.0-or-later
//! Keys retire — rows say which key they need, and come under others.

use std::sync::Arc;

use medmij_dvza::store::{Acting, DangerShiftClock, GrantId, Granted, RedeemedCode, Resealed};
use medmij_oauth::seal::PersoonIndex;

use super::fixtures::{audit, client, name, new_flow, new_grant, open, redeem};

/// A body as a key ring seals it, by this key.
fn sealed(key: u32, rest: &[u8]) -> Vec<u8> {
    let mut body = vec![1];
    body.extend(key.to_be_bytes());
    body.extend(rest);
    body
}

/// A Persoon by this version of the index key.
fn persoon(version: u32) -> PersoonIndex {
    let mut bytes = [7; 32];
    bytes[..4].copy_from_slice(&version.to_be_bytes());
    PersoonIndex::from_bytes(bytes)
}

async fn granted<S: DangerShiftClock>(store: &S, key: u32, version: u32) -> GrantId {
    let mut new = new_grant(open(store).await, true);
    new.grant.body = sealed(key, b"body");
    new.grant.persoon = persoon(version);
    new.audit.persoon = Some(persoon(version));
    let id = new.grant.id.clone();
    assert_eq!(store.grant(new).await.expect("grant"), Granted::Done);
    id
}

/// Grants and flows count for the sealing keys; grants and audit entries for the versions of the index key, and the audit
/// entries stay when the grants have gone.
pub async fn keys_are_counted_by_the_rows_that_need_them<S: DangerShiftClock>(store: Arc<S>) {
    assert_eq!(store.key_use().await.expect("use"), medmij_dvza::store::KeyUse::new());
    let mut ids = Vec::new();
    for (key, version) in [(1, 1), (1, 2), (300, 2), (70_000, 2)] {
        ids.push(granted(&*store, key, version).await);
    }
    let mut flow = new_flow();
    flow.body = sealed(1, b"flow");
    store.open_flow(flow).await.expect("open");
    let used = store.key_use().await.expect("use");
    assert_eq!(
        used.sealing.into_iter().collect::<Vec<_>>(),
        [(1, 3), (300, 1), (70_000, 1)]
    );
    // each grant has its audit entry
    assert_eq!(used.index.into_iter().collect::<Vec<_>>(), [(1, 2), (2, 6)]);
    store.revoke_grant(&ids[0], &Acting::system()).await.expect("revoke");
    let used = store.key_use().await.expect("use");
    assert_eq!(used.sealing.get(&1), Some(&2));
    // consent and end
    assert_eq!(used.index.get(&1), Some(&2));
}

/// Grants under other keys are found in one order, in batches, and come under the current ones unless they changed.
pub async fn keys_retire_as_grants_are_sealed_anew<S: DangerShiftClock>(store: Arc<S>) {
    let mut old = vec![
        granted(&*store, 1, 1).await,
        granted(&*store, 2, 1).await,
        granted(&*store, 1, 2).await,
    ];
    let current = granted(&*store, 2, 2).await;
    old.sort();
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let batch = store.grants_to_reseal((2, 2), after.as_ref(), 2).await.expect("grants");
        let Some(last) = batch.last() else { break };
        after = Some(last.id.clone());
        found.extend(batch);
    }
    assert_eq!(found.iter().map(|grant| grant.id.clone()).collect::<Vec<_>>(), old);
    for grant in &found {
        let new = Resealed::new(persoon(2), sealed(2, b"anew"));
        let changed = store.reseal(&grant.id, b"not this", &new).await.expect("reseal");
        assert!(!changed, "it has another body by now");
        assert!(store.reseal(&grant.id, &grant.body, &new).await.expect("reseal"));
        assert!(!store.reseal(&grant.id, &grant.body, &new).await.expect("reseal"));
        let live = store.live_grant(&grant.id).await.expect("grant").expect("live");
        assert_eq!((live.grant.persoon, live.grant.body), (new.persoon, new.body));
    }
    assert!(
        store
            .grants_to_reseal((2, 2), None, 10)
            .await
            .expect("grants")
            .is_empty()
    );
    assert_eq!(store.grants_of(&[persoon(2)]).await.expect("grants").len(), 4);
    assert!(store.grants_of(&[persoon(1)]).await.expect("grants").is_empty());
    let gone = Resealed::new(persoon(2), sealed(2, b"x"));
    store.revoke_grant(&current, &Acting::system()).await.expect("revoke");
    assert!(
        !store
            .reseal(&current, &sealed(2, b"body"), &gone)
            .await
            .expect("reseal")
    );
}

/// A Persoon who is under two versions of the index key is one Persoon: seen, and withdrawn, at once.
pub async fn a_persoon_under_two_versions_of_the_index_key_is_one<S: DangerShiftClock>(store: Arc<S>) {
    let both = [persoon(2), persoon(1)];
    for version in [1, 2, 1] {
        let id = granted(&*store, 1, version).await;
        let live = store.live_grant(&id).await.expect("grant");
        assert!(live.is_some());
    }
    assert_eq!(store.grants_of(&both).await.expect("grants").len(), 3);
    assert_eq!(store.grants_of(&both[..1]).await.expect("grants").len(), 1);
    assert!(store.grants_of(&[]).await.expect("grants").is_empty());
    let entry = audit(medmij_dvza::store::AuditKind::Withdrawn);
    let (aanbieder, dvp) = (name(), client("pgo.example.nl"));
    let ended = store
        .withdraw(&both, Some(&aanbieder), &dvp, entry)
        .await
        .expect("withdraw");
    assert_eq!(ended, 3);
    assert!(store.grants_of(&both).await.expect("grants").is_empty());
    // and what is granted anew is taken as ever
    let new = new_grant(open(&*store).await, true);
    let (code, binding) = (new.code, new.binding);
    assert_eq!(store.grant(new).await.expect("grant"), Granted::Done);
    let taken = store.take_code(&code, &redeem(binding)).await.expect("take");
    assert!(matches!(taken, RedeemedCode::Fresh(_)), "{taken:?}");
}
