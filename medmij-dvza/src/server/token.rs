// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.200 – core.tknint.207 — the token endpoint, behind mutual TLS.

mod answer;

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, header};
use medmij_log::{ErrorInfo, EventType, RequestInfo, ResponseInfo};
use medmij_oauth::{
    ClientId,
    policy::{IdStrictness, TokenUitzondering, release_rules},
    storage::SecretHash,
    wire::{CodeRequest, RefreshRequest, RequestIds, TokenError, TokenRequest, TokenRequestError, TokenResponse},
};
use medmij_types::{AccessToken, CorrelationId, Hostname, PeerNames, RefreshToken};

use self::answer::{Answer, Drawn, Refusal, refusal, token_scope, unavailable, uuid_token};
use super::{
    Aanbieders as _, Client, Clients as _, Dvza, Server, StepError, Toets as _, ToetsUitslag, ToetsVraag,
    flow::GrantBody, steps::DRAWS,
};
use crate::store::{Grant, Redeem, RotateRefresh, Rotated, Store as _, TakenCode};

impl<D: Dvza> Server<D> {
    /// Answers a request to the token endpoint. `peer` holds the names of the client certificate, already checked against
    /// the Whitelist by the listener.
    pub async fn token(&self, request: &Request<Bytes>, peer: &PeerNames) -> Response<Bytes> {
        if request.method() != Method::POST {
            let mut response =
                TokenError::new(medmij_oauth::wire::ErrorCode::InvalidRequest, Some("only POST")).to_http(405);
            response
                .headers_mut()
                .insert(header::ALLOW, HeaderValue::from_static("POST"));
            return response;
        }
        let ids = RequestIds::from_headers(request.headers());
        self.observe_token(EventType::ReceiveTokenRequest, ids.as_ref(), None, None, None);
        let started = self.config.clock.monotonic();
        let answer = self.exchange(request, ids.as_ref(), peer).await;
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
                self.observe_token(
                    EventType::SendTokenResponse,
                    ids.as_ref(),
                    Some(&answer.client_id),
                    Some(200),
                    None,
                );
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
                let error = ErrorInfo::new(code.as_str(), refusal.what);
                self.observe_token(
                    EventType::SendTokenRequestError,
                    ids.as_ref(),
                    None,
                    Some(status),
                    Some(error),
                );
                let mut response = TokenError::new(code, Some(refusal.uitzondering.description())).to_http(status);
                if status == 503 {
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
        request: &Request<Bytes>,
        ids: Option<&RequestIds>,
        peer: &PeerNames,
    ) -> Result<Answer, Refusal> {
        let read = TokenRequest::parse(request);
        let rules = release_rules(self.config.release);
        let strict = rules.ids_in_token_request && self.config.ids == IdStrictness::Strict;
        let (read, client) = match read {
            Ok(read) => {
                let identified = if strict && ids.is_none() {
                    Err(refusal(
                        TokenUitzondering::OngeldigVerzoek,
                        "request ids are missing or no uuids",
                    ))
                } else {
                    self.identify(read.client_id(), peer).await
                };
                match identified {
                    Ok(client) => Ok((read, client)),
                    Err(refused) => {
                        // core.tknint.204: the code counts as offered
                        if let TokenRequest::Code(request) = &read {
                            self.burn(std::slice::from_ref(&request.code)).await?;
                        }
                        Err(refused)
                    }
                }
            }
            Err(TokenRequestError {
                uitzondering,
                what,
                offered,
                ..
            }) => {
                self.burn(&offered).await?;
                Err(refusal(uitzondering, what))
            }
        }?;
        let names: Vec<Hostname> = peer.iter().cloned().collect();
        match read {
            TokenRequest::Code(request) => self.redeem(&request, names).await,
            TokenRequest::Refresh(request) if rules.langdurige_toestemming => {
                self.refresh(&request, &client, names).await
            }
            TokenRequest::Refresh(_) => Err(refusal(TokenUitzondering::GrantType, "release has no refresh tokens")),
        }
    }

    /// The certificate is of the client, and the client is on the OCL now.
    async fn identify(&self, client_id: &ClientId, peer: &PeerNames) -> Result<Client, Refusal> {
        if let Err(refused) = self.config.binding.check(client_id, peer) {
            // with the names that were seen, so that an operator can add one in a line
            tracing::warn!(rule = "core.tknint.200", %refused, "client certificate does not belong to the client");
            return Err(refusal(
                TokenUitzondering::Client,
                "client certificate does not belong to the client",
            ));
        }
        match self.dvza.clients().client(client_id).await {
            Ok(Some(client)) => Ok(client),
            Ok(None) => Err(refusal(
                TokenUitzondering::Client,
                "client is not on the OAuth Client List",
            )),
            Err(error) => Err(unavailable(error)),
        }
    }

    async fn burn(&self, codes: &[medmij_types::AuthorizationCode]) -> Result<(), Refusal> {
        for code in codes {
            self.dvza
                .store()
                .burn_code(&SecretHash::of(code.expose()))
                .await
                .map_err(unavailable)?;
        }
        Ok(())
    }

    async fn redeem(&self, request: &CodeRequest, names: Vec<Hostname>) -> Result<Answer, Refusal> {
        let code = SecretHash::of(request.code.expose());
        let binding = SecretHash::of_parts(&[request.client_id.as_str(), request.redirect_uri.as_str()]);
        let rules = release_rules(self.config.release);
        for _ in 0..DRAWS {
            let drawn = self.draw().map_err(unavailable)?;
            let refresh = rules.langdurige_toestemming.then(|| {
                (
                    SecretHash::of(drawn.refresh.expose()),
                    self.config.lifetimes.refresh_token,
                )
            });
            let access = SecretHash::of(drawn.access.expose());
            let redeem = Redeem::new(
                binding,
                access,
                self.config.lifetimes.access_token,
                refresh,
                names.clone(),
            );
            let what = match self.dvza.store().take_code(&code, &redeem).await.map_err(unavailable)? {
                TakenCode::Fresh(grant) => return self.answer(&grant, drawn),
                TakenCode::Collision => continue,
                TakenCode::Mismatch => "code is of another client or redirect_uri",
                TakenCode::Replayed => {
                    tracing::warn!(rule = "core.tknint.203", client_id = %request.client_id, "code was offered again, its tokens are withdrawn");
                    "code was offered before"
                }
                TakenCode::Expired => "code is too old",
                TakenCode::Unknown => "code is unknown",
            };
            return Err(refusal(TokenUitzondering::Grant, what));
        }
        Err(unavailable(StepError::Uniek))
    }

    async fn refresh(
        &self,
        request: &RefreshRequest,
        client: &Client,
        names: Vec<Hostname>,
    ) -> Result<Answer, Refusal> {
        let token = SecretHash::of(request.refresh_token.expose());
        for _ in 0..DRAWS {
            let drawn = self.draw().map_err(unavailable)?;
            let rotate = RotateRefresh::new(
                request.client_id.clone(),
                (
                    SecretHash::of(drawn.refresh.expose()),
                    self.config.lifetimes.refresh_token,
                ),
                (
                    SecretHash::of(drawn.access.expose()),
                    self.config.lifetimes.access_token,
                ),
                self.config.lifetimes.refresh_race,
                names.clone(),
            );
            let what = match self
                .dvza
                .store()
                .rotate_refresh(&token, &rotate)
                .await
                .map_err(unavailable)?
            {
                Rotated::Fresh(grant) => return self.refreshed(&grant, client, drawn).await,
                Rotated::Replaced(grant) => {
                    tracing::warn!(client_id = %request.client_id, "refresh token was used again, its unused successor is replaced");
                    return self.refreshed(&grant, client, drawn).await;
                }
                Rotated::Collision => continue,
                Rotated::Race => {
                    return Err(refusal(
                        TokenUitzondering::NietBeschikbaar,
                        "refresh token is in use at this moment",
                    ));
                }
                Rotated::Reused => {
                    tracing::warn!(client_id = %request.client_id, "refresh token was used again after its successor, the grant is withdrawn");
                    "refresh token was used before"
                }
                Rotated::Mismatch => "refresh token is of another client",
                Rotated::Expired => "refresh token is too old",
                Rotated::Unknown => "refresh token is unknown or withdrawn",
            };
            return Err(refusal(TokenUitzondering::Grant, what));
        }
        Err(unavailable(StepError::Uniek))
    }

    /// RFC0054: at a refresh the availability is tested again, without the Persoon. Where nothing is available there is no
    /// token (G12); the tokens that were just written never leave, and the old one can be sent again later.
    async fn refreshed(&self, grant: &Grant, client: &Client, drawn: Drawn) -> Result<Answer, Refusal> {
        let mut body = self.body(grant)?;
        // and as far as the OCL knows the client for it now (core.ocl.300)
        body.gegevensdiensten.retain(|id| client.has(id));
        let known = self
            .dvza
            .aanbieders()
            .aanbieder(&body.aanbieder)
            .await
            .map_err(unavailable)?;
        let aanbieder =
            known.ok_or_else(|| refusal(TokenUitzondering::Grant, "aanbieder is not served here any more"))?;
        let vraag = ToetsVraag {
            aanbieder: &aanbieder,
            persoon: &body.persoon,
            functie: body.scope.functie(),
            gegevensdiensten: &body.gegevensdiensten,
        };
        match self.dvza.toets().toets(&vraag).await.map_err(unavailable)? {
            ToetsUitslag::Later => {}
            ToetsUitslag::Beschikbaar(ids) => body.gegevensdiensten.retain(|id| ids.contains(id)),
            ToetsUitslag::NietBeschikbaar => body.gegevensdiensten.clear(),
            ToetsUitslag::NietVastTeStellen => {
                return Err(refusal(
                    TokenUitzondering::NietBeschikbaar,
                    "availability cannot be established now",
                ));
            }
        }
        if body.gegevensdiensten.is_empty() {
            return Err(refusal(
                TokenUitzondering::GeenGegevens,
                "nothing is available any more",
            ));
        }
        Ok(self.answer_with(grant, &body, drawn))
    }

    fn answer(&self, grant: &Grant, drawn: Drawn) -> Result<Answer, Refusal> {
        let body = self.body(grant)?;
        Ok(self.answer_with(grant, &body, drawn))
    }

    fn answer_with(&self, grant: &Grant, body: &GrantBody, drawn: Drawn) -> Answer {
        let mut response = TokenResponse::new(drawn.access, Some(self.config.lifetimes.access_token.as_secs()));
        response.scope = Some(token_scope(body));
        response.refresh_token = grant.langdurig.then_some(drawn.refresh);
        Answer {
            response,
            client_id: grant.client_id.clone(),
        }
    }

    fn body(&self, grant: &Grant) -> Result<GrantBody, Refusal> {
        let plain = self
            .config
            .keys
            .open(&grant.body, grant.id.as_str().as_bytes())
            .map_err(unavailable)?;
        GrantBody::from_bytes(&plain).map_err(unavailable)
    }

    fn draw(&self) -> Result<Drawn, StepError> {
        let entropy = &*self.config.entropy;
        let access = if release_rules(self.config.release).uuid_codes {
            uuid_token(entropy)?
        } else {
            AccessToken::random(entropy)?
        };
        Ok(Drawn {
            access,
            refresh: RefreshToken::random(entropy)?,
        })
    }

    fn observe_token(
        &self,
        kind: EventType,
        ids: Option<&RequestIds>,
        client_id: Option<&ClientId>,
        status: Option<u16>,
        error: Option<ErrorInfo>,
    ) {
        let correlation: Option<&CorrelationId> = ids.map(|ids| &ids.correlation_id);
        let mut event = self.event(kind, correlation, None);
        let mut info = RequestInfo::default();
        info.id = ids.map(|ids| ids.request_id.clone());
        info.method = Some("POST");
        info.client_id = client_id.map(|id| id.hostname().clone());
        info.server_id = Some(self.config.hostname.clone());
        event.request = Some(info);
        event.response = status.map(|status| ResponseInfo::new(ids.map(|ids| ids.request_id.clone()), status));
        event.error = error;
        self.config.observer.observe(event);
    }
}

/// core.tknint.206: an access token is delivered within ten seconds, 99.5 % of the time.
const TEN_SECONDS: Duration = Duration::from_secs(10);

/// Seconds.
const RETRY_AFTER: &str = "5";
