// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.gegevensdiensten.104 — whom this DVZA serves comes from its own registration, here its configuration file. What
//! was taken out of that is served for 3600 seconds more, also through restarts: the end times are kept in a folder.

use crate::Bediend;
use medmij_dvza::{Aanbieder, Aanbieders, Dienst, SupplierError};
use medmij_gnl::Gegevensdienstnamenlijst;
use medmij_list::{
    ListCache,
    bediend::{BediendKeep, BediendRegister, Registratie},
    supply::KeepError,
};
use medmij_oauth::Functie;
use medmij_types::{Aanbiedernaam, Clock, GegevensdienstId};
use std::{collections::BTreeMap, sync::Arc};

/// The registration. Only the names of the gegevensdiensten come from a list, and a stale one does not stop it.
#[derive(Clone)]
pub(crate) struct EigenRegistratie {
    register: Arc<BediendRegister>,
    namen: Arc<BTreeMap<Aanbiedernaam, String>>,
    gnl: Arc<ListCache<Gegevensdienstnamenlijst>>,
    clock: Arc<dyn Clock>,
}

impl EigenRegistratie {
    /// Follows the configuration as it is at this start.
    ///
    /// # Errors
    ///
    /// Where the end times cannot be read or stored.
    pub(crate) fn open(
        bediend: &[Bediend],
        keep: Arc<dyn BediendKeep>,
        gnl: Arc<ListCache<Gegevensdienstnamenlijst>>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, KeepError> {
        let register = BediendRegister::open(keep)?;
        let entries = bediend.iter().flat_map(|bediend| {
            let entry = |id: &GegevensdienstId| Registratie::new(bediend.aanbieder.clone(), id.clone());
            bediend.gegevensdiensten.iter().map(entry)
        });
        register.follow(entries, clock.now())?;
        let named = |bediend: &Bediend| (bediend.aanbieder.clone(), bediend.naam.clone());
        Ok(Self {
            register: Arc::new(register),
            namen: Arc::new(bediend.iter().map(named).collect()),
            gnl,
            clock,
        })
    }

    /// Whether the Aanbieder is served with this gegevensdienst now.
    pub(crate) fn serves(&self, aanbieder: &Aanbiedernaam, id: &GegevensdienstId) -> bool {
        self.register.current().serves(aanbieder, id, self.clock.now())
    }

    /// All that is served, or was until a while ago.
    pub(crate) fn registraties(&self) -> Vec<Registratie> {
        self.register.current().registraties().collect()
    }

    fn naam_van(&self, id: &GegevensdienstId) -> String {
        let listed = self
            .gnl
            .last_known()
            .and_then(|gnl| Some(gnl.weergavenaam(id)?.to_owned()));
        listed.unwrap_or_else(|| format!("Gegevensdienst {id}"))
    }
}

impl Aanbieders for EigenRegistratie {
    async fn aanbieder(&self, naam: &Aanbiedernaam) -> Result<Option<Aanbieder>, SupplierError> {
        let bediend = self.register.current();
        let diensten: Vec<_> = bediend
            .gegevensdiensten(naam, self.clock.now())
            .map(|id| Dienst::new(id.clone(), Functie::Verzamelen, self.naam_van(id)))
            .collect();
        if diensten.is_empty() {
            return Ok(None);
        }
        // one that was taken out of the configuration has no other name any more
        let weergavenaam = self.namen.get(naam).map_or_else(|| naam.short(), String::as_str);
        let privacyverklaring = format!("https://www.{}.example/privacy", naam.short());
        Ok(Some(Aanbieder::new(
            naam.clone(),
            weergavenaam,
            privacyverklaring,
            diensten,
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use medmij_list::{RefreshPolicy, supply::FileKeep};
    use medmij_test::ManualClock;
    use std::time::Duration;

    #[tokio::test]
    async fn core_gegevensdiensten_104_a_lapsed_entry_is_served_for_3600_seconds_through_restarts() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::starting_now());
        let naam = Aanbiedernaam::parse("huisartsdewilg").unwrap();
        let id = |text: &str| GegevensdienstId::parse(text).unwrap();
        // each start reads what the one before has kept
        let start = |ids: &[&str]| {
            let bediend = Bediend {
                aanbieder: naam.clone(),
                naam: "Huisartsenpraktijk De Wilg".to_owned(),
                gegevensdiensten: ids.iter().copied().map(id).collect(),
            };
            let keep = Arc::new(FileKeep::open(folder.path()).unwrap());
            let gnl = Arc::new(ListCache::new(RefreshPolicy::default(), Arc::clone(&clock)));
            EigenRegistratie::open(&[bediend], keep, gnl, Arc::clone(&clock) as _).unwrap()
        };
        let diensten = async |registratie: &EigenRegistratie| {
            let aanbieder = registratie.aanbieder(&naam).await.unwrap();
            aanbieder.map_or(0, |aanbieder| aanbieder.diensten.len())
        };
        assert_eq!(diensten(&start(&["48", "51"])).await, 2);
        let registratie = start(&["48"]);
        assert_eq!(diensten(&registratie).await, 2, "51 has lapsed just now");
        for seconds in [1800, 1798] {
            clock.advance(Duration::from_secs(seconds));
            let registratie = start(&["48"]);
            assert!(registratie.serves(&naam, &id("51")) && diensten(&registratie).await == 2);
            assert_eq!(registratie.registraties().len(), 2);
        }
        clock.advance(Duration::from_secs(3));
        assert!(!registratie.serves(&naam, &id("51")), "also where it runs on");
        assert_eq!(diensten(&start(&["48"])).await, 1);
        assert_eq!(diensten(&start(&[])).await, 1, "now 48 has lapsed");
        clock.advance(Duration::from_secs(3601));
        assert_eq!(diensten(&start(&[])).await, 0);
    }
}
