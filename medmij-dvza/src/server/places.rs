// SPDX-License-Identifier: AGPL-3.0-or-later
//! How many resource requests of each Aanbieder are in hand, within the limit that it registered.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use medmij_types::Aanbiedernaam;

use super::AanbiederLimits;

/// The requests in hand; an Aanbieder without any takes no memory.
#[derive(Default)]
pub(super) struct Places(Mutex<BTreeMap<Aanbiedernaam, u32>>);

impl Places {
    /// Takes a place, or `None` where all are taken.
    pub(super) fn take(self: &Arc<Self>, aanbieder: &Aanbiedernaam, limits: AanbiederLimits) -> Option<Place> {
        let mut in_use = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = in_use.entry(aanbieder.clone()).or_default();
        if limits.at_once.is_some_and(|most| *count >= most) {
            if *count == 0 {
                in_use.remove(aanbieder);
            }
            return None;
        }
        *count = count.saturating_add(1);
        Some(Place {
            places: Arc::clone(self),
            aanbieder: aanbieder.clone(),
        })
    }
}

/// A place that is taken until this is dropped.
pub(super) struct Place {
    places: Arc<Places>,
    aanbieder: Aanbiedernaam,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut in_use = self.places.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = in_use.get_mut(&self.aanbieder) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                in_use.remove(&self.aanbieder);
            }
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Place")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn core_gegevensdiensten_103_an_aanbieder_that_is_busy_takes_no_others_along() {
        let places = Arc::new(Places::default());
        let name = |name| Aanbiedernaam::parse(name).unwrap();
        let (busy, other) = (name("huisartsdelinde"), name("huisartsdewilg"));
        let two = AanbiederLimits::at_once(2);
        let first = places.take(&busy, two).unwrap();
        let second = places.take(&busy, two).unwrap();
        assert!(places.take(&busy, two).is_none());
        assert!(places.take(&other, two).is_some());
        assert!(places.take(&busy, AanbiederLimits::default()).is_some());
        drop(first);
        let third = places.take(&busy, two);
        assert!(third.is_some() && places.take(&busy, two).is_none());
        drop((second, third));
        assert!(places.0.lock().unwrap().is_empty());
        assert!(places.take(&busy, AanbiederLimits::at_once(0)).is_none());
        assert!(places.0.lock().unwrap().is_empty());
    }
}
