// SPDX-License-Identifier: AGPL-3.0-or-later
//! Section 1.3, fast-forward: a wrong publication with a huge number, and the operator's way back.

use medmij_list::supply::{Journalled, Lowering};
use medmij_types::{Clock as _, Volgnummer};

use crate::supply::bench::{Node, minutes, names, whitelist};

fn node_that_saw_a_huge_number() -> Node {
    let mut node = Node::new();
    node.takes(whitelist(7, &["a.nl"]));
    node.takes(whitelist(u64::MAX, &["kwaad.nl"]));
    node.refuses(whitelist(8, &["a.nl"]));
    node
}

#[test]
fn l9_an_operator_lowers_the_memory_and_the_right_list_is_taken() {
    let mut node = node_that_saw_a_huge_number();
    let events = node
        .supply
        .danger_lower_memory(Volgnummer::new(7), "verkeerde publicatie, PV")
        .unwrap();
    assert_eq!(names(&events), ["memory lowered"]);
    assert_eq!(
        (node.number(), node.remembered()),
        (Some(u64::MAX), Some(7)),
        "the list in force stays until another comes"
    );
    assert!(node.refuses(whitelist(6, &["a.nl"])).contains("LowerVolgnummer"));
    assert_eq!(names(&node.takes(whitelist(8, &["a.nl"]))), ["accepted"]);
    assert_eq!((node.number(), node.remembered()), (Some(8), Some(8)));
}

#[test]
fn l9_a_running_process_follows_a_lowering_from_outside() {
    let mut node = node_that_saw_a_huge_number();
    let lowering = Lowering::new(Volgnummer::new(7), "van buiten", node.clock.now());
    node.storage.danger_lower(&node.key(), &lowering).unwrap();
    assert_eq!(
        names(&node.takes(whitelist(8, &["a.nl"]))),
        ["memory lowered", "accepted"]
    );
    assert_eq!(node.number(), Some(8));
}

#[test]
fn l9_after_a_lowering_a_restart_does_not_bring_the_wrong_list_back() {
    let mut node = node_that_saw_a_huge_number();
    node.supply
        .danger_lower_memory(Volgnummer::new(7), "verkeerde publicatie")
        .unwrap();
    let mut node = node.restart(minutes(1));
    assert_eq!((node.number(), node.remembered()), (None, Some(7)));
    node.takes(whitelist(8, &["a.nl"]));
}

#[test]
fn l9_a_lowering_is_in_the_journal_with_its_reason() {
    let mut node = node_that_saw_a_huge_number();
    node.supply.danger_lower_memory(None, "alles vergeten").unwrap();
    let journal = node.storage.journal().unwrap();
    let Journalled::MemoryLowered { from, to, reason } = &journal.last().unwrap().what else {
        panic!("{journal:?}")
    };
    assert_eq!(
        (*from, *to, reason.as_str()),
        (Volgnummer::new(u64::MAX), None, "alles vergeten")
    );
    node.takes(whitelist(1, &["a.nl"]));
}

#[test]
fn a_republication_under_the_same_number_needs_one_lower() {
    let mut node = Node::new();
    node.takes(whitelist(7, &["a.nl"]));
    node.supply
        .danger_lower_memory(Volgnummer::new(7), "zelfde nummer")
        .unwrap();
    assert!(node.refuses(whitelist(7, &["b.nl"])).contains("OtherContent"));
    node.supply
        .danger_lower_memory(Volgnummer::new(6), "zelfde nummer")
        .unwrap();
    node.takes(whitelist(7, &["b.nl"]));
}
