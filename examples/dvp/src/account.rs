// SPDX-License-Identifier: AGPL-3.0-or-later
//! A.9.4.1, core.account.100 – core.account.102 — accounts: a password and an app that makes codes, asked together, for
//! everybody. A recovery code takes the place of one of them once; the other is still asked, and nothing opens before there
//! are two again (as NIST SP 800-63B-4 has it for account recovery).

pub(crate) mod events;
mod mail_code;
mod opening;
mod password;
mod records;
mod recovery;
pub(crate) mod sessions;
mod throttle;
pub(crate) mod totp;
pub(crate) mod vault;

pub(crate) use mail_code::MailCodeError;
pub(crate) use opening::{NewAccount, OpeningError};
pub(crate) use password::{SHORTEST, Weak, check as check_password};
pub(crate) use records::Records;
pub use records::RecordsError;
pub(crate) use records::{Kind, NEVER};

use crate::SessionLimits;
use events::Event;
use medmij_dvp::person::{AccountPolicy, ActiveAccount, PersonId};
use medmij_oauth::seal::LocalKeyRing;
use serde::{Deserialize, Serialize};
use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use vault::{Opened, Vault, VaultError};

/// All accounts.
pub(crate) struct Accounts {
    pub(crate) vault: Vault,
    limits: SessionLimits,
}

/// An account as it is kept.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Account {
    /// How the Persoon is called here.
    pub(crate) name: String,
    pub(crate) email: String,
    password: String,
    totp: [u8; 20],
    /// The step of the last code that was taken: no code is taken twice.
    last_step: u64,
    /// What is left of the recovery codes.
    recovery: Vec<[u8; 32]>,
    /// core.dossier.107 — whether the Persoon agreed to automatic collecting.
    pub(crate) automatic: bool,
    last_used: i64,
    told_inactive: bool,
    frozen: bool,
    /// Whether what is told outside the app goes by e-mail.
    #[serde(default)]
    pub(crate) notices_by_mail: bool,
    /// Whether a code by e-mail signs in too, where the configuration allows it.
    #[serde(default)]
    pub(crate) code_by_mail: bool,
}

/// What the Persoon gives to sign in.
pub(crate) struct Credentials<'a> {
    pub(crate) email: &'a str,
    pub(crate) password: &'a str,
    pub(crate) code: &'a str,
    /// Where it comes from.
    pub(crate) address: &'a str,
    pub(crate) device: &'a str,
    /// The secret of the session so far.
    pub(crate) session: &'a str,
}

/// Why somebody does not come in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SignInError {
    /// Something of it is not right; nobody learns what.
    #[error("credentials are not right")]
    Wrong,
    /// Password and code are right, but the code was used: each opens once. Only who has both learns this.
    #[error("code was used before")]
    Used,
    /// Too many attempts: not before so many seconds.
    #[error("too many attempts, wait {0} s")]
    Wait(u64),
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl SignInError {
    fn used(self) -> Self {
        match self {
            Self::Wrong => Self::Used,
            other => other,
        }
    }
}

impl Accounts {
    pub(crate) const fn new(records: Records, ring: Arc<LocalKeyRing>, limits: SessionLimits) -> Self {
        Self {
            vault: Vault::new(records, ring),
            limits,
        }
    }

    /// Removes what has expired, and says how to be called again.
    pub(crate) async fn purge(&self, now: SystemTime) -> Result<(), VaultError> {
        Ok(self.vault.records.purge(seconds(now)).await?)
    }

    /// Signs in with both factors at once; the secret of the new session. The only way to a complete session but for opening
    /// an account and putting a new app in place of a lost one, which ask for two factors as well.
    pub(crate) async fn sign_in(&self, given: &Credentials<'_>, now: SystemTime) -> Result<String, SignInError> {
        let found = self.begin_attempt(given, now).await?;
        let hash = found.as_ref().map(|(_, account)| account.content.password.clone());
        let known = password::verify(given.password, hash.as_deref()).await;
        let Some((person, mut account)) = found else {
            return Err(SignInError::Wrong);
        };
        let step = totp::check(account.content.totp, given.code, now);
        let fresh = step.filter(|step| *step > account.content.last_step);
        let (true, Some(fresh), false) = (known, fresh, account.content.frozen) else {
            let failed = self.failed(person, now).await;
            return match known && step.is_some() && !account.content.frozen {
                true => failed.map_err(SignInError::used),
                false => failed,
            };
        };
        account.content.last_step = fresh;
        account.content.use_now(now);
        // of two at once with the same code one is first, and the other sees its row changed
        if !self.vault.replace(account, NEVER).await? {
            return Err(SignInError::Used);
        }
        throttle::succeeded(&self.vault, &email_key(given.email)).await?;
        self.arrived(person, given, now).await
    }

    /// The app is lost: the password, and a recovery code in its place. What begins opens nothing but the page for a new app.
    pub(crate) async fn sign_in_without_app(
        &self,
        given: &Credentials<'_>,
        now: SystemTime,
    ) -> Result<String, SignInError> {
        let found = self.begin_attempt(given, now).await?;
        let hash = found.as_ref().map(|(_, account)| account.content.password.clone());
        let known = password::verify(given.password, hash.as_deref()).await;
        let Some((person, mut account)) = found else {
            return Err(SignInError::Wrong);
        };
        if !known || account.content.frozen || !recovery::take(&mut account.content.recovery, given.code) {
            return self.failed(person, now).await;
        }
        if !self.vault.replace(account, NEVER).await? {
            return Err(SignInError::Wrong);
        }
        events::record(&self.vault, person, Event::RecoveryCodeUsed, now).await?;
        throttle::succeeded(&self.vault, &email_key(given.email)).await?;
        let secret = totp::new_secret().map_err(VaultError::from)?;
        let stage = sessions::Stage::ReplacingApp { secret };
        let begun = self.begin_session(given.session, Some(person), stage, given.device, now);
        Ok(begun.await?)
    }

    /// The new app works: it takes the place of the lost one, and the session is complete.
    pub(crate) async fn replace_app(
        &self,
        person: PersonId,
        secret: [u8; 20],
        given: &Credentials<'_>,
        now: SystemTime,
    ) -> Result<String, SignInError> {
        let mut account = self.account(person).await?;
        self.wait_for_turn(&account.content.email.clone(), given.address, now)
            .await?;
        let step = totp::check(secret, given.code, now).ok_or(SignInError::Wrong)?;
        (account.content.totp, account.content.last_step) = (secret, step);
        account.content.use_now(now);
        let email = account.content.email.clone();
        if !self.vault.replace(account, NEVER).await? {
            return Err(SignInError::Wrong);
        }
        throttle::succeeded(&self.vault, &email_key(&email)).await?;
        events::record(&self.vault, person, Event::AppReplaced, now).await?;
        // whoever holds the lost telephone is out
        self.end_other_sessions(person, Some(given.session)).await?;
        self.arrived(person, given, now).await
    }

    /// The password is forgotten: a code of the app, and a recovery code in its place. Nothing opens: the Persoon signs in
    /// with the new password and a new code after it.
    pub(crate) async fn replace_password(
        &self,
        given: &Credentials<'_>,
        recovery_code: &str,
        now: SystemTime,
    ) -> Result<(), SignInError> {
        let found = self.begin_attempt(given, now).await?;
        let hashed = password::hash(given.password).await.map_err(VaultError::from)?;
        let Some((person, mut account)) = found else {
            return Err(SignInError::Wrong);
        };
        let step = totp::check(account.content.totp, given.code, now);
        let fresh = step.filter(|step| *step > account.content.last_step);
        let (Some(step), false) = (fresh, account.content.frozen) else {
            return self.failed(person, now).await;
        };
        if !recovery::take(&mut account.content.recovery, recovery_code) {
            return self.failed(person, now).await;
        }
        account.content.last_step = step;
        account.content.password = hashed;
        if !self.vault.replace(account, NEVER).await? {
            return Err(SignInError::Wrong);
        }
        events::record(&self.vault, person, Event::RecoveryCodeUsed, now).await?;
        events::record(&self.vault, person, Event::PasswordChanged, now).await?;
        self.end_other_sessions(person, None).await?;
        throttle::succeeded(&self.vault, &email_key(given.email)).await?;
        Ok(())
    }

    /// New recovery codes in place of the old ones; they are shown in this session until the Persoon has kept them.
    pub(crate) async fn renew_recovery_codes(
        &self,
        person: PersonId,
        session: &str,
        now: SystemTime,
    ) -> Result<(), VaultError> {
        let codes = recovery::new_codes()?;
        let hashes: Vec<_> = codes.iter().map(|code| recovery::hash(code)).collect();
        self.change(person, |account| account.recovery.clone_from(&hashes))
            .await?;
        events::record(&self.vault, person, Event::RecoveryCodesRenewed, now).await?;
        self.show_recovery_codes(session, codes).await
    }

    /// Changes an account.
    pub(crate) async fn change(&self, person: PersonId, change: impl Fn(&mut Account)) -> Result<(), VaultError> {
        for _ in 0..8 {
            let mut account = self.account(person).await?;
            change(&mut account.content);
            if self.vault.replace(account, NEVER).await? {
                return Ok(());
            }
        }
        Err(VaultError::Busy)
    }

    /// An account.
    pub(crate) async fn account(&self, person: PersonId) -> Result<Opened<Account>, VaultError> {
        let found = self.vault.find(Kind::Account, &person.number().to_be_bytes()).await?;
        found.ok_or(VaultError::Gone)
    }

    /// core.account.100 — the proof that a function can be started: the Persoon uses the account now.
    pub(crate) async fn active(&self, person: PersonId, now: SystemTime) -> Result<Option<ActiveAccount>, VaultError> {
        let account = self.account(person).await?.content.status();
        Ok(account.active(now, AccountPolicy::default()).ok())
    }

    /// core.account.101 — whether the account became inactive since the last look.
    pub(crate) async fn sweep(&self, person: PersonId, now: SystemTime) -> Result<bool, VaultError> {
        let mut account = self.account(person).await?;
        let mut status = account.content.status();
        if status.sweep(now, AccountPolicy::default()).is_none() {
            return Ok(false);
        }
        account.content.told_inactive = true;
        // where somebody signs in meanwhile, that counts
        self.vault.replace(account, NEVER).await
    }

    /// Erases an account: its data key first of all, its sessions and everything else.
    pub(crate) async fn erase(&self, person: PersonId) -> Result<(), VaultError> {
        let account = self.account(person).await?.content;
        self.vault.erase(person).await?;
        let name = self.name_key(&account.email)?;
        self.vault.remove(Kind::Name, &name).await.map(|_| ())
    }

    async fn begin_attempt(
        &self,
        given: &Credentials<'_>,
        now: SystemTime,
    ) -> Result<Option<(PersonId, Opened<Account>)>, SignInError> {
        self.wait_for_turn(given.email, given.address, now).await?;
        let Some(person) = self.person_of(given.email).await? else {
            return Ok(None);
        };
        Ok(Some((person, self.account(person).await?)))
    }

    async fn wait_for_turn(&self, email: &str, address: &str, now: SystemTime) -> Result<(), SignInError> {
        let at = seconds(now);
        for (limit, whom) in [
            (throttle::ADDRESS, address.to_owned()),
            (throttle::ACCOUNT, email_key(email)),
        ] {
            throttle::attempt(&self.vault, limit, &whom, at)
                .await?
                .map_err(SignInError::Wait)?;
        }
        Ok(())
    }

    async fn failed<T>(&self, person: PersonId, now: SystemTime) -> Result<T, SignInError> {
        events::record(&self.vault, person, Event::SignInFailed, now).await?;
        Err(SignInError::Wrong)
    }

    async fn arrived(&self, person: PersonId, given: &Credentials<'_>, now: SystemTime) -> Result<String, SignInError> {
        let stage = sessions::Stage::Complete;
        let begun = self.begin_session(given.session, Some(person), stage, given.device, now);
        let secret = begun.await?;
        let device = given.device.to_owned();
        events::record(&self.vault, person, Event::SignedIn { device }, now).await?;
        Ok(secret)
    }

    async fn person_of(&self, email: &str) -> Result<Option<PersonId>, VaultError> {
        let found = self.vault.find::<[u8; 16]>(Kind::Name, &self.name_key(email)?).await?;
        Ok(found.map(|found| PersonId::new(u128::from_be_bytes(found.content))))
    }

    fn name_key(&self, email: &str) -> Result<Vec<u8>, VaultError> {
        self.vault
            .fingerprint("pgo e-mail address", email_key(email).as_bytes())
    }
}

impl Account {
    /// How many recovery codes are left.
    pub(crate) fn recovery_codes_left(&self) -> usize {
        self.recovery.len()
    }

    /// Whether the Persoon has died.
    pub(crate) const fn is_frozen(&self) -> bool {
        self.frozen
    }

    fn use_now(&mut self, now: SystemTime) {
        let mut status = self.status();
        status.used(now);
        self.last_used = seconds(status.last_used());
        self.told_inactive = status.is_inactive();
    }

    fn status(&self) -> medmij_dvp::person::Account {
        let last_used = UNIX_EPOCH + Duration::from_secs(u64::try_from(self.last_used).unwrap_or_default());
        medmij_dvp::person::Account::restore(last_used, self.told_inactive, self.frozen)
    }
}

/// One address, however it is typed.
fn email_key(email: &str) -> String {
    email.trim().to_lowercase()
}

/// A moment in seconds since 1970.
pub(crate) fn seconds(moment: SystemTime) -> i64 {
    let since = moment.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// A moment in milliseconds since 1970.
pub(crate) fn millis(moment: SystemTime) -> i64 {
    let since = moment.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
mod tests;
