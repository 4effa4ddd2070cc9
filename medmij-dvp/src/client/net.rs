// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.200, core.tknint.203 — the exchange over a back channel, driven by the crate `oauth2`.
//!
//! `oauth2` writes the request; the transport is ours: it adds the ids of core.tknint.208 and sends once. The answer is judged
//! here (size, duplicate keys, the scope), and `oauth2` sees what was read. Its types and errors stay inside, for they keep raw
//! bodies.

use std::{
    future::Future,
    pin::Pin,
    sync::{Mutex, PoisonError},
};

use bytes::Bytes;
use http::{Request, Response};
use medmij_net::{BackChannel, NetError};
use medmij_oauth::wire::TokenResponse;
use medmij_types::EntropyError;
use oauth2::{
    AsyncHttpClient, AuthType, AuthUrl, AuthorizationCode, ClientId, RedirectUrl, RefreshToken, TokenUrl,
    basic::BasicClient,
};

use super::{Dvp, Exchange, ExchangeError, ReceivedCode, Renewal, Tokens};

impl Dvp {
    /// Exchanges a code over the back channel. It is sent once: when this fails, the Persoon has to authorize again.
    ///
    /// # Errors
    ///
    /// See [`SendError`].
    pub async fn exchange(&self, received: ReceivedCode, channel: &BackChannel) -> Result<Tokens, SendError> {
        let channel = channel.clone();
        self.exchange_by(received, move |request| async move { channel.send(request).await })
            .await
    }

    /// Exchanges a refresh token over the back channel. A vault does this with more care: see
    /// [`Kluis::refresh`](super::vault::Kluis::refresh).
    ///
    /// # Errors
    ///
    /// See [`SendError`].
    pub async fn refresh(&self, renewal: Renewal, channel: &BackChannel) -> Result<Tokens, SendError> {
        let channel = channel.clone();
        self.refresh_by(renewal, move |request| async move { channel.send(request).await })
            .await
    }

    async fn exchange_by<F>(
        &self,
        received: ReceivedCode,
        send: impl FnOnce(Request<Bytes>) -> F + Send + 'static,
    ) -> Result<Tokens, SendError>
    where
        F: Future<Output = Result<Response<Bytes>, NetError>> + Send + 'static,
    {
        let code = AuthorizationCode::new(received.code.expose().to_owned());
        let redirect =
            RedirectUrl::new(received.flow.redirect_uri.as_str().to_owned()).map_err(|_| SendError::Adres)?;
        let (request, exchange) = self.token_request(received)?;
        let client = self.oauth2(&exchange)?;
        let carrier = Carrier::new(request, send);
        // what it makes of the answer is not asked: see `Carrier::carry`
        let _ = client
            .exchange_code(code)
            .set_redirect_uri(std::borrow::Cow::Owned(redirect))
            .request_async(&carrier)
            .await;
        self.judge(exchange, &carrier)
    }

    async fn refresh_by<F>(
        &self,
        renewal: Renewal,
        send: impl FnOnce(Request<Bytes>) -> F + Send + 'static,
    ) -> Result<Tokens, SendError>
    where
        F: Future<Output = Result<Response<Bytes>, NetError>> + Send + 'static,
    {
        let token = RefreshToken::new(renewal.refresh_token.expose().to_owned());
        let (request, exchange) = self.refresh_request(renewal, medmij_log::InitiatedBy::Machine)?;
        let client = self.oauth2(&exchange)?;
        let carrier = Carrier::new(request, send);
        let _ = client.exchange_refresh_token(&token).request_async(&carrier).await;
        self.judge(exchange, &carrier)
    }

    fn oauth2(
        &self,
        exchange: &Exchange,
    ) -> Result<
        BasicClient<
            oauth2::EndpointSet,
            oauth2::EndpointNotSet,
            oauth2::EndpointNotSet,
            oauth2::EndpointNotSet,
            oauth2::EndpointSet,
        >,
        SendError,
    > {
        let endpoint = exchange.token_endpoint().as_str();
        // never used: the authorization request is ours
        let auth = AuthUrl::new(endpoint.to_owned()).map_err(|_| SendError::Adres)?;
        let token = TokenUrl::new(endpoint.to_owned()).map_err(|_| SendError::Adres)?;
        Ok(BasicClient::new(ClientId::new(self.client_id().as_str().to_owned()))
            .set_auth_type(AuthType::RequestBody)
            .set_auth_uri(auth)
            .set_token_uri(token))
    }

    fn judge(&self, exchange: Exchange, carrier: &Carrier) -> Result<Tokens, SendError> {
        let carried = carrier.answer.lock().unwrap_or_else(PoisonError::into_inner).take();
        let response = match carried {
            Some(Ok(response)) => response,
            Some(Err(error)) => return Err(SendError::Net(error)),
            None => return Err(SendError::Adres),
        };
        // a rotated token outlives a refusal of the rest
        let renewal = exchange.rotated(&response).map(Box::new);
        self.tokens(exchange, &response)
            .map_err(|error| SendError::Exchange { error, renewal })
    }
}

/// Why an exchange over the back channel gave no tokens.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The request was not sent, or no whole answer came.
    #[error(transparent)]
    Net(NetError),
    /// The DVZA refused, or its answer is not one.
    #[error("{error}")]
    Exchange {
        /// Why.
        #[source]
        error: ExchangeError,
        /// The next refresh token, where the answer holds one all the same: the DVZA has rotated, so keep it.
        renewal: Option<Box<Renewal>>,
    },
    /// No entropy.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// An address cannot be used as a URL.
    #[error("endpoint or redirect_uri cannot be used as a url")]
    Adres,
}

type Answer = Result<Response<Bytes>, NetError>;
type SendOnce = Box<dyn FnOnce(Request<Bytes>) -> Pin<Box<dyn Future<Output = Answer> + Send>> + Send>;

/// Carries one request of `oauth2` over our transport, with the head of our own.
struct Carrier {
    own: Mutex<Option<(Request<Bytes>, SendOnce)>>,
    answer: Mutex<Option<Answer>>,
}

impl Carrier {
    fn new<F>(own: Request<Bytes>, send: impl FnOnce(Request<Bytes>) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Answer> + Send + 'static,
    {
        let send: SendOnce = Box::new(|request| Box::pin(send(request)));
        Self {
            own: Mutex::new(Some((own, send))),
            answer: Mutex::default(),
        }
    }

    async fn carry(&self, drawn: oauth2::HttpRequest) -> Result<oauth2::HttpResponse, Refused> {
        // core.tknint.203: once
        let taken = self.own.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (own, send) = taken.ok_or(Refused)?;
        let answer = send(own.map(|_| Bytes::from(drawn.into_body()))).await;
        let seen = match &answer {
            Ok(response) => match TokenResponse::parse(response) {
                // as it was read here: oauth2 has a grammar of its own for what is understood with a remark
                Ok(read) => Ok(read.to_http().map(|body| body.to_vec())),
                Err(_) => Err(Refused),
            },
            Err(_) => Err(Refused),
        };
        *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
        seen
    }
}

impl<'c> AsyncHttpClient<'c> for Carrier {
    type Error = Refused;
    type Future = Pin<Box<dyn Future<Output = Result<oauth2::HttpResponse, Refused>> + Send + 'c>>;

    fn call(&'c self, request: oauth2::HttpRequest) -> Self::Future {
        Box::pin(self.carry(request))
    }
}

/// What `oauth2` hears of a failure: nothing that could be kept.
#[derive(Debug, thiserror::Error)]
#[error("refused")]
struct Refused;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use medmij_oauth::{RedirectUri, form::Form};
    use medmij_types::{Aanbiedernaam, BackchannelUri, FrontchannelUri, GegevensdienstId, Release};

    use super::*;
    use crate::client::{Aanvraag, Callback, group_by_endpoints};

    fn received() -> (Dvp, ReceivedCode) {
        let dvp = Dvp::new(medmij_oauth::ClientId::parse("pgo.example.nl").unwrap());
        let group = group_by_endpoints([(
            GegevensdienstId::parse("48").unwrap(),
            FrontchannelUri::parse("https://dvza.example.nl/authorize").unwrap(),
            BackchannelUri::parse("https://dvza.example.nl/token").unwrap(),
        )])
        .remove(0);
        let naam = Aanbiedernaam::parse("eenofanderezorgaanbieder").unwrap();
        let redirect = RedirectUri::parse("https://pgo.example.nl/cb").unwrap();
        let flow = dvp
            .start(
                Aanvraag::verzamelen(Release::V2_2, naam, &group, redirect).unwrap(),
                "s",
            )
            .unwrap()
            .flow;
        let query = format!("code=c%7E%20x&state={}", flow.state().expose());
        let received = flow
            .finish(&Callback::new("s", "/cb", &query), std::time::SystemTime::now())
            .unwrap();
        (dvp, received)
    }

    fn pairs(body: &[u8]) -> BTreeSet<(String, String)> {
        Form::parse(body)
            .unwrap()
            .iter()
            .map(|(n, v)| (n.to_owned(), v.to_owned()))
            .collect()
    }

    fn json(body: &str) -> Response<Bytes> {
        Response::builder()
            .header("content-type", "application/json")
            .body(Bytes::from(body.to_owned()))
            .unwrap()
    }

    #[tokio::test]
    async fn core_tknint_200_the_body_of_oauth2_equals_that_of_wire() {
        let (dvp, code) = received();
        let (expected, _) = dvp
            .token_request(ReceivedCode {
                code: code.code.clone(),
                flow: code.flow.clone(),
            })
            .unwrap();
        let tokens = dvp
            .exchange_by(code, move |request| {
                assert_eq!(pairs(request.body()), pairs(expected.body()));
                assert_eq!(request.uri(), expected.uri());
                assert_eq!(request.headers()["x-correlation-id"], expected.headers()["x-correlation-id"]);
                assert_eq!(request.headers()["content-type"], expected.headers()["content-type"]);
                async {
                    Ok(json(r#"{"access_token":"a","token_type":"bearer","expires_in":900,"refresh_token":"r","scope":"48"}"#))
                }
            })
            .await
            .unwrap();
        let renewal = tokens.renewal.unwrap();
        let (expected, _) = dvp
            .refresh_request(renewal.clone(), medmij_log::InitiatedBy::Machine)
            .unwrap();
        dvp.refresh_by(renewal, move |request| {
            assert_eq!(pairs(request.body()), pairs(expected.body()));
            async { Ok(json(r#"{"access_token":"b","token_type":"Bearer"}"#)) }
        })
        .await
        .unwrap();
    }

    #[tokio::test]
    async fn c4_answers_are_judged_before_oauth2_sees_them() {
        for body in [
            r#"{"access_token":"a","access_token":"b","token_type":"bearer"}"#,
            r#"{"access_token":"a","token_type":"mac"}"#,
            r#"{"access_token":"a","token_type":"bearer","expires_in":0}"#,
            "[]",
        ] {
            let (dvp, code) = received();
            let found = dvp.exchange_by(code, move |_| async move { Ok(json(body)) }).await;
            assert!(matches!(found, Err(SendError::Exchange { .. })), "{body}");
        }
        // what is understood with a remark is no disagreement of the two readers
        for body in [
            r#"{"access_token":"a","token_type":"bearer","expires_in":900.0,"refresh_token":"","scope":""}"#,
            "\u{feff}{\"access_token\":\"a\",\"token_type\":\"bearer\",\"expires_in\":\"900\"}",
        ] {
            let (dvp, code) = received();
            let found = dvp.exchange_by(code, move |_| async move { Ok(json(body)) }).await;
            assert!(found.is_ok_and(|tokens| tokens.renewal.is_none()), "{body}");
        }
        // a rotated token comes back with the refusal
        let (dvp, code) = received();
        let body = r#"{"access_token":"a","token_type":"mac","refresh_token":"r2"}"#;
        let found = dvp.exchange_by(code, move |_| async move { Ok(json(body)) }).await;
        let Err(SendError::Exchange { renewal, .. }) = found else {
            panic!("refused");
        };
        assert_eq!(renewal.unwrap().refresh_token.expose(), "r2");
        let (dvp, code) = received();
        let refused = dvp
            .exchange_by(code, |_| async {
                let mut response = json(r#"{"error":"invalid_grant","error_description":"secret token"}"#);
                *response.status_mut() = http::StatusCode::BAD_REQUEST;
                Ok(response)
            })
            .await
            .unwrap_err();
        assert_eq!(refused.to_string(), "token request was refused: invalid_grant");
    }
}
