// SPDX-License-Identifier: AGPL-3.0-or-later
//! Finds an entry by its key. Built while reading, where it also proves uniqueness (`xs:unique`) in linear time.

use std::{
    fmt,
    hash::{BuildHasher as _, Hasher as _, RandomState},
};

use hashbrown::{HashTable, hash_table::Entry};

/// From a key, compared exactly, to the number of an entry. The text of a key is that of the entry; the index holds the
/// number only.
///
/// The hash is SipHash, keyed at random: names in a list cannot be chosen to collide.
#[derive(Clone, Default)]
pub struct KeyIndex {
    hasher: RandomState,
    entries: HashTable<u32>,
}

impl KeyIndex {
    /// The entry with this key. `text` returns the key of an entry.
    pub fn find<'t>(&self, key: &str, text: impl Fn(u32) -> Option<&'t str>) -> Option<u32> {
        let is_it = |entry: &u32| text(*entry) == Some(key);
        self.entries.find(hash(&self.hasher, key), is_it).copied()
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds a key. Where it is there already, the error is the entry that has it.
    #[inline]
    pub(crate) fn insert<'t>(
        &mut self,
        key: &str,
        entry: u32,
        text: impl Fn(u32) -> Option<&'t str>,
    ) -> Result<(), u32> {
        let Self { hasher, entries } = self;
        let is_it = |entry: &u32| text(*entry) == Some(key);
        let rehash = |entry: &u32| hash(hasher, text(*entry).unwrap_or_default());
        match entries.entry(hash(hasher, key), is_it, rehash) {
            Entry::Occupied(first) => Err(*first.get()),
            Entry::Vacant(free) => {
                free.insert(entry);
                Ok(())
            }
        }
    }

    /// Makes room for so many keys in all.
    pub(crate) fn reserve<'t>(&mut self, keys: usize, text: impl Fn(u32) -> Option<&'t str>) {
        let Self { hasher, entries } = self;
        let rehash = |entry: &u32| hash(hasher, text(*entry).unwrap_or_default());
        entries.reserve(keys.saturating_sub(entries.len()), rehash);
    }

    /// Forgets the keys. What it takes is in proportion to how many there were.
    pub(crate) fn clear(&mut self) {
        if self.entries.capacity() > self.entries.len() * 4 + 64 {
            self.entries = HashTable::new();
        } else {
            self.entries.clear();
        }
    }
}

#[inline]
fn hash(hasher: &RandomState, key: &str) -> u64 {
    let mut hasher = hasher.build_hasher();
    hasher.write(key.as_bytes());
    hasher.finish()
}

impl fmt::Debug for KeyIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyIndex")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Vec<String> {
        (0..5000)
            .map(|n| format!("sleutel{}", "x".repeat(n % 90) + &n.to_string()))
            .collect()
    }

    fn filled(keys: &[String]) -> KeyIndex {
        let mut index = KeyIndex::default();
        let text = |n: u32| keys.get(n as usize).map(String::as_str);
        assert_eq!(index.find("a", text), None);
        for (n, key) in (0..).zip(keys) {
            if n == 300 {
                index.reserve(4000, text);
            }
            assert_eq!(index.insert(key, n, text), Ok(()));
            assert_eq!(index.insert(key, 7, text), Err(n));
        }
        index
    }

    #[test]
    fn finds_what_was_put_in_and_nothing_else() {
        let keys = keys();
        let text = |n: u32| keys.get(n as usize).map(String::as_str);
        let index = filled(&keys);
        for (n, key) in (0..).zip(&keys) {
            assert_eq!(index.find(key, text), Some(n));
        }
        for missing in ["sleutel5000", "", "sleutel", "Sleutel0"] {
            assert_eq!(index.find(missing, text), None);
        }
        assert_eq!(index.len(), 5000);
    }

    #[test]
    fn a_second_time_names_the_first() {
        let keys = ["", "", "", "a.nl", "A.nl", "a.nl"];
        let text = |n: u32| keys.get(n as usize).copied();
        let mut index = KeyIndex::default();
        assert_eq!(index.insert("a.nl", 3, text), Ok(()));
        assert_eq!(index.insert("a.nl", 5, text), Err(3));
        assert_eq!(index.insert("A.nl", 4, text), Ok(()));
        index.clear();
        assert_eq!((index.find("a.nl", text), index.is_empty()), (None, true));
        assert_eq!(index.insert("a.nl", 5, text), Ok(()));
    }

    #[test]
    fn clearing_gives_back_what_was_needed_once() {
        let keys = keys();
        let mut index = filled(&keys);
        index.clear();
        assert!(
            index.entries.capacity() >= 5000,
            "it was full, so filling it again is in proportion"
        );
        assert_eq!(index.insert("a", 0, |_| None), Ok(()));
        index.clear();
        assert_eq!(index.entries.capacity(), 0);
    }

    #[test]
    fn l6_every_index_is_keyed_anew() {
        let hashes: std::collections::HashSet<u64> = (0..20)
            .map(|_| hash(&KeyIndex::default().hasher, "node.example.nl"))
            .collect();
        assert_eq!(hashes.len(), 20);
    }
}
