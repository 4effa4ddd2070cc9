// SPDX-License-Identifier: AGPL-3.0-or-later
//! Processor time and memory of this process and others, from /proc. Where there is no /proc, there are no figures.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// A process that runs.
#[derive(Clone, Debug)]
pub(crate) struct Process(PathBuf);

impl Process {
    pub(crate) fn own() -> Self {
        Self(PathBuf::from("/proc/self"))
    }

    pub(crate) fn of(pid: u32) -> Self {
        Self(Path::new("/proc").join(pid.to_string()))
    }

    /// The processor time so far, of all its threads.
    pub(crate) fn processor(&self) -> Option<Duration> {
        let stat = fs::read_to_string(self.0.join("stat")).ok()?;
        // the name, in parentheses, may hold spaces; user and system time are the 12th and 13th field after it
        let mut fields = stat.rsplit_once(") ")?.1.split(' ').skip(11);
        let mut ticks = || fields.next()?.parse::<u64>().ok();
        Some(from_ticks(ticks()? + ticks()?))
    }

    /// The memory that is resident now, in KiB.
    pub(crate) fn resident(&self) -> Option<u64> {
        self.status("VmRSS:")
    }

    /// The files that are open now.
    pub(crate) fn open_files(&self) -> Option<usize> {
        Some(fs::read_dir(self.0.join("fd")).ok()?.count())
    }

    fn status(&self, name: &str) -> Option<u64> {
        let status = fs::read_to_string(self.0.join("status")).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse().ok()
    }
}

/// What this process has used: processor time, and memory at its most in KiB.
pub(crate) fn usage() -> Option<(Duration, u64)> {
    let own = Process::own();
    Some((own.processor()?, own.status("VmHWM:")?))
}

/// Adds up who used the processor over one or more spans of time.
#[derive(Debug)]
pub(crate) struct Meter {
    server: Process,
    since: Option<(Instant, Used)>,
    elapsed: Duration,
    used: Used,
}

#[derive(Clone, Copy, Debug, Default)]
struct Used {
    load: Duration,
    server: Duration,
    machine: Duration,
}

impl Meter {
    pub(crate) fn of(server: Process) -> Self {
        Self {
            server,
            since: None,
            elapsed: Duration::ZERO,
            used: Used::default(),
        }
    }

    pub(crate) fn start(&mut self) {
        self.since = Some((Instant::now(), self.read()));
    }

    pub(crate) fn stop(&mut self) {
        let Some((since, before)) = self.since.take() else {
            return;
        };
        self.elapsed += since.elapsed();
        let now = self.read();
        self.used.load += now.load.saturating_sub(before.load);
        self.used.server += now.server.saturating_sub(before.server);
        self.used.machine += now.machine.saturating_sub(before.machine);
    }

    /// The time that was measured.
    pub(crate) fn elapsed(&self) -> Duration {
        self.elapsed
    }

    pub(crate) fn shares(&self) -> Shares {
        let part = |used: Duration| used.as_secs_f64() / self.elapsed.as_secs_f64().max(1e-9);
        let rest = self.used.machine.saturating_sub(self.used.load + self.used.server);
        Shares {
            load: part(self.used.load),
            server: part(self.used.server),
            rest: part(rest),
            server_time: self.used.server,
        }
    }

    fn read(&self) -> Used {
        Used {
            load: Process::own().processor().unwrap_or_default(),
            server: self.server.processor().unwrap_or_default(),
            machine: machine().unwrap_or_default(),
        }
    }
}

/// Who used how much of one processor: 1.0 is all the time of one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shares {
    load: f64,
    server: f64,
    rest: f64,
    server_time: Duration,
}

impl Shares {
    /// The processor time of the server for each of so many operations.
    pub(crate) fn each(&self, count: usize) -> Duration {
        self.server_time / u32::try_from(count.max(1)).unwrap_or(u32::MAX)
    }
}

impl fmt::Display for Shares {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { load, server, rest, .. } = self;
        write!(f, "{:.0} / {:.0} / {:.0} %", server * 100.0, load * 100.0, rest * 100.0)
    }
}

/// The time that all processors were busy.
fn machine() -> Option<Duration> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    let first = stat.lines().next()?.strip_prefix("cpu ")?;
    let ticks: Vec<u64> = first.split_whitespace().map_while(|field| field.parse().ok()).collect();
    // user, nice, system, idle, iowait, irq, softirq
    let busy = [0, 1, 2, 5, 6].iter().filter_map(|at| ticks.get(*at)).sum();
    Some(from_ticks(busy))
}

/// A tick is a hundredth of a second wherever this runs.
fn from_ticks(ticks: u64) -> Duration {
    Duration::from_millis(ticks * 10)
}
