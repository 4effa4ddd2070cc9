// SPDX-License-Identifier: AGPL-3.0-or-later
//! O3: no code, token, session or BSN is in a dump, nor in any file of the server.

use std::{fs, path::Path};

use medmij_dvza::store::Store;
use medmij_oauth::seal::{KeyRing, LocalKeyRing};
use medmij_store_contract::store::whole_flow;
use medmij_store_postgres::{PostgresOptions, PostgresStore};
use medmij_test::postgres::{Stop, TestPostgres};
use medmij_types::{Bsn, OsEntropy};
use memchr::memmem;

const BSN: &str = "999990019";

#[tokio::test]
async fn o3_neither_dump_nor_files_hold_a_secret() {
    let Some(server) = TestPostgres::start_or_skip() else {
        return;
    };
    let connection = server.create_database().unwrap();
    // every statement with its parameters goes to the log: even then there is nothing to see
    let verbose = "ALTER SYSTEM SET log_statement = 'all'";
    server.sql(&connection, verbose).unwrap();
    server.sql(&connection, "SELECT pg_reload_conf()").unwrap();
    let options = PostgresOptions::parse(&connection).unwrap();
    PostgresStore::migrate(&options).await.unwrap();
    let store = PostgresStore::open(&options).await.unwrap();
    let ring = LocalKeyRing::ephemeral(&OsEntropy).unwrap();
    let bsn = Bsn::parse(BSN).unwrap();
    let mut secrets = vec![BSN.to_owned()];
    for _ in 0..25 {
        secrets.extend(whole_flow(&store, &ring, &bsn).await);
    }
    assert_eq!(store.grants_of(&[ring.index(&bsn).unwrap()]).await.unwrap().len(), 25);

    let dump = server.dump(&connection).unwrap();
    // the control: what is in clear is found
    assert!(memmem::find(&dump, b"eenofanderezorgaanbieder").is_some());
    search("the dump", &dump, &secrets);
    drop(store);
    server.stop(Stop::Fast).unwrap();
    let files = every_file(server.data().parent().unwrap(), &secrets);
    assert!(files > 100, "{files} files");
}

#[allow(clippy::unwrap_used, reason = "a test may fail")]
fn every_file(folder: &Path, secrets: &[String]) -> usize {
    let mut files = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files += every_file(&path, secrets);
        } else if path.is_file() {
            // a server that goes on removes files of its own
            let Ok(mut bytes) = fs::read(&path) else { continue };
            // a log segment is filled with zeros to its end
            bytes.truncate(bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1));
            search(&path.display().to_string(), &bytes, secrets);
            files += 1;
        }
    }
    files
}

fn search(what: &str, bytes: &[u8], secrets: &[String]) {
    for secret in secrets {
        let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        for form in [secret.as_bytes(), hex.as_bytes()] {
            assert!(memmem::find(bytes, form).is_none(), "{what} holds a secret");
        }
    }
}
