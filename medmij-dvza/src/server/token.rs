// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.200 – core.tknint.207 — the token endpoint, behind mutual TLS.

mod answer;
mod family;
mod redeem;
mod refresh;

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, header};
use medmij_log::{ErrorInfo, EventType, RequestInfo, ResponseInfo};
use medmij_oauth::{
    ClientId, form,
    policy::{BoundBy, IdStrictness, TokenUitzondering, release_rules},
    wire::{ErrorResponse, RequestIds, TokenRequest, TokenRequestError, TokenResponse},
};
use medmij_types::{CorrelationId, PeerNames};

use self::answer::{Answer, Drawn, Refusal, refusal, token_scope, unavailable};
use super::{Client, Clients as _, Dvza, Server, binding::NotBound, flow::GrantBody, reseal::open};
use crate::store::{Actor, Grant};

/// Who asks: a client on the OAuth Client List, with a certificate that speaks for it.
struct Caller {
    client_id: ClientId,
    client: Client,
    peer: PeerNames,
    bound: BoundBy,
}

impl Caller {
    /// The client, for the audit log.
    fn actor(&self) -> Actor {
        Actor::Client(self.peer.iter().next().cloned())
    }
}

impl<D: Dvza> Server<D> {
    /// Answers a request to the token endpoint. `peer` holds the names of the client certificate, already checked against
    /// the Whitelist by the listener.
    pub async fn token(&self, request: &Request<Bytes>, peer: &PeerNames) -> Response<Bytes> {
        if request.method() != Method::POST {
            // core.tknint.204; but a method that only looks uses nothing up
            if !request.method().is_safe()
                && let Err(refusal) = self.burn(&TokenRequest::offered(request), None, None).await
            {
                tracing::error!(
                    reason = refusal.what,
                    "code in a request of another method cannot be burnt"
                );
            }
            let mut response =
                ErrorResponse::new(medmij_oauth::wire::ErrorCode::InvalidRequest, Some("only POST")).to_http(405);
            response
                .headers_mut()
                .insert(header::ALLOW, HeaderValue::from_static("POST"));
            return response;
        }
        let ids = RequestIds::from_headers(request.headers());
        let read = TokenRequest::parse(request);
        let asked = self.asked(request, ids.as_ref(), read.as_ref().ok());
        self.observe_token(EventType::ReceiveTokenRequest, &asked, None, None);
        let started = self.config.clock.monotonic();
        let answer = self.exchange(read, ids.as_ref(), peer).await;
        let took = self.config.clock.monotonic().saturating_sub(started);
        if took > TEN_SECONDS {
            tracing::warn!(
                rule = "core.tknint.206",
                ?took,
                "token request took longer than ten seconds"
            );
        }
        match answer {
            Ok(answer) => {
                self.observe_token(EventType::SendTokenResponse, &asked, Some(200), None);
                answer.response.to_http()
            }
            Err(refusal) => {
                let (code, mut status) = refusal.uitzondering.error();
                if refusal.uitzondering == TokenUitzondering::Client {
                    status = self.config.invalid_client.status();
                }
                if let Some(cause) = &refusal.cause {
                    tracing::error!(rule = "core.tknint.207", reason = refusal.what, %cause, "token request failed");
                } else {
                    tracing::info!(rule = "core.tknint.207", reason = refusal.what, "token request refused");
                }
                let error = ErrorInfo::new(code.known(), refusal.what);
                self.observe_token(EventType::SendTokenRequestError, &asked, Some(status), Some(error));
                let mut response = ErrorResponse::new(code, Some(refusal.uitzondering.description())).to_http(status);
                if matches!(status, 429 | 503) {
                    response
                        .headers_mut()
                        .insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER));
                }
                response
            }
        }
    }

    async fn exchange(
        &self,
        read: Result<TokenRequest, TokenRequestError>,
        ids: Option<&RequestIds>,
        peer: &PeerNames,
    ) -> Result<Answer, Refusal> {
        let rules = release_rules(self.config.release);
        let strict = rules.ids_in_token_request && self.config.ids == IdStrictness::Strict;
        let read = match read {
            Ok(read) => read,
            Err(TokenRequestError {
                uitzondering,
                what,
                offered,
                ..
            }) => {
                self.burn(&offered, None, ids).await?;
                return Err(refusal(uitzondering, what));
            }
        };
        let identified = if strict && ids.is_none() {
            Err(refusal(
                TokenUitzondering::InvalidRequest,
                "request ids are missing or no uuids",
            ))
        } else {
            self.identify(read.client_id(), peer, ids).await
        };
        let caller = match (identified, &read) {
            (Ok(caller), _) => caller,
            // core.tknint.204: the code counts as offered; but what cannot be established costs nothing
            (Err(refused), TokenRequest::Code(code)) if refused.uitzondering != TokenUitzondering::Unavailable => {
                self.burn(std::slice::from_ref(&code.code), Some(code), ids).await?;
                return Err(refused);
            }
            (Err(refused), _) => return Err(refused),
        };
        match read {
            TokenRequest::Code(request) => self.redeem(&request, &caller, ids).await,
            TokenRequest::Refresh(request) if rules.langdurige_toestemming => {
                self.refresh(&request, &caller, ids).await
            }
            TokenRequest::Refresh(_) => Err(refusal(TokenUitzondering::GrantType, "release has no refresh tokens")),
        }
    }

    /// The certificate is of the client, and the client is on the OCL now.
    async fn identify(
        &self,
        client_id: &ClientId,
        peer: &PeerNames,
        ids: Option<&RequestIds>,
    ) -> Result<Caller, Refusal> {
        // who is not on the list speaks for nobody, and nothing is learned of it
        let client = match self.dvza.clients().client(client_id).await {
            Ok(Some(client)) => client,
            Ok(None) => {
                return Err(refusal(
                    TokenUitzondering::Client,
                    "client is not on the OAuth Client List",
                ));
            }
            Err(error) => return Err(unavailable(error)),
        };
        match self.bind(client_id, peer, ids).await {
            Ok(bound) => Ok(Caller {
                client_id: client_id.clone(),
                client,
                peer: peer.clone(),
                bound,
            }),
            Err(NotBound::Refused) => Err(refusal(
                TokenUitzondering::Client,
                "client certificate does not belong to the client",
            )),
            Err(NotBound::Unavailable(error)) => Err(unavailable(error)),
        }
    }

    fn answer_with(&self, grant: &Grant, body: &GrantBody, drawn: Drawn) -> Answer {
        let mut response = TokenResponse::new(drawn.access, Some(self.config.lifetimes.access_token.get().as_secs()));
        response.scope = Some(token_scope(body));
        response.refresh_token = drawn.refresh.filter(|_| grant.langdurig);
        Answer { response }
    }

    fn body(&self, grant: &Grant) -> Result<GrantBody, Refusal> {
        open(&*self.config.keys, grant).map_err(unavailable)
    }

    /// What the log says of a token request, also of one that is refused: the grant and the client that it names.
    fn asked(&self, request: &Request<Bytes>, ids: Option<&RequestIds>, read: Option<&TokenRequest>) -> Asked {
        let mut info = self.called(request.method(), request.uri().path());
        info.id = ids.map(|ids| ids.request_id.clone());
        match read {
            Some(read) => {
                info.client_id = Some(read.client_id().hostname().clone());
                info.grant_type = Some(match read {
                    TokenRequest::Code(_) => GRANTS[0],
                    TokenRequest::Refresh(_) => GRANTS[1],
                });
            }
            None => {
                let named = form::values(request.body(), "client_id").next();
                info.client_id = named.and_then(|name| Some(ClientId::parse(&name).ok()?.hostname().clone()));
                let named = form::values(request.body(), "grant_type").next();
                info.grant_type = GRANTS.into_iter().find(|grant| named.as_deref() == Some(*grant));
            }
        }
        // without ids the request and its answer are a chain of their own
        let chain = ids.map(|ids| ids.correlation_id.clone());
        let chain = chain.or_else(|| CorrelationId::random(&*self.config.entropy).ok());
        Asked { chain, info }
    }

    fn observe_token(&self, kind: EventType, asked: &Asked, status: Option<u16>, error: Option<ErrorInfo>) {
        let mut event = self.event(kind, asked.chain.as_ref(), None);
        event.response = status.map(|status| ResponseInfo::new(asked.info.id.clone(), status));
        event.request = Some(asked.info.clone());
        event.error = error;
        self.config.observer.observe(event);
    }
}

/// A token request, for the log.
struct Asked {
    chain: Option<CorrelationId>,
    info: RequestInfo,
}

const GRANTS: [&str; 2] = ["authorization_code", "refresh_token"];

/// core.tknint.206: an access token is delivered within ten seconds, 99.5 % of the time.
const TEN_SECONDS: Duration = Duration::from_secs(10);

/// Seconds.
const RETRY_AFTER: &str = "5";
