// SPDX-License-Identifier: AGPL-3.0-or-later
//! L9: an older list, or another one under the same number, never takes over.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use crate::supply::bench::{Node, minutes, names, stamped, whitelist};

#[test]
fn l9_a_lower_volgnummer_is_refused() {
    let mut node = Node::new();
    assert_eq!(names(&node.takes(whitelist(7, &["a.nl", "b.nl"]))), ["accepted"]);
    let why = node.refuses(whitelist(6, &["a.nl", "b.nl", "weg.nl"]));
    assert!(why.contains("LowerVolgnummer"), "{why}");
    assert_eq!(node.number(), Some(7));
}

#[test]
fn l9_a_lower_volgnummer_is_refused_after_a_restart() {
    let mut node = Node::new();
    node.takes(whitelist(7, &["a.nl"]));
    let mut node = node.restart(minutes(1));
    assert_eq!(names(&node.restored), ["kept"]);
    assert!(node.refuses(whitelist(6, &["a.nl"])).contains("LowerVolgnummer"));
}

#[test]
fn l9_the_same_volgnummer_with_other_content_is_refused() {
    let mut node = Node::new();
    node.takes(whitelist(7, &["a.nl"]));
    assert!(
        node.refuses(whitelist(7, &["a.nl", "kwaad.nl"]))
            .contains("OtherContent")
    );
}

#[test]
fn l9_the_same_volgnummer_with_another_tijdstempel_counts_as_fresh() {
    let mut node = Node::new();
    node.takes(stamped("2026-09-21T12:00:00Z", 7, &["a.nl"]));
    node.pass(minutes(14));
    assert_eq!(
        names(&node.takes(stamped("2026-09-21T12:14:00Z", 7, &["a.nl"]))),
        ["unchanged"]
    );
    assert_eq!(node.cache.age(), Some(Duration::ZERO));
}

#[test]
fn a_jump_of_the_volgnummer_is_normal() {
    let mut node = Node::new();
    node.takes(whitelist(7, &["a.nl"]));
    node.takes(whitelist(900, &["a.nl"]));
    assert_eq!((node.number(), node.remembered()), (Some(900), Some(900)));
}

#[test]
fn l9_numbers_of_another_api_say_nothing() {
    let mut node = Node::new();
    node.takes(whitelist(900, &["a.nl"]));
    let mut other = Node::boot(Arc::clone(&node.clock), Arc::clone(&node.storage), 1);
    assert_eq!(names(&other.restored), [""; 0]);
    assert_eq!(names(&other.takes(whitelist(3, &["a.nl"]))), ["accepted"]);
    assert_eq!((node.remembered(), other.remembered()), (Some(900), Some(3)));
}

#[test]
fn r14_a_flow_that_pinned_a_list_keeps_it() {
    let mut node = Node::new();
    node.takes(whitelist(7, &["a.nl"]));
    let pinned = node.cache.current().unwrap();
    node.takes(whitelist(8, &["b.nl"]));
    assert_eq!(
        (
            pinned.header().volgnummer().value(),
            medmij_list::List::len(pinned.list()),
            node.number()
        ),
        (7, 1, Some(8))
    );
}

#[test]
fn r14_a_replaced_list_ends_with_the_writer_and_not_with_its_last_reader() {
    let mut node = Node::new();
    node.takes(whitelist(7, &["a.nl"]));
    let pinned = node.cache.current().unwrap();
    let watched = Arc::downgrade(&pinned);
    node.takes(whitelist(8, &["b.nl"]));
    drop(pinned);
    assert!(watched.upgrade().is_some(), "the reader did not have to take it down");
    node.takes(whitelist(8, &["b.nl"]));
    assert!(watched.upgrade().is_none(), "the next refresh did");
    // a list that nobody holds ends when it is replaced
    let watched = Arc::downgrade(&node.cache.current().unwrap());
    node.takes(whitelist(9, &["b.nl"]));
    assert!(watched.upgrade().is_none());
}

#[test]
fn l9_what_another_process_on_the_same_keep_has_seen_counts_too() {
    let mut one = Node::new();
    one.takes(whitelist(7, &["a.nl"]));
    let mut two = Node::boot(Arc::clone(&one.clock), Arc::clone(&one.storage), 2);
    two.takes(whitelist(8, &["b.nl"]));
    assert!(one.refuses(whitelist(7, &["a.nl"])).contains("LowerVolgnummer"));
    assert!(one.refuses(whitelist(8, &["kwaad.nl"])).contains("OtherContent"));
    assert_eq!(names(&one.takes(whitelist(8, &["b.nl"]))), ["accepted"]);
}

#[test]
fn r14_readers_never_wait_for_a_list_and_never_see_a_mix() {
    let mut node = Node::new();
    node.takes(whitelist(1, &["n1-a.nl", "n1-b.nl"]));
    let cache = Arc::clone(&node.cache);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let stop = Stop(&done);
        for _ in 0..3 {
            scope.spawn(|| {
                let mut last = 0;
                while !done.load(Ordering::Relaxed) {
                    let list = cache.current().unwrap();
                    let number = list.header().volgnummer().value();
                    assert!(number >= last, "rollback");
                    assert!(
                        list.nodes()
                            .all(|node| node.as_str().starts_with(&format!("n{number}-"))),
                        "mix"
                    );
                    last = number;
                }
            });
        }
        for number in 2..=1000 {
            let (a, b) = (format!("n{number}-a.nl"), format!("n{number}-b.nl"));
            node.takes(whitelist(number, &[&a, &b]));
        }
        drop(stop);
    });
    assert_eq!(node.number(), Some(1000));
}

/// Lets the readers end, also when the writer panics.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
