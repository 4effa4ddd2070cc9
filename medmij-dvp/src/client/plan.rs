// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.autorisatie.203, AVG article 5 (data minimisation) — what will be asked where, before the Persoon starts: how often
//! the Persoon logs in, and what is left out.

use medmij_types::{Aanbiedernaam, GegevensdienstId, Hostname};

use super::FlowGroup;

/// What will be collected, for the Persoon to look at and narrow before anything starts. Nothing is asked but what is in
/// it: a login for which nothing is left is left out, and a gegevensdienst that was taken out is not collected, also where the
/// authorization server would give it.
///
/// ```
/// use medmij_dvp::{CollectionPlan, group_by_endpoints};
/// use medmij_types::{Aanbiedernaam, BackchannelUri, FrontchannelUri, GegevensdienstId};
///
/// let at = |id: &str, dva: &str| -> Result<_, Box<dyn std::error::Error>> {
///     Ok((
///         GegevensdienstId::parse(id)?,
///         FrontchannelUri::parse(&format!("https://{dva}.example.nl/authorize"))?,
///         BackchannelUri::parse(&format!("https://{dva}.example.nl/token"))?,
///     ))
/// };
/// let name = Aanbiedernaam::parse("eenofanderezorgaanbieder@medmij")?;
/// let groups = group_by_endpoints([at("48", "een")?, at("49", "een")?, at("51", "twee")?]);
/// let mut plan = CollectionPlan::new();
/// plan.add(name.clone(), groups);
/// assert_eq!((plan.logins().count(), plan.services().count()), (2, 3));
///
/// // the Persoon leaves one out: no second login, and it is not asked
/// assert!(plan.leave_out(&name, &GegevensdienstId::parse("51")?));
/// let logins: Vec<_> = plan.logins().collect();
/// assert_eq!((logins.len(), logins[0].server.as_str()), (1, "een.example.nl"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CollectionPlan(Vec<(Aanbiedernaam, FlowGroup)>);

/// One time that the Persoon logs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlannedLogin<'a> {
    /// At whom the data is.
    pub aanbieder: &'a Aanbiedernaam,
    /// Where the Persoon logs in: the authorization server.
    pub server: &'a Hostname,
    /// What is asked there.
    pub gegevensdiensten: &'a [GegevensdienstId],
}

impl CollectionPlan {
    /// Nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Everything of an Aanbieder, by its groups of endpoints ([`group_by_endpoints`](super::group_by_endpoints)).
    pub fn add(&mut self, aanbieder: Aanbiedernaam, groups: impl IntoIterator<Item = FlowGroup>) {
        let groups = groups.into_iter().filter(|group| !group.gegevensdiensten.is_empty());
        self.0.extend(groups.map(|group| (aanbieder.clone(), group)));
    }

    /// Leaves a gegevensdienst of an Aanbieder out; whether it was in the plan.
    pub fn leave_out(&mut self, aanbieder: &Aanbiedernaam, gegevensdienst: &GegevensdienstId) -> bool {
        let before = self.services().count();
        self.retain(|of, id| of != aanbieder || id != gegevensdienst);
        self.services().count() < before
    }

    /// Keeps only what the Persoon ticked.
    pub fn retain(&mut self, mut ticked: impl FnMut(&Aanbiedernaam, &GegevensdienstId) -> bool) {
        self.0.retain_mut(|(aanbieder, group)| {
            group.gegevensdiensten.retain(|id| ticked(aanbieder, id));
            !group.gegevensdiensten.is_empty()
        });
    }

    /// The logins, in the order in which they come: one for each Aanbieder and authorization server.
    pub fn logins(&self) -> impl Iterator<Item = PlannedLogin<'_>> {
        self.0.iter().map(|(aanbieder, group)| PlannedLogin {
            aanbieder,
            server: group.authorization_endpoint.hostname(),
            gegevensdiensten: &group.gegevensdiensten,
        })
    }

    /// What is asked of whom.
    pub fn services(&self) -> impl Iterator<Item = (&Aanbiedernaam, &GegevensdienstId)> {
        self.0
            .iter()
            .flat_map(|(aanbieder, group)| group.gegevensdiensten.iter().map(move |id| (aanbieder, id)))
    }

    /// The flows to start, one after the other: each goes into an [`FlowRequest`](super::FlowRequest).
    #[must_use]
    pub fn into_flows(self) -> Vec<(Aanbiedernaam, FlowGroup)> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use medmij_oauth::RedirectUri;
    use medmij_types::{BackchannelUri, FrontchannelUri, Release};

    use super::*;
    use crate::client::{FlowRequest, group_by_endpoints};

    fn name(short: &str) -> Aanbiedernaam {
        format!("{short}@medmij").parse().unwrap()
    }

    fn id(id: &str) -> GegevensdienstId {
        id.parse().unwrap()
    }

    fn groups(entries: &[(&str, &str)]) -> Vec<FlowGroup> {
        group_by_endpoints(entries.iter().map(|(service, dva)| {
            (
                id(service),
                FrontchannelUri::parse(&format!("https://{dva}.example.nl/authorize")).unwrap(),
                BackchannelUri::parse(&format!("https://{dva}.example.nl/token")).unwrap(),
            )
        }))
    }

    fn plan() -> CollectionPlan {
        let mut plan = CollectionPlan::new();
        plan.add(
            name("huisarts"),
            groups(&[("48", "een"), ("49", "een"), ("51", "twee")]),
        );
        plan.add(name("apotheek"), groups(&[("48", "een")]));
        plan.add(name("leeg"), groups(&[]));
        plan
    }

    #[test]
    fn core_autorisatie_203_there_is_a_login_for_each_aanbieder_and_authorization_server() {
        let plan = plan();
        let logins: Vec<_> = plan
            .logins()
            .map(|login| {
                (
                    login.aanbieder.short(),
                    login.server.as_str(),
                    login.gegevensdiensten.len(),
                )
            })
            .collect();
        assert_eq!(
            logins,
            [
                ("huisarts", "een.example.nl", 2),
                ("huisarts", "twee.example.nl", 1),
                ("apotheek", "een.example.nl", 1)
            ]
        );
    }

    #[test]
    fn what_is_left_out_is_not_asked_and_costs_no_login() {
        let mut plan = plan();
        assert!(plan.leave_out(&name("huisarts"), &id("48")));
        assert!(!plan.leave_out(&name("huisarts"), &id("48")));
        assert!(plan.leave_out(&name("huisarts"), &id("51")));
        assert!(!plan.leave_out(&name("leeg"), &id("48")));
        let asked: Vec<_> = plan.services().map(|(name, id)| (name.short(), id.as_str())).collect();
        assert_eq!(asked, [("huisarts", "49"), ("apotheek", "48")]);
        // and so it is in what is started
        for (aanbieder, group) in plan.clone().into_flows() {
            let redirect = RedirectUri::parse("https://pgo.example.nl/cb").unwrap();
            let ids = group.gegevensdiensten.clone();
            let asked = FlowRequest::verzamelen(Release::DEFAULT, aanbieder, &group, redirect).unwrap();
            assert_eq!(asked.gegevensdiensten, ids);
            assert!(!asked.gegevensdiensten.contains(&id("51")));
        }
        plan.retain(|_, _| false);
        assert_eq!((plan.logins().count(), plan.into_flows().len()), (0, 0));
    }
}
