// SPDX-License-Identifier: AGPL-3.0-or-later
//! R5, O17: several processes on one store, and one that is killed.
//!
//! `MEDMIJ_RACE=full` runs the large numbers: 10,000 codes × 2 and 1,000 × 16.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::{
    collections::HashMap,
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
};

use medmij_dvza::store::{NewAccess, Redeem, RedeemedCode, Store};
use medmij_oauth::{ClientId, storage::SecretHash};
use medmij_store_sqlite::{SqliteOptions, SqliteStore};
use medmij_test::postgres::TestPostgres;

const PROGRAM: &str = env!("CARGO_BIN_EXE_medmij-load");

#[test]
fn core_tknint_204_two_processes_on_one_sqlite_file_r5() {
    let folder = tempfile::tempdir().unwrap();
    race(&format!("sqlite:{}", folder.path().join("store.db").display()));
}

#[test]
fn core_tknint_204_two_processes_on_one_postgres_r5() {
    let Some(server) = TestPostgres::start_or_skip() else {
        return;
    };
    race(&format!("postgres:{}", server.create_database().unwrap()));
}

#[test]
fn the_processes_of_a_race_must_share_the_store() {
    let refused = Command::new(PROGRAM)
        .args(["race", "--store", "memory"])
        .output()
        .unwrap();
    assert!(!refused.status.success());
}

#[tokio::test]
async fn o17_a_killed_process_keeps_its_promises() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let mut granted = HashMap::new();
    let mut taken = HashMap::new();
    for lines in [50, 200, 500, 900] {
        let mut child = Command::new(PROGRAM)
            .args(["promise", "--store", &format!("sqlite:{}", path.display())])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map(|line| line.unwrap());
        let mut heard: Vec<String> = output.by_ref().take(lines).collect();
        // kill -9, in the middle of its work
        child.kill().unwrap();
        heard.extend(output);
        child.wait().unwrap();
        for line in &heard {
            match line.split(' ').collect::<Vec<_>>()[..] {
                ["granted", code, binding] if binding.len() == 64 => drop(granted.insert(hash(code), hash(binding))),
                ["taken", code, access] if access.len() == 64 => drop(taken.insert(hash(code), hash(access))),
                // the last line may have been cut off
                _ => assert!(heard.last().unwrap().len() < 137, "{line}"),
            }
        }
        assert!(heard.len() >= lines);
    }

    let store = SqliteStore::open(SqliteOptions::new(&path)).unwrap();
    for access in taken.values() {
        assert!(store.access(access).await.unwrap().is_some(), "a token was lost");
    }
    let (mut fresh, mut in_doubt) = (0, 0);
    for (code, binding) in &granted {
        let client = ClientId::parse("pgo.example.nl").unwrap();
        let access = NewAccess::new(other(code), std::time::Duration::from_secs(900), vec![]);
        let redeem = Redeem::new(client, *binding, vec![], access);
        match store.take_code(code, &redeem).await.unwrap() {
            RedeemedCode::Replayed if taken.contains_key(code) => {}
            // taken, and killed before it could be said
            RedeemedCode::Replayed => in_doubt += 1,
            RedeemedCode::Fresh(_) => {
                assert!(!taken.contains_key(code), "a code worked twice");
                fresh += 1;
            }
            lost => panic!("{lost:?}"),
        }
    }
    assert!(
        taken.len() > 500,
        "{} taken, {fresh} fresh, {in_doubt} in doubt",
        taken.len()
    );
}

fn race(store: &str) {
    let numbers: [(usize, usize); 2] = match std::env::var("MEDMIJ_RACE").as_deref() {
        Ok("full") => [(10_000, 2), (1_000, 16)],
        _ => [(1_000, 2), (100, 16)],
    };
    for (codes, redeemers) in numbers {
        let raced = Command::new(PROGRAM)
            .args(["race", "--store", store, "--codes", &codes.to_string()])
            .args(["--redeemers", &redeemers.to_string(), "--processes", "2"])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&raced.stdout);
        assert!(
            raced.status.success(),
            "{said}{}",
            String::from_utf8_lossy(&raced.stderr)
        );
        assert!(said.contains("exactly one success each"), "{said}");
    }
}

fn hash(hex: &str) -> SecretHash {
    let bytes: Vec<u8> = (0..32)
        .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap())
        .collect();
    SecretHash::from_bytes(bytes.try_into().unwrap())
}

fn other(hash: &SecretHash) -> SecretHash {
    SecretHash::from_bytes(hash.as_bytes().map(|byte| !byte))
}

#[test]
fn r7_o17_a_primary_that_is_killed_costs_no_token_that_was_handed_out() {
    if TestPostgres::start_or_skip().is_none() {
        return;
    }
    let output = Command::new(PROGRAM)
        .args(["failover", "--times", "1", "--up", "500", "--workers", "4"])
        .output()
        .unwrap();
    let (said, failed) = (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{said}{failed}");
    assert!(
        said.ends_with("no token without its row, no code with two tokens\n"),
        "{said}"
    );
}

#[test]
fn the_figures_of_a_country_are_made_from_any_number_of_rows() {
    if TestPostgres::start_or_skip().is_none() {
        return;
    }
    let output = Command::new(PROGRAM)
        .args([
            "scale",
            "--grants",
            "5000",
            "--orders",
            "2000",
            "--seconds",
            "1",
            "--tasks",
            "2",
        ])
        .output()
        .unwrap();
    let (said, failed) = (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{said}{failed}");
    assert!(said.contains("a night of 1000 of 1000 runs is planned in"), "{said}");
    assert!(said.contains("purge: 200 rows in"), "{said}");
}
