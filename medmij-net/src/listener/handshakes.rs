// SPDX-License-Identifier: AGPL-3.0-or-later
//! The handshakes under way: when there are too many, the oldest goes (fault R12)
//!
//! A good handshake takes milliseconds, a dripping one takes until its deadline. So the oldest is almost
//! surely not a good one, and good peers get in while thousands of others drip.

use std::collections::BTreeMap;

use tokio::sync::{mpsc, oneshot};

/// The places of handshakes, oldest first.
pub(super) struct Handshakes {
    limit: usize,
    next: u64,
    /// Dropping an entry ends its handshake.
    under_way: BTreeMap<u64, oneshot::Sender<()>>,
    done: mpsc::UnboundedReceiver<u64>,
    report: mpsc::UnboundedSender<u64>,
}

/// One place; gives itself back when dropped.
pub(super) struct Place {
    number: u64,
    report: mpsc::UnboundedSender<u64>,
    evicted: oneshot::Receiver<()>,
}

impl Handshakes {
    pub(super) fn new(limit: usize) -> Self {
        let (report, done) = mpsc::unbounded_channel();
        Self {
            limit: limit.max(1),
            next: 0,
            under_way: BTreeMap::new(),
            done,
            report,
        }
    }

    /// A new place, if need be that of the oldest.
    pub(super) fn enter(&mut self) -> Place {
        while self.under_way.len() >= self.limit {
            self.under_way.pop_first();
        }
        let (keep, evicted) = oneshot::channel();
        let number = self.next;
        self.next += 1;
        self.under_way.insert(number, keep);
        Place {
            number,
            report: self.report.clone(),
            evicted,
        }
    }

    /// Ends all of them.
    pub(super) fn clear(&mut self) {
        self.under_way.clear();
    }

    /// Waits until a handshake ends, and forgets it.
    pub(super) async fn tidy(&mut self) {
        if let Some(number) = self.done.recv().await {
            self.under_way.remove(&number);
        }
    }
}

impl Place {
    /// Ready when the place is taken away.
    pub(super) async fn evicted(&mut self) {
        // The sender never sends: the wait ends when it is dropped.
        let _ = (&mut self.evicted).await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = self.report.send(self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn r12_the_oldest_handshake_makes_room() {
        let mut handshakes = Handshakes::new(2);
        let (mut first, second) = (handshakes.enter(), handshakes.enter());
        let third = handshakes.enter();
        first.evicted().await;
        assert_eq!(handshakes.under_way.len(), 2);
        drop(second);
        handshakes.tidy().await;
        assert_eq!(handshakes.under_way.keys().copied().collect::<Vec<_>>(), [third.number]);
    }
}
