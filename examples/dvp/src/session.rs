// SPDX-License-Identifier: AGPL-3.0-or-later
//! Browser sessions, in memory: a secret in a cookie, a token against forged forms, and what the Persoon is doing.

use crate::verzamelen::Job;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use medmij_dvp::person::{Account, AccountError, AccountPolicy, ActiveAccount, PersonId};
use medmij_types::{Clock as _, Entropy as _, EntropyError, OsEntropy, SystemClock};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};
use subtle::ConstantTimeEq as _;

/// The most sessions at once; beyond it the oldest goes.
const MOST: u64 = 10_000;

/// All sessions.
#[derive(Default)]
pub(crate) struct Sessions(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    by_secret: BTreeMap<String, Session>,
    order: BTreeMap<u64, String>,
    next: u64,
}

/// One session. There is no login here, so each browser is a Persoon with an account and a dossier of its own.
pub(crate) struct Session {
    csrf: String,
    person: PersonId,
    account: Account,
    job: Option<Job>,
}

impl Sessions {
    /// Starts a session; returns its secret.
    pub(crate) fn start(&self) -> Result<String, EntropyError> {
        let (secret, csrf) = (random()?, random()?);
        let person = PersonId::random(&OsEntropy)?;
        let account = Account::opened(SystemClock::default().now());
        let mut inner = self.lock();
        let number = inner.next;
        inner.next += 1;
        if let Some(oldest) = number.checked_sub(MOST).and_then(|old| inner.order.remove(&old)) {
            inner.by_secret.remove(&oldest);
        }
        inner.order.insert(number, secret.clone());
        let session = Session {
            csrf,
            person,
            account,
            job: None,
        };
        inner.by_secret.insert(secret.clone(), session);
        Ok(secret)
    }

    /// The token for the forms of a session, or `None` where there is no such session.
    pub(crate) fn csrf(&self, secret: &str) -> Option<String> {
        self.lock().by_secret.get(secret).map(|session| session.csrf.clone())
    }

    /// Who it is.
    pub(crate) fn person(&self, secret: &str) -> Option<PersonId> {
        self.lock().by_secret.get(secret).map(|session| session.person)
    }

    /// The Persoon uses the account: the proof that a function can be started (core.account.100, core.account.102).
    pub(crate) fn account(&self, secret: &str) -> Option<Result<ActiveAccount, AccountError>> {
        let now = SystemClock::default().now();
        let mut inner = self.lock();
        let account = &mut inner.by_secret.get_mut(secret)?.account;
        account.used(now);
        Some(account.active(now, AccountPolicy::default()))
    }

    /// Whether a form comes from a page of this session.
    pub(crate) fn is_own_form(&self, secret: &str, csrf: &str) -> bool {
        self.lock()
            .by_secret
            .get(secret)
            .is_some_and(|session| session.csrf.as_bytes().ct_eq(csrf.as_bytes()).into())
    }

    /// Gives a session something to do.
    pub(crate) fn begin(&self, secret: &str, job: Job) {
        if let Some(session) = self.lock().by_secret.get_mut(secret) {
            session.job = Some(job);
        }
    }

    /// Works on what a session does.
    pub(crate) fn with<R>(&self, secret: &str, work: impl FnOnce(&mut Job) -> R) -> Option<R> {
        self.lock().by_secret.get_mut(secret)?.job.as_mut().map(work)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn random() -> Result<String, EntropyError> {
    let mut bytes = [0; 32];
    OsEntropy.fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}
