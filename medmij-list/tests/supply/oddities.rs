// SPDX-License-Identifier: AGPL-3.0-or-later
//! L9: what is implausible is reported and the list is taken; a refused rollback is among what a person must look at.

use medmij_list::{
    ReadLimits, ReadOptions,
    supply::{HeaderOddity, SupplyEvent},
};
use medmij_types::Volgnummer;

use crate::supply::bench::{Node, STAMP, minutes, names, stamped, whitelist};

fn oddities(events: &[SupplyEvent]) -> Vec<HeaderOddity> {
    events
        .iter()
        .filter_map(|event| match event {
            SupplyEvent::Implausible { oddity, .. } => Some(oddity.clone()),
            _ => None,
        })
        .collect()
}

fn number(value: u64) -> Volgnummer {
    Volgnummer::new(value).unwrap()
}

#[test]
fn l9_a_volgnummer_that_leaps_is_reported_and_the_list_is_taken() {
    for (from, to, leaps) in [(7, 8, false), (7, 107, false), (7, 108, true), (7, u64::MAX, true)] {
        let mut node = Node::new();
        assert_eq!(oddities(&node.takes(whitelist(from, &["a.nl"]))), []);
        let events = node.takes(whitelist(to, &["a.nl", "b.nl"]));
        let expected = if leaps {
            vec![HeaderOddity::Leap {
                from: number(from),
                to: number(to),
            }]
        } else {
            vec![]
        };
        assert_eq!(oddities(&events), expected, "{to}");
        assert_eq!(node.number(), Some(to));
        // once, and not again when the list is confirmed
        assert_eq!(oddities(&node.takes(whitelist(to, &["a.nl", "b.nl"]))), []);
    }
}

#[test]
fn l9_a_leap_is_seen_over_a_restart() {
    let mut node = Node::new();
    node.takes(whitelist(7, &["a.nl"]));
    let mut node = node.restart(minutes(60));
    assert_eq!(oddities(&node.takes(whitelist(5_000, &["a.nl"]))).len(), 1);
}

#[test]
fn l9_a_tijdstempel_of_the_future_or_before_its_predecessor_is_reported_and_the_list_is_taken() {
    // the clock of the node stands at 2026-09-21T14:13:20Z
    for (stamp, odd) in [
        ("2026-09-21T14:18:20Z", false),
        ("2026-09-21T14:18:21Z", true),
        ("2026-09-21T16:18:20+02:00", false),
        ("2046-09-21T12:00:00Z", true),
        (STAMP, false),
        ("2026-09-21T11:59:59Z", true),
        ("2006-09-21T12:00:00Z", true),
    ] {
        let mut node = Node::new();
        node.takes(whitelist(7, &["a.nl"]));
        let events = node.takes(stamped(stamp, 8, &["a.nl", "b.nl"]));
        assert_eq!(oddities(&events).len(), usize::from(odd), "{stamp}: {events:?}");
        assert_eq!(node.number(), Some(8), "{stamp}");
        assert_eq!(
            events.iter().any(SupplyEvent::needs_attention),
            odd,
            "{stamp}: {events:?}"
        );
    }
    // the very first list can be of the future too
    let mut node = Node::new();
    assert_eq!(
        oddities(&node.takes(stamped("2046-09-21T12:00:00Z", 1, &["a.nl"]))).len(),
        1
    );
}

#[test]
fn l9_a_refused_rollback_is_among_the_events_that_need_a_person() {
    let mut node = Node::new();
    node.takes(whitelist(7, &["a.nl"]));
    for (bytes, attention) in [
        (whitelist(6, &["a.nl"]), true),
        (whitelist(7, &["kwaad.nl"]), true),
        (whitelist(8, &[]), false),
        (b"<html/>".to_vec(), false),
    ] {
        let events = node.fetch(Ok(bytes)).events;
        assert_eq!(names(&events), ["refused"]);
        assert_eq!(events[0].needs_attention(), attention, "{events:?}");
    }
}

#[test]
fn l10_a_document_of_more_than_half_of_the_limit_is_reported_once() {
    let mut node = Node::new();
    let mut options = ReadOptions::default();
    let small = whitelist(7, &["a.nl"]);
    options.limits = ReadLimits::default();
    options.limits.size = small.len() * 2 + 10;
    node.supply = node.supply.with_options(options);
    let large = |events: &[SupplyEvent]| events.iter().any(|event| matches!(event, SupplyEvent::Large { .. }));
    assert!(!large(&node.takes(small)));
    assert!(large(&node.takes(whitelist(8, &["a.nl", "b.nl"]))));
    assert!(!large(&node.takes(whitelist(9, &["a.nl", "b.nl"]))));
    assert!(!large(&node.takes(whitelist(10, &["a.nl"]))));
    assert!(large(&node.takes(whitelist(11, &["a.nl", "b.nl"]))));
}
