// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.102 — delivery: batches go out at least once an hour, are tried again with growing pauses, and are
//! archived once they are taken.

use std::{future::Future, io::Write as _, time::Duration};

use crate::{Batch, Spool, SpoolError};

/// The longest pause between two deliveries that core.logging.102 allows.
pub const MAX_INTERVAL: Duration = Duration::from_secs(3_600);

/// Where batches go: a file, or the central component.
pub trait Sink: Send + Sync {
    /// Delivers one batch: a JSON array of lines.
    ///
    /// # Errors
    /// A [`SinkError`] where it is not known to be taken; the batch is delivered again.
    fn deliver(&self, number: u64, body: Vec<u8>) -> impl Future<Output = Result<Verdict, SinkError>> + Send;
}

/// What the other side said of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// Taken: the batch goes to the archive.
    Accepted,
    /// Refused as a whole and for good: the batch is put aside for an operator.
    Rejected,
}

/// A batch is not known to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("log batch was not taken: {reason}")]
pub struct SinkError {
    /// Why, in our own words.
    pub reason: &'static str,
    /// How long the other side asked to wait.
    pub retry_after: Option<Duration>,
}

impl SinkError {
    /// Why, in our own words.
    #[must_use]
    pub fn new(reason: &'static str) -> Self {
        Self {
            reason,
            retry_after: None,
        }
    }
}

/// When to deliver. Times are those of [`medmij_types::Clock::monotonic`].
#[derive(Clone, Debug)]
pub struct Schedule {
    interval: Duration,
    next: Duration,
    failures: u32,
}

impl Schedule {
    /// A delivery at once, then every `interval`, which is held to [`MAX_INTERVAL`].
    #[must_use]
    pub fn every(interval: Duration) -> Self {
        Self {
            interval: interval.clamp(Duration::from_secs(1), MAX_INTERVAL),
            next: Duration::ZERO,
            failures: 0,
        }
    }

    /// Whether a delivery is due.
    #[must_use]
    pub fn is_due(&self, now: Duration) -> bool {
        now >= self.next
    }

    /// How long until the next one.
    #[must_use]
    pub fn wait(&self, now: Duration) -> Duration {
        self.next.saturating_sub(now)
    }

    /// Failures in a row; above zero, readiness warns.
    #[must_use]
    pub fn failures(&self) -> u32 {
        self.failures
    }

    fn succeeded(&mut self, now: Duration) {
        self.failures = 0;
        self.next = now.saturating_add(self.interval);
    }

    /// A delivery failed: the next one is in 30 s, doubled at each failure, never longer than the interval unless the other side asks for it, and then no
    /// longer than an hour.
    pub fn failed(&mut self, now: Duration, retry_after: Option<Duration>) {
        let pause =
            Duration::from_secs(30).saturating_mul(1_u32.checked_shl(self.failures.min(16)).unwrap_or(u32::MAX));
        self.failures = self.failures.saturating_add(1);
        let pause = retry_after
            .unwrap_or_else(|| pause.min(self.interval))
            .min(MAX_INTERVAL);
        self.next = now.saturating_add(pause);
    }
}

/// What one round of deliveries did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivered {
    /// Batches that were taken and archived.
    pub accepted: usize,
    /// Batches that were refused for good and put aside.
    pub rejected: usize,
    /// Why the round stopped before the last batch.
    pub stopped: Option<SinkError>,
}

/// The spool as delivery needs it: one step at a time, so that nothing is locked while a batch is under way.
pub trait SpoolAccess {
    /// Works on the spool.
    fn with_spool<T>(&self, work: impl FnOnce(&mut Spool) -> T) -> T;
}

impl SpoolAccess for crate::Spooler {
    fn with_spool<T>(&self, work: impl FnOnce(&mut Spool) -> T) -> T {
        Self::with_spool(self, work)
    }
}

/// Closes the open segment and delivers every batch that waits, the oldest first, until one is not taken.
///
/// `now` is the wall clock, for the archive; `monotonic` drives the schedule.
///
/// # Errors
/// [`SpoolError`] where the disk refuses. A batch that was taken and could not be archived is delivered once more: the
/// central component sees the same lines twice rather than never.
pub async fn deliver<A: SpoolAccess>(
    spool: &A,
    sink: &impl Sink,
    schedule: &mut Schedule,
    clock: &dyn medmij_types::Clock,
) -> Result<Delivered, SpoolError> {
    let batches: Vec<Batch> = spool.with_spool(|spool| {
        spool.close_batch()?;
        spool.batches()
    })?;
    let mut delivered = Delivered::default();
    for batch in batches {
        match sink.deliver(batch.number(), batch.body()?).await {
            Ok(Verdict::Accepted) => {
                spool.with_spool(|spool| spool.archive(&batch, clock.now()))?;
                delivered.accepted = delivered.accepted.saturating_add(1);
            }
            Ok(Verdict::Rejected) => {
                spool.with_spool(|spool| spool.reject(&batch))?;
                delivered.rejected = delivered.rejected.saturating_add(1);
                tracing::warn!(batch = batch.number(), "log batch was rejected");
            }
            Err(error) => {
                tracing::warn!(batch = batch.number(), reason = error.reason, "log batch was not taken");
                schedule.failed(clock.monotonic(), error.retry_after);
                delivered.stopped = Some(error);
                return Ok(delivered);
            }
        }
    }
    schedule.succeeded(clock.monotonic());
    Ok(delivered)
}

/// A folder as the other side: a file a batch.
#[derive(Clone, Debug)]
pub struct FolderSink(std::path::PathBuf);

impl FolderSink {
    /// Files in this folder, which must exist.
    #[must_use]
    pub fn new(folder: impl Into<std::path::PathBuf>) -> Self {
        Self(folder.into())
    }
}

impl Sink for FolderSink {
    async fn deliver(&self, number: u64, body: Vec<u8>) -> Result<Verdict, SinkError> {
        let aside = self.0.join(format!("{number:016}.tmp"));
        let write = || {
            // what another put there is not written into
            match std::fs::remove_file(&aside) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let mut file = std::fs::File::create_new(&aside)?;
            file.write_all(&body)?;
            file.sync_all()?;
            std::fs::rename(&aside, self.0.join(format!("{number:016}.json")))?;
            // the batch leaves the spool for this file
            if cfg!(unix) {
                std::fs::File::open(&self.0)?.sync_all()?;
            }
            Ok::<(), std::io::Error>(())
        };
        let written = write();
        match written {
            Ok(()) => Ok(Verdict::Accepted),
            Err(_) => Err(SinkError {
                reason: "the folder cannot be written",
                retry_after: None,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        pin::pin,
        sync::Mutex,
        task::{Context, Poll, Waker},
        time::SystemTime,
    };

    struct Fixed(Duration);

    impl medmij_types::Clock for Fixed {
        fn now(&self) -> SystemTime {
            SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000) + self.0
        }
        fn monotonic(&self) -> Duration {
            self.0
        }
    }

    struct Shared(Mutex<Spool>);

    impl SpoolAccess for Shared {
        fn with_spool<T>(&self, work: impl FnOnce(&mut Spool) -> T) -> T {
            work(&mut self.0.lock().unwrap())
        }
    }

    #[derive(Default)]
    struct Scripted(Mutex<Script>);

    /// Answers that are still to come, the last first, and bodies that came.
    type Script = (Vec<Result<Verdict, SinkError>>, Vec<String>);

    impl Sink for Scripted {
        async fn deliver(&self, _: u64, body: Vec<u8>) -> Result<Verdict, SinkError> {
            let mut inner = self.0.lock().unwrap();
            inner.1.push(String::from_utf8(body).unwrap());
            inner.0.pop().unwrap_or(Ok(Verdict::Accepted))
        }
    }

    fn run<F: Future>(future: F) -> F::Output {
        let mut future = pin!(future);
        match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(output) => output,
            Poll::Pending => panic!("a sink of these tests never waits"),
        }
    }

    const DOWN: SinkError = SinkError {
        reason: "down",
        retry_after: None,
    };

    #[test]
    fn core_logging_102_a_dead_sink_loses_nothing_and_pauses_grow_up_to_the_interval() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Shared(Mutex::new(Spool::open(folder.path()).unwrap()));
        let sink = Scripted::default();
        let mut schedule = Schedule::every(MAX_INTERVAL);
        let mut now = Duration::ZERO;
        let week = Duration::from_secs(7 * 86_400);
        let (mut rounds, mut appended) = (0_u64, 0);
        while now < week {
            spool.with_spool(|spool| spool.append(["{\"a\":1}"])).unwrap();
            appended += 1;
            sink.0.lock().unwrap().0 = vec![Err(DOWN)];
            assert!(schedule.is_due(now));
            run(deliver(&spool, &sink, &mut schedule, &Fixed(now))).unwrap();
            assert!(schedule.wait(now) <= MAX_INTERVAL);
            now += schedule.wait(now);
            rounds += 1;
        }
        assert!((168..190).contains(&rounds), "{rounds} rounds in a week at an hour");
        // the other side is back: everything goes out, once
        *sink.0.lock().unwrap() = Default::default();
        let delivered = run(deliver(&spool, &sink, &mut schedule, &Fixed(now))).unwrap();
        assert_eq!(delivered.stopped, None);
        let lines: usize = sink
            .0
            .lock()
            .unwrap()
            .1
            .iter()
            .map(|body| body.matches("{\"a\":1}").count())
            .sum();
        assert_eq!(lines, appended);
        assert_eq!(schedule.failures(), 0);
        assert!(spool.with_spool(|spool| spool.batches()).unwrap().is_empty());
    }

    #[test]
    fn a_rejected_batch_is_put_aside_and_does_not_hold_up_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Shared(Mutex::new(Spool::open(folder.path()).unwrap()));
        for line in ["{\"a\":1}", "{\"a\":2}"] {
            spool
                .with_spool(|spool| spool.append([line]).and_then(|()| spool.close_batch()))
                .unwrap();
        }
        let sink = Scripted::default();
        sink.0.lock().unwrap().0 = vec![Ok(Verdict::Accepted), Ok(Verdict::Rejected)];
        let mut schedule = Schedule::every(Duration::from_secs(60));
        let delivered = run(deliver(&spool, &sink, &mut schedule, &Fixed(Duration::ZERO))).unwrap();
        assert_eq!((delivered.accepted, delivered.rejected), (1, 1));
        assert_eq!(std::fs::read_dir(folder.path().join("rejected")).unwrap().count(), 1);
        assert_eq!(std::fs::read_dir(folder.path().join("archive")).unwrap().count(), 1);
    }

    #[test]
    fn a_wish_of_the_other_side_is_held_to_an_hour() {
        let mut schedule = Schedule::every(Duration::from_secs(60));
        for (asked, pause) in [(10, 10), (600, 600), (86_400, 3_600)] {
            schedule.failed(Duration::ZERO, Some(Duration::from_secs(asked)));
            assert_eq!(schedule.wait(Duration::ZERO), Duration::from_secs(pause));
        }
    }

    #[test]
    fn a_folder_takes_a_file_a_batch() {
        let (folder, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let spool = Shared(Mutex::new(Spool::open(folder.path()).unwrap()));
        spool.with_spool(|spool| spool.append(["{\"a\":1}"])).unwrap();
        let mut schedule = Schedule::every(Duration::from_secs(60));
        run(deliver(
            &spool,
            &FolderSink::new(to.path()),
            &mut schedule,
            &Fixed(Duration::ZERO),
        ))
        .unwrap();
        assert_eq!(
            std::fs::read_to_string(to.path().join("0000000000000000.json")).unwrap(),
            "[{\"a\":1}]"
        );
    }
}
