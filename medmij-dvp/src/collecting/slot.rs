// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.gegevensuitwisseling.201 — runs are spread over the window: the slot of a Persoon at a DVA is fixed by a keyed
//! hash, so that nobody outside can tell who is collected when.

use hmac::{Hmac, KeyInit as _, Mac as _};
use medmij_types::{Entropy, EntropyError, Hostname};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::person_id::PersonId;

/// The place of a run within the window, as a fraction of 2³².
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(u32);

impl Slot {
    /// From its number, for a store.
    #[must_use]
    pub const fn from_number(number: u32) -> Self {
        Self(number)
    }

    /// Its number, for a store.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }

    /// The second within a window of so many seconds.
    pub(super) fn second_in(self, window: u32) -> u32 {
        u32::try_from((u64::from(self.0).saturating_mul(u64::from(window))) >> 32).unwrap_or_default()
    }

    #[cfg(test)]
    pub(super) fn at_second(second: u32, window: u32) -> Self {
        Self(u32::try_from(((u64::from(second) << 32) / u64::from(window)) + 1).unwrap())
    }
}

/// The key of the slots. All schedulers of a DVP share it; a new one moves every slot.
pub struct SlotKey(Zeroizing<[u8; 32]>);

impl std::fmt::Debug for SlotKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SlotKey(***)")
    }
}

impl SlotKey {
    /// From its bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// A new key.
    ///
    /// # Errors
    /// [`EntropyError`] where there is no randomness.
    pub fn random(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        let mut bytes = [0; 32];
        entropy.fill(&mut bytes)?;
        Ok(Self::new(bytes))
    }

    /// The slot of a Persoon at a DVA.
    #[must_use]
    pub fn slot(&self, person: PersonId, dva: &Hostname) -> Slot {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.as_slice()) else {
            return Slot(0);
        };
        mac.update(&person.number().to_be_bytes());
        mac.update(dva.as_str().as_bytes());
        let hash = mac.finalize().into_bytes();
        Slot(
            hash.iter()
                .take(4)
                .fold(0, |number, byte| (number << 8) | u32::from(*byte)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn core_gegevensuitwisseling_201_slots_are_fixed_and_spread_evenly() {
        let key = SlotKey::new([7; 32]);
        let (one, two): (Hostname, Hostname) = ("een.nl".parse().unwrap(), "twee.nl".parse().unwrap());
        let slot = |person| key.slot(PersonId::new(person), &one);
        assert_eq!(slot(1), slot(1));
        assert_ne!(slot(1), key.slot(PersonId::new(1), &two));
        assert_ne!(slot(1), SlotKey::new([8; 32]).slot(PersonId::new(1), &one));
        // seven hours of 10,000 Personen: each hour has its share, give or take a tenth
        let mut hours = [0_u32; 7];
        for person in 0..10_000 {
            hours[usize::try_from(slot(person).second_in(25_200) / 3_600).unwrap()] += 1;
        }
        assert!(hours.iter().all(|count| (1_285..=1_571).contains(count)), "{hours:?}");
    }
}
