// SPDX-License-Identifier: AGPL-3.0-or-later
//! Finds an entry by its key. Built while reading, where it also proves uniqueness (`xs:unique`) in linear time.

use std::{
    fmt,
    hash::{BuildHasher as _, RandomState},
};

/// From a key, compared exactly, to the number of an entry.
///
/// Open addressing over its own copy of the keys, so that a look-up touches two cache lines and never the document. The
/// hash is keyed at random: names in a list cannot be chosen to collide.
#[derive(Clone, Default)]
pub struct KeyIndex {
    /// Hash and place in `records` plus one; zero is free. The length is a power of two.
    slots: Vec<(u32, u32)>,
    /// Per key: number of the entry (4 bytes), length (2 bytes), text.
    records: Vec<u8>,
    len: usize,
    hasher: RandomState,
}

impl KeyIndex {
    /// The entry with this key.
    #[must_use]
    pub fn find(&self, key: &str) -> Option<u32> {
        let mask = self.slots.len().checked_sub(1)?;
        let (tag, mut at) = self.hash(key, mask);
        loop {
            match *self.slots.get(at)? {
                (_, 0) => return None,
                (other, record) if other == tag => {
                    let (entry, text) = self.record(record)?;
                    if text == key.as_bytes() {
                        return Some(entry);
                    }
                }
                _ => {}
            }
            at = (at + 1) & mask;
        }
    }

    /// Adds a key, unless it is there: then says which entry has it.
    ///
    /// # Errors
    ///
    /// The entry that has the key already.
    pub fn insert(&mut self, key: &str, entry: u32) -> Result<(), u32> {
        if (self.len + 1) * 4 > self.slots.len() * 3 {
            self.grow();
        }
        let mask = self.slots.len().saturating_sub(1);
        let (tag, mut at) = self.hash(key, mask);
        loop {
            match self.slots.get(at).copied().unwrap_or_default() {
                (_, 0) => break,
                (other, record) if other == tag => {
                    if let Some((entry, text)) = self.record(record)
                        && text == key.as_bytes()
                    {
                        return Err(entry);
                    }
                }
                _ => {}
            }
            at = (at + 1) & mask;
        }
        let Ok(record) = u32::try_from(self.records.len() + 1) else {
            return Ok(());
        };
        let Ok(length) = u16::try_from(key.len()) else {
            return Ok(());
        };
        if let Some(slot) = self.slots.get_mut(at) {
            *slot = (tag, record);
        }
        self.records.extend_from_slice(&entry.to_le_bytes());
        self.records.extend_from_slice(&length.to_le_bytes());
        self.records.extend_from_slice(key.as_bytes());
        self.len += 1;
        Ok(())
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

    /// Forgets the keys and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.slots.fill((0, 0));
        self.records.clear();
        self.len = 0;
    }

    fn record(&self, record: u32) -> Option<(u32, &[u8])> {
        let rest = self.records.get(record as usize - 1..)?;
        let (entry, rest) = rest.split_first_chunk::<4>()?;
        let (length, rest) = rest.split_first_chunk::<2>()?;
        Some((
            u32::from_le_bytes(*entry),
            rest.get(..u16::from_le_bytes(*length).into())?,
        ))
    }

    /// The tag, and where to look first.
    #[inline]
    fn hash(&self, key: &str, mask: usize) -> (u32, usize) {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "half of a hash is enough: the keys are compared as well"
        )]
        let tag = self.hasher.hash_one(key) as u32;
        (tag, tag as usize & mask)
    }

    /// Makes room for so many keys in all, with texts of about this many bytes together.
    pub(crate) fn reserve(&mut self, keys: usize, bytes: usize) {
        let size = (keys / 3 * 4 + 4).next_power_of_two();
        if size > self.slots.len() {
            self.resize(size);
        }
        self.records.reserve(bytes + keys * 6);
    }

    fn grow(&mut self) {
        self.resize((self.slots.len() * 2).max(16));
    }

    /// The tag is the hash, so no key is hashed again.
    fn resize(&mut self, size: usize) {
        let mask = size - 1;
        let mut slots = vec![(0, 0); size];
        for &(tag, record) in self.slots.iter().filter(|(_, record)| *record != 0) {
            let mut at = tag as usize & mask;
            while slots.get(at).is_some_and(|(_, taken)| *taken != 0) {
                at = (at + 1) & mask;
            }
            if let Some(slot) = slots.get_mut(at) {
                *slot = (tag, record);
            }
        }
        self.slots = slots;
    }
}

impl fmt::Debug for KeyIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyIndex")
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_put_in_and_nothing_else() {
        let mut index = KeyIndex::default();
        assert_eq!(index.find("a"), None);
        for n in 0..5000 {
            assert_eq!(index.insert(&format!("sleutel{n}"), n), Ok(()));
        }
        for n in 0..5000 {
            assert_eq!(index.find(&format!("sleutel{n}")), Some(n));
        }
        assert_eq!(
            (index.find("sleutel5000"), index.find(""), index.len()),
            (None, None, 5000)
        );
    }

    #[test]
    fn a_second_time_is_told_who_was_first() {
        let mut index = KeyIndex::default();
        assert_eq!(index.insert("a.nl", 3), Ok(()));
        assert_eq!(index.insert("a.nl", 4), Err(3));
        assert_eq!(index.insert("A.nl", 4), Ok(()));
        index.clear();
        assert_eq!((index.find("a.nl"), index.is_empty()), (None, true));
        assert_eq!(index.insert("a.nl", 5), Ok(()));
    }
}
