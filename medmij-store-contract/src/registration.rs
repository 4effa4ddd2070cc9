// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.gegevensdiensten.104 — the registration of a DVZA in a table that several replicas follow.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use medmij_dvza::registratie::{
    Follower, Registratie, RegistratieError, RegistratieStorage, RegistrationSource, Service,
};
use medmij_oauth::Function::Verzamelen;
use medmij_types::{Aanbiedernaam, Clock, GegevensdienstId};

/// Two replicas follow one table: what is added, changed and ended with plain SQL is in force on both within ten seconds of a
/// clock that the test moves, a faulty row is refused alone, and a table that is gone or empty changes nothing.
///
/// `table` is its name for `execute`, which runs one statement as another program would.
///
/// # Panics
///
/// Where the source breaks the contract.
pub async fn replicas_follow_the_registration<S: RegistrationSource>(
    sources: [S; 2],
    table: &str,
    execute: impl AsyncFn(String),
) {
    let clock = Arc::new(Moved::default());
    let replicas = sources.map(|source| {
        let registratie = Registratie::open(Arc::new(Forgetful), Arc::clone(&clock) as _);
        let registratie = Arc::new(registratie.unwrap());
        let follower = Follower::new(Arc::clone(&registratie), source).every(Duration::from_secs(10));
        (registratie, follower.unwrap().with_clock(Arc::clone(&clock) as _))
    });
    // the replicas were not started at the same moment
    replicas.first().unwrap().1.poll().await.unwrap();
    clock.advance(4);
    let settle = async || {
        for second in 0..=10_u64 {
            for (_, follower) in &replicas {
                if follower.wait().is_zero() {
                    follower.poll().await.unwrap();
                }
            }
            if second < 10 {
                clock.advance(1);
            }
        }
        // the moment of a lapse is rounded up to a whole second
        clock.advance(1);
    };
    let insert = async |id: u64, entry: String| {
        execute(format!("INSERT INTO {table} (id, entry) VALUES ({id}, '{entry}')")).await;
    };
    let update = async |id: u64, entry: String| {
        execute(format!("UPDATE {table} SET entry = '{entry}' WHERE id = {id}")).await;
    };
    let service = |at: usize, n: usize| {
        let (registratie, _) = replicas.get(at).unwrap();
        registratie.service(&name(n), Verzamelen, &GegevensdienstId::parse("48").unwrap())
    };
    let weergavenaam = |at: usize, n: usize| {
        let (registratie, _) = replicas.get(at).unwrap();
        registratie.lookup(&name(n)).unwrap().weergavenaam
    };

    for n in 1..=3 {
        insert(n as u64, entry(n, "Praktijk")).await;
    }
    settle().await;
    for at in [0, 1] {
        for n in 1..=3 {
            assert_eq!(service(at, n), Service::Registered, "replica {at}");
        }
    }

    execute(format!("DELETE FROM {table} WHERE id = 1")).await;
    update(2, entry(2, "Anders")).await;
    insert(4, entry(4, "Praktijk")).await;
    settle().await;
    for at in [0, 1] {
        assert!(matches!(service(at, 1), Service::Ending(_)), "ended on replica {at}");
        assert_eq!(weergavenaam(at, 2), "Anders", "changed on replica {at}");
        assert_eq!(service(at, 4), Service::Registered, "added on replica {at}");
    }

    // one row is broken, and the one behind it is not
    update(3, entry(3, "Praktijk").replace("https://", "http://")).await;
    update(4, entry(4, "Nieuw")).await;
    settle().await;
    for (at, (_, follower)) in replicas.iter().enumerate() {
        let state = follower.state();
        let faults = state.faults.iter().map(|fault| (fault.row, fault.place.as_str()));
        assert_eq!(faults.collect::<Vec<_>>(), [(3, "privacy_statement")]);
        assert_eq!(weergavenaam(at, 3), "Praktijk", "as it was on replica {at}");
        assert_eq!(weergavenaam(at, 4), "Nieuw", "replica {at}");
    }

    // the table is gone for a while: the last good registration stays
    execute(format!("ALTER TABLE {table} RENAME TO registration_away")).await;
    for (at, (_, follower)) in replicas.iter().enumerate() {
        assert!(follower.poll().await.is_err());
        assert!(follower.state().failing.is_some());
        assert_eq!(service(at, 2), Service::Registered, "replica {at}");
    }
    let away = table.replace("registration", "registration_away");
    execute(format!("ALTER TABLE {away} RENAME TO registration")).await;
    update(3, entry(3, "Hersteld")).await;
    settle().await;
    for (at, (_, follower)) in replicas.iter().enumerate() {
        assert_eq!(weergavenaam(at, 3), "Hersteld");
        let state = follower.state();
        assert!(state.faults.is_empty() && state.failing.is_none());
    }

    // whoever empties the table ends nobody
    execute(format!("DELETE FROM {table}")).await;
    for (at, (_, follower)) in replicas.iter().enumerate() {
        assert!(matches!(follower.poll().await, Err(RegistratieError::Empty)));
        assert_eq!(service(at, 2), Service::Registered, "replica {at}");
    }
}

fn name(n: usize) -> Aanbiedernaam {
    Aanbiedernaam::parse(&format!("praktijk{n}")).unwrap()
}

fn entry(n: usize, weergavenaam: &str) -> String {
    format!(
        r#"{{"aanbieder":"praktijk{n}","weergavenaam":"{weergavenaam}","privacy_statement":"https://p.example/",
        "gegevensdiensten":[{{"id":"48","function":"Verzamelen","name":"Basisgegevens Zorg"}}]}}"#
    )
}

/// Keeps no end times: there is no restart here.
struct Forgetful;

impl RegistratieStorage for Forgetful {
    fn load(&self) -> io::Result<Option<Vec<u8>>> {
        Ok(None)
    }

    fn store(&self, _: &[u8]) -> io::Result<()> {
        Ok(())
    }
}

/// A clock that stands still until it is moved.
#[derive(Default)]
struct Moved(AtomicU64);

impl Moved {
    fn advance(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }
}

impl Clock for Moved {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000) + self.monotonic()
    }

    fn monotonic(&self) -> Duration {
        Duration::from_secs(self.0.load(Ordering::Relaxed))
    }
}
