// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.authint.200 — what a DVP wants to ask, complete and within the rules of its release.

use medmij_oauth::OauthError;
use medmij_oauth::{RedirectUri, Scope, Vertegenwoordiging, wire::Geboortedatum};
use medmij_types::{
    Aanbiedernaam, BackchannelUri, EntropyError, FrontchannelUri, GegevensdienstId, Release, Volgnummer,
};

use super::FlowGroup;

/// One flow that is about to start.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FlowRequest {
    /// The Aanbieder. The scope names it too, from release 1.2 on.
    pub aanbieder: Aanbiedernaam,
    /// What is asked.
    pub scope: Scope,
    /// Where the Persoon goes.
    pub authorization_endpoint: FrontchannelUri,
    /// Where the code goes.
    pub token_endpoint: BackchannelUri,
    /// The gegevensdiensten that may be fetched with this flow, from the pinned Zorgaanbiederslijst.
    pub gegevensdiensten: Vec<GegevensdienstId>,
    /// Where the answer comes back.
    pub redirect_uri: RedirectUri,
    /// The Volgnummer of the Zorgaanbiederslijst from which the endpoints came.
    pub volgnummer: Option<Volgnummer>,
    /// The birth date of the Vertegenwoordigde, with representation only.
    pub geboortedatum: Option<Geboortedatum>,
}

impl FlowRequest {
    /// Verzamelen of the gegevensdiensten of a group. Releases before 2.0 name them in the scope, and those before 1.5 can
    /// name one only.
    ///
    /// # Errors
    ///
    /// [`OauthError`], where the release cannot name so many gegevensdiensten.
    pub fn verzamelen(
        release: Release,
        aanbieder: Aanbiedernaam,
        group: &FlowGroup,
        redirect_uri: RedirectUri,
    ) -> Result<Self, OauthError> {
        let scope = Scope::verzamelen(release, aanbieder.clone(), &group.gegevensdiensten)?;
        Ok(Self::new(aanbieder, scope, group, redirect_uri))
    }

    /// Any scope, at the endpoints of a group.
    #[must_use]
    pub fn new(aanbieder: Aanbiedernaam, scope: Scope, group: &FlowGroup, redirect_uri: RedirectUri) -> Self {
        Self {
            aanbieder,
            scope,
            authorization_endpoint: group.authorization_endpoint.clone(),
            token_endpoint: group.token_endpoint.clone(),
            gegevensdiensten: group.gegevensdiensten.clone(),
            redirect_uri,
            volgnummer: None,
            geboortedatum: None,
        }
    }

    /// Notes the list from which the endpoints came.
    #[must_use]
    pub fn from_list(mut self, volgnummer: Volgnummer) -> Self {
        self.volgnummer = Some(volgnummer);
        self
    }

    /// Asks on behalf of somebody else (ext.vert.authint.200).
    ///
    /// # Errors
    ///
    /// [`OauthError`], where the release does not have this kind of representation.
    pub fn on_behalf_of(mut self, kind: Vertegenwoordiging, geboortedatum: Geboortedatum) -> Result<Self, OauthError> {
        self.scope = self.scope.with_vertegenwoordiging(kind)?;
        self.geboortedatum = Some(geboortedatum);
        Ok(self)
    }
}

/// Why a flow cannot start. Nothing was sent and no URL was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FlowRequestError {
    /// core.authint.200: the host of the `redirect_uri` is not the `client_id` (A04).
    #[error("redirect_uri does not belong to the client")]
    RedirectUri,
    /// ext.vert.authint.200: a birth date goes with representation, and only with it.
    #[error("representation and birth date do not go together")]
    Geboortedatum,
    /// The scope names another Aanbieder than the one that was chosen.
    #[error("scope names another aanbieder")]
    Aanbieder,
    /// No entropy.
    #[error(transparent)]
    Entropy(EntropyError),
}
