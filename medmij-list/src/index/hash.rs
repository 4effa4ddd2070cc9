// SPDX-License-Identifier: AGPL-3.0-or-later
//! A hash for short keys that nobody outside can steer.

use std::hash::{BuildHasher as _, RandomState};

/// Keys of up to so many bytes are hashed by [`KeyHasher`] itself, longer ones by the hash of the standard library.
const SHORT: usize = 64;

/// Multilinear hashing (Lemire and Kaser, "Strongly universal string hashing is fast"): each four bytes times a random
/// number of their own, all added; the upper half of the sum. Two different keys have the same hash with a chance of
/// 2⁻³² over the random numbers, whoever chose the keys. The products do not wait for each other, so it is fast.
#[derive(Clone)]
pub(super) struct KeyHasher {
    start: u64,
    length: u64,
    tail: u64,
    words: [u64; SHORT / 4],
    long: RandomState,
}

impl Default for KeyHasher {
    fn default() -> Self {
        let long = RandomState::new();
        let number = |n: usize| long.hash_one(n);
        Self {
            start: number(0),
            length: number(1),
            tail: number(2),
            words: std::array::from_fn(|n| number(n + 3)),
            long,
        }
    }
}

impl KeyHasher {
    #[inline]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "half of a hash is enough: keys are compared as well"
    )]
    pub(super) fn hash(&self, key: &[u8]) -> u32 {
        if key.len() > SHORT {
            return self.long.hash_one(key) as u32;
        }
        let (words, tail) = key.as_chunks::<4>();
        let tail = match *tail {
            [a] => [a, 0, 0, 0],
            [a, b] => [a, b, 0, 0],
            [a, b, c] => [a, b, c, 0],
            _ => [0; 4],
        };
        let times = |word: [u8; 4], number: &u64| u64::from(u32::from_le_bytes(word)).wrapping_mul(*number);
        let ends = self
            .start
            .wrapping_add(self.length.wrapping_mul(key.len() as u64))
            .wrapping_add(times(tail, &self.tail));
        let sum = words
            .iter()
            .zip(&self.words)
            .fold(ends, |sum, (word, number)| sum.wrapping_add(times(*word, number)));
        (sum >> 32) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn keys_that_differ_little_have_different_hashes() {
        let hasher = KeyHasher::default();
        let mut keys: Vec<Vec<u8>> = (0..70).map(|n| vec![0; n]).collect();
        keys.extend((0..70).map(|n| vec![b'a'; n + 1]));
        for at in 0..70 {
            let mut key = vec![b'a'; 70];
            key[at] = b'b';
            keys.push(key);
            let mut key = b"node.zorg-aaaaaa.example".to_vec();
            let at = at % key.len();
            key[at] = b'c';
            keys.push(key);
        }
        keys.sort_unstable();
        keys.dedup();
        let hashes: HashSet<u32> = keys.iter().map(|key| hasher.hash(key)).collect();
        // 280 keys: that two are equal by chance happens once in a hundred thousand times
        assert!(hashes.len() + 1 >= keys.len(), "{} of {}", hashes.len(), keys.len());
    }

    #[test]
    fn every_hasher_is_keyed_anew() {
        let hashes: HashSet<u32> = (0..20).map(|_| KeyHasher::default().hash(b"node.example.nl")).collect();
        assert!(hashes.len() > 15);
    }
}
