// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.101, core.logging.102 — the chain log of a Node: spooled to disk at once, delivered every ten minutes, and
//! archived. A dead sink or a full disk never stops the service: lines wait, or are lost and counted, and readiness warns.

mod config;
mod sink;

use std::{
    fmt::Write as _,
    future::Future,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use medmij_log::{Event, Observer, Schedule, Spool, Spooler, deliver};
use medmij_types::Clock;
use tokio::{sync::watch, task::JoinHandle};

use crate::{Node, NodeError, Observed};
pub use config::LogConfig;
use sink::LogSink;

/// Events that wait for the disk at most: a second and more of a busy Node.
const QUEUE: usize = 65_536;
/// How often it is asked whether a delivery is due, by the clock of the Node.
const TICK: Duration = Duration::from_millis(250);
/// How often what is past its term is looked for.
const DESTROY: Duration = Duration::from_secs(3600);
/// How long the last delivery may take when it stops.
const LAST: Duration = Duration::from_secs(10);
/// Loss is shown for this long.
const DAY: Duration = Duration::from_secs(24 * 3600);

/// The chain log of a Node, as it runs. Give [`observer`](Self::observer) to the roles, and [`stop`](Self::stop) it after
/// them.
pub struct ChainLog {
    running: Option<Arc<Running>>,
    stop: watch::Sender<bool>,
    delivering: JoinHandle<()>,
}

struct Running {
    spooler: Spooler,
    sink: LogSink,
    schedule: Mutex<Schedule>,
    clock: Arc<dyn Clock>,
    retention: Duration,
    totals: Totals,
}

#[derive(Default)]
struct Totals {
    accepted: AtomicU64,
    rejected: AtomicU64,
}

impl Node {
    /// Starts the chain log: opens the spool, delivers what waits in it and from then on at the times of the configuration,
    /// and adds the probe `log` to readiness.
    ///
    /// # Errors
    ///
    /// [`NodeError::Spool`] where the folder cannot be used, [`NodeError::Log`] and [`NodeError::Read`] where the
    /// configuration does not fit, [`NodeError::Net`] where TLS cannot be set up.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn start_log(&self, config: &LogConfig) -> Result<ChainLog, NodeError> {
        let sink = self.log_sink(config.deliver_to()?)?;
        let spool = Spool::open(&config.spool)?.with_room(config.room.saturating_mul(1 << 20));
        let clock = Arc::clone(self.clock());
        let spooler = Spooler::start(spool, config.format(), Arc::clone(&clock), QUEUE);
        let running = Arc::new(Running {
            spooler: spooler.map_err(|error| NodeError::Log(error.to_string()))?,
            sink,
            schedule: Mutex::new(Schedule::every(Duration::from_secs(config.every))),
            clock,
            retention: config.retention(),
            totals: Totals::default(),
        });
        self.watch_log(&running);
        let (stop, stopped) = watch::channel(false);
        let delivering = tokio::spawn(deliver_when_due(Arc::downgrade(&running), stopped));
        Ok(ChainLog {
            running: Some(running),
            stop,
            delivering,
        })
    }

    fn watch_log(&self, running: &Arc<Running>) {
        let watched = Arc::downgrade(running);
        let loss = Arc::new(Mutex::new(Loss::default()));
        self.add_probe("log", move || {
            let (running, loss) = (watched.upgrade(), Arc::clone(&loss));
            async move {
                let look = tokio::task::spawn_blocking(move || running.map(|running| running.seen(&loss)));
                look.await.ok().flatten().into_iter().collect()
            }
        });
    }
}

/// What was lost within a day.
#[derive(Default)]
struct Loss {
    total: u64,
    recent: u64,
    at: Duration,
}

impl Running {
    fn seen(&self, loss: &Mutex<Loss>) -> Observed {
        let counts = self.spooler.counts();
        let (waiting, since) = self.spooler.with_spool(|spool| spool.waiting());
        let now = self.clock.monotonic();
        let mut loss = loss.lock().unwrap_or_else(PoisonError::into_inner);
        if now.saturating_sub(loss.at) > DAY {
            loss.recent = 0;
        }
        if counts.lost > loss.total {
            loss.recent = loss.recent.saturating_add(counts.lost.saturating_sub(loss.total));
            (loss.total, loss.at) = (counts.lost, now);
        }
        Observed::Spool {
            waiting,
            oldest: since
                .and_then(|since| self.clock.now().duration_since(since).ok())
                .unwrap_or_default(),
            lost: loss.recent,
            full: counts.full,
        }
    }

    /// One round, off the threads that serve: the spool is a disk.
    async fn deliver(self: &Arc<Self>, until: impl Future<Output = ()> + Send + 'static) {
        let running = Arc::clone(self);
        let runtime = tokio::runtime::Handle::current();
        let round = tokio::task::spawn_blocking(move || {
            let mut schedule = running.lock_schedule().clone();
            let delivered = runtime.block_on(async {
                tokio::select! {
                    delivered = deliver(&running.spooler, &running.sink, &mut schedule, running.clock.as_ref()) => Some(delivered),
                    () = until => None,
                }
            });
            match delivered {
                Some(Ok(delivered)) => {
                    let add =
                        |to: &AtomicU64, more: usize| to.fetch_add(u64::try_from(more).unwrap_or(0), Ordering::Relaxed);
                    add(&running.totals.accepted, delivered.accepted);
                    add(&running.totals.rejected, delivered.rejected);
                }
                Some(Err(error)) => {
                    tracing::error!(%error, "the chain log cannot be delivered now");
                    schedule.failed(running.clock.monotonic(), None);
                }
                None => {}
            }
            *running.lock_schedule() = schedule;
        });
        if round.await.is_err() {
            tracing::error!("a delivery of the chain log broke off");
        }
    }

    async fn destroy(self: &Arc<Self>) {
        let running = Arc::clone(self);
        let destroying = tokio::task::spawn_blocking(move || {
            let now = running.clock.now();
            running
                .spooler
                .with_spool(|spool| spool.destroy_expired(now, running.retention))
        });
        if let Ok(Err(error)) = destroying.await {
            tracing::error!(%error, rule = "core.logging.101", "lines past their term cannot be destroyed");
        }
    }

    fn lock_schedule(&self) -> std::sync::MutexGuard<'_, Schedule> {
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn deliver_when_due(running: Weak<Running>, mut stopped: watch::Receiver<bool>) {
    let mut destroyed: Option<Duration> = None;
    loop {
        let Some(now) = running.upgrade() else { return };
        if now.sink.is_somewhere() && now.lock_schedule().is_due(now.clock.monotonic()) {
            let mut asked = stopped.clone();
            let until = async move {
                let _ = asked.wait_for(|stop| *stop).await;
            };
            now.deliver(until).await;
        }
        let at = now.clock.monotonic();
        // also where nobody delivers: undelivered lines have a term too
        if destroyed.is_none_or(|last| at.saturating_sub(last) >= DESTROY) {
            now.destroy().await;
            destroyed = Some(at);
        }
        drop(now);
        tokio::select! {
            () = tokio::time::sleep(TICK) => {}
            _ = stopped.wait_for(|stop| *stop) => return,
        }
    }
}

impl ChainLog {
    /// Takes the events. After [`stop`](Self::stop) it drops them.
    #[must_use]
    pub fn observer(&self) -> Arc<dyn Observer> {
        let running = self.running.as_ref().map(Arc::downgrade).unwrap_or_default();
        Arc::new(ToSpool(running))
    }

    /// A look at what it did, for `/metrics`: text for Prometheus as long as it runs.
    pub fn metrics(&self) -> impl Fn() -> String + Send + Sync + 'static {
        let running = self.running.as_ref().map(Arc::downgrade).unwrap_or_default();
        move || running.upgrade().map_or_else(String::new, |running| running.to_text())
    }

    /// Writes what waits, tries one more delivery for at most ten seconds, and closes the spool. What is not delivered goes
    /// with the first delivery of the next start.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        let _ = (&mut self.delivering).await;
        let Some(running) = self.running.take() else { return };
        let flushed = Arc::clone(&running);
        let _ = tokio::task::spawn_blocking(move || flushed.spooler.flush()).await;
        if running.sink.is_somewhere() {
            running.deliver(tokio::time::sleep(LAST)).await;
        }
        // joins the thread that writes, where this is the last
        let _ = tokio::task::spawn_blocking(move || drop(running)).await;
    }
}

impl Drop for ChainLog {
    fn drop(&mut self) {
        self.delivering.abort();
    }
}

impl std::fmt::Debug for ChainLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChainLog").finish_non_exhaustive()
    }
}

struct ToSpool(Weak<Running>);

impl Observer for ToSpool {
    fn observe(&self, event: Event) {
        if let Some(running) = self.0.upgrade() {
            running.spooler.observe(event);
        }
    }
}

impl Running {
    fn to_text(&self) -> String {
        let counts = self.spooler.counts();
        let mut out = String::new();
        for (name, help, value) in [
            (
                "medmij_log_written_total",
                "Lines of the chain log that were written.",
                counts.written,
            ),
            (
                "medmij_log_lost_total",
                "Lines of the chain log that were lost.",
                counts.lost,
            ),
            (
                "medmij_log_batches_accepted_total",
                "Batches that the other side took.",
                self.totals.accepted.load(Ordering::Relaxed),
            ),
            (
                "medmij_log_batches_rejected_total",
                "Batches that the other side refused for good.",
                self.totals.rejected.load(Ordering::Relaxed),
            ),
        ] {
            // writing to a String does not fail
            let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} counter\n{name} {value}");
        }
        let failures = self.lock_schedule().failures();
        let name = "medmij_log_delivery_failures";
        let _ = writeln!(
            out,
            "# HELP {name} Deliveries that failed in a row.\n# TYPE {name} gauge\n{name} {failures}"
        );
        out
    }
}
