// SPDX-License-Identifier: AGPL-3.0-or-later
//! The moment of publication in the header of every list.

use crate::lexical::{self, DateTime, DateTimeError};
use std::time::{Duration, SystemTime};

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
/// # Ok::<(), medmij_types::TijdstempelError>(())
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
    /// The first rule that the text breaks.
    pub fn parse(text: &str) -> Result<Self, TijdstempelError> {
        let text = lexical::trim(text);
        let parts = DateTime::scan(text).map_err(|error| match error {
            DateTimeError::Form => TijdstempelError::Form,
            DateTimeError::Range => TijdstempelError::Range,
            DateTimeError::YearTooLarge => TijdstempelError::YearTooLarge,
        })?;
        if text.len() < 20 {
            return Err(TijdstempelError::NoZone);
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
    /// [`TijdstempelError::Range`] for a moment before the year 1 or after the year 9999.
    pub fn from_system_time(moment: SystemTime) -> Result<Self, TijdstempelError> {
        let seconds = match moment.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_secs()).map_err(|_| TijdstempelError::Range)?,
            Err(before) => -i64::try_from(before.duration().as_secs()).map_err(|_| TijdstempelError::Range)?,
        };
        let (year, month, day) = civil_from_days(seconds.div_euclid(86_400)).ok_or(TijdstempelError::Range)?;
        if !(1..=9999).contains(&year) {
            return Err(TijdstempelError::Range);
        }
        let second = seconds.rem_euclid(86_400);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        Self::parse(&format!(
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"
        ))
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

    /// The moment, cut to nanoseconds; `None` without a zone, or where the system's clock does not reach.
    #[must_use]
    pub fn to_system_time(&self) -> Option<SystemTime> {
        let p = &self.parts;
        let days = lexical::days_from_civil(p.year, p.month, p.day)?;
        let of_day = i64::from(p.hour) * 3600 + i64::from(p.minute) * 60 + i64::from(p.second);
        let seconds = days
            .checked_mul(86_400)?
            .checked_add(of_day)?
            .checked_sub(i64::from(p.offset?) * 60)?;
        let whole = Duration::from_secs(seconds.unsigned_abs());
        let moment = if seconds < 0 {
            SystemTime::UNIX_EPOCH.checked_sub(whole)
        } else {
            SystemTime::UNIX_EPOCH.checked_add(whole)
        }?;
        moment.checked_add(Duration::from_nanos(p.nanos.into()))
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
    /// [`TijdstempelError::Range`] for a year outside 1 to 9999 or an offset that is not of whole minutes.
    #[cfg(feature = "chrono")]
    pub fn from_chrono<Z: chrono::TimeZone>(moment: &chrono::DateTime<Z>) -> Result<Self, TijdstempelError> {
        use chrono::{Datelike as _, Offset as _, Timelike as _};
        let local = moment.naive_local();
        let offset = moment.offset().fix().local_minus_utc();
        if !(1..=9999).contains(&local.year()) || offset % 60 != 0 {
            return Err(TijdstempelError::Range);
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

text_traits!(Tijdstempel, TijdstempelError);

/// Why a text is no [`Tijdstempel`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TijdstempelError {
    /// Not of the form of `xs:dateTime`.
    #[error("Tijdstempel is not of the form YYYY-MM-DDThh:mm:ss with a time zone")]
    Form,
    /// There is no such day, time or zone.
    #[error("Tijdstempel names a day, time or zone that does not exist")]
    Range,
    /// Fewer than 20 characters, so without a time zone.
    #[error("Tijdstempel has no time zone")]
    NoZone,
    /// A year beyond 64 bits.
    #[error("Tijdstempel has a year that is too large")]
    YearTooLarge,
}

/// The date of a day counted from 1970-01-01.
fn civil_from_days(days: i64) -> Option<(i64, u8, u8)> {
    let shifted = days.checked_add(719_468)?;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = u8::try_from(day_of_year - (153 * shifted_month + 2) / 5 + 1).ok()?;
    let month = u8::try_from(if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    })
    .ok()?;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    Some((year, month, day))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_error_names_the_rule() {
        use TijdstempelError as E;
        for (bad, why) in [
            ("2018-07-19T10:43:41", E::NoZone),
            ("2018-02-30T10:43:41Z", E::Range),
            ("gisteren", E::Form),
            ("99999999999999999999-01-01T00:00:00Z", E::YearTooLarge),
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
            prop_assert_eq!(Tijdstempel::parse(&text).is_ok(), lexical::is_datumtijd(&text));
        }
    }
}
