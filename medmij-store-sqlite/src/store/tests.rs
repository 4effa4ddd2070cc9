// SPDX-License-Identifier: AGPL-3.0-or-later
//! A disk that is full, and more operations than may wait.

use medmij_store_contract::store::{granted, new_flow, redeem};
use tokio::sync::oneshot;

use super::*;

#[tokio::test]
async fn o17_a_full_disk_is_told_and_leaves_nothing_half_done() {
    let folder = tempfile::tempdir().unwrap();
    let options = SqliteOptions::new(folder.path().join("store.db"));
    let store = SqliteStore::open(options).unwrap();
    let (code, binding) = granted(&store, true).await;
    let pages = |limit: i64| {
        store.write(move |tx| {
            let sql = format!("PRAGMA max_page_count = {limit}");
            Ok(tx.connection.query_row(&sql, [], |row| row.get::<_, i64>(0))?)
        })
    };
    // no page more than there are
    let most = pages(1).await.unwrap();
    let mut flows = 0;
    let full = loop {
        match store.open_flow(new_flow()).await {
            Ok(()) => flows += 1,
            Err(full) => break full,
        }
    };
    assert!(matches!(full, StoreError::Full), "{full:?} after {flows} flows");
    let tokens = redeem(binding);
    loop {
        match store.take_code(&code, &tokens).await {
            Err(StoreError::Full) => assert!(store.access(&tokens.access.token).await.unwrap().is_none()),
            Ok(RedeemedCode::Fresh(_)) => break,
            other => panic!("{other:?}"),
        }
        pages(most + 100).await.unwrap();
    }
    assert!(store.access(&tokens.access.token).await.unwrap().is_some());
}

#[tokio::test]
async fn more_than_may_wait_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = SqliteStore::open(SqliteOptions::new(&path).queue(2)).unwrap();
    let (hold, held) = std::sync::mpsc::channel::<()>();
    let (say, started) = oneshot::channel();
    let holding = store.write(move |_| {
        say.send(()).unwrap();
        held.recv().unwrap();
        Ok(())
    });
    let rest = async {
        started.await.unwrap();
        let waiting = async { tokio::join!(store.open_flow(new_flow()), store.open_flow(new_flow())) };
        let refused = async {
            let refused = store.open_flow(new_flow()).await;
            hold.send(()).unwrap();
            refused
        };
        tokio::join!(waiting, refused)
    };
    let (held, (waited, refused)) = tokio::join!(holding, rest);
    assert!(held.is_ok() && waited.0.is_ok() && waited.1.is_ok());
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
}
