// SPDX-License-Identifier: AGPL-3.0-or-later
//! FHIR `date`, `dateTime` and `instant` as a moment to sort by (FHIR section 2.24.0.1).

use medmij_types::Datum;

/// The first moment of the text in seconds and nanoseconds since 1970 UTC; a text without a zone is
/// taken as UTC. `None` when it is no FHIR date.
pub(super) fn moment(text: &str) -> Option<(i64, u32)> {
    let (date, time) = match text.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let mut parts = date.split('-');
    let year = number(parts.next()?, 4)?;
    let month = parts.next().map_or(Some(1), |part| number(part, 2))?;
    let day = parts.next().map_or(Some(1), |part| number(part, 2))?;
    if parts.next().is_some() {
        return None;
    }
    let day = Datum::new(
        u16::try_from(year).ok()?,
        u8::try_from(month).ok()?,
        u8::try_from(day).ok()?,
    )?;
    let midnight = day.days_since_1970() * 86_400;
    let Some(time) = time else { return Some((midnight, 0)) };
    let (clock, offset) = split_zone(time)?;
    let (clock, fraction) = match clock.split_once('.') {
        Some((clock, fraction)) => (clock, nanoseconds(fraction)?),
        None => (clock, 0),
    };
    let mut parts = clock.split(':');
    let (hours, minutes) = (number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    let seconds = parts.next().map_or(Some(0), |part| number(part, 2))?;
    if parts.next().is_some() || hours > 23 || minutes > 59 || seconds > 60 {
        return None;
    }
    Some((midnight + hours * 3_600 + minutes * 60 + seconds - offset, fraction))
}

fn split_zone(time: &str) -> Option<(&str, i64)> {
    if let Some(clock) = time.strip_suffix('Z') {
        return Some((clock, 0));
    }
    let Some(at) = time.rfind(['+', '-']) else {
        return Some((time, 0));
    };
    let (clock, zone) = time.split_at_checked(at)?;
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    let offset = number(hours, 2)? * 3_600 + number(minutes, 2)? * 60;
    Some((clock, if zone.starts_with('-') { -offset } else { offset }))
}

fn number(text: &str, digits: usize) -> Option<i64> {
    let good = text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
    if good { text.parse().ok() } else { None }
}

fn nanoseconds(fraction: &str) -> Option<u32> {
    if fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    format!("{fraction:0<9}").get(..9)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn moments() {
        for (text, seconds) in [
            ("1970-01-01", 0),
            ("2000-03-01", 951_868_800),
            ("2026", 1_767_225_600),
            ("2026-02", 1_769_904_000),
            ("2026-02-01T12:00:00Z", 1_769_947_200),
            ("2026-02-01T13:00:00+01:00", 1_769_947_200),
            ("2026-02-01T13:00:00.5+01:00", 1_769_947_200),
            ("2026-02-01T07:00:00-05:00", 1_769_947_200),
        ] {
            assert_eq!(moment(text).map(|(seconds, _)| seconds), Some(seconds), "{text}");
        }
        assert!(moment("2026-02-01T13:00:00.25Z") < moment("2026-02-01T13:00:00.5Z"));
        for text in [
            "",
            "26",
            "2026-13",
            "2026-1-1",
            "2026-01-01T",
            "2026-01-01T24:00:00Z",
            "2026-01-01T25:00:00Z",
            "2026-02-31",
            "2026-02-29T10:00:00Z",
            "0000-01-01",
            "vandaag",
            "2026-01-01T10:00:00+1",
        ] {
            assert_eq!(moment(text), None, "{text}");
        }
    }
}
