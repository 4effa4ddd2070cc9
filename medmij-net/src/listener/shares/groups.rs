// SPDX-License-Identifier: AGPL-3.0-or-later
//! How many connections each key holds, and which of them wait, oldest first

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

pub(super) struct Groups<K>(HashMap<K, Group>);

#[derive(Default)]
struct Group {
    held: usize,
    /// Since when, and which one.
    idle: BTreeMap<u64, u64>,
    handshakes: BTreeMap<u64, u64>,
}

impl<K> Default for Groups<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Hash + Eq + Clone> Groups<K> {
    pub(super) fn join(&mut self, key: &K) {
        self.0.entry(key.clone()).or_default().held += 1;
    }

    pub(super) fn wait(&mut self, key: &K, since: u64, number: u64, handshaking: bool) {
        if let Some(group) = self.0.get_mut(key) {
            let queue = if handshaking {
                &mut group.handshakes
            } else {
                &mut group.idle
            };
            queue.insert(since, number);
        }
    }

    pub(super) fn stop_waiting(&mut self, key: &K, since: u64) {
        if let Some(group) = self.0.get_mut(key) {
            group.idle.remove(&since);
            group.handshakes.remove(&since);
        }
    }

    pub(super) fn leave(&mut self, key: &K, waiting: Option<u64>) {
        if let Some(since) = waiting {
            self.stop_waiting(key, since);
        }
        if let Some(group) = self.0.get_mut(key) {
            group.held -= 1;
            if group.held == 0 {
                self.0.remove(key);
            }
        }
    }

    pub(super) fn held(&self, key: &K) -> usize {
        self.0.get(key).map_or(0, |group| group.held)
    }

    pub(super) fn handshakes(&self, key: &K) -> usize {
        self.0.get(key).map_or(0, |group| group.handshakes.len())
    }

    pub(super) fn oldest(&self, key: &K) -> Option<u64> {
        self.0.get(key).and_then(Group::oldest)
    }

    pub(super) fn oldest_handshake(&self, key: &K) -> Option<u64> {
        self.0.get(key).and_then(Group::oldest_handshake)
    }

    /// The oldest handshake of the key that has most of them under way.
    pub(super) fn most_handshakes(&self) -> Option<u64> {
        let groups = self.0.values();
        groups
            .max_by_key(|group| group.handshakes.len())
            .and_then(Group::oldest_handshake)
    }

    /// The oldest waiting connection of the key that holds most, among those that have one.
    pub(super) fn oldest_of_the_largest(&self) -> Option<u64> {
        let waiting = self.0.values().filter(|group| group.oldest().is_some());
        waiting.max_by_key(|group| group.held).and_then(Group::oldest)
    }
}

impl Group {
    fn oldest(&self) -> Option<u64> {
        let (idle, handshake) = (self.idle.first_key_value(), self.handshakes.first_key_value());
        idle.into_iter().chain(handshake).min().map(|(_, number)| *number)
    }

    fn oldest_handshake(&self) -> Option<u64> {
        self.handshakes.first_key_value().map(|(_, number)| *number)
    }
}
