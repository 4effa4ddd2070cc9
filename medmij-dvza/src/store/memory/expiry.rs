// SPDX-License-Identifier: AGPL-3.0-or-later
//! When rows may be removed, to the second, in eight bytes each. Whether a row still counts is judged by the row itself.

use std::{collections::BTreeSet, time::Duration};

use super::table::Slot;

/// In which table a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Flow,
    Code,
    Access,
    Refresh,
}

/// A second, a kind and a slot, packed so that they sort by the second.
#[derive(Debug, Default)]
pub(super) struct Expiry(BTreeSet<u64>);

impl Expiry {
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Remembers that a row may go from this moment on.
    pub(super) fn add(&mut self, at: Duration, kind: Kind, slot: Slot) {
        self.0.insert(pack(at, kind, slot));
    }

    pub(super) fn remove(&mut self, at: Duration, kind: Kind, slot: Slot) {
        self.0.remove(&pack(at, kind, slot));
    }

    /// The first row that may go now, if any.
    pub(super) fn pop(&mut self, now: Duration) -> Option<(Kind, Slot)> {
        let first = *self.0.first()?;
        // strictly past, for the second was rounded down
        if first >> (SLOT_BITS + KIND_BITS) >= now.as_secs() {
            return None;
        }
        self.0.pop_first();
        let kind = match first >> SLOT_BITS & 3 {
            0 => Kind::Flow,
            1 => Kind::Code,
            2 => Kind::Access,
            _ => Kind::Refresh,
        };
        Slot::try_from(first & u64::from(Slot::MAX))
            .ok()
            .map(|slot| (kind, slot))
    }
}

/// The seconds count from the start of the store, and end at 34 years.
fn pack(at: Duration, kind: Kind, slot: Slot) -> u64 {
    let second = at.as_secs().min(LAST_SECOND);
    second << (SLOT_BITS + KIND_BITS) | (kind as u64) << SLOT_BITS | u64::from(slot)
}

const SLOT_BITS: u32 = Slot::BITS;
const KIND_BITS: u32 = 2;
const LAST_SECOND: u64 = (1 << (64 - SLOT_BITS - KIND_BITS)) - 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_go_in_the_order_of_their_seconds_and_never_early() {
        let (mut expiry, millis) = (Expiry::default(), Duration::from_millis);
        expiry.add(millis(2500), Kind::Refresh, Slot::MAX);
        expiry.add(millis(1900), Kind::Access, 7);
        expiry.add(Duration::MAX, Kind::Code, 1);
        expiry.add(millis(100), Kind::Flow, 3);
        expiry.remove(millis(100), Kind::Flow, 3);
        assert_eq!(expiry.pop(millis(1999)), None);
        assert_eq!(expiry.pop(millis(2000)), Some((Kind::Access, 7)));
        assert_eq!(expiry.pop(millis(2999)), None);
        assert_eq!(expiry.pop(millis(3000)), Some((Kind::Refresh, Slot::MAX)));
        assert_eq!((expiry.pop(Duration::from_secs(1 << 29)), expiry.len()), (None, 1));
    }
}
