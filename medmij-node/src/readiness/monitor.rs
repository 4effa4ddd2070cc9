// SPDX-License-Identifier: AGPL-3.0-or-later
//! Asks every probe, and keeps what they saw

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use medmij_types::Clock;

use super::{Alarms, Observed, Readiness};

/// How often a Node looks, by its own clock.
pub(crate) const POLL: Duration = Duration::from_secs(5);
/// How long a probe may take. It waits for others (a database, a disk), so this is time of the machine.
const PATIENCE: Duration = Duration::from_secs(2);
/// After this long without a look what was seen counts no more.
const SILENCE: Duration = Duration::from_secs(20);

type Looking = Pin<Box<dyn Future<Output = Vec<Observed>> + Send>>;

/// Something that looks at one part.
pub(crate) struct Probe {
    part: String,
    look: Box<dyn Fn() -> Looking + Send + Sync>,
}

impl Probe {
    pub(crate) fn new<F>(part: impl Into<String>, look: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Vec<Observed>> + Send + 'static,
    {
        Self {
            part: part.into(),
            look: Box::new(move || Box::pin(look())),
        }
    }
}

/// The probes of a Node, and what they saw last.
pub(crate) struct Monitor {
    probes: Mutex<Vec<Arc<Probe>>>,
    seen: Mutex<Seen>,
    alarms: Alarms,
    clock: Arc<dyn Clock>,
    /// Two looks at once would only compete.
    looking: tokio::sync::Mutex<()>,
}

#[derive(Clone, Default)]
struct Seen {
    observed: Vec<(String, Observed)>,
    at: Duration,
    /// How many probes there were.
    probes: usize,
}

impl Monitor {
    pub(crate) fn new(alarms: Alarms, clock: Arc<dyn Clock>) -> Self {
        Self {
            probes: Mutex::default(),
            seen: Mutex::default(),
            alarms,
            clock,
            looking: tokio::sync::Mutex::default(),
        }
    }

    pub(crate) fn add(&self, probe: Probe) {
        lock(&self.probes).push(Arc::new(probe));
    }

    /// Whether it is time to look again.
    pub(crate) fn is_due(&self) -> bool {
        let (at, probes) = {
            let seen = lock(&self.seen);
            (seen.at, seen.probes)
        };
        lock(&self.probes).len() > probes || self.clock.monotonic().saturating_sub(at) >= POLL
    }

    /// Asks every probe now. One that does not answer in time is silent, which is no good sign.
    pub(crate) async fn look(&self) -> Readiness {
        self.look_from(self.clock.monotonic()).await
    }

    /// The same for a look that began before, at a time of the monotonic clock: what happens while it lasts is seen by the next.
    pub(crate) async fn look_from(&self, at: Duration) -> Readiness {
        let _one_at_a_time = self.looking.lock().await;
        let probes = lock(&self.probes).clone();
        let count = probes.len();
        let mut asked = tokio::task::JoinSet::new();
        for (index, probe) in probes.into_iter().enumerate() {
            asked.spawn(async move {
                let observed = tokio::time::timeout(PATIENCE, (probe.look)()).await;
                let observed = observed.unwrap_or_else(|_| vec![Observed::Silent]);
                (index, probe.part.clone(), observed)
            });
        }
        let mut answers = asked.join_all().await;
        answers.sort_by_key(|(index, ..)| *index);
        let with_part = |(_, part, observed): (usize, String, Vec<Observed>)| {
            observed.into_iter().map(move |one| (part.clone(), one))
        };
        let observed = answers.into_iter().flat_map(with_part).collect();
        *lock(&self.seen) = Seen {
            observed,
            at,
            probes: count,
        };
        self.readiness()
    }

    /// What was seen last, by part. What was added since, nobody knows anything of.
    pub(crate) fn observed(&self) -> Vec<(String, Observed)> {
        let seen = lock(&self.seen).clone();
        let mut observed = seen.observed;
        let added = lock(&self.probes);
        let added = added.iter().skip(seen.probes);
        observed.extend(added.map(|probe| (probe.part.clone(), Observed::NotYet)));
        if self.clock.monotonic().saturating_sub(seen.at) > SILENCE {
            observed.push(("probes".to_owned(), Observed::Silent));
        }
        observed
    }

    pub(crate) fn readiness(&self) -> Readiness {
        let observed = self.observed();
        Readiness::judge(observed.iter().map(|(part, one)| (part.as_str(), one)), &self.alarms)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use medmij_test::ManualClock;

    use super::*;

    #[tokio::test]
    async fn what_a_probe_sees_counts_from_the_next_look_on_and_not_for_ever() {
        let clock = Arc::new(ManualClock::starting_now());
        let monitor = Monitor::new(Alarms::default(), Arc::clone(&clock) as Arc<dyn Clock>);
        let wrong = Arc::new(Mutex::new(None::<String>));
        let seen = Arc::clone(&wrong);
        monitor.add(Probe::new("store", move || {
            let wrong = lock(&seen).clone();
            async move { vec![Observed::Other(wrong)] }
        }));
        assert_eq!(
            monitor.readiness().to_string(),
            "not ready; store: was not looked at yet"
        );
        assert!(monitor.is_due());
        assert!(monitor.look().await.is_ready());
        *lock(&wrong) = Some("disk full".to_owned());
        assert!(!monitor.is_due());
        clock.advance(POLL);
        assert!(monitor.is_due());
        assert_eq!(monitor.look().await.to_string(), "not ready; store: disk full");
        *lock(&wrong) = None;
        assert!(monitor.look().await.is_ready());
        // nobody looks any more
        clock.advance(SILENCE + POLL);
        assert_eq!(monitor.readiness().to_string(), "not ready; probes: gives no answer");
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_hangs_is_silent() {
        let monitor = Monitor::new(Alarms::default(), Arc::new(ManualClock::starting_now()));
        monitor.add(Probe::new("store", std::future::pending));
        assert_eq!(monitor.look().await.to_string(), "not ready; store: gives no answer");
    }
}
