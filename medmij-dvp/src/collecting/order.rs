// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.gegevensuitwisseling.101 — the express order of a Persoon, and the run in which it is carried out.

use std::time::SystemTime;

use medmij_types::{Aanbiedernaam, GegevensdienstId, Hostname};

use crate::person_id::PersonId;

/// What a Persoon ordered to be collected automatically.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct Order {
    /// The Persoon who ordered it.
    pub person: PersonId,
    /// The DVA, by the host of its authorization server: the 24 hours count for each (core.gegevensuitwisseling.102).
    pub dva: Hostname,
    /// The Aanbieder.
    pub aanbieder: Aanbiedernaam,
    /// The Gegevensdienst.
    pub gegevensdienst: GegevensdienstId,
}

impl Order {
    /// An order.
    #[must_use]
    pub const fn new(
        person: PersonId,
        dva: Hostname,
        aanbieder: Aanbiedernaam,
        gegevensdienst: GegevensdienstId,
    ) -> Self {
        Self {
            person,
            dva,
            aanbieder,
            gegevensdienst,
        }
    }

    /// The run in which it is carried out.
    #[must_use]
    pub fn run(&self) -> RunKey {
        RunKey {
            person: self.person,
            dva: self.dva.clone(),
        }
    }
}

/// A Persoon at a DVA: everything ordered there is collected in one run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct RunKey {
    /// The Persoon.
    pub person: PersonId,
    /// The DVA.
    pub dva: Hostname,
}

impl RunKey {
    /// A Persoon at a DVA.
    #[must_use]
    pub const fn new(person: PersonId, dva: Hostname) -> Self {
        Self { person, dva }
    }
}

/// When a Persoon was collected at a DVA, and when next.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Run {
    /// Whose, and where.
    pub key: RunKey,
    /// What is collected: the orders as they stand when it begins.
    pub orders: Vec<Order>,
    /// When the run before began.
    pub last_start: Option<SystemTime>,
    /// When the last exchange succeeded; the moment of the first order where none has yet.
    pub last_success: SystemTime,
}

impl Run {
    /// For a store.
    #[must_use]
    pub const fn new(
        key: RunKey,
        orders: Vec<Order>,
        last_start: Option<SystemTime>,
        last_success: SystemTime,
    ) -> Self {
        Self {
            key,
            orders,
            last_start,
            last_success,
        }
    }
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RunOutcome {
    /// Something was exchanged: the Persoon is told (core.gegevensuitwisseling.104).
    Collected,
    /// Nothing could be exchanged.
    Failed,
}
