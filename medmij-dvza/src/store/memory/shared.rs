// SPDX-License-Identifier: AGPL-3.0-or-later
//! Values that very many rows have in common, kept once: names of clients, Aanbieders and hosts, scopes.

use std::{collections::HashSet, hash::Hash, sync::Arc};

#[derive(Debug)]
pub(super) struct Shared<T> {
    values: HashSet<Arc<T>>,
    sweep_at: usize,
}

impl<T: Eq + Hash> Shared<T> {
    /// The one that is kept of this value.
    pub(super) fn of(&mut self, value: T) -> Arc<T> {
        if let Some(known) = self.values.get(&value) {
            return Arc::clone(known);
        }
        if self.values.len() >= self.sweep_at {
            // what no row holds any more goes; so there are never more than twice as many as rows hold
            self.values.retain(|value| Arc::strong_count(value) > 1);
            self.sweep_at = (self.values.len() * 2).max(FEW);
        }
        let value = Arc::new(value);
        self.values.insert(Arc::clone(&value));
        value
    }
}

impl<T> Default for Shared<T> {
    fn default() -> Self {
        Self {
            values: HashSet::new(),
            sweep_at: FEW,
        }
    }
}

const FEW: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_are_one_and_unused_ones_go() {
        let mut shared = Shared::default();
        let (a, b) = (shared.of("a".to_owned()), shared.of("a".to_owned()));
        assert!(Arc::ptr_eq(&a, &b));
        for n in 0..10_000 {
            drop(shared.of(n.to_string()));
        }
        assert!(shared.values.len() <= FEW);
        assert!(Arc::ptr_eq(&a, &shared.of("a".to_owned())));
    }
}
