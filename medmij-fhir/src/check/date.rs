// SPDX-License-Identifier: AGPL-3.0-or-later
//! Dates and times (FHIR section 2.24.0.1): year, month and day, or a time of day with its zone.

use super::CheckRule;

/// Whether an element holds a date, dateTime or instant, by its name: the tables do not tell these from other text.
pub(super) fn is_date_element(name: &str) -> bool {
    ENDS.iter().any(|end| name.ends_with(end)) || NAMES.contains(&name)
}

/// What is wrong with a date.
pub(super) fn check(text: &str) -> Option<CheckRule> {
    let (date, time) = match text.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    if !is_date(date) {
        return Some(CheckRule::Date);
    }
    let time = time?;
    if date.len() != 10 {
        return Some(CheckRule::Date);
    }
    let zone = time.find(['Z', '+', '-']).unwrap_or(time.len());
    let (clock, zone) = time.split_at_checked(zone)?;
    if !is_clock(clock) {
        return Some(CheckRule::Date);
    }
    match zone {
        "" => Some(CheckRule::TimeZone),
        "Z" => None,
        zone => {
            let good = zone.get(1..).is_some_and(|zone| {
                parts(zone, ':', &[2, 2])
                    .is_some_and(|parts| matches!(parts.as_slice(), [hours, minutes] if *hours <= 14 && *minutes <= 59))
            });
            (!good).then_some(CheckRule::Date)
        }
    }
}

fn is_date(text: &str) -> bool {
    let lengths: &[usize] = match text.len() {
        4 => &[4],
        7 => &[4, 2],
        10 => &[4, 2, 2],
        _ => return false,
    };
    let Some(parts) = parts(text, '-', lengths) else {
        return false;
    };
    let days = match parts.as_slice() {
        [_, 2, _] => 28 + u32::from(parts.first().is_some_and(|year| is_leap(*year))),
        [_, 4 | 6 | 9 | 11, _] => 30,
        _ => 31,
    };
    parts.get(1).is_none_or(|month| (1..=12).contains(month)) && parts.get(2).is_none_or(|day| (1..=days).contains(day))
}

/// `09:10:00`, with or without a fraction; a leap second is a second.
fn is_clock(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let good = parts(whole, ':', &[2, 2, 2])
        .is_some_and(|parts| matches!(parts.as_slice(), [h, m, s] if *h <= 23 && *m <= 59 && *s <= 60));
    good && !fraction.is_empty() && fraction.bytes().all(|b| b.is_ascii_digit())
}

/// Numbers of these lengths with a separator between.
fn parts(text: &str, separator: char, lengths: &[usize]) -> Option<Vec<u32>> {
    let found: Vec<&str> = text.split(separator).collect();
    let good = found.len() == lengths.len()
        && found
            .iter()
            .zip(lengths)
            .all(|(part, len)| part.len() == *len && part.bytes().all(|b| b.is_ascii_digit()));
    if !good {
        return None;
    }
    found.iter().map(|part| part.parse().ok()).collect()
}

const fn is_leap(year: u32) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

const ENDS: [&str; 4] = ["DateTime", "Date", "Instant", "lastUpdated"];
const NAMES: [&str; 22] = [
    "authored",
    "authoredOn",
    "created",
    "date",
    "dateAsserted",
    "dateWritten",
    "end",
    "expiry",
    "indexed",
    "issued",
    "lastModified",
    "lastOccurrence",
    "occurred",
    "received",
    "recorded",
    "recordedOn",
    "sent",
    "start",
    "statusDate",
    "timestamp",
    "whenHandedOver",
    "whenPrepared",
];

#[cfg(test)]
mod tests {
    use super::{CheckRule, check};

    #[test]
    fn dates_with_their_precision_and_times_with_their_zone() {
        for good in [
            "2026",
            "2026-09",
            "2026-09-14",
            "2024-02-29",
            "2026-09-14T09:10:00Z",
            "2026-09-14T09:10:00.123+02:00",
            "2026-09-14T23:59:60-05:30",
        ] {
            assert_eq!(check(good), None, "{good}");
        }
        for bad in [
            "",
            "14-09-2026",
            "2026-13",
            "2026-02-29",
            "2026-04-31",
            "2026-9-1",
            "20260914",
            "2026-09T09:10:00Z",
            "2026-09-14T09:10Z",
            "2026-09-14T24:00:00Z",
            "2026-09-14 09:10:00Z",
            "2026-09-14T09:10:00+2",
            "2026-09-14T09:10:00.Z",
            "2026-09-14T",
        ] {
            assert_eq!(check(bad), Some(CheckRule::Date), "{bad}");
        }
        assert_eq!(check("2026-09-14T09:10:00"), Some(CheckRule::TimeZone));
    }
}
