// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.102 — events are recorded at the moment they happen.

use std::sync::{Mutex, PoisonError};

use crate::{Event, EventType};

/// Receives events. It is called on the path of a request: hand the event to a queue and return.
pub trait Observer: Send + Sync + 'static {
    /// Takes one event.
    fn observe(&self, event: Event);
}

/// Drops every event.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoObserver;

impl Observer for NoObserver {
    fn observe(&self, _event: Event) {}
}

/// Keeps every event in memory, for tests and demonstrations.
#[derive(Debug, Default)]
pub struct MemoryObserver(Mutex<Vec<Event>>);

impl MemoryObserver {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The events so far.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The types of the events so far, in order.
    #[must_use]
    pub fn types(&self) -> Vec<EventType> {
        self.events().into_iter().map(|event| event.event_type).collect()
    }

    /// Takes the events out.
    pub fn drain(&self) -> Vec<Event> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Observer for MemoryObserver {
    fn observe(&self, event: Event) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(event);
    }
}
