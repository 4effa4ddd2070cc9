// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.ocl.300, core.gegevensdiensten.104, core.gnl.100 — the lists behind the look-ups of a DVZA.
//!
//! * The cache of the OAuth Client List is a [`Clients`] as it is.
//! * A [`Registratie`] takes the names of the Gegevensdienstnamenlijst.

use std::sync::Arc;

use medmij_gnl::Gegevensdienstnamenlijst;
use medmij_list::ListCache;
use medmij_oauth::ClientId;
use medmij_ocl::OAuthclientlist;
use medmij_types::Organisatienaam;

use crate::{
    registratie::Registratie,
    server::{Client, Clients, SupplierError},
};

/// Clients of the list as it is now. Without a list that may be used nobody is served: that is a disturbance, not a
/// refusal of one DVP.
impl Clients for Arc<ListCache<OAuthclientlist>> {
    async fn client(&self, id: &ClientId) -> Result<Option<Client>, SupplierError> {
        let list = self
            .current()
            .ok_or_else(|| SupplierError::new(OCL, "there is no list that may be used"))?;
        let Some(entry) = list.client(id.hostname()) else {
            return Ok(None);
        };
        // a name is only shown: one that the list lets pass and nobody can read takes no DVP offline
        let name = entry.organisatienaam_str().and_then(Organisatienaam::folded);
        let ids = entry
            .gegevensdiensten()
            .map(|ids| ids.filter_map(|each| each.id().ok()).collect());
        Ok(Some(Client::new(name, ids)))
    }
}

impl Registratie {
    /// With names from the Gegevensdienstnamenlijst, over those of the registration; a stale list does not stop anything.
    #[must_use]
    pub fn with_gnl(self, names: Arc<ListCache<Gegevensdienstnamenlijst>>) -> Self {
        self.with_names(move |id| Some(names.last_known()?.weergavenaam(id)?.to_owned()))
    }
}

const OCL: &str = "OAuth Client List";

#[cfg(test)]
mod tests {
    use medmij_gnl::GegevensdienstnamenlijstDraft;
    use medmij_list::{ReadOptions, RefreshPolicy, Snapshot};
    use medmij_oauth::Function;
    use medmij_ocl::OAuthclientlistDraft;
    use medmij_types::{Aanbiedernaam, GegevensdienstId, Hostname, SystemClock, Tijdstempel, Volgnummer, Weergavenaam};

    use super::*;
    use crate::server::{Aanbieder, Aanbieders as _, OfferedService};

    fn cache<L: medmij_list::List>(xml: String) -> Arc<ListCache<L>> {
        let cache = ListCache::new(RefreshPolicy::default(), SystemClock::default());
        cache
            .offer(Snapshot::read(xml.into_bytes(), &ReadOptions::default()).unwrap())
            .unwrap();
        Arc::new(cache)
    }

    fn moment() -> Tijdstempel {
        Tijdstempel::parse("2026-03-29T12:00:00Z").unwrap()
    }

    #[tokio::test]
    async fn core_gegevensdiensten_104_a_registration_names_its_services() {
        let name = Aanbiedernaam::parse("eenofanderezorgaanbieder").unwrap();
        let id = GegevensdienstId::parse("48").unwrap();
        let service = OfferedService::new(id.clone(), Function::Verzamelen, "eigen");
        let registratie = Registratie::new([Aanbieder::new(name.clone(), "A", "https://a.example/", vec![service])]);
        assert_eq!(
            registratie.aanbieder(&name).await.unwrap().unwrap().services[0].name,
            "eigen"
        );
        let mut draft = GegevensdienstnamenlijstDraft::new(moment(), Volgnummer::FIRST);
        draft
            .gegevensdiensten
            .push((id, Weergavenaam::parse("Basisgegevens Zorg").unwrap()));
        let registratie = registratie.with_gnl(cache(draft.to_xml().unwrap()));
        assert_eq!(
            registratie.aanbieder(&name).await.unwrap().unwrap().services[0].name,
            "Basisgegevens Zorg"
        );
        assert!(
            registratie
                .aanbieder(&Aanbiedernaam::parse("ander").unwrap())
                .await
                .unwrap()
                .is_none()
        );
    }

    #[tokio::test]
    async fn core_ocl_300_clients_of_the_list() {
        let mut draft = OAuthclientlistDraft::new(moment(), Volgnummer::FIRST);
        let name = Organisatienaam::parse("De Enige Echte PGO").unwrap();
        draft
            .clients
            .push((Hostname::parse("pgo.example.nl").unwrap(), name.clone()));
        let clients = cache::<OAuthclientlist>(draft.to_xml().unwrap());
        let found = clients
            .client(&ClientId::parse("pgo.example.nl").unwrap())
            .await
            .unwrap();
        // a list that does not name gegevensdiensten allows all
        assert_eq!(found, Some(Client::new(name, None)));
        assert_eq!(
            clients
                .client(&ClientId::parse("ander.example.nl").unwrap())
                .await
                .unwrap(),
            None
        );
        let empty: Arc<ListCache<OAuthclientlist>> =
            Arc::new(ListCache::new(RefreshPolicy::default(), SystemClock::default()));
        assert!(empty.client(&ClientId::parse("pgo.example.nl").unwrap()).await.is_err());
    }

    #[tokio::test]
    async fn core_ocl_300_a_name_that_is_only_shown_takes_no_dvp_offline() {
        for (name, pgo) in [
            ("De Enige\n      Echte PGO", "De Enige Echte PGO"),
            ("De&#9;Enige\u{a0}\u{2003}Echte  PGO ", "De Enige Echte PGO"),
            ("De\u{200b} Enige\u{202e} Echte\u{ad} PGO", "De Enige Echte PGO"),
            ("   ", "pgo.example.nl"),
            ("\u{200b}\u{feff}\u{2060}", "pgo.example.nl"),
            ("a  ", "pgo.example.nl"),
        ] {
            let list = format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?><OAuthclientlist \
                 xmlns=\"xmlns://afsprakenstelsel.medmij.nl/oauthclientlist/release2/\">\
                 <Tijdstempel>2026-03-29T12:00:00Z</Tijdstempel><Volgnummer>1</Volgnummer><OAuthclients><OAuthclient>\
                 <Hostname>pgo.example.nl</Hostname><OAuthclientOrganisatienaam>{name}</OAuthclientOrganisatienaam>\
                 </OAuthclient></OAuthclients></OAuthclientlist>"
            );
            let id = ClientId::parse("pgo.example.nl").unwrap();
            let client = cache::<OAuthclientlist>(list).client(&id).await.unwrap();
            assert_eq!(client.unwrap().name(&id), pgo, "{name:?}");
        }
    }
}
