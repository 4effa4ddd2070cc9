// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.101, NEN 7513 — the audit log in the database: the role that serves cannot change or delete an entry, an operator
//! destroys at a checkpoint, and what somebody with all rights changes shows.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use medmij_dvza::{
    audit::{self, AuditFault, AuditKey, CheckpointFolder},
    store::{Acting, AuditQuery, AuditTerm, DangerShiftClock as _, RedeemedCode, Store as _},
};
use medmij_store_contract::store::{
    granted, kill_after, redeem, serve_until_killed, the_loss_of_killed_processes_is_counted, to_be_killed,
};
use medmij_store_postgres::{PostgresOptions, PostgresStore};
use medmij_types::OsEntropy;
use tokio_postgres::{Client, NoTls};

use crate::private_server as database;

async fn connect(connection: &str) -> Client {
    let (client, connecting) = tokio_postgres::connect(connection, NoTls).await.unwrap();
    tokio::spawn(connecting);
    client
}

/// The same database, as another role.
fn as_role(connection: &str, role: &str) -> String {
    let words = connection.split(' ').filter(|word| !word.starts_with("user="));
    format!("{} user={role}", words.collect::<Vec<_>>().join(" "))
}

/// A database with a role that serves and one of an operator.
async fn with_roles(name: &str) -> Option<(String, String, String)> {
    let (options, owner) = database::database().await?;
    let (application, operator) = (format!("{name}_app"), format!("{name}_operator"));
    let client = connect(&owner).await;
    let roles = format!("CREATE ROLE {application} LOGIN; CREATE ROLE {operator} LOGIN");
    client.batch_execute(&roles).await.unwrap();
    PostgresStore::grant_roles(&options, &application, Some(&operator))
        .await
        .unwrap();
    let connections = (as_role(&owner, &application), as_role(&owner, &operator));
    Some((owner, connections.0, connections.1))
}

async fn opened(connection: &str) -> PostgresStore {
    let options = PostgresOptions::parse(connection).unwrap().pool_size(2);
    PostgresStore::open(&options).await.unwrap()
}

#[tokio::test]
async fn nen_7513_the_role_that_serves_cannot_change_or_delete_an_entry() {
    let Some((owner, application, operator)) = with_roles("serves").await else {
        return;
    };
    // it does all that serving asks
    let store = opened(&application).await;
    let (code, binding) = granted(&store, true).await;
    let taken = store.take_code(&code, &redeem(binding)).await.unwrap();
    let RedeemedCode::Fresh(grant) = taken else {
        panic!("{taken:?}")
    };
    store.revoke_grant(&grant.id, &Acting::system()).await.unwrap();
    store.purge(10).await.unwrap();
    assert_eq!(store.audit_entries(&AuditQuery::default(), 10).await.unwrap().len(), 2);
    assert_eq!(store.replace_persoon(&[grant.persoon], None).await.unwrap(), 2);

    let changes = [
        "DELETE FROM medmij.audit",
        "UPDATE medmij.audit SET at = at + 1",
        "UPDATE medmij.audit SET hash = hash",
        "UPDATE medmij.audit SET written = now()",
        "TRUNCATE medmij.audit",
        "DELETE FROM medmij.audit_checkpoints",
        "UPDATE medmij.audit_checkpoints SET text = ''",
        "UPDATE medmij.audit_chains SET cut = 1",
        "DELETE FROM medmij.audit_chains",
        "DROP TABLE medmij.audit",
        "ALTER TABLE medmij.audit DISABLE TRIGGER ALL",
        "SELECT set_config('medmij.destroying', 'yes', false); DELETE FROM medmij.audit",
    ];
    let destroying = "SELECT medmij.destroy_audit(731::bigint * 86400 * 1000000, 1, '', '', '')";
    let serving = connect(&application).await;
    for sql in changes.iter().chain([&destroying]) {
        let refused = serving.batch_execute(sql).await;
        let code = refused.map_err(|error| error.code().map(|code| code.code().to_owned()));
        assert_eq!(code, Err(Some("42501".to_owned())), "{sql}: insufficient privilege");
    }
    let operating = connect(&operator).await;
    for sql in changes
        .iter()
        .chain(["SELECT body FROM medmij.grants", "SELECT * FROM medmij.access"].iter())
    {
        let refused = operating.batch_execute(sql).await;
        let code = refused.map_err(|error| error.code().map(|code| code.code().to_owned()));
        assert_eq!(code, Err(Some("42501".to_owned())), "{sql}: insufficient privilege");
    }
    // and the owner of the schema not by mistake
    let owning = connect(&owner).await;
    for sql in &changes[..8] {
        if !sql.contains("audit_chains") {
            assert!(owning.batch_execute(sql).await.is_err(), "{sql}");
        }
    }
    assert_eq!(store.audit_entries(&AuditQuery::default(), 10).await.unwrap().len(), 2);
}

#[tokio::test]
async fn core_logging_101_an_operator_destroys_at_a_checkpoint() {
    let Some((owner, application, operator)) = with_roles("destroys").await else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let outside = CheckpointFolder::open(folder.path()).unwrap();
    let key = AuditKey::random(&OsEntropy).unwrap();
    let (serving, operating) = (opened(&application).await, opened(&operator).await);
    for _ in 0..3 {
        let _ = granted(&serving, false).await;
    }
    let now = SystemTime::now();
    audit::checkpoint(&operating, &key, &outside, now).await.unwrap();
    let when = (AuditTerm::default(), now);
    assert_eq!(audit::destroy(&operating, &key, &outside, when).await.unwrap(), 0);
    let owning = opened(&owner).await;
    let by = |days: u64| Duration::from_secs(days * 86_400);
    owning.danger_shift_clock(by(1)).await.unwrap();
    assert_eq!(serving.purge(10).await.unwrap(), 3);
    owning.danger_shift_clock(by(732)).await.unwrap();
    // the role that serves cannot
    assert!(audit::destroy(&serving, &key, &outside, when).await.is_err());
    assert_eq!(audit::destroy(&operating, &key, &outside, when).await.unwrap(), 3);
    let _ = granted(&serving, false).await;
    let report = audit::verify(&operating, &outside, &key.public()).await.unwrap();
    assert_eq!((report.entries, report.after_checkpoint, report.faults), (1, 1, vec![]));
}

#[tokio::test]
async fn nen_7513_what_somebody_with_all_rights_changes_shows() {
    let folder = tempfile::tempdir().unwrap();
    for (at, (sql, expected)) in [
        (
            "UPDATE medmij.audit SET at = at + 1 WHERE position = 2",
            AuditFault::Changed(1, 2),
        ),
        (
            "UPDATE medmij.audit SET texts = 'x' WHERE position = 3",
            AuditFault::Changed(1, 3),
        ),
        ("DELETE FROM medmij.audit WHERE position = 2", AuditFault::Missing(1, 2)),
        ("DELETE FROM medmij.audit WHERE position = 3", AuditFault::Missing(1, 3)),
        (
            "UPDATE medmij.audit SET persoon = sha256('') WHERE position = 1",
            AuditFault::Persoon(1, 1),
        ),
        ("DELETE FROM medmij.audit_checkpoints", AuditFault::Archive(1)),
    ]
    .into_iter()
    .enumerate()
    {
        let Some((options, owner)) = database::database().await else {
            return;
        };
        let store = PostgresStore::open(&options).await.unwrap();
        let outside = CheckpointFolder::open(folder.path().join(at.to_string())).unwrap();
        let key = AuditKey::random(&OsEntropy).unwrap();
        for _ in 0..3 {
            let _ = granted(&store, true).await;
        }
        audit::checkpoint(&store, &key, &outside, SystemTime::now())
            .await
            .unwrap();
        let report = audit::verify(&store, &outside, &key.public()).await.unwrap();
        assert_eq!((report.entries, report.faults), (3, vec![]));
        let client = connect(&owner).await;
        let without = "ALTER TABLE medmij.audit DISABLE TRIGGER ALL;
            ALTER TABLE medmij.audit_checkpoints DISABLE TRIGGER ALL";
        client.batch_execute(without).await.unwrap();
        client.batch_execute(sql).await.unwrap();
        let report = audit::verify(&store, &outside, &key.public()).await.unwrap();
        assert!(report.faults.contains(&expected), "{sql}: {:?}", report.faults);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nen_7513_what_a_killed_process_had_not_written_is_counted_to_the_entry() {
    if let Some(folder) = to_be_killed() {
        let connection = std::fs::read_to_string(folder.join("connection")).unwrap();
        let store = Arc::new(opened(&connection).await);
        return serve_until_killed(store, &folder.join("tally")).await;
    }
    let Some((_, owner)) = database::database().await else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("connection"), &owner).unwrap();
    let test = "audit::nen_7513_what_a_killed_process_had_not_written_is_counted_to_the_entry";
    let said = [1, 30, 100, 300].map(|served| kill_after(test, folder.path(), served));
    let store = Arc::new(opened(&owner).await);
    the_loss_of_killed_processes_is_counted(store, &folder.path().join("tally"), &said).await;
}
