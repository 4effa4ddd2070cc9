// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.rscint.200, RFC 6750 — the guard of the Resource Server: is this request covered by a grant?

mod error;

use std::sync::Arc;

use http::{HeaderMap, Method, Request, StatusCode, header};
#[cfg(feature = "abonneren")]
use medmij_abonneren::SubscriptionToken;
use medmij_log::{ErrorInfo, EventType, RequestInfo, ResponseInfo};
use medmij_oauth::{ClientId, Function, form, storage::SecretHash, wire::RequestIds};
use medmij_types::{Aanbiedernaam, AccessToken, CorrelationId, GegevensdienstId, PeerNames};

pub use self::error::GuardError;
use super::{
    Aanbieders as _, Clients as _, Dvza, Persoon, Server, StepError, binding::NotBound, places::Place, reseal::open,
};
use crate::store::{AuditOutcome, GrantId, Store as _};

/// What a request may touch.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct GrantedAccess {
    /// Whose data.
    pub persoon: Persoon,
    /// At which Aanbieder.
    pub aanbieder: Aanbiedernaam,
    /// Which gegevensdiensten the token covers.
    pub gegevensdiensten: Vec<GegevensdienstId>,
    /// For which function.
    pub function: Function,
    /// Abonneren: the granted duration, in days.
    pub days: Option<u32>,
    /// Which DVP.
    pub client_id: ClientId,
    /// The `X-Correlation-ID` of the authorization, in releases that have one.
    pub correlation_id: Option<CorrelationId>,
    /// The grant, for records.
    pub grant: GrantId,
    /// The place that this request takes at its Aanbieder, until every copy of this is dropped.
    place: Option<Arc<Place>>,
    call: Call,
}

/// A resource request, for the log.
#[derive(Clone, Debug)]
struct Call {
    chain: Option<CorrelationId>,
    info: RequestInfo,
}

#[cfg(feature = "abonneren")]
impl<'a> From<&'a GrantedAccess> for SubscriptionToken<'a> {
    fn from(granted_access: &'a GrantedAccess) -> Self {
        Self {
            function: granted_access.function,
            days: granted_access.days,
            gegevensdiensten: &granted_access.gegevensdiensten,
            bsn: &granted_access.persoon.bsn,
            aanbieder: &granted_access.aanbieder,
            client_id: &granted_access.client_id,
        }
    }
}

impl<D: Dvza> Server<D> {
    /// Judges a resource request: its token is in the `Authorization` header and nowhere else, lives, belongs to a
    /// client that is on the OCL now and for which the certificate speaks
    /// ([`ClientBinding`](medmij_oauth::policy::ClientBinding)), and covers the gegevensdienst, for which the OCL knows the client
    /// now. Without a certificate nothing is served.
    ///
    /// `to` is what the route serves: a token of one Aanbieder is refused at another, and so is one for another
    /// gegevensdienst, and one for what the registration does not offer any more ([`Aanbieders::offered`](super::Aanbieders::offered)). What comes back
    /// takes a place within the [limits](super::AanbiederLimits) of the Aanbieder until it is dropped. `query` is the query of the request: a token there is refused (H09).
    ///
    /// # Errors
    ///
    /// [`GuardError`], which knows its RFC 6750 answer.
    pub async fn guard(
        &self,
        headers: &HeaderMap,
        query: Option<&str>,
        peer: &PeerNames,
        to: (&Aanbiedernaam, &GegevensdienstId),
    ) -> Result<GrantedAccess, GuardError> {
        self.guard_for(&[Function::Verzamelen, Function::Delen], headers, query, peer, to)
            .await
    }

    /// As [`guard`](Self::guard), for these functions: a subscription endpoint takes tokens of
    /// [`Function::Abonneren`] and of nothing else. `guard` itself never takes those: consent to notifications gives no
    /// right to data (I12).
    ///
    /// # Errors
    ///
    /// [`GuardError`].
    pub async fn guard_for(
        &self,
        functions: &[Function],
        headers: &HeaderMap,
        query: Option<&str>,
        peer: &PeerNames,
        to: (&Aanbiedernaam, &GegevensdienstId),
    ) -> Result<GrantedAccess, GuardError> {
        let info = self.called(&Method::GET, "/");
        self.let_through(functions, headers, query, peer, to, info).await
    }

    /// As [`guard_for`](Self::guard_for), of a whole request: the chain log gets its method and its address, without ids. Tell
    /// the answer to [`answered`](Self::answered).
    ///
    /// # Errors
    ///
    /// [`GuardError`].
    pub fn guard_request<B>(
        &self,
        functions: &[Function],
        request: &Request<B>,
        peer: &PeerNames,
        to: (&Aanbiedernaam, &GegevensdienstId),
    ) -> impl Future<Output = Result<GrantedAccess, GuardError>> {
        // nothing of the body is held while the token is looked up
        let address = request.uri().path_and_query().map_or("/", |address| address.as_str());
        let info = self.called(request.method(), address);
        let (headers, query) = (request.headers(), request.uri().query());
        self.let_through(functions, headers, query, peer, to, info)
    }

    async fn let_through(
        &self,
        functions: &[Function],
        headers: &HeaderMap,
        query: Option<&str>,
        peer: &PeerNames,
        (aanbieder, gegevensdienst): (&Aanbiedernaam, &GegevensdienstId),
        mut info: RequestInfo,
    ) -> Result<GrantedAccess, GuardError> {
        info.provider_id = Some(aanbieder.clone());
        info.service_id = Some(gegevensdienst.clone());
        let call = self.arrived(headers, info);
        let judged = async {
            let mut granted_access = self.judge_token(headers, query, peer, &call).await?;
            let covered = functions.contains(&granted_access.function)
                && granted_access.aanbieder == *aanbieder
                && granted_access.gegevensdiensten.contains(gegevensdienst);
            let admitted = if covered {
                self.admit(aanbieder, granted_access.function, gegevensdienst).await
            } else {
                Err(GuardError::InsufficientScope)
            };
            let outcome = match &admitted {
                Ok(_) => AuditOutcome::Done,
                Err(_) => AuditOutcome::Refused,
            };
            let to = (aanbieder, std::slice::from_ref(gegevensdienst));
            self.gather(&granted_access, headers, peer, to, outcome)?;
            granted_access.place = Some(Arc::new(admitted?));
            Ok(granted_access)
        };
        let judged = judged.await;
        self.observe_refusal(&call, judged.as_ref().err());
        judged
    }

    /// By the registration as it is now (core.gegevensdiensten.104), within the limits of the Aanbieder.
    async fn admit(
        &self,
        aanbieder: &Aanbiedernaam,
        function: Function,
        gegevensdienst: &GegevensdienstId,
    ) -> Result<Place, GuardError> {
        let offered = self
            .dvza
            .aanbieders()
            .offered(aanbieder, function, gegevensdienst)
            .await;
        let limits = offered.map_err(|error| GuardError::Unavailable(Box::new(error.into())))?;
        let limits = limits.ok_or(GuardError::NotServed)?;
        self.places.take(aanbieder, limits).ok_or(GuardError::Busy)
    }

    /// As [`guard`](Self::guard), without judging Aanbieder, gegevensdienst and function: whoever calls it compares all three with
    /// what the request is for. The audit log has an entry for all that the token covers.
    ///
    /// # Errors
    ///
    /// [`GuardError`].
    pub async fn danger_token_of(
        &self,
        headers: &HeaderMap,
        query: Option<&str>,
        peer: &PeerNames,
    ) -> Result<GrantedAccess, GuardError> {
        let call = self.arrived(headers, self.called(&Method::GET, "/"));
        let judged = self.judge_token(headers, query, peer, &call).await;
        let judged = judged.and_then(|granted_access| {
            let to = (&granted_access.aanbieder, granted_access.gegevensdiensten.as_slice());
            self.gather(&granted_access, headers, peer, to, AuditOutcome::Done)?;
            Ok(granted_access)
        });
        self.observe_refusal(&call, judged.as_ref().err());
        judged
    }

    /// The answer to a resource request that was let through, for the chain log.
    pub fn answered(&self, granted_access: &GrantedAccess, status: StatusCode) {
        let refused = status.is_client_error() || status.is_server_error();
        let (kind, error) = if refused {
            let error = ErrorInfo::new("other", "resource server answered with an error");
            (EventType::SendResourceRequestError, Some(error))
        } else {
            (EventType::SendResourceResponse, None)
        };
        let mut info = granted_access.call.info.clone();
        info.client_id = Some(granted_access.client_id.hostname().clone());
        self.observe_resource(kind, &granted_access.call.chain, info, Some(status), error);
    }

    fn arrived(&self, headers: &HeaderMap, mut info: RequestInfo) -> Call {
        let ids = RequestIds::from_headers(headers);
        info.id = ids.as_ref().map(|ids| ids.request_id.clone());
        let chain = ids.map(|ids| ids.correlation_id);
        let chain = chain.or_else(|| CorrelationId::random(&*self.config.entropy).ok());
        self.observe_resource(EventType::ReceiveResourceRequest, &chain, info.clone(), None, None);
        Call { chain, info }
    }

    fn observe_refusal(&self, call: &Call, error: Option<&GuardError>) {
        if let Some(error) = error {
            let code = error.error().map_or("other", |code| code.known());
            let error_info = ErrorInfo::new(code, error.for_log());
            let (kind, info) = (EventType::SendResourceRequestError, call.info.clone());
            self.observe_resource(kind, &call.chain, info, Some(error.status()), Some(error_info));
        }
    }

    fn observe_resource(
        &self,
        kind: EventType,
        chain: &Option<CorrelationId>,
        info: RequestInfo,
        status: Option<StatusCode>,
        error: Option<ErrorInfo>,
    ) {
        let mut event = self.event(kind, chain.as_ref(), None);
        event.response = status.map(|status| ResponseInfo::new(info.id.clone(), status.as_u16()));
        event.request = Some(info);
        event.error = error;
        self.config.observer.observe(event);
    }

    async fn judge_token(
        &self,
        headers: &HeaderMap,
        query: Option<&str>,
        peer: &PeerNames,
        call: &Call,
    ) -> Result<GrantedAccess, GuardError> {
        if query.is_some_and(|query| form::names(query, "access_token")) {
            return Err(GuardError::InvalidRequest);
        }
        let token = bearer(headers)?;
        let access = self
            .dvza
            .store()
            .access(&SecretHash::of(token.expose()))
            .await
            .map_err(|error| GuardError::Unavailable(Box::new(error.into())))?
            .ok_or(GuardError::InvalidToken)?;
        let client_id = access.grant.client_id.clone();
        let unavailable = |error: StepError| GuardError::Unavailable(Box::new(error));
        let listed = self.dvza.clients().client(&client_id).await;
        let client = listed
            .map_err(|error| unavailable(error.into()))?
            .ok_or(GuardError::InvalidToken)?;
        let ids = RequestIds::from_headers(headers);
        match self.bind(&client_id, peer, ids.as_ref()).await {
            Ok(_) => {}
            Err(NotBound::Refused) => return Err(GuardError::InvalidToken),
            Err(NotBound::Unavailable(error)) => return Err(unavailable(error)),
        }
        let body = open(&*self.config.keys, &access.grant).map_err(unavailable)?;
        // what the token admits, as far as the OCL knows the client for it now (core.ocl.300)
        let mut gegevensdiensten = access.gegevensdiensten;
        gegevensdiensten.retain(|id| client.has(id));
        if gegevensdiensten.is_empty() {
            return Err(GuardError::InsufficientScope);
        }
        Ok(GrantedAccess {
            persoon: body.persoon,
            aanbieder: body.aanbieder,
            gegevensdiensten,
            function: body.scope.function(),
            days: body.scope.days(),
            client_id,
            correlation_id: body.correlation_id,
            grant: access.grant.id,
            place: None,
            call: call.clone(),
        })
    }
}

/// The token of the `Authorization` header; the scheme is written in any case (H17).
fn bearer(headers: &HeaderMap) -> Result<AccessToken, GuardError> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().ok_or(GuardError::MissingToken)?;
    if values.next().is_some() {
        return Err(GuardError::InvalidRequest);
    }
    let text = value.to_str().map_err(|_| GuardError::InvalidRequest)?;
    let (scheme, token) = text.split_once(' ').ok_or(GuardError::MissingToken)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(GuardError::MissingToken);
    }
    AccessToken::from_wire(token.trim_start_matches(' ')).map_err(|_| GuardError::InvalidToken)
}
