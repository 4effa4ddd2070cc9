// SPDX-License-Identifier: AGPL-3.0-or-later
//! L10, L11, L13: the loop in the background, on tokio's paused clock: no test waits.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use medmij_list::{
    ListCache, ListKind, RefreshPolicy, Source, SourceError,
    supply::{ListStorage, ListSupply, MemoryStorage, SourceName, SupplyError, SupplyEvent},
};
use medmij_test::SeededEntropy;
use medmij_types::{Clock, Volgnummer};
use medmij_whitelist::Whitelist;
use tokio::time::Instant;

use crate::supply::bench::{minutes, whitelist};

/// Tokio's clock, which jumps ahead whenever all tasks wait.
struct PausedClock(Instant);

impl Clock for PausedClock {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000) + self.monotonic()
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }
}

type Answer = dyn Fn(u64) -> Result<Vec<u8>, SourceError> + Send + Sync;

/// A source that counts.
#[derive(Clone)]
struct Scripted {
    fetches: Arc<AtomicU64>,
    most_at_once: Arc<Mutex<(u64, u64)>>,
    takes: Duration,
    answer: Arc<Answer>,
}

impl Scripted {
    fn new(takes: Duration, answer: impl Fn(u64) -> Result<Vec<u8>, SourceError> + Send + Sync + 'static) -> Self {
        Self {
            fetches: Arc::default(),
            most_at_once: Arc::default(),
            takes,
            answer: Arc::new(answer),
        }
    }

    fn fetches(&self) -> u64 {
        self.fetches.load(Ordering::SeqCst)
    }
}

impl Source for Scripted {
    async fn fetch(&self, kind: ListKind) -> Result<Vec<u8>, SourceError> {
        assert_eq!(kind, ListKind::Whitelist);
        let number = self.fetches.fetch_add(1, Ordering::SeqCst);
        {
            let mut tickets = self.most_at_once.lock().unwrap();
            tickets.0 += 1;
            tickets.1 = tickets.1.max(tickets.0);
        }
        tokio::time::sleep(self.takes).await;
        self.most_at_once.lock().unwrap().0 -= 1;
        (self.answer)(number)
    }
}

fn supply(storage: Arc<dyn ListStorage>) -> (ListSupply<Whitelist>, Arc<ListCache<Whitelist>>) {
    let clock: Arc<dyn Clock> = Arc::new(PausedClock(Instant::now()));
    let cache = Arc::new(ListCache::new(RefreshPolicy::default(), Arc::clone(&clock)));
    let source = SourceName::parse("stelselnode.localhost").unwrap();
    (ListSupply::new(source, 2, Arc::clone(&cache), storage, clock), cache)
}

fn new_supply() -> (ListSupply<Whitelist>, Arc<ListCache<Whitelist>>) {
    supply(Arc::new(MemoryStorage::default()))
}

#[tokio::test(start_paused = true)]
async fn l11_64_tasks_that_refresh_at_once_make_one_flight() {
    let source = Scripted::new(Duration::from_secs(2), |n| Ok(whitelist(7 + n, &["a.nl"])));
    let (supply, cache) = new_supply();
    let running = Arc::new(supply.start(source.clone(), SeededEntropy::new(1)).await.unwrap());
    assert_eq!(source.fetches(), 1);
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let running = Arc::clone(&running);
            tokio::spawn(async move { running.refresh().await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(source.fetches(), 2);
    assert_eq!(source.most_at_once.lock().unwrap().1, 1);
    assert_eq!(cache.current().unwrap().header().volgnummer().value(), 8);
}

#[tokio::test(start_paused = true)]
async fn l13_core_whl_302_a_week_of_refreshing() {
    let source = Scripted::new(Duration::from_secs(5), |_| Ok(whitelist(7, &["a.nl"])));
    let (supply, cache) = new_supply();
    let running = supply.start(source.clone(), SeededEntropy::new(2)).await.unwrap();
    let mut events = running.events();
    let mut oldest = Duration::ZERO;
    let end = Instant::now() + minutes(7 * 24 * 60);
    while Instant::now() < end {
        tokio::time::sleep(Duration::from_secs(30)).await;
        oldest = oldest.max(cache.age().unwrap());
        while let Ok(event) = tokio::time::timeout(Duration::ZERO, events.next()).await {
            assert!(matches!(event, Some(SupplyEvent::Unchanged { .. })), "{event:?}");
        }
    }
    assert!((900..=1125).contains(&source.fetches()), "{}", source.fetches());
    assert!(oldest < Duration::from_secs(900), "{oldest:?}");
}

#[tokio::test(start_paused = true)]
async fn l10_a_source_that_never_answers_is_left_after_30_seconds() {
    let source = Scripted::new(minutes(60 * 24), |_| Ok(whitelist(7, &["a.nl"])));
    let (supply, cache) = new_supply();
    let before = Instant::now();
    let refused = supply.start(source, SeededEntropy::new(3)).await.unwrap_err();
    assert_eq!(before.elapsed().as_secs(), 30);
    let SupplyError::Source(cause) = &refused else {
        panic!("{refused:?}")
    };
    let cause = std::error::Error::source(&**cause).unwrap();
    assert_eq!(cause.to_string(), "no answer within 30 seconds");
    assert!(cache.current().is_none());
}

#[tokio::test(start_paused = true)]
async fn r1_an_outage_is_told_at_its_moments() {
    let source = Scripted::new(Duration::from_secs(1), |n| {
        if n == 0 {
            Ok(whitelist(7, &["a.nl"]))
        } else {
            Err(SourceError::new("connection refused"))
        }
    });
    let (supply, cache) = new_supply();
    let running = supply.start(source, SeededEntropy::new(4)).await.unwrap();
    let began = Instant::now();
    let mut events = running.events();
    let mut reported = Vec::new();
    while reported.len() < 3 {
        let event = events.next().await.unwrap();
        let what = match event {
            SupplyEvent::Stale { .. } => "stale",
            SupplyEvent::Alarm { .. } => "alarm",
            SupplyEvent::Expired { .. } => "expired",
            _ => continue,
        };
        reported.push((what, began.elapsed().as_secs()));
    }
    for ((what, at), (expected, seconds)) in reported
        .iter()
        .zip([("stale", 900), ("alarm", 1800), ("expired", 32_400)])
    {
        // a fetch that is under way delays the telling by its own length
        assert!(
            *what == expected && (seconds..=seconds + 2).contains(at),
            "{reported:?}"
        );
    }
    assert!(cache.current().is_none() && cache.last_known().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_kept_list_is_enough_to_start() {
    let storage: Arc<dyn ListStorage> = Arc::new(MemoryStorage::default());
    let (first, _) = supply(Arc::clone(&storage));
    drop(
        first
            .start(
                Scripted::new(Duration::ZERO, |_| Ok(whitelist(7, &["a.nl"]))),
                SeededEntropy::new(5),
            )
            .await
            .unwrap(),
    );
    let (second, cache) = supply(storage);
    let broken = Scripted::new(Duration::from_secs(9), |_| Err(SourceError::new("connection refused")));
    let running = second.start(broken.clone(), SeededEntropy::new(6)).await.unwrap();
    assert_eq!(cache.current().unwrap().header().volgnummer().value(), 7);
    assert!(matches!(running.refresh().await, Err(SupplyError::Source(_))));
    assert!(broken.fetches() >= 1);
}

#[tokio::test(start_paused = true)]
async fn l9_an_operator_lowers_the_memory_of_a_running_supply() {
    let source = Scripted::new(Duration::from_secs(1), |n| {
        Ok(whitelist(if n == 0 { 900 } else { 8 }, &["a.nl"]))
    });
    let (supply, cache) = new_supply();
    let running = supply.start(source, SeededEntropy::new(7)).await.unwrap();
    let mut events = running.events();
    assert!(matches!(running.refresh().await, Err(SupplyError::Rejected(_))));
    running.danger_lower_memory(Volgnummer::new(7), "fout").await.unwrap();
    running.refresh().await.unwrap();
    assert_eq!(cache.current().unwrap().header().volgnummer().value(), 8);
    let mut seen = Vec::new();
    while let Ok(Some(event)) = tokio::time::timeout(Duration::ZERO, events.next()).await {
        seen.push(event);
    }
    assert_eq!(
        crate::supply::bench::names(&seen),
        ["refused", "memory lowered", "accepted"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_listener_that_is_too_slow_is_told_so() {
    let source = Scripted::new(Duration::ZERO, |_| Ok(whitelist(7, &["a.nl"])));
    let (supply, _) = new_supply();
    let running = supply.start(source, SeededEntropy::new(8)).await.unwrap();
    let mut events = running.events();
    for _ in 0..300 {
        running.refresh().await.unwrap();
    }
    assert!(matches!(events.next().await, Some(SupplyEvent::Missed { events: 44 })));
    drop(running);
    while let Some(event) = events.next().await {
        assert!(matches!(event, SupplyEvent::Unchanged { .. }));
    }
}
