// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.200, core.tknint.208 — the crate `oauth2` over a back channel, for whoever drives it already.
//!
//! The default way of this crate needs none of it: [`Dvp::exchange`](crate::Dvp::exchange) sends the same bodies, which the
//! tests of this module compare. `oauth2` gets the request ids of core.tknint.208, and sees an answer only after it was judged
//! (size, duplicate keys). Its errors keep raw bodies: do not log them.

use std::{future::Future, pin::Pin, sync::Arc};

use bytes::Bytes;
use http::Request;
use medmij_net::{BackChannel, NetError};
use medmij_oauth::wire::{RequestIds, TokenResponse, TokenResponseError};
use medmij_types::{CorrelationId, Entropy, EntropyError, OsEntropy};
use oauth2::{AsyncHttpClient, HttpRequest, HttpResponse};

/// A back channel as the HTTP client of `oauth2`, within one chain of requests.
///
/// ```no_run
/// use medmij_dvp::oauth2::Oauth2Channel;
/// use oauth2::{AuthType, AuthorizationCode, ClientId, RedirectUrl, TokenUrl, basic::BasicClient};
///
/// # async fn exchange(channel: medmij_net::BackChannel, chain: medmij_types::CorrelationId, code: String)
/// # -> Result<(), Box<dyn std::error::Error>> {
/// let client = BasicClient::new(ClientId::new("pgo.example.nl".to_owned()))
///     .set_auth_type(AuthType::RequestBody) // core.tknint.200: the client names itself in the body
///     .set_redirect_uri(RedirectUrl::new("https://pgo.example.nl/cb".to_owned())?)
///     .set_token_uri(TokenUrl::new("https://dvza.example.nl/oauth/token".to_owned())?);
/// let answer = client
///     .exchange_code(AuthorizationCode::new(code))
///     .request_async(&Oauth2Channel::new(channel, chain))
///     .await;
/// # let _ = answer;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Oauth2Channel {
    channel: BackChannel,
    chain: CorrelationId,
}

impl Oauth2Channel {
    /// A channel whose requests carry this `X-Correlation-ID`, that of the authorization request.
    #[must_use]
    pub fn new(channel: BackChannel, chain: CorrelationId) -> Self {
        Self { channel, chain }
    }
}

impl<'c> AsyncHttpClient<'c> for Oauth2Channel {
    type Error = Oauth2Error;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Oauth2Error>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let request = with_ids(request, &self.chain, &OsEntropy)?;
            let response = self
                .channel
                .send(request)
                .await
                .map_err(|error| Oauth2Error::Net(Arc::new(error)))?;
            match TokenResponse::parse(&response) {
                // as it was read here: oauth2 has a grammar of its own for what is understood with a remark
                Ok(read) => Ok(read.to_http().map(|body| body.to_vec())),
                Err(TokenResponseError::Refused(_)) => Ok(response.map(|body| body.to_vec())),
                Err(error) => Err(Oauth2Error::Response(error)),
            }
        })
    }
}

fn with_ids(request: HttpRequest, chain: &CorrelationId, entropy: &dyn Entropy) -> Result<Request<Bytes>, Oauth2Error> {
    let mut request = request.map(Bytes::from);
    RequestIds::next(chain.clone(), entropy)?.write(request.headers_mut());
    Ok(request)
}

/// Why `oauth2` gets no answer.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Oauth2Error {
    /// The request was not sent, or no whole answer came.
    #[error(transparent)]
    Net(Arc<NetError>),
    /// The answer is not one of a token endpoint.
    #[error(transparent)]
    Response(TokenResponseError),
    /// No entropy.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, convert::Infallible, sync::Mutex};

    use medmij_oauth::{RedirectUri, form::Form};
    use medmij_types::{Aanbiedernaam, BackchannelUri, FrontchannelUri, GegevensdienstId, Release};
    use oauth2::{AuthType, AuthorizationCode, ClientId, RedirectUrl, RefreshToken, TokenUrl, basic::BasicClient};

    use super::*;
    use crate::{Callback, Dvp, FlowRequest, ReceivedCode, group_by_endpoints};

    fn received() -> (Dvp, ReceivedCode) {
        let dvp = Dvp::new(medmij_oauth::ClientId::parse("pgo.example.nl").unwrap());
        let group = group_by_endpoints([(
            GegevensdienstId::parse("48").unwrap(),
            FrontchannelUri::parse("https://dvza.example.nl/authorize").unwrap(),
            BackchannelUri::parse("https://dvza.example.nl/token").unwrap(),
        )])
        .remove(0);
        let name = Aanbiedernaam::parse("eenofanderezorgaanbieder").unwrap();
        let redirect = RedirectUri::parse("https://pgo.example.nl/cb").unwrap();
        let flow = dvp
            .start(
                crate::person::ActiveAccount::danger_unchecked(),
                FlowRequest::verzamelen(Release::V2_2, name, &group, redirect).unwrap(),
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
        let form = Form::parse(body).unwrap();
        form.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect()
    }

    /// Takes what `oauth2` would send, and answers with a token.
    #[derive(Default)]
    struct Sent(Mutex<Vec<Request<Bytes>>>);

    impl<'c> AsyncHttpClient<'c> for Sent {
        type Error = Infallible;
        type Future = std::future::Ready<Result<HttpResponse, Infallible>>;

        fn call(&'c self, request: HttpRequest) -> Self::Future {
            self.0.lock().unwrap().push(request.map(Bytes::from));
            let body =
                br#"{"access_token":"a","token_type":"bearer","expires_in":900,"refresh_token":"r","scope":"48"}"#;
            let response = http::Response::builder().header("content-type", "application/json");
            std::future::ready(Ok(response.body(body.to_vec()).unwrap()))
        }
    }

    #[tokio::test]
    async fn core_tknint_200_the_body_of_oauth2_equals_that_of_wire() {
        let (dvp, received) = received();
        let code = AuthorizationCode::new("c~ x".to_owned());
        let client = BasicClient::new(ClientId::new("pgo.example.nl".to_owned()))
            .set_auth_type(AuthType::RequestBody)
            .set_redirect_uri(RedirectUrl::new("https://pgo.example.nl/cb".to_owned()).unwrap())
            .set_token_uri(TokenUrl::new("https://dvza.example.nl/token".to_owned()).unwrap());
        let sent = Sent::default();
        client.exchange_code(code).request_async(&sent).await.unwrap();
        let (own, exchange) = dvp.token_request(received).unwrap();
        let answer = sent.call(HttpRequest::default()).await.unwrap().map(Bytes::from);
        let renewal = dvp.tokens(exchange, &answer).unwrap().renewal.unwrap();
        let refresh = RefreshToken::new("r".to_owned());
        client
            .exchange_refresh_token(&refresh)
            .request_async(&sent)
            .await
            .unwrap();
        let (own_refresh, _) = dvp
            .refresh_request(
                crate::person::ActiveAccount::danger_unchecked(),
                renewal,
                medmij_log::InitiatedBy::Machine,
            )
            .unwrap();

        let sent = sent.0.lock().unwrap();
        for (theirs, ours) in [(&sent[0], own), (&sent[2], own_refresh)] {
            assert_eq!(pairs(theirs.body()), pairs(ours.body()));
            assert_eq!(theirs.uri(), ours.uri());
            assert_eq!(theirs.headers()["content-type"], ours.headers()["content-type"]);
        }
    }

    #[test]
    fn core_tknint_208_what_oauth2_sends_carries_both_ids() {
        let chain = CorrelationId::random(&OsEntropy).unwrap();
        let ids = || {
            let request = with_ids(HttpRequest::default(), &chain, &OsEntropy).unwrap();
            let ids = RequestIds::from_headers(request.headers()).unwrap();
            (ids.request_id, ids.correlation_id)
        };
        let (first, second) = (ids(), ids());
        assert_eq!((&first.1, &second.1), (&chain, &chain));
        assert_ne!(first.0, second.0);
    }
}
