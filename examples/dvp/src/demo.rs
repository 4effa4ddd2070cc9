// SPDX-License-Identifier: AGPL-3.0-or-later
//! The voorbeeldpersoon of a demo: an account like any other, whose factors are made when the program starts and are in its
//! memory only. One press fills both of them in at the same door; nothing is left out.

use crate::{
    StartError,
    account::{
        Accounts, Credentials, SignInError,
        sessions::{is_secret, new_secret},
        totp,
    },
};
use medmij_types::{AmsterdamTime, CalendarDate, Clock as _, SystemClock};
use std::{
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

const NAME: &str = "Voorbeeldpersoon";
const EMAIL: &str = "voorbeeldpersoon@pgo.example";

/// The factors of the voorbeeldpersoon.
pub(crate) struct Demo {
    password: String,
    totp: [u8; 20],
    /// The first step that was not used yet.
    next: Mutex<u64>,
    /// The last night that came at the press of a button.
    night: Mutex<Option<CalendarDate>>,
}

impl Demo {
    /// Makes the account, or gives it new factors where it is there.
    pub(crate) async fn start(accounts: &Accounts) -> Result<Self, StartError> {
        let password = new_secret().map_err(|error| StartError::Demo(error.into()))?;
        debug_assert!(is_secret(&password), "43 random signs");
        let made = accounts
            .open_for_demo(NAME, EMAIL, &password, SystemClock::default().now())
            .await;
        Ok(Self {
            totp: made.map_err(|error| StartError::Demo(error.into()))?,
            password,
            next: Mutex::new(0),
            night: Mutex::new(None),
        })
    }

    /// The end of the next night: a quarter of an hour before 6:00, when every slot of it has come. Each press is a night later.
    pub(crate) fn next_night(&self, now: SystemTime) -> SystemTime {
        let mut night = self.night.lock().unwrap_or_else(PoisonError::into_inner);
        let today = AmsterdamTime::of(now).date();
        let morning = night.map_or(today, |night| night.max(today)).plus(1);
        *night = Some(morning);
        AmsterdamTime::moment(morning, 5, 45).unwrap_or(now)
    }

    /// Signs in as the voorbeeldpersoon, as anybody does: with a password and a code that was not used before. After three
    /// times in half a minute the app has no new code, and one waits.
    pub(crate) async fn sign_in(
        &self,
        accounts: &Accounts,
        given: &Credentials<'_>,
        now: SystemTime,
    ) -> Result<String, SignInError> {
        let step = totp::step(now);
        let step = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let free = (*next).max(step.saturating_sub(1));
            if free > step.saturating_add(1) {
                return Err(SignInError::Wait(30));
            }
            *next = free.saturating_add(1);
            free
        };
        let code = totp::code(self.totp, step).unwrap_or_default();
        let filled_in = Credentials {
            email: EMAIL,
            password: &self.password,
            code: &code,
            ..*given
        };
        accounts.sign_in(&filled_in, now).await
    }
}
