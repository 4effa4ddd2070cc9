// SPDX-License-Identifier: AGPL-3.0-or-later
//! The programs on handshakes and on lists, in small numbers: that they run and count, not how fast.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::process::Command;

fn run(args: &[&str]) -> String {
    let ran = Command::new(env!("CARGO_BIN_EXE_medmij-load"))
        .args(args)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(ran.status.success(), "{said}{}", String::from_utf8_lossy(&ran.stderr));
    said
}

/// The first number of a row.
fn count(said: &str, row: &str) -> f64 {
    let line = said.lines().find(|line| line.contains(row)).unwrap();
    line.split('|').nth(2).unwrap().trim().parse().unwrap()
}

#[test]
fn core_tls_314_full_handshakes_are_counted_with_each_kind_of_revocation() {
    let said = run(&[
        "handshakes",
        "--entries",
        "2000",
        "--seconds",
        "1",
        "--tasks",
        "2",
        "--swap",
        "50",
    ]);
    for row in [
        "| none |",
        "| three small CRLs |",
        "| CRL of 2000 entries |",
        "put in place anew every 50 ms",
    ] {
        assert!(count(&said, row) > 0.0, "{said}");
    }
    assert!(said.contains("looking revocation up adds"), "{said}");
    if Command::new("openssl").arg("version").output().is_ok() {
        assert!(count(&said, "openssl s_time") > 0.0, "{said}");
    }
}

#[test]
fn core_alst_201_lists_are_counted_from_fetched_to_usable() {
    let said = run(&["usable", "--zorgaanbieders", "50", "--lists", "5"]);
    assert!(
        (count(&said, "| read, validated, indexed |") - 5.0).abs() < 0.1,
        "{said}"
    );
    assert!((count(&said, "fetched to usable") - 5.0).abs() < 0.1, "{said}");
}
