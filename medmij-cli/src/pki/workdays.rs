// SPDX-License-Identifier: AGPL-3.0-or-later
//! Changes of PKIoverheid are taken over within ten working days: so long ago the last check can be.

use std::{io, path::Path};

use medmij_types::CalendarDate;

use super::finding::{Finding, Severity};
use crate::cli_error::CliError;

/// Working days within which a change is to be taken over.
const MOST: u32 = 10;

/// A warning where the last check is too long ago; none where there was none yet.
pub(crate) fn judge(path: &Path, today: CalendarDate) -> Result<Option<Finding>, CliError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(cause) => {
            return Err(CliError::Read {
                name: path.display().to_string(),
                cause,
            });
        }
    };
    let last = CalendarDate::parse(text.trim())
        .map_err(|cause| CliError::Usage(format!("{}: is no day of a check: {cause}", path.display())))?;
    let days = between(last, today);
    Ok((days > MOST).then(|| Finding {
        severity: Severity::Warning,
        code: "not-checked",
        certificate: None,
        message: format!("the bundle was last checked on {last}, {days} working days ago"),
        remedy: "Compare the bundle with the page of PKIoverheid at least every ten working days.",
    }))
}

/// Working days (Monday to Friday; holidays count) after one day up to another.
fn between(from: CalendarDate, until: CalendarDate) -> u32 {
    let days = u32::try_from(until.days_since(from)).unwrap_or_default();
    let weeks = days / 7;
    let rest = (1..=days % 7)
        .map(|ahead| from.plus(weeks.saturating_mul(7).saturating_add(ahead)))
        // 1970-01-01 was a Thursday: 0 is Monday
        .filter(|day| day.days_since_1970().saturating_add(3).rem_euclid(7) < 5)
        .count();
    weeks
        .saturating_mul(5)
        .saturating_add(u32::try_from(rest).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn working_days_leave_weekends_out() {
        let day = |text: &str| CalendarDate::parse(text).unwrap();
        // 2026-11-30 is a Monday
        let cases = [
            ("2026-11-30", "2026-11-30", 0),
            ("2026-11-27", "2026-11-30", 1),
            ("2026-11-28", "2026-11-30", 1),
            ("2026-11-16", "2026-11-30", 10),
            ("2026-11-13", "2026-11-30", 11),
            ("2026-12-30", "2026-11-30", 0),
        ];
        for (from, until, expected) in cases {
            assert_eq!(between(day(from), day(until)), expected, "{from} {until}");
        }
    }
}
