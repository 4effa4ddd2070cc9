// SPDX-License-Identifier: AGPL-3.0-or-later
//! Which keys rows need: what a key ring must still hold.

use std::collections::BTreeMap;

use medmij_oauth::seal::RingKeys;

/// How many rows need each key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyUse {
    /// Rows by the id of the key that sealed them: grants and flows.
    pub sealing: BTreeMap<u32, u64>,
    /// Rows by the version of the index key: grants, audit entries, Abonnementen.
    pub index: BTreeMap<u32, u64>,
}

impl KeyUse {
    /// Nothing needs any key.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The part of it that needs keys which are not in a ring.
    ///
    /// ```
    /// use medmij_dvza::store::KeyUse;
    /// use medmij_oauth::seal::RingKeys;
    ///
    /// let mut used = KeyUse::new();
    /// used.sealing.insert(1, 12);
    /// used.sealing.insert(2, 7);
    /// let ring = RingKeys::new(2, 1, vec![2], vec![1]);
    /// assert_eq!(used.lacking(&ring).sealing.into_iter().collect::<Vec<_>>(), [(1, 12)]);
    /// ```
    #[must_use]
    pub fn lacking(&self, ring: &RingKeys) -> Self {
        let lacking = |used: &BTreeMap<u32, u64>, there: &[u32]| {
            let gone = used.iter().filter(|(id, _)| !there.contains(id));
            gone.map(|(id, rows)| (*id, *rows)).collect()
        };
        Self {
            sealing: lacking(&self.sealing, &ring.openers),
            index: lacking(&self.index, &ring.indexes),
        }
    }

    /// Whether nothing needs any key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sealing.is_empty() && self.index.is_empty()
    }
}
