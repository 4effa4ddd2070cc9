// SPDX-License-Identifier: AGPL-3.0-or-later
//! ext.abo.subint — the operations of a DVZA's store of Abonnementen.

use std::sync::Arc;

use medmij_abonneren::{AbonnementRow, Abonnementen, Created};
use medmij_oauth::storage::Advanced;
use medmij_types::Aanbiedernaam;

use super::{client, fresh_id, name, persoon, row, service, today};

async fn created<A: Abonnementen>(store: &A, of: u8, days: u32) -> AbonnementRow {
    let row = row(of, days);
    let created = store.create(row.clone(), 1_000, today()).await.expect("create");
    assert_eq!(created, Created::Done);
    row
}

/// I06: with an end of today it is over.
pub async fn ext_abo_an_abonnement_is_over_on_its_last_day_i06<A: Abonnementen>(store: Arc<A>) {
    let row = created(&*store, 1, 10).await;
    let id = &row.abonnement.id;
    for (days, there) in [(0, true), (9, true), (10, false), (11, false)] {
        let day = today().plus(days);
        let found = store.find(id, day).await.expect("find");
        assert_eq!(found, there.then(|| row.clone()), "{days}");
        let of = store.of_persoon(&persoon(1), day).await.expect("of");
        assert_eq!(of.len(), usize::from(there), "{days}");
    }
}

/// An end is for good: a change that was under way does not bring it back.
pub async fn ext_abo_what_was_ended_does_not_come_back<A: Abonnementen>(store: Arc<A>) {
    let row = created(&*store, 1, 10).await;
    let (id, seen) = (&row.abonnement.id, row.abonnement.end);
    assert!(store.end(id).await.expect("end"));
    assert!(!store.end(id).await.expect("end"));
    let changed = store.change(id, seen, seen.plus(5)).await.expect("change");
    assert_eq!(changed, Advanced::Stale);
    assert!(store.find(id, today()).await.expect("find").is_none());
    let unknown = store.change(&fresh_id(), seen, seen).await.expect("change");
    assert_eq!(unknown, Advanced::Stale);
    // an id is given once
    let mut same = created(&*store, 1, 10).await;
    same.abonnement.end = today().plus(20);
    same.client_id = client("ander.example.nl");
    let again = store.create(same, 1_000, today()).await.expect("create");
    assert_eq!(again, Created::Collision);
}

/// Of two callers who saw one end, one changes it.
pub async fn ext_abo_changes_at_once_have_one_winner<A: Abonnementen>(store: Arc<A>) {
    for _ in 0..5 {
        let row = created(&*store, 1, 10).await;
        let (id, seen) = (row.abonnement.id.clone(), row.abonnement.end);
        let tasks: Vec<_> = (1..=8)
            .map(|days| {
                let (store, id) = (Arc::clone(&store), id.clone());
                tokio::spawn(async move { store.change(&id, seen, today().plus(days)).await.expect("change") })
            })
            .collect();
        let mut won = 0;
        for task in tasks {
            won += usize::from(task.await.expect("task") == Advanced::Done);
        }
        assert_eq!(won, 1);
    }
}

/// A Persoon has so many at one DVP; another Persoon, another DVP and what is over do not count.
pub async fn ext_abo_abonnementen_are_bounded_for_a_persoon_at_a_dvp<A: Abonnementen>(store: Arc<A>) {
    let mut ids = Vec::new();
    for days in [1, 10, 10] {
        let row = row(1, days);
        ids.push(row.abonnement.id.clone());
        assert_eq!(store.create(row, 3, today()).await.expect("create"), Created::Done);
    }
    assert_eq!(
        store.create(row(1, 5), 3, today()).await.expect("create"),
        Created::Full
    );
    assert_eq!(
        store.create(row(2, 5), 3, today()).await.expect("create"),
        Created::Done
    );
    let mut other = row(1, 5);
    other.client_id = client("ander.example.nl");
    assert_eq!(store.create(other, 3, today()).await.expect("create"), Created::Done);
    // tomorrow one of them is over
    let tomorrow = today().plus(1);
    assert_eq!(
        store.create(row(1, 5), 3, tomorrow).await.expect("create"),
        Created::Done
    );
    assert_eq!(
        store.create(row(1, 5), 3, tomorrow).await.expect("create"),
        Created::Full
    );
    // and one that is ended makes room
    assert!(store.end(&ids[1]).await.expect("end"));
    assert_eq!(
        store.create(row(1, 5), 3, tomorrow).await.expect("create"),
        Created::Done
    );
}

/// Those of one DVP, of whichever Persoon, that are not over.
pub async fn ext_abo_the_abonnementen_of_a_dvp_are_counted<A: Abonnementen>(store: Arc<A>) {
    for (of, days) in [(1, 1), (1, 10), (2, 10)] {
        let _ = created(&*store, of, days).await;
    }
    let mut other = row(1, 10);
    other.client_id = client("ander.example.nl");
    assert_eq!(store.create(other, 100, today()).await.expect("create"), Created::Done);
    for (name, days, count) in [
        ("pgo.example.nl", 0, 3),
        ("pgo.example.nl", 1, 2),
        ("pgo.example.nl", 10, 0),
        ("ander.example.nl", 0, 1),
        ("derde.example.nl", 0, 0),
    ] {
        let found = store.count(&client(name), today().plus(days)).await;
        assert_eq!(found.expect("count"), count, "{name} {days}");
    }
}

/// However many ask at once, no more get in.
pub async fn ext_abo_creations_at_once_stay_within_the_bound<A: Abonnementen>(store: Arc<A>) {
    let tasks: Vec<_> = (0..24)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.create(row(1, 10), 5, today()).await.expect("create") })
        })
        .collect();
    let mut done = 0;
    for task in tasks {
        match task.await.expect("task") {
            Created::Done => done += 1,
            other => assert_eq!(other, Created::Full),
        }
    }
    assert_eq!(done, 5);
    assert_eq!(store.of_persoon(&persoon(1), today()).await.expect("of").len(), 5);
}

/// News of one Persoon at one Aanbieder about one gegevensdienst goes to those who asked for it.
pub async fn ext_abo_those_to_notify_are_of_one_persoon_aanbieder_and_service<A: Abonnementen>(store: Arc<A>) {
    let mut wanted = vec![created(&*store, 1, 10).await, created(&*store, 1, 20).await];
    let mut second = row(1, 30);
    second.client_id = client("ander.example.nl");
    wanted.push(second.clone());
    let mut others = [row(2, 10), row(1, 10), row(1, 10), second];
    others[1].gegevensdienst = service("48");
    others[2].aanbieder = Aanbiedernaam::parse("tweedezorgaanbieder").expect("naam");
    for row in others {
        assert_eq!(store.create(row, 100, today()).await.expect("create"), Created::Done);
    }
    wanted.sort_by(|one, two| one.abonnement.id.cmp(&two.abonnement.id));
    let notify = |day| {
        let store = Arc::clone(&store);
        async move {
            store
                .to_notify(&persoon(1), &name(), &service("42"), day)
                .await
                .expect("to_notify")
        }
    };
    assert_eq!(notify(today()).await, wanted);
    assert_eq!(notify(today().plus(20)).await.len(), 1);
}

/// What is over goes, a few at a time; what is not stays.
pub async fn ext_abo_what_is_over_is_purged_in_batches<A: Abonnementen>(store: Arc<A>) {
    for days in [1, 2, 3, 4, 5, 6] {
        let _ = created(&*store, 1, days).await;
    }
    let day = today().plus(5);
    for gone in [2, 2, 1, 0] {
        assert_eq!(store.purge_over(day, 2).await.expect("purge"), gone);
    }
    assert_eq!(store.of_persoon(&persoon(1), today()).await.expect("of").len(), 1);
}

/// What is over is found part by part, until it is removed.
pub async fn ext_abo_subnotint_what_is_over_is_found_until_it_is_removed<A: Abonnementen>(store: Arc<A>) {
    let mut over = Vec::new();
    for days in [1, 2, 3, 4, 5] {
        over.push(created(&*store, 1, days).await);
    }
    let _ = created(&*store, 1, 6).await;
    over.sort_by(|one, two| one.abonnement.id.cmp(&two.abonnement.id));
    let day = today().plus(5);
    let part = |after: usize, most| {
        let (store, after) = (Arc::clone(&store), over.get(after).map(|row| row.abonnement.id.clone()));
        async move { store.over(day, after.as_ref(), most).await.expect("over") }
    };
    let whole = usize::MAX;
    assert_eq!(part(whole, 10).await, over);
    assert_eq!(part(whole, 2).await, over[..2]);
    assert_eq!(part(1, 2).await, over[2..4]);
    assert!(part(4, 2).await.is_empty());
    assert!(store.end(&over[0].abonnement.id).await.expect("end"));
    assert_eq!(part(whole, 10).await, over[1..]);
    assert!(store.over(today(), None, 10).await.expect("over").is_empty());
}
