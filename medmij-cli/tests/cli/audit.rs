// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij audit` on a store in one file: core.logging.101, NEN 7513.

use medmij_dvza::store::{Acting, AuditEntry, AuditKind, AuditObject, Store as _};
use medmij_oauth::seal::{KeyRing as _, LocalKeyRing};
use medmij_store_sqlite::{SqliteOptions, SqliteStore};
use medmij_types::Bsn;

use crate::bench::Bench;

const BSN: &str = "999990019";

/// A store with an access to the data of one Persoon, and the key file by which that Persoon is found.
fn store(bench: &Bench) -> String {
    let key = "A".repeat(43);
    let keys = format!("seal 1 {key}\nindex 1 {key}\n");
    let index = LocalKeyRing::from_text(&keys)
        .unwrap()
        .index(&Bsn::parse(BSN).unwrap())
        .unwrap();
    bench.file("keys.txt", keys);
    bench.file("bsn.txt", format!("{BSN}\n"));
    let path = bench.path().join("store.db");
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let store = SqliteStore::open(SqliteOptions::new(&path)).unwrap();
    let mut entry = AuditEntry::of(AuditKind::Accessed, AuditObject::HealthData, Acting::system());
    entry.persoon = Some(index);
    runtime.block_on(store.audit(vec![entry])).unwrap();
    path.display().to_string()
}

#[test]
fn nen_7513_entries_are_exported_by_persoon_and_period_and_reading_is_one() {
    let bench = Bench::new();
    let path = store(&bench);
    let export = |more: &[&str]| {
        let run = bench.medmij(&[&["audit", "export", "--sqlite", &path, "--operator", "ann"], more].concat());
        assert_eq!(run.exit, 0, "{}", run.err);
        assert!(!run.out.contains(BSN));
        run.json()
    };
    let all = export(&[]);
    assert_eq!(all.len(), 2);
    assert_eq!(
        (&all[0]["kind"], &all[0]["object"]),
        (&"accessed".into(), &"health-data".into())
    );
    assert_eq!((&all[1]["kind"], &all[1]["actor_id"]), (&"read".into(), &"ann".into()));
    assert!(all[0]["at"].as_str().unwrap().ends_with('Z'));

    let of_persoon = export(&["--bsn", "bsn.txt", "--keys", "keys.txt"]);
    let kinds: Vec<_> = of_persoon.iter().map(|entry| entry["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["accessed", "read"]);
    assert_eq!(of_persoon[0]["persoon"], of_persoon[1]["persoon"]);
    assert_eq!(export(&["--until", "2020-01-01"]).len(), 0);
    assert_eq!(export(&["--from", "2020-01-01T00:00:00Z"]).len(), 5);

    // a BSN is not shown, whatever is wrong with it
    bench.file("bsn.txt", "123456789\n");
    let run = bench.medmij(&[
        "audit",
        "export",
        "--sqlite",
        &path,
        "--operator",
        "ann",
        "--bsn",
        "bsn.txt",
        "--keys",
        "keys.txt",
    ]);
    assert!(run.exit == 2 && !run.err.contains("123456789"), "{}", run.err);
    let run = bench.medmij(&["audit", "export", "--sqlite", &path]);
    assert!(run.exit == 2 && run.err.contains("--operator"), "{}", run.err);
    let run = bench.medmij(&[
        "audit",
        "export",
        "--sqlite",
        &path,
        "--operator",
        "ann",
        "--from",
        "gisteren",
    ]);
    assert!(run.exit == 2 && run.err.contains("no day or moment"), "{}", run.err);
}

#[test]
fn core_logging_101_the_log_is_signed_proven_and_destroyed() {
    let bench = Bench::new();
    let path = store(&bench);
    let run = bench.medmij(&["audit", "new-key", "signing.key"]);
    assert_eq!((run.exit, run.out.len()), (0, 44), "{}", run.err);
    let public = run.out;
    assert_eq!(
        bench.medmij(&["audit", "new-key", "signing.key"]).exit,
        2,
        "nothing is replaced"
    );
    bench.file("public.txt", format!("# the key of 2026\n{public}"));
    let signing = [
        "--sqlite",
        path.as_str(),
        "--outside",
        "outside",
        "--signing-key",
        "signing.key",
    ];
    let run = bench.medmij(&[&["audit", "checkpoint"], signing.as_slice()].concat());
    assert_eq!((run.exit, run.out.as_str()), (0, "checkpoint 1\n"), "{}", run.err);
    let destroy = ["audit", "destroy", "--operator", "ann"];
    let run = bench.medmij(&[destroy.as_slice(), signing.as_slice()].concat());
    assert_eq!(
        (run.exit, run.out.as_str()),
        (0, "0 entries are destroyed\n"),
        "{}",
        run.err
    );
    let run = bench.medmij(&[destroy.as_slice(), signing.as_slice(), &["--months", "23"]].concat());
    assert_eq!(run.exit, 2, "no less than 24 months");

    let verify = || {
        bench.medmij(&[
            "audit",
            "verify",
            "--sqlite",
            &path,
            "--outside",
            "outside",
            "--public",
            "public.txt",
        ])
    };
    let run = verify();
    assert_eq!(run.exit, 0, "{}{}", run.out, run.err);
    assert!(run.out.contains("2 entries in 1 chains, 2 checkpoints"), "{}", run.out);
    // a checkpoint that is not in the archive any more
    std::fs::remove_file(bench.path().join("outside/0000000001.checkpoint")).unwrap();
    let run = verify();
    assert_eq!(run.exit, 1);
    assert!(run.out.contains("checkpoint 1 is not the same"), "{}", run.out);
    // and a key that nobody trusts
    bench.file("public.txt", "");
    assert!(verify().out.contains("no genuine signature of a trusted key"));
}

#[test]
fn nen_7513_verify_says_how_many_entries_of_processes_that_were_cut_off_are_missing() {
    let bench = Bench::new();
    let path = store(&bench);
    let run = bench.medmij(&["audit", "new-key", "key"]);
    bench.file("public", run.out);
    let verify = || {
        bench.medmij(&[
            "audit",
            "verify",
            "--sqlite",
            &path,
            "--outside",
            "outside",
            "--public",
            "public",
        ])
    };
    let write = |entries: &[(AuditKind, &str)]| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let store = SqliteStore::open(SqliteOptions::new(&path)).unwrap();
        let entry = |(kind, texts): &(AuditKind, &str)| {
            let mut entry = AuditEntry::of(*kind, AuditObject::AuditLog, Acting::system());
            entry.texts = (*texts).to_owned();
            entry
        };
        runtime
            .block_on(store.audit(entries.iter().map(entry).collect()))
            .unwrap();
    };
    write(&[(AuditKind::Started, "een/0"), (AuditKind::Accessed, "een/1")]);
    let run = verify();
    assert!(
        run.exit == 0 && run.out.contains("1 processes did not say that they stopped"),
        "{run:?}"
    );
    assert!(!run.out.contains("missing"), "{run:?}");
    write(&[
        (AuditKind::CutOff, "een/4"),
        (AuditKind::Started, "twee/0"),
        (AuditKind::CutOff, "twee/?"),
    ]);
    let run = verify();
    let lost = "2 processes were cut off; 3 access entries that processes took in are missing";
    assert!(run.exit == 0 && run.out.contains(lost), "{run:?}");
    assert!(
        run.out.contains("of 1 processes that were cut off it is not known"),
        "{run:?}"
    );
    assert!(!run.out.contains("did not say"), "{run:?}");
}
