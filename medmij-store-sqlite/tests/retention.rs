// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.101 — `docs/retention.md` says what is kept of a Persoon and how long: it names every column there is, and
//! nothing is there past its term.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail")]

use std::{
    collections::BTreeMap,
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};

use medmij_abonneren::{
    Abonnement, AbonnementId, AbonnementRegister as _, AbonnementRow, AbonnementSource, Abonnementen as _,
};
use medmij_dvp::{
    collecting::OrderStore as _,
    dossier::DossierStore as _,
    person::PersonId,
    vault::{DangerShiftVault as _, TokenVault as _},
};
use medmij_dvza::store::{
    Acting, AuditEntry, AuditHead, AuditKind, AuditObject, AuditTerm, Checkpoint, DangerShiftClock as _, PersoonEnd,
    RedeemedCode, SignedCheckpoint, Store as _,
};
use medmij_oauth::{journal::Journal, seal::PersoonIndex};
use medmij_store_contract::{
    restore,
    store::{granted, new_flow, redeem},
};
use medmij_store_sqlite::{SqliteOptions, SqliteStore, SqliteVault};
use medmij_types::{CalendarDate, Clock, OsEntropy, SystemClock};
use rusqlite::Connection;

use crate::folder;
use crate::retention_page as retention;

fn columns(path: &Path) -> BTreeMap<String, Vec<String>> {
    let connection = Connection::open(path).unwrap();
    let sql = "SELECT m.name, p.name FROM sqlite_schema m JOIN pragma_table_info(m.name) p
               WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'";
    let mut statement = connection.prepare(sql).unwrap();
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    for row in rows {
        let (table, column): (String, String) = row.unwrap();
        found.entry(table).or_default().push(column);
    }
    found
}

#[test]
fn every_column_is_in_the_table_of_retention() {
    let folder = folder::folder("retention");
    let store = folder.join("store.db");
    drop(SqliteStore::open(SqliteOptions::new(&store)).unwrap());
    retention::compare("The store of a DVZA", "sqlite", columns(&store));
    let vault = folder.join("vault.db");
    drop(SqliteVault::open(SqliteOptions::new(&vault)).unwrap());
    retention::compare("The vault of a DVP", "sqlite", columns(&vault));
}

/// Every table with fields of a Persoon is filled, the longest term passes, the jobs run, and nothing is left.
#[tokio::test]
async fn core_logging_101_nothing_is_there_past_its_term() {
    let path = folder::folder("retention").join("store.db");
    let store = SqliteStore::open(SqliteOptions::new(&path)).unwrap();
    store.open_flow(new_flow()).await.unwrap();
    let (code, binding) = granted(&store, true).await;
    let taken = store.take_code(&code, &redeem(binding)).await.unwrap();
    let RedeemedCode::Fresh(grant) = taken else {
        panic!("{taken:?}")
    };
    let mut entry = AuditEntry::of(AuditKind::Accessed, AuditObject::HealthData, Acting::system());
    entry.persoon = Some(grant.persoon);
    store.audit(vec![entry]).await.unwrap();
    let today = CalendarDate::in_amsterdam(SystemClock::default().now());
    let id = AbonnementId::random(&OsEntropy).unwrap();
    let (client_id, aanbieder) = (grant.client_id.clone(), grant.aanbieder.clone().unwrap());
    let abonnement = Abonnement::new(id, today.plus(30));
    let row = AbonnementRow::new(abonnement, grant.persoon, client_id, aanbieder, "48".parse().unwrap());
    store.create(row, 10, today).await.unwrap();
    // somebody else died
    let other = vec![PersoonIndex::from_bytes([9; 32])];
    let end = PersoonEnd::after_death(other, Acting::system());
    store.end_persoon(&end).await.unwrap();

    let tables: Vec<String> = retention::of_persons("The store of a DVZA", "sqlite");
    let filled: Vec<&String> = tables.iter().filter(|table| *table != "outbox").collect();
    for table in &filled {
        assert!(rows(&path, table) > 0, "{table} is not filled");
    }
    for days in [200, 732] {
        let later = Duration::from_secs(days * 86_400);
        store.danger_shift_clock(later).await.unwrap();
        while store.purge(1_000).await.unwrap() > 0 {}
        while store.purge_over(today.plus(200), 1_000).await.unwrap() > 0 {}
        destroy(&store).await;
    }
    for table in &filled {
        assert_eq!(rows(&path, table), 0, "{table} holds what is past its term");
    }
}

/// The same for a vault, with its journal: refresh tokens, Abonnementen, orders and runs, dossiers and items.
#[tokio::test]
async fn core_logging_101_nothing_is_in_a_vault_or_its_journal_past_its_term() {
    let folder = folder::folder("retention");
    let (path, journal) = (folder.join("vault.db"), folder.join("journal"));
    let vault = restore::journaled(SqliteVault::open(SqliteOptions::new(&path)).unwrap(), &journal);
    restore::fill(vault.vault()).await;
    let now = SystemClock::default().now();
    let today = CalendarDate::in_amsterdam(now);
    let source = AbonnementSource::new(
        ["dva.example.nl".parse().unwrap()],
        "een@medmij".parse().unwrap(),
        "48".parse().unwrap(),
        PersoonIndex::from_bytes([1; 32]),
        today.plus(30),
    );
    let id = AbonnementId::random(&OsEntropy).unwrap();
    vault.vault().add(&id, source, 9).await.unwrap();
    let tables = retention::of_persons("The vault of a DVP", "sqlite");
    for table in &tables {
        assert!(rows(&path, table) > 0, "{table} is not filled");
    }

    // everybody leaves, or dies; and the longest term passes
    for person in (1..=6).map(PersonId::new) {
        vault.cancel_orders(person).await.unwrap();
        vault.freeze_dossier(person, now).await.unwrap();
    }
    let day = Duration::from_secs(86_400);
    let later = now + 200 * day;
    vault.vault().danger_shift_clock(200 * day).await.unwrap();
    while vault.purge(182 * day, 100).await.unwrap() > 0 {}
    while vault.vault().purge_before(today.plus(200), 100).await.unwrap() > 0 {}
    while vault.purge_runs(later, 100).await.unwrap() > 0 {}
    for person in vault.frozen_dossiers(later - 183 * day, 100).await.unwrap() {
        vault.erase_dossier(person).await.unwrap();
    }
    for table in &tables {
        assert_eq!(rows(&path, table), 0, "{table} holds what is past its term");
    }
    // what ended stands in the journal, as long as copies are kept
    drop(vault);
    assert!(std::fs::read_dir(&journal).unwrap().count() > 0);
    let moved = Journal::open(&journal, "dvp")
        .unwrap()
        .with_clock(Arc::new(Later(later)));
    moved.prune(35 * day).unwrap();
    assert_eq!(std::fs::read_dir(&journal).unwrap().count(), 0);
}

/// A clock that stands still.
struct Later(SystemTime);

impl Clock for Later {
    fn now(&self) -> SystemTime {
        self.0
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

async fn destroy(store: &SqliteStore) {
    let next = async |heads: Vec<AuditHead>| {
        let number = store.last_checkpoint().await.unwrap().map_or(1, |last| last.number + 1);
        let text = Checkpoint::new(number, 0, Default::default(), heads).text();
        SignedCheckpoint::new(number, text, "test", vec![])
    };
    let covering = next(store.audit_heads().await.unwrap()).await;
    assert!(store.add_checkpoint(&covering).await.unwrap());
    let term = AuditTerm::default();
    let cutting = next(store.audit_to_destroy(term).await.unwrap()).await;
    assert!(store.destroy_audit(term, &cutting).await.unwrap().is_some());
}

fn rows(path: &Path, table: &str) -> i64 {
    let connection = Connection::open(path).unwrap();
    let sql = format!("SELECT count(*) FROM {table}");
    connection.query_row(&sql, [], |row| row.get(0)).unwrap()
}
