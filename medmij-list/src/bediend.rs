// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.gegevensdiensten.104 — a DVZA goes on serving an Aanbieder's gegevensdienst until 3600 seconds after its entry
//! lapsed; also when it was restarted in between.
//!
//! Whom and what a DVZA serves it knows from its own registration. The Zorgaanbiederslijst is a DVP's list: one that is
//! stale, or that never came, stops no DVZA.
//!
//! [`BediendeAanbieders`] is the answer as a value, [`BediendRegister`] shares it and stores each change before it is in
//! force. Nothing here has to do with XML or with how a list is read.

mod register;
#[cfg(feature = "files")]
mod stored;

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use medmij_types::{Aanbiedernaam, GegevensdienstId};

pub use self::register::{BediendKeep, BediendRegister};

/// How long a lapsed entry is served on (core.gegevensdiensten.104).
pub const UITLOOP: Duration = Duration::from_secs(3600);

/// Which Aanbieders this DVZA serves with which gegevensdiensten, and which of them have lapsed when.
///
/// ```
/// use medmij_list::bediend::{BediendeAanbieders, Bediening, UITLOOP};
/// use medmij_types::{Aanbiedernaam, GegevensdienstId};
/// use std::time::{Duration, SystemTime};
///
/// let (aanbieder, dienst) = (Aanbiedernaam::parse("umcharderwijk@medmij")?, GegevensdienstId::parse("48")?);
/// let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
/// let mut bediend = BediendeAanbieders::default();
/// assert!(!bediend.serves(&aanbieder, &dienst, now));
///
/// bediend.register(aanbieder.clone(), dienst.clone());
/// assert_eq!(bediend.bediening(&aanbieder, &dienst, now), Bediening::Vast);
///
/// bediend.lapse(&aanbieder, &dienst, now);
/// assert_eq!(bediend.bediening(&aanbieder, &dienst, now), Bediening::Uitloop { tot: now + UITLOOP });
/// assert!(!bediend.serves(&aanbieder, &dienst, now + UITLOOP));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BediendeAanbieders {
    entries: BTreeMap<Aanbiedernaam, BTreeMap<GegevensdienstId, Option<SystemTime>>>,
}

/// An entry of the own registration.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Registratie {
    /// Who.
    pub aanbieder: Aanbiedernaam,
    /// What.
    pub gegevensdienst: GegevensdienstId,
    /// When the entry lapses, where that is known.
    pub vervalt: Option<SystemTime>,
}

impl Registratie {
    /// An entry without an end.
    #[must_use]
    pub const fn new(aanbieder: Aanbiedernaam, gegevensdienst: GegevensdienstId) -> Self {
        Self {
            aanbieder,
            gegevensdienst,
            vervalt: None,
        }
    }

    /// The same, with the moment at which it lapses.
    #[must_use]
    pub const fn until(mut self, vervalt: SystemTime) -> Self {
        self.vervalt = Some(vervalt);
        self
    }
}

/// Whether an Aanbieder is served with a gegevensdienst.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Bediening {
    /// It is registered.
    Vast,
    /// It has lapsed, and is served until this moment.
    Uitloop {
        /// The end, 3600 seconds after the lapse.
        tot: SystemTime,
    },
    /// It is not served.
    Niet,
}

impl BediendeAanbieders {
    /// Registers an entry without an end; a lapse of before is undone.
    pub fn register(&mut self, aanbieder: Aanbiedernaam, gegevensdienst: GegevensdienstId) {
        self.entries.entry(aanbieder).or_default().insert(gegevensdienst, None);
    }

    /// Says that an entry lapses, or lapsed, at this moment. If it has lapsed before, the earlier moment stays: saying it
    /// again does not prolong the service. Whether there was such an entry.
    pub fn lapse(&mut self, aanbieder: &Aanbiedernaam, gegevensdienst: &GegevensdienstId, at: SystemTime) -> bool {
        let entry = self
            .entries
            .get_mut(aanbieder)
            .and_then(|of| of.get_mut(gegevensdienst));
        let Some(vervalt) = entry else { return false };
        let at = whole_second_after(at);
        *vervalt = Some(vervalt.map_or(at, |before| before.min(at)));
        true
    }

    /// Follows the own registration as it is now, in full: what it names is served, what it does not name any more lapsed
    /// at `now` at the latest.
    ///
    /// Called at each start and at each change of the configuration. An entry that was removed while the process was down
    /// counts from the moment at which that is seen.
    pub fn follow(&mut self, registered: impl IntoIterator<Item = Registratie>, now: SystemTime) {
        let before = std::mem::take(&mut self.entries);
        for entry in registered {
            let vervalt = entry.vervalt.map(whole_second_after);
            self.entries
                .entry(entry.aanbieder)
                .or_default()
                .insert(entry.gegevensdienst, vervalt);
        }
        let now = whole_second_after(now);
        for (aanbieder, diensten) in before {
            let of = self.entries.entry(aanbieder).or_default();
            for (dienst, vervalt) in diensten {
                of.entry(dienst)
                    .or_insert_with(|| Some(vervalt.map_or(now, |before| before.min(now))));
            }
        }
    }

    /// Whether the Aanbieder is served with this gegevensdienst at this moment, and until when.
    #[must_use]
    pub fn bediening(
        &self,
        aanbieder: &Aanbiedernaam,
        gegevensdienst: &GegevensdienstId,
        now: SystemTime,
    ) -> Bediening {
        let entry = self.entries.get(aanbieder).and_then(|of| of.get(gegevensdienst));
        entry.map_or(Bediening::Niet, |vervalt| judge(*vervalt, now))
    }

    /// Whether the Aanbieder is served with this gegevensdienst at this moment, in the 3600 seconds after its lapse too.
    #[must_use]
    pub fn serves(&self, aanbieder: &Aanbiedernaam, gegevensdienst: &GegevensdienstId, now: SystemTime) -> bool {
        self.bediening(aanbieder, gegevensdienst, now) != Bediening::Niet
    }

    /// The gegevensdiensten with which an Aanbieder is served at this moment, sorted.
    pub fn gegevensdiensten(
        &self,
        aanbieder: &Aanbiedernaam,
        now: SystemTime,
    ) -> impl Iterator<Item = &GegevensdienstId> {
        let of = self.entries.get(aanbieder).into_iter().flatten();
        of.filter(move |(_, vervalt)| judge(**vervalt, now) != Bediening::Niet)
            .map(|(dienst, _)| dienst)
    }

    /// All entries, sorted, with those that are not served any more.
    pub fn registraties(&self) -> impl Iterator<Item = Registratie> {
        self.entries.iter().flat_map(|(aanbieder, of)| {
            of.iter().map(|(dienst, vervalt)| Registratie {
                aanbieder: aanbieder.clone(),
                gegevensdienst: dienst.clone(),
                vervalt: *vervalt,
            })
        })
    }

    /// Forgets entries that are not served any more.
    pub fn forget_ended(&mut self, now: SystemTime) {
        for of in self.entries.values_mut() {
            of.retain(|_, vervalt| judge(*vervalt, now) != Bediening::Niet);
        }
        self.entries.retain(|_, of| !of.is_empty());
    }
}

impl FromIterator<Registratie> for BediendeAanbieders {
    fn from_iter<T: IntoIterator<Item = Registratie>>(registered: T) -> Self {
        let mut bediend = Self::default();
        bediend.follow(registered, SystemTime::UNIX_EPOCH);
        bediend
    }
}

fn judge(vervalt: Option<SystemTime>, now: SystemTime) -> Bediening {
    match vervalt {
        None => Bediening::Vast,
        Some(vervalt) if now < vervalt => Bediening::Vast,
        Some(vervalt) => match vervalt.checked_add(UITLOOP) {
            Some(tot) if now < tot => Bediening::Uitloop { tot },
            _ => Bediening::Niet,
        },
    }
}

/// Moments are stored in whole seconds; upwards, so that storing never shortens the service.
fn whole_second_after(at: SystemTime) -> SystemTime {
    let Ok(since) = at.duration_since(SystemTime::UNIX_EPOCH) else {
        return at;
    };
    match since.subsec_nanos() {
        0 => at,
        nanos => at
            .checked_add(Duration::from_nanos(u64::from(1_000_000_000 - nanos)))
            .unwrap_or(at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one() -> (Aanbiedernaam, GegevensdienstId) {
        (
            Aanbiedernaam::parse("umcharderwijk").unwrap(),
            GegevensdienstId::parse("48").unwrap(),
        )
    }

    fn at(second: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000 + second)
    }

    #[test]
    fn core_gegevensdiensten_104_served_until_3600_seconds_after_the_lapse() {
        let (aanbieder, dienst) = one();
        let mut bediend = BediendeAanbieders::default();
        bediend.register(aanbieder.clone(), dienst.clone());
        assert!(bediend.lapse(&aanbieder, &dienst, at(100)));
        for (now, is) in [
            (99, Bediening::Vast),
            (100, Bediening::Uitloop { tot: at(3700) }),
            (3699, Bediening::Uitloop { tot: at(3700) }),
            (3700, Bediening::Niet),
            (3701, Bediening::Niet),
        ] {
            assert_eq!(bediend.bediening(&aanbieder, &dienst, at(now)), is, "{now}");
        }
    }

    #[test]
    fn core_gegevensdiensten_104_saying_it_again_does_not_prolong() {
        let (aanbieder, dienst) = one();
        let mut bediend: BediendeAanbieders = [Registratie::new(aanbieder.clone(), dienst.clone())]
            .into_iter()
            .collect();
        bediend.lapse(&aanbieder, &dienst, at(100));
        bediend.lapse(&aanbieder, &dienst, at(2000));
        bediend.follow([], at(3000));
        bediend.follow([], at(3500));
        assert!(!bediend.serves(&aanbieder, &dienst, at(3700)));
        bediend.register(aanbieder.clone(), dienst.clone());
        assert_eq!(bediend.bediening(&aanbieder, &dienst, at(9999)), Bediening::Vast);
    }

    #[test]
    fn following_the_registration() {
        let (aanbieder, dienst) = one();
        let other = GegevensdienstId::parse("51").unwrap();
        let entry = |dienst: &GegevensdienstId| Registratie::new(aanbieder.clone(), dienst.clone());
        let mut bediend: BediendeAanbieders = [entry(&dienst), entry(&other)].into_iter().collect();
        bediend.follow([entry(&other)], at(0));
        let served = |bediend: &BediendeAanbieders, now| {
            bediend
                .gegevensdiensten(&aanbieder, at(now))
                .cloned()
                .collect::<Vec<_>>()
        };
        assert_eq!(served(&bediend, 3599), [dienst.clone(), other.clone()]);
        assert_eq!(served(&bediend, 3600), std::slice::from_ref(&other));
        // an end that is announced beforehand
        bediend.follow([entry(&other).until(at(5000))], at(100));
        assert_eq!(bediend.bediening(&aanbieder, &other, at(4999)), Bediening::Vast);
        assert_eq!(
            bediend.bediening(&aanbieder, &other, at(5000)),
            Bediening::Uitloop { tot: at(8600) }
        );
        bediend.forget_ended(at(3600));
        assert_eq!(bediend.registraties().count(), 1);
        bediend.forget_ended(at(8600));
        assert_eq!(bediend, BediendeAanbieders::default());
    }

    #[test]
    fn what_is_not_registered_cannot_lapse() {
        let (aanbieder, dienst) = one();
        let mut bediend = BediendeAanbieders::default();
        assert!(!bediend.lapse(&aanbieder, &dienst, at(0)));
        assert_eq!(bediend.bediening(&aanbieder, &dienst, at(0)), Bediening::Niet);
    }

    #[test]
    fn parts_of_a_second_are_rounded_up() {
        let (aanbieder, dienst) = one();
        let mut bediend: BediendeAanbieders = [Registratie::new(aanbieder.clone(), dienst.clone())]
            .into_iter()
            .collect();
        bediend.lapse(&aanbieder, &dienst, at(10) + Duration::from_millis(1));
        assert_eq!(bediend.registraties().next().unwrap().vervalt, Some(at(11)));
    }
}
