// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.101 — which entries are read, and how long they are kept.

use std::time::{Duration, SystemTime};

use medmij_oauth::seal::PersoonIndex;

/// Which entries of the audit log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuditQuery {
    /// Those of a Persoon, by every version of the index key; `None` for all.
    pub persoon: Option<Vec<PersoonIndex>>,
    /// From this moment on.
    pub from: Option<SystemTime>,
    /// Before this moment.
    pub until: Option<SystemTime>,
    /// The newest first.
    pub newest_first: bool,
    /// Those that come after this number, in the order of reading; `None` from the beginning.
    pub after: Option<u64>,
}

impl AuditQuery {
    /// Those of one Persoon, by every version of the index key.
    #[must_use]
    pub fn of_persoon(persoon: Vec<PersoonIndex>) -> Self {
        Self {
            persoon: Some(persoon),
            ..Self::default()
        }
    }

    /// Those of a period: from a moment on, before another.
    #[must_use]
    pub fn between(from: SystemTime, until: SystemTime) -> Self {
        Self {
            from: Some(from),
            until: Some(until),
            ..Self::default()
        }
    }

    /// The newest first.
    #[must_use]
    pub fn newest_first(mut self) -> Self {
        self.newest_first = true;
        self
    }

    /// Those after this one.
    #[must_use]
    pub fn after(mut self, number: u64) -> Self {
        self.after = Some(number);
        self
    }
}

/// How long entries are kept: at least 24 months, at most 36 (core.logging.101). A consent is kept as long as its grant lives,
/// and that term from then on.
///
/// ```
/// use medmij_dvza::store::AuditTerm;
///
/// assert_eq!(AuditTerm::months(24), Some(AuditTerm::default()));
/// assert_eq!((AuditTerm::months(23), AuditTerm::months(37)), (None, None));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AuditTerm(u16);

impl AuditTerm {
    /// A term of 24 to 36 months.
    #[must_use]
    pub fn months(months: u16) -> Option<Self> {
        (24..=36).contains(&months).then_some(Self(months))
    }

    /// The term in days of 24 hours: never less than 24 months of the calendar, never more than 36.
    #[must_use]
    pub fn duration(self) -> Duration {
        let days = (u64::from(self.0) * 365).div_ceil(12);
        Duration::from_secs(days.clamp(731, 1095) * 86_400)
    }
}

impl Default for AuditTerm {
    /// 24 months: no longer than the rule asks.
    fn default() -> Self {
        Self(24)
    }
}
