// SPDX-License-Identifier: AGPL-3.0-or-later

use super::*;

fn caps(total: usize, address: usize, node: usize) -> Caps {
    Caps {
        total,
        address,
        address_handshakes: usize::MAX,
        node,
        handshakes: usize::MAX,
    }
}

fn site(last: u8) -> Site {
    Site::of([192, 0, 2, last].into())
}

fn node(name: &str) -> Hostname {
    Hostname::parse(name).unwrap()
}

/// Whether the connection was told to go.
fn is_gone(eviction: &mut Eviction) -> bool {
    matches!(eviction.0.try_recv(), Err(oneshot::error::TryRecvError::Closed))
}

#[test]
fn r12_an_address_at_its_cap_gives_its_own_oldest_idle_connection() {
    let shares = Shares::new(caps(10, 2, 10));
    let (_other, mut other_gone) = shares.enter(site(9)).unwrap();
    let (first, mut first_gone) = shares.enter(site(1)).unwrap();
    let (second, mut second_gone) = shares.enter(site(1)).unwrap();
    first.greeted();
    second.greeted();
    // The first has just been answered, so the second waits longer.
    drop(first.answering());
    let third = shares.enter(site(1)).unwrap();
    assert!(is_gone(&mut second_gone));
    assert!(!is_gone(&mut first_gone) && !is_gone(&mut other_gone));
    drop(third);
}

#[test]
fn r12_a_connection_that_is_being_answered_is_never_ended_for_another() {
    let shares = Shares::new(caps(2, 2, 2));
    let (first, mut first_gone) = shares.enter(site(1)).unwrap();
    let (second, mut second_gone) = shares.enter(site(2)).unwrap();
    let (busy, also_busy) = (first.answering(), second.answering());
    assert!(shares.enter(site(3)).is_none());
    drop(also_busy);
    assert!(shares.enter(site(3)).is_some());
    assert!(is_gone(&mut second_gone) && !is_gone(&mut first_gone));
    drop(busy);
}

#[test]
fn r12_a_full_listener_takes_from_whoever_holds_most() {
    let shares = Shares::new(caps(4, 3, 4));
    let (_old, mut old_gone) = shares.enter(site(1)).unwrap();
    let mut flood: Vec<_> = (0..3).map(|_| shares.enter(site(2)).unwrap()).collect();
    let newcomer = shares.enter(site(3)).unwrap();
    assert!(is_gone(&mut flood[0].1), "the oldest of the flood");
    assert!(!is_gone(&mut old_gone), "older still, and alone at its address");
    drop(newcomer);
}

#[test]
fn r12_a_node_at_its_cap_gives_its_own_from_wherever_it_comes() {
    let shares = Shares::new(caps(10, 10, 2));
    let enter = |last, name: &str| {
        let (place, eviction) = shares.enter(site(last)).unwrap();
        place.greeted();
        let joined = place.join(&node(name));
        (place, eviction, joined)
    };
    let (_other, mut other_gone, _) = enter(9, "b.example.nl");
    let (first, mut first_gone, _) = enter(1, "a.example.nl");
    let second = enter(2, "a.example.nl");
    let third = enter(3, "a.example.nl");
    assert!(third.2 && is_gone(&mut first_gone) && !is_gone(&mut other_gone));
    let held = (second.0.answering(), third.0.answering());
    assert!(!enter(4, "a.example.nl").2, "all of them are at work");
    assert!(enter(4, "b.example.nl").2);
    drop((held, first));
}

#[tokio::test(start_paused = true)]
async fn r12_handshakes_of_one_address_end_only_each_other_and_only_slow_ones() {
    let mut caps = caps(10, 10, 10);
    caps.address_handshakes = 2;
    let shares = Shares::new(caps);
    let (good, mut good_gone) = shares.enter(site(1)).unwrap();
    good.greeted();
    let mut dripping: Vec<_> = (0..2).map(|_| shares.enter(site(1)).unwrap()).collect();
    assert!(shares.enter(site(1)).is_none(), "both are young");
    assert!(shares.enter(site(2)).is_some(), "another address");
    tokio::time::advance(HANDSHAKE).await;
    let third = shares.enter(site(1)).unwrap();
    assert!(is_gone(&mut dripping[0].1) && !is_gone(&mut dripping[1].1));
    assert!(!is_gone(&mut good_gone));
    drop(third);
}

#[test]
fn r12_behind_a_proxy_the_address_counts_once_it_is_known() {
    let shares = Shares::new(caps(10, 1, 10));
    let mut proxied: Vec<_> = (0..3).map(|_| shares.enter(Site::Proxy).unwrap()).collect();
    assert!(proxied.iter_mut().all(|(_, gone)| !is_gone(gone)), "no cap for a proxy");
    for (at, (place, _)) in proxied.iter().enumerate() {
        assert!(place.locate(site(if at == 2 { 2 } else { 1 })));
    }
    let gone: Vec<_> = proxied.iter_mut().map(|(_, gone)| is_gone(gone)).collect();
    assert_eq!(gone, [true, false, false]);
}

#[test]
fn r12_whatever_happens_nothing_stays_behind() {
    let shares = Shares::new(Caps {
        handshakes: 9,
        address_handshakes: 9,
        ..caps(3, 2, 2)
    });
    for round in 0..50_u8 {
        let held: Vec<_> = (0..5)
            .filter_map(|at| shares.enter(site(round.wrapping_add(at) % 3)))
            .collect();
        for (at, (place, _)) in held.iter().enumerate() {
            place.greeted();
            place.join(&node(if at % 2 == 0 { "a.example.nl" } else { "b.example.nl" }));
            let answering = place.answering();
            let again = place.answering();
            drop((answering, again));
        }
        let request = shares.begin_request(&node("a.example.nl"));
        drop((held, request));
    }
    let table = shares.table();
    assert!(table.entries.is_empty() && table.requests.is_empty());
    assert_eq!((table.handshakes, table.sites.held(&site(1))), (0, 0));
    assert_eq!(shares.leaving.load(Ordering::SeqCst), 0);
}

#[test]
fn r12_requests_of_a_node_behind_a_proxy_are_counted_too() {
    let shares = Shares::new(caps(10, 10, 2));
    let a = node("a.example.nl");
    let (one, two) = (shares.begin_request(&a), shares.begin_request(&a));
    assert!(one.is_some() && two.is_some() && shares.begin_request(&a).is_none());
    assert!(shares.begin_request(&node("b.example.nl")).is_some());
    drop(one);
    assert!(shares.begin_request(&a).is_some());
}

#[tokio::test]
async fn r12_without_descriptors_one_connection_goes_at_a_time() {
    let shares = Shares::new(caps(10, 10, 10));
    let mut held: Vec<_> = (0..3).map(|_| shares.enter(site(1)).unwrap()).collect();
    shares.make_descriptor().await;
    shares.make_descriptor().await;
    let gone: Vec<_> = held.iter_mut().map(|(_, gone)| is_gone(gone)).collect();
    assert_eq!(gone, [true, false, false], "the first still holds its socket");
    held.remove(0);
    shares.make_descriptor().await;
    assert!(is_gone(&mut held[0].1));
}
