// SPDX-License-Identifier: AGPL-3.0-or-later
//! Who holds how many connections, and whose oldest idle one makes room (fault R12)
//!
//! No peer takes what all share: there is a cap for each address, for each Node and for the whole listener. At
//! each of them a newcomer takes the place of the oldest connection that waits for something: for the rest of a
//! handshake, or for the next request. A connection that is being answered is never ended for another, and a handshake has
//! a second before it is: a flood of one address finds the door closed meanwhile, which costs next to nothing. Where the
//! listener as a whole is full, whoever holds most makes room, so that a flood costs its own sender only.

mod groups;
mod site;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use medmij_types::Hostname;
use tokio::sync::{Notify, oneshot};
use tokio::time::{Duration, Instant};

use super::limits::Caps;
use super::notices::Notices;
use groups::Groups;
pub(super) use site::Site;

/// The places of a listener.
pub(super) struct Shares {
    caps: Caps,
    table: Mutex<Table>,
    /// Evicted connections that still hold their socket.
    leaving: AtomicUsize,
    left: Notify,
    notices: Notices,
}

#[derive(Default)]
struct Table {
    next: u64,
    entries: HashMap<u64, Entry>,
    sites: Groups<Site>,
    nodes: Groups<Hostname>,
    handshakes: usize,
    requests: HashMap<Hostname, usize>,
}

struct Entry {
    /// Dropping it tells the connection to go.
    _evict: oneshot::Sender<()>,
    site: Site,
    node: Option<Hostname>,
    /// Since when it waits, in the order of the table; `None` while a request is being answered.
    waiting: Option<u64>,
    handshaking: bool,
    since: Instant,
    answering: usize,
}

/// One place. The last clone gives it back.
#[derive(Clone)]
pub(super) struct Place(Arc<Held>);

struct Held {
    shares: Arc<Shares>,
    number: u64,
}

/// Tells a connection that its place was taken.
pub(super) struct Eviction(oneshot::Receiver<()>);

/// A request that is being answered; until it is dropped its connection is not idle.
pub(super) struct Answering(Place);

/// A request of a Node that comes through a proxy, counted until it is dropped.
pub(super) struct NodeRequest {
    shares: Arc<Shares>,
    node: Hostname,
}

impl Shares {
    pub(super) fn new(caps: Caps) -> Arc<Self> {
        Arc::new(Self {
            caps,
            table: Mutex::default(),
            leaving: AtomicUsize::new(0),
            left: Notify::new(),
            notices: Notices::default(),
        })
    }

    /// A place for a connection that begins its handshake; `None` where everybody who could make room is at work.
    pub(super) fn enter(self: &Arc<Self>, site: Site) -> Option<(Place, Eviction)> {
        let mut table = self.table();
        if table.handshakes >= self.caps.handshakes {
            let busiest = table.sites.most_handshakes();
            if !self.evict_slow(&mut table, busiest) {
                self.notices.refused();
                return None;
            }
        }
        if !self.has_room_at(&mut table, &site) {
            self.notices.refused();
            return None;
        }
        if table.entries.len() >= self.caps.total && !self.evict_one(&mut table) {
            self.notices.refused();
            return None;
        }
        let (evict, evicted) = oneshot::channel();
        let number = table.take_number();
        table.handshakes += 1;
        table.sites.join(&site);
        table.sites.wait(&site, number, number, true);
        let entry = Entry {
            _evict: evict,
            site,
            node: None,
            waiting: Some(number),
            handshaking: true,
            since: Instant::now(),
            answering: 0,
        };
        table.entries.insert(number, entry);
        drop(table);
        let shares = Arc::clone(self);
        Some((Place(Arc::new(Held { shares, number })), Eviction(evicted)))
    }

    /// Ends the oldest idle connection of whoever holds most; false where nobody is idle.
    fn evict_one(&self, table: &mut Table) -> bool {
        let oldest = table.sites.oldest_of_the_largest();
        self.evict(table, oldest)
    }

    /// Room for one more of `site`, under its cap for connections and that for handshakes.
    fn has_room_at(&self, table: &mut Table, site: &Site) -> bool {
        if !site.is_capped() {
            return true;
        }
        if table.sites.held(site) >= self.caps.address {
            let oldest = table.sites.oldest(site);
            if !self.evict(table, oldest) {
                return false;
            }
        }
        if table.sites.handshakes(site) >= self.caps.address_handshakes {
            let oldest = table.sites.oldest_handshake(site);
            return self.evict_slow(table, oldest);
        }
        true
    }

    /// The process has no descriptor left: whoever holds most of this listener's gives one back. Ready when there is
    /// reason to try again.
    pub(super) async fn make_descriptor(&self) {
        let left = self.left.notified();
        // Those that go already may be enough.
        if self.leaving.load(Ordering::Acquire) == 0 {
            self.evict_one(&mut self.table());
        }
        self.notices.no_descriptor();
        let _ = tokio::time::timeout(RETRY, left).await;
    }

    /// Whether one more request of this Node may be answered at the same time.
    pub(super) fn begin_request(self: &Arc<Self>, node: &Hostname) -> Option<NodeRequest> {
        let mut table = self.table();
        let count = table.requests.entry(node.clone()).or_default();
        if *count >= self.caps.node {
            return None;
        }
        *count += 1;
        Some(NodeRequest {
            shares: Arc::clone(self),
            node: node.clone(),
        })
    }

    /// Ends a handshake that had its time.
    fn evict_slow(&self, table: &mut Table, number: Option<u64>) -> bool {
        let started = number
            .and_then(|number| table.entries.get(&number))
            .map(|entry| entry.since);
        started.is_some_and(|started| started.elapsed() >= HANDSHAKE) && self.evict(table, number)
    }

    fn evict(&self, table: &mut Table, number: Option<u64>) -> bool {
        let Some(number) = number else { return false };
        if table.remove(number) {
            self.leaving.fetch_add(1, Ordering::AcqRel);
            self.notices.evicted();
            true
        } else {
            false
        }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn take_number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Forgets a connection; false where it is not there any more.
    fn remove(&mut self, number: u64) -> bool {
        let Some(entry) = self.entries.remove(&number) else {
            return false;
        };
        self.sites.leave(&entry.site, entry.waiting);
        if let Some(node) = &entry.node {
            self.nodes.leave(node, entry.waiting);
        }
        self.handshakes -= usize::from(entry.handshaking);
        true
    }
}

impl Place {
    /// The connection is of this address: it was told by the PROXY protocol. False where there is no room.
    pub(super) fn locate(&self, site: Site) -> bool {
        let shares = &self.0.shares;
        let mut table = shares.table();
        if !table.entries.contains_key(&self.0.number) || !shares.has_room_at(&mut table, &site) {
            return false;
        }
        let table = &mut *table;
        let Some(entry) = table.entries.get_mut(&self.0.number) else {
            return false;
        };
        table.sites.leave(&entry.site, entry.waiting);
        entry.site = site;
        table.sites.join(&entry.site);
        if let Some(since) = entry.waiting {
            table.sites.wait(&entry.site, since, self.0.number, entry.handshaking);
        }
        true
    }

    /// The handshake is over.
    pub(super) fn greeted(&self) {
        let mut table = self.0.shares.table();
        let since = table.take_number();
        let table = &mut *table;
        let Some(entry) = table.entries.get_mut(&self.0.number) else {
            return;
        };
        if std::mem::take(&mut entry.handshaking) {
            table.handshakes -= 1;
        }
        if let Some(before) = entry.waiting.replace(since) {
            table.sites.stop_waiting(&entry.site, before);
        }
        table.sites.wait(&entry.site, since, self.0.number, false);
    }

    /// The connection is of this Node. False where it holds as many as it may, all of them at work.
    pub(super) fn join(&self, node: &Hostname) -> bool {
        let shares = &self.0.shares;
        let mut table = shares.table();
        if table.nodes.held(node) >= shares.caps.node {
            let oldest = table.nodes.oldest(node);
            if !shares.evict(&mut table, oldest) {
                shares.notices.refused();
                return false;
            }
        }
        let table = &mut *table;
        let Some(entry) = table.entries.get_mut(&self.0.number) else {
            return false;
        };
        entry.node = Some(node.clone());
        table.nodes.join(node);
        if let Some(since) = entry.waiting {
            table.nodes.wait(node, since, self.0.number, false);
        }
        true
    }

    /// A request is being answered.
    pub(super) fn answering(&self) -> Answering {
        let mut table = self.0.shares.table();
        let table = &mut *table;
        if let Some(entry) = table.entries.get_mut(&self.0.number) {
            entry.answering += 1;
            if let Some(since) = entry.waiting.take() {
                table.sites.stop_waiting(&entry.site, since);
                if let Some(node) = &entry.node {
                    table.nodes.stop_waiting(node, since);
                }
            }
        }
        Answering(self.clone())
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        let number = self.0.0.number;
        let mut table = self.0.0.shares.table();
        let since = table.take_number();
        let table = &mut *table;
        let Some(entry) = table.entries.get_mut(&number) else {
            return;
        };
        entry.answering -= 1;
        if entry.answering == 0 && entry.waiting.is_none() {
            entry.waiting = Some(since);
            table.sites.wait(&entry.site, since, number, false);
            if let Some(node) = &entry.node {
                table.nodes.wait(node, since, number, false);
            }
        }
    }
}

impl Drop for NodeRequest {
    fn drop(&mut self) {
        let mut table = self.shares.table();
        if let Some(count) = table.requests.get_mut(&self.node) {
            *count -= 1;
            if *count == 0 {
                table.requests.remove(&self.node);
            }
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if !self.shares.table().remove(self.number) {
            // Evicted before, and now its socket is closed.
            self.shares.leaving.fetch_sub(1, Ordering::AcqRel);
        }
        self.shares.left.notify_waiters();
    }
}

impl Eviction {
    /// Ready when the place is taken away.
    pub(super) async fn evicted(&mut self) {
        // The sender never sends: the wait ends when it is dropped.
        let _ = (&mut self.0).await;
    }
}

/// How long to wait for a descriptor before looking again.
const RETRY: Duration = Duration::from_millis(20);

/// How long a handshake may take before it makes room for another: some round trips, and the work of both sides.
const HANDSHAKE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
