// SPDX-License-Identifier: AGPL-3.0-or-later
//! Rows in slots, found by their key: what points at a row holds four bytes, and a row costs five to ten bytes beside itself.

use std::hash::{BuildHasher as _, Hash, RandomState};

use hashbrown::{HashTable, hash_table::Entry};

/// What has a key of its own.
pub(super) trait Row {
    type Key: Eq + Hash;

    fn key(&self) -> &Self::Key;
}

/// Where a row is. A slot is given again when its row has gone.
pub(super) type Slot = u32;

#[derive(Debug)]
pub(super) struct Table<R> {
    slots: Vec<Option<R>>,
    free: Vec<Slot>,
    index: HashTable<Slot>,
    hasher: RandomState,
}

impl<R: Row> Table<R> {
    pub(super) fn len(&self) -> usize {
        self.index.len()
    }

    pub(super) fn find(&self, key: &R::Key) -> Option<Slot> {
        let is = |slot: &Slot| row(&self.slots, *slot).is_some_and(|row| row.key() == key);
        self.index.find(self.hasher.hash_one(key), is).copied()
    }

    pub(super) fn has(&self, key: &R::Key) -> bool {
        self.find(key).is_some()
    }

    pub(super) fn at(&self, slot: Slot) -> Option<&R> {
        row(&self.slots, slot)
    }

    pub(super) fn at_mut(&mut self, slot: Slot) -> Option<&mut R> {
        self.slots.get_mut(slot as usize)?.as_mut()
    }

    pub(super) fn by_key(&self, key: &R::Key) -> Option<&R> {
        self.at(self.find(key)?)
    }

    /// Adds a row; `None` where its key is there already, or where there are four milliard rows.
    pub(super) fn insert(&mut self, new: R) -> Option<Slot> {
        let Self {
            slots,
            free,
            index,
            hasher,
        } = self;
        let is = |slot: &Slot| row(slots, *slot).is_some_and(|row| row.key() == new.key());
        let hash = |slot: &Slot| row(slots, *slot).map_or(0, |row| hasher.hash_one(row.key()));
        let Entry::Vacant(vacant) = index.entry(hasher.hash_one(new.key()), is, hash) else {
            return None;
        };
        let slot = match free.last() {
            Some(slot) => *slot,
            None => Slot::try_from(slots.len()).ok()?,
        };
        vacant.insert(slot);
        match slots.get_mut(slot as usize) {
            Some(place) => {
                *place = Some(new);
                free.pop();
            }
            None => slots.push(Some(new)),
        }
        Some(slot)
    }

    pub(super) fn remove(&mut self, slot: Slot) -> Option<R> {
        let gone = self.slots.get_mut(slot as usize)?.take()?;
        let hash = self.hasher.hash_one(gone.key());
        if let Ok(entry) = self.index.find_entry(hash, |each| *each == slot) {
            entry.remove();
        }
        self.free.push(slot);
        Some(gone)
    }
}

impl<R> Default for Table<R> {
    fn default() -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            index: HashTable::new(),
            hasher: RandomState::new(),
        }
    }
}

fn row<R>(slots: &[Option<R>], slot: Slot) -> Option<&R> {
    slots.get(slot as usize)?.as_ref()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, PartialEq)]
    struct Pair(u8, u32);

    impl Row for Pair {
        type Key = u8;

        fn key(&self) -> &u8 {
            &self.0
        }
    }

    proptest! {
        #[test]
        fn a_table_does_as_a_map_does(steps in prop::collection::vec((any::<bool>(), any::<u8>(), any::<u32>()), 0..500)) {
            let (mut table, mut map) = (Table::default(), HashMap::new());
            for (insert, key, value) in steps {
                if insert {
                    let new = table.insert(Pair(key, value)).is_some();
                    prop_assert_eq!(new, !map.contains_key(&key));
                    map.entry(key).or_insert(value);
                } else {
                    let gone = table.find(&key).and_then(|slot| table.remove(slot));
                    prop_assert_eq!(gone.map(|pair| pair.1), map.remove(&key));
                }
                prop_assert_eq!(table.len(), map.len());
                prop_assert!(table.slots.len() <= 256, "slots are given again");
            }
            for key in 0..=u8::MAX {
                prop_assert_eq!(table.by_key(&key).map(|pair| &pair.1), map.get(&key));
            }
        }
    }
}
