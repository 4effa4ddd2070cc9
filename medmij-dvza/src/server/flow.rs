// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a server remembers of a flow and of a grant. In the store it is sealed whole.

mod grant;
mod stored;

use medmij_oauth::{
    ClientId, RedirectUri, Scope,
    policy::Uitzondering,
    wire::{Geboortedatum, RequestIds},
};
use medmij_types::{Aanbiedernaam, CorrelationId, GegevensdienstId, Release, State};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

pub(super) use self::grant::{FamilyKey, GrantBody};
use super::{Persoon, ProvenRedirect, StepError};

/// A flow between authorization request and answer.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Flow {
    pub(super) client_id: ClientId,
    pub(super) redirect_uri: RedirectUri,
    #[serde(with = "stored::state")]
    pub(super) state: State,
    pub(super) scope: Scope,
    /// Set for every release: releases 1.0 and 1.1 take it from the settings.
    pub(super) aanbieder: Aanbiedernaam,
    pub(super) ids: Option<RequestIds>,
    #[serde(with = "stored::geboortedatum")]
    pub(super) geboortedatum: Option<Geboortedatum>,
    pub(super) session_id: CorrelationId,
    pub(super) beheren: bool,
    pub(super) step: Step,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) enum Step {
    Landing,
    Login {
        remember: Vec<u8>,
    },
    /// After the login: the question or, where nothing that was asked is available, the page that says so. It is one step with
    /// bytes of one length, so that the way back from it is the same work (autoriseren 1 and 2).
    Toestemming {
        #[serde(with = "stored::StoredPersoon")]
        persoon: Persoon,
        asked: Vec<Asked>,
    },
    End {
        #[serde(with = "stored::uitzondering")]
        reason: Uitzondering,
    },
    Overview {
        #[serde(with = "stored::StoredPersoon")]
        persoon: Persoon,
        /// What was withdrawn just now.
        stopped: Option<(ClientId, Aanbiedernaam)>,
    },
    AccessLog {
        #[serde(with = "stored::StoredPersoon")]
        persoon: Persoon,
    },
    Withdraw {
        #[serde(with = "stored::StoredPersoon")]
        persoon: Persoon,
        client_id: ClientId,
        aanbieder: Aanbiedernaam,
    },
}

/// A gegevensdienst that was asked, and whether something of it is available.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Asked {
    pub(super) id: GegevensdienstId,
    /// Stored as 1 or 0: as long either way.
    #[serde(with = "stored::flag")]
    pub(super) available: bool,
}

impl Asked {
    /// The gegevensdiensten of which something is available.
    pub(super) fn available(asked: &[Self]) -> Vec<GegevensdienstId> {
        let available = asked.iter().filter(|asked| asked.available);
        available.map(|asked| asked.id.clone()).collect()
    }
}

impl Flow {
    pub(super) fn release(&self) -> Release {
        self.scope.release()
    }

    pub(super) fn redirect(&self) -> ProvenRedirect {
        ProvenRedirect::of_flow(self.redirect_uri.clone(), self.state.clone())
    }

    pub(super) fn trace_id(&self) -> &CorrelationId {
        self.ids.as_ref().map_or(&self.session_id, |ids| &ids.correlation_id)
    }

    pub(super) fn at(&self, step: Step) -> Self {
        Self { step, ..self.clone() }
    }

    pub(super) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        stored::write(self, FLOW_VERSION)
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, StepError> {
        stored::read(bytes, "flow", FLOW_VERSION)
    }
}

/// The version of the body of a flow, in the store and in the cookie: it goes up with every change that another program would
/// misread.
const FLOW_VERSION: u32 = 2;
