// SPDX-License-Identifier: AGPL-3.0-or-later
//! The clock of the store: the wall clock, which never goes back and never goes slower than time does (O16, R10).
//!
//! The table `clock` holds how far the store is ahead of the wall clock. When the wall clock is set back, the store notices
//! (by the monotonic clock of the process, and by the last time that any process wrote down) and is ahead by so much more;
//! every process on the file reads that. So nothing lives longer than its lifetime because of a clock that was set. A clock
//! that was set forward makes what is there expire early, which is safe.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use medmij_types::Clock;

/// The row of the table `clock`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ClockRow {
    pub(crate) latest: i64,
    pub(crate) ahead: i64,
}

/// One reading: microseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    /// By the clock of the store: for lifetimes.
    pub(crate) now: i64,
    /// By the wall clock: for the audit log.
    pub(crate) wall: i64,
    /// What must be written down, if anything.
    pub(crate) changed: Option<ClockRow>,
}

#[derive(Clone)]
pub(crate) struct StoreClock {
    source: Arc<dyn Clock>,
    last: Arc<Mutex<Option<(i64, Duration)>>>,
}

impl StoreClock {
    pub(crate) fn new(source: Arc<dyn Clock>) -> Self {
        Self {
            source,
            last: Arc::default(),
        }
    }

    pub(crate) fn read(&self, row: ClockRow) -> Reading {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let (monotonic, wall) = (self.source.monotonic(), wall_micros(self.source.now()));
        let at_least = last.map_or(0, |(now, then)| {
            now.saturating_add(micros(monotonic.saturating_sub(then)))
        });
        let by_wall = wall.saturating_add(row.ahead);
        let now = by_wall.max(row.latest).max(at_least);
        *last = Some((now, monotonic));
        drop(last);
        let behind = now - by_wall;
        let ahead = if behind > SLACK {
            row.ahead.saturating_add(behind)
        } else {
            row.ahead
        };
        let written = ClockRow { latest: now, ahead };
        let changed = ahead != row.ahead || now - row.latest > SLACK;
        Reading {
            now,
            wall,
            changed: changed.then_some(written),
        }
    }
}

/// A duration in microseconds, as times are kept.
pub(crate) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(LONGEST).min(LONGEST)
}

fn wall_micros(time: SystemTime) -> i64 {
    time.duration_since(UNIX_EPOCH).map_or(0, micros)
}

/// Differences below a second are the two clocks being read one after the other, and how seldom the row is written.
const SLACK: i64 = 1_000_000;

/// Some 73,000 years: sums of two of these do not overflow.
const LONGEST: i64 = i64::MAX / 4;

#[cfg(test)]
mod tests {
    use medmij_test::ManualClock;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn setup() -> (Arc<ManualClock>, StoreClock, ClockRow, i64) {
        let source = Arc::new(ManualClock::starting_now());
        let clock = StoreClock::new(source.clone());
        let first = clock.read(ClockRow::default());
        (source, clock, first.changed.unwrap(), first.now)
    }

    #[test]
    fn r10_a_wall_clock_that_is_set_back_gives_nothing_more_time() {
        let (source, clock, row, start) = setup();
        source.advance(HOUR);
        source.jump_to(source.now() - 3 * HOUR);
        let reading = clock.read(row);
        assert_eq!(reading.now - start, micros(HOUR));
        let row = reading.changed.unwrap();
        assert_eq!(row.ahead, micros(3 * HOUR));

        // another process, and this one after a restart, go on from there
        let other = StoreClock::new(source.clone());
        assert_eq!(other.read(row).now, reading.now);
        source.advance(HOUR);
        assert_eq!(StoreClock::new(source).read(row).now - start, micros(2 * HOUR));
    }

    #[test]
    fn r10_a_wall_clock_that_was_set_back_between_two_runs_stands_still_at_most() {
        let (source, _, row, start) = setup();
        source.jump_to(source.now() - HOUR);
        let reading = StoreClock::new(source).read(row);
        assert_eq!(reading.now, start);
        assert_eq!(reading.changed.unwrap().ahead, micros(HOUR));
    }

    #[test]
    fn r10_a_wall_clock_that_jumps_a_year_and_back_goes_on() {
        let (source, clock, row, start) = setup();
        let year = 365 * 24 * HOUR;
        source.jump_to(source.now() + year);
        let row = clock.read(row).changed.unwrap();
        source.jump_to(source.now() - year);
        source.advance(HOUR);
        let reading = clock.read(row);
        assert_eq!(reading.now - start, micros(year + HOUR));
        assert_eq!(reading.wall - start, micros(HOUR));
    }

    #[test]
    fn a_steady_clock_is_written_down_once_a_second_at_most() {
        let (source, clock, row, _) = setup();
        source.advance(Duration::from_millis(900));
        assert_eq!(clock.read(row).changed, None);
        source.advance(Duration::from_millis(200));
        let changed = clock.read(row).changed.unwrap();
        assert_eq!(changed.ahead, 0);
    }
}
