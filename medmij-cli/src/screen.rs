// SPDX-License-Identifier: AGPL-3.0-or-later
//! How far the work is: on standard error, for files over 8 MiB, and for people only.

use std::{
    io::{self, IsTerminal as _, Write as _},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

/// Whether there is somebody to tell.
#[derive(Clone, Copy)]
pub(crate) struct Screen {
    is_there: bool,
}

impl Screen {
    /// Standard error is a terminal, and this is no run that feeds JSON to another program.
    pub(crate) fn new(json: bool) -> Self {
        let is_fed = json && !io::stdout().is_terminal();
        Self {
            is_there: io::stderr().is_terminal() && !is_fed,
        }
    }

    /// Nobody is told.
    pub(crate) const fn none() -> Self {
        Self { is_there: false }
    }

    /// Reading a file of this size.
    pub(crate) fn reading(self, of: u64) -> Reading {
        let shown = (self.is_there && of > LARGE).then_some(u64::MAX);
        Reading { of, shown }
    }

    /// Judging a document of this size, until the value is dropped.
    pub(crate) fn judging(self, size: usize) -> Judging {
        let size = size as u64;
        let work = (self.is_there && size > LARGE).then(|| {
            let (stop, stopped) = mpsc::channel::<()>();
            let thread = thread::spawn(move || {
                let start = Instant::now();
                loop {
                    let seconds = start.elapsed().as_secs_f32();
                    let _ = write!(io::stderr(), "\rjudging {} MiB, {seconds:.1} s ", size >> 20);
                    if stopped.recv_timeout(TICK) != Err(RecvTimeoutError::Timeout) {
                        let _ = write!(io::stderr(), "{CLEAR}");
                        return;
                    }
                }
            });
            (stop, thread)
        });
        Judging { work }
    }
}

/// How much of a file was read.
pub(crate) struct Reading {
    of: u64,
    shown: Option<u64>,
}

impl Reading {
    pub(crate) fn at(&mut self, done: u64) {
        let percent = (done * 100).checked_div(self.of).unwrap_or_default().min(100);
        if self.shown.is_some_and(|shown| shown != percent) {
            self.shown = Some(percent);
            let _ = write!(io::stderr(), "\rreading {percent:3} % of {} MiB", self.of >> 20);
        }
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        if self.shown.is_some() {
            let _ = write!(io::stderr(), "{CLEAR}");
        }
    }
}

/// How long judging takes already.
pub(crate) struct Judging {
    work: Option<(mpsc::Sender<()>, thread::JoinHandle<()>)>,
}

impl Drop for Judging {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.work.take() {
            let _ = stop.send(());
            // The line is cleared before anything else is written.
            let _ = thread.join();
        }
    }
}

const LARGE: u64 = 8 << 20;
const TICK: Duration = Duration::from_millis(200);
/// Back to the beginning of the line, and nothing on it.
const CLEAR: &str = "\r\u{1b}[K";
