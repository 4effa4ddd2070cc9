// SPDX-License-Identifier: AGPL-3.0-or-later
//! The clock of the store: the wall clock, which never goes back and never goes slower than time does (O16, R10).
//!
//! The table `clock` holds how far the store is ahead of the wall clock. When the wall clock is set back, the store notices
//! (by the monotonic clock of the process, and by the last time that any process wrote down) and is ahead by so much more;
//! every process on the file reads that. So nothing lives longer than its lifetime because of a clock that was set. A clock
//! that was set forward makes codes and access tokens expire early, which is safe.
//!
//! Consents, and what may be purged, go by the floor: it moves with the monotonic clock and is never moved by the wall clock,
//! so that one wrong reading ends no consent and erases no audit entry.

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
    /// By which grants lapse and rows are purged.
    pub(crate) floor: i64,
    /// How far a test moved the clock.
    pub(crate) shift: i64,
    /// Goes up when an operator accepts the wall clock.
    pub(crate) epoch: i64,
}

/// One reading: microseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    /// By the clock of the store: for lifetimes.
    pub(crate) now: i64,
    /// By the wall clock: for the audit log.
    pub(crate) wall: i64,
    /// By the floor: for what lapses and what is purged.
    pub(crate) floor: i64,
    /// How far the wall clock and the floor are apart.
    pub(crate) apart: i64,
    /// What must be written down, if anything.
    pub(crate) changed: Option<ClockRow>,
}

#[derive(Clone)]
pub(crate) struct StoreClock {
    source: Arc<dyn Clock>,
    last: Arc<Mutex<Option<Last>>>,
}

/// The last reading of this process.
#[derive(Clone, Copy)]
struct Last {
    now: i64,
    monotonic: Duration,
    floor: i64,
    shift: i64,
    epoch: i64,
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
        let since = |then: Duration| micros(monotonic.saturating_sub(then));
        let at_least = last.map_or(0, |last| last.now.saturating_add(since(last.monotonic)));
        let by_wall = wall.saturating_add(row.ahead);
        let now = by_wall.max(row.latest).max(at_least);
        let shifted = wall.saturating_add(row.shift);
        let floor = match *last {
            Some(last) if last.epoch == row.epoch => {
                let from = last.floor.saturating_add(row.shift - last.shift);
                row.floor.max(next_floor(from, since(last.monotonic), shifted))
            }
            // a store that was just made takes the wall clock as it is
            _ if row.floor == 0 => shifted,
            _ => row.floor,
        };
        *last = Some(Last {
            now,
            monotonic,
            floor,
            shift: row.shift,
            epoch: row.epoch,
        });
        drop(last);
        let behind = now - by_wall;
        let ahead = if behind > SLACK {
            row.ahead.saturating_add(behind)
        } else {
            row.ahead
        };
        let written = ClockRow {
            latest: now,
            ahead,
            floor,
            ..row
        };
        let changed = ahead != row.ahead || now - row.latest > SLACK || floor - row.floor > SLACK;
        Reading {
            now,
            wall,
            floor,
            apart: (shifted - floor).abs(),
            changed: changed.then_some(written),
        }
    }
}

/// The floor moves with the monotonic clock: never slower, and at most twice as fast where it is behind the wall clock.
fn next_floor(from: i64, elapsed: i64, wall: i64) -> i64 {
    let least = from.saturating_add(elapsed);
    wall.clamp(least, least.saturating_add(elapsed))
}

/// A duration in microseconds, as times are kept.
pub(crate) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(LONGEST).min(LONGEST)
}

/// A moment in microseconds since 1970.
pub(crate) fn wall_micros(time: SystemTime) -> i64 {
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
    fn o16_the_floor_follows_time_and_no_wall_clock_that_jumps() {
        let year = 365 * 24 * HOUR;
        for far in [20 * year, year, 2 * 24 * HOUR] {
            let (source, clock, row, start) = setup();
            assert_eq!(row.floor, start);
            source.jump_to(source.now() + far);
            let reading = clock.read(row);
            assert_eq!((reading.floor, reading.apart), (start, micros(far)));
            // as long as it is wrong, the floor runs twice as fast at most
            source.advance(HOUR);
            let row = clock.read(row).changed.unwrap();
            assert_eq!(row.floor - start, micros(2 * HOUR));
            // set right, it goes on with time
            source.jump_to(source.now() - far);
            source.advance(3 * HOUR);
            let reading = clock.read(row);
            assert_eq!(reading.floor - start, micros(5 * HOUR));
            assert!(reading.apart <= micros(HOUR));
            // and set back, it does not stand still
            source.jump_to(source.now() - far);
            source.advance(HOUR);
            assert_eq!(clock.read(row).floor - start, micros(6 * HOUR));
        }
    }

    #[test]
    fn o16_time_in_which_nothing_ran_is_caught_up_with() {
        let (source, _, row, start) = setup();
        source.advance(10 * HOUR);
        let clock = StoreClock::new(source.clone());
        let reading = clock.read(row);
        assert_eq!((reading.floor, reading.apart), (start, micros(10 * HOUR)));
        source.advance(4 * HOUR);
        assert_eq!(clock.read(row).floor - start, micros(8 * HOUR));
        source.advance(100 * HOUR);
        assert_eq!(clock.read(row).apart, 0);
        // however often the process starts, a wrong clock gives nothing
        source.jump_to(source.now() + 1000 * HOUR);
        for _ in 0..100 {
            assert_eq!(StoreClock::new(source.clone()).read(row).floor, start);
        }
    }

    #[test]
    fn o16_an_operator_accepts_the_wall_clock() {
        let (source, clock, row, start) = setup();
        source.jump_to(source.now() + 1000 * HOUR);
        assert_eq!(clock.read(row).floor, start);
        for wall in [1000 * HOUR, 10 * HOUR] {
            source.jump_to(UNIX_EPOCH + Duration::from_micros(start as u64) + wall);
            let accepted = ClockRow {
                floor: start + micros(wall),
                epoch: row.epoch + 1 + i64::from(wall == 10 * HOUR),
                ..row
            };
            assert_eq!(clock.read(accepted).floor - start, micros(wall));
        }
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
