// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.authint.200, core.authint.208, core.tknint.208 — the steps of a DVP, with their events.

mod token;

use std::{collections::BTreeMap, fmt, sync::Arc};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use medmij_log::{Event, EventType, InitiatedBy, NoObserver, Observer, RequestInfo};
use medmij_oauth::{
    ClientId, OauthError,
    form::{self, Form},
    policy::{EmptyScope, Stelsel, release_rules},
    storage::SecretHash,
    wire::{AuthorizationRequest, AuthorizationResponse, RequestIds},
};
use medmij_types::{Clock, CorrelationId, Entropy, EntropyError, Hostname, OsEntropy, Release, State, SystemClock};

use super::{Callback, CallbackError, FlowRequest, FlowRequestError, PendingFlow, PendingFlows, ReceivedCode};
use crate::person::ActiveAccount;

/// The OAuth Client of a DVP: its `client_id`, and where time, randomness and events go. See the
/// [crate](crate) for a whole flow.
#[derive(Clone)]
pub struct Dvp {
    client_id: ClientId,
    entropy: Arc<dyn Entropy + Send + Sync>,
    clock: Arc<dyn Clock>,
    observer: Arc<dyn Observer>,
    empty_scope: BTreeMap<Release, EmptyScope>,
}

/// A flow that has started. `Debug` shows no query of the address: it holds the `state`.
#[derive(Clone)]
#[non_exhaustive]
pub struct Started {
    /// Where the browser goes, by a redirect (302, or 303 after a POST).
    pub location: String,
    /// What waits for its return.
    pub flow: PendingFlow,
}

impl Dvp {
    /// A client with the clock and the entropy of the system, and without observer.
    #[must_use]
    pub fn new(client_id: ClientId) -> Self {
        Self {
            client_id,
            entropy: Arc::new(OsEntropy),
            clock: Arc::new(SystemClock::default()),
            observer: Arc::new(NoObserver),
            empty_scope: BTreeMap::new(),
        }
    }

    /// With what the policy says to a DVP: what an empty `scope` means, for each release.
    #[must_use]
    pub fn with_stelsel(mut self, stelsel: &Stelsel) -> Self {
        self.empty_scope.clone_from(&stelsel.empty_scope);
        self
    }

    /// With another source of randomness.
    #[must_use]
    pub fn with_entropy(mut self, entropy: Arc<dyn Entropy + Send + Sync>) -> Self {
        self.entropy = entropy;
        self
    }

    /// With another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// With an observer for the events of core.logging.202.
    #[must_use]
    pub fn with_observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = observer;
        self
    }

    /// The client.
    #[must_use]
    pub fn client_id(&self) -> &ClientId {
        &self.client_id
    }

    /// Starts a flow in a browser session, for an account that is active (core.account.100). `session` is the secret of that
    /// session: the answer is taken from the same session only.
    ///
    /// # Errors
    ///
    /// See [`FlowRequestError`].
    pub fn start(
        &self,
        _: ActiveAccount,
        flow_request: FlowRequest,
        session: &str,
    ) -> Result<Started, FlowRequestError> {
        if !flow_request.redirect_uri.belongs_to(&self.client_id) {
            return Err(FlowRequestError::RedirectUri);
        }
        if flow_request.scope.vertegenwoordiging().is_some() != flow_request.geboortedatum.is_some() {
            return Err(FlowRequestError::Geboortedatum);
        }
        if flow_request
            .scope
            .aanbieder()
            .is_some_and(|name| *name != flow_request.aanbieder)
        {
            return Err(FlowRequestError::Aanbieder);
        }
        let rules = release_rules(flow_request.scope.release());
        let state = State::random(&*self.entropy)?;
        let ids = rules
            .ids_in_authorization_request
            .then(|| RequestIds::random(&*self.entropy))
            .transpose()?;
        let mut request = AuthorizationRequest::new(
            self.client_id.clone(),
            flow_request.redirect_uri,
            flow_request.scope,
            state,
        );
        request.ids = ids;
        request.geboortedatum = flow_request.geboortedatum;
        let location = request.to_url(&flow_request.authorization_endpoint);
        let session_id = session_id(&SecretHash::of(session));
        let mut event = self.event(EventType::SendAuthorizationRequest, request.ids.as_ref(), &session_id);
        event.request = event.request.map(|info| {
            let mut info = info.with_uri(flow_request.authorization_endpoint.as_str());
            info.method = Some("GET");
            info.server_id = Some(flow_request.authorization_endpoint.hostname().clone());
            info.initiated_by = Some(InitiatedBy::Person);
            info
        });
        self.observer.observe(event);
        let flow = PendingFlow {
            state: request.state,
            session: SecretHash::of(session),
            aanbieder: flow_request.aanbieder,
            scope: request.scope,
            authorization_endpoint: flow_request.authorization_endpoint,
            token_endpoint: flow_request.token_endpoint,
            gegevensdiensten: flow_request.gegevensdiensten,
            redirect_uri: request.redirect_uri,
            correlation_id: request.ids.map(|ids| ids.correlation_id),
            volgnummer: flow_request.volgnummer,
            started: self.clock.now(),
        };
        Ok(Started { location, flow })
    }

    /// Takes the answer: finds the flow by `state` in this browser session, once, and ends it.
    ///
    /// # Errors
    ///
    /// See [`CallbackError`]. After any of them no token request may be made.
    pub fn finish(&self, flows: &PendingFlows, callback: &Callback<'_>) -> Result<ReceivedCode, CallbackError> {
        // a redirect_uri with a query of its own puts it in front; parameters of the answer never occur in it
        let response = AuthorizationResponse::parse(callback.query)?;
        let state = response
            .state
            .ok_or(CallbackError::Response(OauthError::ResponseState))?;
        let flow = flows
            .take(&state, callback.session)
            .ok_or(CallbackError::UnknownState)?;
        let (trace_id, session) = (flow.correlation_id.clone(), flow.session);
        let result = flow.finish(callback, self.clock.now());
        self.observe_return(trace_id, &session, result.as_ref().err());
        result
    }

    fn observe_return(&self, trace_id: Option<CorrelationId>, session: &SecretHash, error: Option<&CallbackError>) {
        let session_id = session_id(session);
        let mut event = Event::new(EventType::ReceiveAuthorizationResponse);
        event.at = Some(self.clock.now());
        event.location = Some(self.client_id.hostname().clone());
        event.trace_id = trace_id.or_else(|| Some(session_id.clone()));
        event.session_id = Some(session_id);
        event.error = error.map(CallbackError::for_log);
        self.observer.observe(event);
    }

    /// Takes the browser back from Beheren toestemmingen, which brings no code. Start it with [`start`](Self::start) and an
    /// [`FlowRequest`] whose authorization endpoint is that of Beheren toestemmingen.
    ///
    /// # Errors
    ///
    /// See [`CallbackError`].
    pub fn returned(&self, flows: &PendingFlows, callback: &Callback<'_>) -> Result<PendingFlow, CallbackError> {
        let form = Form::parse(callback.query.as_bytes())?;
        let state = form.one("state")?;
        let state =
            State::from_wire(state.ok_or(OauthError::ResponseState)?).map_err(|_| OauthError::ResponseCharacter)?;
        let flow = flows
            .take(&state, callback.session)
            .ok_or(CallbackError::UnknownState)?;
        let back = flow.came_back(callback, self.clock.now());
        self.observe_return(flow.correlation_id.clone(), &flow.session, back.as_ref().err());
        back.map(|()| flow)
    }

    pub(super) fn observer(&self) -> &Arc<dyn Observer> {
        &self.observer
    }

    pub(super) fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// A new secret for the session of a browser: 256 random bits, for a cookie that is `__Host-`, `Secure`, `HttpOnly` and
    /// `SameSite=Lax`.
    ///
    /// # Errors
    ///
    /// [`EntropyError`] where the entropy fails.
    pub fn new_session(&self) -> Result<String, EntropyError> {
        Ok(State::random(&*self.entropy)?.expose().to_owned())
    }

    /// The path for the answers of one authorization server: a redirect path of its own makes a mix-up visible (C2).
    ///
    /// ```
    /// use medmij_dvp::Dvp;
    /// use medmij_oauth::ClientId;
    /// use medmij_types::Hostname;
    ///
    /// let dvp = Dvp::new(ClientId::parse("pgo.example.nl")?);
    /// let one = dvp.redirect_path("/cb", &Hostname::parse("een.example.nl")?);
    /// assert!(one.starts_with("/cb/"));
    /// assert_ne!(one, dvp.redirect_path("/cb", &Hostname::parse("twee.example.nl")?));
    /// # Ok::<(), medmij_types::ValueError>(())
    /// ```
    #[must_use]
    pub fn redirect_path(&self, base: &str, authorization_server: &Hostname) -> String {
        let hash = SecretHash::of(authorization_server.as_str());
        let short = hash
            .as_bytes()
            .first_chunk::<9>()
            .map(|bytes| URL_SAFE_NO_PAD.encode(bytes))
            .unwrap_or_default();
        format!("{}/{short}", base.trim_end_matches('/'))
    }

    fn empty_scope(&self, release: Release) -> EmptyScope {
        self.empty_scope.get(&release).copied().unwrap_or_default()
    }

    fn event(&self, kind: EventType, ids: Option<&RequestIds>, session_id: &CorrelationId) -> Event {
        let mut event = Event::new(kind);
        event.at = Some(self.clock.now());
        event.location = Some(self.client_id.hostname().clone());
        // releases 1.0 and 1.1 have no ids: the session is the chain
        event.trace_id = Some(ids.map_or_else(|| session_id.clone(), |ids| ids.correlation_id.clone()));
        event.session_id = Some(session_id.clone());
        let mut info = RequestInfo::default();
        info.id = ids.map(|ids| ids.request_id.clone());
        info.client_id = Some(self.client_id.hostname().clone());
        event.request = Some(info);
        event
    }
}

/// The session of a browser, as the log names it: nobody finds the secret of the session by it.
fn session_id(session: &SecretHash) -> CorrelationId {
    let hash = SecretHash::of_parts(&["session in the chain log", &URL_SAFE_NO_PAD.encode(session.as_bytes())]);
    let (bytes, _) = hash.as_bytes().split_at(16);
    CorrelationId::from_random(bytes.first_chunk().copied().unwrap_or_default())
}

impl fmt::Debug for Started {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Started")
            .field("location", &form::without_query(&self.location))
            .field("flow", &self.flow)
            .finish()
    }
}

impl fmt::Debug for Dvp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dvp")
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}
