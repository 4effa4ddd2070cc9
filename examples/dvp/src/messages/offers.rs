// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.alst.100 — for what a message can be asked where, out of the Zorgaanbiederslijst.

use crate::App;
use medmij_dvp::{FlowGroup, group_by_endpoints};
use medmij_types::{
    Aanbiedernaam, BackchannelUri, FrontchannelUri, GegevensdienstId, Hostname, InterfaceversieId, Release, Volgnummer,
};
use medmij_zal::Unusable;

/// A gegevensdienst of an Aanbieder with messages.
#[derive(Clone)]
pub(crate) struct Offer {
    pub(crate) aanbieder: Aanbiedernaam,
    pub(crate) id: GegevensdienstId,
    pub(crate) name: String,
    /// The longest that it can be on, in days.
    pub(crate) most_days: u32,
    pub(crate) subscription_endpoint: BackchannelUri,
    pub(crate) authorization_endpoint: FrontchannelUri,
    token_endpoint: BackchannelUri,
    pub(crate) volgnummer: Volgnummer,
}

impl Offer {
    /// Where the Persoon consents.
    pub(crate) fn group(&self) -> Option<FlowGroup> {
        let (front, back) = (self.authorization_endpoint.clone(), self.token_endpoint.clone());
        group_by_endpoints([(self.id.clone(), front, back)]).pop()
    }

    /// Who may notify.
    pub(crate) fn nodes(&self) -> [Hostname; 2] {
        [&self.subscription_endpoint, &self.token_endpoint].map(|uri| uri.hostname().clone())
    }
}

/// Everything on the list for which a message can be asked.
pub(crate) fn offered(app: &App) -> Vec<Offer> {
    let (Some(zal), Some(gnl)) = (app.zal.current(), app.gnl.current()) else {
        return Vec::new();
    };
    let Ok(version) = InterfaceversieId::parse(&Release::DEFAULT.major().to_string()) else {
        return Vec::new();
    };
    let volgnummer = zal.header().volgnummer();
    let mut offers = Vec::new();
    for entry in zal.zorgaanbieders() {
        let (Ok(aanbieder), Some(version)) = (entry.name(), entry.interfaceversie(&version)) else {
            continue;
        };
        for service in version.gegevensdiensten() {
            let offer = || -> Result<Option<Offer>, Unusable> {
                let Some(abonneren) = service.abonneren() else {
                    return Ok(None);
                };
                let id = service.id()?;
                Ok(Some(Offer {
                    aanbieder: aanbieder.clone(),
                    name: gnl
                        .weergavenaam(&id)
                        .map_or_else(|| format!("Gegevensdienst {id}"), str::to_owned),
                    most_days: abonneren.max_duration()?,
                    subscription_endpoint: abonneren.subscription_endpoint()?,
                    authorization_endpoint: service.authorization_endpoint()?,
                    token_endpoint: service.token_endpoint()?,
                    volgnummer,
                    id,
                }))
            };
            match offer() {
                Ok(offer) => offers.extend(offer),
                Err(unusable) => tracing::warn!(%aanbieder, %unusable, "entry of the Zorgaanbiederslijst is not used"),
            }
        }
    }
    offers
}
