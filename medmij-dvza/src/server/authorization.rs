// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.authint.202, core.authint.203, core.authint.207 — judging an authorization request, in an order that cannot be
//! mixed up.
//!
//! [`UnprovenRequest`] has no redirect to go to: its error is [`Uitzondering1a`], which is a page. Only a
//! [`ProvenRequest`] — client on the OCL, `redirect_uri` valid and of that client — can give a [`RefusedRequest`], which
//! is a redirect (uitzondering 1b).

mod parameters;

use http::HeaderMap;
use medmij_oauth::OauthError;
use medmij_oauth::{
    ClientId, RedirectUri,
    form::Form,
    policy::{ExceptionRule, IdStrictness, Uitzondering, release_rules},
    wire::{AuthorizationError, AuthorizationRequest, AuthorizationResponse, Geboortedatum, RequestIds},
};
use medmij_types::{GegevensdienstId, Release, State};

use self::parameters::{KNOWN, read_ids, read_scope};
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
        let error = AuthorizationError::new(rule.error.clone(), rule.description.as_deref());
        AuthorizationResponse::new(self.state.clone(), Err(error)).to_url(&self.redirect_uri)
    }
}

/// A request whose redirect is proven.
#[derive(Debug)]
pub struct ProvenRequest {
    form: Form,
    client_id: ClientId,
    client: Client,
    redirect: ProvenRedirect,
}

/// By what an authorization request is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct JudgeOptions {
    /// The release of the endpoint.
    pub release: Release,
    /// What is done with missing request ids.
    pub ids: IdStrictness,
    /// The longest `state`, in bytes. The requirements since 1.5 could not be read; this bounds what is kept.
    pub state_maximum: usize,
    /// The shortest `state`, in bytes. RFC0060 of the framework speaks of one; its number could not be read, so it is 0.
    pub state_minimum: usize,
}

impl JudgeOptions {
    /// The defaults of a release.
    #[must_use]
    pub fn new(release: Release) -> Self {
        Self {
            release,
            ids: IdStrictness::default(),
            state_maximum: STATE_MAXIMUM,
            state_minimum: 0,
        }
    }
}

/// Uitzondering 1b: what is wrong, and where the error goes.
#[derive(Clone, Debug, thiserror::Error)]
#[error("authorization request is refused: {what}")]
#[non_exhaustive]
pub struct RefusedRequest {
    /// The exception.
    pub uitzondering: Uitzondering,
    /// What is wrong, in fixed words.
    pub what: &'static str,
    /// Where the error goes.
    pub redirect: ProvenRedirect,
}

/// A request that is right in itself; whether it is served here is for the next step.
#[derive(Debug)]
#[non_exhaustive]
pub struct JudgedRequest {
    /// The request. Its ids are always there from release 2.0 on: made here where the DVP sent none and that is tolerated.
    pub request: AuthorizationRequest,
    /// The client, from the OCL.
    pub client: Client,
    /// Whether an id was missing or malformed and was tolerated.
    pub ids_replaced: bool,
    redirect: ProvenRedirect,
}

impl ProvenRequest {
    /// The proven redirect.
    #[must_use]
    pub fn redirect(&self) -> &ProvenRedirect {
        &self.redirect
    }

    /// Judges the other parameters in the grammar of the release; `fresh` makes ids where they are missing.
    ///
    /// Order: duplicates, `response_type`, `scope`, `state`, ids, birth date.
    ///
    /// # Errors
    ///
    /// [`RefusedRequest`], uitzondering 1b.
    pub fn judge(
        self,
        options: &JudgeOptions,
        headers: &HeaderMap,
        fresh: RequestIds,
    ) -> Result<JudgedRequest, RefusedRequest> {
        let (request, ids_replaced) = match self.read(options, headers, fresh) {
            Ok(read) => read,
            Err((uitzondering, what)) => {
                return Err(RefusedRequest {
                    uitzondering,
                    what,
                    redirect: self.redirect,
                });
            }
        };
        Ok(JudgedRequest {
            request,
            client: self.client,
            ids_replaced,
            redirect: self.redirect,
        })
    }

    fn read(
        &self,
        options: &JudgeOptions,
        headers: &HeaderMap,
        fresh: RequestIds,
    ) -> Result<(AuthorizationRequest, bool), (Uitzondering, &'static str)> {
        use Uitzondering as U;
        let (release, strictness) = (options.release, options.ids);
        if KNOWN
            .iter()
            .any(|name| self.form.one(name) == Err(OauthError::ParameterDuplicate))
        {
            return Err((U::DuplicateParameter, "parameter occurs twice"));
        }

        match self.form.one("response_type") {
            Ok(Some("code")) => {}
            Ok(None) => return Err((U::MissingResponseType, "response_type is missing")),
            _ => return Err((U::UnknownResponseType, "response_type is not code")),
        }
        let scope = self
            .form
            .one("scope")
            .map_err(|_| (U::Scope, "scope is encoded wrongly"))?;
        let scope = scope.ok_or((U::Scope, "scope is missing"))?;
        let scope = read_scope(release, scope).map_err(|_| (U::Scope, "scope is not in the grammar of the release"))?;
        let state = self
            .form
            .one("state")
            .map_err(|_| (U::State, "state is encoded wrongly"))?;
        let state = state.ok_or((U::State, "state is missing"))?;
        let state = State::from_wire(state).map_err(|_| (U::State, "state is malformed"))?;
        if state.expose().len() > options.state_maximum {
            return Err((U::State, "state is too long"));
        }
        if state.expose().len() < options.state_minimum {
            return Err((U::State, "state is too short"));
        }

        let (ids, replaced) = if release_rules(release).ids_in_authorization_request {
            let id = |name| self.form.one(name).ok().flatten();
            let found = read_ids(id("MedMij-Request-ID"), id("X-Correlation-ID"));
            let found = match (found, strictness) {
                (None, IdStrictness::Lenient) => RequestIds::from_headers(headers),
                (found, _) => found,
            };
            match (found, strictness) {
                (Some(ids), _) => (Some(ids), false),
                (None, IdStrictness::Strict) => return Err((U::RequestId, "request ids are missing or no uuids")),
                (None, _) => (Some(fresh), true),
            }
        } else {
            (None, false)
        };

        let geboortedatum = match (self.form.one("MedMij_geboortedatum"), scope.vertegenwoordiging()) {
            // without representation it is a parameter like any other unknown one
            (_, None) => None,
            (Ok(None), Some(_)) => return Err((U::Geboortedatum, "MedMij_geboortedatum is missing")),
            (Err(_), Some(_)) => return Err((U::Geboortedatum, "MedMij_geboortedatum is encoded wrongly")),
            (Ok(Some(text)), Some(_)) => match Geboortedatum::parse(text) {
                Ok(date) => Some(date),
                Err(OauthError::GeboortedatumUnknown) => {
                    return Err((U::Geboortedatum, "MedMij_geboortedatum has unknown parts"));
                }
                Err(_) => return Err((U::Geboortedatum, "MedMij_geboortedatum is no date")),
            },
        };
        let (client_id, redirect_uri) = (self.client_id.clone(), self.redirect.redirect_uri.clone());
        let mut request = AuthorizationRequest::new(client_id, redirect_uri, scope, state);
        request.ids = ids;
        request.geboortedatum = geboortedatum;
        Ok((request, replaced))
    }
}

impl JudgedRequest {
    /// The proven redirect.
    #[must_use]
    pub fn redirect(&self) -> &ProvenRedirect {
        &self.redirect
    }

    /// The gegevensdiensten for which the client has to be on the OCL, checked (B17).
    ///
    /// # Errors
    ///
    /// [`RefusedRequest`].
    pub fn allow(&self, asked: &[GegevensdienstId]) -> Result<(), RefusedRequest> {
        if asked.iter().all(|id| self.client.has(id)) {
            Ok(())
        } else {
            Err(self.refuse(
                Uitzondering::GegevensdienstNotForClient,
                "client is not on the OAuth Client List for this gegevensdienst",
            ))
        }
    }

    /// As [`allow`](Self::allow) where the scope names no gegevensdienst: the client has to be on the OCL for at least
    /// one of those that the Aanbieder offers.
    ///
    /// # Errors
    ///
    /// [`RefusedRequest`].
    pub fn allow_one_of(&self, offered: &[GegevensdienstId]) -> Result<(), RefusedRequest> {
        if offered.iter().any(|id| self.client.has(id)) {
            Ok(())
        } else {
            Err(self.refuse(
                Uitzondering::GegevensdienstNotForClient,
                "client is not on the OAuth Client List for any gegevensdienst of this aanbieder",
            ))
        }
    }

    /// A refusal of this request.
    #[must_use]
    pub fn refuse(&self, uitzondering: Uitzondering, what: &'static str) -> RefusedRequest {
        RefusedRequest {
            uitzondering,
            what,
            redirect: self.redirect.clone(),
        }
    }
}

/// The default of [`JudgeOptions::state_maximum`].
pub(crate) const STATE_MAXIMUM: usize = 2_048;
