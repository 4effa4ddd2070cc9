// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.102 — the observer that writes events to a [`Spool`], off the path of the request.
//!
//! Observing an event puts it in a bounded queue and returns. Every 50 ms, or when half of the queue is full, one thread takes
//! what waits, writes it with one sync, and counts what could not be written. A full or dead disk never stops the service:
//! events are then lost, and counted. A process that is killed loses what it observed since the last write: 50 ms, and as long
//! as the write under way takes. [`Spooler::flush`] waits for that write, and dropping the spooler does the same.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
        mpsc::{self, Receiver, SyncSender, TrySendError},
    },
    thread,
    time::Duration,
};

use medmij_types::Clock;

use crate::{Event, LineFormat, Observer, Spool, SpoolError};

/// Events that one write takes at most.
const GROUP: usize = 4_096;

/// How long events gather before they are written: waking a thread and a disk for each would cost more than the request.
const GATHER: Duration = Duration::from_millis(50);

/// Writes events to a spool in a thread of its own.
#[derive(Debug)]
pub struct Spooler {
    queue: Option<SyncSender<Message>>,
    shared: Arc<Shared>,
    writer: Option<thread::JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    spool: Mutex<Spool>,
    /// Events in the queue since the writer last looked, and at how many it is woken.
    waiting: AtomicUsize,
    wake_at: usize,
    written: AtomicU64,
    lost: AtomicU64,
    refused: AtomicBool,
}

enum Message {
    Event(Box<Event>),
    Flush(mpsc::Sender<()>),
}

/// How many events were written and how many were lost since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpoolCounts {
    /// Events on disk.
    pub written: u64,
    /// Events that found no room in the queue or on disk. Above zero, readiness warns.
    pub lost: u64,
    /// Whether the disk, or the room of the spool, took nothing at the last write.
    pub full: bool,
}

impl Spooler {
    /// Starts the thread. `queue` is how many events may wait; 65,536 covers a second and more of a busy node.
    ///
    /// # Errors
    /// [`std::io::Error`], where the thread cannot be started.
    pub fn start(spool: Spool, format: LineFormat, clock: Arc<dyn Clock>, queue: usize) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            spool: Mutex::new(spool),
            waiting: AtomicUsize::new(0),
            wake_at: queue.div_ceil(2).max(1),
            written: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            refused: AtomicBool::new(false),
        });
        let (sender, receiver) = mpsc::sync_channel(queue.max(1));
        let to_write = Arc::clone(&shared);
        let writer = thread::Builder::new()
            .name("medmij-log".to_owned())
            .spawn(move || write_all(&receiver, &to_write, format, clock.as_ref()))?;
        Ok(Self {
            queue: Some(sender),
            shared,
            writer: Some(writer),
        })
    }

    /// What was written and lost.
    #[must_use]
    pub fn counts(&self) -> SpoolCounts {
        SpoolCounts {
            written: self.shared.written.load(Ordering::Relaxed),
            lost: self.shared.lost.load(Ordering::Relaxed),
            full: self.shared.refused.load(Ordering::Relaxed),
        }
    }

    /// Waits until every event observed before this call is written or counted as lost.
    pub fn flush(&self) {
        let (done, wait) = mpsc::channel();
        if self
            .queue
            .as_ref()
            .is_some_and(|queue| queue.send(Message::Flush(done)).is_ok())
        {
            self.wake();
            let _ = wait.recv();
        }
    }

    /// Works on the spool, such as for a delivery. The writer waits meanwhile, so hand batches out and return.
    pub fn with_spool<T>(&self, work: impl FnOnce(&mut Spool) -> T) -> T {
        work(&mut self.shared.spool.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn wake(&self) {
        if let Some(writer) = &self.writer {
            writer.thread().unpark();
        }
    }
}

impl Observer for Spooler {
    /// Queues an event. One of our own ([`Event::own`]) is not for the central component, and is passed over.
    fn observe(&self, event: Event) {
        let Some(queue) = &self.queue else { return };
        if event.own {
            return;
        }
        if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) =
            queue.try_send(Message::Event(Box::new(event)))
        {
            self.shared.lost.fetch_add(1, Ordering::Relaxed);
        } else if self.shared.waiting.fetch_add(1, Ordering::Relaxed).saturating_add(1) == self.shared.wake_at {
            self.wake();
        }
    }
}

impl Drop for Spooler {
    /// Writes what waits, then stops the thread.
    fn drop(&mut self) {
        self.queue = None;
        self.wake();
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

fn write_all(receiver: &Receiver<Message>, shared: &Shared, format: LineFormat, clock: &dyn Clock) {
    let mut lines: Vec<String> = Vec::new();
    let mut flushed: Vec<mpsc::Sender<()>> = Vec::new();
    let mut open = true;
    while open {
        // whoever drops the spooler or waits for it wakes this thread; to be woken for nothing does no harm
        thread::park_timeout(GATHER);
        shared.waiting.store(0, Ordering::Relaxed);
        let mut more = true;
        while more {
            more = false;
            while lines.len() < GROUP {
                match receiver.try_recv() {
                    Ok(Message::Event(event)) => lines.push(format.line(&event, clock.now())),
                    Ok(Message::Flush(done)) => flushed.push(done),
                    Err(mpsc::TryRecvError::Empty) => break,
                    Err(mpsc::TryRecvError::Disconnected) => {
                        open = false;
                        break;
                    }
                }
                more = lines.len() == GROUP;
            }
            if !lines.is_empty() {
                write(&lines, shared);
                lines.clear();
            }
        }
        for done in flushed.drain(..) {
            let _ = done.send(());
        }
    }
}

/// Writes what can be written, and counts what cannot, line by line.
fn write(lines: &[String], shared: &Shared) {
    let mut rest: Vec<&str> = lines.iter().map(String::as_str).collect();
    let mut spool = shared.spool.lock().unwrap_or_else(PoisonError::into_inner);
    while !rest.is_empty() {
        let (written, stopped) = spool.append_some(&rest);
        shared.written.fetch_add(count(written), Ordering::Relaxed);
        let left = rest.split_off(written.min(rest.len()));
        rest = match stopped {
            Ok(()) => {
                shared.refused.store(false, Ordering::Relaxed);
                left
            }
            Err(error @ (SpoolError::Io { .. } | SpoolError::Full)) => {
                shared.lost.fetch_add(count(left.len()), Ordering::Relaxed);
                // said once, until something is written again
                if !shared.refused.swap(true, Ordering::Relaxed) {
                    tracing::error!(lost = left.len(), %error, "log lines could not be written");
                }
                Vec::new()
            }
            // one line that is no line must not take its neighbours with it
            Err(_) => {
                shared.lost.fetch_add(1, Ordering::Relaxed);
                left.into_iter().skip(1).collect()
            }
        };
    }
}

fn count(lines: usize) -> u64 {
    u64::try_from(lines).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EventType;
    use medmij_types::SystemClock;

    fn start(folder: &std::path::Path) -> Spooler {
        let spool = Spool::open(folder).unwrap();
        Spooler::start(spool, LineFormat::default(), Arc::new(SystemClock::default()), 1_024).unwrap()
    }

    #[test]
    fn core_logging_102_observed_events_are_on_disk_after_a_flush() {
        let folder = tempfile::tempdir().unwrap();
        let spooler = start(folder.path());
        for _ in 0..100 {
            spooler.observe(Event::new(EventType::ShowLandingPage));
        }
        spooler.flush();
        assert_eq!(
            spooler.counts(),
            SpoolCounts {
                written: 100,
                ..SpoolCounts::default()
            }
        );
        let lines = spooler.with_spool(|spool| {
            spool.close_batch().unwrap();
            spool.batches().unwrap()[0].lines().unwrap()
        });
        assert_eq!(lines.lines().count(), 100);
    }

    #[test]
    fn events_that_find_no_room_are_counted_and_the_caller_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let spooler = start(folder.path());
        spooler.with_spool(|_spool| {
            // the writer waits for the spool, so the queue fills: 1,024 wait, and up to a group is with the writer
            for _ in 0..20_000 {
                spooler.observe(Event::new(EventType::ShowLandingPage));
            }
        });
        spooler.flush();
        let counts = spooler.counts();
        assert_eq!(counts.written + counts.lost, 20_000);
        assert!(counts.lost > 0);
    }

    #[test]
    fn core_logging_102_with_no_room_for_a_week_loss_is_counted_exactly_and_the_rest_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(folder.path()).unwrap().with_room(64 * 1024);
        let clock = Arc::new(SystemClock::default());
        let spooler = Spooler::start(spool, LineFormat::default(), clock, 65_536).unwrap();
        // an event a minute; nobody delivers
        let week = 7 * 24 * 60;
        for minute in 0..week {
            spooler.observe(Event::new(EventType::ShowLandingPage));
            if minute % 60 == 0 {
                spooler.flush();
            }
        }
        spooler.flush();
        let counts = spooler.counts();
        assert!(counts.full && counts.lost > 0 && counts.written > 0, "{counts:?}");
        assert_eq!(counts.written + counts.lost, week);
        let on_disk = |spooler: &Spooler| spooler.with_spool(|spool| spool.waiting().0);
        assert_eq!(on_disk(&spooler), counts.written);
        // the sink is back
        spooler.with_spool(|spool| {
            spool.close_batch().unwrap();
            for batch in spool.batches().unwrap() {
                spool.archive(&batch, std::time::SystemTime::now()).unwrap();
            }
        });
        spooler.observe(Event::new(EventType::ShowLandingPage));
        spooler.flush();
        assert_eq!(on_disk(&spooler), 1);
        assert!(!spooler.counts().full);
        assert_eq!(spooler.counts().lost, counts.lost);
    }

    #[test]
    fn an_event_of_our_own_is_not_for_the_central_component() {
        let folder = tempfile::tempdir().unwrap();
        let spooler = start(folder.path());
        let mut own = Event::new(EventType::from_name("code_replayed"));
        own.own = true;
        spooler.observe(own);
        spooler.flush();
        assert_eq!(spooler.counts(), SpoolCounts::default());
    }

    #[test]
    fn dropping_writes_what_waits() {
        // one, a group and more, and what four threads observed
        for (threads, each) in [(1, 1), (1, GROUP + 1), (4, 3 * GROUP)] {
            let folder = tempfile::tempdir().unwrap();
            let spool = Spool::open(folder.path()).unwrap();
            let clock = Arc::new(SystemClock::default());
            let spooler = Spooler::start(spool, LineFormat::default(), clock, 65_536).unwrap();
            thread::scope(|scope| {
                for _ in 0..threads {
                    scope.spawn(|| {
                        for _ in 0..each {
                            spooler.observe(Event::new(EventType::ShowLandingPage));
                        }
                    });
                }
            });
            assert_eq!(spooler.counts().lost, 0);
            drop(spooler);
            let (lines, _) = Spool::open(folder.path()).unwrap().waiting();
            assert_eq!(lines, count(threads * each));
        }
    }
}
