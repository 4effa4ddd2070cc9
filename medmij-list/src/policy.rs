// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.alst.201, core.ocl.201, core.gnl.201, core.whl.302 — at least every 900 seconds — and what the framework leaves
//! open about lists that are late, old, lower in number or empty.

use std::time::Duration;

use crate::ListKind;

/// How a list is kept fresh, and which new copy is taken.
///
/// The defaults are the safe ones. The framework lets the source be away for 480 minutes (core.lijsten.301), so the
/// hard limit is nine hours.
///
/// ```
/// use medmij_list::RefreshPolicy;
/// use std::time::Duration;
///
/// let policy = RefreshPolicy::default();
/// assert_eq!(policy.due, Duration::from_secs(900));
/// // ten per cent of jitter never passes the 900 seconds
/// assert!(policy.next_attempt(0, 1.0) < policy.due);
/// // after failures it tries again soon
/// assert_eq!(policy.next_attempt(1, 0.5), Duration::from_secs(5));
/// assert_eq!(policy.next_attempt(9, 0.5), Duration::from_secs(60));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RefreshPolicy {
    /// Time between two fetches when all is well. Default 10 minutes.
    pub interval: Duration,
    /// The part of the interval by which it varies, up or down. Default 0.1.
    pub jitter: f64,
    /// First wait after a failure; it doubles with each failure. Default 5 seconds.
    pub backoff_first: Duration,
    /// Longest wait after a failure. Default 60 seconds.
    pub backoff_most: Duration,
    /// Age from which the list is stale: the rule of the framework. Default 900 seconds.
    pub due: Duration,
    /// Age from which an operator should look. Default 30 minutes.
    pub alarm: Duration,
    /// Age from which the list is not used any more. Default 9 hours.
    pub hard_limit: Duration,
    /// Report a list whose Tijdstempel is older than this, because the source may have stopped publishing: an event and
    /// nothing more. The framework says nothing about it, and a list that does not change may rightly be old, so this
    /// figure is ours. Default 30 days.
    pub old_stamp: Duration,
    /// Report a Tijdstempel that is further than this ahead of our clock: an event, and the list is taken. Default 5
    /// minutes.
    pub stamp_ahead: Duration,
    /// Report a Volgnummer that is more than this above its predecessor: an event, and the list is taken. A wrong list
    /// with a very high number shuts the right one out until an operator lowers the memory. Default 100: a source that
    /// publishes every ten minutes makes 54 in nine hours.
    pub volgnummer_leap: u64,
    /// Whether a list without entries is taken. Default no.
    pub take_empty: bool,
    /// Whether a list past the hard limit goes on being used, with events that say so. Default no.
    pub use_past_limit: bool,
}

impl Default for RefreshPolicy {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(600),
            jitter: 0.1,
            backoff_first: Duration::from_secs(5),
            backoff_most: Duration::from_secs(60),
            due: Duration::from_secs(900),
            alarm: Duration::from_secs(30 * 60),
            hard_limit: Duration::from_secs(9 * 3600),
            old_stamp: Duration::from_secs(30 * 24 * 3600),
            stamp_ahead: Duration::from_secs(300),
            volgnummer_leap: 100,
            take_empty: false,
            use_past_limit: false,
        }
    }
}

impl RefreshPolicy {
    /// The defaults for this list. They differ in what happens past the hard limit: a Gegevensdienstnamenlijst goes on
    /// being used, since an old name harms nobody; with the others everything new is refused.
    #[must_use]
    pub fn for_list(list: ListKind) -> Self {
        Self {
            use_past_limit: matches!(list, ListKind::Gegevensdienstnamenlijst),
            ..Self::default()
        }
    }

    /// How long to wait for the next fetch, after this many failures in a row. `chance` is a random number from 0 to 1;
    /// the same chance gives the same wait.
    #[must_use]
    pub fn next_attempt(&self, failures: u32, chance: f64) -> Duration {
        let Some(doublings) = failures.checked_sub(1) else {
            let swing = (chance.clamp(0.0, 1.0) * 2.0 - 1.0) * self.jitter.clamp(0.0, 1.0);
            // What cannot be reckoned (no number, or too large a one) leaves the interval as it is.
            let seconds = self.interval.as_secs_f64() * (1.0 + swing);
            return Duration::try_from_secs_f64(seconds).unwrap_or(self.interval);
        };
        let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
        self.backoff_first.saturating_mul(factor).min(self.backoff_most)
    }

    /// How good a list of this age is.
    #[must_use]
    pub fn freshness(&self, age: Duration) -> Freshness {
        if age >= self.hard_limit {
            Freshness::Expired
        } else if age >= self.alarm {
            Freshness::Alarm
        } else if age >= self.due {
            Freshness::Stale
        } else {
            Freshness::Fresh
        }
    }
}

/// How good the list in a cache is. The age counts from the last fetch that confirmed it, not from its Tijdstempel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Freshness {
    /// Within the 900 seconds.
    Fresh,
    /// Older than the rule allows: log an event, go on.
    Stale,
    /// An operator should look.
    Alarm,
    /// Past the hard limit: not used any more.
    Expired,
    /// There is no list.
    Absent,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_stays_within_its_jitter() {
        let policy = RefreshPolicy::default();
        for (chance, seconds) in [(0.0, 540), (0.5, 600), (1.0, 660), (7.0, 660)] {
            assert_eq!(policy.next_attempt(0, chance), Duration::from_secs(seconds), "{chance}");
        }
    }

    #[test]
    fn odd_figures_are_no_panic() {
        let mut policy = RefreshPolicy {
            jitter: f64::NAN,
            ..RefreshPolicy::default()
        };
        assert_eq!(policy.next_attempt(0, 0.5), policy.interval);
        assert_eq!(RefreshPolicy::default().next_attempt(0, f64::NAN), policy.interval);
        policy.jitter = 1.0;
        policy.interval = Duration::MAX;
        assert_eq!(policy.next_attempt(0, 1.0), Duration::MAX);
    }

    #[test]
    fn waits_double_and_stop_at_the_most() {
        let policy = RefreshPolicy::default();
        for (failures, seconds) in [(1, 5), (2, 10), (3, 20), (4, 40), (5, 60), (40, 60), (u32::MAX, 60)] {
            assert_eq!(
                policy.next_attempt(failures, 0.0),
                Duration::from_secs(seconds),
                "{failures}"
            );
        }
    }

    #[test]
    fn core_alst_201_core_ocl_201_core_gnl_201_core_whl_302_freshness_by_age() {
        use Freshness::*;
        let policy = RefreshPolicy::default();
        for (seconds, is) in [
            (0, Fresh),
            (899, Fresh),
            (900, Stale),
            (1799, Stale),
            (1800, Alarm),
            (32_399, Alarm),
            (32_400, Expired),
        ] {
            assert_eq!(policy.freshness(Duration::from_secs(seconds)), is, "{seconds}");
        }
    }
}
