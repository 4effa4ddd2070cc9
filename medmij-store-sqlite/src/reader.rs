// SPDX-License-Identifier: AGPL-3.0-or-later
//! Threads that read, each with its own connection: they see what is committed and wait for nobody.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread,
};

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::{
    OpenError,
    clock::{Reading, StoreClock},
    error::Failure,
    writer::clock_row,
};

/// What a reader works with.
pub(crate) struct View<'a> {
    pub(crate) connection: &'a Connection,
    clock: &'a StoreClock,
}

type Job = Box<dyn FnOnce(&View<'_>) + Send>;

/// The queue to the threads that read.
pub(crate) struct Readers {
    queue: Option<SyncSender<Job>>,
    threads: Vec<thread::JoinHandle<()>>,
}

impl Readers {
    pub(crate) fn start(connections: Vec<Connection>, clock: &StoreClock, queue: usize) -> Result<Self, OpenError> {
        let (send, jobs) = sync_channel(queue);
        let jobs = Arc::new(Mutex::new(jobs));
        let mut readers = Self {
            queue: Some(send),
            threads: Vec::with_capacity(connections.len()),
        };
        for connection in connections {
            let (jobs, clock) = (Arc::clone(&jobs), clock.clone());
            let thread = thread::Builder::new()
                .name("medmij-store-read".into())
                .spawn(move || run(&connection, &clock, &jobs))
                .map_err(OpenError::Thread)?;
            readers.threads.push(thread);
        }
        Ok(readers)
    }

    /// Reads what is committed now.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&View<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let (send, answer) = oneshot::channel();
        let job: Job = Box::new(move |view| {
            if !send.is_closed() {
                drop(send.send(operation(view)));
            }
        });
        match self.queue.as_ref().ok_or(Failure::Stopped)?.try_send(job) {
            Ok(()) => answer.await.map_err(|_| Failure::Stopped)?,
            Err(TrySendError::Full(_)) => Err(Failure::Overloaded),
            Err(TrySendError::Disconnected(_)) => Err(Failure::Stopped),
        }
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.queue = None;
        for thread in self.threads.drain(..) {
            drop(thread.join());
        }
    }
}

impl View<'_> {
    /// The time by the clock of the store, in microseconds.
    pub(crate) fn now(&self) -> Result<i64, Failure> {
        Ok(self.reading()?.now)
    }

    /// Both clocks of the store.
    pub(crate) fn reading(&self) -> Result<Reading, Failure> {
        Ok(self.clock.read(clock_row(self.connection)?))
    }
}

fn run(connection: &Connection, clock: &StoreClock, jobs: &Mutex<Receiver<Job>>) {
    let view = View { connection, clock };
    loop {
        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        job(&view);
    }
}
