// SPDX-License-Identifier: AGPL-3.0-or-later
//! Orders and runs in a store that several schedulers share.

use std::{future::Future, time::SystemTime};

use medmij_oauth::storage::StoreError;

use super::{CollectingPolicy, Order, Run, RunKey, RunOutcome, Slot, SlotKey};
use crate::person_id::PersonId;

/// A run that one scheduler has for a while.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Lease {
    /// Whose, and where.
    pub key: RunKey,
    /// Its place in the window.
    pub slot: Slot,
    /// What tells this lease from a later one of the same run.
    pub number: u64,
    /// When another scheduler can take it, unless it was started.
    pub until: SystemTime,
}

impl Lease {
    /// For a store.
    #[must_use]
    pub const fn new(key: RunKey, slot: Slot, number: u64, until: SystemTime) -> Self {
        Self {
            key,
            slot,
            number,
            until,
        }
    }
}

/// Keeps orders and runs. Several schedulers of one DVP share one; each operation is atomic. Whoever writes one runs
/// `orders_contract!` of `medmij-store-contract` on it.
///
/// Moments are those of the caller. The clocks of schedulers that share a store have to agree: where one is behind
/// another by some seconds, add as much to the pause ([`CollectingPolicy::with_pause`]).
///
/// After an error of [`start_run`](Self::start_run) nobody knows whether the run counts as started: send nothing. It is
/// collected in a later night.
pub trait OrderStore: Send + Sync {
    /// Adds an order; one that is there already stays. The run of a Persoon at a DVA gets its slot and its first
    /// moment with its first order.
    fn add_order(
        &self,
        order: Order,
        now: SystemTime,
        rules: (&CollectingPolicy, &SlotKey),
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Takes an order away; whether it was there. A run without orders is not collected, but what it says of the 24 hours
    /// stays until they are over.
    fn cancel_order(&self, order: &Order) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Takes away every order of a Persoon, such as at the end of the account or at death; how many there were.
    fn cancel_orders(&self, person: PersonId) -> impl Future<Output = Result<usize, StoreError>> + Send;

    /// The orders of a Persoon.
    fn orders(&self, person: PersonId) -> impl Future<Output = Result<Vec<Order>, StoreError>> + Send;

    /// Runs whose moment has come and that no other scheduler has, those that wait longest, for this scheduler until a
    /// moment. The caller asks only while [`CollectingPolicy::is_open`].
    fn lease_runs(
        &self,
        now: SystemTime,
        until: SystemTime,
        most: usize,
    ) -> impl Future<Output = Result<Vec<Lease>, StoreError>> + Send;

    /// Says, right before the first request, that a run begins, and gives what is to be collected in it. `None` where
    /// the lease is not this scheduler's any more, the 24 hours are not over, the window is closed, or the orders were
    /// cancelled: then nothing is sent. From here on the 24 hours count, whatever becomes of the scheduler.
    fn start_run(
        &self,
        lease: &Lease,
        now: SystemTime,
        policy: &CollectingPolicy,
    ) -> impl Future<Output = Result<Option<Run>, StoreError>> + Send;

    /// Says how a run ended. Its next moment is that of its slot in a later night.
    fn finish_run(
        &self,
        lease: &Lease,
        outcome: RunOutcome,
        now: SystemTime,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Gives a run back that was not started, to be tried in the next night, such as of an inactive account.
    fn skip_run(
        &self,
        lease: &Lease,
        now: SystemTime,
        policy: &CollectingPolicy,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Runs without a successful exchange since a moment, whose Persoon was not told of it yet; they count as told
    /// (core.gegevensuitwisseling.105).
    fn silent_runs(
        &self,
        since: SystemTime,
        most: usize,
    ) -> impl Future<Output = Result<Vec<RunKey>, StoreError>> + Send;

    /// Removes at most so many runs without orders whose 24 hours are over; how many went. Call it once a day.
    fn purge_runs(&self, now: SystemTime, most: usize) -> impl Future<Output = Result<usize, StoreError>> + Send;
}

impl<S: OrderStore> OrderStore for std::sync::Arc<S> {
    fn add_order(
        &self,
        order: Order,
        now: SystemTime,
        rules: (&CollectingPolicy, &SlotKey),
    ) -> impl Future<Output = Result<(), StoreError>> + Send {
        (**self).add_order(order, now, rules)
    }

    fn cancel_order(&self, order: &Order) -> impl Future<Output = Result<bool, StoreError>> + Send {
        (**self).cancel_order(order)
    }

    fn cancel_orders(&self, person: PersonId) -> impl Future<Output = Result<usize, StoreError>> + Send {
        (**self).cancel_orders(person)
    }

    fn orders(&self, person: PersonId) -> impl Future<Output = Result<Vec<Order>, StoreError>> + Send {
        (**self).orders(person)
    }

    fn lease_runs(
        &self,
        now: SystemTime,
        until: SystemTime,
        most: usize,
    ) -> impl Future<Output = Result<Vec<Lease>, StoreError>> + Send {
        (**self).lease_runs(now, until, most)
    }

    fn start_run(
        &self,
        lease: &Lease,
        now: SystemTime,
        policy: &CollectingPolicy,
    ) -> impl Future<Output = Result<Option<Run>, StoreError>> + Send {
        (**self).start_run(lease, now, policy)
    }

    fn finish_run(
        &self,
        lease: &Lease,
        outcome: RunOutcome,
        now: SystemTime,
    ) -> impl Future<Output = Result<(), StoreError>> + Send {
        (**self).finish_run(lease, outcome, now)
    }

    fn skip_run(
        &self,
        lease: &Lease,
        now: SystemTime,
        policy: &CollectingPolicy,
    ) -> impl Future<Output = Result<(), StoreError>> + Send {
        (**self).skip_run(lease, now, policy)
    }

    fn silent_runs(
        &self,
        since: SystemTime,
        most: usize,
    ) -> impl Future<Output = Result<Vec<RunKey>, StoreError>> + Send {
        (**self).silent_runs(since, most)
    }

    fn purge_runs(&self, now: SystemTime, most: usize) -> impl Future<Output = Result<usize, StoreError>> + Send {
        (**self).purge_runs(now, most)
    }
}
