// SPDX-License-Identifier: AGPL-3.0-or-later
//! Bytes that look random and are the same in every run

use std::sync::atomic::{AtomicU64, Ordering};

use medmij_types::{Entropy, EntropyError};

/// A deterministic, counted source of bytes for tests. **Everybody can predict it.**
///
/// The stream is SplitMix64 over a counter, so two callers that draw at once each get other bytes.
///
/// ```
/// use medmij_test::SeededEntropy;
/// use medmij_types::Entropy;
///
/// let (mut one, mut two) = ([0_u8; 16], [0_u8; 16]);
/// SeededEntropy::new(7).fill(&mut one)?;
/// SeededEntropy::new(7).fill(&mut two)?;
/// assert_eq!(one, two);
/// # Ok::<(), medmij_types::EntropyError>(())
/// ```
#[derive(Debug)]
pub struct SeededEntropy {
    seed: u64,
    counter: AtomicU64,
    drawn: AtomicU64,
}

impl SeededEntropy {
    /// The stream that belongs to `seed`.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            counter: AtomicU64::new(0),
            drawn: AtomicU64::new(0),
        }
    }

    /// How many bytes were drawn so far, so that a test can say how much randomness a step used.
    pub fn drawn(&self) -> u64 {
        self.drawn.load(Ordering::Relaxed)
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        for chunk in bytes.chunks_mut(8) {
            let position = self.counter.fetch_add(1, Ordering::Relaxed);
            let word = mix(self.seed.wrapping_add(position.wrapping_mul(GOLDEN)));
            for (byte, random) in chunk.iter_mut().zip(word.to_le_bytes()) {
                *byte = random;
            }
            self.drawn.fetch_add(chunk.len() as u64, Ordering::Relaxed);
        }
        Ok(())
    }
}

fn mix(word: u64) -> u64 {
    let word = word.wrapping_add(GOLDEN);
    let word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_differ_and_are_counted() {
        let entropy = SeededEntropy::new(1);
        let (mut one, mut two) = ([0_u8; 12], [0_u8; 12]);
        entropy.fill(&mut one).unwrap();
        entropy.fill(&mut two).unwrap();
        assert_ne!(one, two);
        assert_eq!(entropy.drawn(), 24);
    }
}
