// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.208 — the vault of a DVP in PostgreSQL: no secret in a dump, nothing lost by a crash, one refresh over two
//! replicas.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

use std::{fs, path::Path, sync::Arc, time::Duration};

use medmij_abonneren::{AbonnementId, AbonnementRegister as _, AbonnementSource, Created};
use medmij_dvp::{
    Renewal,
    vault::{Advanced, RefreshStart, RefreshTokens, TokenVault as _, VaultKey},
};
use medmij_oauth::{
    Scope,
    seal::{KeyRing as _, LocalKeyRing},
};
use medmij_store_postgres::{OpenError, PostgresOptions, PostgresVault};
use medmij_test::postgres::{Stop, TestPostgres};
use medmij_types::CalendarDate;
use medmij_types::{Aanbiedernaam, BackchannelUri, GegevensdienstId, Hostname, OsEntropy, RefreshToken, Release};
use memchr::memmem;

use crate::private_server as database;

/// A careless application names its accounts by the BSN: even then no file holds one.
const BSN: &str = "999990019";

#[tokio::test]
async fn o3_neither_dump_nor_files_hold_a_token_or_who_goes_where() {
    let Some(server) = TestPostgres::start_or_skip() else {
        return;
    };
    let connection = server.create_database().unwrap();
    server
        .sql(&connection, "ALTER SYSTEM SET log_statement = 'all'")
        .unwrap();
    server.sql(&connection, "SELECT pg_reload_conf()").unwrap();
    let options = PostgresOptions::parse(&connection).unwrap();
    PostgresVault::migrate(&options).await.unwrap();
    let keys = Arc::new(LocalKeyRing::ephemeral(&OsEntropy).unwrap());
    let vault = PostgresVault::open(&options).await.unwrap();
    let refresh_tokens = RefreshTokens::new(vault, keys.clone(), Arc::new(OsEntropy));
    let name = Aanbiedernaam::parse("eenofanderezorgaanbieder").unwrap();
    let service = GegevensdienstId::parse("48").unwrap();
    let mut secrets = vec![BSN.to_owned(), name.short().to_owned()];
    for n in 0..25 {
        let token = RefreshToken::random(&OsEntropy).unwrap();
        secrets.push(token.expose().to_owned());
        let scope = Scope::verzamelen(Release::DEFAULT, name.clone(), &[]).unwrap();
        let endpoint = BackchannelUri::parse("https://dvza.example.nl/token").unwrap();
        let renewal = Renewal::new(token, name.clone(), scope, vec![service.clone()], endpoint);
        let key = VaultKey::of(&format!("{BSN}-{n}"), &renewal);
        refresh_tokens.keep(&key, &renewal).await.unwrap();
    }
    let id = AbonnementId::random(&OsEntropy).unwrap();
    let source = AbonnementSource::new(
        [Hostname::parse("dvza.example.nl").unwrap()],
        Aanbiedernaam::parse("tweedezorgaanbieder").unwrap(),
        service,
        keys.fingerprint("rekening", BSN.as_bytes()).unwrap(),
        CalendarDate::parse("2026-12-31").unwrap(),
    );
    assert_eq!(
        refresh_tokens.vault().add(&id, source, 10).await.unwrap(),
        Created::Done
    );
    let dump = server.dump(&connection).unwrap();
    assert!(memmem::find(&dump, b"tweedezorgaanbieder").is_some(), "the control");
    search("the dump", &dump, &secrets);
    drop(refresh_tokens);
    server.stop(Stop::Fast).unwrap();
    let files = every_file(server.data().parent().unwrap(), &secrets);
    assert!(files > 100, "{files} files");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn core_tknint_208_two_replicas_refresh_once() {
    let Some((options, _)) = database::vault().await else {
        return;
    };
    let vaults = [
        Arc::new(PostgresVault::open(&options).await.unwrap()),
        Arc::new(PostgresVault::open(&options).await.unwrap()),
    ];
    for n in 0..50 {
        let key = VaultKey::from_text(&format!("token-{n}"));
        vaults[0].keep(&key, b"een".to_vec()).await.unwrap();
        let tasks: Vec<_> = vaults
            .iter()
            .cycle()
            .take(8)
            .map(|vault| {
                let (vault, key) = (Arc::clone(vault), key.clone());
                tokio::spawn(async move { vault.begin(&key, Duration::from_secs(60)).await.unwrap() })
            })
            .collect();
        let mut started = 0;
        for task in tasks {
            started += usize::from(matches!(task.await.unwrap(), RefreshStart::Refresh { .. }));
        }
        assert_eq!(started, 1);
    }
}

#[tokio::test]
async fn core_tknint_208_what_was_kept_survives_a_crash_of_the_database() {
    let Some(server) = TestPostgres::start_or_skip() else {
        return;
    };
    let options = PostgresOptions::parse(&server.create_database().unwrap()).unwrap();
    let missing = PostgresVault::open(&options).await;
    assert!(matches!(missing, Err(OpenError::Older { found: 0, .. })), "{missing:?}");
    PostgresVault::migrate(&options).await.unwrap();
    let vault = PostgresVault::open(&options).await.unwrap();
    let (key, other) = (VaultKey::from_text("token"), VaultKey::from_text("other"));
    let lease = Duration::from_secs(60);
    vault.keep(&key, b"0".to_vec()).await.unwrap();
    let mut numbers = Vec::new();
    for kept in 1..=3_u8 {
        let started = vault.begin(&key, lease).await.unwrap();
        let RefreshStart::Refresh { sealed, attempt } = started else {
            panic!("{started:?}")
        };
        assert_eq!(sealed, (kept - 1).to_string().into_bytes());
        // that a refresh runs is known after a crash
        crash(&server);
        assert_eq!(again(|| vault.begin(&key, lease)).await, RefreshStart::UnderWay);
        let next = kept.to_string().into_bytes();
        assert_eq!(vault.finish(&key, attempt, next).await.unwrap(), Advanced::Done);
        crash(&server);
        assert_eq!(again(|| vault.begin(&other, lease)).await, RefreshStart::Unknown);
        assert!(!numbers.contains(&attempt));
        numbers.push(attempt);
    }
}

fn crash(server: &TestPostgres) {
    server.stop(Stop::Immediate).unwrap();
    server.resume().unwrap();
}

/// Connections made before a crash are noticed one by one.
async fn again<F: Future<Output = Result<RefreshStart, medmij_dvp::vault::StoreError>>>(
    operation: impl Fn() -> F,
) -> RefreshStart {
    for _ in 0..50 {
        if let Ok(started) = operation().await {
            return started;
        }
    }
    panic!("the database did not come back")
}

fn every_file(folder: &Path, secrets: &[String]) -> usize {
    let mut files = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files += every_file(&path, secrets);
        } else if let (true, Ok(mut bytes)) = (path.is_file(), fs::read(&path)) {
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
