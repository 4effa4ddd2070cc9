// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.102 — a disk that takes no more: loss is counted exactly, what was taken is there, and it goes on as soon as
//! there is room.
//!
//! The test starts itself as a child that may write no file beyond a few blocks (`ulimit -f`), which fails a write as a full
//! disk does, half of it written.
#![cfg(all(feature = "spool", unix))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::{io::Write as _, path::Path, process::Command, sync::Arc};

use medmij_log::{Event, EventType, LineFormat, Observer as _, Spool, Spooler};
use medmij_types::SystemClock;

const CHILD: &str = "MEDMIJ_SPOOL_FULL_CHILD";
const EVENTS: u64 = 5_000;

#[test]
fn core_logging_102_a_full_disk_stops_nothing_and_loss_is_counted_exactly() {
    if let Ok(folder) = std::env::var(CHILD) {
        return child(Path::new(&folder));
    }
    let folder = tempfile::tempdir().unwrap();
    let name = "core_logging_102_a_full_disk_stops_nothing_and_loss_is_counted_exactly";
    // a write beyond the limit is an error and no signal
    let script = format!("trap '' XFSZ; ulimit -f 64; exec \"$0\" --exact {name} --nocapture");
    let output = Command::new("sh")
        .args(["-c", &script])
        .arg(std::env::current_exe().unwrap())
        .env(CHILD, folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let counts = said.lines().find_map(|line| line.strip_prefix("counts ")).unwrap();
    let numbers: Vec<u64> = counts.split(' ').map(|number| number.parse().unwrap()).collect();
    let [written, lost, after] = numbers[..] else {
        panic!("{counts}")
    };
    assert!(written > 0 && lost > 0, "{counts}");
    assert_eq!(written + lost, EVENTS);
    // the one event that came when there was room again
    assert_eq!(after, written + 1);
    let on_disk: usize = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "open" || end == "batch"))
        .map(|path| {
            let text = std::fs::read_to_string(path).unwrap();
            assert!(text.is_empty() || text.ends_with("}\n"), "half a line stays");
            text.lines().count()
        })
        .sum();
    assert_eq!(on_disk as u64, after);
}

fn child(folder: &Path) {
    let spool = Spool::open(folder).unwrap();
    let clock = Arc::new(SystemClock::default());
    let spooler = Spooler::start(spool, LineFormat::default(), clock, 1 << 16).unwrap();
    for number in 0..EVENTS {
        spooler.observe(Event::new(EventType::ShowLandingPage));
        if number % 50 == 0 {
            spooler.flush();
        }
    }
    spooler.flush();
    let full = spooler.counts();
    assert!(full.full);
    // another file, and so room
    spooler.with_spool(Spool::close_batch).unwrap();
    spooler.observe(Event::new(EventType::ShowLandingPage));
    spooler.flush();
    let after = spooler.counts();
    assert!(!after.full && after.lost == full.lost);
    let counts = format!("counts {} {} {}", full.written, full.lost, after.written);
    let mut out = std::io::stdout();
    writeln!(out, "{counts}").unwrap();
}
