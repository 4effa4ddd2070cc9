// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the supplier of this DVZA brings to the authorization server: clients, Aanbieders, login, tests, store.

use crate::STAP;
use crate::{bronsysteem::Bronsysteem, inlogstub::Inlogstub, oidc::Oidc};
use medmij_dvza::{
    Aanbieder, Authentication, Dvza, LoginCallback, LoginOutcome, LoginRequest, LoginStart, SourceBirthDate,
    SupplierError, Toets, ToetsUitslag, ToetsVraag, registratie::Registratie,
};
use medmij_list::ListCache;
use medmij_ocl::OAuthclientlist;
use medmij_store_sqlite::SqliteStore;
use medmij_types::{Bsn, GegevensdienstId};
use std::sync::Arc;

/// The bundle.
pub(crate) struct Leverancier {
    pub(crate) store: Arc<SqliteStore>,
    /// core.ocl.300 — the clients of the current OAuth Client List.
    pub(crate) clients: Arc<ListCache<OAuthclientlist>>,
    pub(crate) aanbieders: Arc<Registratie>,
    pub(crate) login: Login,
    pub(crate) toets: BronToets,
}

impl Dvza for Leverancier {
    type Store = SqliteStore;
    type Clients = Arc<ListCache<OAuthclientlist>>;
    type Aanbieders = Arc<Registratie>;
    type Authentication = Login;
    type Toets = BronToets;

    fn store(&self) -> &SqliteStore {
        &self.store
    }

    fn clients(&self) -> &Arc<ListCache<OAuthclientlist>> {
        &self.clients
    }

    fn aanbieders(&self) -> &Arc<Registratie> {
        &self.aanbieders
    }

    fn authentication(&self) -> &Login {
        &self.login
    }

    fn toets(&self) -> &BronToets {
        &self.toets
    }
}

/// The login that is configured.
pub(crate) enum Login {
    Stub(Inlogstub),
    Oidc(Box<Oidc>),
}

impl Authentication for Login {
    async fn begin(&self, login: &LoginRequest) -> Result<LoginStart, SupplierError> {
        match self {
            Self::Stub(stub) => stub.begin(login).await,
            Self::Oidc(oidc) => oidc.begin(login).await,
        }
    }

    async fn finish(&self, callback: &LoginCallback<'_>) -> Result<LoginOutcome, SupplierError> {
        match self {
            Self::Stub(stub) => stub.finish(callback).await,
            Self::Oidc(oidc) => oidc.finish(callback).await,
        }
    }
}

/// The Beschikbaarheidstoets: is there a dossier of this person?
pub(crate) struct BronToets {
    pub(crate) rol: String,
    pub(crate) bron: Arc<Bronsysteem>,
}

impl Toets for BronToets {
    async fn toets(&self, vraag: &ToetsVraag<'_>) -> Result<ToetsUitslag, SupplierError> {
        let has = |id: &&GegevensdienstId| self.bron.has(&vraag.aanbieder.naam, &vraag.persoon.bsn, id);
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

    async fn geboortedatum(&self, bsn: &Bsn, _: &Aanbieder) -> Result<Option<SourceBirthDate>, SupplierError> {
        Ok(self.bron.geboren(bsn))
    }
}
