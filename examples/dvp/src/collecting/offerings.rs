// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.alst.100 — what can be collected where: an entry of the Zorgaanbiederslijst with the names of the
//! Gegevensdienstnamenlijst, taken out of one snapshot so that every step of a flow sees the same endpoints.

use medmij_dvp::{CollectionPlan, group_by_endpoints};
use medmij_fhir::ResourceEndpoints;
use medmij_gnl::Gegevensdienstnamenlijst;
use medmij_types::{
    Aanbiedernaam, BackchannelUri, FrontchannelUri, GegevensdienstId, Hostname, InterfaceversieId, Release,
    Systeemrolcode, Volgnummer,
};
use medmij_zal::{OfferedGegevensdienst, Unusable, Zorgaanbieder, Zorgaanbiederslijst};
use serde::{Deserialize, Serialize};

/// What one Aanbieder offers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Offerings {
    /// The Aanbieder.
    pub(crate) aanbieder: Aanbiedernaam,
    /// The gegevensdiensten that this DVP can collect.
    pub(crate) gegevensdiensten: Vec<ServiceOffer>,
    /// The list that this comes from.
    pub(crate) volgnummer: Volgnummer,
}

/// A gegevensdienst with its endpoints.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ServiceOffer {
    /// Its id.
    pub(crate) id: GegevensdienstId,
    /// Its name for people.
    pub(crate) name: String,
    authorization_endpoint: FrontchannelUri,
    token_endpoint: BackchannelUri,
    resource_endpoints: Vec<(Systeemrolcode, BackchannelUri)>,
}

/// Everything on the list that this DVP can collect, by Aanbieder.
pub(crate) fn all(zal: &Zorgaanbiederslijst, gnl: &Gegevensdienstnamenlijst) -> Vec<Offerings> {
    zal.zorgaanbieders()
        .filter_map(|entry| of(entry, zal.header().volgnummer(), gnl))
        .collect()
}

impl Offerings {
    /// One flow for each pair of authorization and token endpoint (core.autorisatie.203), with what the Persoon ticked.
    pub(crate) fn plan(&self, ticked: impl Fn(&GegevensdienstId) -> bool) -> CollectionPlan {
        let endpoints = |d: &ServiceOffer| (d.id.clone(), d.authorization_endpoint.clone(), d.token_endpoint.clone());
        let mut plan = CollectionPlan::new();
        let groups = group_by_endpoints(self.gegevensdiensten.iter().map(endpoints));
        plan.add(self.aanbieder.clone(), groups);
        plan.retain(|_, id| ticked(id));
        plan
    }

    /// Where the Persoon logs in, for all of it.
    pub(crate) fn login_addresses(&self) -> impl Iterator<Item = &FrontchannelUri> {
        self.gegevensdiensten
            .iter()
            .map(|service| &service.authorization_endpoint)
    }

    /// Where a gegevensdienst is authorized, by the host of its authorization server and its token endpoint.
    pub(crate) fn endpoints(&self, id: &GegevensdienstId) -> Option<(&Hostname, &BackchannelUri)> {
        let service = self.service(id)?;
        Some((service.authorization_endpoint.hostname(), &service.token_endpoint))
    }

    /// The name of a gegevensdienst.
    pub(crate) fn name_of(&self, id: &GegevensdienstId) -> String {
        self.service(id)
            .map_or_else(|| id.to_string(), |service| service.name.clone())
    }

    /// Where the resources of one systeemrol of a gegevensdienst are.
    pub(crate) fn resource_endpoint(&self, id: &GegevensdienstId, systeemrol: &str) -> Option<&BackchannelUri> {
        let endpoints = &self.service(id)?.resource_endpoints;
        let of_role = endpoints.iter().find(|(role, _)| role.as_str() == systeemrol);
        // a query whose systeemrol the catalogue does not know goes to the only one
        of_role.or_else(|| endpoints.first()).map(|(_, endpoint)| endpoint)
    }

    /// Where the resources of a gegevensdienst are.
    pub(crate) fn resource_endpoints(&self, id: &GegevensdienstId) -> Option<ResourceEndpoints> {
        ResourceEndpoints::from_uris(self.service(id)?.resource_endpoints.iter().cloned()).ok()
    }

    #[cfg(test)]
    pub(crate) fn nothing(aanbieder: &str) -> Self {
        Self {
            aanbieder: Aanbiedernaam::parse(aanbieder).unwrap(),
            gegevensdiensten: Vec::new(),
            volgnummer: Volgnummer::FIRST,
        }
    }

    fn service(&self, id: &GegevensdienstId) -> Option<&ServiceOffer> {
        self.gegevensdiensten.iter().find(|service| service.id == *id)
    }
}

fn of(entry: Zorgaanbieder<'_>, volgnummer: Volgnummer, gnl: &Gegevensdienstnamenlijst) -> Option<Offerings> {
    let version = InterfaceversieId::parse(&Release::DEFAULT.major().to_string()).ok()?;
    let aanbieder = entry.name().ok()?;
    let services = entry
        .interfaceversie(&version)?
        .gegevensdiensten()
        .filter_map(|service| match service_of(service, gnl) {
            Ok(service) => service,
            Err(unusable) => {
                tracing::warn!(%aanbieder, %unusable, "entry of the Zorgaanbiederslijst is not used");
                None
            }
        });
    let gegevensdiensten: Vec<ServiceOffer> = services.collect();
    (!gegevensdiensten.is_empty()).then_some(Offerings {
        aanbieder,
        gegevensdiensten,
        volgnummer,
    })
}

/// `None` for what this DVP does not collect, an error for an entry that is on the list but of no use.
fn service_of(
    entry: OfferedGegevensdienst<'_>,
    gnl: &Gegevensdienstnamenlijst,
) -> Result<Option<ServiceOffer>, Unusable> {
    let id = entry.id()?;
    let collectable =
        |service: &&medmij_fhir::Gegevensdienst| service.function() == medmij_fhir::ServiceFunction::Verzamelen;
    if medmij_fhir::Gegevensdienst::lookup(&id).filter(collectable).is_none() {
        return Ok(None);
    }
    Ok(Some(ServiceOffer {
        name: gnl
            .weergavenaam(&id)
            .map_or_else(|| format!("Gegevensdienst {id}"), str::to_owned),
        authorization_endpoint: entry.authorization_endpoint()?,
        token_endpoint: entry.token_endpoint()?,
        resource_endpoints: entry
            .systeemrollen()
            .map(|role| Ok((role.code()?, role.resource_endpoint()?)))
            .collect::<Result<_, Unusable>>()?,
        id,
    }))
}
