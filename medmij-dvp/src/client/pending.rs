// SPDX-License-Identifier: AGPL-3.0-or-later
//! C1, C2 — a flow between request and answer: found by `state`, bound to a browser session, spent once.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

use medmij_oauth::{RedirectUri, Scope, storage::SecretHash};
use medmij_types::{
    Aanbiedernaam, BackchannelUri, CorrelationId, FrontchannelUri, GegevensdienstId, State, Volgnummer,
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// A flow that waits for the browser to come back. It remembers the endpoints and the list of its start, so that the code
/// goes to the token endpoint of this flow and to no other.
///
/// `Debug` shows no `state`. To keep a flow outside this process, take [`expose_json`](Self::expose_json) and put it
/// where a session secret may be put.
#[derive(Clone)]
pub struct PendingFlow {
    pub(super) state: State,
    pub(super) session: SecretHash,
    pub(super) aanbieder: Aanbiedernaam,
    pub(super) scope: Scope,
    pub(super) authorization_endpoint: FrontchannelUri,
    pub(super) token_endpoint: BackchannelUri,
    pub(super) gegevensdiensten: Vec<GegevensdienstId>,
    pub(super) redirect_uri: RedirectUri,
    pub(super) correlation_id: Option<CorrelationId>,
    pub(super) volgnummer: Option<Volgnummer>,
    pub(super) started: SystemTime,
}

impl PendingFlow {
    /// The key under which the flow is found again.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The Aanbieder.
    #[must_use]
    pub fn aanbieder(&self) -> &Aanbiedernaam {
        &self.aanbieder
    }

    /// What was asked.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The gegevensdiensten of this flow, from the pinned list.
    #[must_use]
    pub fn gegevensdiensten(&self) -> &[GegevensdienstId] {
        &self.gegevensdiensten
    }

    /// The `X-Correlation-ID` of the flow, in releases that have one.
    #[must_use]
    pub fn correlation_id(&self) -> Option<&CorrelationId> {
        self.correlation_id.as_ref()
    }

    /// The Volgnummer of the list from which the endpoints came.
    #[must_use]
    pub fn volgnummer(&self) -> Option<Volgnummer> {
        self.volgnummer
    }

    /// The flow as JSON, `state` included.
    #[must_use]
    pub fn expose_json(&self) -> Zeroizing<String> {
        // texts and numbers only: writing cannot fail
        let stored = Stored {
            version: VERSION,
            flow: StoredFlow(self.clone()),
        };
        Zeroizing::new(serde_json::to_string(&stored).unwrap_or_default())
    }

    /// Reads what [`expose_json`](Self::expose_json) wrote; every value is judged again. `None` as well for what another version
    /// of the program wrote in a form that this one does not know: leave it where it is.
    #[must_use]
    pub fn from_json(json: &str) -> Option<Self> {
        let stored: Stored = serde_json::from_str(json).ok()?;
        (stored.version == VERSION).then_some(stored.flow.0)
    }
}

impl fmt::Debug for PendingFlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingFlow")
            .field("aanbieder", &self.aanbieder)
            .field("scope", &self.scope)
            .field("token_endpoint", &self.token_endpoint)
            .field("correlation_id", &self.correlation_id)
            .field("volgnummer", &self.volgnummer)
            .finish_non_exhaustive()
    }
}

/// Pending flows in memory: bounded, for each browser session and in all.
///
/// One session has at most sixteen; beyond it its own oldest goes. Where there are too many in all, the session that has most
/// loses its oldest, so nobody who starts flow after flow ends the one flow of somebody else.
#[derive(Debug)]
pub struct PendingFlows {
    most: usize,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    by_state: HashMap<SecretHash, (u64, PendingFlow)>,
    /// The flows of each session, oldest first.
    by_session: HashMap<SecretHash, BTreeMap<u64, SecretHash>>,
    /// The sessions by how many flows they have, and by the age of their oldest.
    by_share: BTreeSet<(usize, Reverse<u64>, SecretHash)>,
    next: u64,
}

impl PendingFlows {
    /// At most `most` flows in all.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self {
            most: most.max(1),
            inner: Mutex::default(),
        }
    }

    /// Keeps a flow.
    pub fn insert(&self, flow: PendingFlow) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let session = flow.session;
        while inner
            .by_session
            .get(&session)
            .is_some_and(|flows| flows.len() >= OF_A_SESSION)
        {
            inner.drop_oldest_of(session);
        }
        while inner.by_state.len() >= self.most {
            let Some((_, _, largest)) = inner.by_share.last().copied() else {
                break;
            };
            inner.drop_oldest_of(largest);
        }
        let key = SecretHash::of(flow.state.expose());
        inner.remove(key);
        let number = inner.next;
        inner.next += 1;
        inner.by_state.insert(key, (number, flow));
        inner.change(session, |flows| {
            flows.insert(number, key);
        });
    }

    /// Takes the flow of a `state`, if it was started in this browser session. A flow comes out once; the `state` of
    /// another session leaves it where it is.
    #[must_use]
    pub fn take(&self, state: &State, session: &str) -> Option<PendingFlow> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let key = SecretHash::of(state.expose());
        if inner.by_state.get(&key)?.1.session != SecretHash::of(session) {
            return None;
        }
        inner.remove(key)
    }

    /// The flows that wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).by_state.len()
    }

    /// Whether none waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Inner {
    fn remove(&mut self, key: SecretHash) -> Option<PendingFlow> {
        let (number, flow) = self.by_state.remove(&key)?;
        self.change(flow.session, |flows| {
            flows.remove(&number);
        });
        Some(flow)
    }

    fn drop_oldest_of(&mut self, session: SecretHash) {
        let oldest = self.by_session.get(&session).and_then(|flows| flows.first_key_value());
        if let Some(key) = oldest.map(|(_, key)| *key) {
            self.remove(key);
        }
    }

    /// Changes the flows of a session, and where it is among the others.
    fn change(&mut self, session: SecretHash, change: impl FnOnce(&mut BTreeMap<u64, SecretHash>)) {
        let flows = self.by_session.entry(session).or_default();
        if let Some((oldest, _)) = flows.first_key_value() {
            self.by_share.remove(&(flows.len(), Reverse(*oldest), session));
        }
        change(flows);
        match flows.first_key_value() {
            Some((oldest, _)) => {
                self.by_share.insert((flows.len(), Reverse(*oldest), session));
            }
            None => {
                self.by_session.remove(&session);
            }
        }
    }
}

/// Flows that one session has at once.
const OF_A_SESSION: usize = 16;

impl Default for PendingFlows {
    fn default() -> Self {
        Self::new(10_000)
    }
}

#[derive(Serialize, Deserialize)]
struct Stored {
    #[serde(rename = "v")]
    version: u32,
    flow: StoredFlow,
}

/// The version of a stored flow: it goes up with every change that another program would misread.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct StoredFlow(#[serde(with = "PendingFlowFields")] PendingFlow);

/// The members of a [`PendingFlow`], which itself has no serde: it holds a secret.
#[derive(Serialize, Deserialize)]
#[serde(remote = "PendingFlow", deny_unknown_fields)]
struct PendingFlowFields {
    #[serde(with = "state")]
    state: State,
    #[serde(with = "session")]
    session: SecretHash,
    aanbieder: Aanbiedernaam,
    scope: Scope,
    authorization_endpoint: FrontchannelUri,
    token_endpoint: BackchannelUri,
    gegevensdiensten: Vec<GegevensdienstId>,
    redirect_uri: RedirectUri,
    correlation_id: Option<CorrelationId>,
    volgnummer: Option<Volgnummer>,
    started: SystemTime,
}

mod state {
    use medmij_types::State;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(state: &State, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(state.expose())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<State, D::Error> {
        State::from_wire(String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

mod session {
    use medmij_oauth::storage::SecretHash;
    use serde::{Deserialize, Deserializer, Serialize as _, Serializer};

    pub(super) fn serialize<S: Serializer>(session: &SecretHash, serializer: S) -> Result<S::Ok, S::Error> {
        session.as_bytes().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretHash, D::Error> {
        Deserialize::deserialize(deserializer).map(SecretHash::from_bytes)
    }
}

#[cfg(test)]
mod tests {
    use medmij_oauth::ClientId;
    use medmij_types::Release;

    use super::*;
    use crate::{Dvp, FlowRequest, group_by_endpoints};

    fn start(session: &str) -> PendingFlow {
        let group = group_by_endpoints([(
            GegevensdienstId::parse("48").unwrap(),
            FrontchannelUri::parse("https://dvza.example.nl/authorize").unwrap(),
            BackchannelUri::parse("https://dvza.example.nl/token").unwrap(),
        )]);
        let name = Aanbiedernaam::parse("eenofanderezorgaanbieder").unwrap();
        let redirect = RedirectUri::parse("https://pgo.example.nl/cb").unwrap();
        let flow_request = FlowRequest::verzamelen(Release::V2_2, name, &group[0], redirect).unwrap();
        let dvp = Dvp::new(ClientId::parse("pgo.example.nl").unwrap());
        dvp.start(crate::person::ActiveAccount::danger_unchecked(), flow_request, session)
            .unwrap()
            .flow
    }

    #[test]
    fn c1_one_session_cannot_empty_the_pending_flows() {
        let flows = PendingFlows::new(100);
        let victim = start("slachtoffer");
        flows.insert(victim.clone());
        for n in 0..1_000 {
            flows.insert(start(if n % 2 == 0 { "aanvaller" } else { "aanvaller2" }));
        }
        assert_eq!(flows.len(), 1 + 2 * OF_A_SESSION);
        assert!(flows.take(&victim.state, "slachtoffer").is_some());
        assert!(flows.take(&victim.state, "slachtoffer").is_none());
    }

    #[test]
    fn c1_where_there_are_too_many_the_session_with_most_loses_its_oldest() {
        let flows = PendingFlows::new(20);
        let ones: Vec<_> = (0..8).map(|n| start(&format!("een{n}"))).collect();
        for flow in &ones {
            flows.insert(flow.clone());
        }
        let many: Vec<_> = (0..OF_A_SESSION).map(|_| start("veel")).collect();
        for flow in &many {
            flows.insert(flow.clone());
        }
        assert_eq!(flows.len(), 20);
        for (n, flow) in ones.iter().enumerate() {
            assert!(flows.take(&flow.state, &format!("een{n}")).is_some(), "{n}");
        }
        let left = many.iter().filter(|flow| flows.take(&flow.state, "veel").is_some());
        assert_eq!(left.count(), 12);
        assert!(flows.is_empty());
        let inner = flows.inner.lock().unwrap();
        assert!(inner.by_session.is_empty() && inner.by_share.is_empty());
    }
}
