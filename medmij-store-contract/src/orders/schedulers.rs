// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.gegevensuitwisseling.102 — several schedulers share the runs of one store.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use medmij_dvp::{
    collecting::{OrderStore, RunKey, RunOutcome},
    person::PersonId,
};

use super::{DAY, LEASE, add, at, finish, key, lease, noon, order, policy, start, wait};

/// Before the start the lease ends and another scheduler takes the run; after it the run waits for the next night.
pub async fn a_scheduler_that_dies_before_the_start_loses_nothing_and_after_it_repeats_nothing<S: OrderStore>(
    store: Arc<S>,
) {
    add(&*store, order(1, "dva.nl", "een@medmij"), noon()).await;
    let (now, dead) = wait(&*store, noon()).await;
    let second = Duration::from_secs(1);
    assert!(
        lease(&*store, now + LEASE - second).await.is_empty(),
        "one scheduler at a time"
    );
    let later = now + LEASE;
    let taken = lease(&*store, later).await;
    assert_eq!(taken.len(), 1, "the lease ended");
    assert_eq!(
        start(&*store, &dead[0], later).await,
        None,
        "the dead one comes too late"
    );
    assert_eq!(start(&*store, &taken[0], later).await, Some(1));
    // and now this one dies: nobody takes the run before the next night
    assert!(lease(&*store, later + Duration::from_secs(3_600)).await.is_empty());
    let (next, _) = wait(&*store, later).await;
    assert!(next.duration_since(later).expect("later") >= DAY);
}

/// However many ask at once, each run is leased and started by one of them, and none is left out.
pub async fn schedulers_at_once_lease_each_run_once<S: OrderStore + 'static>(store: Arc<S>) {
    const RUNS: u128 = 60;
    for person in 0..RUNS {
        add(&*store, order(person, "dva.nl", "een@medmij"), noon()).await;
    }
    let night = at("2026-12-01T05:50:00+01:00");
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let mut started = Vec::new();
                // what another caller holds at this moment is passed over, so an empty answer is asked for again
                for _ in 0..40 {
                    for lease in store.lease_runs(night, night + LEASE, 3).await.expect("lease") {
                        if store
                            .start_run(&lease, night, &policy())
                            .await
                            .expect("start")
                            .is_some()
                        {
                            started.push(lease.key);
                        }
                    }
                }
                started
            })
        })
        .collect();
    let mut times: BTreeMap<RunKey, usize> = BTreeMap::new();
    for task in tasks {
        for key in task.await.expect("task") {
            *times.entry(key).or_default() += 1;
        }
    }
    assert_eq!(times.len(), usize::try_from(RUNS).expect("few"));
    assert!(times.values().all(|times| *times == 1), "{times:?}");
}

/// Of the holder of an old lease and that of the new one, only the latter starts, whoever comes first.
pub async fn a_lease_that_was_taken_over_starts_nothing<S: OrderStore + 'static>(store: Arc<S>) {
    const RUNS: u128 = 20;
    for person in 0..RUNS {
        add(&*store, order(person, "dva.nl", "een@medmij"), noon()).await;
    }
    let night = at("2026-12-01T05:45:00+01:00");
    let old = lease(&*store, night).await;
    let later = night + LEASE;
    let new = lease(&*store, later).await;
    // no slot lies in the last quarter of an hour of the window, so all are there
    assert_eq!((old.len(), new.len()), (20, 20));
    let spawn = |leases: Vec<_>| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            let mut started = 0;
            for lease in leases {
                started += start(&*store, &lease, later).await.unwrap_or_default();
                // the end of an old lease changes nothing of the new one
                finish(&*store, &lease, RunOutcome::Failed, later).await;
            }
            started
        })
    };
    let (old, new) = (spawn(old), spawn(new));
    assert_eq!((old.await.expect("old"), new.await.expect("new")), (0, 20));
}

/// Orders given and cancelled by several callers: each order is there or not, as it was said last, and no run without
/// orders is due.
pub async fn orders_given_and_cancelled_at_once_leave_what_was_said_last<S: OrderStore + 'static>(store: Arc<S>) {
    let tasks: Vec<_> = (0..6_u32)
        .map(|task| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let mine = order(1, "dva.nl", &format!("aanbieder{task}@medmij"));
                for _ in 0..8 {
                    let rules = (&policy(), &key());
                    store.add_order(mine.clone(), noon(), rules).await.expect("add");
                    assert!(store.cancel_order(&mine).await.expect("cancel"));
                }
                if task == 0 {
                    add(&*store, mine, noon()).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("task");
    }
    let left = store.orders(PersonId::new(1)).await.expect("orders");
    assert_eq!(left, [order(1, "dva.nl", "aanbieder0@medmij")]);
    assert!(store.cancel_order(&left[0]).await.expect("cancel"));
    assert!(lease(&*store, at("2026-12-01T05:59:00+01:00")).await.is_empty());
    assert_eq!(store.purge_runs(noon() + 3 * DAY, 10).await.expect("purge"), 1);
}
