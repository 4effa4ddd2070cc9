// SPDX-License-Identifier: AGPL-3.0-or-later
//! The programs over sockets, in small numbers: that they run and count, not how fast. R7, R8, O17 at the level of HTTP.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
};

use medmij_test::postgres::TestPostgres;

const PROGRAM: &str = env!("CARGO_BIN_EXE_medmij-load");

fn run(args: &[&str]) -> String {
    let ran = Command::new(PROGRAM).args(args).output().unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(
        ran.status.success(),
        "{args:?}: {said}{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    said
}

/// The cells of the rows below the heading of a table.
fn cells(table: &str) -> Vec<Vec<&str>> {
    let rows = table.lines().filter(|line| line.starts_with('|'));
    rows.skip(2)
        .map(|row| row.trim_matches('|').split('|').map(str::trim).collect())
        .collect()
}

#[test]
fn a_server_is_driven_by_other_processes_and_ends_with_its_input() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let mut server = Command::new(PROGRAM)
        .args(["serve", "--store", "memory", "--folder", path])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(server.stdout.take().unwrap()).lines();
    assert_eq!(said.next().unwrap().unwrap(), "ready");

    let token = run(&[
        "token",
        "--folder",
        path,
        "--connections",
        "2",
        "--seconds",
        "1",
        "--rate",
        "40",
    ]);
    let rows = cells(&token);
    assert_eq!(
        (rows.len(), rows[0][1], rows[0][3]),
        (1, "token, 40/s", "40"),
        "{token}"
    );

    let flow = run(&[
        "flow",
        "--folder",
        path,
        "--flows",
        "2",
        "--seconds",
        "1",
        "--rate",
        "5",
    ]);
    let rows = cells(&flow);
    assert_eq!(
        (rows.len(), rows[0][1], rows[0][3]),
        (1, "whole flow, 5/s", "5"),
        "{flow}"
    );

    drop(server.stdin.take());
    assert!(server.wait().unwrap().success());
}

#[test]
fn a_bench_has_three_rows_for_each_store() {
    let table = run(&[
        "bench",
        "--store",
        "memory",
        "--store",
        "sqlite",
        "--seconds",
        "1",
        "--connections",
        "2",
    ]);
    let rows = cells(&table);
    let names: Vec<_> = rows.iter().map(|row| row[0]).collect();
    assert_eq!(
        names,
        ["memory", "memory", "memory", "sqlite", "sqlite", "sqlite"],
        "{table}"
    );
    for row in rows {
        assert_ne!(row[3], "0", "{table}");
    }
}

#[test]
fn core_logging_102_the_cost_of_the_chain_log_is_told_and_every_event_is_on_disk() {
    let printed = run(&["log-cost", "--rounds", "1", "--seconds", "1", "--connections", "4"]);
    let last = printed.lines().last().unwrap();
    assert!(
        last.starts_with("the chain log costs ") && last.contains("lines on disk"),
        "{printed}"
    );
}

#[test]
fn r11_a_soak_tells_memory_and_rows() {
    let said = run(&[
        "soak",
        "--seconds",
        "3",
        "--every",
        "1",
        "--lifetime",
        "1",
        "--rate",
        "20",
        "--flows",
        "4",
    ]);
    let last = said.lines().find(|line| line.contains("audit entries |")).unwrap();
    assert!(last.contains("grants"), "{said}");
    assert!(said.contains("whole flow, 20/s"), "{said}");
}

#[test]
fn core_tknint_204_postgres_stops_starts_and_hangs_under_a_dvza_in_use_r7_r8_o17() {
    // whether there is one at all
    if TestPostgres::start_or_skip().is_none() {
        return;
    }
    let said = run(&[
        "outage",
        "--cycles",
        "2",
        "--up",
        "300",
        "--down",
        "200",
        "--workers",
        "6",
    ]);
    assert!(said.contains("none without a row, none twice"), "{said}");
}

#[test]
fn rows_are_weighed_with_and_without_tokens() {
    for (more, tokens) in [(None, "tokens: 0,"), (Some("--exchange"), "tokens: 1000,")] {
        let said = run(&[["weigh", "--flows", "1000"].as_slice(), more.as_slice()].concat());
        assert!(said.contains(tokens) && said.contains("bytes a row"), "{said}");
    }
}
