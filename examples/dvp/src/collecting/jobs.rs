// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a Persoon set going, and how far it is. In memory: after a restart the Persoon begins again, and what was kept is in
//! the dossier.

use super::offerings::Offerings;
use medmij_dvp::{FlowGroup, person::PersonId};
use medmij_types::GegevensdienstId;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// The most jobs at once; beyond it the oldest goes.
const MOST: usize = 10_000;

/// All jobs, one for each Persoon.
#[derive(Default)]
pub(crate) struct Jobs(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    jobs: BTreeMap<PersonId, Job>,
    order: VecDeque<(u64, PersonId)>,
    next: u64,
}

/// Collecting at one provider.
#[derive(Clone)]
pub(crate) struct Job {
    number: u64,
    /// The offer that was chosen, from one list: all flows see the same endpoints.
    pub(crate) offerings: Offerings,
    /// How the provider is called.
    pub(crate) provider: String,
    /// The logins that are still to come; the first of them may be under way elsewhere, and is there until its answer comes.
    pub(crate) waiting: VecDeque<FlowGroup>,
    /// How many logins there are in all.
    pub(crate) logins: usize,
    /// Whether the Persoon wants all of it without asking, from here on.
    pub(crate) automatic: bool,
    /// One line for each gegevensdienst.
    pub(crate) lines: Vec<Line>,
}

/// A gegevensdienst and how far it is.
#[derive(Clone)]
pub(crate) struct Line {
    pub(crate) id: GegevensdienstId,
    pub(crate) name: String,
    pub(crate) state: State,
    /// Where it was wanted: whether it comes without asking from here on.
    pub(crate) automatic: Option<bool>,
}

/// How far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    Failed { why: &'static str },
}

impl State {
    /// Whether it is worth asking again.
    pub(crate) const fn is_to_ask_again(&self) -> bool {
        matches!(self, Self::Failed { .. } | Self::Partial { .. } | Self::NotGranted)
    }
}

impl Job {
    /// The lines of a login.
    pub(crate) fn set(&mut self, ids: &[GegevensdienstId], state: &State) {
        for line in self.lines.iter_mut().filter(|line| ids.contains(&line.id)) {
            line.state = state.clone();
        }
    }
}

impl Job {
    /// The Persoon came back from a login: it waits no more.
    pub(crate) fn came_back(&mut self, ids: &[GegevensdienstId], state: &State) {
        self.waiting.retain(|group| group.gegevensdiensten != ids);
        self.set(ids, state);
    }
}

impl Jobs {
    /// Sets a job going, in the place of the one before it.
    pub(crate) fn begin(
        &self,
        person: PersonId,
        offerings: Offerings,
        provider: String,
        groups: Vec<FlowGroup>,
        automatic: bool,
    ) {
        let lines = groups
            .iter()
            .flat_map(|group| &group.gegevensdiensten)
            .map(|id| Line {
                id: id.clone(),
                name: offerings.name_of(id),
                state: State::Waiting,
                automatic: None,
            })
            .collect();
        let mut inner = self.lock();
        inner.next += 1;
        let number = inner.next;
        inner.order.push_back((number, person));
        while inner.order.len() > MOST {
            if let Some((number, person)) = inner.order.pop_front()
                && inner.jobs.get(&person).is_some_and(|job| job.number == number)
            {
                inner.jobs.remove(&person);
            }
        }
        let job = Job {
            number,
            offerings,
            provider,
            logins: groups.len(),
            waiting: groups.into(),
            automatic,
            lines,
        };
        inner.jobs.insert(person, job);
    }

    /// The job of a Persoon, as it stands.
    pub(crate) fn of(&self, person: PersonId) -> Option<Job> {
        self.lock().jobs.get(&person).cloned()
    }

    /// Works on the job of a Persoon.
    pub(crate) fn with<R>(&self, person: PersonId, work: impl FnOnce(&mut Job) -> R) -> Option<R> {
        self.lock().jobs.get_mut(&person).map(work)
    }

    /// Forgets the job of a Persoon.
    pub(crate) fn forget(&self, person: PersonId) {
        self.lock().jobs.remove(&person);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
