// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.gegevensuitwisseling.102, core.gegevensuitwisseling.105, core.gegevensuitwisseling.201 — when automatic
//! collecting is allowed.

use std::time::{Duration, SystemTime};

use medmij_types::{AmsterdamTime, CalendarDate};

use super::Slot;

/// The window of the night, the pause between two runs, and when silence is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CollectingPolicy {
    from_hour: u8,
    until_hour: u8,
    pause: Duration,
    silence: Duration,
}

impl Default for CollectingPolicy {
    /// 23:00 to 06:00, 24 hours, 48 hours.
    fn default() -> Self {
        Self {
            from_hour: 23,
            until_hour: 6,
            pause: Duration::from_secs(24 * 3_600),
            silence: Duration::from_secs(48 * 3_600),
        }
    }
}

impl CollectingPolicy {
    /// A smaller window, which closes at this hour of the morning, 1 to 6; another hour is taken as the nearest.
    #[must_use]
    pub fn with_window_until(mut self, hour: u8) -> Self {
        self.until_hour = hour.clamp(1, 6);
        self
    }

    /// A longer pause than 24 hours; a shorter one is taken as 24 hours.
    #[must_use]
    pub fn with_pause(mut self, pause: Duration) -> Self {
        self.pause = pause.max(Duration::from_secs(24 * 3_600));
        self
    }

    /// After how long without an exchange the Persoon is told.
    #[must_use]
    pub const fn silence(&self) -> Duration {
        self.silence
    }

    /// The pause between the starts of two runs at one DVA.
    #[must_use]
    pub const fn pause(&self) -> Duration {
        self.pause
    }

    /// Seconds of an ordinary night over which slots are spread, by the clock on the wall: the window without its last
    /// quarter of an hour, so that a scheduler that comes a little late still finds it open.
    #[must_use]
    pub fn slot_seconds(&self) -> u32 {
        u32::from(24_u8.saturating_sub(self.from_hour).saturating_add(self.until_hour))
            .saturating_mul(3_600)
            .saturating_sub(MARGIN)
    }

    /// Whether automatic collecting is allowed at a moment (core.gegevensuitwisseling.201).
    ///
    /// ```
    /// use medmij_dvp::collecting::CollectingPolicy;
    /// use medmij_types::Tijdstempel;
    ///
    /// let at = |text: &str| Tijdstempel::parse(text).unwrap().to_system_time().unwrap();
    /// let policy = CollectingPolicy::default();
    /// assert!(!policy.is_open(at("2026-11-30T22:59:59+01:00")));
    /// assert!(policy.is_open(at("2026-11-30T23:00:00+01:00")));
    /// assert!(policy.is_open(at("2026-12-01T05:59:59+01:00")));
    /// assert!(!policy.is_open(at("2026-12-01T06:00:00+01:00")));
    /// ```
    #[must_use]
    pub fn is_open(&self, now: SystemTime) -> bool {
        let hour = AmsterdamTime::of(now).hour();
        hour >= self.from_hour || hour < self.until_hour
    }

    /// The first moment, now or later, at which a run is allowed: in the window, not before the slot of its night, and
    /// a whole pause after the start of the run before. In the short night of spring a slot so moves to the first
    /// moment allowed; a night that closes before the pause is over is passed over.
    ///
    /// `None` only at the end of the calendar.
    #[must_use]
    pub fn next_start(&self, slot: Slot, last_start: Option<SystemTime>, now: SystemTime) -> Option<SystemTime> {
        let rested = last_start.and_then(|start| start.checked_add(self.pause));
        let earliest = rested.map_or(now, |rested| rested.max(now));
        let today = AmsterdamTime::of(earliest).date();
        // the night of yesterday can still be open, and tonight's can be too short
        let mut evening = today.minus(1);
        for _ in 0..4 {
            let start = self.slot_in(evening, slot)?.max(earliest);
            if start < self.close(evening)? {
                return Some(start);
            }
            evening = evening.plus(1);
        }
        None
    }

    /// The moment of a slot in the night that begins on an evening.
    fn slot_in(&self, evening: CalendarDate, slot: Slot) -> Option<SystemTime> {
        let second = slot.second_in(self.slot_seconds());
        let of_evening = u32::from(24_u8.saturating_sub(self.from_hour)).saturating_mul(3_600);
        let (day, second) = match second.checked_sub(of_evening) {
            None => (
                evening,
                second.saturating_add(u32::from(self.from_hour).saturating_mul(3_600)),
            ),
            Some(second) => (evening.plus(1), second),
        };
        let (hour, minute) = (u8::try_from(second / 3_600).ok()?, u8::try_from(second / 60 % 60).ok()?);
        AmsterdamTime::moment(day, hour, minute)?.checked_add(Duration::from_secs(u64::from(second % 60)))
    }

    fn close(&self, evening: CalendarDate) -> Option<SystemTime> {
        AmsterdamTime::moment(evening.plus(1), self.until_hour, 0)
    }
}

/// Seconds before the end of the window in which no slot lies.
const MARGIN: u32 = 900;

#[cfg(test)]
mod tests {
    use super::*;
    use medmij_types::Tijdstempel;

    fn at(text: &str) -> SystemTime {
        Tijdstempel::parse(text).unwrap().to_system_time().unwrap()
    }

    /// A slot at a time of the wall clock.
    fn slot(hour: u32, minute: u32) -> Slot {
        let since = if hour >= 23 { hour - 23 } else { hour + 1 } * 3_600 + minute * 60;
        Slot::at_second(since, CollectingPolicy::default().slot_seconds())
    }

    #[test]
    fn core_gegevensuitwisseling_102_201_the_next_start_is_in_the_window_and_a_day_after_the_last() {
        let cases = [
            // slot, last start, now, next start
            ((23, 30), None, "2026-11-30T12:00:00+01:00", "2026-11-30T23:30:00+01:00"),
            ((2, 0), None, "2026-11-30T12:00:00+01:00", "2026-12-01T02:00:00+01:00"),
            // the scheduler was down at the slot: at once, while the window is open
            ((23, 30), None, "2026-12-01T05:59:59+01:00", "2026-12-01T05:59:59+01:00"),
            ((23, 30), None, "2026-12-01T06:00:00+01:00", "2026-12-01T23:30:00+01:00"),
            // 24 hours count from the start of the run before
            (
                (2, 0),
                Some("2026-11-30T02:00:10+01:00"),
                "2026-11-30T12:00:00+01:00",
                "2026-12-01T02:00:10+01:00",
            ),
            (
                (2, 0),
                Some("2026-11-30T05:59:59+01:00"),
                "2026-11-30T12:00:00+01:00",
                "2026-12-01T05:59:59+01:00",
            ),
            // the short night of spring (2027-03-28): the slot moves
            (
                (2, 30),
                Some("2027-03-27T02:30:00+01:00"),
                "2027-03-27T12:00:00+01:00",
                "2027-03-28T03:30:00+02:00",
            ),
            (
                (4, 0),
                Some("2027-03-27T04:00:00+01:00"),
                "2027-03-27T12:00:00+01:00",
                "2027-03-28T05:00:00+02:00",
            ),
            // or the night closes before the pause is over
            (
                (5, 30),
                Some("2027-03-27T05:30:00+01:00"),
                "2027-03-27T12:00:00+01:00",
                "2027-03-29T05:30:00+02:00",
            ),
            // the long night of autumn (2026-10-25): the first of the two
            (
                (2, 30),
                Some("2026-10-24T02:30:00+02:00"),
                "2026-10-24T12:00:00+02:00",
                "2026-10-25T02:30:00+02:00",
            ),
            (
                (2, 30),
                Some("2026-10-25T02:30:00+02:00"),
                "2026-10-25T12:00:00+01:00",
                "2026-10-26T02:30:00+01:00",
            ),
        ];
        let policy = CollectingPolicy::default();
        for ((hour, minute), last, now, expected) in cases {
            let next = policy.next_start(slot(hour, minute), last.map(at), at(now)).unwrap();
            assert_eq!(next, at(expected), "slot {hour}:{minute:02}, last {last:?}, now {now}");
        }
    }

    #[test]
    fn a_policy_is_never_wider_than_the_framework() {
        let policy = CollectingPolicy::default()
            .with_window_until(9)
            .with_pause(Duration::from_secs(1));
        assert_eq!(policy, CollectingPolicy::default());
    }
}
