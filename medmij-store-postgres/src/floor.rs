// SPDX-License-Identifier: AGPL-3.0-or-later
//! Case O16, R10 — the floor of a store: the database has no clock but the wall clock, so each replica tells it how far its own
//! monotonic clock has gone. No wall clock that jumps moves it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use medmij_oauth::storage::StoreClockState;
use medmij_types::Clock;

use crate::{
    error::Failure,
    pool::Connections,
    row::{column, micros},
};

/// What this replica last saw of the floor of a schema.
pub(crate) struct Floor {
    sql: String,
    clock: Arc<dyn Clock>,
    last: Mutex<Option<Seen>>,
}

#[derive(Clone, Copy)]
struct Seen {
    floor: i64,
    epoch: i64,
    at: Duration,
}

impl Floor {
    /// The floor of a schema; nothing is asked yet.
    pub(crate) fn new(schema: &str, clock: Arc<dyn Clock>) -> Self {
        Self {
            sql: format!("SELECT seen, epoch, apart FROM {schema}.advance_floor($1, $2, $3)"),
            clock,
            last: Mutex::default(),
        }
    }

    /// Moves the floor, where that was some time ago.
    pub(crate) async fn keep(&self, connections: &Connections) -> Result<(), Failure> {
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let elapsed = last.map(|seen| self.clock.monotonic().saturating_sub(seen.at));
        if elapsed.is_some_and(|elapsed| elapsed < EVERY) {
            return Ok(());
        }
        self.advance(connections).await.map(drop)
    }

    /// Moves the floor; how it stands to the wall clock.
    pub(crate) async fn advance(&self, connections: &Connections) -> Result<StoreClockState, Failure> {
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let at = self.clock.monotonic();
        let elapsed = last.map_or(0, |seen| micros(at.saturating_sub(seen.at)));
        let (seen, epoch) = (last.map(|seen| seen.floor), last.map(|seen| seen.epoch));
        let row = connections.row(&self.sql, &[&seen, &epoch, &elapsed]).await?;
        let seen = Seen {
            floor: column(&row, "seen")?,
            epoch: column(&row, "epoch")?,
            at,
        };
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen);
        let apart = column::<i64>(&row, "apart")?.unsigned_abs();
        Ok(StoreClockState::new(Duration::from_micros(apart)))
    }
}

/// The floor lags by this much at most while a replica works.
const EVERY: Duration = Duration::from_secs(10);
