// SPDX-License-Identifier: AGPL-3.0-or-later
//! ext.abo.subnotint, ext.abo.rscnotint — what a DVZA does with the answer to a notification.

use std::{
    collections::{BTreeMap, VecDeque},
    future::Future,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http::Response;
use medmij_oauth::{ClientId, storage::StoreError};
use medmij_types::{CalendarDate, Clock};

use super::{AboPolicy, AbonnementError, AbonnementRow, Abonnementen, AnswerTimes, Notificatie};

/// What came of a notification.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Settled {
    /// The DVP took it.
    Done,
    /// The DVP does not know the Abonnement: it is ended here, and no notification says so.
    Ended {
        /// Where the DVP ended more of its Abonnementen in an hour than is likely to be right.
        alarm: Option<LossAlarm>,
    },
    /// The DVP could not take it now, or the answer says nothing that can be acted on: send it again later.
    Again(AbonnementError),
}

/// A DVP disowns many of its Abonnementen at once: more likely its register broke than that so many Personen left.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LossAlarm {
    /// The DVP.
    pub client_id: ClientId,
    /// So many were ended in the last hour.
    pub lost: u64,
    /// Of so many.
    pub of: u64,
}

/// The Abonnementen that each DVP ended within the last hour, in memory.
#[derive(Debug, Default)]
pub struct Losses {
    of: Mutex<BTreeMap<ClientId, VecDeque<Duration>>>,
}

impl Losses {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts one that was lost, of which `left` are left.
    fn lost(&self, client_id: &ClientId, left: u64, now: Duration, policy: &AboPolicy) -> Option<LossAlarm> {
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        let times = of.entry(client_id.clone()).or_default();
        while times.len() >= MOST || times.front().is_some_and(|at| now.saturating_sub(*at) > HOUR) {
            times.pop_front();
        }
        times.push_back(now);
        let lost = times.len() as u64;
        let all = left.saturating_add(lost);
        (lost.saturating_mul(1_000) > all.saturating_mul(policy.loss_permille.into())).then(|| LossAlarm {
            client_id: client_id.clone(),
            lost,
            of: all,
        })
    }
}

/// Sends a notification by `send`, counts how long its answer took (ext.abo.rscnotint.207) and judges it by [`settle`]. What
/// was not sent, or not answered, is [`Settled::Again`], and counts as not in time.
///
/// # Errors
///
/// As [`settle`]: [`StoreError`].
pub async fn notify<A: Abonnementen, E>(
    abonnementen: &A,
    row: &AbonnementRow,
    send: impl Future<Output = Result<Response<Bytes>, E>>,
    (losses, times, clock): (&Losses, &AnswerTimes, &dyn Clock),
    policy: &AboPolicy,
) -> Result<Settled, StoreError> {
    let began = clock.monotonic();
    let answered = send.await;
    let took = answered.is_ok().then(|| clock.monotonic().saturating_sub(began));
    times.count(&row.client_id, took, clock.now(), policy);
    match answered {
        Ok(response) => settle(abonnementen, row, &response, (losses, clock), policy).await,
        Err(_) => Ok(Settled::Again(AbonnementError::NoAnswer)),
    }
}

/// Judges the answer to a notification, and ends the Abonnement where the DVP does not know it.
///
/// # Errors
///
/// [`StoreError`]: the Abonnement may be there still; send the notification again.
pub async fn settle<A: Abonnementen>(
    abonnementen: &A,
    row: &AbonnementRow,
    response: &Response<Bytes>,
    (losses, clock): (&Losses, &dyn Clock),
    policy: &AboPolicy,
) -> Result<Settled, StoreError> {
    match Notificatie::answered(response, policy) {
        Ok(()) => Ok(Settled::Done),
        Err(AbonnementError::NotKnown) => {
            // of two answers to one notification the first counts
            let alarm = if abonnementen.end(&row.abonnement.id).await? {
                let today = CalendarDate::in_amsterdam(clock.now());
                let left = abonnementen.count(&row.client_id, today).await?;
                losses.lost(&row.client_id, left, clock.monotonic(), policy)
            } else {
                None
            };
            if let Some(alarm) = &alarm {
                tracing::error!(
                    rule = "ext.abo.subnotint",
                    client_id = %alarm.client_id,
                    lost = alarm.lost,
                    of = alarm.of,
                    "a dvp disowns many of its abonnementen within an hour"
                );
            }
            Ok(Settled::Ended { alarm })
        }
        Err(error) => Ok(Settled::Again(error)),
    }
}

const HOUR: Duration = Duration::from_secs(3_600);

/// So many of one DVP are remembered.
const MOST: usize = 65_536;

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use http::StatusCode;
    use medmij_oauth::seal::PersoonIndex;
    use medmij_types::{Aanbiedernaam, GegevensdienstId};

    use super::*;
    use crate::{Abonnement, AbonnementId, MemoryAbonnementen, message::refuse};

    struct At(Duration);

    impl Clock for At {
        fn now(&self) -> SystemTime {
            SystemTime::UNIX_EPOCH + Duration::from_secs(1_781_524_800) + self.0
        }
        fn monotonic(&self) -> Duration {
            self.0
        }
    }

    fn row(n: usize, client: &str) -> AbonnementRow {
        let id = AbonnementId::parse(&format!("abo-{n}")).unwrap();
        AbonnementRow::new(
            Abonnement::new(id, CalendarDate::parse("2026-12-31").unwrap()),
            PersoonIndex::from_bytes([u8::try_from(n % 200).unwrap(); 32]),
            ClientId::parse(client).unwrap(),
            Aanbiedernaam::parse("eenofanderezorgaanbieder").unwrap(),
            GegevensdienstId::parse("42").unwrap(),
        )
    }

    async fn filled(rows: usize) -> MemoryAbonnementen {
        let store = MemoryAbonnementen::new();
        for n in 0..rows {
            let today = CalendarDate::parse("2026-06-15").unwrap();
            store.create(row(n, "pgo.example.nl"), 1_000, today).await.unwrap();
        }
        store
    }

    fn unknown() -> Response<Bytes> {
        refuse(
            StatusCode::BAD_REQUEST,
            "invalid_subscription_id",
            "subscription is not known",
        )
    }

    #[tokio::test]
    async fn ext_abo_subnotint_only_invalid_subscription_id_ends_an_abonnement() {
        let policy = AboPolicy::default();
        let ok = crate::message::json_answer(StatusCode::OK, &BTreeMap::new());
        let bare = Response::builder().status(400).body(Bytes::new()).unwrap();
        for (response, settled, there) in [
            (ok, Settled::Done, true),
            (unknown(), Settled::Ended { alarm: None }, false),
            (
                refuse(StatusCode::BAD_REQUEST, "invalid_notification_type", "x"),
                Settled::Again(AbonnementError::Status(400)),
                true,
            ),
            (
                refuse(StatusCode::BAD_REQUEST, "invalid_request", "x"),
                Settled::Again(AbonnementError::Status(400)),
                true,
            ),
            (bare, Settled::Again(AbonnementError::Status(400)), true),
            // the code counts with its status only
            (
                refuse(StatusCode::INTERNAL_SERVER_ERROR, "invalid_subscription_id", "x"),
                Settled::Again(AbonnementError::Status(500)),
                true,
            ),
            (
                refuse(StatusCode::OK, "invalid_subscription_id", "x"),
                Settled::Done,
                true,
            ),
        ] {
            let (store, clock) = (filled(100).await, At(Duration::ZERO));
            let row = row(7, "pgo.example.nl");
            let found = settle(&store, &row, &response, (&Losses::new(), &clock), &policy)
                .await
                .unwrap();
            assert_eq!(found, settled);
            let day = CalendarDate::parse("2026-06-15").unwrap();
            assert_eq!(store.find(&row.abonnement.id, day).await.unwrap().is_some(), there);
        }
    }

    #[tokio::test]
    async fn ext_abo_rscnotint_207_what_is_sent_is_counted_by_the_time_of_its_answer() {
        struct Slow(Mutex<VecDeque<u64>>);
        impl Clock for Slow {
            fn now(&self) -> SystemTime {
                At(Duration::ZERO).now()
            }
            fn monotonic(&self) -> Duration {
                Duration::from_secs(self.0.lock().unwrap().pop_front().unwrap_or_default())
            }
        }
        let (store, policy, row) = (
            MemoryAbonnementen::new(),
            AboPolicy::default(),
            row(1, "pgo.example.nl"),
        );
        let (losses, times) = (Losses::new(), AnswerTimes::new());
        for (seconds, answer, settled) in [
            (10, Ok(Response::new(Bytes::new())), Settled::Done),
            (11, Ok(Response::new(Bytes::new())), Settled::Done),
            (1, Err("not sent"), Settled::Again(AbonnementError::NoAnswer)),
        ] {
            let clock = Slow(Mutex::new(VecDeque::from([100, 100 + seconds])));
            let send = std::future::ready(answer);
            let found = notify(&store, &row, send, (&losses, &times, &clock), &policy)
                .await
                .unwrap();
            assert_eq!(found, settled);
        }
        let counts: Vec<_> = times
            .counts()
            .into_iter()
            .map(|(_, _, count)| (count.all, count.in_time))
            .collect();
        assert_eq!(counts, [(3, 1)]);
    }

    #[tokio::test]
    async fn ext_abo_subnotint_an_alarm_when_more_than_one_in_twenty_is_lost_in_an_hour() {
        let (store, losses, policy) = (filled(100).await, Losses::new(), AboPolicy::default());
        let lose = async |n: usize, at: u64| {
            let row = row(n, "pgo.example.nl");
            let clock = At(Duration::from_secs(at));
            match settle(&store, &row, &unknown(), (&losses, &clock), &policy)
                .await
                .unwrap()
            {
                Settled::Ended { alarm } => alarm.map(|alarm| (alarm.lost, alarm.of)),
                other => panic!("{other:?}"),
            }
        };
        for n in 0..5 {
            assert_eq!(lose(n, 0).await, None, "{n} of 100");
        }
        assert_eq!(lose(5, 3_599).await, Some((6, 100)));
        // said twice, lost once
        assert_eq!(lose(5, 3_599).await, None);
        // the hour is over
        assert_eq!(lose(6, 7_300).await, None);
    }
}
