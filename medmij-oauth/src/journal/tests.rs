// SPDX-License-Identifier: AGPL-3.0-or-later
//! Files that are torn, changed, of somebody else, and of several processes.

use std::{
    io::Write as _,
    sync::atomic::{AtomicU64, Ordering},
};

use super::*;

/// The marks of a store, and one of an older copy.
#[derive(Default)]
struct Rows(Mutex<BTreeMap<String, u64>>);

impl Rows {
    fn copy(&self) -> Self {
        Self(Mutex::new(self.0.lock().unwrap().clone()))
    }
}

impl JournalMarks for Rows {
    async fn journal_marks(&self) -> Result<BTreeMap<String, u64>, StoreError> {
        Ok(self.0.lock().unwrap().clone())
    }

    async fn mark_journal(&self, file: &str, number: u64) -> Result<(), StoreError> {
        let mut rows = self.0.lock().unwrap();
        let mark = rows.entry(file.to_owned()).or_default();
        *mark = number.max(*mark);
        Ok(())
    }
}

#[derive(Default)]
struct Moved(AtomicU64);

impl Clock for Moved {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000) + self.monotonic()
    }

    fn monotonic(&self) -> Duration {
        Duration::from_secs(self.0.load(Ordering::SeqCst))
    }
}

fn entry(n: usize) -> JournalEntry {
    JournalEntry::new("grant", [format!("{n}\n\"")])
}

async fn behind(journal: &Journal, rows: &Rows) -> Vec<String> {
    let missing = journal.is_behind(rows).await.unwrap();
    missing.into_iter().map(|entry| entry.fields.concat()).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut files: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|ending| ending == "ends"))
        .collect();
    files.sort();
    files
}

#[tokio::test]
async fn a_store_is_behind_by_what_came_after_its_copy_whichever_process_wrote_it() {
    let (folder, rows) = (tempfile::tempdir().unwrap(), Rows::default());
    let processes = [(); 3].map(|()| Journal::open(folder.path(), "dvza").unwrap());
    for (n, journal) in processes.iter().cycle().take(7).enumerate() {
        journal.record(&rows, entry(n)).await.unwrap();
        assert!(behind(journal, &rows).await.is_empty());
    }
    let copy = rows.copy();
    for (n, journal) in processes.iter().cycle().take(4).enumerate() {
        journal.record(&rows, entry(n + 7)).await.unwrap();
    }
    assert_eq!(files(folder.path()).len(), 3);
    for journal in [&processes[1], &Journal::open(folder.path(), "dvza").unwrap()] {
        let mut missing = behind(journal, &copy).await;
        missing.sort();
        let mut expected = [7, 8, 9, 10].map(|n| entry(n).fields.concat());
        expected.sort();
        assert_eq!(missing, expected);
        assert_eq!(behind(journal, &Rows::default()).await.len(), 11);
        journal.pass(&rows).await.unwrap();
        journal.look_again();
        let refused = journal.pass(&copy).await.unwrap_err();
        let StoreError::Unavailable(source) = refused else {
            panic!("{refused:?}")
        };
        assert!(source.to_string().contains("reconcile"), "{source}");
        journal.look_again();
    }
}

#[tokio::test]
async fn a_torn_last_line_was_never_answered_and_a_changed_one_is_refused() {
    let (folder, rows) = (tempfile::tempdir().unwrap(), Rows::default());
    let journal = Journal::open(folder.path(), "dvza").unwrap();
    for n in 0..3 {
        journal.record(&rows, entry(n)).await.unwrap();
    }
    let path = files(folder.path()).remove(0);
    let whole = fs::read(&path).unwrap();
    let ends: Vec<usize> = (0..whole.len()).filter(|at| whole[*at] == b'\n').collect();
    assert_eq!(ends.len(), 4);
    // cut off anywhere: what came whole before it is there
    for cut in 0..whole.len() {
        fs::write(&path, &whole[..cut]).unwrap();
        let lines = ends.iter().filter(|end| **end < cut).count();
        let read = Journal::open(folder.path(), "dvza").unwrap();
        assert_eq!(
            behind(&read, &Rows::default()).await.len(),
            lines.saturating_sub(1),
            "{cut}"
        );
    }
    // a byte that changed before the last end of a line is seen
    for at in (0..whole.len() - 1).step_by(7) {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        fs::write(&path, &changed).unwrap();
        let read = Journal::open(folder.path(), "dvza");
        assert!(
            matches!(read, Err(JournalError::Broken { .. } | JournalError::Other(_))),
            "{at}: {read:?}"
        );
    }
    // and so is a line that was taken out
    let mut without = whole[..=ends[0]].to_vec();
    without.extend_from_slice(&whole[ends[1] + 1..]);
    fs::write(&path, without).unwrap();
    let read = Journal::open(folder.path(), "dvza");
    assert!(matches!(read, Err(JournalError::Broken { line: 2, .. })), "{read:?}");
    fs::write(&path, &whole).unwrap();
    let other = Journal::open(folder.path(), "dvp");
    assert!(matches!(other, Err(JournalError::Other(_))), "{other:?}");
}

#[tokio::test]
async fn a_line_that_cannot_be_written_is_an_error_and_the_next_goes_to_another_file() {
    let (folder, rows) = (tempfile::tempdir().unwrap(), Rows::default());
    let path = folder.path().join("journal");
    let journal = Journal::open(&path, "dvza").unwrap();
    journal.record(&rows, entry(0)).await.unwrap();
    fs::remove_dir_all(&path).unwrap();
    // what cannot be read is not served
    let refused = journal.pass(&rows).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    let other = Journal::open(&path, "dvza").unwrap();
    fs::remove_dir_all(&path).unwrap();
    assert!(other.record(&rows, entry(1)).await.is_err());
    fs::create_dir(&path).unwrap();
    other.record(&rows, entry(2)).await.unwrap();
    assert_eq!(files(&path).len(), 1);
    assert_eq!(behind(&other, &Rows::default()).await, [entry(2).fields.concat()]);
    // somebody else tears the end of a file in use: what follows is seen as broken, never passed over
    let mut file = fs::OpenOptions::new()
        .append(true)
        .open(files(&path).remove(0))
        .unwrap();
    file.write_all(b"torn").unwrap();
    other.record(&rows, entry(3)).await.unwrap();
    let refused = other.is_behind(&rows).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
}

#[tokio::test]
async fn files_go_when_their_last_line_is_past_the_term() {
    let (folder, rows, clock) = (
        tempfile::tempdir().unwrap(),
        Rows::default(),
        Arc::new(Moved::default()),
    );
    let journal = Journal::open(folder.path(), "dvza").unwrap().with_clock(clock.clone());
    let day = 86_400;
    for n in 0..3 {
        journal.record(&rows, entry(n)).await.unwrap();
        journal.record(&rows, entry(n)).await.unwrap();
        clock.0.fetch_add(day, Ordering::SeqCst);
    }
    assert_eq!(files(folder.path()).len(), 3);
    let term = Duration::from_secs(2 * day);
    assert_eq!(journal.prune(term).unwrap(), 1);
    assert_eq!(behind(&journal, &Rows::default()).await.len(), 4);
    clock.0.fetch_add(10 * day, Ordering::SeqCst);
    assert_eq!(journal.prune(term).unwrap(), 2);
    assert!(files(folder.path()).is_empty());
    journal.record(&rows, entry(9)).await.unwrap();
    assert!(behind(&journal, &rows).await.is_empty());
}

async fn lacking(journal: &Journal, rows: &Rows) -> Vec<u64> {
    journal.lacks(rows).await.unwrap().into_values().collect()
}

/// Whether the store is served, by a process that starts now and by one that ran before.
async fn refused(folder: &Path, running: &Journal, rows: &Rows) -> [bool; 2] {
    running.look_again();
    let started = Journal::open(folder, "dvza").unwrap();
    let mut refused = [false; 2];
    for (journal, refused) in [&started, running].into_iter().zip(&mut refused) {
        match journal.pass(rows).await {
            Ok(()) => {}
            Err(StoreError::Unavailable(source)) if source.to_string().contains("lacks ends") => *refused = true,
            Err(error) => panic!("{error:?}"),
        }
    }
    refused
}

#[tokio::test]
async fn a_journal_that_is_shorter_than_the_store_knows_is_not_served_until_it_is_back() {
    let (folder, rows) = (tempfile::tempdir().unwrap(), Rows::default());
    let path = folder.path().join("journal");
    let journals = [(); 2].map(|()| Journal::open(&path, "dvza").unwrap());
    for (n, journal) in journals.iter().cycle().take(7).enumerate() {
        journal.record(&rows, entry(n)).await.unwrap();
    }
    assert_eq!(refused(&path, &journals[0], &rows).await, [false; 2]);

    // an empty folder in its place, and one file of two, and one without its last line
    let kept = folder.path().join("kept");
    fs::rename(&path, &kept).unwrap();
    fs::create_dir(&path).unwrap();
    assert_eq!(refused(&path, &journals[0], &rows).await, [true; 2]);
    let mut missing = lacking(&journals[0], &rows).await;
    missing.sort();
    assert_eq!(missing, [3, 4]);
    let both = files(&kept);
    let to = |from: &Path| path.join(from.file_name().unwrap());
    fs::copy(&both[0], to(&both[0])).unwrap();
    assert_eq!(refused(&path, &journals[0], &rows).await, [true; 2]);
    let text = fs::read_to_string(&both[1]).unwrap();
    let cut = text.trim_end().rfind('\n').unwrap() + 1;
    fs::write(to(&both[1]), &text[..cut]).unwrap();
    assert_eq!(refused(&path, &journals[0], &rows).await, [true; 2]);
    assert_eq!(lacking(&journals[0], &rows).await, [1]);
    // and all of it again
    fs::write(to(&both[1]), &text).unwrap();
    assert_eq!(refused(&path, &journals[0], &rows).await, [false; 2]);
    // the file that it has open is the one that was moved away: nothing more goes there
    assert!(journals[0].record(&rows, entry(8)).await.is_err());
    journals[0].record(&rows, entry(8)).await.unwrap();
    assert_eq!(refused(&path, &journals[1], &rows).await, [false; 2]);
}

#[tokio::test]
async fn a_line_that_was_never_on_the_disk_is_not_missed() {
    let (folder, rows) = (tempfile::tempdir().unwrap(), Rows::default());
    let journal = Journal::open(folder.path(), "dvza").unwrap();
    // the process died between the mark and the line, in a new file and in one that is there
    rows.mark_journal("001800000000-0000000000000007.ends", 1)
        .await
        .unwrap();
    journal.record(&rows, entry(0)).await.unwrap();
    let name = files(folder.path()).remove(0);
    let name = name.file_name().unwrap().to_str().unwrap();
    rows.mark_journal(name, 9).await.unwrap();
    assert_eq!(refused(folder.path(), &journal, &rows).await, [false; 2]);
}

#[tokio::test]
async fn lines_of_another_process_that_are_not_seen_yet_are_waited_for() {
    let (folder, rows, clock) = (
        tempfile::tempdir().unwrap(),
        Rows::default(),
        Arc::new(Moved::default()),
    );
    let journal = Journal::open(folder.path(), "dvza").unwrap().with_clock(clock.clone());
    journal.record(&rows, entry(0)).await.unwrap();
    assert!(lacking(&journal, &rows).await.is_empty());
    // the store has it at once, a file system of a network shows it later
    let other = gaps::written("001800000000-0000000000000007.ends");
    rows.mark_journal(&other, 2).await.unwrap();
    assert!(lacking(&journal, &rows).await.is_empty());
    clock.0.fetch_add(59, Ordering::SeqCst);
    assert!(lacking(&journal, &rows).await.is_empty());
    clock.0.fetch_add(1, Ordering::SeqCst);
    assert_eq!(lacking(&journal, &rows).await, [2]);
    // a process that starts has no such excuse
    let started = Journal::open(folder.path(), "dvza").unwrap();
    assert_eq!(lacking(&started, &rows).await, [2]);
}

#[tokio::test]
async fn what_was_pruned_or_accepted_as_lost_is_not_missed() {
    let (folder, rows, clock) = (
        tempfile::tempdir().unwrap(),
        Rows::default(),
        Arc::new(Moved::default()),
    );
    let journal = Journal::open(folder.path(), "dvza").unwrap().with_clock(clock.clone());
    journal.record(&rows, entry(0)).await.unwrap();
    clock.0.fetch_add(3 * 86_400, Ordering::SeqCst);
    journal.record(&rows, entry(1)).await.unwrap();
    // also a copy of the store from before it was pruned
    let copy = rows.copy();
    assert_eq!(journal.prune(Duration::from_secs(2 * 86_400)).unwrap(), 1);
    for rows in [&rows, &copy] {
        assert_eq!(refused(folder.path(), &journal, rows).await, [false; 2]);
    }
    fs::remove_file(files(folder.path()).remove(0)).unwrap();
    assert_eq!(refused(folder.path(), &journal, &rows).await, [true; 2]);
    assert_eq!(
        journal
            .danger_accept_loss(&rows)
            .await
            .unwrap()
            .into_values()
            .sum::<u64>(),
        1
    );
    assert_eq!(refused(folder.path(), &journal, &rows).await, [false; 2]);
    // what comes after it is missed as before
    let journal = Journal::open(folder.path(), "dvza").unwrap().with_clock(clock);
    journal.record(&rows, entry(2)).await.unwrap();
    fs::remove_file(files(folder.path()).remove(0)).unwrap();
    assert_eq!(lacking(&journal, &rows).await, [1]);
}
