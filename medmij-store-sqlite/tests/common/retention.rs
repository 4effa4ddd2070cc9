// SPDX-License-Identifier: AGPL-3.0-or-later
//! Reads the tables of `docs/retention.md`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail")]

use std::collections::{BTreeMap, BTreeSet};

/// A row: the table, its fields of a Persoon, its other fields.
struct Row {
    table: String,
    personal: Vec<String>,
    other: Vec<String>,
}

fn rows(section: &str, store: &str) -> Vec<Row> {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/retention.md");
    let page = std::fs::read_to_string(page).unwrap();
    let section = page.split("\n## ").find(|part| part.starts_with(section)).unwrap();
    let cells = |line: &str| line.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let names = |cell: &str| {
        cell.split(", ")
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let rows = section.lines().filter(|line| line.starts_with("| ")).map(cells);
    rows.filter(|cells| cells[2] == "both" || cells[2] == store)
        .map(|cells| {
            assert!(
                cells[5..=7].iter().all(|cell| !cell.is_empty()),
                "{}: purpose, term and job",
                cells[1]
            );
            Row {
                table: cells[1].clone(),
                personal: names(&cells[3]),
                other: names(&cells[4]),
            }
        })
        .collect()
}

/// The tables that hold something of a Persoon.
#[allow(dead_code, reason = "not every test file asks")]
pub(crate) fn of_persons(section: &str, store: &str) -> Vec<String> {
    let rows = rows(section, store).into_iter();
    rows.filter(|row| !row.personal.is_empty())
        .map(|row| row.table)
        .collect()
}

/// Every table and every column of the schema is in the page, once, and the page names no other. `seq`, and the two names of
/// the only row of `clock`, differ between the stores.
pub(crate) fn compare(section: &str, store: &str, schema: BTreeMap<String, Vec<String>>) {
    let rows = rows(section, store);
    let listed: BTreeSet<&String> = rows.iter().map(|row| &row.table).collect();
    assert_eq!(
        listed,
        schema.keys().collect(),
        "tables of {store}: docs/retention.md and the schema"
    );
    for row in &rows {
        let there: BTreeSet<&String> = schema[&row.table].iter().collect();
        let named: Vec<&String> = row.personal.iter().chain(&row.other).collect();
        let known: BTreeSet<&String> = named.iter().copied().collect();
        assert_eq!(named.len(), known.len(), "{}: a column twice", row.table);
        let absent: Vec<_> = known
            .difference(&there)
            .filter(|name| !OF_ONE_STORE.contains(&name.as_str()))
            .collect();
        let missing: Vec<_> = there.difference(&known).collect();
        assert!(
            absent.is_empty() && missing.is_empty(),
            "{}: not there {absent:?}, not in the page {missing:?}",
            row.table
        );
    }
}

/// Columns that one of the two stores has.
const OF_ONE_STORE: [&str; 6] = ["seq", "id", "one", "latest", "ahead", "shift"];
