// SPDX-License-Identifier: AGPL-3.0-or-later
//! Date search (FHIR section 3.1.1.4.7): a value with its precision is a range of time, and so is an
//! element; a prefix says how the two must lie.
//!
//! A text without a zone is Dutch time: the day of a Dutch source begins at midnight in Amsterdam.

use std::time::{Duration, UNIX_EPOCH};

use medmij_types::{AmsterdamTime, CalendarDate};
use serde_json::Value;

/// From `start` up to, and not including, `end`, in nanoseconds since 1970 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) start: i128,
    pub(super) end: i128,
}

/// One alternative of a date parameter: a prefix and a range.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    prefix: Prefix,
    range: Range,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Prefix {
    Eq,
    Ne,
    Gt,
    Lt,
    Ge,
    Le,
    Sa,
    Eb,
    Ap,
}

const SECOND: i128 = 1_000_000_000;

impl Wanted {
    /// Reads `ge2026-01-01`; `None` when it is no date.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (prefix, rest) = match text.get(..2) {
            Some("eq") => (Prefix::Eq, text.get(2..)?),
            Some("ne") => (Prefix::Ne, text.get(2..)?),
            Some("gt") => (Prefix::Gt, text.get(2..)?),
            Some("lt") => (Prefix::Lt, text.get(2..)?),
            Some("ge") => (Prefix::Ge, text.get(2..)?),
            Some("le") => (Prefix::Le, text.get(2..)?),
            Some("sa") => (Prefix::Sa, text.get(2..)?),
            Some("eb") => (Prefix::Eb, text.get(2..)?),
            Some("ap") => (Prefix::Ap, text.get(2..)?),
            _ => (Prefix::Eq, text),
        };
        // a plus sign that was left unencoded in a query reads as a space
        let range = Range::parse(&rest.replace(' ', "+"))?;
        Some(Self { prefix, range })
    }

    pub(super) fn matches(&self, found: Range) -> bool {
        let wanted = self.range;
        let within = wanted.start <= found.start && found.end <= wanted.end;
        match self.prefix {
            Prefix::Eq => within,
            Prefix::Ne => !within,
            Prefix::Gt => found.end > wanted.end,
            Prefix::Lt => found.start < wanted.start,
            Prefix::Ge => found.end > wanted.start,
            Prefix::Le => found.start < wanted.end,
            Prefix::Sa => found.start >= wanted.end,
            Prefix::Eb => found.end <= wanted.start,
            Prefix::Ap => found.start < wanted.end && wanted.start < found.end,
        }
    }
}

impl Range {
    /// Reads a FHIR `date`, `dateTime` or `instant`; `None` when it is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (date, time) = match text.split_once('T') {
            Some((date, time)) => (date, Some(time)),
            None => (text, None),
        };
        let parts: Vec<&str> = date.split('-').collect();
        let (first, after) = match parts.as_slice() {
            [year] => {
                let year = number(year, 4)?;
                (CalendarDate::new(year, 1, 1)?, CalendarDate::new(year + 1, 1, 1))
            }
            [year, month] => {
                let (year, month) = (number(year, 4)?, small(month)?);
                let (next, after) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
                (CalendarDate::new(year, month, 1)?, CalendarDate::new(next, after, 1))
            }
            [year, month, day] => {
                let day = CalendarDate::new(number(year, 4)?, small(month)?, small(day)?)?;
                (day, Some(day.plus(1)))
            }
            _ => return None,
        };
        let Some(time) = time else {
            let end = after.and_then(|after| local(after, 0, 0)).unwrap_or(i128::MAX);
            return Some(Self {
                start: local(first, 0, 0)?,
                end,
            });
        };
        if parts.len() < 3 {
            return None;
        }
        let (clock, offset) = split_zone(time)?;
        let (clock, fraction) = match clock.split_once('.') {
            Some((clock, fraction)) => (clock, Some(fraction)),
            None => (clock, None),
        };
        let parts: Vec<&str> = clock.split(':').collect();
        let (hours, minutes, seconds) = match parts.as_slice() {
            [hours, minutes] => (small(hours)?, small(minutes)?, None),
            [hours, minutes, seconds] => (small(hours)?, small(minutes)?, Some(small(seconds)?)),
            _ => return None,
        };
        // a leap second is the last of its minute
        if hours > 23 || minutes > 59 || seconds.is_some_and(|seconds| seconds > 60) {
            return None;
        }
        let minute = match offset {
            Some(offset) => {
                let wall = first.days_since_1970() * 86_400 + i64::from(hours) * 3_600 + i64::from(minutes) * 60;
                i128::from(wall - offset) * SECOND
            }
            None => local(first, hours, minutes)?,
        };
        let start = minute + i128::from(seconds.unwrap_or(0)) * SECOND;
        let (start, width) = match (seconds, fraction) {
            (None, None) => (start, 60 * SECOND),
            (Some(_), None) => (start, SECOND),
            (Some(_), Some(fraction)) => {
                let (nanoseconds, width) = nanoseconds(fraction)?;
                (start + nanoseconds, width)
            }
            (None, Some(_)) => return None,
        };
        Some(Self {
            start,
            end: start + width,
        })
    }

    /// The ranges that an element stands for: a text, a Period, a Timing, or a list of these.
    pub(super) fn read(value: &Value, found: &mut Vec<Self>) {
        match value {
            Value::String(text) => found.extend(Self::parse(text)),
            Value::Array(items) => items.iter().for_each(|item| Self::read(item, found)),
            Value::Object(members) => {
                let bound = |name: &str| members.get(name).and_then(Value::as_str).and_then(Self::parse);
                let (start, end) = (bound("start"), bound("end"));
                if start.is_some() || end.is_some() {
                    found.push(Self {
                        start: start.map_or(i128::MIN, |range| range.start),
                        end: end.map_or(i128::MAX, |range| range.end),
                    });
                }
                if let Some(event) = members.get("event") {
                    Self::read(event, found);
                }
                if let Some(bounds) = members.get("repeat").and_then(|repeat| repeat.get("boundsPeriod")) {
                    Self::read(bounds, found);
                }
            }
            _ => {}
        }
    }
}

/// The moment at which the clock in Amsterdam shows this.
fn local(day: CalendarDate, hours: u8, minutes: u8) -> Option<i128> {
    let moment = AmsterdamTime::moment(day, hours, minutes)?;
    let nanoseconds = |duration: Duration| i128::try_from(duration.as_nanos()).ok();
    match moment.duration_since(UNIX_EPOCH) {
        Ok(since) => nanoseconds(since),
        Err(before) => nanoseconds(before.duration()).map(|before| -before),
    }
}

/// Seconds east of UTC: `None` where no zone is given.
fn split_zone(time: &str) -> Option<(&str, Option<i64>)> {
    if let Some(clock) = time.strip_suffix('Z') {
        return Some((clock, Some(0)));
    }
    let Some(at) = time.rfind(['+', '-']) else {
        return Some((time, None));
    };
    let (clock, zone) = time.split_at_checked(at)?;
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    let (hours, minutes) = (small(hours)?, small(minutes)?);
    if hours > 14 || minutes > 59 {
        return None;
    }
    let offset = i64::from(hours) * 3_600 + i64::from(minutes) * 60;
    Some((clock, Some(if zone.starts_with('-') { -offset } else { offset })))
}

/// A number of two digits.
fn small(text: &str) -> Option<u8> {
    u8::try_from(number(text, 2)?).ok()
}

fn number(text: &str, digits: usize) -> Option<u16> {
    let good = text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
    if good { text.parse().ok() } else { None }
}

/// Nanoseconds of a fraction, and how wide its last digit is.
fn nanoseconds(fraction: &str) -> Option<(i128, i128)> {
    if fraction.is_empty() || fraction.len() > 40 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let value: i128 = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
    let digits = u32::try_from(fraction.len().min(9)).ok()?;
    Some((value, 10_i128.pow(9 - digits)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Range, SECOND, Wanted};

    fn start(text: &str) -> Option<i128> {
        Range::parse(text).map(|range| range.start / SECOND)
    }

    #[test]
    fn texts_are_ranges_of_their_precision_in_dutch_time() {
        for (text, seconds, width) in [
            ("1970-01-01T00:00:00Z", 0, 1),
            ("2026-01-01", 1_767_222_000, 86_400),
            ("2026-07-01", 1_782_856_800, 86_400),
            ("2026", 1_767_222_000, 365 * 86_400),
            ("2026-03", 1_772_319_600, 31 * 86_400 - 3_600),
            ("2026-03-29", 1_774_738_800, 23 * 3_600),
            ("2026-10-25", 1_792_879_200, 25 * 3_600),
            ("2026-02-01T12:00Z", 1_769_947_200, 60),
            ("2026-02-01T13:00:00+01:00", 1_769_947_200, 1),
            ("2026-02-01T13:00:00", 1_769_947_200, 1),
            ("2026-02-01T07:00:00-05:00", 1_769_947_200, 1),
        ] {
            let range = Range::parse(text).unwrap();
            assert_eq!(range.start / SECOND, seconds, "{text}");
            assert_eq!((range.end - range.start) / SECOND, width, "{text}");
        }
        assert_eq!(start("2026-02-01T13:00:00.25Z"), start("2026-02-01T13:00:00.5Z"));
        assert_eq!(start("1900"), Some(-2_208_992_400));
        assert!(
            Range::parse("2026-02-01T13:00:00.25Z").unwrap().start
                < Range::parse("2026-02-01T13:00:00.5Z").unwrap().start
        );
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "26",
            "2026-13",
            "2026-00",
            "2026-02-31",
            "2025-02-29",
            "2026-1-1",
            "2026T10:00",
            "2026-01-01T",
            "2026-01-01T25:00:00Z",
            "2026-01-01T10:00.5Z",
            "2026-01-01T10:00:00+15:00",
            "vandaag",
            "2026-01-01T10:00:00+1",
            "ge2026",
        ] {
            assert_eq!(Range::parse(text), None, "{text}");
        }
        assert!(Wanted::parse("xx2026").is_none());
        assert!(Wanted::parse("gé2026").is_none());
    }

    #[test]
    fn a_prefix_says_how_the_ranges_lie() {
        let cases = [
            // wanted, found, matches
            ("2026-11-30", "2026-11-30T23:59:59+01:00", true),
            ("2026-11-30", "2026-12-01T00:00:00+01:00", false),
            ("2026-11-30", "2026-11", false),
            ("2026-11", "2026-11-30", true),
            ("ne2026-11-30", "2026-11-30", false),
            ("ne2026-11-30", "2026-11-29", true),
            ("ge2026-11-30", "2026-11-30", true),
            ("ge2026-11-30", "2026-11-29T23:59:59+01:00", false),
            ("ge2026-11-30", "2026-11", true),
            ("gt2026-11-30", "2026-11-30T10:00:00Z", false),
            ("gt2026-11-30", "2026-12-01", true),
            ("le2026-11-30", "2026-11-30T23:30:00+01:00", true),
            ("le2026-11-30", "2026-12-01", false),
            ("lt2026-11-30", "2026-11-30", false),
            ("lt2026-11-30", "2026-11-29", true),
            ("sa2026-11-30", "2026-12-01", true),
            ("sa2026-11-30", "2026-11", false),
            ("eb2026-11-30", "2026-11-29", true),
            ("eb2026-11-30", "2026-11", false),
            ("ap2026-11-30", "2026-11", true),
            ("ge2026-11-30T10:00:00 01:00", "2026-11-30T10:00:00+01:00", true),
        ];
        for (wanted, found, expected) in cases {
            let wanted_range = Wanted::parse(wanted).unwrap();
            assert_eq!(
                wanted_range.matches(Range::parse(found).unwrap()),
                expected,
                "{wanted} {found}"
            );
        }
    }

    #[test]
    fn a_period_may_be_open() {
        let read = |value: serde_json::Value| {
            let mut found = Vec::new();
            Range::read(&value, &mut found);
            found
        };
        let matches = |wanted: &str, value| {
            read(value)
                .iter()
                .any(|range| Wanted::parse(wanted).unwrap().matches(*range))
        };
        assert!(matches("ge2030-01-01", json!({"start": "2026-01-01"})));
        assert!(!matches("le2025-12-31", json!({"start": "2026-01-01"})));
        assert!(matches("le2020-01-01", json!({"end": "2026-01-01"})));
        assert!(!matches("ge2026-01-02", json!({"end": "2026-01-01"})));
        assert!(read(json!({"start": "ooit"})).is_empty());
        assert!(read(json!({})).is_empty());
        assert!(matches("2026-01-03", json!({"event": ["2026-01-01", "2026-01-03"]})));
    }
}
