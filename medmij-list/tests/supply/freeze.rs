// SPDX-License-Identifier: AGPL-3.0-or-later
//! R1, R10, core.lijsten.301: the source is away; the list goes on being used for as long as the rules allow, and no
//! longer. The wall clock jumps; nothing changes.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use medmij_list::{
    ListKind, RefreshPolicy,
    supply::{Step, SupplyEvent},
};
use medmij_types::{Clock as _, Hostname};
use medmij_whitelist::HostPolicy;

use crate::supply::bench::{Node, STAMP, down, minutes, names, stamped, whitelist};

/// Lets the time pass with a source that is down; what happened, refusals apart, at which age in seconds.
fn outage(node: &mut Node, time: Duration) -> Vec<(&'static str, u64)> {
    let end = node.clock.monotonic() + time;
    let mut seen = Vec::new();
    while node.clock.monotonic() < end {
        let age = node.cache.age().unwrap_or_default().as_secs();
        let mut events = node.supply.watch();
        match node.supply.step() {
            Step::Fetch(ticket) => events.extend(node.supply.arrived(ticket, down(), 0.5).events),
            Step::Wait(wait) => node.pass(wait.min(end - node.clock.monotonic())),
            other => panic!("{other:?}"),
        }
        events.retain(|event| !matches!(event, SupplyEvent::Refused { .. }));
        seen.extend(names(&events).into_iter().map(|name| (name, age)));
    }
    seen.extend(
        names(&node.supply.watch())
            .into_iter()
            .map(|name| (name, node.cache.age().unwrap_or_default().as_secs())),
    );
    seen
}

#[test]
fn r1_core_whl_302_an_outage_of_any_length() {
    let expired = [("stale", 900), ("alarm", 1800), ("expired", 32_400)];
    for (time, reported, usable) in [
        (minutes(14), &expired[..0], true),
        (minutes(15), &expired[..1], true),
        (minutes(30), &expired[..2], true),
        (minutes(8 * 60), &expired[..2], true),
        (minutes(9 * 60) - Duration::from_secs(1), &expired[..2], true),
        (minutes(9 * 60), &expired[..], false),
        (minutes(72 * 60), &expired[..], false),
    ] {
        let mut node = Node::new();
        node.takes(whitelist(7, &["a.nl"]));
        assert_eq!(outage(&mut node, time), reported, "{time:?}");
        assert_eq!(node.number().is_some(), usable, "{time:?}");
        assert_eq!(node.cache.last_known().unwrap().header().volgnummer().value(), 7);
    }
}

#[test]
fn r1_when_the_source_is_back_all_is_well_and_told_anew_the_next_time() {
    let mut node = Node::new();
    node.takes(whitelist(7, &["a.nl"]));
    outage(&mut node, minutes(72 * 60));
    assert_eq!(names(&node.takes(whitelist(7, &["a.nl"]))), ["unchanged"]);
    assert_eq!(node.number(), Some(7));
    assert_eq!(outage(&mut node, minutes(16)), [("stale", 900)]);
}

#[test]
fn r1_without_any_list_the_alarm_comes_too() {
    let mut node = Node::new();
    let reported: Vec<_> = outage(&mut node, minutes(72 * 60))
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(reported, ["stale", "alarm"]);
    assert_eq!(node.number(), None);
}

#[test]
fn l9_a_source_that_goes_on_offering_an_old_list_is_told_of_and_refused_nothing() {
    let days = |count: u64| Duration::from_secs(count * 24 * 3600);
    let mut node = Node::new();
    // the stamp is of two hours before the start
    assert_eq!(names(&node.takes(whitelist(7, &["a.nl"]))), ["accepted"]);
    node.pass(days(29));
    node.supply.watch();
    assert_eq!(names(&node.takes(whitelist(7, &["a.nl"]))), ["unchanged"]);
    node.pass(days(1));
    node.supply.watch();
    let events = node.takes(whitelist(7, &["a.nl"]));
    assert_eq!(names(&events), ["unchanged", "old stamp"]);
    assert!(matches!(&events[1], SupplyEvent::OldStamp { tijdstempel, age, .. }
        if tijdstempel.as_str() == STAMP && *age >= days(30) && *age < days(31)));
    assert_eq!(node.number(), Some(7));
    // once for each stamp, and once more after a restart
    assert_eq!(names(&node.takes(whitelist(7, &["a.nl"]))), ["unchanged"]);
    assert_eq!(names(&node.takes(whitelist(8, &["a.nl"]))), ["accepted"]);
    let older = stamped("2026-09-20T12:00:00Z", 9, &["a.nl"]);
    assert_eq!(names(&node.takes(older)), ["accepted", "implausible", "old stamp"]);
    let mut node = node.restart(minutes(1));
    let older = stamped("2026-09-20T12:00:00Z", 9, &["a.nl"]);
    assert_eq!(names(&node.takes(older)), ["unchanged", "old stamp"]);
    let new = stamped("2026-10-21T12:00:00Z", 10, &["a.nl"]);
    assert_eq!(names(&node.takes(new)), ["accepted"]);
}

#[test]
fn r10_a_wall_clock_that_jumps_changes_nothing() {
    let year = Duration::from_secs(365 * 24 * 3600);
    let mut node = Node::new();
    node.takes(whitelist(7, &["a.nl"]));
    let now = node.clock.now();
    for jump in [
        now + minutes(60),
        now - minutes(60),
        now + year,
        now - year,
        SystemTime::UNIX_EPOCH,
    ] {
        node.clock.jump_to(jump);
        assert_eq!(names(&node.supply.watch()), [""; 0]);
        assert_eq!((node.number(), node.cache.age()), (Some(7), Some(Duration::ZERO)));
        assert!(matches!(node.supply.step(), Step::Wait(wait) if wait == minutes(10)));
    }
    node.pass(minutes(10));
    assert!(matches!(node.supply.step(), Step::Fetch(_)));
}

#[test]
fn core_whl_303_past_the_hard_limit_only_the_stelselnode_is_allowed() {
    let host = |name| Hostname::parse(name).unwrap();
    let mut node = Node::new();
    let policy = HostPolicy::whitelist(Arc::clone(&node.cache), host("stelselnode.localhost"));
    let allowed = |name| policy.check(&host(name)).is_ok();
    assert_eq!(
        (allowed("a.nl"), allowed("stelselnode.localhost")),
        (false, true),
        "before the first list"
    );
    node.takes(whitelist(7, &["a.nl"]));
    assert_eq!((allowed("a.nl"), allowed("stelselnode.localhost")), (true, true));
    node.pass(minutes(9 * 60) - Duration::from_secs(1));
    assert!(allowed("a.nl"));
    node.pass(Duration::from_secs(1));
    assert_eq!((allowed("a.nl"), allowed("stelselnode.localhost")), (false, true));
    node.takes(whitelist(7, &["a.nl"]));
    assert!(allowed("a.nl"));
}

#[test]
fn a_gegevensdienstnamenlijst_goes_on_being_used_past_the_hard_limit() {
    for (list, used) in [
        (ListKind::Whitelist, false),
        (ListKind::Zorgaanbiederslijst, false),
        (ListKind::OAuthclientlist, false),
        (ListKind::Gegevensdienstnamenlijst, true),
    ] {
        let mut node = Node::with_policy(RefreshPolicy::for_list(list));
        node.takes(whitelist(7, &["a.nl"]));
        assert_eq!(
            outage(&mut node, minutes(9 * 60)).last().unwrap().0,
            "expired",
            "{list}"
        );
        assert_eq!(node.number().is_some(), used, "{list}");
    }
}
