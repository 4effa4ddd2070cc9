// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.account.100 – core.account.103 — the account of a Persoon at the DVP.
//!
//! Every function of MedMij needs an active account. An account that its Persoon did not use for six months becomes
//! inactive; automatic refreshes are no use by the Persoon. The Persoon is told, and langdurige toestemmingen rest until
//! the next login.

use std::time::SystemTime;

use medmij_types::CalendarDate;

/// After how long without use an account becomes inactive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountPolicy {
    inactive_after_months: u8,
}

impl Default for AccountPolicy {
    /// An account becomes inactive after six calendar months without use (core.account.101).
    fn default() -> Self {
        Self {
            inactive_after_months: 6,
        }
    }
}

impl AccountPolicy {
    /// Fewer months than six; more than six is taken as six, none as one.
    #[must_use]
    pub fn inactive_after_months(months: u8) -> Self {
        Self {
            inactive_after_months: months.clamp(1, 6),
        }
    }
}

/// Whether an account can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AccountStatus {
    /// In use.
    Active,
    /// Not used for six months: nothing is collected until the Persoon logs in again (core.account.103).
    Inactive,
    /// The Persoon has died: nothing is collected or told any more, and nobody logs in (core.dossier.108).
    Frozen,
}

/// What a change of status asks of the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StatusChange {
    /// The account became inactive: tell the Persoon with [`Notice::AccountInactive`](super::Notice::AccountInactive),
    /// and let langdurige toestemmingen rest.
    BecameInactive,
    /// The account is in use again: langdurige toestemmingen can be used again.
    BecameActive,
}

/// An account cannot be used, or not yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AccountError {
    /// The account is inactive, and starts no function until the Persoon logs in (core.account.100).
    #[error("account is inactive: the Persoon has to log in first (core.account.100)")]
    Inactive,
    /// The Persoon has died, and nobody logs in any more (core.dossier.108).
    #[error("account is frozen (core.dossier.108)")]
    Frozen,
    /// The Persoon is too young for an account of its own: the dossier is not handed over.
    #[error("the Persoon is not old enough for an account of its own")]
    TooYoung,
    /// The dossier was handed over before.
    #[error("dossier was handed over before")]
    HandedOver,
}

/// Proof that an account was active at a moment, good for one start of a function. Only [`Account::active`] makes one.
#[derive(Debug)]
#[must_use]
pub struct ActiveAccount(());

impl ActiveAccount {
    /// For a program that keeps no accounts, such as a test tool of a supplier: nobody checked that there is an active
    /// account (core.account.100).
    pub const fn danger_unchecked() -> Self {
        Self(())
    }
}

/// The use of an account by its Persoon.
///
/// ```
/// use medmij_dvp::person::{Account, AccountPolicy, AccountStatus, StatusChange};
/// use medmij_types::Tijdstempel;
///
/// let at = |text: &str| Tijdstempel::parse(text).unwrap().to_system_time().unwrap();
/// let mut account = Account::opened(at("2026-01-31T12:00:00Z"));
/// let policy = AccountPolicy::default();
/// assert_eq!(account.sweep(at("2026-07-31T12:00:00Z"), policy), None);
/// assert_eq!(account.sweep(at("2026-08-01T12:00:00Z"), policy), Some(StatusChange::BecameInactive));
/// assert!(account.active(at("2026-08-01T12:00:00Z"), policy).is_err());
/// assert_eq!(account.used(at("2026-08-02T12:00:00Z")), Some(StatusChange::BecameActive));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    last_used: SystemTime,
    inactive: bool,
    frozen: bool,
}

impl Account {
    /// A new account; opening it is its first use.
    #[must_use]
    pub const fn opened(now: SystemTime) -> Self {
        Self {
            last_used: now,
            inactive: false,
            frozen: false,
        }
    }

    /// From a store: when the Persoon last used it, whether it is inactive, whether it is frozen.
    #[must_use]
    pub const fn restore(last_used: SystemTime, inactive: bool, frozen: bool) -> Self {
        Self {
            last_used,
            inactive,
            frozen,
        }
    }

    /// When the Persoon last used it.
    #[must_use]
    pub const fn last_used(&self) -> SystemTime {
        self.last_used
    }

    /// Whether it became inactive and the Persoon was told; for a store.
    #[must_use]
    pub const fn is_inactive(&self) -> bool {
        self.inactive
    }

    /// The Persoon logs in or uses it (core.account.102). Never call this for an automatic refresh.
    pub fn used(&mut self, now: SystemTime) -> Option<StatusChange> {
        if self.frozen {
            return None;
        }
        // a clock that was set back takes no use away
        self.last_used = self.last_used.max(now);
        std::mem::take(&mut self.inactive).then_some(StatusChange::BecameActive)
    }

    /// Looks whether the account became inactive since the last look; says so once (core.account.101).
    pub fn sweep(&mut self, now: SystemTime, policy: AccountPolicy) -> Option<StatusChange> {
        if self.frozen || self.inactive || self.status(now, policy) == AccountStatus::Active {
            return None;
        }
        self.inactive = true;
        Some(StatusChange::BecameInactive)
    }

    /// The Persoon has died: nobody logs in any more and nothing is collected (core.dossier.108).
    pub fn freeze(&mut self) {
        self.frozen = true;
    }

    /// The status at a moment. Days are those of Europe/Amsterdam: used on 31 August, the account is inactive from
    /// 1 March on.
    #[must_use]
    pub fn status(&self, now: SystemTime, policy: AccountPolicy) -> AccountStatus {
        if self.frozen {
            AccountStatus::Frozen
        } else if self.inactive
            || CalendarDate::in_amsterdam(now)
                > months_later(CalendarDate::in_amsterdam(self.last_used), policy.inactive_after_months)
        {
            AccountStatus::Inactive
        } else {
            AccountStatus::Active
        }
    }

    /// The proof that a function of MedMij can be started now (core.account.100).
    ///
    /// # Errors
    /// [`AccountError::Inactive`] and [`AccountError::Frozen`].
    pub fn active(&self, now: SystemTime, policy: AccountPolicy) -> Result<ActiveAccount, AccountError> {
        match self.status(now, policy) {
            AccountStatus::Active => Ok(ActiveAccount(())),
            AccountStatus::Inactive => Err(AccountError::Inactive),
            AccountStatus::Frozen => Err(AccountError::Frozen),
        }
    }
}

/// The same day so many months later, or the last day of that month.
fn months_later(day: CalendarDate, months: u8) -> CalendarDate {
    let month = u16::from(day.month())
        .saturating_add(u16::from(months))
        .saturating_sub(1);
    let year = day.year().saturating_add(month / 12);
    let month = u8::try_from(month % 12).unwrap_or_default().saturating_add(1);
    (28..=day.day())
        .rev()
        .find_map(|last| CalendarDate::new(year, month, last))
        .or_else(|| CalendarDate::new(year, month, day.day()))
        .unwrap_or(CalendarDate::LAST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use medmij_types::Tijdstempel;

    fn at(text: &str) -> SystemTime {
        Tijdstempel::parse(text).unwrap().to_system_time().unwrap()
    }

    #[test]
    fn core_account_101_an_account_is_inactive_after_six_months_without_use() {
        let cases = [
            ("2026-01-15T12:00:00Z", "2026-07-15T21:59:59Z", AccountStatus::Active),
            ("2026-01-15T12:00:00Z", "2026-07-15T22:00:00Z", AccountStatus::Inactive),
            ("2025-08-31T12:00:00Z", "2026-02-28T22:59:59Z", AccountStatus::Active),
            ("2025-08-31T12:00:00Z", "2026-02-28T23:00:00Z", AccountStatus::Inactive),
            ("2027-08-31T12:00:00Z", "2028-02-29T12:00:00Z", AccountStatus::Active),
            ("2026-12-31T23:30:00Z", "2027-06-30T23:00:00Z", AccountStatus::Active),
            ("2026-01-15T12:00:00Z", "2025-01-15T12:00:00Z", AccountStatus::Active),
        ];
        for (used, now, expected) in cases {
            let status = Account::opened(at(used)).status(at(now), AccountPolicy::default());
            assert_eq!(status, expected, "{used} {now}");
        }
    }

    #[test]
    fn core_account_100_102_103_a_change_is_told_once_and_ends_with_the_next_use() {
        let policy = AccountPolicy::default();
        let mut account = Account::opened(at("2026-01-01T12:00:00Z"));
        let (later, again) = (at("2026-08-01T12:00:00Z"), at("2026-08-02T12:00:00Z"));
        assert_eq!(account.sweep(later, policy), Some(StatusChange::BecameInactive));
        assert_eq!(account.sweep(again, policy), None);
        assert_eq!(account.active(again, policy).unwrap_err(), AccountError::Inactive);
        assert_eq!(account.used(again), Some(StatusChange::BecameActive));
        assert_eq!(account.used(again), None);
        assert!(account.active(again, policy).is_ok());
    }

    #[test]
    fn core_account_101_an_account_that_was_told_stays_inactive_when_the_clock_goes_back() {
        let policy = AccountPolicy::default();
        let mut account = Account::opened(at("2026-01-01T12:00:00Z"));
        account.sweep(at("2026-08-01T12:00:00Z"), policy);
        assert_eq!(
            account.status(at("2026-01-02T12:00:00Z"), policy),
            AccountStatus::Inactive
        );
    }

    #[test]
    fn core_dossier_108_a_frozen_account_is_never_used_nor_told() {
        let policy = AccountPolicy::default();
        let mut account = Account::opened(at("2026-01-01T12:00:00Z"));
        account.freeze();
        assert_eq!(account.used(at("2026-01-02T12:00:00Z")), None);
        assert_eq!(account.sweep(at("2027-01-02T12:00:00Z"), policy), None);
        assert_eq!(
            account.active(at("2026-01-02T12:00:00Z"), policy).unwrap_err(),
            AccountError::Frozen
        );
    }
}
