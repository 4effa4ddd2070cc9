// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij bindings`, `medmij keys`, `medmij clock`, `medmij store` on a store in one file.

use std::time::Duration;

use medmij_dvza::store::{AuditEntry, AuditKind, FlowId, Grant, GrantId, Granted, NewFlow, NewGrant, Store as _};
use medmij_oauth::{
    ClientId,
    seal::{KeyRing as _, LocalKeyRing, PersoonIndex},
    storage::SecretHash,
};
use medmij_store_sqlite::{SqliteOptions, SqliteStore, SqliteVault};
use medmij_types::{Aanbiedernaam, Bsn, Hostname, OsEntropy};
use serde_json::json;

use crate::bench::Bench;

/// A store with a name that was seen with a client.
fn store(bench: &Bench) -> String {
    let path = bench.path().join("store.db");
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let store = SqliteStore::open(SqliteOptions::new(&path)).unwrap();
    let client = ClientId::parse("pgo.example.nl").unwrap();
    let name = Hostname::parse("back.example.nl").unwrap();
    runtime.block_on(store.learn_binding(&client, &name)).unwrap();
    path.display().to_string()
}

#[test]
fn core_tknint_200_bindings_are_listed_confirmed_and_forgotten() {
    let bench = Bench::new();
    let path = store(&bench);
    let list = |more: &[&str]| {
        let run = bench.medmij(&[&["bindings", "list", "--json", "--sqlite", &path], more].concat());
        assert_eq!(run.exit, 0, "{}", run.err);
        run.json()
    };
    let seen = list(&[]);
    assert_eq!(seen.len(), 1);
    assert_eq!(
        (&seen[0]["client_id"], &seen[0]["name"], &seen[0]["confirmed"]),
        (&json!("pgo.example.nl"), &json!("back.example.nl"), &json!(false))
    );
    let change = |word: &str, client: &str, name: &str| {
        let run = bench.medmij(&["bindings", word, client, name, "--sqlite", &path]);
        (run.exit, run.out)
    };
    let confirmed = change("confirm", "pgo.example.nl", "back.example.nl");
    assert_eq!(confirmed, (0, "back.example.nl belongs to pgo.example.nl\n".to_owned()));
    assert_eq!(list(&[])[0]["confirmed"], true);
    assert!(list(&["--unconfirmed"]).is_empty());
    // a name that was never seen, and one that belongs to another too
    let shared = change("confirm", "ander.example.nl", "back.example.nl");
    assert!(
        shared.0 == 0 && shared.1.contains("confirmed for pgo.example.nl too"),
        "{shared:?}"
    );
    assert_eq!(list(&[]).len(), 2);
    assert_eq!(change("forget", "ander.example.nl", "back.example.nl").0, 0);
    assert_eq!(change("forget", "ander.example.nl", "back.example.nl").0, 1);
    assert_eq!(change("confirm", "PGO", "back.example.nl").0, 2);
}

#[test]
fn keys_that_rows_need_are_counted_and_the_clock_is_shown() {
    let bench = Bench::new();
    let path = store(&bench);
    let run = bench.medmij(&["keys", "use", "--sqlite", &path]);
    assert_eq!((run.exit, run.out.as_str()), (0, ""), "nothing is sealed yet");
    let key = "A".repeat(43);
    bench.file("keys.txt", format!("# two keys\nseal 2 {key}\nindex 1 {key}\n"));
    let run = bench.medmij(&["keys", "reseal", "--sqlite", &path, "--keys", "keys.txt"]);
    assert_eq!(
        (run.exit, run.out.as_str()),
        (0, "0 grants came under the current keys\n"),
        "{}",
        run.err
    );
    bench.file("broken.txt", "seal 2 kort\n");
    let run = bench.medmij(&["keys", "reseal", "--sqlite", &path, "--keys", "broken.txt"]);
    assert!(run.exit == 2 && run.err.contains("line 1"), "{}", run.err);
    assert!(!run.err.contains("kort"), "a key is not shown");
    for word in ["show", "accept"] {
        let run = bench.medmij(&["clock", word, "--sqlite", &path]);
        assert_eq!(
            (run.exit, run.out.as_str()),
            (0, "the wall clock and the floor are 0 s apart\n")
        );
    }
}

#[test]
fn a_store_that_is_not_there_is_not_made() {
    let bench = Bench::new();
    let path = bench.path().join("none.db").display().to_string();
    let run = bench.medmij(&["bindings", "list", "--sqlite", &path]);
    assert!(run.exit == 2 && run.err.contains("cannot read"), "{}", run.err);
    assert!(!bench.path().join("none.db").exists());
    let run = bench.medmij(&["bindings", "list"]);
    assert_eq!(run.exit, 2);
}

const BSN: &str = "999990019";

#[test]
fn core_dossier_108_a_persoon_ends_by_a_bsn_that_no_argument_holds() {
    let bench = Bench::new();
    let path = bench.path().join("store.db");
    let key = "A".repeat(43);
    let keys = format!("seal 1 {key}\nindex 1 {key}\n");
    let index = LocalKeyRing::from_text(&keys)
        .unwrap()
        .index(&Bsn::parse(BSN).unwrap())
        .unwrap();
    bench.file("keys.txt", keys);
    bench.file("bsn.txt", format!("{BSN}\n"));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let store = SqliteStore::open(SqliteOptions::new(&path)).unwrap();
        for of in [index, PersoonIndex::from_bytes([7; 32])] {
            granted(&store, of, b"sealed".to_vec()).await;
        }
    });
    let place = path.display().to_string();
    let end = |input: &str, more: &[&str]| {
        let common = [
            "store",
            "end",
            "--sqlite",
            &place,
            "--keys",
            "keys.txt",
            "--operator",
            "ann",
        ];
        let run = bench.fed(&[&common, more].concat(), input.as_bytes());
        assert!(!run.out.contains(BSN) && !run.err.contains(BSN));
        run
    };
    let run = end(&format!("{BSN}\n"), &["--death", "--json"]);
    assert_eq!(run.exit, 0, "{}", run.err);
    let shown = &run.json()[0];
    assert_eq!(
        shown,
        &json!({"grants": [{"client_id": "pgo.example.nl", "aanbieder": "eenofanderezorgaanbieder@medmij"}],
            "abonnementen": 0, "entries": 0})
    );
    let run = end("", &["--erase", "--bsn", "bsn.txt"]);
    assert_eq!(run.exit, 0, "{}", run.err);
    assert_eq!(
        run.out,
        "0 consents and 0 Abonnementen have ended\n2 entries of the audit log name nobody any more\n"
    );
    // why it is has to be said, and what is no BSN is not shown
    assert_eq!(end(BSN, &[]).exit, 2);
    let run = end("123456780", &["--death"]);
    assert!(run.exit == 2 && !run.err.contains("123456780"), "{}", run.err);
    let log = bench.medmij(&["audit", "export", "--sqlite", &place, "--operator", "ann"]);
    let kinds: Vec<_> = log
        .json()
        .iter()
        .map(|entry| entry["kind"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(kinds, ["consented", "consented", "ended", "erased", "read"]);
}

#[test]
fn a_copy_that_was_put_back_is_reconciled_with_its_journal() {
    let bench = Bench::new();
    let [live, copy, journal] = ["store.db", "copy.db", "journal"].map(|name| bench.path().join(name));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let key = "A".repeat(43);
    bench.file("keys.txt", format!("seal 1 {key}\nindex 1 {key}\n"));
    runtime.block_on(async {
        let store = SqliteStore::open(SqliteOptions::new(&live)).unwrap();
        let ring = LocalKeyRing::from_text(&format!("seal 1 {key}\nindex 1 {key}\n")).unwrap();
        let of = ring.index(&Bsn::parse(BSN).unwrap()).unwrap();
        granted(&store, of, b"sealed".to_vec()).await;
        store.backup(&copy).await.unwrap();
    });
    std::fs::create_dir(&journal).unwrap();
    let run = |arguments: &[&str]| {
        let place = ["--journal", "journal", "--operator", "ann", "--json"];
        let run = bench.fed(&[arguments, &place].concat(), BSN.as_bytes());
        assert_eq!(run.exit, 0, "{}", run.err);
        run.json().remove(0)
    };
    let end = ["store", "end", "--death", "--keys", "keys.txt", "--sqlite", "store.db"];
    assert_eq!(run(&end)["grants"].as_array().unwrap().len(), 1);
    let reconcile = ["store", "reconcile", "--sqlite"];
    assert_eq!(run(&[&reconcile[..], &["store.db"]].concat())["reconciled"], 0);
    assert_eq!(run(&[&reconcile[..], &["copy.db"]].concat())["reconciled"], 1);
    assert_eq!(run(&[&reconcile[..], &["copy.db"]].concat())["reconciled"], 0);
    assert_eq!(
        run(&[&end[..6], &["copy.db"]].concat())["grants"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
    // a folder that is not there hides what ended, and the journal of another role is none
    let run = bench.medmij(&["store", "reconcile", "--sqlite", "copy.db", "--journal", "nowhere"]);
    assert!(run.exit == 2 && run.err.contains("nowhere"), "{}", run.err);
    drop(SqliteVault::open(SqliteOptions::new(bench.path().join("vault.db"))).unwrap());
    let run = bench.medmij(&[
        "store",
        "reconcile",
        "--vault",
        "--sqlite",
        "vault.db",
        "--journal",
        "journal",
    ]);
    assert!(run.exit == 2 && run.err.contains("another role"), "{}", run.err);
}

#[test]
fn a_journal_that_was_replaced_is_told_of_and_not_repaired() {
    let bench = Bench::new();
    let [live, journal, kept] = ["store.db", "journal", "kept"].map(|name| bench.path().join(name));
    let key = "A".repeat(43);
    bench.file("keys.txt", format!("seal 1 {key}\nindex 1 {key}\n"));
    drop(SqliteStore::open(SqliteOptions::new(&live)).unwrap());
    std::fs::create_dir(&journal).unwrap();
    let place = ["--sqlite", "store.db", "--journal", "journal", "--operator", "ann"];
    let end = ["store", "end", "--death", "--keys", "keys.txt"];
    assert_eq!(bench.fed(&[&end[..], &place].concat(), BSN.as_bytes()).exit, 0);
    let reconcile = |more: &[&str]| bench.medmij(&[&["store", "reconcile"], &place[..], more].concat());
    assert_eq!(reconcile(&[]).exit, 0);

    std::fs::rename(&journal, &kept).unwrap();
    std::fs::create_dir(&journal).unwrap();
    for _ in 0..2 {
        let run = reconcile(&[]);
        assert_eq!(run.exit, 1, "{}", run.err);
        assert!(
            run.out
                .contains("1 ends that the store knows of are not in the journal"),
            "{}",
            run.out
        );
        assert!(
            run.out.contains("put its folder back") && run.out.contains("cannot be ended again"),
            "{}",
            run.out
        );
    }
    let row = reconcile(&["--json"]).json().remove(0);
    assert_eq!((&row["reconciled"], &row["accepted"]), (&json!(0), &json!(false)));
    assert_eq!(row["lacking"].as_object().unwrap().len(), 1);

    // put back it is whole, and lost for good it is gone without
    std::fs::remove_dir(&journal).unwrap();
    std::fs::rename(&kept, &journal).unwrap();
    assert_eq!(reconcile(&[]).exit, 0);
    std::fs::remove_dir_all(&journal).unwrap();
    std::fs::create_dir(&journal).unwrap();
    let run = reconcile(&["--danger-accept-lost-journal"]);
    assert!(
        run.exit == 0 && run.out.contains("put back no copy of the store from before now"),
        "{}",
        run.out
    );
    assert_eq!(reconcile(&[]).exit, 0);
}

pub(crate) async fn granted(store: &SqliteStore, of: PersoonIndex, sealed: Vec<u8>) {
    let (flow, id) = (
        FlowId::random(&OsEntropy).unwrap(),
        GrantId::random(&OsEntropy).unwrap(),
    );
    let (quarter, hash) = (Duration::from_secs(900), SecretHash::of(id.as_str()));
    store
        .open_flow(NewFlow::new(flow.clone(), hash, vec![], quarter))
        .await
        .unwrap();
    let name = Some(Aanbiedernaam::parse("eenofanderezorgaanbieder").unwrap());
    let client = ClientId::parse("pgo.example.nl").unwrap();
    let consent = AuditEntry::new(AuditKind::Consented, of, name.clone(), client.clone(), "48", "1");
    let grant = Grant::new(id, of, name, client, true, sealed);
    let new = NewGrant::new(grant, hash, hash, quarter, (flow, 1), consent);
    assert_eq!(store.grant(new).await.unwrap(), Granted::Done);
}

#[test]
fn an_empty_file_a_folder_or_a_device_is_no_store_and_becomes_none() {
    let bench = Bench::new();
    let empty = bench.file("empty.db", "").display().to_string();
    std::fs::create_dir(bench.path().join("folder")).unwrap();
    for place in [empty.as_str(), "folder", "/dev/null"] {
        for command in [
            &["bindings", "list"][..],
            &["bindings", "confirm", "pgo.example.nl", "back.example.nl"],
            &["clock", "accept"],
            &["audit", "export", "--operator", "test"],
            &["store", "reconcile", "--journal", "journal"],
            &["store", "reconcile", "--vault", "--journal", "journal"],
        ] {
            let run = bench.medmij(&[command, &["--sqlite", place]].concat());
            assert_eq!(
                (run.exit, run.out.as_str()),
                (2, ""),
                "{command:?} {place}: {}",
                run.err
            );
        }
    }
    assert_eq!(std::fs::metadata(&empty).unwrap().len(), 0);
}
