// SPDX-License-Identifier: AGPL-3.0-or-later
//! The list that is in force now: swapped as a whole, guarded against rollback (security L9, L11, R1, R14).

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
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
    current: ArcSwapOption<Snapshot<L>>,
    /// Monotonic milliseconds of the last fetch that confirmed `current`; negative where that was before the clock's
    /// zero, in a process of before.
    confirmed: AtomicI64,
    /// Judging and swapping happen under this lock; it holds the lowest number that is taken.
    floor: Mutex<Option<Volgnummer>>,
    policy: RefreshPolicy,
    clock: Box<dyn Clock>,
}

impl<L: List> ListCache<L> {
    /// An empty cache.
    pub fn new(policy: RefreshPolicy, clock: impl Clock + 'static) -> Self {
        Self {
            current: ArcSwapOption::empty(),
            confirmed: AtomicI64::new(0),
            floor: Mutex::new(None),
            policy,
            clock: Box::new(clock),
        }
    }

    /// The list in force, or `None` if there is none or it is past the hard limit and the policy does not use such
    /// lists.
    #[must_use]
    pub fn current(&self) -> Option<Arc<Snapshot<L>>> {
        let current = self.last_known()?;
        (self.policy.use_past_limit || self.elapsed() < self.policy.hard_limit).then_some(current)
    }

    /// The last list that was taken, however old.
    #[must_use]
    pub fn last_known(&self) -> Option<Arc<Snapshot<L>>> {
        self.current.load_full()
    }

    /// How good the list is by the policy.
    #[must_use]
    pub fn freshness(&self) -> Freshness {
        if self.current.load().is_none() {
            Freshness::Absent
        } else {
            self.policy.freshness(self.elapsed())
        }
    }

    /// How long ago a fetch confirmed the list; `None` without one.
    #[must_use]
    pub fn age(&self) -> Option<Duration> {
        self.current.load().is_some().then(|| self.elapsed())
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
    /// Why the old list stays.
    pub fn offer(&self, snapshot: Snapshot<L>) -> Result<Taken, NotTaken> {
        self.restore(snapshot, Duration::ZERO)
    }

    /// Offers a copy that was fetched, or confirmed by a fetch, this long ago: one that outlived a process.
    ///
    /// # Errors
    ///
    /// As [`offer`](Self::offer).
    pub fn restore(&self, snapshot: Snapshot<L>, age: Duration) -> Result<Taken, NotTaken> {
        let mut floor = self.floor.lock().unwrap_or_else(PoisonError::into_inner);
        let current = self.current.load_full();
        let offered = snapshot.header().volgnummer();
        let verdict = self.verdict(&snapshot, current.as_deref(), *floor);
        match verdict {
            Ok(taken) => {
                *floor = (*floor).max(Some(offered));
                if let Taken::New { previous } = taken {
                    if current.as_ref().is_some_and(|old| is_older(&snapshot, old)) {
                        tracing::warn!(list = %L::KIND, volgnummer = %offered, "the new list has an older Tijdstempel");
                    }
                    tracing::info!(list = %L::KIND, volgnummer = %offered, ?previous, entries = snapshot.len(), "list taken");
                    self.current.store(Some(Arc::new(snapshot)));
                }
                let age = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
                let confirmed = self.monotonic().saturating_sub(age);
                match taken {
                    Taken::New { .. } => self.confirmed.store(confirmed, Ordering::Release),
                    // An old confirmation does not make the list older.
                    Taken::Confirmed => _ = self.confirmed.fetch_max(confirmed, Ordering::AcqRel),
                }
            }
            Err(why) => tracing::warn!(list = %L::KIND, volgnummer = %offered, %why, "list not taken"),
        }
        verdict
    }

    /// What [`offer`](Self::offer) would say now, without taking anything.
    ///
    /// # Errors
    ///
    /// As [`offer`](Self::offer).
    pub fn judge(&self, snapshot: &Snapshot<L>) -> Result<Taken, NotTaken> {
        let floor = self.floor.lock().unwrap_or_else(PoisonError::into_inner);
        self.verdict(snapshot, self.current.load_full().as_deref(), *floor)
    }

    /// The highest Volgnummer that was taken: what a process must remember apart from the list to be safe from
    /// rollback after a restart.
    #[must_use]
    pub fn floor(&self) -> Option<Volgnummer> {
        *self.floor.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes over a memory of before: no list below this Volgnummer will be taken. It never lowers the floor.
    pub fn raise_floor(&self, volgnummer: Volgnummer) {
        let mut floor = self.floor.lock().unwrap_or_else(PoisonError::into_inner);
        *floor = (*floor).max(Some(volgnummer));
    }

    /// The operator's way back after a wrong publication: forgets which Volgnummer was seen, so that the next list is
    /// taken whatever its number. The list in force stays until then.
    pub fn danger_forget_volgnummer(&self) {
        let mut floor = self.floor.lock().unwrap_or_else(PoisonError::into_inner);
        tracing::warn!(list = %L::KIND, forgotten = ?*floor, "rollback protection lifted for the next list");
        *floor = None;
    }

    fn verdict(
        &self,
        new: &Snapshot<L>,
        current: Option<&Snapshot<L>>,
        floor: Option<Volgnummer>,
    ) -> Result<Taken, NotTaken> {
        if new.document().is_old_shape() {
            return Err(NotTaken::OldShape);
        }
        if new.is_empty() && !self.policy.take_empty {
            return Err(NotTaken::Empty);
        }
        let offered = new.header().volgnummer();
        let previous = current.map(|list| list.header().volgnummer());
        match floor {
            Some(floor) if offered < floor => Err(NotTaken::LowerVolgnummer { floor, offered }),
            Some(floor) if offered == floor => match current {
                Some(current) if previous == Some(offered) => {
                    if new.document().same_content(current.document()) {
                        Ok(Taken::Confirmed)
                    } else {
                        Err(NotTaken::OtherContent { volgnummer: offered })
                    }
                }
                _ => Ok(Taken::New { previous }),
            },
            _ => Ok(Taken::New { previous }),
        }
    }

    fn monotonic(&self) -> i64 {
        i64::try_from(self.clock.monotonic().as_millis()).unwrap_or(i64::MAX)
    }

    fn elapsed(&self) -> Duration {
        let millis = self.monotonic().saturating_sub(self.confirmed.load(Ordering::Acquire));
        Duration::from_millis(u64::try_from(millis).unwrap_or_default())
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
pub enum Taken {
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
pub enum NotTaken {
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
