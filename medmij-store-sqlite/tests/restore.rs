// SPDX-License-Identifier: AGPL-3.0-or-later
//! A copy of the file is put back: nothing that ended since is served, before it is reconciled with its journal and after.
//!
//! `MEDMIJ_ENDS=1000` ends more than the two hundred of a normal run.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail")]

use std::path::Path;

use medmij_dvza::store::{Acting, AuditEntry, AuditKind, AuditObject, GrantId, PersoonEnd, Store as _};
use medmij_oauth::{
    ClientId,
    seal::{KeyRing as _, LocalKeyRing},
};
use medmij_store_contract::{
    restore,
    store::{a_journal_that_was_replaced_is_noticed, end_all, issue, journaled, nothing_that_ended_is_revived},
};
use medmij_store_sqlite::{SqliteOptions, SqliteStore, SqliteVault};
use medmij_types::{Bsn, OsEntropy};

use crate::folder;

fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(SqliteOptions::new(path)).unwrap()
}

fn many() -> usize {
    let asked = std::env::var("MEDMIJ_ENDS").ok();
    asked.and_then(|many| many.parse().ok()).unwrap_or(200)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn core_autorisatie_208_a_copy_that_is_put_back_revives_nothing() {
    let folder = folder::folder("restore");
    let (live, copy, journal) = (folder.join("store.db"), folder.join("copy.db"), folder.join("journal"));
    let store = journaled(open(&live), &journal);
    let issued = issue(&store, many()).await;
    store.store().backup(&copy).await.unwrap();
    end_all(&store, &issued).await;
    drop(store);
    for ending in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(folder.join(format!("store.db{ending}")));
    }
    std::fs::copy(&copy, &live).unwrap();
    nothing_that_ended_is_revived(open(&live), &journal, &issued).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn several_processes_write_one_journal_and_each_sees_what_the_others_ended() {
    let folder = folder::folder("restore");
    let (live, copy, journal) = (folder.join("store.db"), folder.join("copy.db"), folder.join("journal"));
    let replicas = [(); 3].map(|()| journaled(open(&live), &journal));
    let issued = issue(&replicas[0], 30).await;
    replicas[1].store().backup(&copy).await.unwrap();
    let (kept, ending) = issued.split_last().unwrap();
    for (replica, part) in replicas.iter().zip(ending.chunks(10)) {
        let part: Vec<_> = part.iter().chain([kept]).cloned().collect();
        end_all(replica, &part).await;
        assert!(!replica.is_older().await.unwrap());
    }
    let written = std::fs::read_dir(&journal).unwrap().count();
    assert_eq!(written, 3);
    drop(replicas);
    nothing_that_ended_is_revived(open(&copy), &journal, &issued).await;
    // what was reconciled once is not again, and a later copy has it
    let again = journaled(open(&copy), &journal);
    assert!(!again.is_older().await.unwrap());
}

#[tokio::test]
async fn the_journal_holds_no_readable_persoon_and_is_for_its_owner_only() {
    let folder = folder::folder("restore");
    let journal = folder.join("journal");
    let store = journaled(open(&folder.join("store.db")), &journal);
    let ring = LocalKeyRing::ephemeral(&OsEntropy).unwrap();
    let (bsn, by) = ("999990019", Acting::operator("ann"));
    let persoon = ring.indexes(&Bsn::parse(bsn).unwrap()).unwrap();
    let client = ClientId::parse("pgo.example.nl").unwrap();
    let entry = AuditEntry::of(AuditKind::Withdrawn, AuditObject::Consent, by.clone());
    store.withdraw(&persoon, None, &client, entry).await.unwrap();
    for end in [
        PersoonEnd::after_death(persoon.clone(), by.clone()),
        PersoonEnd::erasure(persoon.clone(), by.clone()),
    ] {
        store.end_persoon(&end).await.unwrap();
    }
    store
        .revoke_grant(&GrantId::random(&OsEntropy).unwrap(), &by)
        .await
        .unwrap();
    let files: Vec<_> = std::fs::read_dir(&journal)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    assert_eq!(files.len(), 1);
    let text = std::fs::read_to_string(&files[0]).unwrap();
    assert_eq!(text.lines().count(), 5);
    assert!(!text.contains(bsn) && !text.contains("ann"), "{text}");
    #[cfg(unix)]
    for path in [&files[0], &journal] {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o077, 0);
    }
}

#[tokio::test]
async fn core_dossier_105_a_copy_of_a_vault_that_is_put_back_holds_nothing_that_was_deleted() {
    let folder = folder::folder("restore");
    let (live, copy, journal) = (folder.join("vault.db"), folder.join("copy.db"), folder.join("journal"));
    let open = |path: &Path| SqliteVault::open(SqliteOptions::new(path)).unwrap();
    let vault = restore::journaled(open(&live), &journal);
    restore::fill(vault.vault()).await;
    vault.vault().backup(&copy).await.unwrap();
    restore::end(&vault).await;
    drop(vault);
    restore::nothing_that_ended_comes_back(open(&copy), &journal).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_journal_that_was_replaced_is_noticed_by_a_store_and_by_a_vault() {
    let folder = folder::folder("restore");
    let [of_store, of_vault] = ["store", "vault"].map(|name| folder.join(name));
    std::fs::create_dir(&of_store).unwrap();
    std::fs::create_dir(&of_vault).unwrap();
    a_journal_that_was_replaced_is_noticed(open(&of_store.join("store.db")), &of_store).await;
    let vault = SqliteVault::open(SqliteOptions::new(of_vault.join("vault.db"))).unwrap();
    restore::a_journal_that_was_replaced_is_noticed(vault, &of_vault).await;
}
