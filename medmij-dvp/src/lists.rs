// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.alst.100, core.gnl.100 — what a DVP looks up before it sends somebody to an Aanbieder.

use medmij_gnl::Gegevensdienstnamenlijst;
use medmij_oauth::Scope;
use medmij_types::{Aanbiedernaam, BackchannelUri, GegevensdienstId, InterfaceversieId, Systeemrolcode};
use medmij_zal::{Unusable, Zorgaanbiederslijst};

use crate::client::{FlowGroup, FlowRequest, group_by_endpoints};

/// The flows that it takes to reach these gegevensdiensten of an Aanbieder: one for each pair of endpoints, from one list.
/// What the list has but cannot be used comes back beside them.
#[must_use]
pub fn flow_groups(
    list: &Zorgaanbiederslijst,
    name: &Aanbiedernaam,
    version: &InterfaceversieId,
    gegevensdiensten: &[GegevensdienstId],
) -> (Vec<FlowGroup>, Vec<Unusable>) {
    let (mut entries, mut unusable) = (Vec::new(), Vec::new());
    for id in gegevensdiensten {
        let Some(entry) = list.gegevensdienst(name, version, id) else {
            continue;
        };
        match (entry.authorization_endpoint(), entry.token_endpoint()) {
            (Ok(authorization), Ok(token)) => entries.push((id.clone(), authorization, token)),
            (Err(error), _) | (_, Err(error)) => unusable.push(error),
        }
    }
    (group_by_endpoints(entries), unusable)
}

/// Where the resources of a gegevensdienst are: the ResourceEndpoint of each systeemrol, from the pinned list.
///
/// # Errors
///
/// [`NotOffered`] where the list does not have the gegevensdienst, or an endpoint of it that cannot be used.
pub fn resource_endpoints(
    list: &Zorgaanbiederslijst,
    name: &Aanbiedernaam,
    version: &InterfaceversieId,
    gegevensdienst: &GegevensdienstId,
) -> Result<Vec<(Systeemrolcode, BackchannelUri)>, NotOffered> {
    let entry = list
        .gegevensdienst(name, version, gegevensdienst)
        .ok_or_else(|| NotOffered::NotListed(gegevensdienst.clone()))?;
    entry
        .systeemrollen()
        .map(|role| Ok((role.code()?, role.resource_endpoint()?)))
        .collect::<Result<_, Unusable>>()
        .map_err(NotOffered::Unusable)
}

/// Why the resources of a gegevensdienst cannot be collected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotOffered {
    /// The Aanbieder does not offer it, by this list.
    #[error("gegevensdienst {0} is not offered")]
    NotListed(GegevensdienstId),
    /// The Gegevensdienstnamenlijst does not have it.
    #[error("gegevensdienst {0} is not on the Gegevensdienstnamenlijst")]
    NoName(GegevensdienstId),
    /// The list has it with something that cannot be used.
    #[error(transparent)]
    Unusable(Unusable),
}

impl FlowRequest {
    /// Notes the list from which the endpoints came.
    #[must_use]
    pub fn pinned_to(self, list: &Zorgaanbiederslijst) -> Self {
        self.from_list(list.header().volgnummer())
    }
}

/// Whether the Gegevensdienstnamenlijst has every gegevensdienst that a scope names (A24): checked before a redirect.
///
/// # Errors
///
/// [`NotOffered::NoName`] with the first id that the list does not have.
pub fn check_names(list: &Gegevensdienstnamenlijst, scope: &Scope) -> Result<(), NotOffered> {
    match scope
        .gegevensdiensten()
        .iter()
        .find(|id| list.weergavenaam(id).is_none())
    {
        None => Ok(()),
        Some(id) => Err(NotOffered::NoName(id.clone())),
    }
}

#[cfg(test)]
mod tests {
    use medmij_gnl::GegevensdienstnamenlijstDraft;
    use medmij_list::{ReadOptions, Snapshot};
    use medmij_oauth::Function;
    use medmij_types::{Tijdstempel, Volgnummer, Weergavenaam};

    use super::*;

    #[test]
    fn core_authint_200_a24_a_gegevensdienst_that_has_no_name() {
        let mut draft =
            GegevensdienstnamenlijstDraft::new(Tijdstempel::parse("2026-03-29T12:00:00Z").unwrap(), Volgnummer::FIRST);
        draft
            .gegevensdiensten
            .push(("53".parse().unwrap(), Weergavenaam::parse("Meetwaarden").unwrap()));
        let xml = draft.to_xml().unwrap().into_bytes();
        let list = Snapshot::<Gegevensdienstnamenlijst>::read(xml, &ReadOptions::default()).unwrap();
        let scope = |text| Scope::parse(medmij_types::Release::V2_2, Function::Delen, text).unwrap();
        assert!(check_names(&list, &scope("abc~53")).is_ok());
        assert!(matches!(check_names(&list, &scope("abc~60")), Err(NotOffered::NoName(id)) if id.as_str() == "60"));
    }

    #[test]
    fn core_alst_100_the_flows_of_an_aanbieder() {
        let list =
            Snapshot::<Zorgaanbiederslijst>::read(medmij_zal::doc_example().into_bytes(), &ReadOptions::default())
                .unwrap();
        let name = Aanbiedernaam::parse("umcharderwijk").unwrap();
        let version = InterfaceversieId::parse("2").unwrap();
        let ids = ["48", "99"].map(|id| GegevensdienstId::parse(id).unwrap());
        let (groups, unusable) = flow_groups(&list, &name, &version, &ids);
        assert_eq!((groups.len(), unusable.len()), (1, 0));
        assert_eq!(groups[0].gegevensdiensten, ids[..1]);
        assert_eq!(groups[0].token_endpoint.as_str(), "https://dvza.example.nl/token");
    }
}
