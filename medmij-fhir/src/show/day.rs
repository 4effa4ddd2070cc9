// SPDX-License-Identifier: AGPL-3.0-or-later
//! Dates as a person reads them, with the precision that they have.

use std::time::{Duration, SystemTime};

use chrono::DateTime;
use medmij_types::{AmsterdamTime, CalendarDate};

/// A moment, a day, a month or a year of a resource, in plain Dutch.
///
/// ```
/// use medmij_fhir::show::Day;
///
/// let day = Day::parse("2026-09-14T10:30:00+02:00").unwrap();
/// assert_eq!((day.text(), day.with_time()), ("14 september 2026", "14 september 2026 om 10.30 uur".to_owned()));
/// assert_eq!(Day::parse("2026-09").unwrap().text(), "september 2026");
/// assert!(Day::parse("gisteren").is_none());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day {
    /// `2026-09-14T10:30`, in Dutch time: so many parts as are known.
    key: String,
    text: String,
}

impl Day {
    /// Reads a FHIR `date`, `dateTime` or `instant`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > 10 {
            return DateTime::parse_from_rfc3339(text)
                .ok()
                .and_then(|moment| moment_of(moment.timestamp()))
                .map(Self::at);
        }
        let mut parts = text.split('-');
        let year = parts.next().filter(|year| year.len() == 4)?;
        let year: u16 = year.parse().ok()?;
        let (month, day) = (parts.next(), parts.next());
        let text = match (month, day) {
            (None, _) => year.to_string(),
            (Some(_), None) => {
                let first = CalendarDate::parse(&format!("{text}-01")).ok()?.in_dutch();
                first.strip_prefix("1 ")?.to_owned()
            }
            (Some(_), Some(_)) => return CalendarDate::parse(text).ok().map(|date| Self::on(&date)),
        };
        Some(Self {
            key: [Some(format!("{year:04}")), month.map(str::to_owned)]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join("-"),
            text,
        })
    }

    /// A moment, by the clock in the Netherlands.
    #[must_use]
    pub fn at(moment: SystemTime) -> Self {
        let local = AmsterdamTime::of(moment);
        let mut day = Self::on(&local.date());
        day.key = format!("{}T{:02}:{:02}", day.key, local.hour(), local.minute());
        day
    }

    fn on(date: &CalendarDate) -> Self {
        Self {
            key: date.to_string(),
            text: date.in_dutch(),
        }
    }

    /// The day, with the precision that it has: `14 september 2026`, `september 2026`, `2026`.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The same with the time of the day, where there is one.
    #[must_use]
    pub fn with_time(&self) -> String {
        match self.key.split_once('T').and_then(|(_, time)| time.split_once(':')) {
            Some((hour, minute)) => {
                let hour = hour.strip_prefix('0').unwrap_or(hour);
                format!("{} om {hour}.{minute} uur", self.text)
            }
            None => self.text.clone(),
        }
    }

    /// By which days are put in order and compared: `2026`, `2026-09`, `2026-09-14` or `2026-09-14T10:30`.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The year.
    #[must_use]
    pub fn year(&self) -> &str {
        self.key.get(..4).unwrap_or_default()
    }

    /// The first day that it can be.
    pub(super) fn first(&self) -> Option<CalendarDate> {
        let mut parts = self.key.get(..10).unwrap_or(&self.key).split('-');
        let year = parts.next()?.parse().ok()?;
        let mut part = || parts.next().map_or(Some(1), |part| part.parse().ok());
        CalendarDate::new(year, part()?, part()?)
    }
}

fn moment_of(seconds: i64) -> Option<SystemTime> {
    let from_epoch = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(from_epoch)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(from_epoch)
    }
}

#[cfg(test)]
mod tests {
    use super::Day;

    #[test]
    fn a_date_keeps_its_precision() {
        let cases = [
            ("2026", "2026", "2026"),
            ("2026-09", "2026-09", "september 2026"),
            ("2026-09-04", "2026-09-04", "4 september 2026"),
            (
                "2026-07-31T22:30:00Z",
                "2026-08-01T00:30",
                "1 augustus 2026 om 0.30 uur",
            ),
            (
                "2026-01-31T10:05:09.123+01:00",
                "2026-01-31T10:05",
                "31 januari 2026 om 10.05 uur",
            ),
            (
                "1931-02-01T00:00:00+00:00",
                "1931-02-01T01:00",
                "1 februari 1931 om 1.00 uur",
            ),
        ];
        for (text, key, shown) in cases {
            let day = Day::parse(text).unwrap();
            assert_eq!((day.key(), day.with_time().as_str()), (key, shown), "{text}");
        }
        for text in [
            "",
            "20",
            "2026-13",
            "2026-02-30",
            "2026-09-14T10:30",
            "veertien september",
            "2026-1-1-1",
        ] {
            assert_eq!(Day::parse(text), None, "{text}");
        }
    }
}
