// SPDX-License-Identifier: AGPL-3.0-or-later
//! Representation of a child: a dossier of its own, and what changes at 12 and at 16.
//!
//! The parent's automatic collecting and refresh stop on the twelfth birthday, announced 30 days before. From then on
//! what was collected is frozen until the application's policy says who sees it. From 12 to 15 the young person cannot
//! have an account yet; at 16 the dossier is handed over.

use medmij_types::CalendarDate;

/// The ages and the announcement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RepresentationPolicy {
    /// From this age on a parent no longer represents.
    pub parent_until: u16,
    /// From this age on a Persoon has an account of its own.
    pub own_account_from: u16,
    /// So many days before the end it is announced.
    pub announced_days_before: u32,
}

impl Default for RepresentationPolicy {
    /// 12 and 16 years, and 30 days.
    fn default() -> Self {
        Self {
            parent_until: 12,
            own_account_from: 16,
            announced_days_before: 30,
        }
    }
}

/// What can be done with the dossier of a represented child on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RepresentedAccess {
    /// The parent collects and reads.
    Parent,
    /// The parent collects and reads, and is to be told that this ends on the day.
    ParentEnding {
        /// The twelfth birthday.
        on: CalendarDate,
    },
    /// Nobody collects, and what was collected is frozen; the young person is told that it is not possible yet.
    Frozen,
    /// The dossier is to be handed over to the Persoon it is about.
    Handover,
}

impl RepresentedAccess {
    /// Whether the parent's automatic collecting and refresh go on.
    #[must_use]
    pub fn collects(self) -> bool {
        matches!(self, Self::Parent | Self::ParentEnding { .. })
    }
}

/// What can be done with the dossier of a child, by its birth date and the calendar day of Europe/Amsterdam.
///
/// ```
/// use medmij_dvp::person::{RepresentationPolicy, RepresentedAccess, represented_access};
/// use medmij_types::CalendarDate;
///
/// let born = CalendarDate::parse("2014-11-30")?;
/// let on = |day: &str| Ok::<_, medmij_types::ValueError>(represented_access(born, CalendarDate::parse(day)?, RepresentationPolicy::default()));
/// assert!(matches!(on("2026-11-29")?, RepresentedAccess::ParentEnding { .. }));
/// assert_eq!(on("2026-11-30")?, RepresentedAccess::Frozen);
/// assert_eq!(on("2030-11-30")?, RepresentedAccess::Handover);
/// # Ok::<(), medmij_types::ValueError>(())
/// ```
#[must_use]
pub fn represented_access(born: CalendarDate, today: CalendarDate, policy: RepresentationPolicy) -> RepresentedAccess {
    let age = born.age_on(today);
    if age >= policy.own_account_from {
        return RepresentedAccess::Handover;
    }
    if age >= policy.parent_until {
        return RepresentedAccess::Frozen;
    }
    // the day of the announcement: the first day on which the age is reached within the days
    let soon = today.plus(policy.announced_days_before);
    if born.age_on(soon) >= policy.parent_until {
        let on = (0..=policy.announced_days_before)
            .map(|days| today.plus(days))
            .find(|day| born.age_on(*day) >= policy.parent_until)
            .unwrap_or(soon);
        return RepresentedAccess::ParentEnding { on };
    }
    RepresentedAccess::Parent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn access_changes_on_the_birthdays_and_is_announced_30_days_before() {
        let day = |text: &str| CalendarDate::parse(text).unwrap();
        let ending = |text: &str| RepresentedAccess::ParentEnding { on: day(text) };
        let cases = [
            ("2014-11-30", "2026-10-30", RepresentedAccess::Parent),
            ("2014-11-30", "2026-10-31", ending("2026-11-30")),
            ("2014-11-30", "2026-11-29", ending("2026-11-30")),
            ("2014-11-30", "2026-11-30", RepresentedAccess::Frozen),
            ("2014-11-30", "2030-11-29", RepresentedAccess::Frozen),
            ("2014-11-30", "2030-11-30", RepresentedAccess::Handover),
            // born on a leap day: a year older on 1 March of a common year
            ("2016-02-29", "2028-02-28", ending("2028-02-29")),
            ("2016-02-29", "2028-02-29", RepresentedAccess::Frozen),
            ("2012-02-29", "2023-02-28", RepresentedAccess::Parent),
        ];
        for (born, today, expected) in cases {
            let found = represented_access(day(born), day(today), RepresentationPolicy::default());
            assert_eq!(found, expected, "{born} {today}");
            assert_eq!(
                found.collects(),
                !matches!(found, RepresentedAccess::Frozen | RepresentedAccess::Handover)
            );
        }
    }
}
