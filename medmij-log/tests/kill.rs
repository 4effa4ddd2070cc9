// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.102 — a process that is killed while it spools loses no line whose append returned, and no line stands
//! in two batches.
//!
//! The test starts itself as a child, which appends numbered lines and says each number once its append returned; the
//! parent kills it at a random moment and looks. `MEDMIJ_KILLS` sets how often (default 25).
#![cfg(feature = "spool")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Command, Stdio},
    time::SystemTime,
};

use medmij_log::Spool;

const CHILD: &str = "MEDMIJ_SPOOL_CHILD";

#[test]
fn a_kill_loses_no_acknowledged_line_and_doubles_none() {
    if let Ok(folder) = std::env::var(CHILD) {
        child(Path::new(&folder));
    }
    let kills: u64 = std::env::var("MEDMIJ_KILLS").map_or(25, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged = 0_u64;
    for kill in 0..kills {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "a_kill_loses_no_acknowledged_line_and_doubles_none",
                "--nocapture",
            ])
            .env(CHILD, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // another number of lines each time, so that the kill meets appends, closings and archivings
        let lines = 1 + (kill * 7_919) % 97;
        let read = BufReader::new(process.stdout.take().unwrap());
        for line in read
            .lines()
            .map_while(Result::ok)
            .filter(|line| line.starts_with("ack "))
            .take(usize::try_from(lines).unwrap())
        {
            acknowledged = acknowledged.max(line[4..].parse::<u64>().unwrap() + 1);
        }
        process.kill().unwrap();
        process.wait().unwrap();
        let found = numbers(folder.path());
        for number in 0..acknowledged {
            assert_eq!(found.get(&number), Some(&1), "line {number} after kill {kill}");
        }
        assert!(
            found.values().all(|times| *times == 1),
            "a line occurs twice after kill {kill}"
        );
    }
    println!("{kills} kills, {acknowledged} acknowledged lines, none lost, none double");
}

/// Appends from where the last one stopped, closes and archives now and then, until it is killed.
fn child(folder: &Path) -> ! {
    let next = numbers(folder).keys().max().map_or(0, |last| last + 1);
    let mut spool = Spool::open(folder).unwrap();
    let mut out = std::io::stdout();
    for number in next.. {
        spool.append([format!("{{\"number\":{number}}}").as_str()]).unwrap();
        writeln!(out, "ack {number}").unwrap();
        out.flush().unwrap();
        if number % 5 == 0 {
            spool.close_batch().unwrap();
        }
        if number % 11 == 0 {
            for batch in spool.batches().unwrap() {
                spool.archive(&batch, SystemTime::now()).unwrap();
            }
        }
    }
    unreachable!("the parent kills this process")
}

/// How often each number is in the files of the spool.
fn numbers(folder: &Path) -> BTreeMap<u64, usize> {
    let mut found = BTreeMap::new();
    for folder in [folder.to_owned(), folder.join("archive"), folder.join("rejected")] {
        let Ok(entries) = std::fs::read_dir(folder) else {
            continue;
        };
        for path in entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
            let text = std::fs::read_to_string(path).unwrap();
            for line in text.split_inclusive('\n').filter(|line| line.ends_with("}\n")) {
                let number = line.trim_start_matches("{\"number\":").trim_end().trim_end_matches('}');
                *found.entry(number.parse().unwrap()).or_insert(0) += 1;
            }
        }
    }
    found
}
