// SPDX-License-Identifier: AGPL-3.0-or-later
//! ext.abo.subnotint — the day on which an Abonnement ends.

use medmij_types::{CalendarDate, Tijdstempel};

/// Reads the end of an Abonnement: an RFC 3339 `full-date`, or an RFC 3339 time, of which only the day as it is written
/// counts. `None` for what is neither, and for a day before 1970.
pub(super) fn read(text: &str) -> Option<CalendarDate> {
    let (day, time) = text.split_at_checked(10)?;
    let is_time = || {
        text.len() <= 40 && Tijdstempel::parse(text).is_ok_and(|t| t.as_str() == text && t.offset_minutes().is_some())
    };
    if !time.is_empty() && !is_time() {
        return None;
    }
    CalendarDate::parse(day).ok().filter(|day| day.days_since_1970() >= 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ext_abo_subnotint_the_end_is_a_date_or_the_day_of_a_time() {
        for bad in [
            "",
            "2026-1-1",
            "2026-02-31",
            "1969-12-31",
            "2026-01-01 ",
            "2026-01-01T",
            "2026-01-01Tmorgen",
            "2026-01-01T25:00:00Z",
            "2026-01-01T23:00:00",
            "2026-01-01T23:00:00.12",
            "2026-01-01T23:00:00Z ",
            "2026-01-01 23:00:00Z",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
        let day = CalendarDate::parse("2026-01-01").ok();
        for time in [
            "",
            "T23:00:00Z",
            "T23:00:00+01:00",
            "T00:00:00.5-05:30",
            "T23:59:59.123456789Z",
        ] {
            assert_eq!(read(&format!("2026-01-01{time}")), day, "{time}");
        }
    }
}
