// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.gegevensdiensten.104 — who is served with what, as a value: an entry that lapsed is served for 3600 seconds more.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, SystemTime},
};

use medmij_oauth::Function;
use medmij_types::{Aanbiedernaam, GegevensdienstId};

use crate::server::{Aanbieder, AanbiederLimits, OfferedService};

/// How long an entry is served after it lapsed (core.gegevensdiensten.104).
pub const GRACE: Duration = Duration::from_secs(3600);

/// Whether an Aanbieder is served with a gegevensdienst.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Service {
    /// It is registered.
    Registered,
    /// It has lapsed, and is served until this moment, 3600 seconds after the lapse.
    Ending(SystemTime),
    /// It is not served.
    Not,
}

/// The Aanbieders by name, those that lapsed among them until they have ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Served(BTreeMap<Aanbiedernaam, Aanbieder>);

/// Whom a reading of the registration says nothing about: they stay as they are.
#[derive(Clone, Debug, Default)]
pub(super) struct Unread {
    /// Aanbieders with a faulty row.
    pub(super) named: BTreeSet<Aanbiedernaam>,
    /// Whether a row was so faulty that its Aanbieder is not known: then nobody lapses by not being there.
    pub(super) unnamed: bool,
}

impl Served {
    /// Follows the registration in full: what it names is served, what it does not name any more lapses at `now`. Lapsing
    /// again does not prolong the service, and what has ended is forgotten.
    pub(super) fn follow(
        &self,
        registered: impl IntoIterator<Item = Aanbieder>,
        unread: &Unread,
        now: SystemTime,
    ) -> Self {
        let mut after: BTreeMap<Aanbiedernaam, Aanbieder> = BTreeMap::new();
        for mut aanbieder in registered {
            for service in &mut aanbieder.services {
                service.ends_at = service.ends_at.map(whole_second_after);
            }
            after.insert(aanbieder.name.clone(), aanbieder);
        }
        let lapsed = whole_second_after(now);
        for (name, before) in &self.0 {
            let stays = unread.named.contains(name) || (unread.unnamed && !after.contains_key(name));
            let old = before.services.iter().cloned().map(|mut service| {
                if !stays {
                    service.ends_at = Some(service.ends_at.map_or(lapsed, |earlier| earlier.min(lapsed)));
                }
                service
            });
            let of = after.entry(name.clone()).or_insert_with(|| Aanbieder {
                services: Vec::new(),
                ..before.clone()
            });
            for service in old {
                if of.service(service.function, &service.id).is_none() {
                    of.services.push(service);
                }
            }
        }
        for aanbieder in after.values_mut() {
            aanbieder.services.retain(|service| judge(service, now) != Service::Not);
        }
        after.retain(|_, aanbieder| !aanbieder.services.is_empty());
        Self(after)
    }

    /// The Aanbieder with what it is served with at this moment.
    pub(super) fn aanbieder(&self, name: &Aanbiedernaam, now: SystemTime) -> Option<Aanbieder> {
        let mut found = self.0.get(name)?.clone();
        found.services.retain(|service| judge(service, now) != Service::Not);
        (!found.services.is_empty()).then_some(found)
    }

    /// Whether the Aanbieder is served with this gegevensdienst for this function at this moment.
    pub(super) fn service(
        &self,
        name: &Aanbiedernaam,
        function: Function,
        id: &GegevensdienstId,
        now: SystemTime,
    ) -> Service {
        let service = self.0.get(name).and_then(|aanbieder| aanbieder.service(function, id));
        service.map_or(Service::Not, |service| judge(service, now))
    }

    /// What may be asked of an Aanbieder.
    pub(super) fn limits(&self, name: &Aanbiedernaam) -> Option<AanbiederLimits> {
        self.0.get(name).map(|aanbieder| aanbieder.limits)
    }

    /// All of them, sorted by name.
    pub(super) fn all(&self) -> impl Iterator<Item = &Aanbieder> {
        self.0.values()
    }
}

fn judge(service: &OfferedService, now: SystemTime) -> Service {
    match service.ends_at {
        None => Service::Registered,
        Some(lapse) if now < lapse => Service::Registered,
        Some(lapse) => match lapse.checked_add(GRACE) {
            Some(end) if now < end => Service::Ending(end),
            _ => Service::Not,
        },
    }
}

/// Moments are stored in whole seconds; upwards, so that storing never shortens the service.
pub(super) fn whole_second_after(at: SystemTime) -> SystemTime {
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

    fn name() -> Aanbiedernaam {
        Aanbiedernaam::parse("umcharderwijk").unwrap()
    }

    fn offered(id: &str) -> OfferedService {
        OfferedService::new(GegevensdienstId::parse(id).unwrap(), Function::Verzamelen, "naam")
    }

    fn with(services: &[OfferedService]) -> Aanbieder {
        Aanbieder::new(name(), "UMC", "https://umc.example/", services.to_vec())
    }

    fn at(second: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000 + second)
    }

    fn service(served: &Served, id: &str, now: u64) -> Service {
        served.service(
            &name(),
            Function::Verzamelen,
            &GegevensdienstId::parse(id).unwrap(),
            at(now),
        )
    }

    fn follow(served: &Served, registered: &[OfferedService], now: SystemTime) -> Served {
        let registered = (!registered.is_empty()).then(|| with(registered));
        served.follow(registered, &Unread::default(), now)
    }

    #[test]
    fn core_gegevensdiensten_104_an_entry_is_served_until_3600_seconds_after_it_lapsed() {
        let served = follow(&Served::default(), &[offered("48")], at(0));
        let served = follow(&served, &[], at(100));
        for (now, is) in [
            (99, Service::Registered),
            (100, Service::Ending(at(3700))),
            (3699, Service::Ending(at(3700))),
            (3700, Service::Not),
            (3701, Service::Not),
        ] {
            assert_eq!(service(&served, "48", now), is, "{now}");
            assert_eq!(
                served.aanbieder(&name(), at(now)).is_some(),
                is != Service::Not,
                "{now}"
            );
        }
    }

    #[test]
    fn core_gegevensdiensten_104_lapsing_again_does_not_prolong_and_coming_back_undoes_it() {
        let served = follow(&Served::default(), &[offered("48")], at(0));
        let served = follow(&served, &[], at(100));
        let served = follow(&follow(&served, &[], at(2000)), &[], at(3500));
        assert_eq!(service(&served, "48", 3700), Service::Not);
        let back = follow(&served, &[offered("48")], at(3600));
        assert_eq!(service(&back, "48", 9999), Service::Registered);
    }

    #[test]
    fn core_gegevensdiensten_104_one_service_of_an_aanbieder_lapses_alone() {
        let both = follow(&Served::default(), &[offered("48"), offered("51")], at(0));
        let one = follow(&both, &[offered("51")], at(0));
        let ids = |now: u64| {
            one.aanbieder(&name(), at(now))
                .map(|a| a.ids(Function::Verzamelen).len())
        };
        assert_eq!((ids(3599), ids(3600)), (Some(2), Some(1)));
        // an end that is announced beforehand
        let announced = follow(&one, &[offered("51").until(at(5000))], at(100));
        assert_eq!(service(&announced, "51", 4999), Service::Registered);
        assert_eq!(service(&announced, "51", 5000), Service::Ending(at(8600)));
        assert_eq!(service(&announced, "51", 8600), Service::Not);
        assert_eq!(
            follow(&announced, &[], at(8600)),
            Served::default(),
            "what ended is forgotten"
        );
    }

    #[test]
    fn a_faulty_row_ends_nobody() {
        let served = follow(&Served::default(), &[offered("48")], at(0));
        let named = Unread {
            named: BTreeSet::from([name()]),
            unnamed: false,
        };
        let unnamed = Unread {
            named: BTreeSet::new(),
            unnamed: true,
        };
        for unread in [named, unnamed] {
            let after = served.follow(None, &unread, at(100));
            assert_eq!(service(&after, "48", 9999), Service::Registered, "{unread:?}");
        }
    }

    #[test]
    fn parts_of_a_second_are_rounded_up() {
        let served = follow(&Served::default(), &[offered("48")], at(0));
        let served = follow(&served, &[], at(10) + Duration::from_millis(1));
        assert_eq!(service(&served, "48", 11), Service::Ending(at(3611)));
    }
}
