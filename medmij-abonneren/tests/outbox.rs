// SPDX-License-Identifier: AGPL-3.0-or-later
//! ext.abo.rscnotint.206 — an outbox that replicas share, and a day of changes with three of them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use medmij_abonneren::{
    Abonnement, AbonnementError, AbonnementId, AbonnementRow, Abonnementen, Change, ChangeFeed, Changes, Delivered,
    FeedError, MemoryAbonnementen, MemorySharedOutbox, Notificatie, Sender, Settled, SharedOutbox, Waiting, deliver,
    take_in, tell_of_ends,
};
use medmij_oauth::{
    ClientId,
    seal::PersoonIndex,
    storage::{Advanced, StoreError},
};
use medmij_types::{Aanbiedernaam, CalendarDate, GegevensdienstId};

/// Midnight of the simulated day.
fn start() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_796_000_000 / 86_400 * 86_400)
}

fn at(seconds: u64) -> SystemTime {
    start() + Duration::from_secs(seconds)
}

fn today() -> CalendarDate {
    CalendarDate::in_amsterdam(start())
}

fn abonnement(number: u8) -> AbonnementId {
    AbonnementId::parse(&format!("abonnement-{number}")).unwrap()
}

fn client(number: u8) -> ClientId {
    ClientId::parse(&format!("dvp-{}.example.nl", number % 5)).unwrap()
}

fn change(persoon: u8, available: SystemTime) -> Change {
    let aanbieder = Aanbiedernaam::parse("umcharderwijk@medmij").unwrap();
    Change::new(
        PersoonIndex::from_bytes([persoon; 32]),
        aanbieder,
        GegevensdienstId::parse("48").unwrap(),
        available,
    )
}

async fn abonnementen(count: u8) -> MemoryAbonnementen {
    let all = MemoryAbonnementen::new();
    for number in 0..count {
        let change = change(number, start());
        let abonnement = Abonnement::new(abonnement(number), today().plus(30));
        let row = AbonnementRow::new(
            abonnement,
            change.persoon,
            client(number),
            change.aanbieder,
            change.gegevensdienst,
        );
        all.create(row, 10, today()).await.unwrap();
    }
    all
}

fn waiting(number: u8, seconds: u64) -> Waiting {
    Waiting::new(abonnement(number), client(number), at(seconds))
}

/// A generator that gives the same day each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }
}

#[derive(Default)]
struct Feed(Mutex<Vec<Change>>);

impl ChangeFeed for Feed {
    async fn after(&self, position: Option<&str>, most: usize) -> Result<Changes, FeedError> {
        let changes = self.0.lock().unwrap();
        let first: usize = position.map_or(0, |position| position.parse().unwrap());
        let part: Vec<Change> = changes.iter().skip(first).take(most).cloned().collect();
        let next = first + part.len();
        Ok(Changes::new(part, next.to_string()))
    }
}

/// A DVP side that loses some and is down for a while, and writes down what it took.
struct Dvps {
    now: Mutex<SystemTime>,
    dice: Mutex<Dice>,
    taken: Mutex<BTreeMap<AbonnementId, Vec<SystemTime>>>,
}

impl Sender for Dvps {
    async fn send(&self, row: &AbonnementRow, notification: &Notificatie) -> Result<Settled, StoreError> {
        let now = *self.now.lock().unwrap();
        // one DVP is down from 10:00 to 10:45
        let down = row.client_id == client(3) && (at(36_000)..at(38_700)).contains(&now);
        if down || self.dice.lock().unwrap().below(10) == 0 {
            return Ok(Settled::Again(AbonnementError::Status(503)));
        }
        self.taken
            .lock()
            .unwrap()
            .entry(notification.id().clone())
            .or_default()
            .push(now);
        Ok(Settled::Done)
    }
}

#[tokio::test]
async fn ext_abo_rscnotint_206_an_abonnement_that_the_dvp_does_not_know_ends_and_one_that_ended_is_not_notified() {
    struct Unknown<'a>(&'a MemoryAbonnementen);
    impl Sender for Unknown<'_> {
        async fn send(&self, row: &AbonnementRow, _: &Notificatie) -> Result<Settled, StoreError> {
            self.0.end(&row.abonnement.id).await?;
            Ok(Settled::Ended { alarm: None })
        }
    }
    let (all, outbox) = (abonnementen(2).await, MemorySharedOutbox::new());
    outbox
        .take_in("bron", None, "1", vec![waiting(0, 0), waiting(9, 0)])
        .await
        .unwrap();
    let result = deliver(&outbox, &all, &Unknown(&all), at(1), 10).await.unwrap();
    assert_eq!((result.dropped, result.sent), (2, 0));
    assert!(all.find(&abonnement(0), today()).await.unwrap().is_none());
    assert!(all.find(&abonnement(1), today()).await.unwrap().is_some());
    assert!(outbox.is_empty());
}

#[tokio::test]
async fn ext_abo_subnotint_an_end_is_told_until_the_dvp_took_it_and_for_a_week() {
    /// Of two DVPs one is down until the second day, and one is down for good.
    struct Some(Mutex<Vec<AbonnementId>>, u32);
    impl Sender for Some {
        async fn send(&self, row: &AbonnementRow, notification: &Notificatie) -> Result<Settled, StoreError> {
            assert!(matches!(notification, Notificatie::Abonnement { end, .. } if *end == today()));
            if row.client_id == client(2) || (row.client_id == client(1) && self.1 < 2) {
                return Ok(Settled::Again(AbonnementError::NoAnswer));
            }
            self.0.lock().unwrap().push(notification.id().clone());
            Ok(Settled::Done)
        }
    }
    let all = abonnementen(6).await;
    for number in [0, 1, 2] {
        let changed = all
            .change(&abonnement(number), today().plus(30), today())
            .await
            .unwrap();
        assert_eq!(changed, Advanced::Done);
    }
    let mut reported = Vec::new();
    for (day, expected) in [
        (0, (1, 2, 0)),
        (1, (0, 2, 0)),
        (2, (1, 1, 0)),
        (7, (0, 1, 0)),
        (8, (0, 0, 1)),
        (9, (0, 0, 0)),
    ] {
        let dvps = Some(Mutex::default(), day);
        let now = at(u64::from(day) * 86_400 + 43_200);
        let result = tell_of_ends(&all, &dvps, now).await.unwrap();
        assert_eq!((result.sent, result.failed, result.dropped), expected, "{day}");
        reported.extend(dvps.0.into_inner().unwrap());
    }
    assert_eq!(reported, [abonnement(0), abonnement(1)]);
    // the others go on
    assert!(all.find(&abonnement(3), today()).await.unwrap().is_some());
}

#[tokio::test]
async fn ext_abo_rscnotint_206_a_day_of_changes_over_three_replicas_none_late_and_none_twice() {
    const PERSONS: u8 = 200;
    let all = abonnementen(PERSONS).await;
    let (feed, outbox) = (Feed::default(), MemorySharedOutbox::new());
    let dvps = Dvps {
        now: Mutex::new(start()),
        dice: Mutex::new(Dice(7)),
        taken: Mutex::default(),
    };
    let mut dice = Dice(2_026);
    let mut news: BTreeMap<AbonnementId, Vec<SystemTime>> = BTreeMap::new();
    let mut totals = Delivered::default();
    // a day, and an hour to send what came at its end
    for step in 0..(25 * 3_600 / 15) {
        let now = at(step * 15);
        *dvps.now.lock().unwrap() = now;
        if step < 24 * 3_600 / 15 && dice.below(2) == 0 {
            let persoon = u8::try_from(dice.below(u64::from(PERSONS))).unwrap();
            feed.0.lock().unwrap().push(change(persoon, now));
            news.entry(abonnement(persoon)).or_default().push(now);
        }
        for replica in 0..3 {
            if (step + replica) % 4 == 0 {
                // two replicas read at once: the other has the same part in hand
                let seen = outbox.position("bron").await.unwrap();
                let same = feed.after(seen.as_deref(), 500).await.unwrap();
                take_in("bron", &feed, &all, &outbox, today()).await.unwrap();
                if !same.changes.is_empty() {
                    let stale = outbox
                        .take_in("bron", seen.as_deref(), &same.position, Vec::new())
                        .await
                        .unwrap();
                    assert_eq!(stale, Advanced::Stale);
                }
            }
            match dice.below(50) {
                // a replica dies with notifications in its hands, before it sent them
                0 => drop(outbox.lease(now, now + Duration::from_secs(120), 20).await.unwrap()),
                _ => {
                    let delivered = deliver(&outbox, &all, &dvps, now, 20).await.unwrap();
                    totals.sent += delivered.sent;
                    totals.late += delivered.late;
                    totals.failed += delivered.failed;
                    totals.dropped += delivered.dropped;
                }
            }
        }
    }
    let taken = dvps.taken.lock().unwrap();
    let changes: usize = news.values().map(Vec::len).sum();
    assert!(changes > 2_500 && totals.failed > 200, "{changes} {totals:?}");
    assert_eq!((totals.late, totals.dropped), (0, 0));
    assert!(outbox.is_empty());
    for (id, moments) in &news {
        let sent = &taken[id];
        for moment in moments {
            let first = sent.iter().find(|sent| *sent >= moment).unwrap();
            assert!(*first <= *moment + Duration::from_secs(3_600), "{id} late");
        }
        for pair in sent.windows(2) {
            // what is read within the minute may have been there when the one before was sent
            let fresh = moments
                .iter()
                .any(|moment| *moment + Duration::from_secs(75) > pair[0] && *moment <= pair[1]);
            assert!(fresh, "{id} twice");
        }
        assert!(sent.len() <= moments.len(), "{id}");
    }
}
