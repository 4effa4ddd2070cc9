// SPDX-License-Identifier: AGPL-3.0-or-later
use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use medmij_types::{AmsterdamTime, Datum, Hostname, Tijdstempel};

use super::*;

/// The store in memory never waits.
fn run<F: Future>(future: F) -> F::Output {
    match pin!(future).as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the store in memory waits"),
    }
}

fn at(text: &str) -> SystemTime {
    Tijdstempel::parse(text).unwrap().to_system_time().unwrap()
}

fn order(person: u128, dva: &str, aanbieder: &str) -> Order {
    Order::new(
        PersonId::new(person),
        dva.parse().unwrap(),
        aanbieder.parse().unwrap(),
        "48".parse().unwrap(),
    )
}

const DAY: Duration = Duration::from_secs(86_400);

struct World {
    store: MemoryOrders,
    policy: CollectingPolicy,
    key: SlotKey,
}

impl World {
    fn new() -> Self {
        Self {
            store: MemoryOrders::new(),
            policy: CollectingPolicy::default(),
            key: SlotKey::new([3; 32]),
        }
    }

    fn add(&self, order: Order, now: SystemTime) {
        run(self.store.add(order, now, (&self.policy, &self.key))).unwrap();
    }

    fn lease(&self, now: SystemTime) -> Vec<Lease> {
        run(self.store.lease(now, now + Duration::from_secs(600), usize::MAX)).unwrap()
    }

    /// Goes on in steps of five minutes until something is due.
    fn wait(&self, mut now: SystemTime) -> (SystemTime, Vec<Lease>) {
        for _ in 0..2_000 {
            now += Duration::from_secs(300);
            let leases = if self.policy.is_open(now) {
                self.lease(now)
            } else {
                Vec::new()
            };
            if !leases.is_empty() {
                return (now, leases);
            }
        }
        panic!("nothing is due in a week");
    }
}

#[test]
fn core_gegevensuitwisseling_101_102_everything_at_one_dva_is_one_run_a_day() {
    let world = World::new();
    let noon = at("2026-11-30T12:00:00+01:00");
    for aanbieder in ["een@medmij", "twee@medmij"] {
        world.add(order(1, "dva.nl", aanbieder), noon);
    }
    world.add(order(1, "dva.nl", "een@medmij"), noon);
    let (now, leases) = world.wait(noon);
    assert_eq!((leases.len(), leases[0].run.orders.len()), (1, 2));
    assert!(run(world.store.start(&leases[0], now, &world.policy)).unwrap());
    assert!(
        !run(world.store.start(&leases[0], now, &world.policy)).unwrap(),
        "a run starts once"
    );
    run(world.store.finish(&leases[0], Outcome::Collected, now)).unwrap();
    let (next, _) = world.wait(now);
    assert!(next.duration_since(now).unwrap() >= DAY);
}

#[test]
fn a_scheduler_that_dies_before_the_start_loses_nothing_and_after_it_repeats_nothing() {
    let world = World::new();
    let noon = at("2026-11-30T12:00:00+01:00");
    world.add(order(1, "dva.nl", "een@medmij"), noon);
    let (now, dead) = world.wait(noon);
    assert!(
        world.lease(now + Duration::from_secs(599)).is_empty(),
        "one scheduler at a time"
    );
    let later = now + Duration::from_secs(600);
    let taken = world.lease(later);
    assert_eq!(taken.len(), 1, "the lease ended");
    assert!(
        !run(world.store.start(&dead[0], later, &world.policy)).unwrap(),
        "the dead one comes too late"
    );
    assert!(run(world.store.start(&taken[0], later, &world.policy)).unwrap());
    // and now this one dies: nobody takes the run before the next night
    assert!(world.lease(later + Duration::from_secs(3_600)).is_empty());
    let (next, _) = world.wait(later);
    assert!(next.duration_since(later).unwrap() >= DAY);
}

#[test]
fn an_order_that_is_cancelled_and_given_again_does_not_get_round_the_24_hours() {
    let world = World::new();
    let noon = at("2026-11-30T12:00:00+01:00");
    world.add(order(1, "dva.nl", "een@medmij"), noon);
    let (now, leases) = world.wait(noon);
    assert!(run(world.store.start(&leases[0], now, &world.policy)).unwrap());
    run(world.store.finish(&leases[0], Outcome::Failed, now)).unwrap();
    assert!(run(world.store.cancel(&order(1, "dva.nl", "een@medmij"))).unwrap());
    assert!(run(world.store.orders(PersonId::new(1))).unwrap().is_empty());
    world.add(order(1, "dva.nl", "een@medmij"), now);
    let (next, _) = world.wait(now);
    assert!(next.duration_since(now).unwrap() >= DAY);
}

#[test]
fn core_gegevensuitwisseling_105_silence_of_48_hours_is_told_once() {
    let world = World::new();
    let noon = at("2026-11-30T12:00:00+01:00");
    world.add(order(1, "dva.nl", "een@medmij"), noon);
    let silent = |now: SystemTime| run(world.store.silent(now - world.policy.silence(), 10)).unwrap().len();
    assert_eq!(silent(noon + 2 * DAY - Duration::from_secs(1)), 0);
    assert_eq!(silent(noon + 2 * DAY), 1);
    assert_eq!(silent(noon + 3 * DAY), 0);
    let (now, leases) = world.wait(noon + 3 * DAY);
    assert!(run(world.store.start(&leases[0], now, &world.policy)).unwrap());
    run(world.store.finish(&leases[0], Outcome::Collected, now)).unwrap();
    assert_eq!(
        (silent(now + DAY), silent(now + 2 * DAY)),
        (0, 1),
        "a success starts the count anew"
    );
}

#[test]
fn core_dossier_108_after_a_death_nothing_is_due() {
    let world = World::new();
    let noon = at("2026-11-30T12:00:00+01:00");
    for dva in ["een.nl", "twee.nl"] {
        world.add(order(1, dva, "een@medmij"), noon);
    }
    world.add(order(2, "een.nl", "een@medmij"), noon);
    assert_eq!(run(world.store.cancel_all(PersonId::new(1))).unwrap(), 2);
    let (_, leases) = world.wait(noon);
    assert!(leases.iter().all(|lease| lease.run.key.person == PersonId::new(2)));
    assert_eq!(world.store.len(), 1);
}

#[test]
fn core_gegevensuitwisseling_103_an_inactive_account_is_passed_over_until_the_next_night() {
    let world = World::new();
    let noon = at("2026-11-30T12:00:00+01:00");
    world.add(order(1, "dva.nl", "een@medmij"), noon);
    let (now, leases) = world.wait(noon);
    run(world.store.skip(&leases[0], now, &world.policy)).unwrap();
    assert!(world.lease(now + Duration::from_secs(900)).is_empty());
    let (_, leases) = world.wait(now);
    assert_eq!(leases[0].run.last_start, None);
}

/// Nights with both changes of the clock. `MEDMIJ_NIGHTS` and `MEDMIJ_PERSONS` make it large.
#[test]
fn core_gegevensuitwisseling_102_201_no_night_breaks_a_rule_and_what_is_due_is_done() {
    let number = |name: &str, default: u32| std::env::var(name).map_or(default, |text| text.parse().unwrap());
    let (nights, persons) = (number("MEDMIJ_NIGHTS", 8), number("MEDMIJ_PERSONS", 100));
    let dvas: Vec<Hostname> = (0..6).map(|n| format!("dva{n}.nl").parse().unwrap()).collect();
    for first in ["2026-10-22", "2027-03-25"] {
        let first = Datum::parse(first).unwrap();
        let world = World::new();
        let begin = AmsterdamTime::moment(first, 12, 0).unwrap();
        for person in 0..persons {
            for aanbieder in 0..5 {
                let dva = &dvas[usize::try_from((person + aanbieder * aanbieder) % 6).unwrap()];
                let name = format!("aanbieder{aanbieder}@medmij").parse().unwrap();
                let order = Order::new(PersonId::new(person.into()), dva.clone(), name, "48".parse().unwrap());
                world.add(order, begin);
            }
        }
        let mut last: HashMap<RunKey, SystemTime> = HashMap::new();
        let (mut due, mut done) = (0_u64, 0_u64);
        for night in 0..nights {
            let evening = first.plus(night);
            let (open, close) = (
                AmsterdamTime::moment(evening, 23, 0).unwrap(),
                AmsterdamTime::moment(evening.plus(1), 6, 0).unwrap(),
            );
            let total = u64::try_from(world.store.len()).unwrap();
            // due: the 24 hours are over before the window closes
            due += total - u64::try_from(last.values().filter(|start| **start + DAY >= close).count()).unwrap();
            let mut now = open;
            while now < close {
                for lease in world.lease(now) {
                    assert!(world.policy.is_open(now));
                    assert!(run(world.store.start(&lease, now, &world.policy)).unwrap());
                    let before = last.insert(lease.run.key.clone(), now);
                    assert!(before.is_none_or(|before| now.duration_since(before).unwrap() >= DAY));
                    run(world.store.finish(&lease, Outcome::Collected, now)).unwrap();
                    done += 1;
                }
                now += Duration::from_secs(60);
            }
            assert!(
                world.lease(close).is_empty(),
                "nothing is left over at the end of a night"
            );
        }
        println!(
            "{nights} nights from {first}, {} runs: {done} of {due} done",
            world.store.len()
        );
        assert!(done * 100 >= due * 99, "{done} of {due}");
    }
}
