// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the supplier of this DVZA brings to the authorization server: clients, Aanbieders, login, tests, store.

use crate::{Bediend, bronsysteem::Bronsysteem, inlogstub::Inlogstub};
use medmij_gnl::Gegevensdienstnamenlijst;
use medmij_list::ListCache;
use medmij_oauth::{
    ClientId, Functie,
    server::{Aanbieder, Aanbieders, Client, Clients, Dienst, Dvza, SupplierError, Toets, ToetsUitslag, ToetsVraag},
    store::MemoryStore,
};
use medmij_ocl::OAuthclientlist;
use medmij_types::{Aanbiedernaam, GegevensdienstId};
use node::STAP;
use std::sync::Arc;

/// The bundle.
pub(crate) struct Leverancier {
    pub(crate) store: MemoryStore,
    pub(crate) clients: OclClients,
    pub(crate) aanbieders: EigenRegistratie,
    pub(crate) login: Inlogstub,
    pub(crate) toets: BronToets,
}

impl Dvza for Leverancier {
    type Store = MemoryStore;
    type Clients = OclClients;
    type Aanbieders = EigenRegistratie;
    type Authentication = Inlogstub;
    type Toets = BronToets;

    fn store(&self) -> &MemoryStore {
        &self.store
    }

    fn clients(&self) -> &OclClients {
        &self.clients
    }

    fn aanbieders(&self) -> &EigenRegistratie {
        &self.aanbieders
    }

    fn authentication(&self) -> &Inlogstub {
        &self.login
    }

    fn toets(&self) -> &BronToets {
        &self.toets
    }
}

/// core.ocl.300 — the clients of the current OAuth Client List.
pub(crate) struct OclClients(pub Arc<ListCache<OAuthclientlist>>);

impl Clients for OclClients {
    async fn client(&self, id: &ClientId) -> Result<Option<Client>, SupplierError> {
        let list = self
            .0
            .current()
            .ok_or_else(|| SupplierError::new("OAuth Client List", "there is no list that may be used"))?;
        let Some(client) = list.client(id.hostname()) else {
            return Ok(None);
        };
        let naam = client
            .organisatienaam()
            .map_err(|error| SupplierError::new("OAuth Client List", error))?;
        Ok(Some(Client::new(naam, None)))
    }
}

/// core.gegevensdiensten.104 — whom this DVZA serves comes from its own registration, here its configuration file; only
/// the names of the gegevensdiensten come from a list, and a stale one does not stop it.
pub(crate) struct EigenRegistratie {
    pub(crate) bediend: Vec<Bediend>,
    pub(crate) gnl: Arc<ListCache<Gegevensdienstnamenlijst>>,
}

impl EigenRegistratie {
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
        Ok(self
            .bediend
            .iter()
            .find(|bediend| bediend.aanbieder == *naam)
            .map(|bediend| {
                let dienst = |id: &GegevensdienstId| Dienst::new(id.clone(), Functie::Verzamelen, self.naam_van(id));
                let diensten = bediend.gegevensdiensten.iter().map(dienst).collect();
                let privacyverklaring = format!("https://www.{}.example/privacy", naam.short());
                Aanbieder::new(naam.clone(), &bediend.naam, privacyverklaring, diensten)
            }))
    }
}

/// The Beschikbaarheidstoets: is there a dossier of this person?
pub(crate) struct BronToets {
    pub(crate) rol: String,
    pub(crate) bron: Arc<Bronsysteem>,
}

impl Toets for BronToets {
    async fn toets(&self, vraag: &ToetsVraag<'_>) -> Result<ToetsUitslag, SupplierError> {
        let has = |id: &&GegevensdienstId| {
            self.bron
                .dossier(&vraag.aanbieder.naam, &vraag.persoon.bsn, id)
                .is_some()
        };
        let beschikbaar: Vec<_> = vraag.gegevensdiensten.iter().filter(has).cloned().collect();
        let ids: Vec<&str> = beschikbaar.iter().map(GegevensdienstId::as_str).collect();
        let uitslag = if ids.is_empty() {
            "geen gegevens".to_owned()
        } else {
            format!("gegevens voor {}", ids.join(", "))
        };
        tracing::info!(target: STAP, rol = self.rol, regel = "Beschikbaarheidstoets", "{} heeft {uitslag}", vraag.aanbieder.weergavenaam);
        Ok(ToetsUitslag::Beschikbaar(beschikbaar))
    }
}
