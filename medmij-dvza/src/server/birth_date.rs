// SPDX-License-Identifier: AGPL-3.0-or-later
//! Beschikbaarheidstoets, ext.vert.autorisatie.201 — the birth date that a source system knows, and what may be concluded
//! from it.

use std::fmt;

use medmij_oauth::OauthError;
use medmij_oauth::{
    Vertegenwoordiging,
    wire::{Geboortedatum, split_date},
};
use medmij_types::CalendarDate;

/// The birth date of a Persoon as a source system has it, from the BRP: the day, or the day and the month too, or all of it
/// may be unknown. A date that a DVP sends is a [`Geboortedatum`] and has no unknown parts.
///
/// Whatever is judged by it goes by the reading that grants least: sixteen by the latest day that it may be, under twelve by
/// the earliest.
///
/// ```
/// use medmij_dvza::SourceBirthDate;
/// use medmij_oauth::wire::Geboortedatum;
/// use medmij_types::CalendarDate;
///
/// let born = SourceBirthDate::parse("20100600")?;
/// assert_eq!(born.age_at_least(CalendarDate::parse("2026-06-29").unwrap()), Some(15));
/// assert_eq!(born.age_at_least(CalendarDate::parse("2026-06-30").unwrap()), Some(16));
///
/// // only what is known is compared, and what is not known at all is equal to nothing
/// assert_eq!(born.agrees_with(&Geboortedatum::parse("20100615")?), Some(true));
/// assert_eq!(born.agrees_with(&Geboortedatum::parse("20100715")?), Some(false));
/// assert_eq!(SourceBirthDate::parse("00000000")?.agrees_with(&Geboortedatum::parse("20100615")?), None);
/// # Ok::<(), medmij_oauth::OauthError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SourceBirthDate(Known);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    Nothing,
    Year(u16),
    Month(u16, u8),
    Day(CalendarDate),
}

impl SourceBirthDate {
    /// Reads `YYYYMMDD` with `00` or `0000` for a part that is not known: `19700900`, `19700000`, `00000000`.
    ///
    /// # Errors
    ///
    /// [`OauthError`] for another form, a day that does not exist, or a known part after an unknown one.
    pub fn parse(text: &str) -> Result<Self, OauthError> {
        let (year, month, day) = split_date(text).ok_or(OauthError::GeboortedatumForm)?;
        Ok(Self(match (year, month, day) {
            (0, 0, 0) => Known::Nothing,
            (1800.., 0, 0) => Known::Year(year),
            (1800.., 1..=12, 0) => Known::Month(year, month),
            (1800.., _, 1..) => Known::Day(CalendarDate::new(year, month, day).ok_or(OauthError::GeboortedatumDay)?),
            _ => return Err(OauthError::GeboortedatumDay),
        }))
    }

    /// The day, where all of it is known.
    #[must_use]
    pub fn of(day: CalendarDate) -> Self {
        Self(Known::Day(day))
    }

    /// Whether the date that a DVP gave (`MedMij_geboortedatum`) may be this one: its known parts are compared. `None` where
    /// nothing is known: then nothing is established.
    #[must_use]
    pub fn agrees_with(&self, given: &Geboortedatum) -> Option<bool> {
        let given = given.date();
        match self.0 {
            Known::Nothing => None,
            Known::Year(year) => Some(given.year() == year),
            Known::Month(year, month) => Some((given.year(), given.month()) == (year, month)),
            Known::Day(day) => Some(given == day),
        }
    }

    /// The age that is reached for certain on a day: by the latest day that the birth date may be. `None` where nothing is
    /// known, or the birth is later than the day.
    #[must_use]
    pub fn age_at_least(&self, today: CalendarDate) -> Option<u16> {
        age(self.latest()?, today)
    }

    /// The age that is possible on a day: by the earliest day that the birth date may be. `None` as above.
    #[must_use]
    pub fn age_at_most(&self, today: CalendarDate) -> Option<u16> {
        age(self.earliest()?, today)
    }

    /// The rule on age: sixteen or older; with parental authority a child of 0 up to and including 11.
    pub(super) fn has_age(&self, today: CalendarDate, kind: Option<Vertegenwoordiging>) -> bool {
        match kind {
            Some(Vertegenwoordiging::ParentalAuthority) => self.age_at_most(today).is_some_and(|age| age <= 11),
            _ => self.age_at_least(today).is_some_and(|age| age >= 16),
        }
    }

    fn earliest(&self) -> Option<CalendarDate> {
        match self.0 {
            Known::Nothing => None,
            Known::Year(year) => CalendarDate::new(year, 1, 1),
            Known::Month(year, month) => CalendarDate::new(year, month, 1),
            Known::Day(day) => Some(day),
        }
    }

    fn latest(&self) -> Option<CalendarDate> {
        match self.0 {
            Known::Nothing => None,
            Known::Year(year) => CalendarDate::new(year, 12, 31),
            Known::Month(year, month) => (28..=31).rev().find_map(|day| CalendarDate::new(year, month, day)),
            Known::Day(day) => Some(day),
        }
    }
}

impl From<&Geboortedatum> for SourceBirthDate {
    fn from(date: &Geboortedatum) -> Self {
        Self::of(date.date())
    }
}

impl fmt::Debug for SourceBirthDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SourceBirthDate(***)")
    }
}

/// The age on a day; none for who is born later.
fn age(born: CalendarDate, today: CalendarDate) -> Option<u16> {
    (born <= today).then(|| born.age_on(today))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> CalendarDate {
        CalendarDate::parse(text).unwrap()
    }

    #[test]
    fn beschikbaarheidstoets_only_a_date_of_the_source_has_unknown_parts() {
        for good in ["19700901", "19700900", "19700000", "00000000", "20000229"] {
            assert!(SourceBirthDate::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "19700001",
            "00000901",
            "00000001",
            "00000900",
            "19701300",
            "20010229",
            "19700931",
            "17990000",
            "1970090",
            "",
            "1970-09-01",
            "197009xx",
        ] {
            assert!(SourceBirthDate::parse(bad).is_err(), "{bad}");
        }
        for unknown in ["19700900", "19700000", "00000000", "00000901"] {
            assert_eq!(
                Geboortedatum::parse(unknown),
                Err(OauthError::GeboortedatumUnknown),
                "{unknown}"
            );
        }
    }

    #[test]
    fn beschikbaarheidstoets_each_bound_by_the_reading_that_grants_least() {
        use Vertegenwoordiging::ParentalAuthority as Child;
        for (born, kind, last_refused, first_granted) in [
            ("20100616", None, "2026-06-15", Some("2026-06-16")),
            ("20100600", None, "2026-06-29", Some("2026-06-30")),
            ("20100000", None, "2026-12-30", Some("2026-12-31")),
            ("20080229", None, "2024-02-28", Some("2024-02-29")),
            ("20120229", None, "2028-02-28", Some("2028-02-29")),
            ("00000000", None, "2026-06-15", None),
        ] {
            let born_on = SourceBirthDate::parse(born).unwrap();
            assert!(!born_on.has_age(day(last_refused), kind), "{born}");
            assert_eq!(
                first_granted.map(|on| born_on.has_age(day(on), kind)),
                first_granted.map(|_| true)
            );
        }
        for (born, last_granted, first_refused) in [
            ("20140616", Some("2026-06-15"), "2026-06-16"),
            ("20140600", Some("2026-05-31"), "2026-06-01"),
            ("20140000", Some("2025-12-31"), "2026-01-01"),
            ("20160229", Some("2028-02-28"), "2028-02-29"),
            ("00000000", None, "2026-06-15"),
            // not born yet
            ("20270101", None, "2026-06-15"),
        ] {
            let born_on = SourceBirthDate::parse(born).unwrap();
            assert!(!born_on.has_age(day(first_refused), Some(Child)), "{born}");
            if let Some(on) = last_granted {
                assert!(born_on.has_age(day(on), Some(Child)), "{born}");
            }
        }
    }
}
