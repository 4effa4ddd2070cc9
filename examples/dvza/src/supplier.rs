// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the supplier of this DVZA brings to the authorization server: clients, Aanbieders, login, tests, store.

use crate::STEP;
use crate::storage::Storage;
use crate::{bronsysteem::Bronsysteem, login_stub::LoginStub, oidc::Oidc};
use medmij_dvza::{
    Aanbieder, Authentication, Dvza, LoginCallback, LoginOutcome, LoginRequest, LoginStart, Persoon, Represented,
    SourceBirthDate, SupplierError, Toets, ToetsOutcome, ToetsQuery, registratie::Registratie,
};
use medmij_list::ListCache;
use medmij_oauth::Vertegenwoordiging;
use medmij_ocl::OAuthclientlist;
use medmij_types::{Bsn, GegevensdienstId};
use std::sync::Arc;

/// The bundle.
pub(crate) struct ExampleSupplier {
    pub(crate) store: Arc<Storage>,
    /// core.ocl.300 — the clients of the current OAuth Client List.
    pub(crate) clients: Arc<ListCache<OAuthclientlist>>,
    pub(crate) aanbieders: Arc<Registratie>,
    pub(crate) login: Login,
    pub(crate) toets: BronsysteemToets,
}

impl Dvza for ExampleSupplier {
    type Store = Storage;
    type Clients = Arc<ListCache<OAuthclientlist>>;
    type Aanbieders = Arc<Registratie>;
    type Authentication = Login;
    type Toets = BronsysteemToets;

    fn store(&self) -> &Storage {
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

    fn toets(&self) -> &BronsysteemToets {
        &self.toets
    }
}

/// The login that is configured.
pub(crate) enum Login {
    Stub(LoginStub),
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

/// The Beschikbaarheidstoets: is there a dossier of this person? The Ontvankelijkheidstoets (Delen) asks the same.
pub(crate) struct BronsysteemToets {
    pub(crate) role: String,
    pub(crate) bronsysteem: Arc<Bronsysteem>,
}

impl Toets for BronsysteemToets {
    async fn toets(&self, query: &ToetsQuery<'_>) -> Result<ToetsOutcome, SupplierError> {
        let has = |id: &&GegevensdienstId| self.bronsysteem.has(&query.aanbieder.name, &query.persoon.bsn, id);
        let available: Vec<_> = query.gegevensdiensten.iter().filter(has).cloned().collect();
        let ids: Vec<&str> = available.iter().map(GegevensdienstId::as_str).collect();
        let outcome = if ids.is_empty() {
            "geen gegevens".to_owned()
        } else {
            format!("gegevens voor {}", ids.join(", "))
        };
        tracing::info!(target: STEP, role = self.role, rule = "Beschikbaarheidstoets", "{} heeft {outcome}", query.aanbieder.weergavenaam);
        Ok(ToetsOutcome::Available(available))
    }

    async fn represented(&self, persoon: &Persoon, _: &Aanbieder) -> Result<Option<Represented>, SupplierError> {
        // a real DVZA asks who established it: here the index of the source systems
        let still = persoon.vertegenwoordiging == Some(Vertegenwoordiging::ParentalAuthority)
            && self.bronsysteem.is_represented(&persoon.bsn);
        Ok(Some(if still { Represented::Yes } else { Represented::No }))
    }

    async fn geboortedatum(&self, bsn: &Bsn, _: &Aanbieder) -> Result<Option<SourceBirthDate>, SupplierError> {
        Ok(self.bronsysteem.born(bsn))
    }
}
