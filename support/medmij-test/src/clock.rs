// SPDX-License-Identifier: AGPL-3.0-or-later
//! A clock that moves only when told: lifetimes and certificate dates without waiting

use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use medmij_types::Clock;

/// A steered clock. Both hands stand still until [`advance`](Self::advance) or
/// [`jump_to`](Self::jump_to) is called.
///
/// `advance` is time passing: both the wall clock and the monotonic clock move. `jump_to` is somebody
/// setting the wall clock: the monotonic clock does not notice.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use medmij_test::ManualClock;
/// use medmij_types::Clock;
///
/// let clock = ManualClock::at(SystemTime::UNIX_EPOCH);
/// clock.advance(Duration::from_secs(900));
/// clock.jump_to(SystemTime::UNIX_EPOCH);
/// assert_eq!(clock.now(), SystemTime::UNIX_EPOCH);
/// assert_eq!(clock.monotonic(), Duration::from_secs(900));
/// ```
#[derive(Debug)]
pub struct ManualClock {
    hands: Mutex<Hands>,
}

#[derive(Debug, Clone, Copy)]
struct Hands {
    wall: SystemTime,
    monotonic: Duration,
}

impl ManualClock {
    /// A clock whose wall time is `wall` and whose monotonic time is zero.
    pub fn at(wall: SystemTime) -> Self {
        Self {
            hands: Mutex::new(Hands {
                wall,
                monotonic: Duration::ZERO,
            }),
        }
    }

    /// A clock that starts at the real time of this moment, for use beside certificates made now.
    pub fn starting_now() -> Self {
        Self::at(SystemTime::now())
    }

    /// Lets `time` pass on both hands.
    pub fn advance(&self, time: Duration) {
        self.turn(|hands| {
            hands.wall += time;
            hands.monotonic = hands.monotonic.saturating_add(time);
        });
    }

    /// Sets the wall clock, backwards or forwards; the monotonic clock stays.
    pub fn jump_to(&self, wall: SystemTime) {
        self.turn(|hands| hands.wall = wall);
    }

    fn turn<T>(&self, change: impl FnOnce(&mut Hands) -> T) -> T {
        let mut hands = self.hands.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        change(&mut hands)
    }
}

impl Clock for ManualClock {
    fn now(&self) -> SystemTime {
        self.turn(|hands| hands.wall)
    }

    fn monotonic(&self) -> Duration {
        self.turn(|hands| hands.monotonic)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_hands_stand_still_until_moved() {
        let clock = ManualClock::at(SystemTime::UNIX_EPOCH);
        assert_eq!(clock.now(), clock.now());
        clock.advance(Duration::from_millis(1500));
        assert_eq!(clock.now(), SystemTime::UNIX_EPOCH + Duration::from_millis(1500));
        assert_eq!(clock.monotonic(), Duration::from_millis(1500));
    }

    #[test]
    fn a_jump_back_leaves_the_monotonic_hand() {
        let clock = ManualClock::at(SystemTime::UNIX_EPOCH + Duration::from_secs(10));
        clock.advance(Duration::from_secs(5));
        clock.jump_to(SystemTime::UNIX_EPOCH);
        assert_eq!(clock.monotonic(), Duration::from_secs(5));
    }
}
