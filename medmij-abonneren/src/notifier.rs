// SPDX-License-Identifier: AGPL-3.0-or-later
//! ext.abo.rscnotint.206 — from what is new to a resource notification within the hour.
//!
//! Two steps that every replica takes again and again: [`take_in`] reads on in a feed and writes down which Abonnementen have
//! to be notified, [`deliver`] sends what is due. Neither sleeps nor opens a connection: the clock and the sender are
//! arguments.

use std::collections::BTreeSet;
use std::future::Future;
use std::time::{Duration, SystemTime};

use medmij_oauth::storage::{Advanced, StoreError};
use medmij_types::CalendarDate;

use super::{
    AbonnementRow, Abonnementen, ChangeFeed, FeedError, Leased, Notificatie, Settled, SharedOutbox, Waiting,
    deliver_before,
};

/// Changes that are read at once.
const PART: usize = 500;
/// How long a replica may take to send what it leased; a sender ends well before.
const LEASE: Duration = Duration::from_secs(120);
/// After this nobody waits for the notification any more.
const GIVE_UP: Duration = Duration::from_secs(24 * 3_600);

/// So many days after its end no DVP is notified of it any more.
const TELL_DAYS: u32 = 7;

/// The way to a DVP: looks up where its notifications go, sends one within a minute, and judges the answer.
pub trait Sender: Send + Sync {
    /// Sends a notification; [`settle`](super::settle()) judges the answer. What was not sent is [`Settled::Again`].
    fn send(
        &self,
        row: &AbonnementRow,
        notification: &Notificatie,
    ) -> impl Future<Output = Result<Settled, StoreError>> + Send;
}

/// What one [`deliver`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Delivered {
    /// Taken by a DVP.
    pub sent: usize,
    /// Of these, more than an hour after the news was available.
    pub late: usize,
    /// To be tried again.
    pub failed: usize,
    /// Given up, or without an Abonnement.
    pub dropped: usize,
}

/// Why changes were not taken in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TakeInError {
    /// The feed cannot be read.
    #[error(transparent)]
    Feed(#[from] FeedError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads one part of a feed and writes down who has to be notified; how many changes were read. Call it again at once while it
/// gives more than 0, else after a minute.
///
/// # Errors
///
/// [`TakeInError`]; then nothing was written, and the same part is read again.
pub async fn take_in<O: SharedOutbox>(
    name: &str,
    feed: &impl ChangeFeed,
    abonnementen: &impl Abonnementen,
    outbox: &O,
    today: CalendarDate,
) -> Result<usize, TakeInError> {
    let seen = outbox.position(name).await?;
    let part = feed.after(seen.as_deref(), PART).await?;
    if part.changes.is_empty() {
        return Ok(0);
    }
    let mut waiting = Vec::new();
    for change in &part.changes {
        let rows = abonnementen
            .to_notify(&change.persoon, &change.aanbieder, &change.gegevensdienst, today)
            .await?;
        let of_row = |row: AbonnementRow| Waiting::new(row.abonnement.id, row.client_id, change.available);
        waiting.extend(rows.into_iter().map(of_row));
    }
    // another replica that read the same part was first: what it wrote is what this would have been
    let _: Advanced = outbox.take_in(name, seen.as_deref(), &part.position, waiting).await?;
    Ok(part.changes.len())
}

/// Sends what is due, at most `most`, one after another. Call it every few seconds, with a `most` that is sent well within two
/// minutes.
///
/// # Errors
///
/// [`StoreError`]; what was leased is free again after two minutes.
pub async fn deliver<O: SharedOutbox>(
    outbox: &O,
    abonnementen: &impl Abonnementen,
    sender: &impl Sender,
    now: SystemTime,
    most: usize,
) -> Result<Delivered, StoreError> {
    let mut result = Delivered::default();
    for leased in outbox.lease(now, now + LEASE, most).await? {
        let waiting = &leased.waiting;
        let over = now.duration_since(waiting.available).is_ok_and(|age| age > GIVE_UP);
        let live = abonnementen
            .find(&waiting.abonnement, CalendarDate::in_amsterdam(now))
            .await?;
        let Some(row) = live.filter(|_| !over) else {
            outbox.done(&leased).await?;
            result.dropped += 1;
            continue;
        };
        let notification = Notificatie::data(waiting.abonnement.clone());
        match sender.send(&row, &notification).await? {
            Settled::Done => {
                outbox.done(&leased).await?;
                result.sent += 1;
                if now > deliver_before(waiting.available) {
                    result.late += 1;
                }
            }
            Settled::Ended { .. } => {
                outbox.done(&leased).await?;
                result.dropped += 1;
            }
            Settled::Again(_) => {
                outbox.again(&leased, now + pause(&leased)).await?;
                result.failed += 1;
            }
        }
    }
    Ok(result)
}

/// Tells DVPs that Abonnementen are over (ext.abo.subnotint): what the Aanbieder ended, by
/// [`change`](Abonnementen::change) to today, and what reached its last day. Each is tried once; one that was taken is removed, and
/// so is one of which nobody wants to hear a week after its end. A DVP that does not answer is left alone until the next
/// call. Call it every few minutes; replicas that do it at once may tell the same twice, which changes nothing.
///
/// # Errors
///
/// [`StoreError`]; what was not told is told at the next call.
pub async fn tell_of_ends(
    abonnementen: &impl Abonnementen,
    sender: &impl Sender,
    now: SystemTime,
) -> Result<Delivered, StoreError> {
    let today = CalendarDate::in_amsterdam(now);
    let (mut result, mut silent, mut after) = (Delivered::default(), BTreeSet::new(), None);
    loop {
        let part = abonnementen.over(today, after.as_ref(), PART).await?;
        let Some(last) = part.last() else { return Ok(result) };
        after = Some(last.abonnement.id.clone());
        for row in part {
            let (id, end) = (row.abonnement.id.clone(), row.abonnement.end);
            if end.plus(TELL_DAYS) < today {
                abonnementen.end(&id).await?;
                result.dropped += 1;
                continue;
            }
            if silent.contains(&row.client_id) {
                result.failed += 1;
                continue;
            }
            let notification = Notificatie::Abonnement { id: id.clone(), end };
            match sender.send(&row, &notification).await? {
                Settled::Done => {
                    abonnementen.end(&id).await?;
                    result.sent += 1;
                }
                Settled::Ended { .. } => result.dropped += 1,
                Settled::Again(_) => {
                    silent.insert(row.client_id);
                    result.failed += 1;
                }
            }
        }
    }
}

/// 15 s, 30 s, a minute, … five minutes: at least eleven tries within the hour.
fn pause(leased: &Leased) -> Duration {
    Duration::from_secs(15 << leased.attempts.min(5)).min(Duration::from_secs(300))
}
