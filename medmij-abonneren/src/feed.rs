// SPDX-License-Identifier: AGPL-3.0-or-later
//! ext.abo.rscnotint.206 — what is new at a bronsysteem, as a feed that a DVA reads on from where it was.

use std::future::Future;
use std::time::SystemTime;

use medmij_oauth::seal::PersoonIndex;
use medmij_types::{Aanbiedernaam, GegevensdienstId};

/// That there is something new of a Persoon; not what.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// The Persoon.
    pub persoon: PersoonIndex,
    /// The Aanbieder.
    pub aanbieder: Aanbiedernaam,
    /// The gegevensdienst for which it can be collected.
    pub gegevensdienst: GegevensdienstId,
    /// Since when it can be collected: the hour counts from here.
    pub available: SystemTime,
}

impl Change {
    /// A change.
    #[must_use]
    pub fn new(
        persoon: PersoonIndex,
        aanbieder: Aanbiedernaam,
        gegevensdienst: GegevensdienstId,
        available: SystemTime,
    ) -> Self {
        Self {
            persoon,
            aanbieder,
            gegevensdienst,
            available,
        }
    }
}

/// A part of a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Changes {
    /// The changes, in the order of the feed.
    pub changes: Vec<Change>,
    /// Where to read on; the place that was asked when there is nothing new.
    pub position: String,
}

impl Changes {
    /// A part that ends at this position.
    #[must_use]
    pub fn new(changes: Vec<Change>, position: impl Into<String>) -> Self {
        Self {
            changes,
            position: position.into(),
        }
    }
}

/// A feed that cannot be read now; the text is for the operator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("change feed cannot be read: {0}")]
pub struct FeedError(pub String);

/// The changes of one bronsysteem in an order that stays: what was given once keeps its place, and what is new comes after.
pub trait ChangeFeed: Send + Sync {
    /// At most `most` changes after a position, or from the beginning.
    fn after(&self, position: Option<&str>, most: usize) -> impl Future<Output = Result<Changes, FeedError>> + Send;
}
