// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.authint.202, core.authint.203, core.authint.207 — judging an authorization request, in an order that cannot be
//! mixed up.
//!
//! [`UnprovenRequest`] has no redirect to go to: its error is [`Uitzondering1a`], which is a page. Only a
//! [`ProvenRequest`] — client on the OCL, `redirect_uri` valid and of that client — can give a [`RefusedRequest`], which
//! is a redirect (uitzondering 1b).

mod parameters;
mod proven;

use medmij_oauth::{
    ClientId, RedirectUri,
    form::Form,
    policy::ExceptionRule,
    wire::{AuthorizationResponse, ErrorResponse},
};
use medmij_types::State;

pub(crate) use self::proven::STATE_MAXIMUM;
pub use self::proven::{JudgeOptions, JudgedRequest, ProvenRequest, RefusedRequest};
use super::Client;

/// A request of which nothing is known to be true.
///
/// ```
/// use http::HeaderMap;
/// use medmij_dvza::{Client, JudgeOptions, Uitzondering1a, UnprovenRequest};
/// use medmij_oauth::{policy::ExceptionPolicy, wire::RequestIds};
/// use medmij_types::{Organisatienaam, OsEntropy, Release};
///
/// let client = Client::new(Organisatienaam::parse("De Enige Echte PGO")?, None);
/// let query = "response_type=token&client_id=pgo.example.nl&redirect_uri=https%3A%2F%2Fpgo.example.nl%2Fcb\
///              &scope=eenofanderezorgaanbieder&state=abc";
///
/// // uitzondering 1a: not on the OAuth Client List, and nowhere to go
/// let unknown = UnprovenRequest::parse(query)?.prove(None);
/// assert_eq!(unknown.err(), Some(Uitzondering1a::UnknownClient));
///
/// // uitzondering 1b: the redirect is proven, so the error may travel
/// let proven = UnprovenRequest::parse(query)?.prove(Some(client))?;
/// let fresh = RequestIds::random(&OsEntropy)?;
/// let refused = proven.judge(&JudgeOptions::new(Release::V2_2), &HeaderMap::new(), fresh).unwrap_err();
/// let rule = ExceptionPolicy::default().rule(Release::V2_2, refused.uitzondering);
/// assert_eq!(
///     refused.redirect.error(&rule),
///     "https://pgo.example.nl/cb?error=unsupported_response_type&state=abc",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct UnprovenRequest {
    form: Form,
    client_id: ClientId,
    redirect_uri: RedirectUri,
}

/// Uitzondering 1a (core.authint.207): a page, never a redirect. This type holds no address to go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Uitzondering1a {
    /// The query cannot be read.
    #[error("authorization request cannot be read")]
    Query,
    /// `client_id` is missing, twice or no host name.
    #[error("client_id is missing or malformed")]
    ClientId,
    /// The client is not on the OAuth Client List.
    #[error("client_id is not on the OAuth Client List")]
    UnknownClient,
    /// `redirect_uri` is missing, twice or breaks a rule of core.authint.200.
    #[error("redirect_uri is missing or malformed")]
    RedirectUri,
    /// The host of `redirect_uri` is not the client.
    #[error("redirect_uri does not belong to the client")]
    RedirectUriOfAnother,
}

impl Uitzondering1a {
    /// What the chain log says of it.
    pub(super) fn for_log(self) -> &'static str {
        match self {
            Self::Query => "authorization request cannot be read",
            Self::ClientId => "client_id is missing or malformed",
            Self::UnknownClient => "client_id is not on the OAuth Client List",
            Self::RedirectUri => "redirect_uri is missing or malformed",
            Self::RedirectUriOfAnother => "redirect_uri does not belong to the client",
        }
    }
}

impl UnprovenRequest {
    /// Reads the query of an authorization request as far as `client_id` and `redirect_uri`.
    ///
    /// # Errors
    ///
    /// [`Uitzondering1a`].
    pub fn parse(query: &str) -> Result<Self, Uitzondering1a> {
        let form = Form::parse(query.as_bytes()).map_err(|_| Uitzondering1a::Query)?;
        let client_id = form
            .one("client_id")
            .ok()
            .flatten()
            .and_then(|text| ClientId::parse(text).ok())
            .ok_or(Uitzondering1a::ClientId)?;
        let redirect_uri = form
            .one("redirect_uri")
            .ok()
            .flatten()
            .and_then(|text| RedirectUri::parse(text).ok())
            .ok_or(Uitzondering1a::RedirectUri)?;
        Ok(Self {
            form,
            client_id,
            redirect_uri,
        })
    }

    /// Refuses a `redirect_uri` with a query, where the policy has none
    /// ([`ServerConfig::redirect_query`](super::ServerConfig::redirect_query)).
    ///
    /// # Errors
    ///
    /// [`Uitzondering1a::RedirectUri`].
    pub fn without_redirect_query(self) -> Result<Self, Uitzondering1a> {
        if self.redirect_uri.path_and_query().contains('?') {
            Err(Uitzondering1a::RedirectUri)
        } else {
            Ok(self)
        }
    }

    /// The client that the request names, to look it up.
    #[must_use]
    pub fn client_id(&self) -> &ClientId {
        &self.client_id
    }

    /// Proves the redirect: the client is on the OCL and the `redirect_uri` is its own.
    ///
    /// # Errors
    ///
    /// [`Uitzondering1a`].
    pub fn prove(self, client: Option<Client>) -> Result<ProvenRequest, Uitzondering1a> {
        let client = client.ok_or(Uitzondering1a::UnknownClient)?;
        if !self.redirect_uri.belongs_to(&self.client_id) {
            return Err(Uitzondering1a::RedirectUriOfAnother);
        }
        let state = self
            .form
            .one("state")
            .ok()
            .flatten()
            .and_then(|text| State::from_wire(text).ok());
        let redirect = ProvenRedirect {
            redirect_uri: self.redirect_uri,
            state,
        };
        Ok(ProvenRequest {
            form: self.form,
            client_id: self.client_id,
            client,
            redirect,
        })
    }
}

/// The proof that errors may travel to this address. There is no other way to get one than [`UnprovenRequest::prove`].
#[derive(Clone, Debug)]
pub struct ProvenRedirect {
    redirect_uri: RedirectUri,
    state: Option<State>,
}

impl ProvenRedirect {
    /// From a flow that was proven when it started.
    pub(super) fn of_flow(redirect_uri: RedirectUri, state: State) -> Self {
        Self {
            redirect_uri,
            state: Some(state),
        }
    }

    /// The way back without an answer: Beheren toestemmingen.
    pub(super) fn plain(&self) -> String {
        let state = self.state.as_ref().map(|state| ("state", state.expose()));
        self.redirect_uri.with_parameters(state)
    }

    /// The URL of an answer, with the `state` of the request where it had a readable one.
    #[must_use]
    pub fn error(&self, rule: &ExceptionRule) -> String {
        let error = ErrorResponse::new(rule.error.clone(), rule.description.as_deref());
        AuthorizationResponse::new(self.state.clone(), Err(error)).to_url(&self.redirect_uri)
    }
}
