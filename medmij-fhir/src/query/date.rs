// SPDX-License-Identifier: AGPL-3.0-or-later
//! Dates in search parameters (FHIR section 3.1.1.4.7), and days counted from today.

use std::fmt;
use std::str::FromStr;
use std::time::SystemTime;

use chrono::{Datelike, Days, Months, NaiveDate, NaiveDateTime};

use crate::value_error::FhirValueError;

/// A date or moment of a search parameter, without its prefix: `2026`, `2026-11`, `2026-11-30` or
/// `2026-11-30T09:00:00+01:00`. A moment has a time zone. The text is kept.
///
/// ```
/// use medmij_fhir::SearchDate;
///
/// assert_eq!(SearchDate::parse("2026-11-30T09:00:00+01:00")?.as_str(), "2026-11-30T09:00:00+01:00");
/// assert!(SearchDate::parse("2026-02-30").is_err());
/// assert!(SearchDate::parse("2026-11-30T09:00:00").is_err()); // no time zone
/// # Ok::<(), medmij_fhir::FhirValueError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SearchDate(Box<str>);

impl SearchDate {
    /// Reads a date or moment.
    ///
    /// # Errors
    /// [`FhirValueError::SearchDate`].
    pub fn parse(text: &str) -> Result<Self, FhirValueError> {
        let good = text.is_ascii()
            && match text.len() {
                4 => text.bytes().all(|b| b.is_ascii_digit()) && text != "0000",
                7 => day(&format!("{text}-01")).is_some(),
                10 => day(text).is_some(),
                _ => is_moment(text),
            };
        if good {
            Ok(Self(text.into()))
        } else {
            Err(FhirValueError::SearchDate)
        }
    }

    /// The day of a moment in the Netherlands.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use medmij_fhir::SearchDate;
    ///
    /// // 30 June 2026 22:30 UTC is 1 July, 00:30 in summer time
    /// let moment = SystemTime::UNIX_EPOCH + Duration::from_secs(1_782_858_600);
    /// assert_eq!(SearchDate::dutch_day(moment).as_str(), "2026-07-01");
    /// ```
    #[must_use]
    pub fn dutch_day(moment: SystemTime) -> Self {
        let seconds = moment
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(0));
        let utc = chrono::DateTime::from_timestamp(seconds, 0)
            .unwrap_or_default()
            .naive_utc();
        let offset = if is_summer_time(utc) { 2 } else { 1 };
        let local = utc.checked_add_signed(chrono::TimeDelta::hours(offset)).unwrap_or(utc);
        Self(local.date().to_string().into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// This day moved by an offset of the catalogue: nothing, `-14M` or `-30D`.
    pub(crate) fn shifted(&self, offset: &str) -> Result<Self, FhirValueError> {
        let start = day(&self.0).ok_or(FhirValueError::SearchDate)?;
        if offset.is_empty() {
            return Ok(self.clone());
        }
        let (sign, rest) = offset.split_at_checked(1).ok_or(FhirValueError::SearchDate)?;
        let unit = rest.chars().last().ok_or(FhirValueError::SearchDate)?;
        let number: u32 = rest
            .trim_end_matches(unit)
            .parse()
            .map_err(|_| FhirValueError::SearchDate)?;
        let moved = match (sign, unit) {
            ("-", 'D') => start.checked_sub_days(Days::new(number.into())),
            ("+", 'D') => start.checked_add_days(Days::new(number.into())),
            ("-", 'M') => start.checked_sub_months(Months::new(number)),
            ("+", 'M') => start.checked_add_months(Months::new(number)),
            _ => None,
        };
        moved
            .map(|day| Self(day.to_string().into()))
            .ok_or(FhirValueError::SearchDate)
    }
}

impl fmt::Display for SearchDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for SearchDate {
    type Err = FhirValueError;

    fn from_str(text: &str) -> Result<Self, FhirValueError> {
        Self::parse(text)
    }
}

/// `YYYY-MM-DD`, no other form.
fn day(text: &str) -> Option<NaiveDate> {
    let plain = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    plain
        .then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok())
        .flatten()
}

fn is_moment(text: &str) -> bool {
    let plain = text.get(10..11) == Some("T") && text.len() <= 40 && !text.contains(' ');
    plain
        && text.get(..10).is_some_and(|date| day(date).is_some())
        && chrono::DateTime::parse_from_rfc3339(text).is_ok()
}

/// From the last Sunday of March to that of October, both at 01:00 UTC (directive 2000/84/EC).
fn is_summer_time(utc: NaiveDateTime) -> bool {
    let change = |month: u32| {
        let last = NaiveDate::from_ymd_opt(utc.year(), month, 31)?;
        let sunday = last.checked_sub_days(Days::new(last.weekday().num_days_from_sunday().into()))?;
        sunday.and_hms_opt(1, 0, 0)
    };
    matches!((change(3), change(10)), (Some(start), Some(end)) if start <= utc && utc < end)
}

#[cfg(test)]
mod tests {
    use super::SearchDate;

    #[test]
    fn dates_and_moments_are_read_and_kept() {
        for good in [
            "2026",
            "2026-11",
            "2026-11-30",
            "2026-11-30T09:00:00Z",
            "2025-11-14T14:58:33.5+00:00",
        ] {
            assert_eq!(SearchDate::parse(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "26",
            "2026-13",
            "2026-02-30",
            "2026-11-30T09:00",
            "2026-11-30 09:00:00Z",
            "30-11-2026",
            "+026",
            "2026-1-1x",
            "ge2026",
        ] {
            assert!(SearchDate::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn days_are_counted_from_today_and_months_end_in_time() {
        let today = SearchDate::parse("2026-03-31").unwrap();
        for (offset, day) in [
            ("", "2026-03-31"),
            ("-1M", "2026-02-28"),
            ("-14M", "2025-01-31"),
            ("-180D", "2025-10-02"),
            ("+1D", "2026-04-01"),
        ] {
            assert_eq!(today.shifted(offset).unwrap().as_str(), day, "{offset}");
        }
        for bad in ["-14Y", "14M", "-", "-M", "-1é"] {
            assert!(today.shifted(bad).is_err(), "{bad}");
        }
        assert!(SearchDate::parse("2026-03").unwrap().shifted("-1D").is_err());
    }

    #[test]
    fn the_dutch_day_changes_at_midnight_in_the_netherlands() {
        use std::time::{Duration, SystemTime};
        for (seconds, day) in [
            (1_774_745_999, "2026-03-29"), // 2026-03-29T00:59:59Z, winter time
            (1_774_821_599, "2026-03-29"), // 2026-03-29T21:59:59Z, summer time
            (1_774_821_600, "2026-03-30"),
            (1_792_965_600, "2026-10-25"), // 2026-10-25T22:00:00Z: winter time again, 23:00
        ] {
            let moment = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(SearchDate::dutch_day(moment).as_str(), day, "{seconds}");
        }
    }
}
