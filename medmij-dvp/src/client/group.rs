// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.autorisatie.203 — in 2.x one authorization is for one Aanbieder at one authorization server, so the gegevensdiensten
//! of an Aanbieder are grouped by their endpoints: one flow each.

use medmij_types::{BackchannelUri, FrontchannelUri, GegevensdienstId};

/// Gegevensdiensten of one Aanbieder that one flow can serve.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FlowGroup {
    /// Where the Persoon goes.
    pub authorization_endpoint: FrontchannelUri,
    /// Where the code goes, and nowhere else (mix-up, C2).
    pub token_endpoint: BackchannelUri,
    /// The gegevensdiensten, in the order in which they came, each once.
    pub gegevensdiensten: Vec<GegevensdienstId>,
}

/// Groups the gegevensdiensten of one Aanbieder by authorization and token endpoint, in the order of first appearance.
///
/// Endpoints are compared exactly: two spellings are two servers.
#[must_use]
pub fn group_by_endpoints(
    entries: impl IntoIterator<Item = (GegevensdienstId, FrontchannelUri, BackchannelUri)>,
) -> Vec<FlowGroup> {
    let mut groups: Vec<FlowGroup> = Vec::new();
    for (id, authorization_endpoint, token_endpoint) in entries {
        let found = groups.iter_mut().find(|group| {
            group.authorization_endpoint == authorization_endpoint && group.token_endpoint == token_endpoint
        });
        match found {
            Some(group) if group.gegevensdiensten.contains(&id) => {}
            Some(group) => group.gegevensdiensten.push(id),
            None => groups.push(FlowGroup {
                authorization_endpoint,
                token_endpoint,
                gegevensdiensten: vec![id],
            }),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_flow_for_each_pair_of_endpoints() {
        let entry = |id: &str, dva: &str| {
            (
                GegevensdienstId::parse(id).unwrap(),
                FrontchannelUri::parse(&format!("https://{dva}.example.nl/authorize")).unwrap(),
                BackchannelUri::parse(&format!("https://{dva}.example.nl/token")).unwrap(),
            )
        };
        let groups = group_by_endpoints([
            entry("48", "een"),
            entry("51", "twee"),
            entry("49", "een"),
            entry("48", "een"),
        ]);
        let ids: Vec<Vec<&str>> = groups
            .iter()
            .map(|g| g.gegevensdiensten.iter().map(GegevensdienstId::as_str).collect())
            .collect();
        assert_eq!(ids, [vec!["48", "49"], vec!["51"]]);
    }
}
