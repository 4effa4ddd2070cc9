// SPDX-License-Identifier: AGPL-3.0-or-later
//! R1, R3: what a restart brings back, and how old it is.

use std::{sync::Arc, time::Duration};

use medmij_list::supply::{CopyToStore, Journalled, MemoryStorage, RollbackMemory, Sha256Sum, Step, SupplyEvent};
use medmij_list::{Freshness, supply::ListStorage as _};
use medmij_test::ManualClock;
use medmij_types::{Clock as _, Volgnummer};

use crate::supply::bench::{Node, minutes, names, whitelist};

#[test]
fn r1_the_age_goes_on_while_the_process_is_down() {
    for (down, freshness, usable, reported) in [
        (minutes(1), Freshness::Fresh, true, vec!["kept"]),
        (minutes(16), Freshness::Stale, true, vec!["kept", "stale"]),
        (minutes(8 * 60), Freshness::Alarm, true, vec!["kept", "alarm"]),
        (minutes(10 * 60), Freshness::Expired, false, vec!["kept", "expired"]),
    ] {
        let mut node = Node::new();
        node.takes(whitelist(7, &["a.nl"]));
        let mut node = node.restart(down);
        assert_eq!(names(&node.restored), reported, "{down:?}");
        assert_eq!(
            (node.cache.freshness(), node.number().is_some()),
            (freshness, usable),
            "{down:?}"
        );
        assert!(
            matches!(node.supply.step(), Step::Fetch(_)),
            "the first fetch is due at once"
        );
    }
}

#[test]
fn r1_a_confirmation_makes_the_kept_copy_younger() {
    let mut node = Node::new();
    node.takes(whitelist(7, &["a.nl"]));
    node.pass(minutes(8 * 60));
    node.takes(whitelist(7, &["a.nl"]));
    let node = node.restart(minutes(5));
    assert_eq!(node.cache.age(), Some(minutes(5)));
}

#[test]
fn a_kept_copy_does_not_make_the_list_in_force_older() {
    let mut node = Node::new();
    node.takes(whitelist(7, &["a.nl"]));
    let copy = whitelist(7, &["a.nl"]);
    let hour_ago = node.clock.now() - minutes(60);
    node.storage
        .store(
            &node.key(),
            &CopyToStore::new(&copy, Volgnummer::new(7).unwrap(), hour_ago),
        )
        .unwrap();
    assert_eq!(names(&node.supply.restore()), ["kept"]);
    assert_eq!(node.cache.age(), Some(Duration::ZERO));
}

#[test]
fn r10_a_copy_from_the_future_is_not_used_until_a_fetch_confirms_it() {
    for (back, usable) in [(minutes(4), true), (minutes(6), false), (minutes(365 * 24 * 60), false)] {
        let mut node = Node::new();
        node.takes(whitelist(7, &["a.nl"]));
        let clock = Arc::new(ManualClock::at(node.clock.now() - back));
        let mut node = Node::boot(clock, node.storage, 2);
        assert_eq!(node.number().is_some(), usable, "{back:?}");
        node.takes(whitelist(7, &["a.nl"]));
        assert_eq!((node.number(), node.cache.age()), (Some(7), Some(Duration::ZERO)));
    }
}

#[test]
fn r10_a_clock_set_back_at_a_restart_does_not_make_the_list_younger() {
    for (outage, back, age) in [
        // the clock goes on
        (minutes(120), minutes(0), Some(minutes(120))),
        // a few minutes count as the same clock
        (minutes(120), minutes(4), Some(minutes(120))),
        // set back: not known, so not used until a fetch confirms it
        (minutes(120), minutes(6), None),
        (minutes(120), minutes(119), None),
        (minutes(120), minutes(365 * 24 * 60), None),
    ] {
        let mut node = Node::new();
        node.takes(whitelist(7, &["a.nl"]));
        node.pass(outage);
        assert!(node.fetch(crate::supply::bench::down()).result.is_err());
        let clock = Arc::new(ManualClock::at(node.clock.now() - back));
        let mut node = Node::boot(clock, node.storage, 2);
        match age {
            Some(age) => assert_eq!(node.cache.age(), Some(age), "{back:?}"),
            None => assert_eq!(
                (node.number(), node.cache.freshness()),
                (None, Freshness::Expired),
                "{back:?}"
            ),
        }
        node.takes(whitelist(7, &["a.nl"]));
        assert_eq!((node.number(), node.cache.age()), (Some(7), Some(Duration::ZERO)));
    }
}

#[test]
#[cfg(feature = "files")]
fn r10_the_last_moment_that_was_seen_outlives_the_process_in_files_too() {
    let folder = tempfile::tempdir().unwrap();
    let storage = Arc::new(medmij_list::supply::FileStorage::open(folder.path()).unwrap());
    let mut node = Node::with_storage(storage);
    node.takes(whitelist(7, &["a.nl"]));
    node.pass(minutes(60));
    assert!(node.fetch(crate::supply::bench::down()).result.is_err());
    let clock = Arc::new(ManualClock::at(node.clock.now() - minutes(30)));
    let mut node = Node::boot(clock, node.storage, 2);
    assert_eq!(node.number(), None);
    node.takes(whitelist(7, &["a.nl"]));
    let node = node.restart(minutes(1));
    assert_eq!(node.cache.age(), Some(minutes(1)), "a confirmation heals it");
}

#[test]
fn l9_after_the_copy_is_lost_the_memory_still_protects() {
    let mut node = Node::new();
    node.takes(whitelist(7, &["a.nl"]));
    let memory = node.storage.memory(&node.key()).unwrap();
    // another keep that has the memory and no copy
    let storage = MemoryStorage::default();
    storage
        .remember(&node.key(), memory.volgnummer.unwrap(), memory.content.unwrap())
        .unwrap();
    let mut node = Node::with_storage(Arc::new(storage));
    assert_eq!((node.number(), names(&node.restored).len()), (None, 0));
    assert!(node.refuses(whitelist(6, &["a.nl"])).contains("LowerVolgnummer"));
    assert!(node.refuses(whitelist(7, &["kwaad.nl"])).contains("OtherContent"));
    node.takes(whitelist(7, &["a.nl"]));
}

#[test]
fn l9_a_copy_below_the_memory_is_not_used() {
    let mut node = Node::new();
    node.takes(whitelist(7, &["a.nl"]));
    node.storage
        .remember(&node.key(), Volgnummer::new(8).unwrap(), Sha256Sum::of(b"8"))
        .unwrap();
    let node = node.restart(minutes(1));
    assert_eq!((names(&node.restored), node.number()), (vec!["copy not used"], None));
}

#[test]
fn r3_a_crash_between_storing_and_remembering_is_made_up_for() {
    let mut node = Node::new();
    node.takes(whitelist(7, &["a.nl"]));
    let next = whitelist(8, &["a.nl", "b.nl"]);
    node.storage
        .store(
            &node.key(),
            &CopyToStore::new(&next, Volgnummer::new(8).unwrap(), node.clock.now()),
        )
        .unwrap();
    let node = node.restart(minutes(1));
    assert_eq!((node.number(), node.remembered()), (Some(8), Some(8)));
    let numbers: Vec<_> = node.storage.journal().unwrap().iter().map(number).collect();
    assert_eq!(numbers, [7, 8]);
    // and nothing more the next time
    let node = node.restart(minutes(1));
    assert_eq!(node.storage.journal().unwrap().len(), 2);
}

#[test]
fn the_journal_has_a_line_for_each_accepted_list() {
    let mut node = Node::new();
    let bytes = whitelist(7, &["a.nl"]);
    node.takes(bytes.clone());
    node.takes(bytes.clone());
    node.refuses(whitelist(6, &["a.nl"]));
    node.takes(whitelist(8, &["a.nl"]));
    let journal = node.storage.journal().unwrap();
    assert_eq!(journal.iter().map(number).collect::<Vec<_>>(), [7, 8]);
    let Journalled::Accepted {
        sha256, tijdstempel, ..
    } = &journal[0].what
    else {
        panic!()
    };
    assert_eq!(
        (*sha256, tijdstempel.as_str()),
        (Sha256Sum::of(&bytes), crate::supply::bench::STAMP)
    );
    assert_eq!((&journal[0].key, journal[0].at), (&node.key(), node.clock.now()));
}

#[test]
fn a_keep_without_anything_is_no_fault() {
    let node = Node::new();
    assert_eq!(names(&node.restored), [""; 0]);
    assert_eq!(node.supply.memory().unwrap(), RollbackMemory::default());
    assert!(
        !node
            .restored
            .iter()
            .any(|event| matches!(event, SupplyEvent::StorageFailed { .. }))
    );
}

fn number(entry: &medmij_list::supply::JournalEntry) -> u64 {
    match &entry.what {
        Journalled::Accepted { volgnummer, .. } => volgnummer.value(),
        other => panic!("{other:?}"),
    }
}
