// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.gegevensdiensten.104 — the registration through restarts, and while it is in use.
#![allow(clippy::unwrap_used)] // also in the helpers

use std::{io, sync::Arc, time::Duration};

use medmij_dvza::{
    Aanbieder, OfferedService,
    registratie::{
        Follower, Registratie, RegistratieError, RegistratieFile, RegistratieFolder, RegistratieStorage, Service,
    },
};
use medmij_oauth::Function::Verzamelen;
use medmij_test::ManualClock;
use medmij_types::{Aanbiedernaam, GegevensdienstId};

fn name(n: usize) -> Aanbiedernaam {
    Aanbiedernaam::parse(&format!("praktijk{n:04}")).unwrap()
}

fn id(n: usize) -> GegevensdienstId {
    GegevensdienstId::parse(&n.to_string()).unwrap()
}

fn practice(n: usize, ids: impl IntoIterator<Item = usize>) -> Aanbieder {
    let services = ids
        .into_iter()
        .map(|n| OfferedService::new(id(n), Verzamelen, format!("dienst {n}")));
    Aanbieder::new(
        name(n),
        format!("Praktijk {n}"),
        "https://praktijk.example/",
        services.collect(),
    )
}

#[test]
fn core_gegevensdiensten_104_end_times_survive_restarts() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::starting_now());
    let open = || {
        let keep = Arc::new(RegistratieFolder::open(folder.path()).unwrap());
        Registratie::open(keep, Arc::clone(&clock) as _).unwrap()
    };
    let served = |registratie: &Registratie| registratie.lookup(&name(1)).map_or(0, |found| found.services.len());
    open().follow([practice(1, [48, 51])]).unwrap();
    let running = open();
    running.follow([practice(1, [48])]).unwrap();
    for seconds in [1800, 1798] {
        clock.advance(Duration::from_secs(seconds));
        let restarted = open();
        restarted.follow([practice(1, [48])]).unwrap();
        assert_eq!(served(&restarted), 2);
        assert!(matches!(
            restarted.service(&name(1), Verzamelen, &id(51)),
            Service::Ending(_)
        ));
    }
    clock.advance(Duration::from_secs(3));
    assert_eq!(served(&running), 1, "also where it runs on");
    let last = open();
    last.follow([]).unwrap();
    // the name is still known of one that is in no registration any more
    assert_eq!(last.lookup(&name(1)).unwrap().weergavenaam, "Praktijk 1");
    clock.advance(Duration::from_secs(3601));
    assert_eq!((served(&last), served(&open())), (0, 0));
}

#[test]
fn r4_what_cannot_be_stored_does_not_change() {
    struct Full;
    impl RegistratieStorage for Full {
        fn load(&self) -> io::Result<Option<Vec<u8>>> {
            Ok(None)
        }
        fn store(&self, _: &[u8]) -> io::Result<()> {
            Err(io::Error::from(io::ErrorKind::StorageFull))
        }
    }
    let registratie = Registratie::open(Arc::new(Full), Arc::new(ManualClock::starting_now())).unwrap();
    let refused = registratie.follow([practice(1, [48])]);
    assert!(matches!(refused, Err(RegistratieError::ListStorage(_))));
    assert!(registratie.all().is_empty());
}

#[tokio::test]
async fn core_gegevensdiensten_104_a_file_is_followed_and_the_last_good_one_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("registratie.json");
    let clock = Arc::new(ManualClock::starting_now());
    let keep = Arc::new(RegistratieFolder::open(folder.path().join("kept")).unwrap());
    let registratie = Arc::new(Registratie::open(keep, Arc::clone(&clock) as _).unwrap());
    let follower = Follower::new(Arc::clone(&registratie), RegistratieFile::new(&path));
    let row = |n: usize, name: &str| {
        format!(
            r#"{{"aanbieder":"praktijk{n:04}","weergavenaam":"{name}","privacy_statement":"https://p.example/",
            "gegevensdiensten":[{{"id":"48","function":"Verzamelen","name":"BgZ"}}]}}"#
        )
    };
    let write = |rows: &[String]| {
        std::fs::write(&path, format!(r#"{{"aanbieders":[{}]}}"#, rows.join(","))).unwrap();
    };
    let named = |n: usize| registratie.lookup(&name(n)).map(|found| found.weergavenaam);
    assert!(matches!(follower.poll().await, Err(RegistratieError::Read { .. })));
    write(&[row(1, "Een"), row(2, "Twee"), row(3, "Drie")]);
    assert_eq!(follower.poll().await.unwrap().unwrap().added, 3);
    assert!(
        follower.poll().await.unwrap().is_none(),
        "the same file is not followed twice"
    );

    // one more, one changed, one gone, and one that is faulty
    write(&[
        row(1, "Eerste"),
        row(2, "Tweede").replace("https:", "http:"),
        row(4, "Vier"),
    ]);
    let changes = follower.poll().await.unwrap().unwrap();
    assert_eq!((changes.added, changes.ended, changes.changed), (1, 1, 2));
    let faults = follower.state().faults;
    let places: Vec<_> = faults.iter().map(|fault| (fault.row, fault.place.as_str())).collect();
    assert_eq!(places, [(2, "privacy_statement")]);
    let names = [named(1), named(2), named(3), named(4)].map(Option::unwrap);
    assert_eq!(
        names,
        ["Eerste", "Twee", "Drie", "Vier"],
        "the faulty one stays as it was"
    );
    // moments are stored in whole seconds, upwards
    clock.advance(Duration::from_secs(1));
    assert!(matches!(
        registratie.service(&name(3), Verzamelen, &id(48)),
        Service::Ending(_)
    ));

    for broken in ["{", r#"{"aanbieders":[]}"#] {
        std::fs::write(&path, broken).unwrap();
        assert!(follower.poll().await.is_err(), "{broken}");
        assert!(registratie.serves(&name(1), Verzamelen, &id(48)), "{broken}");
    }
    std::fs::remove_file(&path).unwrap();
    assert!(follower.poll().await.is_err());
    assert!(follower.state().failing.is_some());
    assert!(registratie.serves(&name(1), Verzamelen, &id(48)));
}
