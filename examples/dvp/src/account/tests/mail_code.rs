// SPDX-License-Identifier: AGPL-3.0-or-later
//! Codes by e-mail: only where they were chosen, once, for ten minutes, in one session, five guesses, three in a row.

use super::*;
use crate::mail::{Mail, MailError};
use std::sync::{Mutex, PoisonError};

/// A mailbox in memory.
#[derive(Default)]
struct Mailbox(Mutex<Vec<String>>);

impl Mail for Mailbox {
    fn send(&self, to: &str, _: &str, body: &str) -> Result<(), MailError> {
        assert_eq!(to, EMAIL);
        let mut mails = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        mails.push(body.to_owned());
        Ok(())
    }
}

impl Mailbox {
    fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    fn code(&self) -> String {
        let mails = self.0.lock().unwrap();
        mails
            .last()
            .unwrap()
            .chars()
            .filter(char::is_ascii_digit)
            .take(8)
            .collect()
    }
}

fn with_code<'a>(code: &'a str, session: &'a str) -> Credentials<'a> {
    Credentials {
        session,
        ..given("", code)
    }
}

impl World {
    async fn asks(&self, password: &str, mail: &Mailbox) -> (String, Option<PersonId>) {
        let secret = self
            .accounts
            .ask_mail_code(&given(password, ""), mail, self.now)
            .await
            .unwrap();
        let (session, person) = self.accounts.session(&secret, true, self.now).await.unwrap().unwrap();
        assert!(matches!(session.stage, Stage::AwaitingMailCode { .. }));
        (secret, person)
    }

    async fn answers(&self, code: &str, session: &str, person: Option<PersonId>) -> Result<String, SignInError> {
        let given = with_code(code, session);
        self.accounts.sign_in_by_mail_code(person, &given, self.now).await
    }

    /// The Persoon, who chose codes by e-mail.
    async fn chose(&mut self, mail: &Mailbox) -> PersonId {
        let (.., session) = self.open().await;
        let (_, person) = self.accounts.session(&session, true, self.now).await.unwrap().unwrap();
        let person = person.unwrap();
        self.accounts
            .prove_address(person, &session, mail, self.now)
            .await
            .unwrap();
        let wrong = with_code("00000000x", &session);
        assert!(is_wrong(
            &self.accounts.choose_mail_code(person, &wrong, self.now).await
        ));
        let code = mail.code();
        let right = with_code(&code, &session);
        self.accounts.choose_mail_code(person, &right, self.now).await.unwrap();
        // what was asked before does not count for what is tried now
        self.later(3600);
        person
    }
}

#[tokio::test]
async fn a_9_4_1_a_code_by_mail_signs_in_once_with_the_password_and_in_its_session_only() {
    for mut world in worlds().await {
        let mail = Mailbox::default();
        let person = world.chose(&mail).await;
        let (wrong, nobody) = world.asks("geen wachtwoord", &mail).await;
        assert_eq!((nobody, mail.count()), (None, 1), "no mail without the password");
        assert!(is_wrong(&world.answers("12345678", &wrong, None).await));
        let (session, found) = world.asks(PASSWORD, &mail).await;
        assert_eq!((found, mail.count()), (Some(person), 2));
        let code = mail.code();
        assert!(is_wrong(&world.answers(&code, "another session", found).await));
        let complete = world.answers(&code, &session, found).await.unwrap();
        assert!(world.is_complete(&complete).await);
        assert!(is_wrong(&world.answers(&code, &session, found).await), "once");
    }
}

#[tokio::test]
async fn a_9_4_1_a_code_by_mail_ends_after_ten_minutes_and_five_guesses_and_three_are_sent_in_a_row() {
    for mut world in worlds().await {
        let mail = Mailbox::default();
        world.chose(&mail).await;
        let (session, person) = world.asks(PASSWORD, &mail).await;
        let code = mail.code();
        world.later(600);
        assert!(is_wrong(&world.answers(&code, &session, person).await), "too late");
        world.later(3600);
        let (session, person) = world.asks(PASSWORD, &mail).await;
        let code = mail.code();
        for guess in 0..5 {
            assert!(world.answers("00000000x", &session, person).await.is_err(), "{guess}");
            world.later(60);
        }
        assert!(
            world.answers(&code, &session, person).await.is_err(),
            "guessed too often"
        );
        world.later(3600);
        let mut sent = Vec::new();
        for _ in 0..5 {
            let asked = world
                .accounts
                .ask_mail_code(&given(PASSWORD, ""), &mail, world.now)
                .await;
            sent.push(asked.is_ok());
        }
        assert_eq!(
            sent,
            [true, true, true, true, false],
            "three are free, and the fourth makes the next one wait"
        );
    }
}

#[tokio::test]
async fn a_9_4_1_nobody_gets_a_code_by_mail_who_did_not_choose_it() {
    for mut world in worlds().await {
        let mail = Mailbox::default();
        world.open().await;
        let (session, person) = world.asks(PASSWORD, &mail).await;
        assert_eq!((person, mail.count()), (None, 0));
        assert!(is_wrong(&world.answers("12345678", &session, person).await));
    }
}
