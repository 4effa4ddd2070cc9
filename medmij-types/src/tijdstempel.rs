// SPDX-License-Identifier: AGPL-3.0-or-later
//! The moment of publication in the header of every list.

use crate::ValueError;
use std::time::{Duration, SystemTime};

use crate::date::{self, CalendarDate, SECONDS_A_DAY};
use crate::lexical::{self, DateTime, DateTimeError};

/// The `Tijdstempel` of a list: an `xs:dateTime` of at least 20 characters, with its exact text.
///
/// The schemas mean to ask for a time zone but let a text without one pass when it is long enough; such a stamp is
/// valid and names no moment, so [`to_system_time`](Self::to_system_time) is `None`.
///
/// ```
/// use medmij_types::Tijdstempel;
/// use std::time::{Duration, SystemTime};
///
/// let stamp = Tijdstempel::parse("2018-07-19T10:43:41+01:00")?;
/// assert_eq!(stamp.to_system_time(), Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_531_993_421)));
/// assert_eq!(Tijdstempel::parse("2018-07-19T10:43:41.5")?.to_system_time(), None);
/// assert!(Tijdstempel::parse("2018-07-19T10:43:41").is_err());
/// # Ok::<(), medmij_types::ValueError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tijdstempel {
    text: Box<str>,
    parts: DateTime,
}

impl Tijdstempel {
    /// Reads a stamp; white space around it is dropped first, as XML Schema does.
    ///
    /// # Errors
    ///
    /// [`ValueError`]: the first rule that the text breaks.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        let text = lexical::trim(text);
        let parts = DateTime::scan(text).map_err(|error| match error {
            DateTimeError::Form => ValueError::TijdstempelForm,
            DateTimeError::Range => ValueError::TijdstempelRange,
            DateTimeError::YearTooLarge => ValueError::TijdstempelYearTooLarge,
        })?;
        if text.len() < 20 {
            return Err(ValueError::TijdstempelNoZone);
        }
        Ok(Self {
            text: text.into(),
            parts,
        })
    }

    /// The stamp of a moment, in UTC and whole seconds: `2026-11-22T06:44:10Z`.
    ///
    /// # Errors
    ///
    /// [`ValueError::TijdstempelRange`] for a moment before the year 1 or after the year 9999.
    pub fn from_system_time(moment: SystemTime) -> Result<Self, ValueError> {
        let seconds = date::seconds_since_1970(moment);
        let days = seconds.div_euclid(SECONDS_A_DAY);
        if !(CalendarDate::FIRST.days_since_1970()..=CalendarDate::LAST.days_since_1970()).contains(&days) {
            return Err(ValueError::TijdstempelRange);
        }
        let day = CalendarDate::clamped(days);
        let second = seconds.rem_euclid(SECONDS_A_DAY);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        Self::parse(&format!("{day}T{hour:02}:{minute:02}:{second:02}Z"))
    }

    /// The exact text, without the white space around it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Minutes east of UTC, or `None` where the text names no zone.
    #[must_use]
    pub fn offset_minutes(&self) -> Option<i16> {
        self.parts.offset
    }

    /// The moment, cut to nanoseconds; `None` without a zone, and where the calendar (the year 262,142) or the system's
    /// clock does not reach.
    #[must_use]
    pub fn to_system_time(&self) -> Option<SystemTime> {
        let p = &self.parts;
        let days = date::days_since_1970(p.year, p.month, p.day)?;
        let of_day = i64::from(p.hour) * 3600 + i64::from(p.minute) * 60 + i64::from(p.second);
        let seconds = days
            .checked_mul(SECONDS_A_DAY)?
            .checked_add(of_day)?
            .checked_sub(i64::from(p.offset?) * 60)?;
        date::moment(seconds)?.checked_add(Duration::from_nanos(p.nanos.into()))
    }

    /// The moment with its own offset; `None` without a zone, or where chrono's calendar does not reach.
    #[cfg(feature = "chrono")]
    #[must_use]
    pub fn to_chrono(&self) -> Option<chrono::DateTime<chrono::FixedOffset>> {
        let p = &self.parts;
        let zone = chrono::FixedOffset::east_opt(i32::from(p.offset?) * 60)?;
        let date = chrono::NaiveDate::from_ymd_opt(i32::try_from(p.year).ok()?, p.month.into(), p.day.into())?;
        // 24:00:00 is the first moment of the next day
        let (date, hour) = if p.hour == 24 {
            (date.succ_opt()?, 0)
        } else {
            (date, p.hour)
        };
        let time = date.and_hms_nano_opt(hour.into(), p.minute.into(), p.second.into(), p.nanos)?;
        time.and_local_timezone(zone).single()
    }

    /// The stamp of a chrono moment, with its offset and whole seconds.
    ///
    /// # Errors
    ///
    /// [`ValueError::TijdstempelRange`] for a year outside 1 to 9999 or an offset that is not of whole minutes.
    #[cfg(feature = "chrono")]
    pub fn from_chrono<Z: chrono::TimeZone>(moment: &chrono::DateTime<Z>) -> Result<Self, ValueError> {
        use chrono::{Datelike as _, Offset as _, Timelike as _};
        let local = moment.naive_local();
        let offset = moment.offset().fix().local_minus_utc();
        if !(1..=9999).contains(&local.year()) || offset % 60 != 0 {
            return Err(ValueError::TijdstempelRange);
        }
        let (sign, minutes) = (if offset < 0 { '-' } else { '+' }, offset.abs() / 60);
        Self::parse(&format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{sign}{:02}:{:02}",
            local.year(),
            local.month(),
            local.day(),
            local.hour(),
            local.minute(),
            local.second(),
            minutes / 60,
            minutes % 60,
        ))
    }
}

text_traits!(Tijdstempel, ValueError);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_error_names_the_rule() {
        use ValueError as E;
        for (bad, why) in [
            ("2018-07-19T10:43:41", E::TijdstempelNoZone),
            ("2018-02-30T10:43:41Z", E::TijdstempelRange),
            ("gisteren", E::TijdstempelForm),
            ("99999999999999999999-01-01T00:00:00Z", E::TijdstempelYearTooLarge),
        ] {
            assert_eq!(Tijdstempel::parse(bad), Err(why), "{bad}");
        }
    }

    #[test]
    fn the_exact_text_is_kept() {
        let stamp = Tijdstempel::parse(" 2021-05-04T18:13:51.0+01:00 ").unwrap();
        assert_eq!(stamp.as_str(), "2021-05-04T18:13:51.0+01:00");
        assert_eq!(stamp.offset_minutes(), Some(60));
    }

    #[test]
    fn midnight_as_hour_24_is_the_next_day() {
        let a = Tijdstempel::parse("2018-12-31T24:00:00Z").unwrap();
        let b = Tijdstempel::parse("2019-01-01T00:00:00Z").unwrap();
        assert_eq!(a.to_system_time(), b.to_system_time());
        #[cfg(feature = "chrono")]
        assert_eq!(a.to_chrono(), b.to_chrono());
    }

    #[cfg(feature = "chrono")]
    #[test]
    fn chrono_agrees_and_comes_back() {
        let stamp = Tijdstempel::parse("2026-03-29T02:30:00+02:00").unwrap();
        let moment = stamp.to_chrono().unwrap();
        let since_1970 = stamp
            .to_system_time()
            .unwrap()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap();
        assert_eq!(u64::try_from(moment.timestamp()), Ok(since_1970.as_secs()));
        assert_eq!(Tijdstempel::from_chrono(&moment).unwrap(), stamp);
    }

    proptest! {
        #[test]
        fn whole_seconds_come_back(seconds in 0_u64..253_402_300_800) {
            let moment = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            prop_assert_eq!(Tijdstempel::from_system_time(moment).unwrap().to_system_time(), Some(moment));
        }

        #[test]
        fn the_type_is_the_schema_type(text in "-?[0-9]{3,6}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{0,3})?(Z|[+-][01][0-9]:[0-6][0-9])?") {
            prop_assert_eq!(Tijdstempel::parse(&text).is_ok(), lexical::is_date_time(&text));
        }
    }
}
