// SPDX-License-Identifier: AGPL-3.0-or-later
//! Which names need which.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A directed graph of names.
#[derive(Default)]
pub(super) struct Graph(BTreeMap<String, BTreeSet<String>>);

impl Graph {
    pub(super) fn add(&mut self, from: &str, to: &str) {
        self.0.entry(from.to_owned()).or_default().insert(to.to_owned());
    }

    /// The shortest ring through each name, once for each set of names; it ends with the name it begins with.
    pub(super) fn rings(&self) -> Vec<Vec<String>> {
        let mut known = BTreeSet::new();
        self.0
            .keys()
            .filter_map(|name| self.ring(name))
            .filter(|ring| known.insert(ring.iter().cloned().collect::<BTreeSet<_>>()))
            .collect()
    }

    fn ring(&self, name: &str) -> Option<Vec<String>> {
        let mut queue = VecDeque::from([vec![name.to_owned()]]);
        let mut visited = BTreeSet::new();
        while let Some(path) = queue.pop_front() {
            for next in path.last().and_then(|last| self.0.get(last)).into_iter().flatten() {
                let longer = || path.iter().chain([next]).cloned().collect::<Vec<_>>();
                if next == name {
                    return Some(longer());
                }
                if visited.insert(next) {
                    queue.push_back(longer());
                }
            }
        }
        None
    }
}
