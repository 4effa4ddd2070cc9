// SPDX-License-Identifier: AGPL-3.0-or-later
//! The clock on the wall in the Netherlands: ages and nightly work are judged by it, not by UTC.

use std::time::SystemTime;

use crate::CalendarDate;
use crate::date::{self, SECONDS_A_DAY};

/// The calendar day and the time of day of a moment in Europe/Amsterdam.
///
/// Central European Time (UTC+1), and Central European Summer Time (UTC+2) from 01:00 UTC on the last Sunday of March to
/// 01:00 UTC on the last Sunday of October (directive 2000/84/EC; the rule has held since 1996, and is applied to every
/// year here).
///
/// ```
/// use medmij_types::{AmsterdamTime, Tijdstempel};
///
/// let moment = Tijdstempel::parse("2026-07-31T22:30:00Z")?.to_system_time().unwrap();
/// let local = AmsterdamTime::of(moment);
/// assert_eq!((local.date().to_string(), local.hour(), local.minute()), ("2026-08-01".to_owned(), 0, 30));
/// assert_eq!(local.offset_minutes(), 120);
/// # Ok::<(), medmij_types::ValueError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AmsterdamTime {
    date: CalendarDate,
    second_of_day: u32,
    summer: bool,
}

impl AmsterdamTime {
    /// What the clock shows at a moment.
    #[must_use]
    pub fn of(moment: SystemTime) -> Self {
        let utc = date::seconds_since_1970(moment);
        let summer = is_summer(utc);
        let local = utc.saturating_add(offset(summer));
        Self {
            date: CalendarDate::clamped(local.div_euclid(SECONDS_A_DAY)),
            second_of_day: u32::try_from(local.rem_euclid(SECONDS_A_DAY)).unwrap_or_default(),
            summer,
        }
    }

    /// The moment at which the clock shows this time of this day; `None` for a time that no clock shows (hour over 23,
    /// minute over 59), or that the clock of the system does not reach.
    ///
    /// When the clock goes back, 02:00 to 02:59 come twice: the first is meant. When it goes forward they do not come: 02:30
    /// is then the moment of 03:30, half an hour after the change.
    #[must_use]
    pub fn moment(date: CalendarDate, hour: u8, minute: u8) -> Option<SystemTime> {
        if hour > 23 || minute > 59 {
            return None;
        }
        let local = date.days_since_1970() * SECONDS_A_DAY + i64::from(hour) * 3600 + i64::from(minute) * 60;
        let as_summer = local - offset(true);
        let utc = if is_summer(as_summer) {
            as_summer
        } else {
            local - offset(false)
        };
        date::moment(utc)
    }

    /// The calendar day.
    #[must_use]
    pub const fn date(self) -> CalendarDate {
        self.date
    }

    /// The hour, 0 to 23.
    #[must_use]
    pub const fn hour(self) -> u8 {
        (self.second_of_day / 3600) as u8
    }

    /// The minute, 0 to 59.
    #[must_use]
    pub const fn minute(self) -> u8 {
        (self.second_of_day / 60 % 60) as u8
    }

    /// Seconds since the clock showed midnight, 0 to 86,399.
    #[must_use]
    pub const fn second_of_day(self) -> u32 {
        self.second_of_day
    }

    /// Minutes east of UTC: 60, or 120 in summer.
    #[must_use]
    pub const fn offset_minutes(self) -> u16 {
        if self.summer { 120 } else { 60 }
    }
}

impl CalendarDate {
    /// The calendar day of a moment in Europe/Amsterdam, by which an age is judged.
    ///
    /// ```
    /// use medmij_types::{CalendarDate, Tijdstempel};
    ///
    /// let late = Tijdstempel::parse("2026-11-29T23:30:00Z")?.to_system_time().unwrap();
    /// assert_eq!(CalendarDate::in_amsterdam(late).to_string(), "2026-11-30");
    /// assert_eq!(CalendarDate::in_utc(late).to_string(), "2026-11-29");
    /// # Ok::<(), medmij_types::ValueError>(())
    /// ```
    #[must_use]
    pub fn in_amsterdam(moment: SystemTime) -> Self {
        AmsterdamTime::of(moment).date()
    }
}

const fn offset(summer: bool) -> i64 {
    if summer { 2 * 3600 } else { 3600 }
}

/// Whether summer time holds at a second of UTC.
fn is_summer(utc: i64) -> bool {
    let year = CalendarDate::clamped(utc.div_euclid(SECONDS_A_DAY)).year();
    let change = |month| last_sunday(year, month).days_since_1970() * SECONDS_A_DAY + 3600;
    (change(3)..change(10)).contains(&utc)
}

/// The last Sunday of a month of 31 days.
fn last_sunday(year: u16, month: u8) -> CalendarDate {
    let last = CalendarDate::new(year, month, 31).unwrap_or(CalendarDate::LAST);
    // 1970-01-01 was a Thursday
    let since_sunday = u32::try_from((last.days_since_1970() + 4).rem_euclid(7)).unwrap_or_default();
    last.minus(since_sunday)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Tijdstempel;
    use proptest::prelude::*;
    use std::time::Duration;

    fn at(text: &str) -> SystemTime {
        Tijdstempel::parse(text).unwrap().to_system_time().unwrap()
    }

    #[test]
    fn the_clock_goes_forward_and_back_at_one_utc_on_the_last_sunday() {
        for (utc, day, hour, minute, offset) in [
            ("2026-03-29T00:59:59Z", "2026-03-29", 1, 59, 60),
            ("2026-03-29T01:00:00Z", "2026-03-29", 3, 0, 120),
            ("2026-10-25T00:59:59Z", "2026-10-25", 2, 59, 120),
            ("2026-10-25T01:00:00Z", "2026-10-25", 2, 0, 60),
            ("2024-03-31T01:00:00Z", "2024-03-31", 3, 0, 120),
            ("2027-10-31T00:30:00Z", "2027-10-31", 2, 30, 120),
            ("2027-10-31T01:30:00Z", "2027-10-31", 2, 30, 60),
        ] {
            let local = AmsterdamTime::of(at(utc));
            assert_eq!(
                (
                    local.date().to_string().as_str(),
                    local.hour(),
                    local.minute(),
                    local.offset_minutes()
                ),
                (day, hour, minute, offset),
                "{utc}"
            );
        }
    }

    #[test]
    fn a_day_starts_one_or_two_hours_before_that_of_utc() {
        for (utc, day) in [
            ("2026-01-31T22:59:59Z", "2026-01-31"),
            ("2026-01-31T23:00:00Z", "2026-02-01"),
            ("2026-06-30T21:59:59Z", "2026-06-30"),
            ("2026-06-30T22:00:00Z", "2026-07-01"),
            ("2026-12-31T23:00:00Z", "2027-01-01"),
            // the days of both changes start by the rule before the change
            ("2026-03-28T22:59:59Z", "2026-03-28"),
            ("2026-03-28T23:00:00Z", "2026-03-29"),
            ("2026-03-29T21:59:59Z", "2026-03-29"),
            ("2026-03-29T22:00:00Z", "2026-03-30"),
            ("2026-10-24T22:00:00Z", "2026-10-25"),
            ("2026-10-25T22:59:59Z", "2026-10-25"),
            ("2026-10-25T23:00:00Z", "2026-10-26"),
        ] {
            assert_eq!(CalendarDate::in_amsterdam(at(utc)).to_string(), day, "{utc}");
        }
    }

    #[test]
    fn a_time_of_a_day_has_one_moment() {
        for (day, hour, minute, utc) in [
            ("2026-01-15", 23, 0, "2026-01-15T22:00:00Z"),
            ("2026-07-15", 6, 0, "2026-07-15T04:00:00Z"),
            ("2026-03-29", 1, 59, "2026-03-29T00:59:00Z"),
            ("2026-03-29", 2, 30, "2026-03-29T01:30:00Z"),
            ("2026-03-29", 3, 0, "2026-03-29T01:00:00Z"),
            ("2026-10-25", 2, 30, "2026-10-25T00:30:00Z"),
            ("2026-10-25", 3, 0, "2026-10-25T02:00:00Z"),
        ] {
            let moment = AmsterdamTime::moment(CalendarDate::parse(day).unwrap(), hour, minute);
            assert_eq!(moment, Some(at(utc)), "{day} {hour}:{minute}");
        }
        assert_eq!(AmsterdamTime::moment(CalendarDate::FIRST, 24, 0), None);
        assert_eq!(AmsterdamTime::moment(CalendarDate::FIRST, 0, 60), None);
    }

    proptest! {
        #[test]
        fn a_minute_that_comes_once_comes_back(seconds in 0_u64..4_102_444_800) {
            let moment = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds - seconds % 60);
            let local = AmsterdamTime::of(moment);
            let back = AmsterdamTime::moment(local.date(), local.hour(), local.minute()).unwrap();
            let early = moment.duration_since(back).unwrap();
            // the hour that comes twice comes back as its first
            prop_assert!(early.is_zero() || (early.as_secs() == 3600 && local.hour() == 2 && local.offset_minutes() == 60));
        }
    }
}
