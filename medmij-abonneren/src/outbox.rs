// SPDX-License-Identifier: AGPL-3.0-or-later
//! ext.abo.rscnotint.206 — from the moment that information becomes available, its notification is due within the hour.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use medmij_oauth::{seal::PersoonIndex, storage::StoreError};
use medmij_types::{Aanbiedernaam, CalendarDate, GegevensdienstId};

use super::{AbonnementId, AbonnementRow, Abonnementen, Notificatie, deliver_before};

/// The resource notifications that a DVZA has to send, in memory: [`news`](Self::news) when a source system has something new,
/// [`take`](Self::take) for whoever sends, and [`again`](Self::again) for what did not arrive.
///
/// An Abonnement has one notification at a time, with the earliest time at which it is due: it says that there is something
/// new, and not what. What waits is lost with the process; a source system that keeps its own news tells it again at start.
#[derive(Debug)]
pub struct Outbox {
    most: usize,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    waiting: BTreeMap<AbonnementId, Due>,
    /// By the time from which they may go.
    order: BTreeSet<(SystemTime, AbonnementId)>,
}

/// A notification to send.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Due {
    /// The Abonnement, with the DVP that it is for.
    pub row: AbonnementRow,
    /// The moment before which it has to be sent (ext.abo.rscnotint.206).
    pub before: SystemTime,
    attempts: u32,
}

impl Due {
    /// What to send.
    #[must_use]
    pub fn notificatie(&self) -> Notificatie {
        Notificatie::data(self.row.abonnement.id.clone())
    }
}

impl Outbox {
    /// For at most so many Abonnementen at once.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self {
            most,
            inner: Mutex::default(),
        }
    }

    /// Something new of a Persoon became available at `available`: every Abonnement on it is to be notified. Returns how many.
    ///
    /// # Errors
    ///
    /// [`StoreError`], [`StoreError::Full`] where as many wait as there is room for: whoever sends is behind. Call it again, what waits already is not doubled.
    pub async fn news<A: Abonnementen>(
        &self,
        abonnementen: &A,
        persoon: &PersoonIndex,
        aanbieder: &Aanbiedernaam,
        gegevensdienst: &GegevensdienstId,
        available: SystemTime,
    ) -> Result<usize, StoreError> {
        let today = CalendarDate::in_amsterdam(available);
        let rows = abonnementen
            .to_notify(persoon, aanbieder, gegevensdienst, today)
            .await?;
        let before = deliver_before(available);
        let mut inner = self.lock();
        let count = rows.len();
        for row in rows {
            if let Some(waiting) = inner.waiting.get_mut(&row.abonnement.id) {
                waiting.before = waiting.before.min(before);
            } else if inner.waiting.len() >= self.most {
                return Err(StoreError::Full);
            } else {
                let due = Due {
                    row,
                    before,
                    attempts: 0,
                };
                inner.insert(due, available);
            }
        }
        Ok(count)
    }

    /// The notification that waits longest, if one may go now. It is out of the box: give it back with
    /// [`again`](Self::again) where it did not arrive.
    #[must_use]
    pub fn take(&self, now: SystemTime) -> Option<Due> {
        let mut inner = self.lock();
        let (from, id) = inner.order.first().cloned()?;
        if from > now {
            return None;
        }
        inner.order.remove(&(from, id.clone()));
        inner.waiting.remove(&id)
    }

    /// What did not arrive goes again after half a minute, a minute, two, and so on up to ten; past its hour it is reported and
    /// goes on.
    pub fn again(&self, mut due: Due, now: SystemTime) {
        let wait = FIRST_WAIT.saturating_mul(1 << due.attempts.min(8)).min(LAST_WAIT);
        due.attempts = due.attempts.saturating_add(1);
        if now > due.before {
            tracing::warn!(
                rule = "ext.abo.rscnotint.206",
                client_id = %due.row.client_id,
                attempts = due.attempts,
                "notification is more than an hour late"
            );
        }
        let mut inner = self.lock();
        match inner.waiting.get_mut(&due.row.abonnement.id) {
            // there was more news meanwhile
            Some(waiting) => waiting.before = waiting.before.min(due.before),
            None => inner.insert(due, now + wait),
        }
    }

    /// How many wait, and how many of them are past their hour.
    #[must_use]
    pub fn waiting(&self, now: SystemTime) -> (usize, usize) {
        let inner = self.lock();
        let late = inner.waiting.values().filter(|due| due.before < now);
        (inner.waiting.len(), late.count())
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn insert(&mut self, due: Due, from: SystemTime) {
        let id = due.row.abonnement.id.clone();
        self.order.insert((from, id.clone()));
        self.waiting.insert(id, due);
    }
}

const FIRST_WAIT: Duration = Duration::from_secs(30);
const LAST_WAIT: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests {
    use medmij_oauth::ClientId;

    use super::*;
    use crate::{Abonnement, MemoryAbonnementen};

    fn persoon() -> PersoonIndex {
        PersoonIndex::from_bytes([1; 32])
    }

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_781_524_800 + seconds)
    }

    async fn store(rows: usize) -> MemoryAbonnementen {
        let store = MemoryAbonnementen::new();
        for n in 0..rows {
            let id = AbonnementId::parse(&format!("abo-{n}")).unwrap();
            let row = AbonnementRow::new(
                Abonnement::new(id, CalendarDate::parse("2026-12-31").unwrap()),
                persoon(),
                ClientId::parse("pgo.example.nl").unwrap(),
                name(),
                service(),
            );
            store
                .create(row, 100, CalendarDate::parse("2026-06-15").unwrap())
                .await
                .unwrap();
        }
        store
    }

    fn name() -> Aanbiedernaam {
        Aanbiedernaam::parse("eenofanderezorgaanbieder").unwrap()
    }

    fn service() -> GegevensdienstId {
        GegevensdienstId::parse("42").unwrap()
    }

    async fn news(outbox: &Outbox, store: &MemoryAbonnementen, seconds: u64) -> Result<usize, StoreError> {
        outbox.news(store, &persoon(), &name(), &service(), at(seconds)).await
    }

    #[tokio::test]
    async fn ext_abo_rscnotint_206_news_is_due_within_the_hour_and_once_for_each_abonnement() {
        let (outbox, store) = (Outbox::new(10), store(2).await);
        assert_eq!(news(&outbox, &store, 0).await.unwrap(), 2);
        // more news before it was sent is the same notification, due as early
        assert_eq!(news(&outbox, &store, 600).await.unwrap(), 2);
        assert_eq!(outbox.waiting(at(0)), (2, 0));
        assert_eq!(outbox.waiting(at(3_601)), (2, 2));
        let due = outbox.take(at(0)).unwrap();
        assert_eq!(due.before, at(3_600));
        assert_eq!(due.notificatie().id(), &due.row.abonnement.id);
        assert!(outbox.take(at(0)).is_some() && outbox.take(at(0)).is_none());
        // of another gegevensdienst nobody wants to know
        let other = GegevensdienstId::parse("48").unwrap();
        let none = outbox.news(&store, &persoon(), &name(), &other, at(0)).await.unwrap();
        assert_eq!((none, outbox.waiting(at(0))), (0, (0, 0)));
    }

    #[tokio::test]
    async fn ext_abo_rscnotint_206_what_did_not_arrive_goes_again_later_and_later() {
        let (outbox, store) = (Outbox::new(10), store(1).await);
        news(&outbox, &store, 0).await.unwrap();
        let mut now = 0;
        for wait in [30, 60, 120, 240, 480, 600, 600] {
            let due = outbox.take(at(now)).unwrap();
            outbox.again(due, at(now));
            assert!(outbox.take(at(now + wait - 1)).is_none(), "{wait}");
            now += wait;
        }
        // the deadline stays that of the news
        assert_eq!(outbox.take(at(now)).unwrap().before, at(3_600));
    }

    #[tokio::test]
    async fn ext_abo_rscnotint_206_the_box_is_bounded() {
        let (outbox, store) = (Outbox::new(1), store(2).await);
        assert!(matches!(news(&outbox, &store, 0).await, Err(StoreError::Full)));
        assert_eq!(outbox.waiting(at(0)).0, 1);
    }
}
