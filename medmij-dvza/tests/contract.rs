// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.203, core.tknint.204, core.autorisatie.208 — the contract of a store, on the one in memory.
#![allow(clippy::unwrap_used)] // also in the helpers

use std::time::Duration;

use medmij_dvza::store::{
    Advance, DangerShiftClock as _, MemoryLimits, MemoryRows, MemoryStore, RedeemedCode, Store as _,
};
use medmij_oauth::storage::Advanced;
use medmij_store_contract::store::{granted, new_flow, redeem, session};

medmij_store_contract::store_contract!(MemoryStore::default());
medmij_store_contract::server_contract!(MemoryStore::default());

/// The same through a journal: a store with one keeps every promise of a store.
mod journaled {
    use medmij_dvza::store::{JournaledStore, MemoryStore};
    use medmij_oauth::journal::Journal;

    fn store() -> JournaledStore<MemoryStore> {
        let folder = tempfile::tempdir().unwrap().keep();
        JournaledStore::new(MemoryStore::default(), Journal::open(folder, "dvza").unwrap())
    }

    medmij_store_contract::store_contract!(store());
}

#[tokio::test]
async fn o13_the_number_of_flows_is_bounded_and_anonymous_ones_go_first() {
    let mut limits = MemoryLimits::default();
    limits.flows = 3;
    let store = MemoryStore::new(limits);
    let kept = new_flow();
    let id = kept.id.clone();
    store.open_flow(kept).await.unwrap();
    let advance = Advance::new(id.clone(), 1, session(2), vec![], true);
    assert_eq!(store.advance_flow(advance).await.unwrap(), Advanced::Done);
    for _ in 0..10_000 {
        store.open_flow(new_flow()).await.unwrap();
    }
    assert_eq!(store.len(), 3);
    assert!(store.flow(&id).await.unwrap().is_some());
}

#[tokio::test]
async fn expired_rows_leave_nothing_behind() {
    let store = MemoryStore::default();
    for _ in 0..50 {
        let (code, binding) = granted(&store, true).await;
        assert!(matches!(
            store.take_code(&code, &redeem(binding)).await.unwrap(),
            RedeemedCode::Fresh(_)
        ));
    }
    store
        .danger_shift_clock(Duration::from_secs(400 * 86_400))
        .await
        .unwrap();
    while store.purge(64).await.unwrap() > 0 {}
    let mut left = store.rows();
    left.audit = 0;
    assert_eq!(left, MemoryRows::default());
}
