// SPDX-License-Identifier: AGPL-3.0-or-later
//! The list that is in force now: swapped as a whole, guarded against rollback (security L9, L11, R1, R14).
//!
//! Readers never wait. They take no lock, and they never pay for the end of an old list either: giving a large one back
//! to the system takes milliseconds, so the cache holds on to each list that it replaced until nobody else does, and drops
//! it in the thread that offers the next one.

use std::{
    cmp::Ordering,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{self, AtomicI64},
    },
    time::Duration,
};

use arc_swap::ArcSwapOption;
use medmij_types::{Clock, Volgnummer};

use crate::{Freshness, List, RefreshPolicy, Snapshot};

/// Holds the current snapshot of one list from one source at one `api`. Readers never wait; a new copy is judged by the
/// [`RefreshPolicy`] before it takes over.
///
/// ```
/// use medmij_list::{Freshness, ListCache, RefreshPolicy};
/// use medmij_types::SystemClock;
/// # fn example<L: medmij_list::List>(snapshot: medmij_list::Snapshot<L>) {
/// let cache = ListCache::<L>::new(RefreshPolicy::default(), SystemClock::default());
/// assert_eq!(cache.freshness(), Freshness::Absent);
/// assert!(cache.current().is_none());
/// match cache.offer(snapshot) {
///     Ok(taken) => println!("{taken:?}"),
///     Err(refused) => println!("the old list stays: {refused}"),
/// }
/// # }
/// ```
pub struct ListCache<L: List> {
    current: ArcSwapOption<InForce<L>>,
    /// Judging and swapping happen under this lock, which readers never take.
    writing: Mutex<Writing<L>>,
    policy: RefreshPolicy,
    clock: Box<dyn Clock>,
}

/// A list and its age, swapped together: nobody sees the one with the age of the other.
struct InForce<L> {
    list: Arc<Snapshot<L>>,
    /// Monotonic milliseconds of the last fetch that confirmed the list; negative if that was before this process started.
    confirmed: AtomicI64,
}

struct Writing<L> {
    /// The lowest number that is taken.
    floor: Option<Volgnummer>,
    /// The content digest of the list with that number, where it was remembered from an earlier run or another process.
    content: Option<[u8; 32]>,
    /// Lists that were replaced while somebody still held them.
    replaced: Vec<Arc<Snapshot<L>>>,
}

impl<L: List> ListCache<L> {
    /// An empty cache.
    pub fn new(policy: RefreshPolicy, clock: impl Clock + 'static) -> Self {
        Self {
            current: ArcSwapOption::empty(),
            writing: Mutex::new(Writing {
                floor: None,
                content: None,
                replaced: Vec::new(),
            }),
            policy,
            clock: Box::new(clock),
        }
    }

    /// The list in force, or `None` if there is none or it is past the hard limit and the policy does not use such
    /// lists.
    #[must_use]
    pub fn current(&self) -> Option<Arc<Snapshot<L>>> {
        let in_force = self.current.load();
        let in_force = in_force.as_ref()?;
        (self.policy.use_past_limit || self.elapsed(in_force) < self.policy.hard_limit)
            .then(|| Arc::clone(&in_force.list))
    }

    /// The last list that was taken, however old.
    #[must_use]
    pub fn last_known(&self) -> Option<Arc<Snapshot<L>>> {
        let in_force = self.current.load();
        in_force.as_ref().map(|in_force| Arc::clone(&in_force.list))
    }

    /// How good the list is by the policy.
    #[must_use]
    pub fn freshness(&self) -> Freshness {
        self.age().map_or(Freshness::Absent, |age| self.policy.freshness(age))
    }

    /// How long ago a fetch confirmed the list; `None` without one.
    #[must_use]
    pub fn age(&self) -> Option<Duration> {
        let in_force = self.current.load();
        in_force.as_ref().map(|in_force| self.elapsed(in_force))
    }

    /// The policy.
    #[must_use]
    pub const fn policy(&self) -> &RefreshPolicy {
        &self.policy
    }

    /// Offers a copy that was fetched just now.
    ///
    /// Taken when its Volgnummer is higher than that of every list taken before. The same Volgnummer with the same
    /// content, not counting the Tijdstempel, confirms the list that is there.
    ///
    /// # Errors
    ///
    /// [`Rejected`] says why the old list stays.
    pub fn offer(&self, snapshot: Snapshot<L>) -> Result<Accepted, Rejected> {
        self.restore(snapshot, Duration::ZERO)
    }

    /// Offers a copy that was fetched, or confirmed by a fetch, this long ago: one that outlived a process.
    ///
    /// # Errors
    ///
    /// As [`offer`](Self::offer): [`Rejected`].
    pub fn restore(&self, snapshot: Snapshot<L>, age: Duration) -> Result<Accepted, Rejected> {
        self.take(snapshot, age, |_| ())
    }

    /// As [`restore`](Self::restore); a list that takes over is handed to `store` first. Others that offer wait for it,
    /// readers do not.
    pub(crate) fn take(
        &self,
        snapshot: Snapshot<L>,
        age: Duration,
        store: impl FnOnce(&Snapshot<L>),
    ) -> Result<Accepted, Rejected> {
        let mut writing = self.lock();
        let current = self.current.load_full();
        let offered = snapshot.header().volgnummer();
        let verdict = self.verdict(&snapshot, current.as_ref().map(|old| &*old.list), &writing);
        match verdict {
            Ok(accepted) => {
                if let Accepted::New { .. } = accepted {
                    store(&snapshot);
                }
                writing.remember(offered, None);
                let age = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
                let confirmed = self.monotonic().saturating_sub(age);
                match (accepted, &current) {
                    // An old confirmation does not make the list older.
                    (Accepted::Confirmed, Some(current)) => {
                        _ = current.confirmed.fetch_max(confirmed, atomic::Ordering::AcqRel);
                    }
                    _ => {
                        if current.as_ref().is_some_and(|old| is_older(&snapshot, &old.list)) {
                            tracing::warn!(list = %L::KIND, volgnummer = %offered, "the new list has an older Tijdstempel");
                        }
                        tracing::info!(list = %L::KIND, volgnummer = %offered, ?accepted, entries = snapshot.len(), "list taken");
                        self.current.store(Some(Arc::new(InForce {
                            list: Arc::new(snapshot),
                            confirmed: AtomicI64::new(confirmed),
                        })));
                        writing
                            .replaced
                            .extend(current.as_ref().map(|old| Arc::clone(&old.list)));
                    }
                }
            }
            Err(why) => tracing::warn!(list = %L::KIND, volgnummer = %offered, %why, "list not taken"),
        }
        drop(current);
        // Nobody can come to hold a replaced list anew, so the last holder is this one. Lists end when the lock is free.
        let ended: Vec<_> = writing
            .replaced
            .extract_if(.., |list| Arc::strong_count(list) == 1)
            .collect();
        drop(writing);
        drop(ended);
        verdict
    }

    /// The highest Volgnummer that was taken: what a process must remember apart from the list to be safe from
    /// rollback after a restart.
    #[must_use]
    pub fn floor(&self) -> Option<Volgnummer> {
        self.lock().floor
    }

    /// Restores the rollback floor of an earlier run: no list below this Volgnummer will be taken. It never lowers the floor.
    pub fn raise_floor(&self, volgnummer: Volgnummer) {
        self.remember(volgnummer, None);
    }

    /// As [`raise_floor`](Self::raise_floor), with the content digest of the list that had this number, where it is known.
    pub(crate) fn remember(&self, volgnummer: Volgnummer, content: Option<[u8; 32]>) {
        self.lock().remember(volgnummer, content);
    }

    /// The operator's way back after a wrong publication: forgets which Volgnummer was seen, so that the next list is
    /// taken whatever its number. The list in force stays until then.
    pub fn danger_forget_volgnummer(&self) {
        let mut writing = self.lock();
        tracing::warn!(list = %L::KIND, forgotten = ?writing.floor, "rollback protection lifted for the next list");
        (writing.floor, writing.content) = (None, None);
    }

    /// The one place that judges a list that can be read: its shape, whether it is empty, and its Volgnummer beside what was
    /// taken before, in this run or an earlier one (security section 1.3: rollback).
    fn verdict(
        &self,
        new: &Snapshot<L>,
        current: Option<&Snapshot<L>>,
        writing: &Writing<L>,
    ) -> Result<Accepted, Rejected> {
        if new.document().is_old_shape() {
            return Err(Rejected::OldShape);
        }
        if new.is_empty() && !self.policy.take_empty {
            return Err(Rejected::Empty);
        }
        let offered = new.header().volgnummer();
        let previous = current.map(|list| list.header().volgnummer());
        match writing.floor {
            Some(floor) if offered < floor => return Err(Rejected::LowerVolgnummer { floor, offered }),
            Some(floor) if offered == floor => {}
            _ => return Ok(Accepted::New { previous }),
        }
        let current = current.filter(|_| previous == Some(offered));
        let differs = |current: &Snapshot<L>| !new.document().same_content(current.document());
        let remembered = writing.content;
        if current.is_some_and(differs) || remembered.is_some_and(|known| known != new.document().content_digest()) {
            return Err(Rejected::OtherContent { volgnummer: offered });
        }
        Ok(current.map_or(Accepted::New { previous }, |_| Accepted::Confirmed))
    }

    fn monotonic(&self) -> i64 {
        i64::try_from(self.clock.monotonic().as_millis()).unwrap_or(i64::MAX)
    }

    fn lock(&self) -> MutexGuard<'_, Writing<L>> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn elapsed(&self, in_force: &InForce<L>) -> Duration {
        let millis = self
            .monotonic()
            .saturating_sub(in_force.confirmed.load(atomic::Ordering::Acquire));
        Duration::from_millis(u64::try_from(millis).unwrap_or_default())
    }
}

impl<L> Writing<L> {
    /// Never lowers the floor, and forgets a content only with its number.
    fn remember(&mut self, volgnummer: Volgnummer, content: Option<[u8; 32]>) {
        match self.floor.cmp(&Some(volgnummer)) {
            Ordering::Less => (self.floor, self.content) = (Some(volgnummer), content),
            Ordering::Equal => self.content = content.or(self.content),
            Ordering::Greater => {}
        }
    }
}

impl<L: List> fmt::Debug for ListCache<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListCache")
            .field("kind", &L::KIND)
            .field("current", &self.last_known())
            .finish_non_exhaustive()
    }
}

fn is_older<L: List>(new: &Snapshot<L>, old: &Snapshot<L>) -> bool {
    let moments = (
        new.header().tijdstempel().to_system_time(),
        old.header().tijdstempel().to_system_time(),
    );
    matches!(moments, (Some(new), Some(old)) if new < old)
}

/// What became of a list that was offered and not refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Accepted {
    /// It is in force now.
    New {
        /// The Volgnummer of the list before it.
        previous: Option<Volgnummer>,
    },
    /// It says what the list in force says, which thereby counts as fresh again.
    Confirmed,
}

/// Why an offered list was not taken; the list in force stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejected {
    /// A lower number than was seen before.
    #[error("Volgnummer {offered} is lower than {floor}, which was seen before")]
    LowerVolgnummer {
        /// The highest number that was taken.
        floor: Volgnummer,
        /// The number of the list that was offered.
        offered: Volgnummer,
    },
    /// The number of the list in force, but another content.
    #[error("Volgnummer {volgnummer} was seen before with other content")]
    OtherContent {
        /// The number of both.
        volgnummer: Volgnummer,
    },
    /// No entries, and the policy does not take that.
    #[error("the list has no entries")]
    Empty,
    /// A shape that a later file version replaced.
    #[error("the list has the shape of an old file version")]
    OldShape,
}
