// SPDX-License-Identifier: AGPL-3.0-or-later
//! When to fetch a list next, and when to say that it is late (security L11, L13, R1, R2, R10). No IO: the clock and
//! the chance are arguments.

use std::time::Duration;

use crate::{Freshness, RefreshPolicy};

/// Decides what happens next to one list.
///
/// All times are monotonic: a wall clock that is set does not move the schedule.
#[derive(Debug)]
pub(super) struct Refresher {
    policy: RefreshPolicy,
    /// When the supply began: what lateness counts from as long as there is no list.
    began: Duration,
    next_fetch: Duration,
    tickets: u64,
    fetching: bool,
    failures: u32,
    reported: Freshness,
}

/// What a [`ListSupply`](super::ListSupply) wants next.
#[derive(Debug)]
#[non_exhaustive]
pub enum Step {
    /// Fetch the list and hand the ticket back with [`ListSupply::arrived`](super::ListSupply::arrived).
    Fetch(FetchTicket),
    /// Nothing before this time has passed; then ask again.
    Wait(Duration),
    /// A fetch is under way.
    InFlight,
}

/// A fetch that is under way: there is one at most. It goes back to the supply that gave it.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a ticket that is not handed back stops the refreshing"]
pub struct FetchTicket(u64);

impl Refresher {
    /// A refresher whose first fetch is due at once.
    #[must_use]
    pub(super) const fn new(policy: RefreshPolicy, now: Duration) -> Self {
        Self {
            policy,
            began: now,
            next_fetch: now,
            tickets: 0,
            fetching: false,
            failures: 0,
            reported: Freshness::Fresh,
        }
    }

    /// What to do at this moment, with a list of this age.
    pub(super) fn next(&mut self, now: Duration, age: Option<Duration>) -> Step {
        if self.fetching {
            return Step::InFlight;
        }
        if now >= self.next_fetch {
            self.fetching = true;
            self.tickets = self.tickets.wrapping_add(1);
            return Step::Fetch(FetchTicket(self.tickets));
        }
        let until_fetch = self.next_fetch.saturating_sub(now);
        Step::Wait(
            self.until_late(now, age)
                .map_or(until_fetch, |late| late.min(until_fetch)),
        )
    }

    /// The fetch brought a list that was taken or confirmed: the next fetch is due after the interval.
    pub(super) fn succeeded(&mut self, ticket: FetchTicket, now: Duration, chance: f64) {
        self.completed(ticket, 0, now, chance);
    }

    /// The fetch brought nothing that could be taken: the next fetch is due after the back-off.
    pub(super) fn failed(&mut self, ticket: FetchTicket, now: Duration, chance: f64) {
        let failures = self.failures.saturating_add(1);
        self.completed(ticket, failures, now, chance);
    }

    /// Makes the next fetch due at once, as an operator asks.
    pub(super) const fn fetch_now(&mut self, now: Duration) {
        self.next_fetch = now;
    }

    /// How late the list has become since the last time it was asked: each lateness is reported once, and reported again only
    /// after the list was fresh in between. Without a list it never says [`Freshness::Expired`].
    pub(super) fn became_late(&mut self, now: Duration, age: Option<Duration>) -> Option<(Freshness, Duration)> {
        let (is, age) = self.lateness(now, age);
        let was = std::mem::replace(&mut self.reported, is);
        (is > was).then_some((is, age))
    }

    fn completed(&mut self, ticket: FetchTicket, failures: u32, now: Duration, chance: f64) {
        if !self.fetching || ticket.0 != self.tickets {
            return;
        }
        self.fetching = false;
        self.failures = failures;
        let wait = self
            .policy
            .next_attempt(failures, chance)
            .clamp(SHORTEST, self.longest());
        self.next_fetch = now.saturating_add(wait);
    }

    /// However the policy is set: a tenth before the list would be stale.
    fn longest(&self) -> Duration {
        self.policy.due.mul_f64(0.9).max(SHORTEST)
    }

    fn lateness(&self, now: Duration, age: Option<Duration>) -> (Freshness, Duration) {
        match age {
            Some(age) => (self.policy.freshness(age), age),
            None => {
                let age = now.saturating_sub(self.began);
                (self.policy.freshness(age).min(Freshness::Alarm), age)
            }
        }
    }

    /// How long until the list becomes later than it was reported.
    fn until_late(&self, now: Duration, age: Option<Duration>) -> Option<Duration> {
        let (_, age) = self.lateness(now, age);
        [self.policy.due, self.policy.alarm, self.policy.hard_limit]
            .into_iter()
            .filter(|limit| *limit > age)
            .map(|limit| limit.saturating_sub(age))
            .min()
    }
}

/// No policy makes it ask more often than this.
const SHORTEST: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn fetch(refresher: &mut Refresher, now: Duration) -> FetchTicket {
        match refresher.next(now, None) {
            Step::Fetch(ticket) => ticket,
            other => panic!("no fetch at {now:?}: {other:?}"),
        }
    }

    #[test]
    fn l11_there_is_one_fetch_at_most() {
        let mut refresher = Refresher::new(RefreshPolicy::default(), s(0));
        let ticket = fetch(&mut refresher, s(0));
        refresher.fetch_now(s(1));
        for now in [0, 1, 10_000] {
            assert!(matches!(refresher.next(s(now), None), Step::InFlight), "{now}");
        }
        refresher.succeeded(ticket, s(10_000), 0.5);
        assert!(matches!(refresher.next(s(10_000), Some(s(0))), Step::Wait(wait) if wait == s(600)));
    }

    #[test]
    fn l11_a_ticket_of_an_earlier_fetch_counts_for_nothing() {
        let mut refresher = Refresher::new(RefreshPolicy::default(), s(0));
        let old = FetchTicket(0);
        let ticket = fetch(&mut refresher, s(0));
        refresher.failed(old, s(1), 0.5);
        assert!(matches!(refresher.next(s(1), None), Step::InFlight));
        refresher.failed(ticket, s(1), 0.5);
        assert_eq!(refresher.failures, 1);
    }

    #[test]
    fn l13_back_off_goes_from_5_to_60_seconds() {
        let mut refresher = Refresher::new(RefreshPolicy::default(), s(0));
        let mut now = s(0);
        for wait in [5, 10, 20, 40, 60, 60] {
            let ticket = fetch(&mut refresher, now);
            refresher.failed(ticket, now, 0.0);
            now += s(wait);
            assert!(
                matches!(refresher.next(now - s(1), None), Step::Wait(left) if left == s(1)),
                "{wait}"
            );
        }
    }

    #[test]
    fn l13_a_week_of_asking_is_about_a_thousand_fetches() {
        let mut refresher = Refresher::new(RefreshPolicy::default(), s(0));
        let (mut now, mut fetches, mut age) = (s(0), 0, None);
        while now < s(7 * 24 * 3600) {
            match refresher.next(now, age) {
                Step::Fetch(ticket) => {
                    fetches += 1;
                    let chance = f64::from(fetches % 101) / 100.0;
                    refresher.succeeded(ticket, now, chance);
                    age = Some(s(0));
                }
                Step::Wait(wait) => {
                    assert!(wait <= s(660));
                    now += wait;
                    age = age.map(|age| age + wait);
                    assert!(age.is_none_or(|age| age < s(900)), "core.whl.302");
                }
                Step::InFlight => unreachable!(),
            }
        }
        assert!((917..=1120).contains(&fetches), "{fetches}");
    }

    #[test]
    fn core_whl_302_no_policy_makes_it_wait_past_900_seconds() {
        let policy = RefreshPolicy {
            interval: s(86_400),
            ..RefreshPolicy::default()
        };
        let mut refresher = Refresher::new(policy, s(0));
        let ticket = fetch(&mut refresher, s(0));
        refresher.succeeded(ticket, s(0), 1.0);
        assert!(matches!(refresher.next(s(0), None), Step::Wait(wait) if wait == s(810)));
        let policy = RefreshPolicy {
            interval: s(0),
            ..RefreshPolicy::default()
        };
        let mut refresher = Refresher::new(policy, s(0));
        let ticket = fetch(&mut refresher, s(0));
        refresher.succeeded(ticket, s(0), 1.0);
        assert!(matches!(refresher.next(s(0), None), Step::Wait(wait) if wait == s(1)));
    }

    #[test]
    fn r1_each_lateness_is_told_once() {
        use Freshness::{Alarm, Expired, Stale};
        let mut refresher = Refresher::new(RefreshPolicy::default(), s(0));
        for (age, reported) in [
            (0, None),
            (899, None),
            (900, Some(Stale)),
            (901, None),
            (1800, Some(Alarm)),
            (5, None),
            (1000, Some(Stale)),
            (32_399, Some(Alarm)),
            (32_400, Some(Expired)),
            (99_999, None),
        ] {
            assert_eq!(
                refresher.became_late(s(0), Some(s(age))),
                reported.map(|late| (late, s(age))),
                "{age}"
            );
        }
    }

    #[test]
    fn r1_without_a_list_lateness_counts_from_the_beginning() {
        let mut refresher = Refresher::new(RefreshPolicy::default(), s(50));
        assert_eq!(refresher.became_late(s(949), None), None);
        assert_eq!(refresher.became_late(s(950), None), Some((Freshness::Stale, s(900))));
        assert_eq!(
            refresher.became_late(s(90_000), None),
            Some((Freshness::Alarm, s(89_950)))
        );
    }

    #[test]
    fn it_wakes_for_lateness_before_the_next_fetch() {
        let mut refresher = Refresher::new(RefreshPolicy::default(), s(0));
        let ticket = fetch(&mut refresher, s(0));
        for _ in 0..5 {
            refresher.failures += 1;
        }
        refresher.failed(ticket, s(0), 0.0);
        assert!(matches!(refresher.next(s(0), Some(s(890))), Step::Wait(wait) if wait == s(10)));
    }
}
