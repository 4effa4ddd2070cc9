// SPDX-License-Identifier: AGPL-3.0-or-later
//! The file: who may read it, what is refused, how a restart and a wrong clock are survived.

use std::{sync::Arc, time::Duration};

use medmij_dvza::store::{Advance, Granted, RedeemedCode, Store};
use medmij_oauth::storage::{Advanced, StoreError};
use medmij_store_contract::store::{granted, new_flow, new_grant, redeem, session};
use medmij_store_sqlite::{OpenError, SqliteOptions, SqliteStore};
use medmij_test::ManualClock;
use medmij_types::Clock as _;
use rusqlite::Connection;

use crate::folder;

#[cfg(unix)]
#[tokio::test]
async fn o3_only_the_owner_reads_the_file_and_its_log() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = folder::folder("file");
    let store = SqliteStore::open(SqliteOptions::new(folder.join("store.db"))).unwrap();
    store.open_flow(new_flow()).await.unwrap();
    for part in ["store.db", "store.db-wal", "store.db-shm"] {
        let mode = folder.join(part).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{part}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn o3_a_store_that_was_there_loses_open_permissions_and_no_link_is_followed() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let folder = folder::folder("file");
    let (path, open) = (folder.join("store.db"), std::fs::Permissions::from_mode(0o664));
    let mode = |part: &str| folder.join(part).metadata().unwrap().permissions().mode() & 0o777;
    // one that an operator put there, and an earlier one
    std::fs::write(&path, b"").unwrap();
    std::fs::set_permissions(&path, open.clone()).unwrap();
    let store = SqliteStore::open(SqliteOptions::new(&path)).unwrap();
    store.open_flow(new_flow()).await.unwrap();
    for part in ["store.db", "store.db-wal", "store.db-shm"] {
        assert_eq!(mode(part), 0o600, "{part}");
        std::fs::set_permissions(folder.join(part), open.clone()).unwrap();
    }
    let again = SqliteStore::open(SqliteOptions::new(&path)).unwrap();
    again.open_flow(new_flow()).await.unwrap();
    assert_eq!(["store.db", "store.db-wal", "store.db-shm"].map(mode), [0o600; 3]);
    // a link in place of the store, or of what is beside it
    let elsewhere = folder.join("elsewhere");
    std::fs::write(&elsewhere, b"").unwrap();
    for link in ["link.db", "fresh.db-wal", "fresh.db-shm"] {
        symlink(&elsewhere, folder.join(link)).unwrap();
    }
    for path in ["link.db", "fresh.db"] {
        let refused = SqliteStore::open(SqliteOptions::new(folder.join(path)));
        assert!(matches!(refused, Err(OpenError::Io { .. })), "{path}: {refused:?}");
    }
    assert_eq!(std::fs::metadata(&elsewhere).unwrap().len(), 0);
    // a file that is no store is left as it is
    let other = folder.join("other.db");
    std::fs::write(&other, "Geachte heer, mevrouw, ".repeat(99)).unwrap();
    std::fs::set_permissions(&other, open).unwrap();
    assert!(SqliteStore::open(SqliteOptions::new(&other)).is_err());
    assert_eq!(mode("other.db"), 0o664);
}

#[test]
fn a_database_of_another_program_is_refused() {
    let path = folder::folder("file").join("other.db");
    Connection::open(&path)
        .unwrap()
        .execute_batch("CREATE TABLE t (a)")
        .unwrap();
    let refused = SqliteStore::open(SqliteOptions::new(&path));
    assert!(matches!(refused, Err(OpenError::NotAStore { .. })), "{refused:?}");
}

#[test]
fn a_file_of_a_later_version_is_refused() {
    let path = folder::folder("file").join("store.db");
    drop(SqliteStore::open(SqliteOptions::new(&path)).unwrap());
    Connection::open(&path)
        .unwrap()
        .execute_batch("PRAGMA user_version = 1000")
        .unwrap();
    let refused = SqliteStore::open(SqliteOptions::new(&path));
    assert!(
        matches!(refused, Err(OpenError::Newer { found: 1000, .. })),
        "{refused:?}"
    );
}

#[test]
fn many_make_one_file_at_once() {
    let path = folder::folder("file").join("store.db");
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let options = SqliteOptions::new(&path);
            std::thread::spawn(move || SqliteStore::open(options).map(drop))
        })
        .collect();
    for thread in threads {
        thread.join().unwrap().unwrap();
    }
}

#[tokio::test]
async fn what_was_promised_is_there_after_a_restart() {
    let path = folder::folder("file").join("store.db");
    let store = SqliteStore::open(SqliteOptions::new(&path)).unwrap();
    let (code, binding) = granted(&store, false).await;
    drop(store);
    let store = SqliteStore::open(SqliteOptions::new(&path)).unwrap();
    let tokens = redeem(binding);
    assert!(matches!(
        store.take_code(&code, &tokens).await.unwrap(),
        RedeemedCode::Fresh(_)
    ));
    drop(store);
    let store = SqliteStore::open(SqliteOptions::new(&path)).unwrap();
    assert!(store.access(&tokens.access.token).await.unwrap().is_some());
    assert_eq!(
        store.take_code(&code, &redeem(binding)).await.unwrap(),
        RedeemedCode::Replayed
    );
}

#[tokio::test]
async fn r10_a_clock_that_is_set_back_lengthens_nothing() {
    let path = folder::folder("file").join("store.db");
    let clock = Arc::new(ManualClock::starting_now());
    let open = || SqliteStore::open(SqliteOptions::new(&path).clock(clock.clone())).unwrap();
    let store = open();
    let (code, binding) = granted(&store, false).await;
    let tokens = redeem(binding);
    assert!(matches!(
        store.take_code(&code, &tokens).await.unwrap(),
        RedeemedCode::Fresh(_)
    ));

    clock.advance(Duration::from_secs(890));
    clock.jump_to(clock.now() - Duration::from_secs(365 * 86_400));
    assert!(store.access(&tokens.access.token).await.unwrap().is_some());
    // something is written, so that another process and a restart know
    store.open_flow(new_flow()).await.unwrap();
    let other = open();
    assert!(other.access(&tokens.access.token).await.unwrap().is_some());
    clock.advance(Duration::from_secs(11));
    assert!(other.access(&tokens.access.token).await.unwrap().is_none());
    assert!(store.access(&tokens.access.token).await.unwrap().is_none());
    drop((store, other));
    assert!(open().access(&tokens.access.token).await.unwrap().is_none());
}

#[tokio::test]
async fn o16_r10_a_wall_clock_that_jumps_twenty_years_ends_no_consent_and_erases_no_audit_entry() {
    let path = folder::folder("file").join("store.db");
    let clock = Arc::new(ManualClock::starting_now());
    let open = || SqliteStore::open(SqliteOptions::new(&path).clock(clock.clone())).unwrap();
    let store = open();
    let flow = new_flow();
    let new = new_grant(flow.id.clone(), true);
    store.open_flow(flow).await.unwrap();
    let (id, persoon, code, binding) = (new.grant.id.clone(), new.grant.persoon, new.code, new.binding);
    assert_eq!(store.grant(new).await.unwrap(), Granted::Done);
    let taken = store.take_code(&code, &redeem(binding)).await.unwrap();
    assert!(matches!(taken, RedeemedCode::Fresh(_)), "{taken:?}");
    assert!(!store.clock().await.unwrap().jumped());

    let twenty_years = Duration::from_secs(20 * 365 * 86_400);
    clock.jump_to(clock.now() + twenty_years);
    for store in [store, open()] {
        assert!(store.clock().await.unwrap().jumped());
        assert_eq!(store.purge(1_000).await.unwrap(), 0);
        assert!(destroyed(&store).await.is_none());
        assert_eq!(store.grants_of(&[persoon]).await.unwrap().len(), 1);
    }
    // set right, it is as if nothing had been
    clock.jump_to(clock.now() - twenty_years);
    let store = open();
    assert!(!store.clock().await.unwrap().jumped());
    assert!(store.live_grant(&id).await.unwrap().is_some());
    // and the consent lapses when its time has come, by time that passes
    clock.advance(Duration::from_secs(183 * 86_400));
    assert!(store.grants_of(&[persoon]).await.unwrap().is_empty());
    // its entry stays for its term, and goes then
    assert_eq!(destroyed(&store).await, Some(0));
    clock.advance(Duration::from_secs(732 * 86_400));
    assert_eq!(store.purge(1_000).await.unwrap(), 2);
    assert_eq!(destroyed(&store).await, Some(0));
    clock.advance(Duration::from_secs(732 * 86_400));
    assert_eq!(destroyed(&store).await, Some(1));
}

/// Has what is past its term destroyed, with a checkpoint before; how many went, or `None` where nothing is.
#[allow(clippy::unwrap_used, reason = "a test may fail")]
async fn destroyed(store: &SqliteStore) -> Option<u64> {
    use medmij_dvza::store::{AuditHead, AuditTerm, Checkpoint, SignedCheckpoint};

    let term = AuditTerm::default();
    let next = async |heads: Vec<AuditHead>| {
        let number = store.last_checkpoint().await.unwrap().map_or(1, |last| last.number + 1);
        let text = Checkpoint::new(number, 0, Default::default(), heads).text();
        SignedCheckpoint::new(number, text, "test", vec![])
    };
    let covering = next(store.audit_heads().await.unwrap()).await;
    assert!(store.add_checkpoint(&covering).await.unwrap());
    let cutting = next(store.audit_to_destroy(term).await.unwrap()).await;
    store.destroy_audit(term, &cutting).await.unwrap()
}

#[tokio::test]
async fn o16_after_a_long_stop_nothing_is_purged_until_an_operator_accepts_the_clock() {
    let path = folder::folder("file").join("store.db");
    let clock = Arc::new(ManualClock::starting_now());
    let open = || SqliteStore::open(SqliteOptions::new(&path).clock(clock.clone())).unwrap();
    let (code, binding) = granted(&open(), false).await;
    clock.advance(Duration::from_secs(30 * 86_400));
    let store = open();
    assert!(store.clock().await.unwrap().jumped());
    assert_eq!(store.purge(1_000).await.unwrap(), 0);
    let taken = store.take_code(&code, &redeem(binding)).await.unwrap();
    assert_eq!(taken, RedeemedCode::Expired, "what expires does not wait");
    store.accept_clock().await.unwrap();
    assert!(!store.clock().await.unwrap().jumped());
    assert_eq!(store.purge(1_000).await.unwrap(), 1);
}

#[tokio::test]
async fn r10_a_clock_that_is_set_forward_ends_things_early() {
    let path = folder::folder("file").join("store.db");
    let clock = Arc::new(ManualClock::starting_now());
    let store = SqliteStore::open(SqliteOptions::new(&path).clock(clock.clone())).unwrap();
    let (code, binding) = granted(&store, false).await;
    clock.jump_to(clock.now() + Duration::from_secs(3600));
    assert_eq!(
        store.take_code(&code, &redeem(binding)).await.unwrap(),
        RedeemedCode::Expired
    );
}

#[tokio::test]
async fn a_writer_that_does_not_let_go_is_waited_for_and_no_longer_than_told() {
    let path = folder::folder("file").join("store.db");
    let options = SqliteOptions::new(&path).busy(Duration::from_millis(50));
    let store = SqliteStore::open(options).unwrap();
    let (code, binding) = granted(&store, false).await;
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let tokens = redeem(binding);
    let busy = store.take_code(&code, &tokens).await;
    assert!(matches!(busy, Err(StoreError::Unavailable(_))), "{busy:?}");
    // reading waits for nobody
    assert!(store.access(&tokens.access.token).await.unwrap().is_none());
    other.execute_batch("ROLLBACK").unwrap();
    assert!(matches!(
        store.take_code(&code, &tokens).await.unwrap(),
        RedeemedCode::Fresh(_)
    ));
}

#[tokio::test]
async fn o13_the_number_of_flows_is_bounded_and_anonymous_ones_go_first() {
    let path = folder::folder("file").join("store.db");
    let store = SqliteStore::open(SqliteOptions::new(&path).max_flows(3)).unwrap();
    let kept = new_flow();
    let id = kept.id.clone();
    store.open_flow(kept).await.unwrap();
    let advance = Advance::new(id.clone(), 1, session(2), vec![], true);
    assert_eq!(store.advance_flow(advance).await.unwrap(), Advanced::Done);
    for _ in 0..100 {
        store.open_flow(new_flow()).await.unwrap();
    }
    assert!(store.flow(&id).await.unwrap().is_some());
    assert_eq!(rows(&path, "flows"), 3);

    for _ in 0..2 {
        let flow = new_flow();
        let advance = Advance::new(flow.id.clone(), 1, session(2), vec![], true);
        store.open_flow(flow).await.unwrap();
        assert_eq!(store.advance_flow(advance).await.unwrap(), Advanced::Done);
    }
    let full = store.open_flow(new_flow()).await;
    assert!(matches!(full, Err(StoreError::Full)), "{full:?}");
}

#[tokio::test]
async fn expired_rows_leave_nothing_behind_and_go_in_batches() {
    use medmij_dvza::store::DangerShiftClock as _;

    let path = folder::folder("file").join("store.db");
    let store = SqliteStore::open(SqliteOptions::new(&path)).unwrap();
    for _ in 0..20 {
        let (code, binding) = granted(&store, true).await;
        let taken = store.take_code(&code, &redeem(binding)).await.unwrap();
        assert!(matches!(taken, RedeemedCode::Fresh(_)));
    }
    assert_eq!(store.purge(64).await.unwrap(), 0);
    store
        .danger_shift_clock(Duration::from_secs(400 * 86_400))
        .await
        .unwrap();
    let mut gone = Vec::new();
    while gone.last() != Some(&0) {
        gone.push(store.purge(32).await.unwrap());
    }
    // a grant and an access token for each
    assert_eq!(gone, [32, 8, 0]);
    for table in ["flows", "grants", "access"] {
        assert_eq!(rows(&path, table), 0, "{table}");
    }
    assert_eq!(rows(&path, "audit"), 20);
    assert_eq!(destroyed(&store).await, Some(0));
    store
        .danger_shift_clock(Duration::from_secs(732 * 86_400))
        .await
        .unwrap();
    assert_eq!(destroyed(&store).await, Some(20));
    assert_eq!(rows(&path, "audit"), 0);
}

#[allow(clippy::unwrap_used, reason = "a test may fail")]
fn rows(path: &std::path::Path, table: &str) -> i64 {
    let connection = Connection::open(path).unwrap();
    let sql = format!("SELECT count(*) FROM {table}");
    connection.query_row(&sql, [], |row| row.get(0)).unwrap()
}
