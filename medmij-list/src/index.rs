// SPDX-License-Identifier: AGPL-3.0-or-later
//! Finds an entry by its key. Built while reading, where it also proves uniqueness (`xs:unique`) in linear time.

mod hash;
mod packed;

use std::fmt;

use hash::KeyHasher;
use packed::{Packed, Records};

/// From a key, compared exactly, to the number of an entry.
///
/// While a list is read, the index holds a hash and a number per key, and the text of a key is that of the entry. At the
/// end the keys are packed beside their numbers in lines of the processor's cache, so that a look-up mostly touches one; unless the list is so large, for what stands in it, that the copy would cost too much memory. The hash is
/// keyed at random: names in a list cannot be chosen to collide.
#[derive(Clone, Default)]
pub struct KeyIndex {
    hasher: KeyHasher,
    /// Hash and number plus one, in the order of the hashes but for what was pushed aside; zero is free.
    slots: Vec<(u32, u32)>,
    len: usize,
    /// The keys as they came in, to be packed, as long as this takes no more bytes in all.
    records: Records,
    spare: usize,
    packed: Option<Packed>,
}

impl KeyIndex {
    /// An index that may take so many bytes for having a copy of the keys; 0 is never a copy.
    pub(crate) fn with_spare(spare: usize) -> Self {
        Self {
            spare,
            ..Self::default()
        }
    }

    /// The entry with this key. `text` says the key of an entry.
    pub fn find<'t>(&self, key: &str, text: impl Fn(u32) -> Option<&'t str>) -> Option<u32> {
        let hash = self.hasher.hash(key.as_bytes());
        match &self.packed {
            Some(packed) => packed.find(hash, key.as_bytes()),
            None => self.probe(hash, key, text).err(),
        }
    }

    /// How many keys there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds a key, unless it is there: then says which entry has it.
    #[inline]
    pub(crate) fn insert<'t>(
        &mut self,
        key: &str,
        entry: u32,
        text: impl Fn(u32) -> Option<&'t str>,
    ) -> Result<(), u32> {
        if (self.len + 1) * 5 > self.slots.len() * 4 {
            self.resize((self.slots.len() / 2 * 3).max(16));
        }
        let hash = self.hasher.hash(key.as_bytes());
        match self.probe(hash, key, text) {
            Err(first) => return Err(first),
            Ok(free) => {
                if let Some(slot) = self.slots.get_mut(free) {
                    *slot = (hash, entry.saturating_add(1));
                }
            }
        }
        self.len += 1;
        if self.spare > 0 {
            if self.records.push(key, entry) && self.slots.len() * 8 + self.records.cost() <= self.spare {
                return Ok(());
            }
            self.do_without_copy();
        }
        Ok(())
    }

    /// Makes room for so many keys in all, with texts of about this many bytes together.
    pub(crate) fn reserve(&mut self, keys: usize, bytes: usize) {
        let size = keys * 4 / 3 + 16;
        if size > self.slots.len() {
            self.resize(size);
        }
        // the copy while reading, and the lines at the end
        if self.spare > 0 && size * 8 + (bytes + keys * 6) * 5 / 2 > self.spare {
            self.do_without_copy();
        } else if self.spare > 0 {
            self.records.reserve(keys, bytes);
        }
    }

    /// No more keys will come.
    pub(crate) fn finish(&mut self) {
        if std::mem::take(&mut self.spare) > 0 {
            self.packed = Some(Packed::new(&self.records, &self.hasher));
            self.slots = Vec::new();
            self.records = Records::default();
        }
    }

    /// Forgets the keys. What it takes is in proportion to how many there were.
    pub(crate) fn clear(&mut self) {
        if self.slots.len() > self.len * 4 + 64 {
            self.slots = Vec::new();
        } else {
            self.slots.fill((0, 0));
        }
        self.records = Records::default();
        self.len = 0;
    }

    #[cold]
    fn do_without_copy(&mut self) {
        self.spare = 0;
        self.records = Records::default();
    }

    /// The free slot for a key that is not there, or the entry that has it.
    #[inline]
    fn probe<'t>(&self, hash: u32, key: &str, text: impl Fn(u32) -> Option<&'t str>) -> Result<usize, u32> {
        let mut at = spread(hash, self.slots.len());
        loop {
            match self.slots.get(at) {
                Some((_, 0)) => return Ok(at),
                Some((other, entry)) if *other == hash => {
                    let entry = entry - 1;
                    if text(entry) == Some(key) {
                        return Err(entry);
                    }
                }
                Some(_) => {}
                // there is a free slot, so the search ends; but for an index without any
                None if at == 0 => return Ok(0),
                None => {
                    at = 0;
                    continue;
                }
            }
            at += 1;
        }
    }

    /// The slots hold the hash, so no key is hashed again.
    #[cold]
    fn resize(&mut self, size: usize) {
        let mut slots = vec![(0, 0); size];
        for &(hash, entry) in self.slots.iter().filter(|(_, entry)| *entry != 0) {
            let mut at = spread(hash, size);
            while slots.get(at).is_some_and(|(_, taken)| *taken != 0) {
                at = (at + 1) % size;
            }
            if let Some(slot) = slots.get_mut(at) {
                *slot = (hash, entry);
            }
        }
        self.slots = slots;
    }
}

/// The place of a hash among so many, in the order of the hashes.
#[inline]
fn spread(hash: u32, places: usize) -> usize {
    ((u64::from(hash) * places as u64) >> 32) as usize
}

impl fmt::Debug for KeyIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyIndex")
            .field("len", &self.len)
            .field("packed", &self.packed.is_some())
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

    fn filled(keys: &[String], spare: usize) -> KeyIndex {
        let mut index = KeyIndex::with_spare(spare);
        let text = |n: u32| keys.get(n as usize).map(String::as_str);
        assert_eq!(index.find("a", text), None);
        for (n, key) in (0..).zip(keys) {
            assert_eq!(index.insert(key, n, text), Ok(()));
            assert_eq!(index.insert(key, 7, text), Err(n));
        }
        index
    }

    #[test]
    fn finds_what_was_put_in_and_nothing_else() {
        let keys = keys();
        let text = |n: u32| keys.get(n as usize).map(String::as_str);
        // no copy at all, one that turns out to be too large, one that is packed
        for (spare, packed) in [(0, false), (100_000, false), (usize::MAX, true)] {
            let mut index = filled(&keys, spare);
            for _ in 0..2 {
                for (n, key) in (0..).zip(&keys) {
                    assert_eq!(index.find(key, text), Some(n));
                }
                for missing in ["sleutel5000", "", "sleutel", "Sleutel0"] {
                    assert_eq!(index.find(missing, text), None);
                }
                index.finish();
            }
            assert_eq!((index.len(), index.packed.is_some()), (5000, packed));
        }
    }

    #[test]
    fn a_second_time_is_told_who_was_first() {
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
        let mut index = filled(&keys, 0);
        index.clear();
        assert!(
            index.slots.len() >= 5000,
            "it was full, so filling it again is in proportion"
        );
        assert_eq!(index.insert("a", 0, |_| None), Ok(()));
        index.clear();
        assert!(index.slots.is_empty());
    }

    #[test]
    fn an_index_of_nothing_can_be_asked() {
        let mut index = KeyIndex::with_spare(1000);
        index.finish();
        assert_eq!(index.find("a", |_| None), None);
    }
}
