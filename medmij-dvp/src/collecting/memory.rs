// SPDX-License-Identifier: AGPL-3.0-or-later
//! Orders and runs in memory, for tests, simulations and a DVP of one process that may forget.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

use super::{CollectingPolicy, Lease, Order, OrderStore, Run, RunKey, RunOutcome, Slot, SlotKey, StoreError};
use crate::person_id::PersonId;

/// Orders and runs in memory.
#[derive(Debug, Default)]
pub struct MemoryOrders(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    runs: HashMap<RunKey, Row>,
    /// Runs by the moment at which they are next looked at.
    due: BTreeSet<(SystemTime, RunKey)>,
    persons: BTreeMap<PersonId, BTreeSet<RunKey>>,
    leases: u64,
}

#[derive(Debug)]
struct Row {
    slot: Slot,
    orders: BTreeSet<Order>,
    /// When it is next looked at: its moment, or the end of its lease.
    next: SystemTime,
    lease: Option<u64>,
    last_start: Option<SystemTime>,
    last_success: SystemTime,
    reported: bool,
}

impl MemoryOrders {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many runs there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.with(|inner| inner.runs.len())
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn with<T>(&self, work: impl FnOnce(&mut Inner) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Inner {
    /// Moves a run to another moment.
    fn move_to(&mut self, key: &RunKey, next: SystemTime) {
        if let Some(row) = self.runs.get_mut(key) {
            self.due.remove(&(row.next, key.clone()));
            row.next = next;
            if !row.orders.is_empty() {
                self.due.insert((next, key.clone()));
            }
        }
    }

    /// A run without orders is not looked at; its row stays for the 24 hours.
    fn unschedule(&mut self, key: &RunKey) {
        if let Some(row) = self.runs.get(key)
            && row.orders.is_empty()
        {
            self.due.remove(&(row.next, key.clone()));
        }
    }

    fn leased(&mut self, lease: &Lease) -> Option<&mut Row> {
        self.runs
            .get_mut(&lease.key)
            .filter(|row| row.lease == Some(lease.number))
    }
}

impl OrderStore for MemoryOrders {
    async fn add_order(
        &self,
        order: Order,
        now: SystemTime,
        (policy, key): (&CollectingPolicy, &SlotKey),
    ) -> Result<(), StoreError> {
        self.with(|inner| {
            let run = order.run();
            let slot = key.slot(order.person, &order.dva);
            inner.persons.entry(order.person).or_default().insert(run.clone());
            let row = inner.runs.entry(run.clone()).or_insert_with(|| Row {
                slot,
                orders: BTreeSet::new(),
                next: now,
                lease: None,
                last_start: None,
                last_success: now,
                reported: false,
            });
            let first = row.orders.is_empty();
            row.orders.insert(order);
            if first {
                (row.slot, row.last_success, row.reported) = (slot, now, false);
                let next = policy.next_start(row.slot, row.last_start, now).unwrap_or(now);
                inner.move_to(&run, next);
            }
        });
        Ok(())
    }

    async fn cancel_order(&self, order: &Order) -> Result<bool, StoreError> {
        Ok(self.with(|inner| {
            let run = order.run();
            let gone = inner.runs.get_mut(&run).is_some_and(|row| row.orders.remove(order));
            inner.unschedule(&run);
            gone
        }))
    }

    async fn cancel_orders(&self, person: PersonId) -> Result<usize, StoreError> {
        Ok(self.with(|inner| {
            let mut gone = 0_usize;
            for run in inner.persons.get(&person).cloned().unwrap_or_default() {
                if let Some(row) = inner.runs.get_mut(&run) {
                    gone = gone.saturating_add(std::mem::take(&mut row.orders).len());
                }
                inner.unschedule(&run);
            }
            gone
        }))
    }

    async fn orders(&self, person: PersonId) -> Result<Vec<Order>, StoreError> {
        Ok(self.with(|inner| {
            let runs = inner.persons.get(&person).into_iter().flatten();
            runs.filter_map(|run| inner.runs.get(run))
                .flat_map(|row| row.orders.iter().cloned())
                .collect()
        }))
    }

    async fn lease_runs(&self, now: SystemTime, until: SystemTime, most: usize) -> Result<Vec<Lease>, StoreError> {
        Ok(self.with(|inner| {
            let due = inner.due.iter().take_while(|(next, _)| *next <= now).take(most);
            let due: Vec<RunKey> = due.map(|(_, key)| key.clone()).collect();
            let mut leases = Vec::with_capacity(due.len());
            for key in due {
                inner.leases = inner.leases.wrapping_add(1);
                let number = inner.leases;
                inner.move_to(&key, until);
                if let Some(row) = inner.runs.get_mut(&key) {
                    row.lease = Some(number);
                    leases.push(Lease::new(key, row.slot, number, until));
                }
            }
            leases
        }))
    }

    async fn start_run(
        &self,
        lease: &Lease,
        now: SystemTime,
        policy: &CollectingPolicy,
    ) -> Result<Option<Run>, StoreError> {
        Ok(self.with(|inner| {
            let row = inner.leased(lease)?;
            let rested = row
                .last_start
                .and_then(|start| start.checked_add(policy.pause()))
                .is_none_or(|at| at <= now);
            if now >= lease.until || !rested || !policy.is_open(now) || row.orders.is_empty() {
                return None;
            }
            let run = Run::new(
                lease.key.clone(),
                row.orders.iter().cloned().collect(),
                row.last_start,
                row.last_success,
            );
            row.last_start = Some(now);
            let next = policy.next_start(row.slot, row.last_start, now).unwrap_or(lease.until);
            inner.move_to(&lease.key, next);
            Some(run)
        }))
    }

    async fn finish_run(&self, lease: &Lease, outcome: RunOutcome, now: SystemTime) -> Result<(), StoreError> {
        self.with(|inner| {
            if let Some(row) = inner.leased(lease) {
                row.lease = None;
                if outcome == RunOutcome::Collected {
                    (row.last_success, row.reported) = (row.last_success.max(now), false);
                }
            }
        });
        Ok(())
    }

    async fn skip_run(&self, lease: &Lease, now: SystemTime, policy: &CollectingPolicy) -> Result<(), StoreError> {
        self.with(|inner| {
            let Some(row) = inner.leased(lease) else { return };
            row.lease = None;
            // as if it had started now: the next night then, without counting for the 24 hours
            let next = policy.next_start(row.slot, Some(now), now).unwrap_or(now);
            inner.move_to(&lease.key, next);
        });
        Ok(())
    }

    async fn silent_runs(&self, since: SystemTime, most: usize) -> Result<Vec<RunKey>, StoreError> {
        Ok(self.with(|inner| {
            let silent = |row: &&mut Row| !row.reported && !row.orders.is_empty() && row.last_success <= since;
            inner
                .runs
                .iter_mut()
                .filter(|(_, row)| silent(row))
                .take(most)
                .map(|(key, row)| {
                    row.reported = true;
                    key.clone()
                })
                .collect()
        }))
    }

    async fn purge_runs(&self, now: SystemTime, most: usize) -> Result<usize, StoreError> {
        Ok(self.with(|inner| {
            let over = |row: &Row| row.orders.is_empty() && row.next <= now;
            let over = inner.runs.iter().filter(|(_, row)| over(row)).take(most);
            let over: Vec<RunKey> = over.map(|(key, _)| key.clone()).collect();
            for key in &over {
                inner.runs.remove(key);
                if let Some(runs) = inner.persons.get_mut(&key.person) {
                    runs.remove(key);
                    if runs.is_empty() {
                        inner.persons.remove(&key.person);
                    }
                }
            }
            over.len()
        }))
    }
}
