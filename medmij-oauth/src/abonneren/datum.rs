// SPDX-License-Identifier: AGPL-3.0-or-later
//! ext.abo.subnotint — the day on which an Abonnement ends.

use std::{fmt, str::FromStr, time::SystemTime};

use medmij_types::lexical;

/// A calendar day, as days since 1970-01-01. On the wire it is `JJJJ-MM-DD`; an RFC 3339 time is read as its day.
///
/// ```
/// use medmij_oauth::abonneren::Datum;
///
/// let day = Datum::parse("2026-02-28")?;
/// assert_eq!(day.plus(1).to_string(), "2026-03-01");
/// assert_eq!(Datum::parse("2026-02-28T23:00:00+01:00")?, day);
/// assert!(Datum::parse("2026-02-29").is_err());
/// # Ok::<(), medmij_oauth::abonneren::DatumError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Datum(u32);

impl Datum {
    /// Reads a day from 1970 to 9999.
    ///
    /// # Errors
    ///
    /// [`DatumError`] where the text is no such day.
    pub fn parse(text: &str) -> Result<Self, DatumError> {
        let (day, rest) = text.split_at_checked(10).ok_or(DatumError)?;
        // a time of RFC 3339 is a dateTime of the schemas with a zone
        if !(rest.is_empty() || rest.len() <= 30 && lexical::is_datumtijd(text) && has_zone(rest)) {
            return Err(DatumError);
        }
        let mut parts = day.split('-');
        let mut number = |len: usize| -> Result<u32, DatumError> {
            let part = parts
                .next()
                .filter(|part| part.len() == len && part.bytes().all(|b| b.is_ascii_digit()));
            part.and_then(|part| part.parse().ok()).ok_or(DatumError)
        };
        let (year, month, day) = (number(4)?, number(2)?, number(2)?);
        let days = days_from_civil(year, month, day).ok_or(DatumError)?;
        // what does not come back the same was no day of that month
        if civil_from_days(days) == (year, month, day) {
            Ok(Self(days))
        } else {
            Err(DatumError)
        }
    }

    /// The day of a moment, in UTC.
    #[must_use]
    pub fn of(now: SystemTime) -> Self {
        let seconds = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        Self(u32::try_from(seconds / 86_400).unwrap_or(u32::MAX))
    }

    /// So many days later.
    #[must_use]
    pub fn plus(self, days: u32) -> Self {
        Self(self.0.saturating_add(days).min(LAST))
    }

    pub(crate) fn civil(self) -> (u32, u32, u32) {
        civil_from_days(self.0)
    }
}

impl FromStr for Datum {
    type Err = DatumError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for Datum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

/// The text is no day of the form `JJJJ-MM-DD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a date of the form JJJJ-MM-DD")]
pub struct DatumError;

fn has_zone(time: &str) -> bool {
    time.ends_with('Z')
        || time
            .rfind(['+', '-'])
            .is_some_and(|at| time.len() - at == "+01:00".len())
}

/// The proleptic Gregorian calendar, counted in eras of 400 years that begin on 1 March.
fn days_from_civil(year: u32, month: u32, day: u32) -> Option<u32> {
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year / 400, year % 400);
    let shifted = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * shifted + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    (era * 146_097 + day_of_era).checked_sub(719_468)
}

fn civil_from_days(days: u32) -> (u32, u32, u32) {
    let shifted = days.saturating_add(719_468);
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_shifted + 2) / 5 + 1;
    let month = if month_shifted < 10 {
        month_shifted + 3
    } else {
        month_shifted - 9
    };
    (year_of_era + era * 400 + u32::from(month <= 2), month, day)
}

/// 9999-12-31.
const LAST: u32 = 2_932_896;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_days_that_exist() {
        for bad in [
            "",
            "2026-1-1",
            "2026-13-01",
            "2026-00-01",
            "2026-04-31",
            "1969-12-31",
            "20260101",
            "2026-01-01 ",
            "2026-01-0\u{661}",
            "2026-01-01T",
            "2026-01-01Tmorgen",
            "2026-01-01T25:00:00Z",
            "2026-01-01T23:00:00",
            "2026-01-01T23:00:00.12",
            "2026-01-01T23:00:00Z ",
            "2026-01-01 23:00:00Z",
        ] {
            assert_eq!(Datum::parse(bad), Err(DatumError), "{bad}");
        }
        for time in [
            "T23:00:00Z",
            "T23:00:00+01:00",
            "T00:00:00.5-05:30",
            "T23:59:59.123456789Z",
        ] {
            assert_eq!(
                Datum::parse(&format!("2026-01-01{time}")),
                Datum::parse("2026-01-01"),
                "{time}"
            );
        }
        assert_eq!(Datum(LAST).to_string(), "9999-12-31");
        assert_eq!(Datum::of(SystemTime::UNIX_EPOCH).to_string(), "1970-01-01");
    }

    proptest! {
        #[test]
        fn days_round_trip(days in 0..=LAST) {
            prop_assert_eq!(Datum::parse(&Datum(days).to_string()), Ok(Datum(days)));
        }
    }
}
