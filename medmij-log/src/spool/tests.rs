// SPDX-License-Identifier: AGPL-3.0-or-later
#![allow(clippy::unwrap_used)]

use super::*;
use chrono::DateTime;
use std::io::Write as _;

fn line(number: usize) -> String {
    format!("{{\"number\":{number}}}")
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn append(spool: &mut Spool, numbers: std::ops::Range<usize>) {
    let lines: Vec<String> = numbers.map(line).collect();
    spool.append(lines.iter().map(String::as_str)).unwrap();
}

fn lines_of(spool: &Spool) -> Vec<String> {
    spool
        .batches()
        .unwrap()
        .iter()
        .flat_map(|batch| batch.lines().unwrap().lines().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

#[test]
fn core_logging_102_what_was_appended_is_delivered_once_in_order() {
    let folder = folder();
    let mut spool = Spool::open(folder.path()).unwrap();
    append(&mut spool, 0..3);
    spool.close_batch().unwrap();
    append(&mut spool, 3..5);
    assert_eq!(lines_of(&spool), (0..3).map(line).collect::<Vec<_>>());
    spool.close_batch().unwrap();
    spool.close_batch().unwrap();
    let batches = spool.batches().unwrap();
    assert_eq!(batches.len(), 2);
    assert_eq!(
        batches[0].body().unwrap(),
        br#"[{"number":0},{"number":1},{"number":2}]"#
    );
    spool.archive(&batches[0], SystemTime::now()).unwrap();
    assert_eq!(lines_of(&spool), (3..5).map(line).collect::<Vec<_>>());
}

#[test]
fn a_crash_keeps_whole_lines_and_cuts_a_torn_end() {
    for torn in ["{\"number\":", "\0\0\0\0", "no line\n", "{\"a\":1}\u{0}\n"] {
        let folder = folder();
        let mut spool = Spool::open(folder.path()).unwrap();
        append(&mut spool, 0..2);
        drop(spool);
        let open = name(folder.path(), 0, "open");
        fs::OpenOptions::new()
            .append(true)
            .open(&open)
            .unwrap()
            .write_all(torn.as_bytes())
            .unwrap();
        let mut spool = Spool::open(folder.path()).unwrap();
        append(&mut spool, 2..3);
        spool.close_batch().unwrap();
        assert_eq!(lines_of(&spool), (0..3).map(line).collect::<Vec<_>>(), "{torn:?}");
    }
}

#[test]
fn a_crash_between_closing_and_opening_loses_and_doubles_nothing() {
    let folder = folder();
    let mut spool = Spool::open(folder.path()).unwrap();
    append(&mut spool, 0..2);
    drop(spool);
    // the next segment was made, the rename of the old one was not reached
    fs::write(name(folder.path(), 1, "open"), "").unwrap();
    let mut spool = Spool::open(folder.path()).unwrap();
    append(&mut spool, 2..4);
    spool.close_batch().unwrap();
    assert_eq!(lines_of(&spool), (0..4).map(line).collect::<Vec<_>>());
}

#[test]
fn numbers_of_batches_are_never_used_twice() {
    let folder = folder();
    let mut spool = Spool::open(folder.path()).unwrap();
    append(&mut spool, 0..1);
    spool.close_batch().unwrap();
    let batch = spool.batches().unwrap().remove(0);
    spool.archive(&batch, SystemTime::now()).unwrap();
    drop(spool);
    fs::remove_file(name(folder.path(), 1, "open")).unwrap();
    let mut spool = Spool::open(folder.path()).unwrap();
    append(&mut spool, 1..2);
    spool.close_batch().unwrap();
    assert!(spool.batches().unwrap()[0].number() > batch.number());
}

#[test]
fn core_logging_102_a_batch_is_never_larger_than_its_limit() {
    let folder = folder();
    let mut spool = Spool::open(folder.path()).unwrap().with_max_batch(64);
    append(&mut spool, 0..100);
    spool.close_batch().unwrap();
    let batches = spool.batches().unwrap();
    assert!(batches.len() > 10);
    assert!(batches.iter().all(|batch| batch.body().unwrap().len() <= 64));
    assert_eq!(lines_of(&spool), (0..100).map(line).collect::<Vec<_>>());
    let long = format!("{{\"x\":\"{}\"}}", "x".repeat(80));
    assert!(matches!(spool.append([long.as_str()]), Err(SpoolError::LineTooLong(_))));
}

#[test]
fn what_is_no_line_is_refused_and_takes_nothing_with_it() {
    let folder = folder();
    let mut spool = Spool::open(folder.path()).unwrap();
    for bad in ["", "{}\n{}", "text", "{\"a\":1"] {
        assert!(
            matches!(spool.append(["{\"a\":1}", bad]), Err(SpoolError::NotALine)),
            "{bad:?}"
        );
    }
    assert_eq!(spool.backlog().unwrap(), 0);
}

#[test]
fn core_logging_101_the_archive_is_kept_24_and_destroyed_after_36_months() {
    let folder = folder();
    let mut spool = Spool::open(folder.path()).unwrap();
    append(&mut spool, 0..1);
    spool.close_batch().unwrap();
    let batch = spool.batches().unwrap().remove(0);
    let delivered = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    spool.archive(&batch, delivered).unwrap();
    let days = |days: u64| delivered + Duration::from_secs(days * 86_400);
    // a policy below the least is held to it
    assert_eq!(spool.destroy_expired(days(730), Duration::ZERO).unwrap(), 0);
    assert_eq!(
        spool
            .destroy_expired(days(1_000), Duration::from_secs(u64::MAX))
            .unwrap(),
        0
    );
    assert_eq!(
        spool
            .destroy_expired(days(1_096), Duration::from_secs(u64::MAX))
            .unwrap(),
        1
    );
    assert_eq!(files_with(folder.path(), &line(0)), Vec::<PathBuf>::new());
}

/// The files of a folder, and of those in it, that hold a text.
fn files_with(folder: &std::path::Path, text: &str) -> Vec<PathBuf> {
    let mut folders = vec![folder.to_owned()];
    let mut found = Vec::new();
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if fs::read_to_string(&path).unwrap().contains(text) {
                found.push(path);
            }
        }
    }
    found
}

/// A line in the state that its name says, so many hours after the start of December 2026.
fn dated(state: &str, hours: u64) -> String {
    let (day, hour) = (hours / 24 + 1, hours % 24);
    format!(r#"{{"event":{{"type":"{state}","datetime":"2026-12-{day:02}T{hour:02}:00:00.000+00:00"}}}}"#)
}

#[test]
fn core_logging_101_nothing_is_there_past_36_months_whatever_became_of_it() {
    let folder = folder();
    let start = DateTime::parse_from_rfc3339("2026-12-01T00:00:00Z").unwrap();
    let days = |days: u64| SystemTime::from(start) + Duration::from_secs(days * 86_400);
    let mut spool = Spool::open(folder.path()).unwrap();
    for state in ["late", "rejected", "waiting"] {
        spool.append([dated(state, 0).as_str()]).unwrap();
        spool.close_batch().unwrap();
    }
    let batches = spool.batches().unwrap();
    // delivered only after two years: the archive keeps it from when it happened, not from then on
    spool.archive(&batches[0], days(700)).unwrap();
    spool.reject(&batches[1]).unwrap();
    spool.append([dated("open", 0).as_str()]).unwrap();
    let there = || {
        ["late", "rejected", "waiting", "open"]
            .into_iter()
            .filter(|state| !files_with(folder.path(), state).is_empty())
            .count()
    };
    let kept = Duration::from_secs(u64::MAX);
    assert_eq!((spool.destroy_expired(days(1_095), kept).unwrap(), there()), (0, 4));
    assert_eq!((spool.destroy_expired(days(1_096), kept).unwrap(), there()), (4, 0));
    assert_eq!((spool.waiting(), spool.backlog().unwrap()), ((0, None), 0));
    // what happens now goes on
    spool.append([dated("open", 0).as_str()]).unwrap();
    assert_eq!(spool.waiting().0, 1);
}

#[test]
fn core_logging_101_a_file_of_lines_that_nobody_delivers_spans_a_day() {
    let folder = folder();
    let start = DateTime::parse_from_rfc3339("2026-12-01T00:00:00Z").unwrap();
    let hours = |hours: u64| SystemTime::from(start) + Duration::from_secs(hours * 3_600);
    let mut spool = Spool::open(folder.path()).unwrap();
    for hour in 0..72 {
        spool.append([dated("open", hour).as_str()]).unwrap();
        spool.destroy_expired(hours(hour), MIN_RETENTION).unwrap();
    }
    let batches = spool.batches().unwrap();
    let lines: Vec<usize> = batches
        .iter()
        .map(|batch| batch.lines().unwrap().lines().count())
        .collect();
    assert_eq!(lines, [26, 26]);
    assert_eq!(spool.waiting().0, 72, "no line is lost by it");
}

#[test]
fn a_spool_that_is_open_is_not_opened_twice() {
    let folder = folder();
    let first = Spool::open(folder.path()).unwrap();
    assert!(matches!(Spool::open(folder.path()), Err(SpoolError::InUse(_))));
    drop(first);
    Spool::open(folder.path()).unwrap();
}

#[cfg(unix)]
#[test]
fn only_the_owner_reads_the_spool() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = folder();
    let mut spool = Spool::open(folder.path().join("spool")).unwrap();
    append(&mut spool, 0..1);
    for (path, mode) in [
        ("spool", 0o700),
        ("spool/archive", 0o700),
        ("spool/0000000000000000.open", 0o600),
    ] {
        let found = fs::metadata(folder.path().join(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!(found, mode, "{path}");
    }
}

#[cfg(unix)]
#[test]
fn a_spool_that_was_there_loses_open_permissions_and_no_link_is_followed() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let folder = folder();
    let path = folder.path().join("spool");
    append(&mut Spool::open(&path).unwrap(), 0..1);
    let lines = path.join("0000000000000000.open");
    for each in [&lines, &path.join("lock"), &path] {
        fs::set_permissions(each, fs::Permissions::from_mode(0o777)).unwrap();
    }
    append(&mut Spool::open(&path).unwrap(), 1..2);
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(
        (mode(&lines), mode(&path.join("lock")), mode(&path)),
        (0o600, 0o600, 0o700)
    );
    let elsewhere = folder.path().join("elsewhere");
    fs::write(&elsewhere, "van een ander").unwrap();
    for file in [&lines, &path.join("lock")] {
        fs::remove_file(file).unwrap();
        symlink(&elsewhere, file).unwrap();
        let opened = Spool::open(&path).map(|mut spool| spool.append(["x"]));
        assert!(!matches!(opened, Ok(Ok(_))), "{}", file.display());
        fs::remove_file(file).unwrap();
    }
    assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "van een ander");
}

#[test]
fn what_waits_is_known_also_after_a_restart() {
    let folder = folder();
    let at =
        |seconds: u64| format!(r#"{{"event":{{"type":"x","datetime":"2026-11-30T12:00:{seconds:02}.000+00:00"}}}}"#);
    let mut spool = Spool::open(folder.path()).unwrap();
    assert_eq!(spool.waiting(), (0, None));
    spool.append([at(5).as_str(), at(6).as_str()]).unwrap();
    spool.close_batch().unwrap();
    spool.append([at(7).as_str()]).unwrap();
    let seconds = |spool: &Spool| {
        let (lines, oldest) = spool.waiting();
        let noon = UNIX_EPOCH + Duration::from_secs(1_796_040_000);
        (
            lines,
            oldest.map(|oldest| oldest.duration_since(noon).unwrap().as_secs()),
        )
    };
    assert_eq!(seconds(&spool), (3, Some(5)));
    drop(spool);
    let mut spool = Spool::open(folder.path()).unwrap();
    assert_eq!(seconds(&spool), (3, Some(5)));
    let batch = spool.batches().unwrap().remove(0);
    spool.archive(&batch, SystemTime::now()).unwrap();
    assert_eq!(seconds(&spool), (1, Some(7)));
}

#[test]
fn a_spool_takes_no_more_than_its_room_and_goes_on_where_there_is_room_again() {
    let folder = folder();
    let room = u64::try_from(line(0).len() + 1).unwrap() * 3 + 1;
    let mut spool = Spool::open(folder.path()).unwrap().with_room(room);
    append(&mut spool, 0..3);
    assert!(matches!(spool.append([line(3).as_str()]), Err(SpoolError::Full)));
    assert_eq!(lines_of(&spool).len(), 0, "nothing is closed yet");
    spool.close_batch().unwrap();
    assert_eq!(lines_of(&spool), [line(0), line(1), line(2)]);
    let batch = spool.batches().unwrap().remove(0);
    spool.archive(&batch, SystemTime::now()).unwrap();
    append(&mut spool, 4..6);
}

#[test]
fn what_went_into_a_batch_before_the_room_ended_is_counted_as_taken() {
    let folder = folder();
    let one = u64::try_from(line(10).len() + 1).unwrap();
    // two lines a batch, room for five
    let mut spool = Spool::open(folder.path())
        .unwrap()
        .with_max_batch(2 * one + 1)
        .with_room(5 * one + 1);
    let lines: Vec<String> = (10..20).map(line).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let (taken, stopped) = spool.append_some(&lines);
    assert!(matches!(stopped, Err(SpoolError::Full)));
    spool.close_batch().unwrap();
    assert_eq!((taken, lines_of(&spool).len()), (5, 5));
}
