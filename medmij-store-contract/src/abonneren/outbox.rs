// SPDX-License-Identifier: AGPL-3.0-or-later
//! ext.abo.rscnotint.206 — the contract of a [`SharedOutbox`]: each notification is sent in time, by one replica.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use medmij_abonneren::{AbonnementId, SharedOutbox, Waiting};
use medmij_oauth::{ClientId, storage::Advanced};

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_800_000_000 + seconds)
}

fn waiting(number: u32, seconds: u64) -> Waiting {
    let id = AbonnementId::parse(&format!("abonnement-{number}")).expect("id");
    Waiting::new(id, ClientId::parse("dvp.example.nl").expect("client"), at(seconds))
}

/// Of two replicas that read the same part of a feed one writes it.
pub async fn ext_abo_rscnotint_206_one_of_two_replicas_that_read_the_same_part_writes_it<O: SharedOutbox>(
    outbox: Arc<O>,
) {
    assert_eq!(outbox.position("bron").await.expect("position"), None);
    let first = outbox
        .take_in("bron", None, "1", vec![waiting(1, 0)])
        .await
        .expect("take in");
    let second = outbox
        .take_in("bron", None, "1", vec![waiting(2, 0)])
        .await
        .expect("take in");
    assert_eq!((first, second), (Advanced::Done, Advanced::Stale));
    assert_eq!(outbox.position("bron").await.expect("position").as_deref(), Some("1"));
    assert_eq!(outbox.position("andere").await.expect("position"), None);
    let next = outbox
        .take_in("bron", Some("1"), "2", Vec::new())
        .await
        .expect("take in");
    assert_eq!(next, Advanced::Done);
    let leased = outbox.lease(at(1), at(121), 10).await.expect("lease");
    assert_eq!(leased.len(), 1);
    assert_eq!(leased[0].waiting, waiting(1, 0));
}

/// News for a notification that waits needs no second one; news that comes while it is being sent does.
pub async fn ext_abo_rscnotint_206_waiting_news_is_one_notification_and_news_during_sending_another<O: SharedOutbox>(
    outbox: Arc<O>,
) {
    let news = vec![waiting(1, 50), waiting(1, 20), waiting(1, 60)];
    outbox.take_in("bron", None, "1", news).await.expect("take in");
    let leased = outbox.lease(at(60), at(180), 10).await.expect("lease");
    assert_eq!(leased.len(), 1);
    assert_eq!(leased[0].waiting.available, at(20), "the hour counts from the oldest");
    outbox
        .take_in("bron", Some("1"), "2", vec![waiting(1, 61)])
        .await
        .expect("take in");
    // it did not arrive: one that is tried later stands for both
    assert_eq!(outbox.again(&leased[0], at(90)).await.expect("again"), Advanced::Done);
    assert!(outbox.lease(at(89), at(209), 10).await.expect("lease").is_empty());
    let again = outbox.lease(at(90), at(210), 10).await.expect("lease");
    assert_eq!(again.len(), 1);
    assert_eq!((again[0].waiting.available, again[0].attempts), (at(20), 1));
    // news while it is being sent, and then the replica dies: one is enough again
    outbox
        .take_in("bron", Some("2"), "3", vec![waiting(1, 100)])
        .await
        .expect("take in");
    let after = outbox.lease(at(210), at(330), 10).await.expect("lease");
    assert_eq!(after.len(), 1);
    outbox
        .take_in("bron", Some("3"), "4", vec![waiting(1, 220)])
        .await
        .expect("take in");
    assert_eq!(outbox.done(&after[0]).await.expect("done"), Advanced::Done);
    let last = outbox.lease(at(220), at(340), 10).await.expect("lease");
    assert_eq!(last.len(), 1, "news during sending needs another");
    assert_eq!(last[0].waiting.available, at(220));
    assert_eq!(outbox.done(&last[0]).await.expect("done"), Advanced::Done);
    assert!(outbox.lease(at(9_999), at(10_000), 10).await.expect("lease").is_empty());
}

/// A lease is of one replica until it is over; who wakes up too late changes nothing.
pub async fn ext_abo_rscnotint_206_a_lease_is_of_one_replica_until_it_is_over<O: SharedOutbox>(outbox: Arc<O>) {
    outbox
        .take_in("bron", None, "1", vec![waiting(1, 0), waiting(2, 5)])
        .await
        .expect("take in");
    let first = outbox.lease(at(5), at(125), 1).await.expect("lease");
    assert_eq!(first[0].waiting, waiting(1, 0), "what is available longest goes first");
    assert_eq!(outbox.lease(at(5), at(125), 10).await.expect("lease").len(), 1);
    assert!(outbox.lease(at(124), at(244), 10).await.expect("lease").is_empty());
    let second = outbox.lease(at(125), at(245), 1).await.expect("lease");
    assert_eq!(
        (second[0].number, second[0].fence),
        (first[0].number, first[0].fence + 1)
    );
    assert_eq!(outbox.done(&first[0]).await.expect("done"), Advanced::Stale);
    assert_eq!(outbox.again(&first[0], at(500)).await.expect("again"), Advanced::Stale);
    assert_eq!(outbox.done(&second[0]).await.expect("done"), Advanced::Done);
    assert_eq!(outbox.done(&second[0]).await.expect("done"), Advanced::Stale);
}

/// Replicas that lease at the same time get each notification once.
pub async fn ext_abo_rscnotint_206_replicas_at_once_lease_each_notification_once<O: SharedOutbox + 'static>(
    outbox: Arc<O>,
) {
    let all: Vec<Waiting> = (0..60).map(|number| waiting(number, u64::from(number))).collect();
    outbox.take_in("bron", None, "1", all).await.expect("take in");
    let replica = |outbox: Arc<O>| async move {
        let mut numbers = Vec::new();
        loop {
            let leased = outbox.lease(at(100), at(220), 7).await.expect("lease");
            if leased.is_empty() {
                return numbers;
            }
            for one in leased {
                assert_eq!(outbox.done(&one).await.expect("done"), Advanced::Done);
                numbers.push(one.number);
            }
        }
    };
    let replicas: Vec<_> = (0..4).map(|_| tokio::spawn(replica(Arc::clone(&outbox)))).collect();
    let mut numbers = Vec::new();
    for replica in replicas {
        numbers.extend(replica.await.expect("replica"));
    }
    let distinct: BTreeSet<u64> = numbers.iter().copied().collect();
    assert_eq!((numbers.len(), distinct.len()), (60, 60));
}
