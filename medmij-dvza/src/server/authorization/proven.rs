// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.authint.203, core.authint.207 — the other parameters of a request whose redirect is proven: uitzondering 1b.

use http::HeaderMap;
use medmij_oauth::{
    ClientId, OauthError,
    form::Form,
    policy::{IdStrictness, Uitzondering, release_rules},
    wire::{AuthorizationRequest, Geboortedatum, RequestIds},
};
use medmij_types::{GegevensdienstId, Release, State};

use super::{
    ProvenRedirect,
    parameters::{KNOWN, read_ids, read_scope},
};
use crate::server::Client;

/// A request whose redirect is proven.
#[derive(Debug)]
pub struct ProvenRequest {
    pub(super) form: Form,
    pub(super) client_id: ClientId,
    pub(super) client: Client,
    pub(super) redirect: ProvenRedirect,
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
