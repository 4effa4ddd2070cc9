// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.alst.100 — what can be collected where: an entry of the Zorgaanbiederslijst with the names of the
//! Gegevensdienstnamenlijst, taken out of one snapshot so that every step of a flow sees the same endpoints.

use medmij_dvp::{FlowGroup, group_by_endpoints};
use medmij_fhir::ResourceEndpoints;
use medmij_gnl::Gegevensdienstnamenlijst;
use medmij_types::{
    Aanbiedernaam, BackchannelUri, FrontchannelUri, GegevensdienstId, InterfaceversieId, Release, Systeemrolcode,
    Volgnummer,
};
use medmij_zal::{Gegevensdienst, Unusable, Zorgaanbieder, Zorgaanbiederslijst};
use std::collections::VecDeque;

/// What one Aanbieder offers.
#[derive(Clone, Debug)]
pub(crate) struct Aanbod {
    /// The Aanbieder.
    pub(crate) aanbieder: Aanbiedernaam,
    /// The gegevensdiensten that this DVP can collect.
    pub(crate) gegevensdiensten: Vec<Dienst>,
    /// The list that this comes from.
    pub(crate) volgnummer: Volgnummer,
}

/// A gegevensdienst with its endpoints.
#[derive(Clone, Debug)]
pub(crate) struct Dienst {
    /// Its id.
    pub(crate) id: GegevensdienstId,
    /// Its name for people.
    pub(crate) naam: String,
    authorization_endpoint: FrontchannelUri,
    token_endpoint: BackchannelUri,
    resource_endpoints: Vec<(Systeemrolcode, BackchannelUri)>,
}

/// Everything on the list that this DVP can collect, by Aanbieder.
pub(crate) fn alles(zal: &Zorgaanbiederslijst, gnl: &Gegevensdienstnamenlijst) -> Vec<Aanbod> {
    zal.zorgaanbieders()
        .filter_map(|entry| van(entry, zal.header().volgnummer(), gnl))
        .collect()
}

impl Aanbod {
    /// One flow for each pair of authorization and token endpoint (core.autorisatie.203).
    pub(crate) fn flows(&self) -> VecDeque<FlowGroup> {
        let endpoints = |d: &Dienst| (d.id.clone(), d.authorization_endpoint.clone(), d.token_endpoint.clone());
        group_by_endpoints(self.gegevensdiensten.iter().map(endpoints)).into()
    }

    /// The name of a gegevensdienst.
    pub(crate) fn naam_van(&self, id: &GegevensdienstId) -> String {
        self.dienst(id)
            .map_or_else(|| id.to_string(), |dienst| dienst.naam.clone())
    }

    /// Where the resources of a gegevensdienst are.
    pub(crate) fn resource_endpoints(&self, id: &GegevensdienstId) -> Option<ResourceEndpoints> {
        ResourceEndpoints::from_uris(self.dienst(id)?.resource_endpoints.iter().cloned()).ok()
    }

    fn dienst(&self, id: &GegevensdienstId) -> Option<&Dienst> {
        self.gegevensdiensten.iter().find(|dienst| dienst.id == *id)
    }
}

fn van(entry: Zorgaanbieder<'_>, volgnummer: Volgnummer, gnl: &Gegevensdienstnamenlijst) -> Option<Aanbod> {
    let versie = InterfaceversieId::parse(&Release::DEFAULT.major().to_string()).ok()?;
    let aanbieder = entry.naam().ok()?;
    let diensten =
        entry
            .interfaceversie(&versie)?
            .gegevensdiensten()
            .filter_map(|dienst| match dienst_van(dienst, gnl) {
                Ok(dienst) => dienst,
                Err(unusable) => {
                    tracing::warn!(%aanbieder, %unusable, "entry of the Zorgaanbiederslijst is not used");
                    None
                }
            });
    let gegevensdiensten: Vec<Dienst> = diensten.collect();
    (!gegevensdiensten.is_empty()).then_some(Aanbod {
        aanbieder,
        gegevensdiensten,
        volgnummer,
    })
}

/// `None` for what this DVP does not collect, an error for an entry that is on the list but of no use.
fn dienst_van(entry: Gegevensdienst<'_>, gnl: &Gegevensdienstnamenlijst) -> Result<Option<Dienst>, Unusable> {
    let id = entry.id()?;
    let collectable = |dienst: &&medmij_fhir::Gegevensdienst| dienst.functie() == medmij_fhir::Functie::Verzamelen;
    if medmij_fhir::Gegevensdienst::lookup(&id).filter(collectable).is_none() {
        return Ok(None);
    }
    Ok(Some(Dienst {
        naam: gnl
            .weergavenaam(&id)
            .map_or_else(|| format!("Gegevensdienst {id}"), str::to_owned),
        authorization_endpoint: entry.authorization_endpoint()?,
        token_endpoint: entry.token_endpoint()?,
        resource_endpoints: entry
            .systeemrollen()
            .map(|rol| Ok((rol.code()?, rol.resource_endpoint()?)))
            .collect::<Result<_, Unusable>>()?,
        id,
    }))
}
