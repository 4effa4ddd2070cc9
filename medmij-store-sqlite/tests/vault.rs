// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.208 — the vault of a DVP in a file: no secret in it, nothing lost by a kill, one refresh over two vaults.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may fail, and the child of one speaks to it"
)]

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use medmij_abonneren::{AbonnementId, AbonnementRegister as _, AbonnementSource, Created};
use medmij_dvp::{
    Renewal,
    vault::{Advanced, RefreshStart, RefreshTokens, TokenVault as _, VaultKey},
};
use medmij_oauth::{
    Scope,
    seal::{KeyRing as _, LocalKeyRing},
};
use medmij_store_sqlite::{OpenError, SqliteOptions, SqliteStore, SqliteVault};
use medmij_types::CalendarDate;
use medmij_types::{Aanbiedernaam, BackchannelUri, GegevensdienstId, Hostname, OsEntropy, RefreshToken, Release};
use memchr::memmem;

use crate::folder;

/// A careless application names its accounts by the BSN: even then no file holds one.
const BSN: &str = "999990019";

fn open(path: &Path) -> SqliteVault {
    SqliteVault::open(SqliteOptions::new(path)).unwrap()
}

fn renewal(token: RefreshToken) -> Renewal {
    let name = Aanbiedernaam::parse("eenofanderezorgaanbieder").unwrap();
    let scope = Scope::verzamelen(Release::DEFAULT, name.clone(), &[]).unwrap();
    let endpoint = BackchannelUri::parse("https://dvza.example.nl/token").unwrap();
    Renewal::new(
        token,
        name,
        scope,
        vec![GegevensdienstId::parse("48").unwrap()],
        endpoint,
    )
}

#[tokio::test]
async fn o3_neither_file_nor_log_of_a_vault_holds_a_token_or_who_goes_where() {
    let folder = folder::folder("vault");
    let path = folder.join("vault.db");
    let keys = Arc::new(LocalKeyRing::ephemeral(&OsEntropy).unwrap());
    let refresh_tokens = RefreshTokens::new(open(&path), keys.clone(), Arc::new(OsEntropy));
    let mut secrets = vec![BSN.to_owned()];
    for n in 0..25 {
        let token = RefreshToken::random(&OsEntropy).unwrap();
        secrets.push(token.expose().to_owned());
        let renewal = renewal(token);
        let key = VaultKey::of(&format!("{BSN}-{n}"), &renewal);
        refresh_tokens.keep(&key, &renewal).await.unwrap();
    }
    let id = AbonnementId::random(&OsEntropy).unwrap();
    let source = AbonnementSource::new(
        [Hostname::parse("dvza.example.nl").unwrap()],
        Aanbiedernaam::parse("tweedezorgaanbieder").unwrap(),
        GegevensdienstId::parse("48").unwrap(),
        keys.fingerprint("rekening", BSN.as_bytes()).unwrap(),
        CalendarDate::parse("2026-12-31").unwrap(),
    );
    assert_eq!(
        refresh_tokens.vault().add(&id, source, 10).await.unwrap(),
        Created::Done
    );
    let copy = folder.join("copy.db");
    refresh_tokens.vault().backup(&copy).await.unwrap();
    // copied by another process: opening the file here would end SQLite's locks on it
    let log = folder.join("log.copy");
    let copied = Command::new("cp").arg(folder.join("vault.db-wal")).arg(&log).status();
    assert!(copied.unwrap().success());
    drop(refresh_tokens);
    for file in [&path, &copy, &log] {
        let bytes = fs::read(file).unwrap();
        for secret in &secrets {
            assert!(
                memmem::find(&bytes, secret.as_bytes()).is_none(),
                "{} holds a secret",
                file.display()
            );
        }
        // the Aanbieder of a token is sealed with it; that of an Abonnement has no name of a Persoon beside it
        assert!(memmem::find(&bytes, b"eenofanderezorgaanbieder").is_none());
        assert!(memmem::find(&bytes, b"tweedezorgaanbieder").is_some(), "the control");
    }
}

#[tokio::test]
async fn a_vault_and_a_store_are_two_files() {
    let folder = folder::folder("vault");
    let (vault, store) = (folder.join("vault.db"), folder.join("store.db"));
    drop(open(&vault));
    drop(SqliteStore::open(SqliteOptions::new(&store)).unwrap());
    let refused = SqliteStore::open(SqliteOptions::new(&vault));
    assert!(matches!(refused, Err(OpenError::NotAStore { .. })), "{refused:?}");
    let refused = SqliteVault::open(SqliteOptions::new(&store));
    assert!(matches!(refused, Err(OpenError::NotAStore { .. })), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn core_tknint_208_two_vaults_on_one_file_refresh_once() {
    let path = folder::folder("vault").join("vault.db");
    let vaults = [Arc::new(open(&path)), Arc::new(open(&path))];
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

/// What the child of the test below does: refreshes without end, and says each token that was kept.
#[test]
fn core_tknint_208_a_child_that_refreshes() {
    let Ok(path) = std::env::var("MEDMIJ_VAULT_CHILD") else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let vault = open(Path::new(&path));
        let key = VaultKey::from_text("token");
        let mut kept: u64 = 0;
        vault.keep(&key, kept.to_string().into_bytes()).await.unwrap();
        loop {
            let RefreshStart::Refresh { sealed, attempt } = vault.begin(&key, Duration::ZERO).await.unwrap() else {
                return;
            };
            assert_eq!(sealed, kept.to_string().into_bytes());
            let next = (kept + 1).to_string().into_bytes();
            assert_eq!(vault.finish(&key, attempt, next).await.unwrap(), Advanced::Done);
            kept += 1;
            println!("kept {kept}");
        }
    });
}

#[tokio::test]
async fn core_tknint_208_what_was_kept_survives_kill_9() {
    let folder = folder::folder("vault");
    for round in 0..8 {
        let path = folder.join(format!("killed-{round}.db"));
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "vault::core_tknint_208_a_child_that_refreshes",
                "--nocapture",
            ])
            .env("MEDMIJ_VAULT_CHILD", &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map_while(Result::ok);
        let said = |line: &String| line.strip_prefix("kept ").and_then(|n| n.parse::<u64>().ok());
        let mut kept = 0;
        // then what it says until it is dead
        for line in lines {
            if let Some(n) = said(&line) {
                kept = n;
                if n == 5 + 3 * round {
                    child.kill().unwrap();
                }
            }
        }
        child.wait().unwrap();
        assert!(kept >= 5 + 3 * round, "killed after {kept}");
        let vault = open(&path);
        let started = vault
            .begin(&VaultKey::from_text("token"), Duration::from_secs(60))
            .await
            .unwrap();
        let RefreshStart::Refresh { sealed, .. } = started else {
            panic!("{started:?}")
        };
        let found: u64 = String::from_utf8(sealed).unwrap().parse().unwrap();
        // one more may have been kept than it lived to say
        assert!((kept..=kept + 1).contains(&found), "said {kept}, found {found}");
    }
}
