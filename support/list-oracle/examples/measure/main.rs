// SPDX-License-Identifier: AGPL-3.0-or-later
//! Measures the list crates, and prints the tables of `docs/benchmarks.md`:
//!
//! * `measure --all [FOLDER]` makes the lists in a folder (a temporary one, unless it is told) and prints every table, whole
//!   processes included; `MEASURE_PYTHON` names the python that has lxml and medmij-lists, `python3` if it is not set;
//! * `measure FILE` compares reading with quick-xml's bare loop, in turns, and measures look-ups;
//! * `measure --once FILE` reads once, as a whole process, and prints its peak memory;
//! * `measure --make zal|whitelist ENTRIES FILE` writes a list to measure.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a program for measuring"
)]

mod all;
mod look_up;
mod process;
mod reading;

use medmij_list_oracle::build;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--make", kind, entries, file] => make(kind, entries.parse().unwrap(), file),
        ["--once", file] => println!("{}", reading::once(file)),
        ["--all"] => all::tables(&std::env::temp_dir().join("medmij-measure")),
        ["--all", folder] => all::tables(folder.as_ref()),
        [file] => {
            let bytes = std::fs::read(file).unwrap();
            println!("{}", reading::compare(&bytes));
            println!("{}", look_up::measure(bytes));
        }
        _ => println!("usage: measure --all [FOLDER] | FILE | --once FILE | --make zal|whitelist ENTRIES FILE"),
    }
}

fn make(kind: &str, entries: usize, file: &str) {
    let text = match kind {
        "zal" => build::large_zal(entries),
        _ => build::large_whitelist(entries),
    };
    std::fs::write(file, text).unwrap();
}
