// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.208 — the token endpoint, as a DVP sees it: requests, answers and their events.

use bytes::Bytes;
use http::{Request, Response};
use medmij_log::{ErrorInfo, EventType, InitiatedBy, ResponseInfo};
use medmij_oauth::wire::{CodeRequest, RefreshRequest, RequestIds, TokenRequest, TokenResponse};
use medmij_types::{CorrelationId, EntropyError, Hostname};

use super::{Dvp, session_id};
use crate::{
    client::{Exchange, ExchangeError, ReceivedCode, Renewal, Tokens},
    person::ActiveAccount,
};

impl Dvp {
    /// The token request for a code: a fresh `MedMij-Request-ID`, the `X-Correlation-ID` of the flow (core.tknint.208).
    /// Send it once; when sending fails, the Persoon has to authorize again.
    ///
    /// # Errors
    ///
    /// [`EntropyError`], where the entropy fails.
    pub fn token_request(&self, received: ReceivedCode) -> Result<(Request<Bytes>, Exchange), EntropyError> {
        let ReceivedCode { code, flow } = received;
        let empty_scope = self.empty_scope(flow.scope.release());
        let ids = flow
            .correlation_id
            .map(|id| RequestIds::next(id, &*self.entropy))
            .transpose()?;
        let request = TokenRequest::Code(CodeRequest::new(code, self.client_id.clone(), flow.redirect_uri));
        let exchange = Exchange {
            aanbieder: flow.aanbieder,
            scope: flow.scope,
            gegevensdiensten: flow.gegevensdiensten,
            token_endpoint: flow.token_endpoint,
            ids,
            sent: self.clock.now(),
            grant_type: "authorization_code",
            initiated_by: InitiatedBy::Person,
            session_id: session_id(&flow.session),
            previous: None,
            empty_scope,
        };
        Ok((self.send(&request, &exchange), exchange))
    }

    /// The refresh request of a langdurige toestemming, for an account that is active (core.account.103): both ids new (core.tknint.208), no redirect_uri, no scope.
    ///
    /// `initiated_by` goes into the chain log: a Persoon who pressed a button, or a machine for automatic collecting
    /// (core.gegevensuitwisseling.200).
    ///
    /// Record that the refresh is under way before sending it, and keep the next refresh token before using the access
    /// token: a refresh token whose answer was lost can be sent again once, as long as its successor was not used.
    ///
    /// # Errors
    ///
    /// [`EntropyError`], where the entropy fails.
    pub fn refresh_request(
        &self,
        _: ActiveAccount,
        renewal: Renewal,
        initiated_by: InitiatedBy,
    ) -> Result<(Request<Bytes>, Exchange), EntropyError> {
        let ids = RequestIds::next(CorrelationId::random(&*self.entropy)?, &*self.entropy)?;
        let empty_scope = self.empty_scope(renewal.scope.release());
        let previous = Some(renewal.refresh_token.clone());
        let request = TokenRequest::Refresh(RefreshRequest::new(renewal.refresh_token, self.client_id.clone()));
        let exchange = Exchange {
            aanbieder: renewal.aanbieder,
            scope: renewal.scope,
            gegevensdiensten: renewal.gegevensdiensten,
            token_endpoint: renewal.token_endpoint,
            ids: Some(ids),
            sent: self.clock.now(),
            grant_type: "refresh_token",
            initiated_by,
            // no browser has part in it
            session_id: CorrelationId::random(&*self.entropy)?,
            previous,
            empty_scope,
        };
        Ok((self.send(&request, &exchange), exchange))
    }

    /// Judges the answer to a token or refresh request.
    ///
    /// # Errors
    ///
    /// See [`ExchangeError`].
    pub fn tokens(&self, exchange: Exchange, response: &Response<Bytes>) -> Result<Tokens, ExchangeError> {
        let asked = Asked::of(&exchange);
        let server = exchange.token_endpoint.hostname().clone();
        let result = TokenResponse::parse(response)
            .map_err(ExchangeError::from)
            .and_then(|read| {
                for remark in &read.remarks {
                    tracing::warn!(rule = "core.tknint.201", %server, %remark, "token response is read with a remark");
                }
                Tokens::judge(exchange, read)
            });
        let error = result.as_ref().err().map(ExchangeError::for_log);
        self.observe_answer(asked, Some(response.status().as_u16()), error);
        if let Ok(tokens) = &result
            && !tokens.granted.dropped.is_empty()
        {
            tracing::warn!(
                rule = "core.tknint.201",
                aanbieder = %tokens.aanbieder,
                dropped = ?tokens.granted.dropped,
                "token response grants what was not asked, is not on the list or is not known"
            );
        }
        result
    }

    /// Logs that no answer came to a token request. [`exchange`](Self::exchange), [`refresh`](Self::refresh) and a
    /// [`RefreshTokens`](crate::vault::RefreshTokens) do it themselves.
    pub fn unanswered(&self, exchange: &Exchange) {
        let error = Some(ErrorInfo::new("other", "no answer came"));
        self.observe_answer(Asked::of(exchange), None, error);
    }

    fn observe_answer(&self, asked: Asked, status: Option<u16>, error: Option<ErrorInfo>) {
        let kind = match error {
            None => EventType::ReceiveTokenResponse,
            Some(_) => EventType::ReceiveTokenRequestError,
        };
        let mut event = self.event(kind, asked.ids.as_ref(), &asked.session_id);
        event.request = event.request.map(|mut info| {
            info.server_id = Some(asked.server);
            info.grant_type = Some(asked.grant_type);
            info.initiated_by = Some(asked.initiated_by);
            info
        });
        event.response = status.map(|status| ResponseInfo::new(asked.ids.map(|ids| ids.request_id), status));
        event.error = error;
        self.observer.observe(event);
    }

    fn send(&self, request: &TokenRequest, exchange: &Exchange) -> Request<Bytes> {
        let mut event = self.event(EventType::SendTokenRequest, exchange.ids.as_ref(), &exchange.session_id);
        event.request = event.request.map(|info| {
            let mut info = info.with_uri(exchange.token_endpoint.as_str());
            info.method = Some("POST");
            info.server_id = Some(exchange.token_endpoint.hostname().clone());
            info.grant_type = Some(exchange.grant_type);
            info.initiated_by = Some(exchange.initiated_by);
            info
        });
        self.observer.observe(event);
        request.to_http(&exchange.token_endpoint, exchange.ids.as_ref())
    }
}

/// What the log says of a token request when its answer is there.
struct Asked {
    ids: Option<RequestIds>,
    session_id: CorrelationId,
    server: Hostname,
    grant_type: &'static str,
    initiated_by: InitiatedBy,
}

impl Asked {
    fn of(exchange: &Exchange) -> Self {
        Self {
            ids: exchange.ids.clone(),
            session_id: exchange.session_id.clone(),
            server: exchange.token_endpoint.hostname().clone(),
            grant_type: exchange.grant_type,
            initiated_by: exchange.initiated_by,
        }
    }
}
