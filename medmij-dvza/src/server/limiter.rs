// SPDX-License-Identifier: AGPL-3.0-or-later
//! O13 — a limit on how often one asks: no IO, the clock is an argument, and the memory is fixed.

use std::{
    fmt,
    hash::{BuildHasher, Hash, RandomState},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use medmij_oauth::policy::Rate;

/// Limits each key to a [`Rate`], by the generic cell rate algorithm: one time for each key, the one at which it will have
/// used up what it took.
///
/// It remembers a fixed number of keys. Where there are more, those go that are nearest to having a full allowance again; so
/// whoever asks most stays limited, however many others there are.
pub(crate) struct Limiter {
    /// Nanoseconds for each request.
    interval: u64,
    /// How far ahead of the clock a key may be.
    tolerance: u64,
    hasher: RandomState,
    buckets: Box<[Mutex<[Slot; WAYS]>]>,
}

#[derive(Clone, Copy, Default)]
struct Slot {
    key: u64,
    /// When the key has a full allowance again, in nanoseconds.
    full_at: u64,
}

impl Limiter {
    /// A limiter for about so many keys; 16 bytes each.
    pub(crate) fn new(rate: Rate, keys: usize) -> Self {
        let interval = 1_000_000_000 / u64::from(rate.per_second.max(1));
        let buckets = keys.div_ceil(WAYS).max(1);
        Self {
            interval,
            tolerance: interval.saturating_mul(u64::from(rate.burst.saturating_sub(1))),
            hasher: RandomState::new(),
            buckets: (0..buckets).map(|_| Mutex::default()).collect(),
        }
    }

    /// Takes one from the allowance of a key, or says after how long to ask again. `now` is a monotonic time.
    /// In that case nothing is taken.
    pub(crate) fn check(&self, key: impl Hash, now: Duration) -> Result<(), Duration> {
        let hash = self.hasher.hash_one(key);
        let now = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX);
        let at = usize::try_from(hash >> 32).unwrap_or_default() % self.buckets.len();
        let Some(bucket) = self.buckets.get(at) else {
            return Ok(());
        };
        let mut slots = bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let known = slots.iter().position(|slot| slot.key == hash);
        let slot = match known.and_then(|at| slots.get_mut(at)) {
            Some(slot) => slot,
            None => {
                let Some(slot) = slots.iter_mut().min_by_key(|slot| slot.full_at) else {
                    return Ok(());
                };
                *slot = Slot { key: hash, full_at: 0 };
                slot
            }
        };
        let full_at = slot.full_at.max(now);
        let ahead = full_at - now;
        if ahead > self.tolerance {
            return Err(Duration::from_nanos(ahead - self.tolerance));
        }
        slot.full_at = full_at.saturating_add(self.interval);
        Ok(())
    }

    /// How many keys are remembered at most.
    #[must_use]
    pub(crate) fn capacity(&self) -> usize {
        self.buckets.len() * WAYS
    }
}

impl fmt::Debug for Limiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limiter")
            .field("capacity", &self.capacity())
            .finish_non_exhaustive()
    }
}

/// Keys that share a lock.
const WAYS: usize = 8;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn allowed(limiter: &Limiter, key: &str, now: Duration, of: usize) -> usize {
        (0..of).filter(|_| limiter.check(key, now).is_ok()).count()
    }

    #[test]
    fn o13_a_burst_then_the_rate_by_a_steered_clock() {
        let limiter = Limiter::new(Rate::new(20, 600), 1_000);
        let mut now = Duration::from_secs(1_000_000);
        assert_eq!(allowed(&limiter, "a", now, 1_000), 600);
        for _ in 0..10 {
            now += Duration::from_secs(1);
            assert_eq!(allowed(&limiter, "a", now, 1_000), 20);
        }
        let wait = limiter.check("a", now).unwrap_err();
        assert!(limiter.check("a", now + wait - Duration::from_nanos(1)).is_err());
        assert!(limiter.check("a", now + wait).is_ok());
        // a pause as long as the burst takes gives all of it back, and no more
        assert_eq!(allowed(&limiter, "a", now + Duration::from_secs(3_600), 1_000), 600);
    }

    #[test]
    fn o13_a_million_keys_take_no_more_memory_and_free_nobody() {
        let limiter = Limiter::new(Rate::new(1, 10), 8_192);
        let (slots, now) = (limiter.capacity(), Duration::from_secs(5));
        assert_eq!(slots, 8_192);
        assert_eq!(size_of::<Slot>(), 16);
        assert_eq!(allowed(&limiter, "greedy", now, 100), 10);
        for key in 0..1_000_000_u32 {
            assert!(limiter.check(key, now).is_ok());
        }
        assert_eq!(limiter.capacity(), slots);
        assert_eq!(allowed(&limiter, "greedy", now, 100), 0, "still limited");
    }

    #[test]
    fn o13_requests_at_once_take_no_more_than_the_allowance() {
        let limiter = Limiter::new(Rate::new(1, 100), 64);
        let passed: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| allowed(&limiter, "a", Duration::ZERO, 100)))
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(passed, 100);
    }

    proptest! {
        /// However the requests fall, no window holds more than a burst and the rate.
        #[test]
        fn o13_no_window_holds_more_than_burst_and_rate(
            per_second in 1_u32..200,
            burst in 1_u32..50,
            steps in prop::collection::vec(0_u64..300, 1..200),
        ) {
            let limiter = Limiter::new(Rate::new(per_second, burst), 8);
            let (mut now, mut passed) = (Duration::ZERO, Vec::new());
            for step in steps {
                now += Duration::from_millis(step);
                if limiter.check("a", now).is_ok() {
                    passed.push(now);
                }
            }
            for (first, from) in passed.iter().enumerate() {
                for (last, to) in passed.iter().enumerate().skip(first) {
                    let most = f64::from(burst) + (*to - *from).as_secs_f64() * f64::from(per_second) * 1.01 + 1.0;
                    prop_assert!((last - first + 1) as f64 <= most);
                }
            }
        }
    }
}
