// SPDX-License-Identifier: AGPL-3.0-or-later
//! Time as an argument.

use std::time::{Duration, Instant, SystemTime};

/// Where the time comes from. Code of these crates never asks the system itself, so that a test can steer the clock.
///
/// ```
/// use medmij_types::{Clock, SystemClock};
///
/// let clock = SystemClock::default();
/// let before = clock.monotonic();
/// assert!(clock.monotonic() >= before);
/// ```
pub trait Clock: Send + Sync {
    /// The wall clock: for stamps, and for lifetimes that other machines must agree on. It may jump.
    fn now(&self) -> SystemTime;

    /// Time since some fixed moment of this process: for intervals and ages. It never goes back.
    fn monotonic(&self) -> Duration;
}

/// The clock of the operating system.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    start: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self { start: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }
}

impl<C: Clock + ?Sized> Clock for std::sync::Arc<C> {
    fn now(&self) -> SystemTime {
        (**self).now()
    }

    fn monotonic(&self) -> Duration {
        (**self).monotonic()
    }
}
