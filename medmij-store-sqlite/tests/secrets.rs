// SPDX-License-Identifier: AGPL-3.0-or-later
//! O3: no code, token, session or BSN is in the file, in its log, or in a copy.

use std::{fs, path::Path, process::Command};

use medmij_dvza::store::Store;
use medmij_oauth::seal::{KeyRing, LocalKeyRing};
use medmij_store_contract::store::whole_flow;
use medmij_store_sqlite::{OpenError, SqliteOptions, SqliteStore};
use medmij_types::{Bsn, OsEntropy};
use memchr::memmem;

use crate::folder;

const BSN: &str = "999990019";

#[tokio::test]
async fn o3_neither_file_nor_log_nor_copy_holds_a_secret() {
    let folder = folder::folder("secrets");
    let path = folder.join("store.db");
    let store = SqliteStore::open(SqliteOptions::new(&path)).unwrap();
    let ring = LocalKeyRing::ephemeral(&OsEntropy).unwrap();
    let bsn = Bsn::parse(BSN).unwrap();
    let mut secrets = vec![BSN.to_owned()];
    for _ in 0..25 {
        secrets.extend(whole_flow(&store, &ring, &bsn).await);
    }
    let copy = folder.join("copy.db");
    store.backup(&copy).await.unwrap();
    assert!(matches!(store.backup(&copy).await, Err(OpenError::Exists(_))));

    // copied by another process: opening the file here would end SQLite's locks on it
    let in_use = folder.join("in_use");
    fs::create_dir(&in_use).unwrap();
    for part in ["store.db", "store.db-wal", "store.db-shm"] {
        let copied = Command::new("cp")
            .arg(folder.join(part))
            .arg(in_use.join(part))
            .status();
        assert!(copied.unwrap().success(), "{part}");
    }
    drop(store);
    for file in [
        in_use.join("store.db"),
        in_use.join("store.db-wal"),
        path.clone(),
        copy.clone(),
    ] {
        let bytes = fs::read(&file).unwrap();
        for secret in &secrets {
            for form in [secret.clone(), hex(secret.as_bytes())] {
                let found = memmem::find(&bytes, form.as_bytes()).is_some();
                assert!(!found, "{} holds a secret", file.display());
            }
        }
    }
    // the control: what is in clear is found
    for file in [in_use.join("store.db-wal"), path, copy.clone()] {
        assert!(holds(&file, "eenofanderezorgaanbieder"), "{}", file.display());
    }

    // the copy is a store
    let copied = SqliteStore::open(SqliteOptions::new(&copy)).unwrap();
    let index = ring.index(&bsn).unwrap();
    assert_eq!(copied.grants_of(&[index]).await.unwrap().len(), 25);
}

#[allow(clippy::unwrap_used, reason = "a test may fail")]
fn holds(file: &Path, text: &str) -> bool {
    memmem::find(&fs::read(file).unwrap(), text.as_bytes()).is_some()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
