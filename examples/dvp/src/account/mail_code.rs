// SPDX-License-Identifier: AGPL-3.0-or-later
//! A.9.4.1, what the Persoon has, more weakly: a mailbox. A code by e-mail takes the place of the app where the configuration
//! allows it and the Persoon chose it, after a code had proven the address. The password is asked first; a code works once, for
//! ten minutes, in the session that asked for it, and is not guessed more than five times.

use super::{
    Account, Accounts, Credentials, Kind, NEVER, SignInError, email_key,
    events::Event,
    password, seconds,
    sessions::{self, Stage},
    throttle,
    vault::{Opened, VaultError},
};
use crate::mail::{Mail, MailError};
use medmij_dvp::person::PersonId;
use medmij_types::{Entropy as _, OsEntropy};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::time::SystemTime;
use subtle::ConstantTimeEq as _;

/// How long a code works, in seconds.
const LASTS: i64 = 600;
/// How often one may be guessed.
const GUESSES: u8 = 5;

/// A code that was sent; one for each Persoon.
#[derive(Serialize, Deserialize)]
struct Sent {
    hash: [u8; 32],
    /// The session that asked for it.
    session: Vec<u8>,
    guesses: u8,
    until: i64,
}

/// Why no code is sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MailCodeError {
    #[error(transparent)]
    SignIn(#[from] SignInError),
    #[error(transparent)]
    Mail(#[from] MailError),
}

impl From<VaultError> for MailCodeError {
    fn from(error: VaultError) -> Self {
        Self::SignIn(error.into())
    }
}

impl Accounts {
    /// The first half of signing in with a code by e-mail: the password. Whatever is right or wrong, a session begins that
    /// opens the page for the code and nothing else, so that nobody learns it here.
    pub(crate) async fn ask_mail_code(
        &self,
        given: &Credentials<'_>,
        mail: &dyn Mail,
        now: SystemTime,
    ) -> Result<String, MailCodeError> {
        let found = self.begin_attempt(given, now).await?;
        let hash = found.as_ref().map(|(_, account)| account.content.password.clone());
        let known = password::verify(given.password, hash.as_deref()).await;
        let may = found.filter(|(_, account)| known && account.content.code_by_mail && !account.content.frozen);
        let person = may.as_ref().map(|(person, _)| *person);
        let stage = Stage::AwaitingMailCode {
            email: given.email.to_owned(),
        };
        let secret = self
            .begin_session(given.session, person, stage, given.device, now)
            .await?;
        if let Some((person, account)) = may {
            self.send_code(person, &account.content, &secret, mail, now).await?;
        }
        Ok(secret)
    }

    /// The second half: the code. The session is complete.
    pub(crate) async fn sign_in_by_mail_code(
        &self,
        person: Option<PersonId>,
        given: &Credentials<'_>,
        now: SystemTime,
    ) -> Result<String, SignInError> {
        self.wait_for_turn(given.email, given.address, now).await?;
        let Some(person) = person else {
            return Err(SignInError::Wrong);
        };
        let mut account = self.account(person).await?;
        let may = account.content.code_by_mail && !account.content.frozen;
        if !self.spend_code(person, given, now).await? || !may {
            return self.failed(person, now).await;
        }
        account.content.use_now(now);
        if !self.vault.replace(account, NEVER).await? {
            return Err(SignInError::Wrong);
        }
        throttle::succeeded(&self.vault, &email_key(given.email)).await?;
        self.arrived(person, given, now).await
    }

    /// Sends a code to who is signed in, to prove the address before it counts.
    pub(crate) async fn prove_address(
        &self,
        person: PersonId,
        session: &str,
        mail: &dyn Mail,
        now: SystemTime,
    ) -> Result<(), MailCodeError> {
        let account = self.account(person).await?.content;
        self.send_code(person, &account, session, mail, now).await
    }

    /// The address is proven: from here on a code by e-mail signs in too.
    pub(crate) async fn choose_mail_code(
        &self,
        person: PersonId,
        given: &Credentials<'_>,
        now: SystemTime,
    ) -> Result<(), SignInError> {
        if !self.spend_code(person, given, now).await? {
            return Err(SignInError::Wrong);
        }
        self.change(person, |account| account.code_by_mail = true).await?;
        Ok(super::events::record(&self.vault, person, Event::MailCodeChosen { on: true }, now).await?)
    }

    async fn send_code(
        &self,
        person: PersonId,
        account: &Account,
        session: &str,
        mail: &dyn Mail,
        now: SystemTime,
    ) -> Result<(), MailCodeError> {
        let at = seconds(now);
        let whom = person.number().to_string();
        throttle::attempt(&self.vault, throttle::MAIL_CODES, &whom, at)
            .await?
            .map_err(SignInError::Wait)?;
        let code = new_code()?;
        let sent = Sent {
            hash: hash(&code),
            session: sessions::id_of(session),
            guesses: 0,
            until: at.saturating_add(LASTS),
        };
        let id = person.number().to_be_bytes();
        // the one before works no more
        self.vault.remove(Kind::MailCode, &id).await?;
        self.vault
            .add(Kind::MailCode, id.to_vec(), Some(person), sent.until, &sent)
            .await?;
        let body = format!(
            "Je code is {code}\n\nDe code werkt tien minuten, en één keer. Vroeg je hem niet zelf? Dan weet iemand je \
             wachtwoord. Kies dan een nieuw wachtwoord."
        );
        Ok(mail.send(&account.email, "Je code om in te loggen", &body)?)
    }

    /// Whether the code is right, in this session and in time; then it is gone.
    async fn spend_code(&self, person: PersonId, given: &Credentials<'_>, now: SystemTime) -> Result<bool, VaultError> {
        let id = person.number().to_be_bytes();
        let Some(found) = self.vault.find::<Sent>(Kind::MailCode, &id).await? else {
            return Ok(false);
        };
        let mut found: Opened<Sent> = found;
        let (until, right) = (found.content.until, found.content.hash);
        let here = found.content.session == sessions::id_of(given.session);
        if found.content.guesses >= GUESSES || seconds(now) >= until || !here {
            return Ok(false);
        }
        found.content.guesses += 1;
        // a guess is counted before it is looked at: of several at once one is
        if !self.vault.replace(found, until).await? {
            return Ok(false);
        }
        let code: String = given.code.chars().filter(|c| !c.is_whitespace()).collect();
        let same = bool::from(hash(&code).ct_eq(&right));
        Ok(same && self.vault.remove(Kind::MailCode, &id).await?)
    }
}

/// Eight digits: one in twenty million is guessed with five.
fn new_code() -> Result<String, VaultError> {
    loop {
        let mut bytes = [0; 4];
        OsEntropy.fill(&mut bytes)?;
        let number = u32::from_be_bytes(bytes);
        // the rest of the range would come up a little more often
        if number < 4_200_000_000 {
            return Ok(format!("{:08}", number % 100_000_000));
        }
    }
}

fn hash(code: &str) -> [u8; 32] {
    Sha256::digest(code.as_bytes()).into()
}
