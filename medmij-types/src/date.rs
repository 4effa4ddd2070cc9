// SPDX-License-Identifier: AGPL-3.0-or-later
//! A calendar day, and the one place where days are counted.

use crate::ValueError;
use std::time::{Duration, SystemTime};

use chrono::{Datelike as _, NaiveDate};

/// A day of the Gregorian calendar, from `0001-01-01` to `9999-12-31`, without a time and without a zone.
///
/// ```
/// use medmij_types::{CalendarDate, ValueError};
///
/// let day = CalendarDate::parse("2028-02-28")?;
/// assert_eq!(day.plus(1).to_string(), "2028-02-29");
/// assert_eq!(CalendarDate::parse("2026-02-29"), Err(ValueError::CalendarDateRange));
/// assert_eq!(CalendarDate::parse("2026-2-3"), Err(ValueError::CalendarDateForm));
/// # Ok::<(), ValueError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CalendarDate(NaiveDate);

impl CalendarDate {
    /// The first day: `0001-01-01`.
    pub const FIRST: Self = Self(match NaiveDate::from_ymd_opt(1, 1, 1) {
        Some(day) => day,
        None => NaiveDate::MIN,
    });

    /// The last day: `9999-12-31`.
    pub const LAST: Self = Self(match NaiveDate::from_ymd_opt(9999, 12, 31) {
        Some(day) => day,
        None => NaiveDate::MAX,
    });

    /// A day by its parts; `None` where there is no such day.
    #[must_use]
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        if !(1..=9999).contains(&year) {
            return None;
        }
        NaiveDate::from_ymd_opt(year.into(), month.into(), day.into()).map(Self)
    }

    /// Reads exactly `YYYY-MM-DD` (ISO 8601, RFC 3339 `full-date`): ten ASCII characters, nothing around them.
    ///
    /// # Errors
    ///
    /// [`ValueError::CalendarDateForm`] for another form, [`ValueError::CalendarDateRange`] for a day that does not exist.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else {
            return Err(ValueError::CalendarDateForm);
        };
        let number = |digits: &[&u8]| -> Result<u16, ValueError> {
            digits.iter().try_fold(0, |number: u16, digit| match digit {
                b'0'..=b'9' => Ok(number * 10 + u16::from(**digit - b'0')),
                _ => Err(ValueError::CalendarDateForm),
            })
        };
        let (year, month, day) = (number(&[y1, y2, y3, y4])?, number(&[m1, m2])?, number(&[d1, d2])?);
        let small = |number: u16| u8::try_from(number).map_err(|_| ValueError::CalendarDateRange);
        Self::new(year, small(month)?, small(day)?).ok_or(ValueError::CalendarDateRange)
    }

    /// The day of a moment in UTC. A moment before the first day or after the last is taken as that day.
    #[must_use]
    pub fn in_utc(moment: SystemTime) -> Self {
        Self::clamped(seconds_since_1970(moment).div_euclid(SECONDS_A_DAY))
    }

    /// So many days later, at most [`LAST`](Self::LAST).
    #[must_use]
    pub fn plus(self, days: u32) -> Self {
        Self::clamped(self.days_since_1970() + i64::from(days))
    }

    /// So many days earlier, at least [`FIRST`](Self::FIRST).
    #[must_use]
    pub fn minus(self, days: u32) -> Self {
        Self::clamped(self.days_since_1970() - i64::from(days))
    }

    /// The days from 1970-01-01 to this day; negative before.
    #[must_use]
    pub fn days_since_1970(self) -> i64 {
        self.0.to_epoch_days().into()
    }

    /// The whole days from another day to this one; negative where the other is later.
    #[must_use]
    pub fn days_since(self, other: Self) -> i64 {
        self.days_since_1970() - other.days_since_1970()
    }

    /// The year, 1 to 9999.
    #[must_use]
    pub fn year(self) -> u16 {
        u16::try_from(self.0.year()).unwrap_or(9999)
    }

    /// The month, 1 to 12.
    #[must_use]
    pub fn month(self) -> u8 {
        u8::try_from(self.0.month()).unwrap_or(12)
    }

    /// The day of the month, 1 to 31.
    #[must_use]
    pub fn day(self) -> u8 {
        u8::try_from(self.0.day()).unwrap_or(31)
    }

    /// The day as Dutch texts write it.
    ///
    /// ```
    /// use medmij_types::CalendarDate;
    ///
    /// assert_eq!(CalendarDate::parse("2026-09-14")?.in_dutch(), "14 september 2026");
    /// # Ok::<(), medmij_types::ValueError>(())
    /// ```
    #[must_use]
    pub fn in_dutch(self) -> String {
        let month = usize::from(self.month()).checked_sub(1);
        let month = month.and_then(|month| MONTHS.get(month)).unwrap_or(&"");
        format!("{} {month} {}", self.day(), self.year())
    }

    /// The full years from this day to another one, as an age is counted: born on 29 February, one is a year older on
    /// 1 March of a common year. 0 where the other day is earlier.
    ///
    /// ```
    /// # use medmij_types::CalendarDate;
    /// let born = CalendarDate::parse("2014-11-30")?;
    /// assert_eq!(born.age_on(CalendarDate::parse("2026-11-29")?), 11);
    /// assert_eq!(born.age_on(CalendarDate::parse("2026-11-30")?), 12);
    /// # Ok::<(), medmij_types::ValueError>(())
    /// ```
    #[must_use]
    pub fn age_on(self, day: Self) -> u16 {
        let years = day.0.years_since(self.0).unwrap_or(0);
        u16::try_from(years).unwrap_or(u16::MAX)
    }

    /// The day as chrono's.
    #[cfg(feature = "chrono")]
    #[must_use]
    pub const fn to_chrono(self) -> NaiveDate {
        self.0
    }

    pub(crate) fn clamped(days_since_1970: i64) -> Self {
        let days = days_since_1970.clamp(Self::FIRST.days_since_1970(), Self::LAST.days_since_1970());
        let day = i32::try_from(days).ok().and_then(NaiveDate::from_epoch_days);
        day.map_or(Self::LAST, Self)
    }
}

impl std::fmt::Display for CalendarDate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&format!("{:04}-{:02}-{:02}", self.year(), self.month(), self.day()))
    }
}

text_in_and_out!(CalendarDate, ValueError);

/// Whether the proleptic Gregorian calendar has this day, in a year of any size. The calendar repeats every 400 years.
pub(crate) fn exists(year: i64, month: u8, day: u8) -> bool {
    let like = 2000 + i32::try_from(year.rem_euclid(400)).unwrap_or_default();
    NaiveDate::from_ymd_opt(like, month.into(), day.into()).is_some()
}

const MONTHS: [&str; 12] = [
    "januari",
    "februari",
    "maart",
    "april",
    "mei",
    "juni",
    "juli",
    "augustus",
    "september",
    "oktober",
    "november",
    "december",
];

/// Days since 1970-01-01; `None` where there is no such day, or beyond the year 262,142.
pub(crate) fn days_since_1970(year: i64, month: u8, day: u8) -> Option<i64> {
    let day = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month.into(), day.into())?;
    Some(day.to_epoch_days().into())
}

/// Whole seconds since 1970, rounded down.
pub(crate) fn seconds_since_1970(moment: SystemTime) -> i64 {
    match moment.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
        Err(before) => {
            let before = before.duration();
            let seconds = i64::try_from(before.as_secs()).map_or(i64::MIN, |seconds| -seconds);
            seconds.saturating_sub(i64::from(before.subsec_nanos() > 0))
        }
    }
}

/// The moment of a number of seconds since 1970; `None` where the clock of the system does not reach.
pub(crate) fn moment(seconds: i64) -> Option<SystemTime> {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(distance)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(distance)
    }
}

pub(crate) const SECONDS_A_DAY: i64 = 86_400;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_days_that_exist_in_the_one_form() {
        for (bad, why) in [
            ("", ValueError::CalendarDateForm),
            ("2026-1-1", ValueError::CalendarDateForm),
            ("20260101", ValueError::CalendarDateForm),
            ("2026-01-01 ", ValueError::CalendarDateForm),
            (" 2026-01-01", ValueError::CalendarDateForm),
            ("2026/01/01", ValueError::CalendarDateForm),
            ("+026-01-01", ValueError::CalendarDateForm),
            ("2026-01-0\u{661}", ValueError::CalendarDateForm),
            ("2026-01-01T00:00:00Z", ValueError::CalendarDateForm),
            ("0000-01-01", ValueError::CalendarDateRange),
            ("2026-00-01", ValueError::CalendarDateRange),
            ("2026-13-01", ValueError::CalendarDateRange),
            ("2026-01-00", ValueError::CalendarDateRange),
            ("2026-01-32", ValueError::CalendarDateRange),
            ("2026-02-31", ValueError::CalendarDateRange),
            ("2026-04-31", ValueError::CalendarDateRange),
            ("2026-02-29", ValueError::CalendarDateRange),
            ("1900-02-29", ValueError::CalendarDateRange),
        ] {
            assert_eq!(CalendarDate::parse(bad), Err(why), "{bad:?}");
        }
        for good in ["0001-01-01", "1969-12-31", "2000-02-29", "2028-02-29", "9999-12-31"] {
            assert_eq!(
                CalendarDate::parse(good).map(|day| day.to_string()),
                Ok(good.to_owned())
            );
        }
    }

    #[test]
    fn days_are_counted_from_1970() {
        for (day, days) in [
            ("1970-01-01", 0),
            ("1970-03-01", 59),
            ("2000-03-01", 11_017),
            ("1969-12-31", -1),
            ("2026-11-22", 20_779),
        ] {
            let day = CalendarDate::parse(day).unwrap();
            assert_eq!(day.days_since_1970(), days);
            assert_eq!(CalendarDate::in_utc(moment(days * SECONDS_A_DAY).unwrap()), day);
            assert_eq!(
                CalendarDate::in_utc(moment(days * SECONDS_A_DAY + 86_399).unwrap()),
                day
            );
        }
        let before_1970 = SystemTime::UNIX_EPOCH - Duration::from_nanos(1);
        assert_eq!(CalendarDate::in_utc(before_1970).to_string(), "1969-12-31");
    }

    #[test]
    fn counting_stops_at_the_first_and_the_last_day() {
        assert_eq!(CalendarDate::LAST.plus(1), CalendarDate::LAST);
        assert_eq!(CalendarDate::FIRST.minus(1), CalendarDate::FIRST);
        assert_eq!(CalendarDate::FIRST.plus(u32::MAX), CalendarDate::LAST);
        assert_eq!(CalendarDate::LAST.minus(u32::MAX), CalendarDate::FIRST);
        assert_eq!(CalendarDate::FIRST.plus(3_652_058), CalendarDate::LAST);
        assert_eq!(
            CalendarDate::in_utc(moment(1_000_000_000_000).unwrap()),
            CalendarDate::LAST
        );
    }

    #[test]
    fn an_age_is_counted_in_full_years() {
        for (born, day, age) in [
            ("2010-11-30", "2026-11-29", 15),
            ("2010-11-30", "2026-11-30", 16),
            ("2014-12-01", "2026-11-30", 11),
            ("2012-02-29", "2023-02-28", 10),
            ("2012-02-29", "2023-03-01", 11),
            ("2012-02-29", "2024-02-29", 12),
            ("2026-12-01", "2026-11-30", 0),
        ] {
            let [born, on] = [born, day].map(|text| CalendarDate::parse(text).unwrap());
            assert_eq!(born.age_on(on), age, "{born} on {day}");
        }
    }

    proptest! {
        #[test]
        fn every_day_comes_back(days in -719_162_i64..2_932_897) {
            let day = CalendarDate::clamped(days);
            prop_assert_eq!(day.days_since_1970(), days);
            prop_assert_eq!(CalendarDate::parse(&day.to_string()), Ok(day));
            prop_assert_eq!(CalendarDate::new(day.year(), day.month(), day.day()), Some(day));
            prop_assert!(exists(day.year().into(), day.month(), day.day()));
        }
    }
}
