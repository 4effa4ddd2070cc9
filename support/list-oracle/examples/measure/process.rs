// SPDX-License-Identifier: AGPL-3.0-or-later
//! Whole processes: wall time, processor time and peak memory, from `/proc`.

use std::{
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// How a process went.
#[derive(Clone, Copy)]
pub(crate) struct Run {
    pub(crate) wall: Duration,
    pub(crate) user: Duration,
    pub(crate) system: Duration,
    /// KiB; the last that was seen while it ran.
    pub(crate) peak: u64,
    pub(crate) is_good: bool,
}

/// Runs it to its end.
pub(crate) fn run(command: &mut Command) -> std::io::Result<Run> {
    let start = Instant::now();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let id = child.id().to_string();
    let mut last = 0;
    // A process that has ended keeps its times until it is waited for, but not its memory.
    let wall = loop {
        let wall = start.elapsed();
        if state(&id).is_none_or(|state| state == "Z") {
            break wall;
        }
        last = peak(&id).unwrap_or(last);
        thread::sleep(Duration::from_millis(2));
    };
    let (user, system) = times(&id).unwrap_or_default();
    Ok(Run {
        wall,
        user,
        system,
        peak: last,
        is_good: child.wait()?.success(),
    })
}

/// Peak resident memory of a process in KiB.
pub(crate) fn peak(id: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

fn state(id: &str) -> Option<String> {
    stat(id)?.first().cloned()
}

/// User and system time; the kernel counts hundredths of a second.
fn times(id: &str) -> Option<(Duration, Duration)> {
    let stat = stat(id)?;
    let hundredths = |n: usize| Some(Duration::from_millis(stat.get(n)?.parse::<u64>().ok()? * 10));
    Some((hundredths(11)?, hundredths(12)?))
}

/// What follows the name of the program, which may hold spaces.
fn stat(id: &str) -> Option<Vec<String>> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(')')?;
    Some(rest.split_whitespace().map(str::to_owned).collect())
}
