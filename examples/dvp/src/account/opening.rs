// SPDX-License-Identifier: AGPL-3.0-or-later
//! Opening an account: nothing is kept but the session until the app has shown that it works.

use super::{
    Account, Accounts, Credentials, SignInError, Weak, email_key,
    events::{self, Event},
    password,
    records::{Kind, NEVER},
    recovery, seconds,
    sessions::Stage,
    throttle, totp,
    vault::VaultError,
};
use medmij_dvp::person::PersonId;
use medmij_types::OsEntropy;
use serde::{Deserialize, Serialize};
use std::time::SystemTime;

/// An account that is not there yet.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct NewAccount {
    pub(crate) name: String,
    pub(crate) email: String,
    password: String,
    pub(crate) totp: [u8; 20],
    automatic: bool,
}

/// Why an account is not opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpeningError {
    #[error("name is empty or too long")]
    Name,
    #[error("e-mail address is none")]
    Email,
    #[error("password is not taken")]
    Password(Weak),
    #[error("e-mail address has an account")]
    Taken,
    #[error(transparent)]
    SignIn(#[from] SignInError),
}

impl From<VaultError> for OpeningError {
    fn from(error: VaultError) -> Self {
        Self::SignIn(error.into())
    }
}

impl Accounts {
    /// Checks what was filled in, and makes the key for the app.
    pub(crate) async fn prepare(
        &self,
        name: &str,
        email: &str,
        password: &str,
        automatic: bool,
    ) -> Result<NewAccount, OpeningError> {
        let (name, email) = (name.trim(), email.trim());
        if name.is_empty() || name.chars().count() > 60 || name.chars().any(char::is_control) {
            return Err(OpeningError::Name);
        }
        let is_address = email.len() <= 200
            && !email.chars().any(|c| c.is_whitespace() || c.is_control())
            && email
                .split_once('@')
                .is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.') && !domain.contains('@'));
        if !is_address {
            return Err(OpeningError::Email);
        }
        password::check(password, email).map_err(OpeningError::Password)?;
        Ok(NewAccount {
            name: name.to_owned(),
            email: email.to_owned(),
            password: password::hash(password).await.map_err(VaultError::from)?,
            totp: totp::new_secret().map_err(VaultError::from)?,
            automatic,
        })
    }

    /// The app works: opens the account, with its data key, and a complete session that shows the recovery codes.
    pub(crate) async fn open(
        &self,
        new: &NewAccount,
        given: &Credentials<'_>,
        now: SystemTime,
    ) -> Result<String, OpeningError> {
        self.wait_for_turn(&new.email, given.address, now).await?;
        let step = totp::check(new.totp, given.code, now).ok_or(SignInError::Wrong)?;
        let codes = recovery::new_codes().map_err(VaultError::from)?;
        let person = self.create(new, step, &codes, now).await?;
        throttle::succeeded(&self.vault, &email_key(&new.email)).await?;
        let stage = Stage::Complete;
        let begun = self.begin_session_with(given.session, Some(person), stage, given.device, codes, now);
        Ok(begun.await?)
    }

    async fn create(
        &self,
        new: &NewAccount,
        step: u64,
        recovery_codes: &[String],
        now: SystemTime,
    ) -> Result<PersonId, OpeningError> {
        let person = PersonId::random(&OsEntropy).map_err(VaultError::from)?;
        let id = person.number().to_be_bytes();
        self.vault.begin_person(person).await?;
        let account = Account {
            name: new.name.clone(),
            email: new.email.clone(),
            password: new.password.clone(),
            totp: new.totp,
            last_step: step,
            recovery: recovery_codes.iter().map(|code| recovery::hash(code)).collect(),
            automatic: new.automatic,
            last_used: seconds(now),
            told_inactive: false,
            notices_by_mail: false,
            code_by_mail: false,
            frozen: false,
        };
        let kind = Kind::Account;
        self.vault.add(kind, id.to_vec(), Some(person), NEVER, &account).await?;
        // last, so that of two with one address one is first and the other leaves nothing
        let name = self.name_key(&email_key(&new.email))?;
        if !self.vault.add(Kind::Name, name, None, NEVER, &id).await? {
            self.vault.erase(person).await?;
            return Err(OpeningError::Taken);
        }
        events::record(&self.vault, person, Event::AccountOpened, now).await?;
        Ok(person)
    }

    /// For a demo: an account with new factors, which are given back and are nowhere else; where it is there already, it
    /// keeps its dossier and gets other factors.
    pub(crate) async fn open_for_demo(
        &self,
        name: &str,
        email: &str,
        password: &str,
        now: SystemTime,
    ) -> Result<[u8; 20], OpeningError> {
        let new = self.prepare(name, email, password, false).await?;
        let codes = recovery::new_codes().map_err(VaultError::from)?;
        match self.person_of(email).await? {
            Some(person) => {
                self.end_other_sessions(person, None).await?;
                self.change(person, |account| {
                    account.password.clone_from(&new.password);
                    (account.totp, account.last_step) = (new.totp, 0);
                    account.recovery = codes.iter().map(|code| recovery::hash(code)).collect();
                })
                .await?;
            }
            None => {
                self.create(&new, 0, &codes, now).await?;
            }
        }
        Ok(new.totp)
    }
}
