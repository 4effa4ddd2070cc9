// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a flood does to connections, said now and then: a line for each of them would be a flood of its own

use std::sync::{Mutex, PoisonError};

use tokio::time::{Duration, Instant};

#[derive(Default)]
pub(super) struct Notices(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    said: Option<Instant>,
    evicted: u64,
    refused: u64,
    no_descriptor: u64,
}

impl Notices {
    /// An idle connection made room.
    pub(super) fn evicted(&self) {
        self.count(|counts| counts.evicted += 1);
    }

    /// A connection found no room.
    pub(super) fn refused(&self) {
        self.count(|counts| counts.refused += 1);
    }

    /// The process had no file descriptor for a connection.
    pub(super) fn no_descriptor(&self) {
        self.count(|counts| counts.no_descriptor += 1);
    }

    /// The first at once, then a sum for each stretch of time in which there were more.
    fn count(&self, add: impl FnOnce(&mut Counts)) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        add(&mut counts);
        let now = Instant::now();
        if counts.said.is_some_and(|said| now.duration_since(said) < EVERY) {
            return;
        }
        tracing::warn!(
            evicted = counts.evicted,
            refused = counts.refused,
            no_descriptor = counts.no_descriptor,
            rule = "R12",
            "connections had to make room"
        );
        *counts = Counts {
            said: Some(now),
            ..Counts::default()
        };
    }
}

const EVERY: Duration = Duration::from_secs(10);
