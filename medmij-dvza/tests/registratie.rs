// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.gegevensdiensten.104 — the registration through restarts, and while it is in use.
#![allow(clippy::unwrap_used)] // also in the helpers

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use medmij_dvza::{
    Aanbieder, Dienst,
    registratie::{Registratie, RegistratieError, RegistratieFile, RegistratieFolder, RegistratieKeep, Service},
};
use medmij_oauth::Functie::Verzamelen;
use medmij_test::ManualClock;
use medmij_types::{Aanbiedernaam, GegevensdienstId};

fn naam(n: usize) -> Aanbiedernaam {
    Aanbiedernaam::parse(&format!("praktijk{n:04}")).unwrap()
}

fn id(n: usize) -> GegevensdienstId {
    GegevensdienstId::parse(&n.to_string()).unwrap()
}

fn praktijk(n: usize, ids: impl IntoIterator<Item = usize>) -> Aanbieder {
    let diensten = ids
        .into_iter()
        .map(|n| Dienst::new(id(n), Verzamelen, format!("dienst {n}")));
    Aanbieder::new(
        naam(n),
        format!("Praktijk {n}"),
        "https://praktijk.example/",
        diensten.collect(),
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
    let served = |registratie: &Registratie| registratie.lookup(&naam(1)).map_or(0, |found| found.diensten.len());
    open().follow([praktijk(1, [48, 51])]).unwrap();
    let running = open();
    running.follow([praktijk(1, [48])]).unwrap();
    for seconds in [1800, 1798] {
        clock.advance(Duration::from_secs(seconds));
        let restarted = open();
        restarted.follow([praktijk(1, [48])]).unwrap();
        assert_eq!(served(&restarted), 2);
        assert!(matches!(
            restarted.service(&naam(1), Verzamelen, &id(51)),
            Service::Ending(_)
        ));
    }
    clock.advance(Duration::from_secs(3));
    assert_eq!(served(&running), 1, "also where it runs on");
    let last = open();
    last.follow([]).unwrap();
    // the name is still known of one that is in no registration any more
    assert_eq!(last.lookup(&naam(1)).unwrap().weergavenaam, "Praktijk 1");
    clock.advance(Duration::from_secs(3601));
    assert_eq!((served(&last), served(&open())), (0, 0));
}

#[test]
fn r4_what_cannot_be_stored_does_not_change() {
    struct Full;
    impl RegistratieKeep for Full {
        fn load(&self) -> io::Result<Option<Vec<u8>>> {
            Ok(None)
        }
        fn store(&self, _: &[u8]) -> io::Result<()> {
            Err(io::Error::from(io::ErrorKind::StorageFull))
        }
    }
    let registratie = Registratie::open(Arc::new(Full), Arc::new(ManualClock::starting_now())).unwrap();
    let refused = registratie.follow([praktijk(1, [48])]);
    assert!(matches!(refused, Err(RegistratieError::Keep(_))));
    assert!(registratie.all().is_empty());
}

#[test]
fn core_gegevensdiensten_104_a_registration_of_1000_aanbieders_changes_under_its_readers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("registratie.json");
    let keep = Arc::new(RegistratieFolder::open(folder.path().join("bewaard")).unwrap());
    let clock = Arc::new(ManualClock::starting_now());
    let registratie = Arc::new(Registratie::open(keep, Arc::clone(&clock) as _).unwrap());
    let row = |n: usize, ids: std::ops::Range<usize>| {
        let dienst = |n: usize| format!(r#"{{"id":"{n}","functie":"Verzamelen","naam":"dienst {n}"}}"#);
        let diensten: Vec<_> = ids.map(dienst).collect();
        format!(
            r#"{{"aanbieder":"praktijk{n:04}","weergavenaam":"Praktijk {n}","privacyverklaring":"https://p.example/",
            "gegevensdiensten":[{}]}}"#,
            diensten.join(",")
        )
    };
    let file = RegistratieFile::new(&path);
    let reload = |rows: &[String]| {
        std::fs::write(&path, format!(r#"{{"aanbieders":[{}]}}"#, rows.join(","))).unwrap();
        file.reload(&registratie).unwrap()
    };
    let mut rows: Vec<_> = (0..1000).map(|n| row(n, 40..50)).collect();
    let (changes, faults) = reload(&rows).unwrap();
    assert_eq!((changes.added, faults.len()), (10_000, 0));
    assert!(reload(&rows).is_none(), "the same file is not followed twice");

    let stop = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..2)
        .map(|reader| {
            let (registratie, stop) = (Arc::clone(&registratie), Arc::clone(&stop));
            std::thread::spawn(move || {
                let mut errors = 0;
                for n in (reader..).step_by(7) {
                    let found = registratie.lookup(&naam(n % 999));
                    errors +=
                        usize::from(found.is_none_or(|found| found.naam != naam(n % 999) || found.diensten.len() < 10));
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                }
                errors
            })
        })
        .collect();
    // one more, one with a service more, one gone, and one that is faulty
    rows.push(row(1000, 40..50));
    rows[0] = row(0, 40..51);
    rows[1] = r#"{"aanbieder":"praktijk0001"}"#.to_owned();
    rows.remove(999);
    let (changes, faults) = reload(&rows).unwrap();
    assert_eq!((changes.added, changes.ended, changes.changed), (11, 10, 2));
    assert_eq!(faults.iter().map(|fault| fault.row).collect::<Vec<_>>(), [2]);
    stop.store(true, Ordering::Relaxed);
    for reader in readers {
        assert_eq!(reader.join().unwrap(), 0);
    }
    clock.advance(Duration::from_secs(1));
    assert!(
        registratie.serves(&naam(1), Verzamelen, &id(48)),
        "the faulty one stays as it was"
    );
    assert!(matches!(
        registratie.service(&naam(999), Verzamelen, &id(48)),
        Service::Ending(_)
    ));
    assert_eq!(registratie.all().len(), 1001);
}
