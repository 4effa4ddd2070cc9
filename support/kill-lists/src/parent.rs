// SPDX-License-Identifier: AGPL-3.0-or-later
//! Starts the process, kills it, and looks at what is left.

use std::{
    collections::BTreeMap,
    error::Error,
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant, SystemTime},
};

use medmij_list::supply::{OsFiles, SupplyEvent};
use medmij_test::SeededEntropy;
use medmij_types::Entropy as _;

use crate::{list, verdict::Verdict};

/// How many times the number of kills that was asked for it takes at most until enough of them hit.
const MOST_TIMES: u32 = 10;

/// Kills so often, and on until a fifth of that many fell where it matters: how long a copy takes to be written depends on
/// the disk, so how many of the aimed kills hit differs from machine to machine.
pub(crate) fn run(kills: u32, seed: u64, hosts: u32) -> Result<Verdict, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let entropy = SeededEntropy::new(seed);
    let mut verdict = Verdict::default();
    let mut highest_in_force = 0;
    let most = kills.saturating_mul(MOST_TIMES);
    while verdict.kills < kills || (!verdict.hit_enough(kills) && verdict.kills < most) {
        // Every other kill is aimed at the writing of a copy; the others fall anywhere, also into the start.
        let aimed = verdict.kills % 2 == 1 || verdict.kills >= kills;
        let before = unfinished(folder.path())?;
        highest_in_force = highest_in_force.max(one(folder.path(), hosts, aimed, &entropy)?);
        verdict.kills += 1;
        count(&before, &unfinished(folder.path())?, &mut verdict);
        look(folder.path(), hosts, highest_in_force, &mut verdict)?;
    }
    verdict.lists = highest_in_force;
    Ok(verdict)
}

/// One life of the process; gives the highest number that it said to be in force.
fn one(folder: &Path, hosts: u32, aimed: bool, entropy: &SeededEntropy) -> Result<u64, Box<dyn Error>> {
    let mut child = Command::new(std::env::current_exe()?)
        .arg("--child")
        .arg(folder)
        .args(["--hosts", &hosts.to_string()])
        .stdout(Stdio::piped())
        .spawn()?;
    let out = child.stdout.take().ok_or("no output of the child")?;
    let (lines, said) = mpsc::channel();
    let reader = thread::spawn(move || {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            if lines.send(line).is_err() {
                break;
            }
        }
    });

    let mut highest = 0;
    let mut hear = |line: &str| {
        if let Some(number) = line.strip_prefix("force ").and_then(|number| number.parse().ok()) {
            highest = u64::max(highest, number);
        }
    };
    if aimed {
        let opens = 1 + draw(entropy, 3);
        let mut seen = 0;
        while seen < opens {
            let line = said.recv()?;
            seen += u64::from(line == "opened");
            hear(&line);
        }
        wait(Duration::from_micros(draw(entropy, 1500)));
    } else {
        wait(Duration::from_micros(draw(entropy, 40_000)));
    }
    // On Unix this is SIGKILL.
    child.kill()?;
    child.wait()?;
    reader.join().map_err(|_| "the reader failed")?;
    said.try_iter().for_each(|line| hear(&line));
    Ok(highest)
}

/// What a start finds now.
fn look(folder: &Path, hosts: u32, highest_in_force: u64, verdict: &mut Verdict) -> Result<(), Box<dyn Error>> {
    let before = Instant::now();
    let mut supply = list::supply(folder, Arc::new(OsFiles::default()))?;
    let events = supply.restore();
    let current = supply.cache().current();
    verdict.slowest_start = verdict.slowest_start.max(before.elapsed());
    verdict.unreadable += u32::from(
        events
            .iter()
            .any(|event| !matches!(event, SupplyEvent::Accepted { .. })),
    );
    match current {
        Some(list) => {
            verdict.rollbacks += u32::from(list.header().volgnummer().value() < highest_in_force);
            verdict.mixes += u32::from(!list::is_whole(&list, hosts));
        }
        None if highest_in_force == 0 => {}
        None => verdict.unreadable += 1,
    }
    let remembered = supply.memory()?.volgnummer.map_or(0, |number| number.value());
    verdict.rollbacks += u32::from(remembered < highest_in_force);
    Ok(())
}

/// The files that were opened and never renamed, and when they were written.
fn unfinished(folder: &Path) -> Result<Unfinished, Box<dyn Error>> {
    let mut found = Unfinished::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else if entry.path().extension().is_some_and(|extension| extension == "part") {
                found.insert(entry.path(), entry.metadata()?.modified()?);
            }
        }
    }
    Ok(found)
}

type Unfinished = BTreeMap<PathBuf, SystemTime>;

/// Counts what this kill left; a file that an earlier one left and nobody has removed yet does not count again.
fn count(before: &Unfinished, after: &Unfinished, verdict: &mut Verdict) {
    let mut left = after
        .iter()
        .filter(|(path, written)| before.get(*path) != Some(written))
        .map(|(path, _)| path);
    let is_copy = |path: &PathBuf| {
        path.file_stem()
            .is_some_and(|stem| stem.as_encoded_bytes().ends_with(b".xml"))
    };
    match left.next() {
        Some(path) if is_copy(path) => verdict.between_open_and_rename += 1,
        Some(_) => verdict.in_other_files += 1,
        None => {}
    }
}

/// A number below `most`.
fn draw(entropy: &SeededEntropy, most: u64) -> u64 {
    let mut bytes = [0; 8];
    // This source cannot fail.
    let _ = entropy.fill(&mut bytes);
    u64::from_le_bytes(bytes) % most
}

/// Waits for a time that sleeping is too coarse for.
fn wait(time: Duration) {
    let before = Instant::now();
    while before.elapsed() < time {
        thread::yield_now();
    }
}
