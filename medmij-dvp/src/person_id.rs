// SPDX-License-Identifier: AGPL-3.0-or-later
//! Who a Persoon is at a DVP: a number without a meaning.

use std::fmt;

/// A Persoon at this DVP: a random number that the application gives each account, and nothing else about the Persoon.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonId(u128);

impl PersonId {
    /// From its number.
    #[must_use]
    pub const fn new(number: u128) -> Self {
        Self(number)
    }

    /// A new one.
    ///
    /// # Errors
    /// [`medmij_types::EntropyError`] where there is no randomness.
    pub fn random(entropy: &dyn medmij_types::Entropy) -> Result<Self, medmij_types::EntropyError> {
        let mut bytes = [0; 16];
        entropy.fill(&mut bytes)?;
        Ok(Self(u128::from_be_bytes(bytes)))
    }

    /// Its number, for a store.
    #[must_use]
    pub const fn number(self) -> u128 {
        self.0
    }
}

impl fmt::Debug for PersonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonId(***)")
    }
}
