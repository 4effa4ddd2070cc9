// SPDX-License-Identifier: AGPL-3.0-or-later
//! How many requests are under way to one host.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

/// How many requests may be under way to one host together: over all collections that are driven with the same value or a
/// clone of it.
///
/// ```
/// use medmij_fhir::{Drive, HostLimit};
///
/// // one for the whole program: two collections at one Aanbieder share the four
/// let hosts = HostLimit::new(4);
/// let one = Drive::default().hosts(hosts.clone());
/// let two = Drive::default().hosts(hosts);
/// ```
#[derive(Debug, Clone)]
pub struct HostLimit {
    most: usize,
    hosts: Arc<Mutex<BTreeMap<String, Host>>>,
}

#[derive(Debug, Default)]
struct Host {
    open: usize,
    waiting: Vec<Waker>,
}

impl HostLimit {
    /// At most this many to each host, at least 1.
    #[must_use]
    pub fn new(requests: usize) -> Self {
        Self {
            most: requests.max(1),
            hosts: Arc::default(),
        }
    }

    /// Whether another request to this host can go at once.
    pub(super) fn has_room(&self, host: &str) -> bool {
        self.lock().get(host).is_none_or(|known| known.open < self.most)
    }

    /// Waits until a request to this host can go; it has ended when the slot is dropped.
    pub(super) async fn enter(&self, host: &str) -> Slot {
        poll_fn(|context| {
            let mut hosts = self.lock();
            let known = hosts.entry(host.to_owned()).or_default();
            if known.open < self.most {
                known.open += 1;
                return Poll::Ready(());
            }
            if !known.waiting.iter().any(|waker| waker.will_wake(context.waker())) {
                known.waiting.push(context.waker().clone());
            }
            Poll::Pending
        })
        .await;
        Slot {
            limit: self.clone(),
            host: host.to_owned(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Host>> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for HostLimit {
    /// Four to each host.
    fn default() -> Self {
        Self::new(4)
    }
}

/// The right to one request.
pub(super) struct Slot {
    limit: HostLimit,
    host: String,
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut hosts = self.limit.lock();
        let Some(known) = hosts.get_mut(&self.host) else { return };
        known.open = known.open.saturating_sub(1);
        // whoever waits looks again; those who find no room wait again
        let waiting = std::mem::take(&mut known.waiting);
        if known.open == 0 {
            hosts.remove(&self.host);
        }
        drop(hosts);
        waiting.into_iter().for_each(Waker::wake);
    }
}
