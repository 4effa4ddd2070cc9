// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.gegevensuitwisseling.101 – core.gegevensuitwisseling.105, core.gegevensuitwisseling.201 — the contract of an
//! [`OrderStore`], as tests that every store passes.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "these are tests, in a module that other crates can run"
)]

mod nights;
mod schedulers;

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

pub use self::{nights::*, schedulers::*};
use medmij_dvp::{
    collecting::{CollectingPolicy, Lease, Order, OrderStore, RunOutcome, SlotKey},
    person::PersonId,
};
use medmij_types::Tijdstempel;

/// Instantiates the contract for a store of orders: an expression that makes an empty one (it may `.await`).
#[macro_export]
macro_rules! orders_contract {
    ($make:expr) => {
        $crate::orders_contract!(@tests $make;
            core_gegevensuitwisseling_101_102_everything_at_one_dva_is_one_run_a_day,
            core_gegevensuitwisseling_101_an_order_that_is_cancelled_before_the_start_is_not_collected,
            core_gegevensuitwisseling_102_cancelled_and_given_again_does_not_get_round_the_24_hours,
            core_gegevensuitwisseling_103_an_inactive_account_is_passed_over_until_the_next_night,
            core_gegevensuitwisseling_105_silence_of_48_hours_is_told_once,
            core_gegevensuitwisseling_201_nothing_starts_outside_the_window,
            core_dossier_108_after_a_death_nothing_is_due,
            runs_without_orders_are_purged_when_their_24_hours_are_over,
            a_scheduler_that_dies_before_the_start_loses_nothing_and_after_it_repeats_nothing,
            schedulers_at_once_lease_each_run_once,
            a_lease_that_was_taken_over_starts_nothing,
            orders_given_and_cancelled_at_once_leave_what_was_said_last,
            core_gegevensuitwisseling_102_201_nights_with_both_changes_of_the_clock,
        );
    };
    (@tests $make:expr; $($name:ident,)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $name() {
            $crate::orders::$name(::std::sync::Arc::new($make)).await;
        }
    )*};
}

const DAY: Duration = Duration::from_secs(86_400);
const LEASE: Duration = Duration::from_secs(600);

fn at(text: &str) -> SystemTime {
    let stamp = Tijdstempel::parse(text).expect("a stamp");
    stamp.to_system_time().expect("a moment")
}

/// A day in the middle of winter.
fn noon() -> SystemTime {
    at("2026-11-30T12:00:00+01:00")
}

fn order(person: u128, dva: &str, aanbieder: &str) -> Order {
    Order::new(
        PersonId::new(person),
        dva.parse().expect("a host"),
        aanbieder.parse().expect("a name"),
        "48".parse().expect("an id"),
    )
}

fn key() -> SlotKey {
    SlotKey::new([3; 32])
}

fn policy() -> CollectingPolicy {
    CollectingPolicy::default()
}

async fn add<S: OrderStore>(store: &S, order: Order, now: SystemTime) {
    store.add_order(order, now, (&policy(), &key())).await.expect("add");
}

async fn lease<S: OrderStore>(store: &S, now: SystemTime) -> Vec<Lease> {
    store.lease_runs(now, now + LEASE, 10_000).await.expect("lease")
}

/// How many orders a run that starts now has; none where it does not start.
async fn start<S: OrderStore>(store: &S, lease: &Lease, now: SystemTime) -> Option<usize> {
    let run = store.start_run(lease, now, &policy()).await.expect("start")?;
    assert_eq!(run.key, lease.key);
    assert!(run.orders.iter().all(|order| order.run() == run.key));
    Some(run.orders.len())
}

async fn finish<S: OrderStore>(store: &S, lease: &Lease, outcome: RunOutcome, now: SystemTime) {
    store.finish_run(lease, outcome, now).await.expect("finish");
}

/// Goes on in steps of five minutes until something is due.
async fn wait<S: OrderStore>(store: &S, mut now: SystemTime) -> (SystemTime, Vec<Lease>) {
    for _ in 0..2_000 {
        now += Duration::from_secs(300);
        if policy().is_open(now) {
            let leases = lease(store, now).await;
            if !leases.is_empty() {
                return (now, leases);
            }
        }
    }
    panic!("nothing is due in a week");
}

/// Two orders at one DVA are one run, which starts once, and again a day later at the earliest.
pub async fn core_gegevensuitwisseling_101_102_everything_at_one_dva_is_one_run_a_day<S: OrderStore>(store: Arc<S>) {
    for aanbieder in ["een@medmij", "twee@medmij", "een@medmij"] {
        add(&*store, order(1, "dva.nl", aanbieder), noon()).await;
    }
    let mut orders = store.orders(PersonId::new(1)).await.expect("orders");
    orders.sort();
    assert_eq!(
        orders,
        [order(1, "dva.nl", "een@medmij"), order(1, "dva.nl", "twee@medmij")]
    );
    let (now, leases) = wait(&*store, noon()).await;
    assert_eq!(leases.len(), 1);
    assert_eq!(start(&*store, &leases[0], now).await, Some(2));
    assert_eq!(start(&*store, &leases[0], now).await, None, "a run starts once");
    finish(&*store, &leases[0], RunOutcome::Collected, now).await;
    let (next, leases) = wait(&*store, now).await;
    assert!(next.duration_since(now).expect("later") >= DAY);
    let run = store.start_run(&leases[0], next, &policy()).await.expect("start");
    let run = run.expect("a run");
    assert_eq!((run.last_start, run.last_success), (Some(now), now));
}

/// What counts is what is ordered when the run begins, not when it was leased.
pub async fn core_gegevensuitwisseling_101_an_order_that_is_cancelled_before_the_start_is_not_collected<
    S: OrderStore,
>(
    store: Arc<S>,
) {
    for aanbieder in ["een@medmij", "twee@medmij"] {
        add(&*store, order(1, "dva.nl", aanbieder), noon()).await;
    }
    add(&*store, order(2, "dva.nl", "een@medmij"), noon()).await;
    let mut started = 0;
    let mut now = noon();
    while started < 2 {
        let leases;
        (now, leases) = wait(&*store, now).await;
        for lease in leases {
            let person = lease.key.person.number();
            let gone = order(person, "dva.nl", "een@medmij");
            assert!(store.cancel_order(&gone).await.expect("cancel"));
            assert!(!store.cancel_order(&gone).await.expect("cancel"), "it is gone already");
            let expected = (person == 1).then_some(1);
            assert_eq!(start(&*store, &lease, now).await, expected, "person {person}");
            started += 1;
        }
    }
}

/// The 24 hours outlive the order.
pub async fn core_gegevensuitwisseling_102_cancelled_and_given_again_does_not_get_round_the_24_hours<S: OrderStore>(
    store: Arc<S>,
) {
    let order = order(1, "dva.nl", "een@medmij");
    add(&*store, order.clone(), noon()).await;
    let mut now = noon();
    for all in [false, true] {
        let (began, leases) = wait(&*store, now).await;
        assert_eq!(start(&*store, &leases[0], began).await, Some(1));
        finish(&*store, &leases[0], RunOutcome::Failed, began).await;
        if all {
            let gone = store.cancel_orders(PersonId::new(1)).await.expect("cancel");
            assert_eq!(gone, 1);
        } else {
            assert!(store.cancel_order(&order).await.expect("cancel"));
        }
        assert!(store.orders(PersonId::new(1)).await.expect("orders").is_empty());
        assert_eq!(store.purge_runs(began, 10).await.expect("purge"), 0);
        add(&*store, order.clone(), began).await;
        let (next, leases) = wait(&*store, began).await;
        assert!(next.duration_since(began).expect("later") >= DAY);
        store.skip_run(&leases[0], next, &policy()).await.expect("skip");
        now = next;
    }
}

/// A run that is given back waits for the next night, and does not count as collected.
pub async fn core_gegevensuitwisseling_103_an_inactive_account_is_passed_over_until_the_next_night<S: OrderStore>(
    store: Arc<S>,
) {
    add(&*store, order(1, "dva.nl", "een@medmij"), noon()).await;
    let (now, leases) = wait(&*store, noon()).await;
    store.skip_run(&leases[0], now, &policy()).await.expect("skip");
    assert!(lease(&*store, now + Duration::from_secs(900)).await.is_empty());
    let (next, leases) = wait(&*store, now).await;
    let run = store.start_run(&leases[0], next, &policy()).await.expect("start");
    assert_eq!(run.expect("a run").last_start, None);
}

/// 48 hours without an exchange come out once, and again only after a success.
pub async fn core_gegevensuitwisseling_105_silence_of_48_hours_is_told_once<S: OrderStore>(store: Arc<S>) {
    add(&*store, order(1, "dva.nl", "een@medmij"), noon()).await;
    let silent = async |now: SystemTime| {
        let since = now - policy().silence();
        store.silent_runs(since, 10).await.expect("silent").len()
    };
    assert_eq!(silent(noon() + 2 * DAY - Duration::from_secs(1)).await, 0);
    assert_eq!(silent(noon() + 2 * DAY).await, 1);
    assert_eq!(silent(noon() + 3 * DAY).await, 0);
    let (now, leases) = wait(&*store, noon() + 3 * DAY).await;
    assert_eq!(start(&*store, &leases[0], now).await, Some(1));
    finish(&*store, &leases[0], RunOutcome::Failed, now).await;
    assert_eq!(silent(now + 2 * DAY).await, 0, "a failure is no exchange");
    let (now, leases) = wait(&*store, now).await;
    assert_eq!(start(&*store, &leases[0], now).await, Some(1));
    finish(&*store, &leases[0], RunOutcome::Collected, now).await;
    assert_eq!((silent(now + DAY).await, silent(now + 2 * DAY).await), (0, 1));
    store.cancel_orders(PersonId::new(1)).await.expect("cancel");
    add(&*store, order(2, "dva.nl", "een@medmij"), now).await;
    store.cancel_orders(PersonId::new(2)).await.expect("cancel");
    assert_eq!(silent(now + 9 * DAY).await, 0, "without orders nobody is told");
}

/// A lease that lasts into the morning starts nothing there.
pub async fn core_gegevensuitwisseling_201_nothing_starts_outside_the_window<S: OrderStore>(store: Arc<S>) {
    add(&*store, order(1, "dva.nl", "een@medmij"), noon()).await;
    let morning = at("2026-12-01T05:59:59+01:00");
    let leases = store.lease_runs(morning, morning + 3 * DAY, 10).await.expect("lease");
    assert_eq!(leases.len(), 1);
    for (now, starts) in [
        ("2026-12-01T06:00:00+01:00", None),
        ("2026-12-01T22:59:59+01:00", None),
        ("2026-12-01T23:00:00+01:00", Some(1)),
    ] {
        assert_eq!(start(&*store, &leases[0], at(now)).await, starts, "{now}");
    }
}

/// All orders of a Persoon go, at every DVA, and those of nobody else.
pub async fn core_dossier_108_after_a_death_nothing_is_due<S: OrderStore>(store: Arc<S>) {
    for dva in ["een.nl", "twee.nl"] {
        add(&*store, order(1, dva, "een@medmij"), noon()).await;
    }
    add(&*store, order(2, "een.nl", "een@medmij"), noon()).await;
    let gone = store.cancel_orders(PersonId::new(1)).await.expect("cancel");
    assert_eq!(gone, 2);
    let (_, leases) = wait(&*store, noon()).await;
    assert_eq!(leases.len(), 1);
    assert_eq!(leases[0].key.person, PersonId::new(2));
    assert!(store.orders(PersonId::new(1)).await.expect("orders").is_empty());
}

/// A run that was collected and has no orders goes with its 24 hours, a few at a time; one with orders stays.
pub async fn runs_without_orders_are_purged_when_their_24_hours_are_over<S: OrderStore>(store: Arc<S>) {
    for person in 1..=4 {
        add(&*store, order(person, "dva.nl", "een@medmij"), noon()).await;
    }
    let night = at("2026-12-01T05:59:00+01:00");
    let leases = lease(&*store, night).await;
    assert_eq!(leases.len(), 4);
    for lease in &leases {
        assert_eq!(start(&*store, lease, night).await, Some(1));
        if lease.key.person != PersonId::new(4) {
            store.cancel_orders(lease.key.person).await.expect("cancel");
        }
    }
    let purge = async |now: SystemTime| store.purge_runs(now, 2).await.expect("purge");
    assert_eq!(purge(night + DAY - Duration::from_secs(1)).await, 0);
    for gone in [2, 1, 0] {
        assert_eq!(purge(night + 2 * DAY).await, gone);
    }
    assert_eq!(store.orders(PersonId::new(4)).await.expect("orders").len(), 1);
}
