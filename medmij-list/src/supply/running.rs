// SPDX-License-Identifier: AGPL-3.0-or-later
//! Drives a [`ListSupply`] with a [`Source`](crate::Source) in the background (feature `tokio`).

use std::{fmt, pin::pin, time::Duration};

use medmij_types::{Entropy, Volgnummer};
use tokio::{
    sync::{broadcast, mpsc, oneshot},
    task::{JoinHandle, spawn_blocking},
    time::{sleep, timeout},
};

use super::{FetchOutcome, FetchTicket, ListSupply, Step, StorageError, SupplyError, SupplyEvent};
use crate::{List, Source, SourceError};

impl<L: List> ListSupply<L> {
    /// Takes over what is kept, and from then on refreshes in the background for as long as the returned value lives.
    ///
    /// A Whitelist is started like this: until the first list is there, its host policy allows the Stelselnode alone
    /// (core.whl.303). Reading, judging and storing happen on a thread for blocking work.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn spawn(self, source: impl Source + 'static, entropy: impl Entropy + 'static) -> RunningSupply {
        let (commands, inbox) = mpsc::channel(64);
        let (events, _) = broadcast::channel(256);
        let runner = Runner {
            source,
            entropy,
            inbox,
            events: events.clone(),
            waiting: Vec::new(),
        };
        let task = tokio::spawn(runner.run(self));
        RunningSupply { task, commands, events }
    }

    /// The same, and returns when there is a list to use: a kept one, or the first that was fetched.
    ///
    /// # Errors
    ///
    /// [`SupplyError`] says why the first fetch brought none. The supply is stopped then; who wants it to go on trying uses
    /// [`spawn`](Self::spawn).
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub async fn start(
        self,
        source: impl Source + 'static,
        entropy: impl Entropy + 'static,
    ) -> Result<RunningSupply, SupplyError> {
        let running = self.spawn(source, entropy);
        running.ask(|reply| Command::Ready { reply }).await?;
        Ok(running)
    }
}

/// A supply that runs in the background. Dropping it stops the refreshing; the cache keeps its list.
pub struct RunningSupply {
    task: JoinHandle<()>,
    commands: mpsc::Sender<Command>,
    events: broadcast::Sender<SupplyEvent>,
}

impl RunningSupply {
    /// What happens from now on.
    #[must_use]
    pub fn events(&self) -> SupplyEvents {
        SupplyEvents(self.events.subscribe())
    }

    /// Fetches now, or joins the fetch that is under way: however many ask, there is one fetch.
    ///
    /// # Errors
    ///
    /// [`SupplyError`] says why the list in force was not refreshed.
    pub async fn refresh(&self) -> Result<(), SupplyError> {
        self.ask(|reply| Command::Refresh { reply }).await
    }

    /// The operator's way back: see [`ListSupply::danger_lower_memory`].
    ///
    /// # Errors
    ///
    /// [`StorageError`] where the storage fails; nothing is lowered then.
    pub async fn danger_lower_memory(&self, to: Option<Volgnummer>, reason: &str) -> Result<(), StorageError> {
        let (reply, answer) = oneshot::channel();
        let command = Command::Lower {
            to,
            reason: reason.to_owned(),
            reply,
        };
        let stopped = || StorageError::plain("the supply of the list has stopped");
        self.commands.send(command).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }

    async fn ask(&self, command: impl FnOnce(Reply) -> Command) -> Result<(), SupplyError> {
        let (reply, answer) = oneshot::channel();
        self.commands
            .send(command(reply))
            .await
            .map_err(|_| SupplyError::Stopped)?;
        answer.await.map_err(|_| SupplyError::Stopped)?
    }
}

impl Drop for RunningSupply {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for RunningSupply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunningSupply")
            .field("finished", &self.task.is_finished())
            .finish_non_exhaustive()
    }
}

/// What happens to a list, as a stream. A listener that is too slow gets [`SupplyEvent::Missed`].
#[derive(Debug)]
pub struct SupplyEvents(broadcast::Receiver<SupplyEvent>);

impl SupplyEvents {
    /// The next event; `None` when the supply has stopped.
    pub async fn next(&mut self) -> Option<SupplyEvent> {
        match self.0.recv().await {
            Ok(event) => Some(event),
            Err(broadcast::error::RecvError::Lagged(events)) => Some(SupplyEvent::Missed { events }),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}

type Reply = oneshot::Sender<Result<(), SupplyError>>;

enum Command {
    Refresh {
        reply: Reply,
    },
    Ready {
        reply: Reply,
    },
    Lower {
        to: Option<Volgnummer>,
        reason: String,
        reply: oneshot::Sender<Result<(), StorageError>>,
    },
}

struct Runner<S, E> {
    source: S,
    entropy: E,
    inbox: mpsc::Receiver<Command>,
    events: broadcast::Sender<SupplyEvent>,
    /// Who waits for the next landing.
    waiting: Vec<Reply>,
}

impl<S: Source, E: Entropy> Runner<S, E> {
    async fn run<L: List>(mut self, supply: ListSupply<L>) {
        let Some((mut supply, events)) = blocking(supply, ListSupply::restore).await else {
            return;
        };
        self.publish(events);
        loop {
            self.publish(supply.watch());
            let next = match supply.step() {
                Step::Fetch(ticket) => self.fly(supply, ticket).await,
                Step::Wait(wait) => self.wait(supply, wait).await,
                // Only this loop fetches, and it hands each ticket back.
                Step::InFlight => None,
            };
            match next {
                Some(back) => supply = back,
                None => return,
            }
        }
    }

    async fn wait<L: List>(&mut self, supply: ListSupply<L>, wait: Duration) -> Option<ListSupply<L>> {
        tokio::select! {
            () = sleep(wait) => Some(supply),
            command = self.inbox.recv() => self.obey(supply, command?).await,
        }
    }

    async fn obey<L: List>(&mut self, mut supply: ListSupply<L>, command: Command) -> Option<ListSupply<L>> {
        match command {
            Command::Ready { reply } if supply.cache().current().is_some() => {
                let _ = reply.send(Ok(()));
            }
            Command::Ready { reply } | Command::Refresh { reply } => {
                self.waiting.push(reply);
                supply.fetch_now();
            }
            Command::Lower { to, reason, reply } => {
                let (back, lowered) = blocking(supply, move |s| s.danger_lower_memory(to, &reason)).await?;
                supply = back;
                let _ = reply.send(lowered.map(|events| self.publish(events)));
            }
        }
        Some(supply)
    }

    async fn fly<L: List>(&mut self, supply: ListSupply<L>, ticket: FetchTicket) -> Option<ListSupply<L>> {
        let mut later = Vec::new();
        let fetched = {
            let mut fetching = pin!(timeout(supply.deadline(), self.source.fetch(L::KIND)));
            loop {
                tokio::select! {
                    fetched = &mut fetching => break fetched,
                    command = self.inbox.recv() => match command? {
                        Command::Ready { reply } if supply.cache().current().is_some() => {
                            let _ = reply.send(Ok(()));
                        }
                        Command::Ready { reply } | Command::Refresh { reply } => self.waiting.push(reply),
                        lower @ Command::Lower { .. } => later.push(lower),
                    },
                }
            }
        };
        let deadline = supply.deadline();
        let fetched = fetched.unwrap_or_else(|_| Err(SourceError::new(DeadlinePassed { deadline })));
        let chance = self.chance();
        let (mut supply, completed) = blocking(supply, move |s| s.arrived(ticket, fetched, chance)).await?;
        let FetchOutcome { result, events } = completed;
        self.publish(events);
        for reply in self.waiting.drain(..) {
            let _ = reply.send(result.clone().map(|_| ()));
        }
        for command in later {
            supply = self.obey(supply, command).await?;
        }
        Some(supply)
    }

    fn publish(&self, events: Vec<SupplyEvent>) {
        for event in events {
            // Nobody listening is no error.
            let _ = self.events.send(event);
        }
    }

    /// A number from 0 to 1; the middle where the source of randomness fails: it is jitter, no secret.
    fn chance(&self) -> f64 {
        let mut bytes = [0; 4];
        match self.entropy.fill(&mut bytes) {
            Ok(()) => f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX),
            Err(_) => 0.5,
        }
    }
}

/// Runs a step that reads, hashes, parses or writes where it may block. `None` when the runtime shuts down.
async fn blocking<L: List, T: Send + 'static>(
    mut supply: ListSupply<L>,
    step: impl FnOnce(&mut ListSupply<L>) -> T + Send + 'static,
) -> Option<(ListSupply<L>, T)> {
    spawn_blocking(move || {
        let outcome = step(&mut supply);
        (supply, outcome)
    })
    .await
    .ok()
}

#[derive(Debug, thiserror::Error)]
#[error("no answer within {} seconds", .deadline.as_secs())]
struct DeadlinePassed {
    deadline: Duration,
}
