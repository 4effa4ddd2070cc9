// SPDX-License-Identifier: AGPL-3.0-or-later
//! ext.abo.rscnotint.206 — resource notifications that have to go out, shared by the replicas of a DVA.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use medmij_oauth::{
    ClientId,
    storage::{Advanced, StoreError},
};

use super::AbonnementId;

/// A resource notification that has to go out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Waiting {
    /// The Abonnement that it is about.
    pub abonnement: AbonnementId,
    /// The DVP to which it goes.
    pub client_id: ClientId,
    /// Since when the oldest news that it stands for can be collected.
    pub available: SystemTime,
}

impl Waiting {
    /// A notification of news that is available since then.
    #[must_use]
    pub fn new(abonnement: AbonnementId, client_id: ClientId, available: SystemTime) -> Self {
        Self {
            abonnement,
            client_id,
            available,
        }
    }
}

/// A notification that one replica sends, and no other until its lease is over.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Leased {
    /// What to send.
    pub waiting: Waiting,
    /// Its number in the outbox.
    pub number: u64,
    /// The number of this lease: a later one makes it void.
    pub fence: u64,
    /// How often it was tried before.
    pub attempts: u32,
}

impl Leased {
    /// A lease, as a store gives it.
    #[must_use]
    pub fn new(waiting: Waiting, number: u64, fence: u64, attempts: u32) -> Self {
        Self {
            waiting,
            number,
            fence,
            attempts,
        }
    }
}

/// Where the replicas of a DVA keep how far each feed was read, and what has to go out. Every operation is one transaction.
///
/// A notification is sent once, unless a replica dies between sending it and writing that it was sent: then it is sent again.
pub trait SharedOutbox: Send + Sync {
    /// How far a feed was read.
    fn position(&self, feed: &str) -> impl Future<Output = Result<Option<String>, StoreError>> + Send;

    /// Moves the position of a feed on from what the caller saw, and adds what came of it, or does neither: of two replicas
    /// that read the same part one gets [`Advanced::Stale`]. News for an Abonnement whose notification still waits needs
    /// no second one; news that comes while it is being sent does.
    fn take_in(
        &self,
        feed: &str,
        seen: Option<&str>,
        position: &str,
        waiting: Vec<Waiting>,
    ) -> impl Future<Output = Result<Advanced, StoreError>> + Send;

    /// At most `most` notifications that are due and that no replica sends, those available longest first; nobody else
    /// gets them until the lease is over. Of two for one Abonnement that both wait one is enough: the other goes.
    fn lease(
        &self,
        now: SystemTime,
        until: SystemTime,
        most: usize,
    ) -> impl Future<Output = Result<Vec<Leased>, StoreError>> + Send;

    /// Takes a notification away: it was sent, or there is no Abonnement for it any more.
    fn done(&self, leased: &Leased) -> impl Future<Output = Result<Advanced, StoreError>> + Send;

    /// Gives a notification back, to be tried again at a moment.
    fn again(&self, leased: &Leased, at: SystemTime) -> impl Future<Output = Result<Advanced, StoreError>> + Send;
}

/// An outbox in memory: for tests and demonstrations, lost when the process ends.
#[derive(Debug, Default)]
pub struct MemorySharedOutbox(Mutex<Rows>);

#[derive(Debug, Default)]
struct Rows {
    positions: BTreeMap<String, String>,
    rows: BTreeMap<u64, Row>,
    last: u64,
}

#[derive(Debug)]
struct Row {
    waiting: Waiting,
    due: SystemTime,
    leased_until: Option<SystemTime>,
    fence: u64,
    attempts: u32,
}

impl MemorySharedOutbox {
    /// An empty outbox.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many notifications wait or are being sent.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().rows.len()
    }

    /// Whether nothing has to go out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(&self) -> MutexGuard<'_, Rows> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rows {
    /// The row of a lease, if it is still that lease.
    fn held(&mut self, leased: &Leased) -> Option<&mut Row> {
        let row = self.rows.get_mut(&leased.number)?;
        (row.leased_until.is_some() && row.fence == leased.fence).then_some(row)
    }
}

impl SharedOutbox for MemorySharedOutbox {
    async fn position(&self, feed: &str) -> Result<Option<String>, StoreError> {
        Ok(self.lock().positions.get(feed).cloned())
    }

    async fn take_in(
        &self,
        feed: &str,
        seen: Option<&str>,
        position: &str,
        waiting: Vec<Waiting>,
    ) -> Result<Advanced, StoreError> {
        let mut rows = self.lock();
        if rows.positions.get(feed).map(String::as_str) != seen {
            return Ok(Advanced::Stale);
        }
        rows.positions.insert(feed.to_owned(), position.to_owned());
        for waiting in waiting {
            let same = |row: &&mut Row| row.waiting.abonnement == waiting.abonnement && row.leased_until.is_none();
            match rows.rows.values_mut().find(same) {
                Some(row) => row.waiting.available = row.waiting.available.min(waiting.available),
                None => {
                    rows.last += 1;
                    let number = rows.last;
                    let row = Row {
                        due: waiting.available,
                        waiting,
                        leased_until: None,
                        fence: 0,
                        attempts: 0,
                    };
                    rows.rows.insert(number, row);
                }
            }
        }
        Ok(Advanced::Done)
    }

    async fn lease(&self, now: SystemTime, until: SystemTime, most: usize) -> Result<Vec<Leased>, StoreError> {
        let mut rows = self.lock();
        let free = |row: &Row| row.due <= now && row.leased_until.is_none_or(|end| end <= now);
        let mut due: Vec<(SystemTime, u64)> = rows
            .rows
            .iter()
            .filter(|(_, row)| free(row))
            .map(|(number, row)| (row.waiting.available, *number))
            .collect();
        due.sort_unstable();
        let mut leased = Vec::new();
        for (_, number) in due {
            if leased.len() >= most {
                break;
            }
            // gone when it waited for the same Abonnement as one before
            let Some(row) = rows.rows.get_mut(&number) else {
                continue;
            };
            row.leased_until = Some(until);
            row.fence += 1;
            let abonnement = row.waiting.abonnement.clone();
            leased.push(Leased::new(row.waiting.clone(), number, row.fence, row.attempts));
            let waits = |row: &Row| row.leased_until.is_none_or(|end| end <= now);
            rows.rows
                .retain(|other, row| *other == number || row.waiting.abonnement != abonnement || !waits(row));
        }
        Ok(leased)
    }

    async fn done(&self, leased: &Leased) -> Result<Advanced, StoreError> {
        let mut rows = self.lock();
        if rows.held(leased).is_none() {
            return Ok(Advanced::Stale);
        }
        rows.rows.remove(&leased.number);
        Ok(Advanced::Done)
    }

    async fn again(&self, leased: &Leased, at: SystemTime) -> Result<Advanced, StoreError> {
        let mut rows = self.lock();
        let Some(row) = rows.held(leased) else {
            return Ok(Advanced::Stale);
        };
        row.leased_until = None;
        row.attempts += 1;
        row.due = at;
        let abonnement = row.waiting.abonnement.clone();
        // news that came while it was being sent waits already: this one, which is older, stands for both
        let number = leased.number;
        rows.rows.retain(|other, row| {
            *other == number || row.waiting.abonnement != abonnement || row.leased_until.is_some()
        });
        Ok(Advanced::Done)
    }
}
