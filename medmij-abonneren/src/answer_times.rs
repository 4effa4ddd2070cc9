// SPDX-License-Identifier: AGPL-3.0-or-later
//! ext.abo.rscnotint.207 — how fast notifications are answered: counted by DVP and calendar month, with an alarm where fewer
//! than the norm are in time.

mod observed;

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use medmij_oauth::ClientId;
use medmij_types::CalendarDate;

use super::AboPolicy;

/// How many notifications were answered in time, by DVP and by calendar month in the Netherlands. A DVZA counts what it sends
/// ([`notify`](super::notify)), a DVP what it answers ([`NotificatieReceiver::with_times`](super::NotificatieReceiver::with_times)).
///
/// It is in memory: a process that starts anew counts anew, and each replica counts its own. The last thirteen months of a DVP
/// are kept.
#[derive(Debug, Default)]
pub struct AnswerTimes {
    months: Mutex<BTreeMap<ClientId, BTreeMap<Month, Counted>>>,
    hours: Mutex<BTreeMap<ClientId, Hour>>,
}

/// The notifications of an hour: when each was counted, and whether nobody took it.
#[derive(Debug, Default)]
struct Hour {
    counted: VecDeque<(SystemTime, bool)>,
    raised: Option<SystemTime>,
}

/// A calendar month in the Netherlands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Month {
    /// The year.
    pub year: u16,
    /// The month, from 1.
    pub month: u8,
}

/// What was counted of one DVP in one month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AnswerCount {
    /// Notifications that were sent.
    pub all: u64,
    /// Of these, answered within [`AboPolicy::answer_within`].
    pub in_time: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counted {
    count: AnswerCount,
    raised: bool,
}

/// Fewer notifications of a month were answered in time than the norm asks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AnswerAlarm {
    /// The DVP that answers.
    pub client_id: ClientId,
    /// The month.
    pub month: Month,
    /// What was counted in it so far.
    pub count: AnswerCount,
}

impl AnswerCount {
    /// Whether a share of so many thousandths was in time; nothing sent meets every norm.
    #[must_use]
    pub fn meets(&self, permille: u32) -> bool {
        self.in_time.saturating_mul(1_000) >= self.all.saturating_mul(permille.into())
    }
}

impl AnswerTimes {
    /// Nothing counted yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts a notification to a DVP: `took` is the time until its answer, `None` where none came.
    ///
    /// Where more than [`AboPolicy::loss_permille`] of those of an hour were not taken, that is an event at level error, once an
    /// hour. Returns an alarm once a month for a DVP: when the share falls below [`AboPolicy::answer_permille`], after so many that a
    /// single late answer is no alarm.
    pub fn count(
        &self,
        client_id: &ClientId,
        took: Option<Duration>,
        now: SystemTime,
        policy: &AboPolicy,
    ) -> Option<AnswerAlarm> {
        self.count_hour(client_id, took.is_none(), now, policy);
        let today = CalendarDate::in_amsterdam(now);
        let month = Month {
            year: today.year(),
            month: today.month(),
        };
        let mut all = self.months.lock().unwrap_or_else(PoisonError::into_inner);
        let months = all.entry(client_id.clone()).or_default();
        let counted = months.entry(month).or_default();
        counted.count.all = counted.count.all.saturating_add(1);
        if took.is_some_and(|took| took <= policy.answer_within) {
            counted.count.in_time = counted.count.in_time.saturating_add(1);
        }
        // below this many one late answer would be below the norm by itself
        let enough = 1_000_u64.div_ceil(1_000_u64.saturating_sub(policy.answer_permille.into()).max(1));
        let missed = counted.count.all >= enough && !counted.count.meets(policy.answer_permille);
        let alarm = (missed && !counted.raised).then(|| AnswerAlarm {
            client_id: client_id.clone(),
            month,
            count: counted.count,
        });
        counted.raised |= missed;
        while months.len() > KEPT {
            months.pop_first();
        }
        if let Some(alarm) = &alarm {
            tracing::error!(
                rule = "ext.abo.rscnotint.207",
                %client_id,
                %month,
                all = alarm.count.all,
                in_time = alarm.count.in_time,
                "fewer notifications are answered in time than the norm asks"
            );
        }
        alarm
    }

    fn count_hour(&self, client_id: &ClientId, lost: bool, now: SystemTime, policy: &AboPolicy) {
        let mut hours = self.hours.lock().unwrap_or_else(PoisonError::into_inner);
        let hour = hours.entry(client_id.clone()).or_default();
        hour.forget(now);
        hour.counted.push_back((now, lost));
        let (lost, all) = hour.sums();
        // below this many a single one would be too much by itself
        let enough = 1_000_u64.div_ceil(u64::from(policy.loss_permille).max(1));
        let over = all >= enough && lost.saturating_mul(1_000) > all.saturating_mul(policy.loss_permille.into());
        let said = hour
            .raised
            .is_some_and(|at| now.duration_since(at).is_ok_and(|since| since < HOUR));
        if over && !said {
            hour.raised = Some(now);
            tracing::error!(
                rule = "ext.abo.rscnotint.207",
                %client_id,
                lost,
                all,
                "a dvp did not take more of its notifications within an hour than is likely to be right"
            );
        }
    }

    /// Of each DVP: how many notifications of the last hour nobody took, and of how many.
    #[must_use]
    pub fn last_hour(&self, now: SystemTime) -> Vec<(ClientId, u64, u64)> {
        let mut hours = self.hours.lock().unwrap_or_else(PoisonError::into_inner);
        let rows = hours.iter_mut().map(|(client, hour)| {
            hour.forget(now);
            let (lost, all) = hour.sums();
            (client.clone(), lost, all)
        });
        rows.collect()
    }

    /// What was counted, by DVP and month, the earliest month first.
    #[must_use]
    pub fn counts(&self) -> Vec<(ClientId, Month, AnswerCount)> {
        let all = self.months.lock().unwrap_or_else(PoisonError::into_inner);
        let rows = all.iter().flat_map(|(client, months)| {
            let row = |(month, counted): (&Month, &Counted)| (client.clone(), *month, counted.count);
            months.iter().map(row)
        });
        rows.collect()
    }
}

impl Hour {
    fn forget(&mut self, now: SystemTime) {
        let over = |at: &SystemTime| now.duration_since(*at).is_ok_and(|age| age >= HOUR);
        while self.counted.len() >= MOST || self.counted.front().is_some_and(|(at, _)| over(at)) {
            self.counted.pop_front();
        }
    }

    fn sums(&self) -> (u64, u64) {
        let lost = self.counted.iter().filter(|(_, lost)| *lost).count();
        (lost as u64, self.counted.len() as u64)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

/// Months of a DVP.
const KEPT: usize = 13;
const HOUR: Duration = Duration::from_secs(3_600);
/// Notifications of an hour that are remembered of a DVP.
const MOST: usize = 16_384;

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-12-31 22:59:59 in the Netherlands.
    const NEW_YEAR: Duration = Duration::from_secs(1_798_754_399);

    fn count(times: &AnswerTimes, took: Option<u64>, after: u64) -> Option<AnswerAlarm> {
        let client = ClientId::parse("pgo.example.nl").unwrap();
        let now = SystemTime::UNIX_EPOCH + NEW_YEAR + Duration::from_secs(after);
        times.count(&client, took.map(Duration::from_millis), now, &AboPolicy::default())
    }

    #[test]
    fn ext_abo_rscnotint_207_ten_seconds_are_in_time_and_no_answer_is_not() {
        let times = AnswerTimes::new();
        for took in [Some(10_000), Some(10_001), None, Some(1)] {
            assert_eq!(count(&times, took, 0), None, "too few to say anything");
        }
        let rows: Vec<_> = times
            .counts()
            .into_iter()
            .map(|(_, month, count)| (month.to_string(), count))
            .collect();
        assert_eq!(rows, [("2026-12".to_owned(), AnswerCount { all: 4, in_time: 2 })]);
    }

    #[test]
    fn ext_abo_rscnotint_207_the_alarm_is_raised_once_a_month_below_985_of_a_thousand() {
        let times = AnswerTimes::new();
        let raised: Vec<u64> = (1..=2_000)
            // one in fifty is late
            .filter(|n| count(&times, Some(if n % 50 == 0 { 11_000 } else { 50 }), 0).is_some())
            .collect();
        assert_eq!(raised, [100], "with the second late one");
        // another month is another norm
        let hour = 3_600;
        let raised = (1..=200).filter(|n| count(&times, Some(if *n == 67 { 11_000 } else { 50 }), hour + 1).is_some());
        assert_eq!(raised.count(), 0, "one of 67 is within the norm");
        assert_eq!(times.counts().len(), 2);
    }

    #[test]
    fn ext_abo_rscnotint_207_what_nobody_took_within_an_hour_is_known() {
        let times = AnswerTimes::new();
        for n in 0..100 {
            count(&times, (n % 10 != 0).then_some(50), n);
        }
        let last = |after: u64| {
            let hour = times.last_hour(SystemTime::UNIX_EPOCH + NEW_YEAR + Duration::from_secs(after));
            hour.into_iter().map(|(_, lost, all)| (lost, all)).collect::<Vec<_>>()
        };
        assert_eq!(last(100), [(10, 100)]);
        assert_eq!(
            times
                .hours
                .lock()
                .unwrap()
                .values()
                .filter(|hour| hour.raised.is_some())
                .count(),
            1
        );
        // an hour after each of them
        assert_eq!(last(3_649), [(5, 50)]);
        assert_eq!(last(4_000), [(0, 0)]);
    }

    #[test]
    fn ext_abo_rscnotint_207_thirteen_months_are_kept() {
        let times = AnswerTimes::new();
        for month in 0..30 {
            count(&times, Some(1), month * 31 * 86_400);
        }
        assert_eq!(times.counts().len(), 13);
    }
}
