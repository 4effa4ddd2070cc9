// SPDX-License-Identifier: AGPL-3.0-or-later
//! Accounts without a browser, over SQLite and PostgreSQL, with a clock of one's own.

mod mail_code;

use super::*;
use medmij_oauth::seal::LocalKeyRing;
use medmij_test::postgres::TestPostgres;
use medmij_types::{OsEntropy, Tijdstempel};
use sessions::{Stage, new_secret};
use tempfile::TempDir;

const EMAIL: &str = "willemijn@example.nl";
const PASSWORD: &str = "vier gele fietsen";

struct World {
    accounts: Accounts,
    now: SystemTime,
    folder: TempDir,
}

/// On each store that there is.
async fn worlds() -> Vec<World> {
    let now = Tijdstempel::parse("2026-11-30T12:00:00Z").unwrap();
    let now = now.to_system_time().unwrap();
    let mut worlds = Vec::new();
    let database = TestPostgres::shared().map(|server| server.create_database().unwrap());
    for url in [None, database] {
        let folder = tempfile::tempdir().unwrap();
        if url.is_none() && !worlds.is_empty() {
            continue;
        }
        let records = Records::open(&folder.path().join("accounts.db"), url.as_deref()).await;
        let ring = Arc::new(LocalKeyRing::ephemeral(&OsEntropy).unwrap());
        let accounts = Accounts::new(records.unwrap(), ring, SessionLimits::default());
        worlds.push(World { accounts, now, folder });
    }
    worlds
}

impl World {
    fn later(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
    }

    fn code(&self, secret: [u8; 20]) -> String {
        totp::code(secret, totp::step(self.now)).unwrap()
    }

    /// An account; its secret for codes, its recovery codes, and the session that opening it began.
    async fn open(&mut self) -> ([u8; 20], Vec<String>, String) {
        let new = self
            .accounts
            .prepare("Willemijn", EMAIL, PASSWORD, false)
            .await
            .unwrap();
        let secret = new.totp;
        let code = self.code(secret);
        let session = self.accounts.open(&new, &given("", &code), self.now).await.unwrap();
        let (kept, _) = self.accounts.session(&session, true, self.now).await.unwrap().unwrap();
        self.later(60);
        (secret, kept.recovery_codes, session)
    }

    async fn sign_in(&self, password: &str, code: &str) -> Result<String, SignInError> {
        self.accounts.sign_in(&given(password, code), self.now).await
    }

    async fn lost_app(&self, password: &str, recovery_code: &str) -> Result<String, SignInError> {
        let given = given(password, recovery_code);
        self.accounts.sign_in_without_app(&given, self.now).await
    }

    async fn lost_password(&self, new: &str, code: &str, recovery_code: &str) -> Result<(), SignInError> {
        let given = given(new, code);
        self.accounts.replace_password(&given, recovery_code, self.now).await
    }

    async fn is_complete(&self, session: &str) -> bool {
        let found = self.accounts.session(session, true, self.now).await.unwrap();
        found.is_some_and(|(session, person)| person.is_some() && matches!(session.stage, Stage::Complete))
    }
}

fn given<'a>(password: &'a str, code: &'a str) -> Credentials<'a> {
    Credentials {
        email: EMAIL,
        password,
        code,
        address: "192.0.2.1",
        device: "Firefox op Linux",
        session: "before",
    }
}

fn is_wrong<T>(result: &Result<T, SignInError>) -> bool {
    matches!(result, Err(SignInError::Wrong))
}

#[tokio::test]
async fn a_9_4_1_nobody_comes_in_with_one_factor() {
    for mut world in worlds().await {
        let (secret, recovery, _) = world.open().await;
        let right = world.code(secret);
        for (password, code) in [
            (PASSWORD, ""),
            (PASSWORD, "000000"),
            ("", right.as_str()),
            ("vier gele fiets", right.as_str()),
            // a recovery code is no code of the app at this door
            (PASSWORD, recovery[0].as_str()),
        ] {
            assert!(is_wrong(&world.sign_in(password, code).await), "{password} {code}");
        }
        let session = world.sign_in(PASSWORD, &right).await.unwrap();
        assert!(world.is_complete(&session).await);
    }
}

#[tokio::test]
async fn a_9_4_1_no_code_is_taken_twice_not_by_two_at_once_either() {
    for mut world in worlds().await {
        let (secret, ..) = world.open().await;
        let code = world.code(secret);
        let (one, two) = tokio::join!(world.sign_in(PASSWORD, &code), world.sign_in(PASSWORD, &code));
        assert_eq!(usize::from(one.is_ok()) + usize::from(two.is_ok()), 1);
        let used = |result: Result<String, SignInError>| matches!(result, Err(SignInError::Used));
        assert!(used(world.sign_in(PASSWORD, &code).await));
        // an earlier one is not taken either, though it is within the skew
        let earlier = totp::code(secret, totp::step(world.now) - 1).unwrap();
        assert!(used(world.sign_in(PASSWORD, &earlier).await));
        // and who has one of the two does not learn that the other is right
        assert!(is_wrong(&world.sign_in("geen wachtwoord", &code).await));
        world.later(30);
        let next = world.code(secret);
        assert!(world.sign_in(PASSWORD, &next).await.is_ok());
    }
}

#[tokio::test]
async fn a_9_4_1_without_the_app_a_recovery_code_opens_the_page_for_a_new_one_only() {
    for mut world in worlds().await {
        let (secret, recovery, first) = world.open().await;
        let code = &recovery[0];
        assert!(is_wrong(&world.lost_app("geen wachtwoord", code).await));
        let half = world.lost_app(PASSWORD, code).await.unwrap();
        let (session, person) = world.accounts.session(&half, true, world.now).await.unwrap().unwrap();
        let Stage::ReplacingApp { secret: new } = session.stage else {
            panic!("another stage")
        };
        assert!(!world.is_complete(&half).await);
        // the code of the lost app is no proof of the new one
        let person = person.unwrap();
        let (old, right) = (world.code(secret), world.code(new));
        let by_old = given("", &old);
        assert!(is_wrong(
            &world.accounts.replace_app(person, new, &by_old, world.now).await
        ));
        let given = Credentials {
            session: &half,
            ..given("", &right)
        };
        let complete = world
            .accounts
            .replace_app(person, new, &given, world.now)
            .await
            .unwrap();
        assert!(world.is_complete(&complete).await);
        assert!(!world.is_complete(&half).await && !world.is_complete(&first).await);
        // spent: neither the recovery code nor the lost app works any more
        world.later(60);
        assert!(is_wrong(&world.lost_app(PASSWORD, code).await));
        assert!(is_wrong(&world.sign_in(PASSWORD, &world.code(secret)).await));
        assert!(world.sign_in(PASSWORD, &world.code(new)).await.is_ok());
    }
}

#[tokio::test]
async fn a_9_4_1_a_forgotten_password_takes_the_app_and_a_recovery_code_and_opens_nothing() {
    const NEW: &str = "drie rode stoelen";
    for mut world in worlds().await {
        let (secret, recovery, session) = world.open().await;
        let right = world.code(secret);
        for (code, recovery) in [
            ("000000", recovery[0].as_str()),
            (right.as_str(), "k7pq-x2mw-9r4t-hd6n"),
            ("", ""),
        ] {
            let by = world.lost_password(NEW, code, recovery).await;
            assert!(is_wrong(&by), "{code} {recovery}");
        }
        world.later(30);
        let right = world.code(secret);
        world.lost_password(NEW, &right, &recovery[0]).await.unwrap();
        assert!(!world.is_complete(&session).await, "every session ended");
        world.later(30);
        assert!(is_wrong(&world.sign_in(PASSWORD, &world.code(secret)).await));
        assert!(world.sign_in(NEW, &world.code(secret)).await.is_ok());
    }
}

#[tokio::test]
async fn guessing_waits_longer_each_time_also_for_who_has_no_account() {
    for mut world in worlds().await {
        let (secret, ..) = world.open().await;
        let mut waits = Vec::new();
        while waits.len() < 4 {
            match world.sign_in("geraden wachtwoord", "000000").await {
                Err(SignInError::Wait(seconds)) => {
                    waits.push(seconds);
                    // the right one waits too: nobody learns that it was right
                    assert!(matches!(
                        world.sign_in(PASSWORD, "000000").await,
                        Err(SignInError::Wait(_))
                    ));
                    world.later(seconds);
                }
                other => assert!(is_wrong(&other)),
            }
        }
        assert_eq!(waits, [30, 60, 120, 240]);
        // a success ends the count
        assert!(world.sign_in(PASSWORD, &world.code(secret)).await.is_ok());
        world.later(30);
        assert!(is_wrong(&world.sign_in("mis", "000000").await));
        assert!(is_wrong(&world.sign_in("mis", "000000").await));

        let nobody = Credentials {
            email: "niemand@example.nl",
            ..given(PASSWORD, "000000")
        };
        for _ in 0..6 {
            assert!(is_wrong(&world.accounts.sign_in(&nobody, world.now).await));
        }
        let waits = world.accounts.sign_in(&nobody, world.now).await;
        assert!(matches!(waits, Err(SignInError::Wait(30))));
    }
}

#[tokio::test]
async fn a_session_ends_without_use_and_after_eight_hours_and_looking_is_no_use() {
    for mut world in worlds().await {
        let (_, _, session) = world.open().await;
        for _ in 0..40 {
            world.later(600);
            assert!(world.is_complete(&session).await);
        }
        world.later(800);
        assert!(
            world
                .accounts
                .session(&session, false, world.now)
                .await
                .unwrap()
                .is_some()
        );
        world.later(100);
        assert!(!world.is_complete(&session).await, "fifteen minutes");
        let session = world
            .accounts
            .begin_session("x", Some(PersonId::new(1)), Stage::Complete, "", world.now)
            .await
            .unwrap();
        for _ in 0..47 {
            world.later(600);
            assert!(world.is_complete(&session).await);
        }
        world.later(600);
        assert!(!world.is_complete(&session).await, "eight hours");
    }
}

#[tokio::test]
async fn a_session_that_goes_on_is_another_one_and_signing_out_everywhere_leaves_one() {
    for mut world in worlds().await {
        let (secret, _, first) = world.open().await;
        let code = world.code(secret);
        let planted = new_secret().unwrap();
        let given = Credentials {
            session: &planted,
            ..given(PASSWORD, &code)
        };
        let second = world.accounts.sign_in(&given, world.now).await.unwrap();
        assert_ne!(planted, second);
        assert!(
            !world.is_complete(&planted).await,
            "a planted secret is worth nothing (fixation)"
        );
        let (_, person) = world.accounts.session(&second, true, world.now).await.unwrap().unwrap();
        let person = person.unwrap();
        assert_eq!(world.accounts.sessions_of(person, world.now).await.unwrap().len(), 2);
        assert_eq!(
            world.accounts.end_other_sessions(person, Some(&second)).await.unwrap(),
            1
        );
        assert!(world.is_complete(&second).await && !world.is_complete(&first).await);
    }
}

#[tokio::test]
async fn a_10_1_1_what_is_kept_cannot_be_read_and_an_erased_account_is_gone_from_the_file() {
    for mut world in worlds().await {
        let (secret, recovery, session) = world.open().await;
        let (_, person) = world
            .accounts
            .session(&session, true, world.now)
            .await
            .unwrap()
            .unwrap();
        let person = person.unwrap();
        let event = Event::CollectionStarted {
            provider: "Huisartsenpraktijk De Wilg".to_owned(),
            services: vec!["Vaccinaties".to_owned()],
        };
        events::record(&world.accounts.vault, person, event, world.now)
            .await
            .unwrap();
        assert_eq!(events::all(&world.accounts.vault, person).await.unwrap().len(), 2);
        let planted = [
            "Willemijn",
            EMAIL,
            PASSWORD,
            "argon2",
            "De Wilg",
            "Firefox",
            &recovery[0],
            &session,
        ];
        let files = |folder: &TempDir| -> Vec<u8> {
            let files = std::fs::read_dir(folder.path()).unwrap();
            files
                .flat_map(|file| std::fs::read(file.unwrap().path()).unwrap())
                .collect()
        };
        let bytes = files(&world.folder);
        let holds = |bytes: &[u8], wanted: &[u8]| bytes.windows(wanted.len()).any(|at| at == wanted);
        for value in planted {
            assert!(!holds(&bytes, value.as_bytes()), "{value}");
        }
        assert!(!holds(&bytes, &secret));

        let key = world
            .accounts
            .vault
            .records
            .find(Kind::Key, &person.number().to_be_bytes())
            .await;
        let key = key.unwrap().unwrap().sealed;
        let on_disk = !bytes.is_empty();
        assert_eq!(holds(&bytes, &key), on_disk, "the wrapped key is in the file");
        world.accounts.erase(person).await.unwrap();
        assert!(
            !holds(&files(&world.folder), &key),
            "and not after the account is erased"
        );
        assert!(events::all(&world.accounts.vault, person).await.unwrap().is_empty());
        assert!(!world.is_complete(&session).await);
        assert!(is_wrong(&world.sign_in(PASSWORD, &world.code(secret)).await));
        // the address is free again
        world.later(60);
        world.open().await;
    }
}

#[tokio::test]
async fn a_row_of_one_persoon_does_not_open_as_that_of_another() {
    for mut world in worlds().await {
        let (_, _, session) = world.open().await;
        let (_, person) = world
            .accounts
            .session(&session, true, world.now)
            .await
            .unwrap()
            .unwrap();
        let id = person.unwrap().number().to_be_bytes();
        let records = &world.accounts.vault.records;
        let mut row = records.find(Kind::Account, &id).await.unwrap().unwrap();
        let other = PersonId::new(7);
        world.accounts.vault.begin_person(other).await.unwrap();
        row.person = Some(other);
        row.id = other.number().to_be_bytes().to_vec();
        records.add(row).await.unwrap();
        let opened = world.accounts.account(other).await;
        assert!(matches!(opened.err(), Some(VaultError::Seal(_))));
    }
}
