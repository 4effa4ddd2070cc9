// SPDX-License-Identifier: AGPL-3.0-or-later
//! One thread writes: what waits while a transaction is made durable goes into the next one together (group commit).
//!
//! Each operation has its own savepoint, and its caller gets the result after the commit only (O17).

use std::{
    cell::RefCell,
    sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    thread,
    time::{Duration, Instant},
};

use medmij_oauth::storage::StoreClockState;
use rusqlite::{Connection, Params, Row};
use tokio::sync::oneshot;

use crate::{
    OpenError,
    clock::{ClockRow, Reading, StoreClock},
    error::Failure,
};

/// A transaction that is open, with the one time by which all of it is judged.
pub(crate) struct Tx<'a> {
    pub(crate) connection: &'a Connection,
    /// Why SQLite rolled all of it back, where it did.
    fatal: RefCell<Option<Failure>>,
    /// By the clock of the store, in microseconds.
    pub(crate) now: i64,
    /// By the wall clock, in microseconds.
    pub(crate) wall: i64,
    /// By the floor, in microseconds: for what lapses and what is purged.
    pub(crate) floor: i64,
    /// Whether the wall clock jumped away from the floor: then nothing is purged.
    pub(crate) jumped: bool,
}

/// Runs in a transaction, or gets the error of beginning one.
type Job = Box<dyn FnOnce(Option<&Tx<'_>>) -> Answer + Send>;
/// Gets how the transaction ended.
type Answer = Box<dyn FnOnce(Result<(), Failure>) + Send>;

/// The queue to the thread that writes. When it is dropped, the thread finishes what waits and ends.
pub(crate) struct Writer {
    queue: Option<SyncSender<Job>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Writer {
    pub(crate) fn start(connection: Connection, clock: StoreClock, queue: usize) -> Result<Self, OpenError> {
        let (send, jobs) = sync_channel(queue);
        let thread = thread::Builder::new()
            .name("medmij-store-write".into())
            .spawn(move || run(&connection, &clock, &jobs))
            .map_err(OpenError::Thread)?;
        Ok(Self {
            queue: Some(send),
            thread: Some(thread),
        })
    }

    /// Runs an operation and waits until it is durable.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&Tx<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let (send, answer) = oneshot::channel();
        let job: Job = Box::new(move |tx| {
            // the caller gave up: skip it
            if send.is_closed() {
                return Box::new(|_| {});
            }
            let done = tx.ok_or(Failure::Abandoned).and_then(|tx| tx.apart(operation));
            Box::new(move |commit| drop(send.send(commit.and(done))))
        });
        match self.queue.as_ref().ok_or(Failure::Stopped)?.try_send(job) {
            Ok(()) => answer.await.map_err(|_| Failure::Stopped)?,
            Err(TrySendError::Full(_)) => Err(Failure::Overloaded),
            Err(TrySendError::Disconnected(_)) => Err(Failure::Stopped),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

impl Tx<'_> {
    /// Runs one operation: all of it or nothing of it stays in the transaction.
    fn apart<T>(&self, operation: impl FnOnce(&Self) -> Result<T, Failure>) -> Result<T, Failure> {
        self.run("SAVEPOINT operation")?;
        match operation(self) {
            Ok(done) => {
                self.run("RELEASE operation")?;
                Ok(done)
            }
            Err(failure) => {
                if self.connection.is_autocommit() {
                    // a full disk, for one: SQLite rolled the whole transaction back
                    self.fatal.replace(Some(failure.clone()));
                } else {
                    self.run("ROLLBACK TO operation")?;
                    self.run("RELEASE operation")?;
                }
                Err(failure)
            }
        }
    }

    fn run(&self, sql: &str) -> Result<(), Failure> {
        self.execute(sql, []).map(|_| ())
    }

    /// Runs a statement; how many rows it changed.
    pub(crate) fn execute(&self, sql: &str, params: impl Params) -> Result<usize, Failure> {
        Ok(self.connection.prepare_cached(sql)?.execute(params)?)
    }

    /// The first row, if there is one.
    pub(crate) fn first<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> Result<T, Failure>,
    ) -> Result<Option<T>, Failure> {
        first(self.connection, sql, params, read)
    }
}

fn run(connection: &Connection, clock: &StoreClock, jobs: &Receiver<Job>) {
    while let Ok(first) = jobs.recv() {
        let (answers, outcome) = transact(connection, clock, jobs, first);
        if let Err(failure) = &outcome {
            tracing::warn!(?failure, operations = answers.len(), "transaction of the store failed");
        }
        for answer in answers {
            answer(outcome.clone());
        }
    }
    if let Err(error) = connection.execute_batch("PRAGMA optimize") {
        tracing::debug!(%error, "the store could not be tidied");
    }
}

/// One transaction with the first operation and what arrives while it is open.
fn transact(
    connection: &Connection,
    clock: &StoreClock,
    jobs: &Receiver<Job>,
    first: Job,
) -> (Vec<Answer>, Result<(), Failure>) {
    let tx = match begin(connection, clock) {
        Ok(tx) => tx,
        Err(failure) => {
            roll_back(connection);
            // everybody who waits has waited as long as this one
            let waiting = std::iter::once(first).chain(jobs.try_iter());
            return (waiting.map(|job| job(None)).collect(), Err(failure));
        }
    };
    let (since, mut answers) = (Instant::now(), Vec::with_capacity(16));
    let mut next = Some(first);
    while let Some(job) = next {
        answers.push(job(Some(&tx)));
        if connection.is_autocommit() {
            return (answers, Err(tx.fatal.take().unwrap_or(Failure::Abandoned)));
        }
        let more = answers.len() < BATCH && since.elapsed() < LONGEST;
        next = if more { jobs.try_recv().ok() } else { None };
    }
    let outcome = tx.run("COMMIT");
    if outcome.is_err() {
        roll_back(connection);
    }
    (answers, outcome)
}

fn begin<'a>(connection: &'a Connection, clock: &StoreClock) -> Result<Tx<'a>, Failure> {
    connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    let reading = clock.read(clock_row(connection)?);
    if let Some(ClockRow {
        latest, ahead, floor, ..
    }) = reading.changed
    {
        connection
            .prepare_cached("UPDATE clock SET latest = ?1, ahead = ?2, floor = ?3")?
            .execute([latest, ahead, floor])?;
    }
    Ok(Tx {
        connection,
        fatal: RefCell::default(),
        now: reading.now,
        wall: reading.wall,
        floor: reading.floor,
        jumped: apart(reading).jumped(),
    })
}

/// How the two clocks of a reading stand to each other.
pub(crate) fn apart(reading: Reading) -> StoreClockState {
    StoreClockState::new(Duration::from_micros(reading.apart.unsigned_abs()))
}

/// What the store knows of time.
pub(crate) fn clock_row(connection: &Connection) -> Result<ClockRow, Failure> {
    let row = connection
        .prepare_cached("SELECT latest, ahead, floor, shift, epoch FROM clock")?
        .query_row([], |row| {
            Ok(ClockRow {
                latest: row.get(0)?,
                ahead: row.get(1)?,
                floor: row.get(2)?,
                shift: row.get(3)?,
                epoch: row.get(4)?,
            })
        })?;
    Ok(row)
}

/// The first row, if there is one.
pub(crate) fn first<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnOnce(&Row<'_>) -> Result<T, Failure>,
) -> Result<Option<T>, Failure> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    rows.next()?.map(read).transpose()
}

fn roll_back(connection: &Connection) {
    if !connection.is_autocommit()
        && let Err(error) = connection.execute_batch("ROLLBACK")
    {
        tracing::error!(%error, "a transaction of the store cannot be rolled back");
    }
}

/// Enough to share the cost of a commit, few enough to let other processes in.
const BATCH: usize = 512;

/// How long a transaction may gather.
const LONGEST: Duration = Duration::from_millis(10);
