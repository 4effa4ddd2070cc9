// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a Persoon set going, and how far it is: a sealed row for each Persoon in the store, so that any replica shows it and
//! goes on with the next login. What one process was collecting when it died is broken off, and may be asked again.

use super::offerings::Offerings;
use crate::{
    App,
    account::{Kind, seconds, vault::VaultError},
};
use medmij_dvp::{FlowGroup, person::PersonId};
use medmij_types::{Clock as _, Entropy as _, GegevensdienstId, OsEntropy, SystemClock};
use serde::{Deserialize, Serialize};
use std::{collections::VecDeque, time::Duration};

/// How long a job is shown: a day, in seconds.
const KEPT: i64 = 24 * 3600;
/// How often the process that collects says that it is there.
const BEAT: Duration = Duration::from_secs(2);
/// After so many silent seconds it is not.
const SILENT: i64 = 60;

/// Collecting at one provider.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Job {
    /// What tells it from the one before and the one after.
    number: u64,
    /// The offer that was chosen, from one list: all flows see the same endpoints.
    pub(crate) offerings: Offerings,
    /// How the provider is called.
    pub(crate) provider: String,
    /// The logins that are still to come, by what each is for; the first of them may be under way elsewhere, and is there
    /// until its answer comes.
    pub(crate) waiting: VecDeque<Vec<GegevensdienstId>>,
    /// How many logins there are in all.
    pub(crate) logins: usize,
    /// Whether the Persoon wants all of it without asking, from here on.
    pub(crate) automatic: bool,
    /// One line for each gegevensdienst.
    pub(crate) lines: Vec<Line>,
    /// When the process that collects last said that it is there, in seconds.
    beat: i64,
}

/// A gegevensdienst and how far it is.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) id: GegevensdienstId,
    pub(crate) name: String,
    pub(crate) state: State,
    /// Where it was wanted: whether it comes without asking from here on.
    pub(crate) automatic: Option<bool>,
}

/// How far it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum State {
    /// Its login is still to come.
    Waiting,
    /// Being collected: answers so far.
    Running { answers: usize },
    /// Everything came.
    Whole { items: usize },
    /// Something is missing; whether it may come later.
    Partial {
        items: usize,
        missing: Vec<String>,
        later: bool,
    },
    /// Not granted: the Persoon said no, or there was nothing to share.
    NotGranted,
    /// Nothing came, by a fault.
    Failed { why: Why },
}

/// Whose fault it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Why {
    /// The Persoon came back too late.
    Expired,
    AtAanbieder,
    AtUs,
    /// The process that collected is gone.
    BrokenOff,
}

impl State {
    /// Whether it is worth asking again.
    pub(crate) const fn is_to_ask_again(&self) -> bool {
        matches!(self, Self::Failed { .. } | Self::Partial { .. } | Self::NotGranted)
    }

    const fn is_running(&self) -> bool {
        matches!(self, Self::Running { .. })
    }
}

impl Job {
    /// The lines of a login.
    pub(crate) fn set(&mut self, ids: &[GegevensdienstId], state: &State) {
        for line in self.lines.iter_mut().filter(|line| ids.contains(&line.id)) {
            line.state = state.clone();
        }
    }

    /// The Persoon came back from a login: it waits no more.
    pub(crate) fn came_back(&mut self, ids: &[GegevensdienstId], state: &State) {
        self.waiting.retain(|waiting| waiting != ids);
        self.set(ids, state);
    }

    /// The next login.
    pub(crate) fn next(&self) -> Option<FlowGroup> {
        let ids = self.waiting.front()?;
        let plan = self.offerings.plan(|id| ids.contains(id));
        plan.into_flows().into_iter().next().map(|(_, group)| group)
    }

    pub(crate) const fn number(&self) -> u64 {
        self.number
    }

    /// Says what became of lines whose process is silent.
    fn judge(&mut self, now: i64) {
        if now.saturating_sub(self.beat) > SILENT {
            for line in self.lines.iter_mut().filter(|line| line.state.is_running()) {
                line.state = State::Failed { why: Why::BrokenOff };
            }
        }
    }
}

fn now() -> i64 {
    seconds(SystemClock::default().now())
}

/// Sets a job going, in place of the one before it.
pub(crate) async fn begin(
    app: &App,
    person: PersonId,
    (offerings, provider): (Offerings, String),
    groups: Vec<FlowGroup>,
    automatic: bool,
) -> Result<(), VaultError> {
    let mut number = [0; 8];
    OsEntropy.fill(&mut number)?;
    let waiting: VecDeque<_> = groups.into_iter().map(|group| group.gegevensdiensten).collect();
    let lines = waiting.iter().flatten().map(|id| Line {
        id: id.clone(),
        name: offerings.name_of(id),
        state: State::Waiting,
        automatic: None,
    });
    let job = Job {
        number: u64::from_be_bytes(number),
        lines: lines.collect(),
        offerings,
        provider,
        logins: waiting.len(),
        waiting,
        automatic,
        beat: now(),
    };
    let (vault, id) = (&app.accounts.vault, person.number().to_be_bytes());
    let expires = now().saturating_add(KEPT);
    for _ in 0..8 {
        let done = match vault.find::<Job>(Kind::Job, &id).await? {
            Some(mut found) => {
                found.content = job.clone();
                vault.replace(found, expires).await?
            }
            None => vault.add(Kind::Job, id.to_vec(), Some(person), expires, &job).await?,
        };
        if done {
            return Ok(());
        }
    }
    Err(VaultError::Busy)
}

/// The job of a Persoon, as it stands.
pub(crate) async fn of(app: &App, person: PersonId) -> Result<Option<Job>, VaultError> {
    let found = app
        .accounts
        .vault
        .find::<Job>(Kind::Job, &person.number().to_be_bytes())
        .await?;
    let now = now();
    let job = found.filter(|found| found.expires() > now).map(|found| found.content);
    Ok(job.map(|mut job| {
        job.judge(now);
        job
    }))
}

/// Works on the job of that number, where it is still the job of the Persoon.
pub(crate) async fn with(app: &App, person: PersonId, number: u64, work: impl Fn(&mut Job)) {
    if let Err(error) = try_with(app, person, number, work).await {
        tracing::error!(%error, "how far it is cannot be written down");
    }
}

async fn try_with(app: &App, person: PersonId, number: u64, work: impl Fn(&mut Job)) -> Result<(), VaultError> {
    let (vault, id) = (&app.accounts.vault, person.number().to_be_bytes());
    for _ in 0..8 {
        let found = vault.find::<Job>(Kind::Job, &id).await?;
        let Some(mut found) = found.filter(|found| found.content.number == number) else {
            return Ok(());
        };
        work(&mut found.content);
        found.content.beat = now();
        let expires = found.content.beat.saturating_add(KEPT);
        if vault.replace(found, expires).await? {
            return Ok(());
        }
    }
    Err(VaultError::Busy)
}

/// Does `work` and says, while it takes, that this process is there; `answers` says how many came for which gegevensdienst.
pub(crate) async fn beating<T>(
    app: &App,
    (person, number): (PersonId, u64),
    answers: impl Fn() -> Option<(GegevensdienstId, usize)>,
    work: impl Future<Output = T>,
) -> T {
    let mut work = std::pin::pin!(work);
    let mut each = tokio::time::interval(BEAT);
    each.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            done = &mut work => return done,
            _ = each.tick() => {
                let answers = answers();
                with(app, person, number, |job| {
                    if let Some((id, answers)) = &answers {
                        let running = job.lines.iter_mut().filter(|line| line.id == *id && line.state.is_running());
                        running.for_each(|line| line.state = State::Running { answers: *answers });
                    }
                })
                .await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(beat: i64) -> Job {
        let id = GegevensdienstId::parse("48").unwrap();
        let line = |state| Line {
            id: id.clone(),
            name: "Basisgegevens Zorg".to_owned(),
            state,
            automatic: None,
        };
        Job {
            number: 1,
            offerings: Offerings::nothing("dewilg"),
            provider: "De Wilg".to_owned(),
            waiting: VecDeque::new(),
            logins: 1,
            automatic: false,
            lines: vec![
                line(State::Running { answers: 3 }),
                line(State::Waiting),
                line(State::Whole { items: 2 }),
            ],
            beat,
        }
    }

    #[test]
    fn what_a_dead_process_was_collecting_is_broken_off_and_may_be_asked_again() {
        for (silent, broken) in [(0, false), (60, false), (61, true)] {
            let mut job = job(1_000);
            job.judge(1_000 + silent);
            let states: Vec<&State> = job.lines.iter().map(|line| &line.state).collect();
            let expected = match broken {
                true => State::Failed { why: Why::BrokenOff },
                false => State::Running { answers: 3 },
            };
            assert_eq!(
                states,
                [&expected, &State::Waiting, &State::Whole { items: 2 }],
                "{silent}"
            );
            assert_eq!(states[0].is_to_ask_again(), broken);
        }
    }

    #[test]
    fn a_job_reads_back_as_it_was_written() {
        let written = serde_json::to_string(&job(7)).unwrap();
        let read: Job = serde_json::from_str(&written).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), written);
    }
}
