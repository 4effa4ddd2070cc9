// SPDX-License-Identifier: AGPL-3.0-or-later
//! Orders and runs in a store that several schedulers share.

use std::{future::Future, time::SystemTime};

use super::{CollectingPolicy, Order, Outcome, Run, RunKey, SlotKey};
use crate::person::PersonId;

/// A run that one scheduler has for a while.
#[derive(Debug)]
#[non_exhaustive]
pub struct Lease {
    /// The run.
    pub run: Run,
    /// What tells this lease from a later one of the same run.
    pub number: u64,
    /// When another scheduler can take it, unless it was started.
    pub until: SystemTime,
}

impl Lease {
    /// For a store.
    #[must_use]
    pub const fn new(run: Run, number: u64, until: SystemTime) -> Self {
        Self { run, number, until }
    }
}

/// A store cannot answer.
#[derive(Debug, thiserror::Error)]
#[error("store of automatic collecting does not answer")]
pub struct OrderStoreError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl OrderStoreError {
    /// With its cause.
    pub fn new(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(source.into())
    }
}

/// Keeps orders and runs. Several schedulers of one DVP share one; each operation is atomic.
pub trait OrderStore: Send + Sync {
    /// Adds an order; one that is there already stays. The run of a Persoon at a DVA gets its slot and its first
    /// moment with its first order.
    fn add(
        &self,
        order: Order,
        now: SystemTime,
        rules: (&CollectingPolicy, &SlotKey),
    ) -> impl Future<Output = Result<(), OrderStoreError>> + Send;

    /// Takes an order away; a run without orders goes with its last one, but what it says of the 24 hours stays until
    /// they are over.
    fn cancel(&self, order: &Order) -> impl Future<Output = Result<bool, OrderStoreError>> + Send;

    /// Takes away everything of a Persoon, such as at the end of the account or at death.
    fn cancel_all(&self, person: PersonId) -> impl Future<Output = Result<usize, OrderStoreError>> + Send;

    /// The orders of a Persoon.
    fn orders(&self, person: PersonId) -> impl Future<Output = Result<Vec<Order>, OrderStoreError>> + Send;

    /// Runs whose moment has come and that no other scheduler has, the earliest first, for this scheduler until a
    /// moment. The caller asks only while [`CollectingPolicy::is_open`].
    fn lease(
        &self,
        now: SystemTime,
        until: SystemTime,
        most: usize,
    ) -> impl Future<Output = Result<Vec<Lease>, OrderStoreError>> + Send;

    /// Says, right before the first request, that the run begins; `false` where the lease is not this scheduler's any
    /// more, or where the 24 hours are not over: then nothing is sent. From here on the 24 hours count, whatever
    /// becomes of the scheduler.
    fn start(
        &self,
        lease: &Lease,
        now: SystemTime,
        policy: &CollectingPolicy,
    ) -> impl Future<Output = Result<bool, OrderStoreError>> + Send;

    /// Says how a run ended. Its next moment is that of its slot in a later night.
    fn finish(
        &self,
        lease: &Lease,
        outcome: Outcome,
        now: SystemTime,
    ) -> impl Future<Output = Result<(), OrderStoreError>> + Send;

    /// Gives a run back that was not started, to be tried in the next night, such as of an inactive account.
    fn skip(
        &self,
        lease: &Lease,
        now: SystemTime,
        policy: &CollectingPolicy,
    ) -> impl Future<Output = Result<(), OrderStoreError>> + Send;

    /// Runs without a successful exchange since a moment, whose Persoon was not told of it yet; they count as told
    /// (core.gegevensuitwisseling.105).
    fn silent(
        &self,
        since: SystemTime,
        most: usize,
    ) -> impl Future<Output = Result<Vec<RunKey>, OrderStoreError>> + Send;
}
