// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.gegevensuitwisseling.102, core.gegevensuitwisseling.201 — nights, with both changes of the clock: no rule is
//! broken, and what is due is done.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, SystemTime},
};

use medmij_dvp::{
    collecting::{Order, OrderStore, RunKey, RunOutcome},
    person::PersonId,
};
use medmij_types::{AmsterdamTime, CalendarDate, Hostname};

use super::{DAY, add, lease, policy, start};

/// What some nights came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Nights {
    /// Runs, a Persoon at a DVA each.
    pub runs: u64,
    /// How many had to be collected, summed over the nights: their 24 hours were over before the window closed.
    pub due: u64,
    /// How many were.
    pub done: u64,
}

/// A few nights of a few Personen around both changes of the clock.
pub async fn core_gegevensuitwisseling_102_201_nights_with_both_changes_of_the_clock<S: OrderStore>(store: Arc<S>) {
    for (first, base) in [("2026-10-24", 0), ("2027-03-27", 1_000)] {
        let nights = nights(&*store, first, 3, base..base + 8).await;
        assert!(nights.due > 0 && nights.done * 100 >= nights.due * 99, "{nights:?}");
        for person in base..base + 8 {
            let gone = store.cancel_orders(PersonId::new(person.into())).await.expect("cancel");
            assert_eq!(gone, 5);
        }
    }
}

/// So many nights from a day on, of these Personen with five Aanbieders over six DVAs each, with a scheduler that looks
/// once a minute. Panics where a run starts outside the window or twice in 24 hours, or is left over at the end.
pub async fn nights<S: OrderStore>(store: &S, first: &str, nights: u32, persons: std::ops::Range<u32>) -> Nights {
    let first = CalendarDate::parse(first).expect("a day");
    let dvas: Vec<Hostname> = (0..6).map(|n| format!("dva{n}.nl").parse().expect("a host")).collect();
    let begin = moment(first, 12);
    let mut runs: BTreeMap<RunKey, Option<SystemTime>> = BTreeMap::new();
    for person in persons {
        for aanbieder in 0..5 {
            let dva = &dvas[usize::try_from((person + aanbieder * aanbieder) % 6).expect("small")];
            let name = format!("aanbieder{aanbieder}@medmij").parse().expect("a name");
            let service = "48".parse().expect("an id");
            let order = Order::new(PersonId::new(person.into()), dva.clone(), name, service);
            runs.insert(order.run(), None);
            add(store, order, begin).await;
        }
    }
    let (mut due, mut done) = (0, 0);
    for night in 0..nights {
        let evening = first.plus(night);
        let (open, close) = (moment(evening, 23), moment(evening.plus(1), 6));
        let rests = |start: &Option<SystemTime>| start.is_some_and(|start| start + DAY >= close);
        due += count(runs.values().filter(|start| !rests(start)).count());
        let mut now = open;
        while now < close {
            for lease in lease(store, now).await {
                assert!(policy().is_open(now));
                assert!(start(store, &lease, now).await.is_some());
                let before = runs.insert(lease.key.clone(), Some(now)).expect("a run of ours");
                assert!(before.is_none_or(|before| now.duration_since(before).expect("later") >= DAY));
                let ended = store.finish_run(&lease, RunOutcome::Collected, now).await;
                ended.expect("finish");
                done += 1;
            }
            now += Duration::from_secs(60);
        }
        assert!(
            lease(store, close).await.is_empty(),
            "nothing is left over at the end of a night"
        );
    }
    Nights {
        runs: count(runs.len()),
        due,
        done,
    }
}

fn moment(day: CalendarDate, hour: u8) -> SystemTime {
    AmsterdamTime::moment(day, hour, 0).expect("a moment of the calendar")
}

fn count(number: usize) -> u64 {
    u64::try_from(number).expect("few")
}
