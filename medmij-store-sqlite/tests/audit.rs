// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.101, NEN 7513 — the audit log in the file: it is not changed, not deleted, and where somebody did so all the
//! same it shows.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::{path::Path, sync::Arc, time::SystemTime};

use medmij_dvza::{
    audit::{self, AuditFault, AuditKey, CheckpointFolder},
    store::{Actor, AuditEntry, AuditKind, AuditQuery, Store as _},
};
use medmij_store_contract::store::{
    granted, kill_after, serve_until_killed, the_loss_of_killed_processes_is_counted, to_be_killed,
};
use medmij_store_sqlite::{SqliteOptions, SqliteStore};
use medmij_types::OsEntropy;
use rusqlite::Connection;

use crate::folder;

fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(SqliteOptions::new(path)).unwrap()
}

/// A file with five consents and a checkpoint of each.
async fn written(folder: &Path) -> (SqliteStore, AuditKey, CheckpointFolder) {
    let store = open(&folder.join("store.db"));
    let key = AuditKey::random(&OsEntropy).unwrap();
    let outside = CheckpointFolder::open(folder.join("outside")).unwrap();
    for _ in 0..5 {
        let _ = granted(&store, true).await;
        let now = SystemTime::now();
        audit::checkpoint(&store, &key, &outside, now).await.unwrap();
    }
    (store, key, outside)
}

#[tokio::test]
async fn nen_7513_an_entry_can_be_neither_changed_nor_deleted() {
    let folder = folder::folder("audit");
    let (store, ..) = written(&folder).await;
    let other = Connection::open(folder.join("store.db")).unwrap();
    for sql in [
        "DELETE FROM audit",
        "DELETE FROM audit WHERE position = 3",
        "UPDATE audit SET at = at + 1",
        "UPDATE audit SET kind = 'refused' WHERE position = 1",
        "UPDATE audit SET hash = zeroblob(32), persoon = NULL",
        "INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE position = 1",
        "INSERT OR REPLACE INTO audit (number, chain, position, at, kind, actor_kind, gegevensdiensten, scope, outcome,
             object, texts, hash, written, kept_from)
         VALUES (2, 1, 6, 1, 'read', 'system', '', '', 'done', 'audit-log', '', zeroblob(32), 1, 1)",
        "DELETE FROM audit_checkpoints",
        "UPDATE audit_checkpoints SET text = ''",
    ] {
        let refused = other.execute(sql, []).map_err(|error| error.to_string());
        assert!(refused.is_err(), "{sql}");
    }
    assert_eq!(store.audit_entries(&AuditQuery::default(), 10).await.unwrap().len(), 5);
    // the persoon is beside the chain
    assert_eq!(
        other
            .execute("UPDATE audit SET persoon = NULL, salt = NULL", [])
            .unwrap(),
        5
    );
}

#[tokio::test]
async fn nen_7513_what_somebody_with_all_rights_changes_shows() {
    let triggers = "DROP TRIGGER audit_is_not_changed; DROP TRIGGER audit_is_not_deleted;
        DROP TRIGGER audit_checkpoint_is_not_changed; DROP TRIGGER audit_checkpoint_is_not_deleted;";
    for (sql, expected) in [
        (
            "UPDATE audit SET at = at + 1 WHERE position = 2",
            AuditFault::Changed(1, 2),
        ),
        (
            "UPDATE audit SET client_id = 'x.example.nl' WHERE position = 5",
            AuditFault::Changed(1, 5),
        ),
        (
            "UPDATE audit SET grant_id = NULL WHERE position = 4",
            AuditFault::Changed(1, 4),
        ),
        ("DELETE FROM audit WHERE position = 3", AuditFault::Missing(1, 3)),
        ("DELETE FROM audit WHERE position = 1", AuditFault::Missing(1, 1)),
        ("DELETE FROM audit WHERE position > 3", AuditFault::Missing(1, 4)),
        (
            "DELETE FROM audit WHERE position > 3; UPDATE audit_chain SET position = 3,
                 head = (SELECT hash FROM audit WHERE position = 3)",
            AuditFault::Missing(1, 4),
        ),
        (
            "UPDATE audit SET persoon = zeroblob(32) WHERE position = 2",
            AuditFault::Persoon(1, 2),
        ),
        ("DELETE FROM audit; DELETE FROM audit_chain", AuditFault::Missing(1, 1)),
        (
            "UPDATE audit_checkpoints SET text = replace(text, 'head 2', 'head 3') WHERE number = 2",
            AuditFault::Signature(2),
        ),
        (
            "DELETE FROM audit_checkpoints WHERE number = 2",
            AuditFault::Checkpoint(2),
        ),
        ("DELETE FROM audit_checkpoints WHERE number > 3", AuditFault::Archive(4)),
    ] {
        let folder = folder::folder("audit");
        let (store, key, outside) = written(&folder).await;
        let good = audit::verify(&store, &outside, &key.public()).await.unwrap();
        assert_eq!((good.entries, good.checkpoints, good.faults), (5, 5, vec![]));
        let other = Connection::open(folder.join("store.db")).unwrap();
        other.execute_batch(&format!("{triggers} {sql}")).unwrap();
        let report = audit::verify(&store, &outside, &key.public()).await.unwrap();
        assert!(report.faults.contains(&expected), "{sql}: {:?}", report.faults);
    }
}

#[tokio::test]
async fn nen_7513_a_past_that_is_written_anew_is_not_that_of_the_archive() {
    let folder = folder::folder("audit");
    let (_, key, outside) = written(&folder).await;
    // somebody with the signing key makes another log of as many entries and checkpoints
    let other = folder::folder("audit");
    let forged = open(&other.join("store.db"));
    let theirs = CheckpointFolder::open(other.join("outside")).unwrap();
    for _ in 0..5 {
        let _ = granted(&forged, true).await;
        audit::checkpoint(&forged, &key, &theirs, SystemTime::now())
            .await
            .unwrap();
    }
    let report = audit::verify(&forged, &outside, &key.public()).await.unwrap();
    assert_eq!(report.faults, (1..=5).map(AuditFault::Archive).collect::<Vec<_>>());
    // and without the key not even the signatures are right
    let public = AuditKey::random(&OsEntropy).unwrap().public();
    let report = audit::verify(&forged, &theirs, &public).await.unwrap();
    assert_eq!(report.faults, (1..=5).map(AuditFault::Signature).collect::<Vec<_>>());
}

/// A file of version 5 of the schema: its entries come into the chain, in their order.
#[tokio::test]
async fn entries_of_an_older_version_come_into_the_chain() {
    let folder = folder::folder("audit");
    let path = folder.join("store.db");
    let old = Connection::open(&path).unwrap();
    for step in [
        "0001_store",
        "0002_abonnementen",
        "0003_grants",
        "0004_outbox",
        "0005_registration",
    ] {
        let file = format!("{}/migrations/{step}.sql", env!("CARGO_MANIFEST_DIR"));
        old.execute_batch(&std::fs::read_to_string(file).unwrap()).unwrap();
    }
    old.execute_batch(
        "PRAGMA application_id = 1296910931; PRAGMA user_version = 5;
         INSERT INTO audit (at, kind, persoon, aanbieder, client_id, scope, grant_id, texts, kept_from) VALUES
             (1000000, 'gegeven', zeroblob(32), 'een@medmij', 'pgo.example.nl', '48', '0123456789012345678901', 'x', 5),
             (2000000, 'beeindigd', zeroblob(32), NULL, 'pgo.example.nl', '*', '0123456789012345678901', '', 6);",
    )
    .unwrap();
    drop(old);
    let store = open(&path);
    let records = store.audit_entries(&AuditQuery::default(), 10).await.unwrap();
    let seen: Vec<_> = records
        .iter()
        .map(|record| (record.micros, record.entry.kind))
        .collect();
    assert_eq!(seen, [(1_000_000, AuditKind::Consented), (2_000_000, AuditKind::Ended)]);
    let entry: &AuditEntry = &records[1].entry;
    assert_eq!((&entry.by.actor, entry.scope.as_str()), (&Actor::System, "*"));
    let outside = CheckpointFolder::open(folder.join("outside")).unwrap();
    let key = AuditKey::random(&OsEntropy).unwrap();
    let report = audit::verify(&store, &outside, &key.public()).await.unwrap();
    assert_eq!((report.entries, report.persons, report.faults), (2, 2, vec![]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nen_7513_what_a_killed_process_had_not_written_is_counted_to_the_entry() {
    let at = |folder: &Path| (Arc::new(open(&folder.join("store.db"))), folder.join("tally"));
    if let Some(folder) = to_be_killed() {
        let (store, tally) = at(&folder);
        return serve_until_killed(store, &tally).await;
    }
    let folder = folder::folder("killed");
    let test = "audit::nen_7513_what_a_killed_process_had_not_written_is_counted_to_the_entry";
    let said = [1, 30, 100, 300].map(|served| kill_after(test, &folder, served));
    let (store, tally) = at(&folder);
    the_loss_of_killed_processes_is_counted(store, &tally, &said).await;
}
